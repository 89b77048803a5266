//! Entries that were delivered suspiciously often, tried one at a time with nothing else in hand.
//!
//! A count says nothing of the entry: restarts and outages raise it. What does is the process
//! ending while this entry is all that it holds. So each try is noted in Redis (a hash of ids,
//! `forebay:alone:…`) before the entry is handed over, and the note is taken back as soon as the
//! try has come to anything else than the end of the process: stored, refused, the database away,
//! told to stop. Two notes that nobody took back condemn it: it is dead-lettered without being
//! looked into.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::entry::Entry;
use crate::error::{RedisError, RedisVerdict, Stop};
use crate::hand::{Flow, Hands, Place};
use crate::metrics::Metrics;
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::{Redis, begin_alone, end_alone, survived_alone};

/// Tries that ended with the process, after which an entry is not tried again.
const CRASHES_MOST: u32 = 2;
/// A process that has lived so long with an entry does not die of it.
const SURVIVED_AFTER: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The entry that is being tried alone, noted in Redis.
#[derive(Clone)]
pub struct Mark {
    redis: Redis,
    id: Arc<Mutex<Option<StreamId>>>,
}

impl Mark {
    /// Nothing is tried.
    #[must_use]
    pub fn new(redis: Redis) -> Self {
        Mark {
            redis,
            id: Arc::default(),
        }
    }

    /// Takes the note back, if there is one: the process goes on, or ends in order.
    pub async fn withdraw(&self) {
        if let Some(id) = self.set(None)
            && let Err(error) = survived_alone(&self.redis, id).await
        {
            warn!(entry = %id, "an entry that is tried alone stays noted as if it had ended the process: {error}");
        }
    }

    async fn begin(&self, id: StreamId) -> Result<u32, RedisError> {
        let begun = begin_alone(&self.redis, id).await?;
        self.set(Some(id));
        Ok(begun)
    }

    async fn end(&self, id: StreamId) {
        self.set(None);
        if let Err(error) = end_alone(&self.redis, id).await {
            // Harmless: the entry is acknowledged, and the note ends by itself.
            warn!(entry = %id, "the note of an entry that was tried alone stays: {error}");
        }
    }

    fn set(&self, id: Option<StreamId>) -> Option<StreamId> {
        let mut mark = self.id.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut mark, id)
    }
}

/// Hands suspects over, one at a time.
pub struct Alone {
    /// The note.
    pub mark: Mark,
    /// Tells whether a batch was refused.
    pub metrics: Arc<Metrics>,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
}

impl Alone {
    /// Tries entries that are held already, each once all others in hand are dealt with.
    ///
    /// # Errors
    ///
    /// Redis is not as it has to be.
    pub async fn pass(&mut self, hands: &Hands, entries: Vec<Entry>) -> Result<Flow, Stop> {
        let mut left = entries.len();
        for entry in entries {
            let id = entry.id;
            if self.until_at_most(hands, left).await == Flow::Over {
                return Ok(Flow::Over);
            }
            let Some(begun) = self.begin(id).await? else {
                return Ok(Flow::Over);
            };
            let place = if begun > CRASHES_MOST {
                warn!(entry = %id, "this entry was the only one in hand at {CRASHES_MOST} crashes and is set aside as a dead letter");
                Place::Condemned
            } else {
                Place::Alone
            };
            left -= 1;
            let handed = hands.over(vec![entry], place).await;
            if handed == Flow::Over || self.watch(hands, id, left).await == Flow::Over {
                return Ok(Flow::Over);
            }
        }
        Ok(Flow::On)
    }

    async fn until_at_most(&mut self, hands: &Hands, left: usize) -> Flow {
        tokio::select! {
            () = hands.held.until_at_most(left) => Flow::On,
            () = told_to_stop(&mut self.stop) => Flow::Over,
        }
    }

    /// Notes the try, however long Redis is away; nothing if told to stop meanwhile.
    async fn begin(&mut self, id: StreamId) -> Result<Option<u32>, Stop> {
        let mut backoff = Backoff::new();
        while !*self.stop.borrow() {
            match self.mark.begin(id).await {
                Ok(begun) => return Ok(Some(begun)),
                Err(error) if error.verdict() == RedisVerdict::Fatal => return Err(error.into()),
                Err(_) => sleep(backoff.pause()).await,
            }
        }
        Ok(None)
    }

    /// Waits until the entry is dealt with.
    async fn watch(&mut self, hands: &Hands, id: StreamId, left: usize) -> Flow {
        let since = Instant::now();
        let retries = self.metrics.retries();
        loop {
            tokio::select! {
                () = hands.held.until_at_most(left) => {
                    self.mark.end(id).await;
                    return Flow::On;
                }
                () = told_to_stop(&mut self.stop) => {
                    self.mark.withdraw().await;
                    return Flow::Over;
                }
                () = sleep(LOOK_EVERY) => {
                    if self.metrics.retries() != retries || since.elapsed() > SURVIVED_AFTER {
                        self.mark.withdraw().await;
                    }
                }
            }
        }
    }
}

/// Also when nobody is left who could say so.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
