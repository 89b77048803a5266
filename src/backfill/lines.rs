//! Lines out of a file or a pipe, plain or compressed, whatever is in it.
//!
//! A line has a bound, beyond which it is passed over without being kept; and so has what a compressed
//! file may grow to, since a few kilobytes can hold gigabytes of nothing.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;

/// Bytes of a line at most: Redis would bound an entry at more, and no event comes near it.
pub const LINE_BYTES_MAX: usize = 16 << 20;
/// What a compressed file may be inflated to, in multiples of its bytes, beyond the allowance. Events
/// are a tenth of their size or more when compressed.
const INFLATION_MAX: u64 = 200;
const INFLATION_ALLOWED: u64 = 64 << 20;
/// Memory for a zstd frame, as a power of two: what its own tool allows without being asked.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;
const BUFFER: usize = 256 << 10;

const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// A line, without its end.
    Line,
    /// A line that ends because there is no more: perhaps half of one that is still being written.
    Unended,
    /// A line that is too long, passed over.
    TooLong,
    /// The end.
    End,
    /// It cannot be read on: cut, damaged, or the file is away.
    Broken,
    /// It inflates beyond all measure.
    Bomb,
}

/// The lines of a source.
pub struct Lines {
    reader: BufReader<Box<dyn Read>>,
    /// Bytes taken from the source.
    taken: Rc<Cell<u64>>,
    inflated: Option<u64>,
    line: Vec<u8>,
}

/// Counts the bytes that are taken from a source.
struct Counted<R> {
    reader: R,
    taken: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.taken.set(self.taken.get() + read as u64);
        Ok(read)
    }
}

impl Lines {
    /// Opens a source; what it is compressed with is seen from its first bytes.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(source: impl Read + 'static) -> io::Result<Lines> {
        let taken = Rc::new(Cell::new(0));
        let counted = Counted {
            reader: source,
            taken: Rc::clone(&taken),
        };
        let mut source = BufReader::with_capacity(BUFFER, counted);
        let magic = first_bytes(&mut source)?;
        let (reader, inflated): (Box<dyn Read>, _) = if magic.starts_with(GZIP) {
            (Box::new(MultiGzDecoder::new(source)), Some(0))
        } else if magic.starts_with(ZSTD) {
            let mut decoder = zstd::Decoder::with_buffer(source)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            (Box::new(decoder), Some(0))
        } else {
            (Box::new(source), None)
        };
        Ok(Lines {
            reader: BufReader::with_capacity(BUFFER, reader),
            taken,
            inflated,
            line: Vec::new(),
        })
    }

    /// Bytes taken from the source so far.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// The line that came last.
    #[must_use]
    pub fn line(&self) -> &[u8] {
        &self.line
    }

    /// The next line.
    pub fn advance(&mut self) -> Next {
        self.line.clear();
        let mut is_long = false;
        let mut any = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Next::Broken,
            };
            if buffer.is_empty() {
                return match (any, is_long) {
                    (false, _) => Next::End,
                    (true, true) => Next::TooLong,
                    (true, false) => Next::Unended,
                };
            }
            any = true;
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            is_long |= self.line.len() + part.len() > LINE_BYTES_MAX;
            if !is_long {
                self.line.extend_from_slice(part);
            }
            let read = part.len() + usize::from(end.is_some());
            self.reader.consume(read);
            if self.is_bomb(read) {
                return Next::Bomb;
            }
            if end.is_some() {
                return if is_long { Next::TooLong } else { Next::Line };
            }
        }
    }

    fn is_bomb(&mut self, read: usize) -> bool {
        let Some(inflated) = &mut self.inflated else {
            return false;
        };
        *inflated += read as u64;
        *inflated > INFLATION_ALLOWED + self.taken.get().saturating_mul(INFLATION_MAX)
    }
}

/// As many of the first bytes as tell, still to be read.
fn first_bytes<R: Read>(source: &mut BufReader<R>) -> io::Result<&[u8]> {
    source.fill_buf()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gz(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).expect("written");
        encoder.finish().expect("compressed")
    }

    fn all(source: Vec<u8>) -> Vec<String> {
        let mut lines = Lines::open(io::Cursor::new(source)).expect("opened");
        let mut found = Vec::new();
        loop {
            match lines.advance() {
                Next::Line | Next::Unended => {
                    found.push(String::from_utf8_lossy(lines.line()).into_owned());
                }
                Next::End => return found,
                other => {
                    found.push(format!("{other:?}"));
                    if other != Next::TooLong {
                        return found;
                    }
                }
            }
        }
    }

    #[test]
    fn reads_plain_and_compressed() {
        let content = b"a\n\nbc";
        let expected = ["a", "", "bc"];
        assert_eq!(all(content.to_vec()), expected);
        assert_eq!(all([gz(b"a\n"), gz(b"\nbc")].concat()), expected);
        let frames =
            [b"a\n".as_slice(), b"\nbc"].map(|part| zstd::encode_all(part, 3).expect("compressed"));
        assert_eq!(all(frames.concat()), expected);
        assert!(all(Vec::new()).is_empty());
    }

    #[test]
    fn tells_where_it_breaks() {
        let cut = gz(b"abc\ndef\n");
        assert_eq!(
            all(cut[..cut.len() - 10].to_vec())
                .last()
                .map(String::as_str),
            Some("Broken")
        );
        let mut cut = zstd::encode_all(&b"abc\ndef\n"[..], 3).expect("compressed");
        cut.truncate(cut.len() - 3);
        assert_eq!(all(cut).last().map(String::as_str), Some("Broken"));
    }

    #[test]
    fn passes_over_long_lines_and_stops_at_bombs() {
        let long = [vec![b'x'; LINE_BYTES_MAX + 1], b"\ny\n".to_vec()].concat();
        assert_eq!(all(long), ["TooLong", "y"]);
        let nothing = vec![b' '; 200 << 20];
        assert_eq!(all(gz(&nothing)), ["Bomb"]);
        let bomb = zstd::encode_all(&nothing[..], 3).expect("compressed");
        assert_eq!(all(bomb), ["Bomb"]);
    }
}
