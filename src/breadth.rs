//! How many lanes take part: no more than are worth it.
//!
//! Lanes share the memory for batches, so that more of them make smaller batches, which cost more a
//! row; and on a small machine they only wait for each other's processor. On a large server each
//! adds its share. Nobody can know which it is, so it is tried: under backlog, now and then, one
//! lane more or fewer, and kept if more entries are stored for it. Pure: it is told what time it is.

use std::time::Duration;

/// Where it begins, if that many are allowed: what a server of two processors bears.
const FIRST: usize = 2;
/// How long rates are measured. Shorter than a few flushes they say nothing.
const EPOCH: Duration = Duration::from_secs(5);
/// Epochs that a number is kept for before another is tried: trying costs where it does not gain.
const KEPT: u32 = 12;
/// What another number must gain: less is noise.
const GAIN: f64 = 1.05;

/// The search for the best number of lanes.
#[derive(Debug)]
pub struct Breadth {
    most: usize,
    lanes: usize,
    /// Entries stored by then, and when the epoch began; none while nothing is measured.
    begun: Option<(u64, Duration)>,
    phase: Phase,
    /// The number tried next is one more, or one fewer.
    next: Next,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Epochs to go before another number is tried.
    Keeping { left: u32 },
    /// The first epoch of another number, in which batches of the old one are still under way.
    Changing { before: usize, rate: f64 },
    /// The second, which is measured.
    Trying { before: usize, rate: f64 },
}

#[derive(Clone, Copy, Debug)]
enum Next {
    More,
    Fewer,
}

impl Breadth {
    /// Begins with few of at most `most` lanes.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Breadth {
            most,
            lanes: most.min(FIRST),
            begun: None,
            phase: Phase::Keeping { left: KEPT },
            next: Next::More,
        }
    }

    /// Lanes that take part now.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// The reader is at the stream's end, or was: what is stored then says nothing of the lanes.
    pub fn rest(&mut self) {
        self.begun = None;
    }

    /// Under backlog: how many entries were stored so far, and what time it is.
    pub fn learn(&mut self, stored: u64, now: Duration) {
        let Some((before, since)) = self.begun else {
            self.begun = Some((stored, now));
            return;
        };
        let took = now.saturating_sub(since);
        if took < EPOCH {
            return;
        }
        let rate = stored.saturating_sub(before) as f64 / took.as_secs_f64();
        self.begun = Some((stored, now));
        self.judge(rate);
    }

    fn judge(&mut self, measured: f64) {
        self.phase = match self.phase {
            Phase::Keeping { left: 0 } => self.change(measured),
            Phase::Keeping { left } => Phase::Keeping { left: left - 1 },
            Phase::Changing { before, rate } => Phase::Trying { before, rate },
            Phase::Trying { before, rate } => {
                if measured < rate * GAIN {
                    self.lanes = before;
                    self.turn();
                }
                Phase::Keeping { left: KEPT }
            }
        };
    }

    fn change(&mut self, rate: f64) -> Phase {
        let before = self.lanes;
        match self.next {
            Next::More if before < self.most => self.lanes += 1,
            Next::Fewer if before > 1 => self.lanes -= 1,
            _ => {
                self.turn();
                return Phase::Keeping { left: KEPT };
            }
        }
        Phase::Changing { before, rate }
    }

    fn turn(&mut self) {
        self.next = match self.next {
            Next::More => Next::Fewer,
            Next::Fewer => Next::More,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs for some epochs where so many entries are stored a second with so many lanes.
    fn after(breadth: &mut Breadth, epochs: u32, rate: impl Fn(usize) -> u64) {
        let mut stored = 0;
        breadth.rest();
        for epoch in 0..=epochs {
            breadth.learn(stored, EPOCH * epoch);
            stored += rate(breadth.lanes()) * EPOCH.as_secs();
        }
    }

    #[test]
    fn goes_as_far_as_it_gains_and_no_farther() {
        let mut breadth = Breadth::new(5);
        after(&mut breadth, 200, |lanes| 10_000 * lanes as u64);
        assert_eq!(breadth.lanes(), 5);
        after(&mut breadth, 200, |lanes| 30_000 - 5_000 * lanes as u64);
        assert_eq!(breadth.lanes(), 1);
    }

    #[test]
    fn keeps_what_it_has_where_nothing_gains() {
        let mut breadth = Breadth::new(5);
        after(&mut breadth, 200, |_| 40_000);
        assert!((1..=3).contains(&breadth.lanes()));
    }

    #[test]
    fn never_leaves_what_is_allowed() {
        assert_eq!(Breadth::new(1).lanes(), 1);
        let mut one = Breadth::new(1);
        after(&mut one, 100, |_| 40_000);
        assert_eq!(one.lanes(), 1);
    }

    #[test]
    fn learns_nothing_at_the_streams_end() {
        let mut breadth = Breadth::new(5);
        for second in 0..10_000 {
            breadth.rest();
            breadth.learn(second, Duration::from_secs(second * 60));
        }
        assert_eq!(breadth.lanes(), 2);
    }
}
