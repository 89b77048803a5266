//! A lane: fills one batch while the one before is flushed.
//!
//! Two tasks and two batches that go round between them. The filling one only decodes and routes;
//! the flushing one owns the lane's connection. When both batches are full the lane takes nothing
//! more, which is the back-pressure that stops the reader.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, sleep_until};
use tracing::{error, warn};

use crate::ack;
use crate::batch::Batch;
use crate::entry::Entry;
use crate::error::{RedisVerdict, Stop};
use crate::flush::Durable;
use crate::hand::{Handful, Place};
use crate::held::Held;
use crate::letter::DeadLetter;
use crate::metrics::{LaneState, Metrics, Pace, Reason, Step};
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::Redis;
use crate::store::Store;

/// One batch is filled while the other is flushed.
pub const BATCHES_PER_LANE: usize = 2;

/// When a batch is full.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Rows at most.
    pub rows: usize,
    /// Bytes at most, of the buffers of all lanes' batches together.
    pub bytes: usize,
    /// Age of its oldest entry at most, when the reader is at the stream's end.
    pub age_live: Duration,
    /// The same under backlog, when larger batches are worth more than their age.
    pub age_behind: Duration,
}

/// A batch on its way to being flushed.
pub struct Due {
    batch: Batch,
    reason: Reason,
}

/// The filling half.
pub struct Filler {
    /// When a batch is full.
    pub limits: Limits,
    /// Entries of this lane's repos.
    pub entries: Receiver<Handful>,
    /// Batches that are empty.
    pub spares: Receiver<Batch>,
    /// Batches to be flushed.
    pub due: Sender<Due>,
    /// Where the reader says how it stands.
    pub metrics: Arc<Metrics>,
}

impl Filler {
    /// Runs until the reader has no more entries and the last batch is handed over, or the
    /// flushing half is gone.
    pub async fn run(mut self) {
        let Some(mut batch) = self.spares.recv().await else {
            return;
        };
        let mut waiting = Waiting::default();
        let mut since = None;
        let mut open = true;
        loop {
            let reason = self.fill(&mut batch, &mut waiting, &mut since, open);
            let deadline = since.unwrap_or_else(Instant::now) + self.age();
            let hungry = open && waiting.is_empty();
            if !open && waiting.is_empty() && batch.is_empty() {
                return;
            }
            tokio::select! {
                handful = self.entries.recv(), if hungry => match handful {
                    Some(handful) => waiting.next = Some(handful),
                    None => open = false,
                },
                spare = self.spares.recv(), if reason.is_some() => {
                    let (Some(spare), Some(reason)) = (spare, reason) else { return };
                    let full = std::mem::replace(&mut batch, spare);
                    since = None;
                    if self.due.send(Due { batch: full, reason }).await.is_err() {
                        return;
                    }
                },
                () = sleep_until(deadline), if reason.is_none() && since.is_some() => {},
            }
        }
    }

    /// Takes waiting entries until the batch is full; says why it should go, if it should.
    fn fill(
        &self,
        batch: &mut Batch,
        waiting: &mut Waiting,
        since: &mut Option<Instant>,
        open: bool,
    ) -> Option<Reason> {
        loop {
            if batch.rows() >= self.limits.rows {
                return Some(Reason::Rows);
            }
            if batch.bytes() >= self.bytes() {
                return Some(Reason::Bytes);
            }
            if !batch.is_empty() && waiting.parts_from_batch() {
                return Some(Reason::Place);
            }
            let Some(entry) = waiting.entry() else { break };
            match waiting.place {
                Place::Front | Place::Behind | Place::Alone => batch.push(&entry),
                Place::Condemned => batch.condemn(&entry),
            }
            since.get_or_insert_with(Instant::now);
        }
        match since {
            Some(_) if !open => Some(Reason::End),
            Some(since) if since.elapsed() >= self.age() => Some(Reason::Age),
            _ => None,
        }
    }

    /// This batch's share of the memory.
    fn bytes(&self) -> usize {
        self.limits.bytes / (self.metrics.lanes() * BATCHES_PER_LANE)
    }

    fn age(&self) -> Duration {
        match self.metrics.pace() {
            Pace::Live => self.limits.age_live,
            Pace::Behind => self.limits.age_behind,
        }
    }
}

