//! The one reader: takes entries in stream order and hands them to the lanes.
//!
//! Own pending entries first, then new ones. How many it asks for grows under backlog and falls
//! back at the stream's end. It peeks at the repo to choose a lane and decodes nothing.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::ack;
use crate::entry::Entry;
use crate::error::{RedisError, RedisVerdict, Stop};
use crate::metrics::{Metrics, Pace};
use crate::partition;
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::{From, Reader, Reading, Redis, ensure_group, last_delivered};

/// When the reader ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Only when it is told to.
    Stopped,
    /// At the stream's end.
    CaughtUp,
}

/// The most that one read asks for: a megabyte or so of entries.
const READ_MOST: usize = 1_000;
/// Reads that large and full mean that the stream's end is far.
const READ_BEHIND: usize = 500;

/// The reading task.
pub struct ReadLoop {
    /// Where acknowledgements of lost entries go.
    pub redis: Redis,
    /// The blocking side.
    pub reader: Reader,
    /// One per lane.
    pub lanes: Vec<Sender<Vec<Entry>>>,
    /// Entries a read asks for at the stream's end.
    pub read_least: usize,
    /// When to end.
    pub until: Until,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl ReadLoop {
    /// Reads until it is told to stop, is caught up if that is the end, or a lane is gone.
    ///
    /// # Errors
    ///
    /// Redis is not as it has to be.
    pub async fn run(mut self) -> Result<(), Stop> {
        let Some(bound) = self.prepare().await? else {
            return Ok(());
        };
        let mut from = From::Pending(StreamId { ms: 0, n: 0 });
        let mut count = self.read_least;
        while !self.stopped() {
            let Some(reading) = self.read(from, count).await? else {
                return Ok(());
            };
            let drained = reading.entries.len() + reading.gone.len() < count;
            self.pace(drained, count);
            count = if drained {
                self.read_least
            } else {
                (count * 2).min(READ_MOST.max(self.read_least))
            };
            let last = reading.last;
            if !self.hand_over(reading).await? {
                return Ok(());
            }
            match (from, last) {
                // A namesake may be adding to these: they end at what was given out at the start.
                (From::Pending(_), Some(last)) if !drained && Some(last) < bound => {
                    from = From::Pending(last);
                }
                (From::Pending(_), _) => from = From::New,
                (From::New, _) if drained && self.until == Until::CaughtUp && last.is_none() => {
                    return Ok(());
                }
                (From::New, _) => {}
            }
        }
        Ok(())
    }

    fn stopped(&self) -> bool {
        *self.stop.borrow()
    }

    fn pace(&self, drained: bool, count: usize) {
        let behind = !drained && count >= READ_BEHIND;
        self.metrics
            .set_pace(if behind { Pace::Behind } else { Pace::Live });
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
        while !self.stopped() {
            let error = match self.reader.read(from, count).await {
                Ok(reading) => {
                    if backoff.attempts() > 0 {
                        info!("the stream can be read again");
                    }
                    return Ok(Some(reading));
                }
                Err(error) => error,
            };
            let verdict = error.verdict();
            self.wait(error, &mut backoff).await?;
            if verdict == RedisVerdict::NoGroup {
                self.remake_group().await;
            }
        }
        Ok(None)
    }

    /// A group made anew begins at the stream's start: everything is replayed, which changes
    /// nothing that is there.
    async fn remake_group(&self) {
        match ensure_group(&self.redis).await {
            Ok(_) => {
                warn!(group = %self.redis.group, "the consumer group was gone and is made again at the stream's start")
            }
            Err(error) => warn!("the consumer group is gone and cannot be made again yet: {error}"),
        }
    }

    async fn wait(&mut self, error: RedisError, backoff: &mut Backoff) -> Result<(), Stop> {
        if error.verdict() == RedisVerdict::Fatal {
            return Err(error.into());
        }
        let pause = backoff.pause();
        if backoff.attempts() == 1 {
            warn!("the stream cannot be read, trying again until it can: {error}");
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Closed means that nobody is left who could say stop; the loop's condition sees both.
            _ = self.stop.wait_for(|stop| *stop) => {}
        }
        Ok(())
    }

    /// Gives each lane its entries, waiting where a lane is full. False if a lane is gone.
    async fn hand_over(&self, reading: Reading) -> Result<bool, Stop> {
        self.metrics.read(reading.entries.len());
        self.give_up(&reading.gone).await?;
        let mut shares: Vec<Vec<Entry>> = self.lanes.iter().map(|_| Vec::new()).collect();
        for entry in reading.entries {
            let data = entry.data.as_deref().unwrap_or_default();
            let partition = usize::from(partition::hint(&entry.kind, data));
            let lane = partition % shares.len();
            shares[lane].push(entry);
        }
        for (lane, share) in self.lanes.iter().zip(shares) {
            if !share.is_empty() && lane.send(share).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn give_up(&self, gone: &[StreamId]) -> Result<(), Stop> {
        if gone.is_empty() {
            return Ok(());
        }
        error!(
            entries = gone.len(),
            "pending entries were trimmed from the stream before they were stored: lost"
        );
        self.metrics.lost(gone.len());
        match ack::ack_gone(&self.redis, gone).await {
            Err(error) if error.verdict() == RedisVerdict::Fatal => Err(error.into()),
            // They come again at the next start, and are acknowledged then.
            _ => Ok(()),
        }
    }
}
