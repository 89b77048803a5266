//! What the reader and the lanes are doing, as they say themselves.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

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

/// What a lane does with the batch at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// It has none.
    Idle,
    /// It is written.
    Flushing,
    /// It is taken apart for what the database refuses.
    Isolating,
    /// A server does not take it: again, after a pause.
    Retrying,
    /// It is committed and acknowledged.
    Acking,
}

impl LaneState {
    /// All of them.
    pub const ALL: [LaneState; 5] = [
        LaneState::Idle,
        LaneState::Flushing,
        LaneState::Isolating,
        LaneState::Retrying,
        LaneState::Acking,
    ];

    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            LaneState::Idle => "idle",
            LaneState::Flushing => "flushing",
            LaneState::Isolating => "isolating",
            LaneState::Retrying => "retrying",
            LaneState::Acking => "acking",
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
