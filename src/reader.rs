//! The one reader: takes entries in stream order and hands them to the lanes.
//!
//! Own pending entries first, then new ones, and between these what others left. How many it asks
//! for grows under backlog and falls back at the stream's end. It decodes nothing.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::ack;
use crate::alone::Alone;
use crate::appetite::Appetite;
use crate::breadth::Breadth;
use crate::claims::{self, Claimed, Claims};
use crate::entry::Entry;
use crate::error::{RedisError, RedisVerdict, Stop};
use crate::hand::{Flow, Hands, Place};
use crate::metrics::{Metrics, Pace, ReaderState};
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::{From, Made, Reader, Reading, Redis, ensure_group, last_delivered};

/// When the reader ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Only when it is told to.
    Stopped,
    /// At the stream's end.
    CaughtUp,
}

/// Reads that large and full mean that the stream's end is far.
const READ_BEHIND: usize = 500;

/// The reading task.
pub struct ReadLoop {
    /// Where acknowledgements of lost entries go.
    pub redis: Redis,
    /// The blocking side.
    pub reader: Reader,
    /// The claiming side.
    pub claims: Claims,
    /// The lanes.
    pub hands: Hands,
    /// How many of them take part.
    pub breadth: Breadth,
    /// What becomes of suspects.
    pub alone: Alone,
    /// Deliveries from which on an entry is tried alone.
    pub max_deliveries: u32,
    /// Entries a read asks for at the stream's end.
    pub read_least: usize,
    /// When to end.
    pub until: Until,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// When it began.
    pub since: Instant,
}

impl ReadLoop {
    /// Reads until it is told to stop, is caught up if that is the end, or a lane is gone.
    ///
    /// # Errors
    ///
    /// Redis is not as it has to be.
    pub async fn run(mut self) -> Result<(), Stop> {
        let ended = self.read_all().await;
        self.metrics.reader.set(ReaderState::Stopped);
        ended
    }

    async fn read_all(&mut self) -> Result<(), Stop> {
        let Some(bound) = self.prepare().await? else {
            return Ok(());
        };
        if self.read_pending(bound).await? == Flow::On {
            self.read_new().await?;
        }
        Ok(())
    }

    /// What this consumer was given before it was started. A namesake may be adding to these: they
    /// end at what was given out by then.
    async fn read_pending(&mut self, bound: Option<StreamId>) -> Result<Flow, Stop> {
        let mut after = StreamId::default();
        let mut appetite = Appetite::new(self.read_least);
        loop {
            let count = appetite.count();
            let Some(reading) = self.read(From::Pending(after), count).await? else {
                return Ok(Flow::Over);
            };
            let last = reading.last;
            let read = reading.entries.len() + reading.gone.len();
            self.pace(read < count, count);
            appetite.learn(read, bytes(&reading.entries));
            if self.again(reading.entries, &reading.gone).await? == Flow::Over {
                return Ok(Flow::Over);
            }
            match last {
                Some(last) if Some(last) < bound => after = last,
                _ => return Ok(Flow::On),
            }
        }
    }

