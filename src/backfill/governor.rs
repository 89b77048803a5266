//! How fast a backfill may go beside the live lane.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many records through a second, of all readers together.
pub struct Governor {
    per_s: u64,
    /// When the next may go.
    next: Mutex<Instant>,
}

impl Governor {
    /// At most so many a second.
    #[must_use]
    pub fn new(per_s: u64) -> Governor {
        Governor {
            per_s: per_s.max(1),
            next: Mutex::new(Instant::now()),
        }
    }

    /// How many go at once, so that they go ten times a second.
    #[must_use]
    pub fn slice(&self) -> usize {
        usize::try_from(self.per_s / 10)
            .unwrap_or(usize::MAX)
            .max(1)
    }

    /// Waits until so many may go, or it is told to stop.
    pub fn wait(&self, records: usize, stop: &AtomicBool) {
        const LOOK_EVERY: Duration = Duration::from_millis(50);
        let at = self.reserve(records, Instant::now());
        loop {
            let left = at.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(left.min(LOOK_EVERY));
        }
    }

    /// When so many may go. What was not used up in the past is not saved.
    fn reserve(&self, records: usize, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (*next).max(now);
        let micros = (records as u64).saturating_mul(1_000_000) / self.per_s;
        *next = at + Duration::from_micros(micros);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_no_more_through_than_allowed() {
        let governor = Governor::new(1_000);
        assert_eq!(governor.slice(), 100);
        let start = Instant::now();
        let at: Vec<Duration> = (0..4)
            .map(|_| governor.reserve(100, start) - start)
            .collect();
        let tenths = |n: u64| Duration::from_millis(100 * n);
        assert_eq!(at[1] - at[0], tenths(1));
        assert_eq!(at[3] - at[0], tenths(3));
        let later = start + Duration::from_secs(60);
        assert_eq!(governor.reserve(100, later), later, "nothing is saved up");
        assert_eq!(Governor::new(1).slice(), 1);
    }
}
