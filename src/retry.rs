//! How long to wait before trying again.
//!
//! Exponential with jitter and a cap, for ever: what is retried must not be lost, and a hundred
//! workers must not come back in step. It knows neither what is retried nor why.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The pauses between attempts.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
    jitter: RandomState,
    attempts: u64,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);

    /// Starts anew: 50 ms at first, doubling to 5 s.
    #[must_use]
    pub fn new() -> Self {
        Backoff {
            next: Self::FIRST,
            longest: Self::LONGEST,
            jitter: RandomState::new(),
            attempts: 0,
        }
    }

    /// The next pause: between a half and the whole of what the exponent gives.
    pub fn pause(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.longest);
        self.attempts += 1;
        let mut hasher = self.jitter.build_hasher();
        hasher.write_u64(self.attempts);
        let share = hasher.finish() % 512;
        whole / 2 + whole.mul_f64(f64::from(u16::try_from(share).unwrap_or(0)) / 1024.0)
    }

    /// How many pauses there were.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.attempts
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_a_cap_and_never_stands_still() {
        let mut backoff = Backoff::new();
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.pause()).collect();
        assert!(pauses[0] >= Duration::from_millis(25));
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_secs(5)));
        assert!(pauses[19] >= Duration::from_millis(2_500));
    }
}