    async fn read_new(&mut self) -> Result<(), Stop> {
        let mut appetite = Appetite::new(self.read_least);
        while !self.stopped() {
            if self.claims.is_due() && self.claim().await? == Flow::Over {
                return Ok(());
            }
            // A sweep that is under way goes on as soon as there is nothing new.
            let from = if self.claims.is_due() {
                From::NewAtOnce
            } else {
                From::New
            };
            let count = appetite.count();
            let Some(reading) = self.read(from, count).await? else {
                return Ok(());
            };
            // Those of an answer that was lost may have been trimmed since.
            self.give_up(&reading.gone).await?;
            let read = reading.entries.len();
            self.pace(read < count, count);
            appetite.learn(read, bytes(&reading.entries));
            self.metrics.read(read);
            if self.hands.over(reading.entries, Place::Front).await == Flow::Over {
                return Ok(());
            }
            let at_end = reading.last.is_none();
            if at_end && self.until == Until::CaughtUp && self.is_done().await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Claims once; a claim that fails is made again later, and by then the reading itself has
    /// found out what is wrong.
    async fn claim(&mut self) -> Result<Flow, Stop> {
        match self.claims.next().await {
            Ok(Claimed { entries, gone }) => self.again(entries, &gone).await,
            Err(error) if error.verdict() == RedisVerdict::Fatal => Err(error.into()),
            Err(_) => Ok(Flow::On),
        }
    }

    /// At the stream's end: whether nothing that is stale is left either.
    async fn is_done(&mut self) -> Result<bool, Stop> {
        let read = self.metrics.entries_read();
        self.claims.restart();
        loop {
            if self.stopped() || self.claim().await? == Flow::Over {
                return Ok(true);
            }
            if self.claims.is_swept() {
                return Ok(self.metrics.entries_read() == read);
            }
        }
    }

    /// Hands over what was delivered before: suspects alone, all others together.
    async fn again(&mut self, mut entries: Vec<Entry>, gone: &[StreamId]) -> Result<Flow, Stop> {
        self.give_up(gone).await?;
        if entries.is_empty() {
            return Ok(Flow::On);
        }
        self.metrics.read(entries.len());
        // Held from here on: the lanes may be full for long.
        let held = &self.hands.held;
        held.take(entries.iter().map(|entry| entry.id));
        if let Err(error) = claims::count(&self.redis, &mut entries).await {
            warn!("how often entries were delivered is not known: {error}");
        }
        let most = self.max_deliveries;
        let (suspects, others) = entries
            .into_iter()
            .partition(|entry| entry.deliveries >= most);
        if self.hands.over(others, Place::Behind).await == Flow::Over {
            return Ok(Flow::Over);
        }
        self.alone.pass(&self.hands, suspects).await
    }

    fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    fn pace(&mut self, drained: bool, count: usize) {
        if drained || count < READ_BEHIND {
            self.metrics.set_pace(Pace::Live);
            self.breadth.rest();
        } else {
            self.metrics.set_pace(Pace::Behind);
            self.breadth
                .learn(self.metrics.entries_acked(), self.since.elapsed());
            self.metrics.set_lanes(self.breadth.lanes());
        }
    }

    /// Makes sure of the group and asks how far it has come; nothing if told to stop meanwhile.
    async fn prepare(&mut self) -> Result<Option<Option<StreamId>>, Stop> {
        let mut backoff = Backoff::new();
        while !self.stopped() {
            let bound = async {
                ensure_group(&self.redis).await?;
                last_delivered(&self.redis).await
            };
            match bound.await {
                Ok(bound) => return Ok(Some(bound)),
                Err(error) => self.wait(error, &mut backoff).await?,
            }
        }
        Ok(None)
    }

    /// Reads, however long Redis is away; nothing if told to stop meanwhile.
    async fn read(&mut self, from: From, count: usize) -> Result<Option<Reading>, Stop> {
        let mut backoff = Backoff::new();
        let mut said = false;
        while !self.stopped() {
            let error = match self.reader.read(from, count).await {
                Ok(reading) => {
                    self.metrics.reader.set(state(from));
                    if said {
                        info!("the stream can be read again");
                    }
                    return Ok(Some(reading));
                }
                Err(error) => error,
            };
            let verdict = error.verdict();
            said |= verdict == RedisVerdict::Retry;
            self.wait(error, &mut backoff).await?;
            if verdict == RedisVerdict::NoGroup {
                self.remake_group(&backoff).await?;
            }
        }
        Ok(None)
    }

    /// A group made anew begins at the stream's start: everything is replayed, which changes
    /// nothing that is there. Of several workers one makes it, and says so.
    async fn remake_group(&mut self, backoff: &Backoff) -> Result<(), Stop> {
        self.claims.restart();
        match ensure_group(&self.redis).await {
            Ok(Made::Before) => {}
            Ok(Made::Now) => {
                warn!(group = %self.redis.group, "the consumer group was gone and is made again at the stream's start");
            }
            Err(error) if error.verdict() == RedisVerdict::Fatal => return Err(error.into()),
            Err(error) if backoff.attempts() == 1 => {
                warn!("the consumer group is gone and cannot be made again yet: {error}");
            }
            Err(_) => {}
        }
        Ok(())
    }

    async fn wait(&mut self, error: RedisError, backoff: &mut Backoff) -> Result<(), Stop> {
        if error.verdict() == RedisVerdict::Fatal {
            return Err(error.into());
        }
        self.metrics.reader.set(ReaderState::Retrying);
        self.metrics.failures.redis(&error);
        let pause = backoff.pause();
        if backoff.attempts() == 1 && error.verdict() != RedisVerdict::NoGroup {
            warn!("the stream cannot be read, trying again until it can: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Closed means that nobody is left who could say stop; the loop's condition sees both.
            _ = self.stop.wait_for(|stop| *stop) => {}
        }
        Ok(())
    }

    /// Takes ids off the pending list whose entries are gone, however long Redis is away.
    async fn give_up(&mut self, gone: &[StreamId]) -> Result<(), Stop> {
        if gone.is_empty() {
            return Ok(());
        }
        error!(
            entries = gone.len(),
            "pending entries were trimmed from the stream before they were stored: lost"
        );
        self.metrics.lost(gone.len());
        let mut backoff = Backoff::new();
        while !self.stopped() {
            match ack::ack_gone(&self.redis, gone).await {
                Ok(()) => return Ok(()),
                Err(error) => self.wait(error, &mut backoff).await?,
            }
        }
        Ok(())
    }
}

fn state(from: From) -> ReaderState {
    match from {
        From::Pending(_) => ReaderState::Pending,
        From::New | From::NewAtOnce => ReaderState::Reading,
    }
}

fn bytes(entries: &[Entry]) -> usize {
    let data = |entry: &Entry| entry.data.as_ref().map_or(0, Vec::len);
    entries.iter().map(data).sum()
}
