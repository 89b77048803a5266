//! The last quarter of an hour, in samples: what plots are drawn from.
//!
//! Counters are kept as they are and turned into rates when they are asked for. It has no clock: a
//! sample says when it was taken.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back it goes.
pub const SPAN: Duration = Duration::from_secs(15 * 60);
/// How often a sample is taken.
pub const EVERY: Duration = Duration::from_secs(5);

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// When, since the worker's start.
    pub at: Duration,
    /// Entries acknowledged so far.
    pub events: u64,
    /// Rows merged so far.
    pub rows: u64,
    /// Entries not given out; `None` where nobody knows.
    pub backlog: Option<u64>,
    /// Lag by event time, likewise.
    pub lag: Option<Duration>,
}

/// What happened between a sample and the one before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How long ago it ended.
    pub age: Duration,
    /// Entries a second.
    pub events_per_s: f64,
    /// Rows a second.
    pub rows_per_s: f64,
    /// Entries not given out at its end.
    pub backlog: Option<u64>,
    /// Lag at its end.
    pub lag: Option<Duration>,
}

/// The samples, the oldest first.
#[derive(Debug, Default)]
pub struct History(VecDeque<Sample>);

impl History {
    /// Takes a sample, and lets go of those that are too old.
    pub fn push(&mut self, sample: Sample) {
        self.0.push_back(sample);
        // One more than the span, since a point needs two.
        let oldest = sample.at.saturating_sub(SPAN + EVERY);
        while self.0.front().is_some_and(|first| first.at < oldest) {
            self.0.pop_front();
        }
    }

    /// The points of the span that ends now, the oldest first.
    #[must_use]
    pub fn points(&self, now: Duration) -> Vec<Point> {
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs
            .map(|(before, after)| point(before, after, now))
            .filter(|point| point.age <= SPAN)
            .collect()
    }
}

fn point(before: &Sample, after: &Sample, now: Duration) -> Point {
    let seconds = after.at.saturating_sub(before.at).as_secs_f64();
    let rate = |before: u64, after: u64| {
        if seconds > 0.0 {
            after.saturating_sub(before) as f64 / seconds
        } else {
            0.0
        }
    };
    Point {
        age: now.saturating_sub(after.at),
        events_per_s: rate(before.events, after.events),
        rows_per_s: rate(before.rows, after.rows),
        backlog: after.backlog,
        lag: after.lag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_s: u64, events: u64) -> Sample {
        Sample {
            at: Duration::from_secs(at_s),
            events,
            rows: events * 3,
            backlog: Some(7),
            lag: None,
        }
    }

    #[test]
    fn rates_are_between_samples() {
        let mut history = History::default();
        assert!(history.points(Duration::ZERO).is_empty());
        history.push(sample(0, 0));
        assert!(history.points(Duration::ZERO).is_empty());
        history.push(sample(5, 100));
        history.push(sample(15, 300));
        let points = history.points(Duration::from_secs(16));
        assert_eq!(points.len(), 2);
        assert_eq!((points[0].events_per_s, points[0].rows_per_s), (20.0, 60.0));
        assert_eq!(points[1].events_per_s, 20.0);
        assert_eq!(points[1].age, Duration::from_secs(1));
        assert_eq!((points[1].backlog, points[1].lag), (Some(7), None));
    }

    #[test]
    fn it_is_bounded_and_covers_the_span() {
        let mut history = History::default();
        for at in 0..10_000 {
            history.push(sample(at * EVERY.as_secs(), at));
        }
        let now = Duration::from_secs(9_999 * EVERY.as_secs());
        let points = history.points(now);
        assert_eq!(points.first().map(|point| point.age), Some(SPAN));
        assert_eq!(points.len() as u64, SPAN.as_secs() / EVERY.as_secs() + 1);
        assert!(history.0.len() <= points.len() + 1);
        // A worker that slept: what is too old is not shown.
        assert!(history.points(now + SPAN * 2).is_empty());
    }
}