/// What the lane has been handed and has not put into a batch yet.
struct Waiting {
    entries: std::vec::IntoIter<Entry>,
    /// Where the entries stand.
    place: Place,
    /// The next handful, whose entries may have to wait for another batch.
    next: Option<Handful>,
}

impl Default for Waiting {
    fn default() -> Self {
        Waiting {
            entries: Vec::new().into_iter(),
            place: Place::Front,
            next: None,
        }
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.entries.len() == 0 && self.next.is_none()
    }

    /// Whether the batch that took the last entry cannot take the next, or any.
    fn parts_from_batch(&self) -> bool {
        let next = self.next.as_ref();
        self.place.is_single() || next.is_some_and(|next| next.place != self.place)
    }

    /// The next entry for an empty batch, or for one that it does not part from.
    fn entry(&mut self) -> Option<Entry> {
        if self.entries.len() == 0 {
            let Handful { entries, place } = self.next.take()?;
            self.entries = entries.into_iter();
            self.place = place;
        }
        self.entries.next()
    }
}

/// The flushing half.
pub struct Flusher {
    /// The way into the database.
    pub store: Store,
    /// Where batches are acknowledged.
    pub redis: Redis,
    /// How many dead letters their stream keeps.
    pub letters_maxlen: u64,
    /// Batches to be flushed.
    pub due: Receiver<Due>,
    /// Batches that are empty.
    pub spares: Sender<Batch>,
    /// What this process has in hand.
    pub held: Arc<Held>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Flusher {
    /// Runs until the filling half is gone and everything is acknowledged.
    ///
    /// # Errors
    ///
    /// The setup is broken; what was not acknowledged stays pending.
    pub async fn run(mut self) -> Result<(), Stop> {
        while let Some(Due { mut batch, reason }) = self.due.recv().await {
            let stored = self.store.store(&mut batch).await?;
            self.metrics.left(reason, batch.tally());
            for durable in &stored.durable {
                self.ack(durable).await?;
            }
            self.give_up(&stored.gone).await?;
            self.store.lane.set(LaneState::Idle);
            batch.clear();
            // The filling half may be gone already; then nobody needs the batch.
            let _ = self.spares.send(batch).await;
        }
        Ok(())
    }

    /// Acknowledges, however long Redis is away: the rows are there, so that the same again costs
    /// less than the whole batch once more.
    async fn ack(&self, durable: &Durable) -> Result<(), Stop> {
        let mut backoff = Backoff::new();
        let since = Instant::now();
        self.store.lane.set(LaneState::Acking);
        while let Err(error) = ack::ack(&self.redis, durable, self.letters_maxlen).await {
            self.wait(error, &mut backoff).await?;
        }
        self.metrics.acked_within(since.elapsed());
        self.held.let_go(durable.ids());
        self.metrics.acked(durable.ids().len());
        self.tell_of_letters(durable.letters()).await;
        Ok(())
    }

    /// Counting what the stream's length limit drops must not hold up what is acknowledged.
    async fn tell_of_letters(&self, letters: &[DeadLetter]) {
        self.metrics.notices.set_aside(letters);
        if !letters.is_empty()
            && let Ok(dropped) = ack::letters_dropped(&self.redis).await
        {
            self.metrics.notices.letters_dropped(dropped);
        }
    }

    async fn give_up(&self, gone: &[StreamId]) -> Result<(), Stop> {
        if gone.is_empty() {
            return Ok(());
        }
        error!(
            entries = gone.len(),
            "entries were trimmed from the stream before they could be stored: lost"
        );
        let mut backoff = Backoff::new();
        while let Err(error) = ack::ack_gone(&self.redis, gone).await {
            self.wait(error, &mut backoff).await?;
        }
        self.held.let_go(gone);
        self.metrics.lost(gone.len());
        Ok(())
    }

    async fn wait(
        &self,
        error: crate::error::RedisError,
        backoff: &mut Backoff,
    ) -> Result<(), Stop> {
        self.store.lane.set(LaneState::Retrying(Step::Ack));
        self.metrics.failures.redis(&error);
        if error.verdict() == RedisVerdict::Fatal {
            return Err(error.into());
        }
        let pause = backoff.pause();
        if backoff.attempts() == 1 {
            warn!("a batch cannot be acknowledged, trying again until it can: {error}");
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}
