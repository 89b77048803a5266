//! The blocks of a CAR, one after the other: a length, a CID, content.

use std::io::{self, BufRead, Read};

use cid::Cid;
use sha2::{Digest as _, Sha256};

use super::problem::Problem;

/// Bytes of a block at most, its CID among them: four times what the network allows a record. A
/// length is not believed beyond it.
pub const BLOCK_BYTES_MAX: u64 = 4 << 20;

/// The codec and the hash of everything in a repository that is looked at.
const DAG_CBOR: u64 = 0x71;
const SHA2_256: u64 = 0x12;

/// The digest of a block: what it is known by.
pub type Hash = [u8; 32];

/// Bytes that can be read at any place.
pub trait ReadAt {
    /// Fills `into` from `offset` on.
    ///
    /// # Errors
    ///
    /// They cannot be read, or end before.
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()>;
}

impl ReadAt for &[u8] {
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let rest = self.get(start..).unwrap_or_default();
        let content = rest.get(..into.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(content);
        Ok(())
    }
}

/// The digest by which a CID names a block of a repository; `None` for every other CID.
pub fn hash_of(cid: &Cid) -> Option<Hash> {
    let hash = cid.hash();
    (cid.codec() == DAG_CBOR && hash.code() == SHA2_256)
        .then(|| hash.digest().try_into().ok())
        .flatten()
}

/// The CID of a block as its bytes are in a record's place.
pub fn cid_bytes(hash: &Hash) -> [u8; 36] {
    let mut bytes = [0; 36];
    bytes[..4].copy_from_slice(&[1, 0x71, 0x12, 32]);
    bytes[4..].copy_from_slice(hash);
    bytes
}

/// Where a block's content lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of its first byte.
    pub offset: u64,
    /// In bytes.
    pub length: u64,
}

/// What comes next in the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A block whose content is what its CID says.
    Block(Hash, Place),
    /// One that nothing in a repository's tree refers to: another codec or hash.
    Other,
    /// One that is wrong; the next can be read.
    Wrong(Problem, Place),
    /// The file's end, or one that comes too early.
    End(Result<(), Problem>),
}

/// Goes through a file from its beginning.
pub struct Blocks<R> {
    reader: R,
    offset: u64,
    section: Vec<u8>,
}

impl<R: BufRead> Blocks<R> {
    /// At the file's beginning.
    pub fn new(reader: R) -> Self {
        Blocks {
            reader,
            offset: 0,
            section: Vec::new(),
        }
    }

    /// Bytes gone through so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The header, which stands first.
    ///
    /// # Errors
    ///
    /// There is none, or it is too long.
    pub fn header(&mut self) -> Result<&[u8], Problem> {
        match self.section() {
            Ok(Some(length)) if length <= BLOCK_BYTES_MAX => {
                self.fill(length).map_err(|_| Problem::NotACar)?;
                Ok(&self.section)
            }
            _ => Err(Problem::NotACar),
        }
    }

    /// The next block.
    pub fn next(&mut self) -> Next {
        let length = match self.section() {
            Ok(Some(length)) => length,
            Ok(None) => return Next::End(Ok(())),
            Err(problem) => return Next::End(Err(problem)),
        };
        let place = Place {
            offset: self.offset,
            length,
        };
        if length > BLOCK_BYTES_MAX {
            return match self.skip(length) {
                Ok(()) => Next::Wrong(Problem::BlockTooLarge, place),
                Err(problem) => Next::End(Err(problem)),
            };
        }
        match self.fill(length) {
            Ok(()) => checked(&self.section, place),
            Err(problem) => Next::End(Err(problem)),
        }
    }

    /// The length of the next section; nothing at the file's end.
    fn section(&mut self) -> Result<Option<u64>, Problem> {
        /// Of a number of 64 bits.
        const VARINT_BYTES_MAX: u32 = 10;
        let mut length = 0_u64;
        for at in 0..VARINT_BYTES_MAX {
            let mut byte = [0];
            match self.reader.read(&mut byte) {
                Ok(1) => self.offset += 1,
                Ok(_) if at == 0 => return Ok(None),
                Ok(_) => return Err(Problem::Truncated),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(of_reading(&error)),
            }
            let bits = u64::from(byte[0] & 0x7f);
            length |= bits.checked_shl(7 * at).unwrap_or(0);
            if byte[0] & 0x80 == 0 {
                return Ok(Some(length));
            }
        }
        Err(Problem::BlockTooLarge)
    }

    fn fill(&mut self, length: u64) -> Result<(), Problem> {
        self.section.clear();
        let mut section = (&mut self.reader).take(length);
        let read = section.read_to_end(&mut self.section);
        let read = read.map_err(|error| of_reading(&error))? as u64;
        self.offset += read;
        if read == length {
            Ok(())
        } else {
            Err(Problem::Truncated)
        }
    }

    fn skip(&mut self, length: u64) -> Result<(), Problem> {
        let mut section = (&mut self.reader).take(length);
        let read = io::copy(&mut section, &mut io::sink()).map_err(|error| of_reading(&error))?;
        self.offset += read;
        if read == length {
            Ok(())
        } else {
            Err(Problem::Truncated)
        }
    }
}

fn of_reading(error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Problem::Truncated,
        _ => Problem::Unreadable,
    }
}

fn checked(section: &[u8], place: Place) -> Next {
    let mut content = section;
    let Ok(cid) = Cid::read_bytes(&mut content) else {
        return Next::Wrong(Problem::BadCid, place);
    };
    let place = Place {
        offset: place.offset + (section.len() - content.len()) as u64,
        length: content.len() as u64,
    };
    match hash_of(&cid) {
        Some(hash) if is_hash_of(&hash, content) => Next::Block(hash, place),
        Some(_) => Next::Wrong(Problem::WrongHash, place),
        None => Next::Other,
    }
}

/// Whether a block has the content that its CID says.
pub fn is_hash_of(hash: &Hash, content: &[u8]) -> bool {
    Sha256::digest(content)[..] == hash[..]
}
