//! What a backfill can be told.

use std::time::Duration;

use crate::derived::DerivedSet;
use crate::position::Micros;

use super::{Authority, Filter, Restart, Stale};

/// What a backfill is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// What is taken of the sources.
    pub filter: Filter,
    /// What exports stand for.
    pub authority: Authority,
    /// What becomes of old ones.
    pub stale: Stale,
    /// When they were made at the earliest.
    pub exported_at: Option<Micros>,
    /// Whether what was come to before counts.
    pub restart: Restart,
    /// By how much other clocks may be ahead of the stream's.
    pub clock_margin: Duration,
    /// Records a second at most.
    pub rate_limit: Option<u64>,
    /// Lanes.
    pub lanes: usize,
    /// Rows of a batch at most.
    pub rows: usize,
    /// The same while workers are at work, which wait for its locks.
    pub rows_beside_live: usize,
    /// Memory for buffers and entries of all lanes, in bytes.
    pub bytes: usize,
    /// Whether nobody else writes to the database meanwhile.
    pub bulk: Bulk,
    /// What of what follows from records is kept.
    pub derived: DerivedSet,
}

/// Whether nobody else writes to the database meanwhile, so that indexes and counts can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// Workers may.
    No,
    /// Nobody does.
    Yes,
}
