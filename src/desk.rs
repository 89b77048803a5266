//! Where everything lies that can be shown of a worker: what it counts, what was seen, the last
//! quarter of an hour.
//!
//! It gathers and knows nothing of forms: the status, the metrics and the page are made from it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::history::{self, History, Point, Sample};
use crate::metrics::Metrics;
use crate::survey::Survey;

/// What of the configuration is shown.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The stream's key.
    pub stream: String,
    /// The consumer group.
    pub group: String,
    /// The consumer's name.
    pub consumer: String,
    /// Entries that the stream's writer lets it hold.
    pub stream_maxlen: u64,
}

/// Everything that can be shown.
pub struct Desk {
    /// What of the configuration is shown.
    pub setup: Setup,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What was seen.
    pub survey: Survey,
    history: Mutex<History>,
}

impl Desk {
    /// Nothing has been sampled yet.
    #[must_use]
    pub fn new(setup: Setup, metrics: Arc<Metrics>, survey: Survey) -> Self {
        Desk {
            setup,
            metrics,
            survey,
            history: Mutex::default(),
        }
    }

    /// Since the worker's start.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.metrics.started().elapsed()
    }

    /// The last quarter of an hour, the oldest first.
    #[must_use]
    pub fn points(&self) -> Vec<Point> {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        history.points(self.uptime())
    }

    /// Takes samples until it is aborted.
    pub async fn sample(&self) {
        let mut samples = interval(history::EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            samples.tick().await;
            let standing = self.metrics.standing();
            let sample = Sample {
                at: self.uptime(),
                events: self.metrics.entries_acked(),
                rows: self.metrics.batches().merged(),
                backlog: standing.and_then(|standing| standing.backlog),
                lag: standing.map(|standing| standing.lag),
            };
            let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
            history.push(sample);
        }
    }
}
