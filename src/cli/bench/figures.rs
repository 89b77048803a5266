//! What was measured, as it is written to JSON.

use serde::{Deserialize, Serialize};

/// One pass of the worker over a stream.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Pass {
    /// Entries acknowledged.
    pub events: u64,
    /// From the first read to the last acknowledgement, seconds.
    pub seconds: f64,
    /// Time of the worker on processors, seconds.
    pub engine_cpu_s: f64,
    /// Time of PostgreSQL on processors, seconds; absent where it cannot be seen.
    pub postgres_cpu_s: Option<f64>,
    /// Most memory of the worker, bytes.
    pub peak_memory_bytes: u64,
    /// Flushes by reason.
    pub flushes: Vec<(String, u64)>,
    /// Summed over lanes: users and COPY, seconds.
    pub copy_s: f64,
    /// The same for merges.
    pub merge_s: f64,
    /// The same for commits.
    pub commit_s: f64,
}

impl Pass {
    /// Events a second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

/// The middle one of some numbers.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
