//! What the reader and the lanes are doing, as they say themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Pace;

/// What the reader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReaderState {
    /// It waits for the servers, or makes sure of the group.
    Starting,
    /// It takes what its consumer was given before.
    Pending,
    /// It reads what is new.
    Reading,
    /// Redis does not answer as it should: again, after a pause.
    Retrying,
    /// It reads no more.
    Stopped,
}

impl ReaderState {
    /// The names that [`ReaderState::name`] gives.
    pub const NAMES: [&str; 6] = [
        "starting", "pending", "live", "behind", "retrying", "stopped",
    ];

    /// Its name in lists; of reading, whether it is at the stream's end.
    #[must_use]
    pub const fn name(self, pace: Pace) -> &'static str {
        let [starting, pending, live, behind, retrying, stopped] = Self::NAMES;
        match (self, pace) {
            (ReaderState::Starting, _) => starting,
            (ReaderState::Pending, _) => pending,
            (ReaderState::Reading, Pace::Live) => live,
            (ReaderState::Reading, Pace::Behind) => behind,
            (ReaderState::Retrying, _) => retrying,
            (ReaderState::Stopped, _) => stopped,
        }
    }
}

/// What a lane does with the batch at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// It has none.
    Idle,
    /// It is written.
    Flushing,
    /// It is taken apart for what the database refuses.
    Isolating,
    /// A server does not do its part: again, after a pause.
    Retrying(Step),
    /// It is committed and acknowledged.
    Acking,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// To write the batch.
    Store,
    /// To read its entries once more, so that it can be taken apart.
    Reread,
    /// To acknowledge it.
    Ack,
}

impl Step {
    /// As it stands in a sentence.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Step::Store => "store",
            Step::Reread => "read",
            Step::Ack => "acknowledge",
        }
    }
}

impl LaneState {
    /// The names that [`LaneState::name`] gives.
    pub const NAMES: [&str; 5] = ["idle", "flushing", "isolating", "retrying", "acking"];

    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        let [idle, flushing, isolating, retrying, acking] = Self::NAMES;
        match self {
            LaneState::Idle => idle,
            LaneState::Flushing => flushing,
            LaneState::Isolating => isolating,
            LaneState::Retrying(_) => retrying,
            LaneState::Acking => acking,
        }
    }
}

/// A state, and since when it is.
#[derive(Debug)]
pub struct Since<S>(Mutex<(S, Instant)>);

impl<S: Copy + PartialEq> Since<S> {
    /// From now on.
    pub fn now(state: S) -> Self {
        Since(Mutex::new((state, Instant::now())))
    }

    /// Another from now on; the same goes on.
    pub fn set(&self, state: S) {
        let mut since = self.lock();
        if since.0 != state {
            *since = (state, Instant::now());
        }
    }

    /// The state, and for how long.
    pub fn get(&self) -> (S, Duration) {
        let (state, since) = *self.lock();
        (state, since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, (S, Instant)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane, as it shows itself.
#[derive(Debug)]
pub struct Lane {
    state: Since<LaneState>,
    done: Mutex<Done>,
}

/// What a lane has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Batches written whole.
    pub flushes: u64,
    /// Their rows.
    pub rows: u64,
    /// How long the last of them took.
    pub last: Duration,
}

impl Lane {
    pub(super) fn new() -> Self {
        Lane {
            state: Since::now(LaneState::Idle),
            done: Mutex::default(),
        }
    }

    /// It does this from now on.
    pub fn set(&self, state: LaneState) {
        self.state.set(state);
    }

    /// What it does, and for how long.
    pub fn state(&self) -> (LaneState, Duration) {
        self.state.get()
    }

    /// A batch of so many rows was written in this time.
    pub fn flushed(&self, rows: u64, took: Duration) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.flushes += 1;
        done.rows += rows;
        done.last = took;
    }

    /// What it has done.
    pub fn done(&self) -> Done {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
