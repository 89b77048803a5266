//! A repository in a CAR: its commit, and its records in the order of their paths.

use std::io::BufRead;

use cid::Cid;
use serde::Deserialize;

use super::block::{self, Blocks, Hash, ReadAt, cid_bytes, hash_of};
use super::cbor::{self, Facts};
use super::index::Index;
use super::mst::{NODE_BYTES_MAX, Next, Walk};
use super::problem::Problem;
use super::tid;
use crate::decode::{cid as cid_text, uri};
use crate::position::Micros;

#[derive(Deserialize)]
struct Header {
    version: u64,
    #[serde(default)]
    roots: Vec<Cid>,
}

#[derive(Deserialize)]
struct RawCommit {
    did: String,
    data: Cid,
    rev: Option<String>,
}

/// What a repository's commit says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Whose it is.
    pub did: String,
    /// Its revision; the oldest repositories have none.
    pub rev: Option<String>,
    /// The CID of the commit: that of all of the repository.
    pub cid: String,
}

impl Commit {
    /// When its revision was made, in microseconds since 1970, by the clock of the server that made it.
    #[must_use]
    pub fn made_at(&self) -> Option<Micros> {
        self.rev.as_deref().and_then(tid::micros)
    }
}

/// A record.
#[derive(Debug, PartialEq, Eq)]
pub struct Record {
    /// `collection/rkey`.
    pub path: String,
    /// Its CID.
    pub cid: String,
    /// What was seen while it was read.
    pub facts: Facts,
}

/// A repository's export whose blocks have been gone through.
pub struct Car<B> {
    bytes: B,
    index: Index,
    commit: Commit,
    walk: Walk,
    block: Vec<u8>,
}

impl<B: ReadAt> Car<B> {
    /// Goes through all blocks and reads the commit. What is wrong with single blocks is told with
    /// where it lies; `progress` is told how many bytes have been gone through.
    ///
    /// # Errors
    ///
    /// There is no repository in it, or none whose commit is there.
    pub fn open(
        reader: impl BufRead,
        bytes: B,
        mut wrong: impl FnMut(Problem, u64),
        mut progress: impl FnMut(u64),
    ) -> Result<Car<B>, Problem> {
        let mut blocks = Blocks::new(reader);
        let root = root_in(blocks.header()?)?;
        let mut index = Index::default();
        loop {
            match blocks.next() {
                block::Next::Block(hash, place) => index.add(&hash, place)?,
                block::Next::Other => {}
                block::Next::Wrong(problem, place) => wrong(problem, place.offset),
                block::Next::End(Ok(())) => break,
                block::Next::End(Err(problem)) => {
                    wrong(problem, blocks.offset());
                    break;
                }
            }
            progress(blocks.offset());
        }
        let mut block = Vec::new();
        read(&bytes, &index, &root, u64::MAX, &mut block)?;
        let (commit, data) = commit(&root, &block)?;
        Ok(Car {
            bytes,
            index,
            commit,
            walk: Walk::new(data),
            block,
        })
    }

    /// The commit.
    #[must_use]
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// About how many records there are: most blocks are.
    #[must_use]
    pub fn records_about(&self) -> usize {
        self.index.len()
    }

    /// The next record, its JSON appended to `json`; nothing at the end. What is wrong comes in the
    /// place of what it costs, with its path or the one before it.
    pub fn next(&mut self, json: &mut Vec<u8>) -> Option<Result<Record, (Problem, String)>> {
        loop {
            match self.walk.next()? {
                Next::Wrong(problem, path) => return Some(Err((problem, path))),
                Next::Node(hash) => {
                    if let Err(problem) = self.enter(&hash) {
                        return Some(Err((problem, self.walk.last())));
                    }
                }
                Next::Leaf { path, record } => {
                    return Some(match self.record(&record, json) {
                        Ok(facts) => Ok(Record {
                            path,
                            cid: cid_text::of_bytes(&cid_bytes(&record)),
                            facts,
                        }),
                        Err(problem) => Err((problem, path)),
                    });
                }
            }
        }
    }

    fn enter(&mut self, hash: &Hash) -> Result<(), Problem> {
        read(
            &self.bytes,
            &self.index,
            hash,
            NODE_BYTES_MAX,
            &mut self.block,
        )?;
        self.walk.enter(&self.block)
    }

    fn record(&mut self, hash: &Hash, json: &mut Vec<u8>) -> Result<Facts, Problem> {
        read(&self.bytes, &self.index, hash, u64::MAX, &mut self.block)?;
        let start = json.len();
        cbor::to_lexicon(&self.block, json).map_err(|_| {
            json.truncate(start);
            Problem::BadRecord
        })
    }
}

/// The CID of the commit that a file is said to be of, from its header: that of all of its content.
///
/// # Errors
///
/// It has no such header.
pub fn root(reader: impl BufRead) -> Result<String, Problem> {
    let root = root_in(Blocks::new(reader).header()?)?;
    Ok(cid_text::of_bytes(&cid_bytes(&root)))
}

fn root_in(header: &[u8]) -> Result<Hash, Problem> {
    let header: Header = serde_ipld_dagcbor::from_slice(header).map_err(|_| Problem::NotACar)?;
    if header.version != 1 {
        return Err(Problem::NotACar);
    }
    let root = header.roots.first().and_then(hash_of);
    root.ok_or(Problem::NotACommit)
}

fn commit(root: &Hash, block: &[u8]) -> Result<(Commit, Hash), Problem> {
    let raw: RawCommit = serde_ipld_dagcbor::from_slice(block).map_err(|_| Problem::NotACommit)?;
    let data = hash_of(&raw.data).ok_or(Problem::NotACommit)?;
    if !uri::is_did(&raw.did) {
        return Err(Problem::NotACommit);
    }
    let commit = Commit {
        did: raw.did,
        rev: raw.rev,
        cid: cid_text::of_bytes(&cid_bytes(root)),
    };
    Ok((commit, data))
}

/// Reads a block, which must be what its digest says.
fn read(
    bytes: &impl ReadAt,
    index: &Index,
    hash: &Hash,
    most: u64,
    into: &mut Vec<u8>,
) -> Result<(), Problem> {
    let place = index.find(hash).ok_or(Problem::MissingBlock)?;
    if place.length > most {
        return Err(Problem::BadNode);
    }
    into.resize(usize::try_from(place.length).unwrap_or(usize::MAX), 0);
    bytes
        .read_exact_at(into, place.offset)
        .map_err(|_| Problem::Unreadable)?;
    if block::is_hash_of(hash, into) {
        Ok(())
    } else {
        Err(Problem::MissingBlock)
    }
}
