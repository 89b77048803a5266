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

/// One round of what is compared.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Round {
    /// The whole way.
    pub pass: Pass,
    /// PostgreSQL alone, seconds.
    pub floor_s: Option<f64>,
    /// The baseline.
    pub row_by_row: Option<RowByRow>,
}

impl Round {
    /// Events a second if PostgreSQL were all there is.
    pub fn floor_rate(&self) -> Option<f64> {
        self.floor_s
            .map(|seconds| self.pass.events as f64 / seconds)
    }
}

/// The baseline that writes row by row.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct RowByRow {
    /// Entries acknowledged.
    pub events: u64,
    /// From the first read to the last acknowledgement, seconds.
    pub seconds: f64,
    /// Operations that PostgreSQL refused.
    pub refused: u64,
}

impl RowByRow {
    /// Events a second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

/// From XADD to visible in a query.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Latency {
    /// Events a second.
    pub offered_per_s: u64,
    /// For how long.
    pub seconds: f64,
    /// Events offered in that time.
    pub events: u64,
    /// Marked ones among them, whose times these are.
    pub markers: u64,
    /// Half of them were visible after this, milliseconds.
    pub p50_ms: f64,
    /// Of a hundred, all but one.
    pub p99_ms: f64,
    /// The last one.
    pub max_ms: f64,
}

/// A pass into a database that holds something already.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Grown {
    /// Likes that it held, with what belongs to them.
    pub likes: u64,
    /// The whole way.
    pub pass: Pass,
    /// The same rows put in by PostgreSQL alone.
    #[serde(default)]
    pub floor: Option<GrownFloor>,
}

/// What PostgreSQL alone takes for the rows of a pass into a database that holds something already.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct GrownFloor {
    /// Rows.
    pub rows: u64,
    /// How long they took.
    pub seconds: f64,
}

impl Grown {
    /// Events a second, were there nothing but PostgreSQL.
    pub fn floor_rate(&self) -> Option<f64> {
        Some(self.pass.events as f64 / self.floor?.seconds)
    }
}

/// A pass with so many lanes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WithLanes {
    /// Lanes.
    pub lanes: usize,
    /// The whole way.
    pub pass: Pass,
}

/// A backfill, against the worker.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Backfilled {
    /// Events.
    pub events: u64,
    /// The worker's whole way, seconds.
    pub live_s: f64,
    /// A backfill beside which workers may run, seconds.
    pub backfill_s: f64,
    /// One beside which nobody may, its indexes made again and counts added up, seconds.
    pub bulk_s: f64,
}

/// The whole way with all that follows from records, and without.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct WithDerived {
    /// With all of it.
    pub all: Pass,
    /// With nothing of it.
    pub none: Pass,
}

/// All that a run has measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Figures {
    /// Rounds of what is compared.
    pub rounds: Vec<Round>,
    /// Latency at each rate.
    pub latency: Vec<Latency>,
    /// One long pass, for its memory.
    pub backlog: Option<Pass>,
    /// By what the database held.
    pub growth: Vec<Grown>,
    /// By lanes.
    pub lanes: Vec<WithLanes>,
    /// Rounds of backfills.
    #[serde(default)]
    pub backfill: Vec<Backfilled>,
    /// Rounds with what follows from records, and without.
    #[serde(default)]
    pub derived: Vec<WithDerived>,
}

/// The middle one of some numbers.
pub fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.into_iter().collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
