//! Where each block of a CAR lies, kept in a few bytes.
//!
//! A block is found by the first 64 bits of its digest. Whoever reads it checks the whole digest
//! again, so that two that meet (chance will not, a stranger may) cost a record of that file and
//! nothing else.

use std::collections::HashMap;

use super::block::{BLOCK_BYTES_MAX, Hash, Place};
use super::problem::Problem;

/// Blocks of one file at most: a repository of 15 million records. Some 40 bytes each.
const BLOCKS_MAX: usize = 20_000_000;
/// Bits of a place that are its length.
const LENGTH_BITS: u32 = 23;
const _: () = assert!(BLOCK_BYTES_MAX < 1 << LENGTH_BITS);

/// The places of a file's blocks.
#[derive(Debug, Default)]
pub struct Index(HashMap<u64, u64>);

impl Index {
    /// Notes a block. Of two with one digest the first counts: they are the same.
    ///
    /// # Errors
    ///
    /// There are too many.
    pub fn add(&mut self, hash: &Hash, place: Place) -> Result<(), Problem> {
        if self.0.len() >= BLOCKS_MAX || place.offset >= 1 << (64 - LENGTH_BITS) {
            return Err(Problem::TooManyBlocks);
        }
        let packed = place.offset << LENGTH_BITS | place.length;
        self.0.entry(key(hash)).or_insert(packed);
        Ok(())
    }

    /// Where the block most likely lies that has this digest.
    #[must_use]
    pub fn find(&self, hash: &Hash) -> Option<Place> {
        let packed = self.0.get(&key(hash))?;
        Some(Place {
            offset: packed >> LENGTH_BITS,
            length: packed & ((1 << LENGTH_BITS) - 1),
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// The first 64 bits of a digest.
pub fn key(hash: &Hash) -> u64 {
    hash.first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
