//! Claiming what other consumers, or this one before a lost answer, left unacknowledged.
//!
//! It goes through the pending list piece by piece, again and again as long as the worker lives. It
//! knows when the next piece is due, and hands nothing over itself.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::entry::Entry;
use crate::error::RedisError;
use crate::held::Held;
use crate::position::StreamId;
use crate::source::{Redis, claim, deliveries};

/// The most that one claim asks for. Redis looks at ten times as many pending entries for it.
const CLAIM_MOST: usize = 500;
/// Sweeps over the pending list in one idle time.
const SWEEPS_PER_IDLE: u32 = 3;

/// The claiming side of the reader.
pub struct Claims {
    redis: Redis,
    held: Arc<Held>,
    idle: Duration,
    cursor: StreamId,
    due: Instant,
}

/// What a claim gave that this process does not hold already.
#[derive(Debug, Default)]
pub struct Claimed {
    /// Entries. How often they were delivered is not known yet.
    pub entries: Vec<Entry>,
    /// Ids whose entries the stream no longer has.
    pub gone: Vec<StreamId>,
}

impl Claims {
    /// The first claim is due at once.
    #[must_use]
    pub fn new(redis: Redis, held: Arc<Held>, idle: Duration) -> Self {
        Claims {
            redis,
            held,
            idle,
            cursor: StreamId::default(),
            due: Instant::now(),
        }
    }

    /// Whether a claim should be made now.
    #[must_use]
    pub fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }

    /// Begins a sweep from the smallest id.
    pub fn restart(&mut self) {
        self.cursor = StreamId::default();
    }

    /// Whether the last claim came to the end of the pending list.
    #[must_use]
    pub fn is_swept(&self) -> bool {
        self.cursor == StreamId::default()
    }

    /// Claims the next piece of the pending list. What is not handed over for an error between
    /// here and the lanes is ours and not held: it is claimed again once it has been idle.
    ///
    /// # Errors
    ///
    /// Redis is away or refuses. The next claim is then due after a pause.
    pub async fn next(&mut self) -> Result<Claimed, RedisError> {
        self.due = Instant::now() + self.idle / SWEEPS_PER_IDLE;
        let claimed = claim(&self.redis, self.idle, self.cursor, CLAIM_MOST).await?;
        self.cursor = claimed.next;
        if !self.is_swept() {
            self.due = Instant::now();
        }
        let mut entries = claimed.entries;
        entries.retain(|entry| !self.held.holds(entry.id));
        Ok(Claimed {
            entries,
            gone: self.held.not_held(claimed.gone),
        })
    }
}

/// Puts the true delivery counts into entries that are pending.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn count(redis: &Redis, entries: &mut [Entry]) -> Result<(), RedisError> {
    let ids: Vec<StreamId> = entries.iter().map(|entry| entry.id).collect();
    let times = deliveries(redis, &ids).await?;
    for entry in entries {
        entry.deliveries = times.get(&entry.id).copied().unwrap_or(entry.deliveries);
    }
    Ok(())
}
