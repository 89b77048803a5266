//! Histograms of flushes: how many rows and bytes, and how long the parts took.

use std::time::Duration;

use prometheus::core::Collector as _;
use prometheus::proto::MetricFamily;
use prometheus::{Histogram, HistogramOpts, HistogramVec};

use crate::batch::Batch;
use crate::flush::Times;

const ROWS: [f64; 10] = [1.0, 10.0, 100.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4];
const BYTES: [f64; 8] = [
    1024.0,
    16_384.0,
    131_072.0,
    524_288.0,
    1_048_576.0,
    2_097_152.0,
    4_194_304.0,
    16_777_216.0,
];
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The histograms.
#[derive(Clone, Debug)]
pub struct Shapes {
    rows: Histogram,
    bytes: Histogram,
    whole: Histogram,
    phases: HistogramVec,
}

/// The parts of a flush that are timed, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Copy,
    Merge,
    Commit,
    Ack,
}

impl Phase {
    const ALL: [Phase; 4] = [Phase::Copy, Phase::Merge, Phase::Commit, Phase::Ack];

    const fn name(self) -> &'static str {
        match self {
            Phase::Copy => "copy",
            Phase::Merge => "merge",
            Phase::Commit => "commit",
            Phase::Ack => "ack",
        }
    }
}

impl Shapes {
    pub(super) fn new() -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str, buckets: &[f64]| {
            HistogramOpts::new(name, help).buckets(buckets.to_vec())
        };
        let shapes = Shapes {
            rows: Histogram::with_opts(opts("forebay_flush_rows", "Rows of a batch.", &ROWS))?,
            bytes: Histogram::with_opts(opts(
                "forebay_flush_bytes",
                "Bytes of a batch's buffers.",
                &BYTES,
            ))?,
            whole: Histogram::with_opts(opts(
                "forebay_flush_duration_seconds",
                "From the first statement of a batch to its commit.",
                &SECONDS,
            ))?,
            phases: HistogramVec::new(
                opts(
                    "forebay_flush_phase_duration_seconds",
                    "The parts of a flush, and the acknowledgement after it.",
                    &SECONDS,
                ),
                &["phase"],
            )?,
        };
        // There from the start, with zeros.
        for phase in Phase::ALL {
            shapes.phase(phase);
        }
        Ok(shapes)
    }

    pub(super) fn observe(&self, batch: &Batch, times: Times) {
        self.rows.observe(batch.rows() as f64);
        self.bytes.observe(batch.bytes() as f64);
        self.whole.observe(times.whole().as_secs_f64());
        for (phase, took) in [
            (Phase::Copy, times.copy),
            (Phase::Merge, times.merge),
            (Phase::Commit, times.commit),
        ] {
            self.phase(phase).observe(took.as_secs_f64());
        }
    }

    pub(super) fn acked(&self, took: Duration) {
        self.phase(Phase::Ack).observe(took.as_secs_f64());
    }

    /// For whoever prints them.
    #[must_use]
    pub fn families(&self) -> Vec<MetricFamily> {
        let all = [
            self.rows.collect(),
            self.bytes.collect(),
            self.whole.collect(),
            self.phases.collect(),
        ];
        all.into_iter().flatten().collect()
    }

    fn phase(&self, phase: Phase) -> Histogram {
        self.phases.with_label_values(&[phase.name()])
    }
}
