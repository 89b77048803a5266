//! Which DIDs are known to have a users row, and which pairs were stored lately.
//!
//! Remembering them spares most stubs their way to the server, and lanes the wait for each other's
//! new users. It only ever forgets too much, never knows too much: a DID is learnt after the
//! commit of its row.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxBuildHasher;

use super::seen::Seen;
use super::stubs::Stub;
use crate::batch::Batch;

/// A bounded memory of DIDs, shared by the lanes of a process.
///
/// It keeps 64-bit hashes under a random key, not the DIDs: 8 bytes each, and nobody can choose
/// two DIDs that meet. Two that meet by chance (one in 10¹³ look-ups) would cost a stub.
pub struct Known {
    hashes: Mutex<HashSet<u64, FxBuildHasher>>,
    key: RandomState,
    pairs: Seen,
}

impl Known {
    /// How many are remembered; then all are forgotten, which costs a stub each.
    const MOST: usize = 1 << 19;

    /// Knows nobody.
    #[must_use]
    pub fn new() -> Self {
        Known {
            hashes: Mutex::new(HashSet::default()),
            key: RandomState::new(),
            pairs: Seen::new(),
        }
    }

    /// Forgets everyone: after a failover the server may have lost what it had committed.
    pub fn forget(&self) {
        self.lock().clear();
        self.pairs.forget();
    }

    /// Which pairs were stored lately.
    pub(super) fn pairs(&self) -> &Seen {
        &self.pairs
    }

    /// The stubs of a batch that may need a row.
    pub(super) fn unknown_of<'b>(&self, batch: &'b Batch) -> Vec<Stub<'b>> {
        let hashes = self.lock();
        batch
            .stubs()
            .filter(|(did, _)| !hashes.contains(&self.key.hash_one(did)))
            .collect()
    }

    /// Remembers stubs whose rows are committed.
    pub(super) fn learn(&self, stubs: &[Stub<'_>]) {
        let mut hashes = self.lock();
        if hashes.len() + stubs.len() > Self::MOST {
            hashes.clear();
        }
        hashes.extend(stubs.iter().map(|(did, _)| self.key.hash_one(did)));
    }

    /// A lane that broke off leaves a set that is right as far as it goes.
    fn lock(&self) -> MutexGuard<'_, HashSet<u64, FxBuildHasher>> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Known {
    fn default() -> Self {
        Known::new()
    }
}
