//! What the worker says of itself: the cluster's counters in Redis, and a line in the log.
//!
//! Both are deltas of the metrics since the last time, and both are silent when there is none. The
//! counters' deltas are kept until Redis takes them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, info};

use crate::error::RedisError;
use crate::metrics::{Metrics, Pace, Sums};
use crate::source::{Redis, add_to_cluster_metrics};
use crate::standing::Standing;

/// CONTRACT §1.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
const SAY_EVERY: Duration = Duration::from_secs(5);

/// The part that adds to `cluster:metrics`.
pub struct ClusterMetrics {
    redis: Redis,
    metrics: Arc<Metrics>,
    flushed: Sums,
}

impl ClusterMetrics {
    /// Nothing has been added yet.
    #[must_use]
    pub fn new(redis: Redis, metrics: Arc<Metrics>) -> Self {
        ClusterMetrics {
            redis,
            metrics,
            flushed: Sums::default(),
        }
    }

    /// Adds what there is every half second until the worker is done, and then the rest.
    pub async fn run(mut self, mut done: watch::Receiver<bool>) {
        let mut flushes = interval(FLUSH_EVERY);
        flushes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let last = tokio::select! {
                _ = flushes.tick() => false,
                _ = done.changed() => true,
            };
            if let Err(error) = self.flush().await {
                debug!("cluster:metrics has to wait: {error}");
            }
            if last {
                return;
            }
        }
    }

    /// Adds what there is.
    ///
    /// # Errors
    ///
    /// Redis is away or refuses; the next call adds it. If only the answer was lost it is added
    /// twice: a dashboard's number, not the data.
    pub async fn flush(&mut self) -> Result<(), RedisError> {
        let sums = self.metrics.sums();
        let deltas = deltas(&self.flushed, &sums);
        if deltas.is_empty() {
            return Ok(());
        }
        add_to_cluster_metrics(&self.redis, &deltas).await?;
        self.flushed = sums;
        Ok(())
    }
}

/// The fields of `cluster:metrics` that have moved, by how much.
fn deltas(before: &Sums, now: &Sums) -> Vec<(&'static str, u64)> {
    let total = |sums: &Sums| sums.commits + sums.identities + sums.accounts + sums.unknown;
    [
        ("totalEvents", total(before), total(now)),
        ("#commit", before.commits, now.commits),
        ("#identity", before.identities, now.identities),
        ("#account", before.accounts, now.accounts),
        ("errors", before.errors, now.errors),
    ]
    .into_iter()
    .filter(|(_, before, now)| now > before)
    .map(|(field, before, now)| (field, now - before))
    .collect()
}

/// Says every few seconds what was done, until it is aborted.
pub async fn say(metrics: Arc<Metrics>) {
    let mut says = interval(SAY_EVERY);
    says.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said = (metrics.entries_acked(), Instant::now());
    let mut backlog = None;
    loop {
        says.tick().await;
        let now = (metrics.entries_acked(), Instant::now());
        let (new, within) = (now.0 - said.0, now.1 - said.1);
        let standing = metrics.standing();
        let left = standing.and_then(|standing| standing.backlog);
        if new > 0 {
            let catching_up = match metrics.pace() {
                Pace::Behind => catching_up(backlog, left, within),
                Pace::Live => String::new(),
            };
            info!("{}{catching_up}", line(now.0, rate(new, within), standing));
        }
        said = now;
        backlog = left;
    }
}

/// How long it takes, at the pace at which the backlog shrank lately, until there is none.
fn catching_up(before: Option<u64>, now: Option<u64>, within: Duration) -> String {
    let (Some(before), Some(now)) = (before, now) else {
        return String::new();
    };
    let Some(less) = before.checked_sub(now).filter(|less| *less > 0) else {
        return ", not catching up".to_owned();
    };
    let seconds = now as f64 * within.as_secs_f64() / less as f64;
    format!(", caught up in {}", span(seconds))
}

fn rate(entries: u64, within: Duration) -> u64 {
    let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX).max(1);
    entries.saturating_mul(1_000) / millis
}

/// Entries since the start, and how fast the last of them went: `Processed 12,000 events (~5,120 events/sec), backlog 3,400, pending 120, lag 1.2 s`.
fn line(entries: u64, rate: u64, standing: Option<Standing>) -> String {
    let done = format!(
        "Processed {} events (~{} events/sec)",
        grouped(entries),
        grouped(rate)
    );
    let Some(standing) = standing else {
        return done;
    };
    let backlog = standing
        .backlog
        .map_or_else(|| "unknown".to_owned(), grouped);
    format!(
        "{done}, backlog {backlog}, pending {}, lag {:.1} s",
        grouped(standing.pending),
        standing.lag.as_secs_f64()
    )
}

/// A time in its largest two units: `3 h 12 min`.
#[must_use]
pub fn span(seconds: f64) -> String {
    let whole = seconds as u64;
    let (days, hours, minutes) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds:.1} s"),
        (0, 0, _) => format!("{minutes} min {} s", whole % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// With a comma between thousands.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_it_as_the_incumbent_did() {
        let standing = Standing {
            length: 5_000,
            backlog: Some(3_400),
            pending: 120,
            lag: Duration::from_millis(1_234),
        };
        assert_eq!(
            line(
                12_000,
                rate(12_000, Duration::from_millis(2_343)),
                Some(standing)
            ),
            "Processed 12,000 events (~5,121 events/sec), backlog 3,400, pending 120, lag 1.2 s"
        );
        assert_eq!(line(1, 0, None), "Processed 1 events (~0 events/sec)");
    }

    #[test]
    fn spans_have_two_units() {
        let cases = [
            (0.25, "0.2 s"),
            (59.94, "59.9 s"),
            (61.0, "1 min 1 s"),
            (3_600.0, "1 h 0 min"),
            (200_000.0, "2 d 7 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn says_when_it_is_caught_up() {
        let within = Duration::from_secs(5);
        let said = |before, now| catching_up(before, now, within);
        assert_eq!(
            said(Some(1_100_000), Some(1_000_000)),
            ", caught up in 50.0 s"
        );
        assert_eq!(
            said(Some(1_010_000), Some(1_000_000)),
            ", caught up in 8 min 20 s"
        );
        assert_eq!(said(Some(5), Some(5)), ", not catching up");
        assert_eq!(said(Some(5), Some(9)), ", not catching up");
        assert_eq!(said(None, Some(9)), "");
        assert_eq!(said(Some(9), None), "");
    }

    #[test]
    fn groups_thousands() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn only_what_moved_is_added() {
        let before = Sums {
            commits: 5,
            errors: 1,
            ..Sums::default()
        };
        let now = Sums {
            commits: 7,
            unknown: 1,
            ..before
        };
        assert_eq!(deltas(&before, &now), [("totalEvents", 3), ("#commit", 2)]);
        assert_eq!(deltas(&now, &now), []);
    }
}
