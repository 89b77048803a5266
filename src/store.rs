//! Making a batch durable, whatever it takes: again, in halves, or op by op.
//!
//! It acts on verdicts and knows nothing of why they were given. The loop ends with the batch
//! stored or with a broken setup; time does not end it, because an entry must not be lost to a
//! server that is away.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tracing::{info, warn};

use crate::batch::{Batch, Rules};
use crate::breaker::{Breaker, Broken, Trial};
use crate::database;
use crate::entry::Entry;
use crate::error::{DbError, RedisVerdict, Stop, Verdict};
use crate::flush::{Connector, Durable, Known, Times, Unreported, Unsplit, flush};
use crate::metrics::{Lane, LaneState, Metrics, Step};
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::source::Reread;
use crate::split;
use crate::supply::Supply;

/// How long a lane that suspects the setup waits for what other lanes find.
const HEARING: Duration = Duration::from_secs(1);

/// Entries that are taken apart in one transaction; more are halved first. Each part that is tried
/// leaves dead rows in the staging tables, which the tries after it have to pass over: beyond this the
/// search costs the square of what is refused.
const ISOLATED_MOST: usize = 1000;

/// One lane's way into the database.
pub struct Store {
    /// Its connection.
    pub connector: Connector,
    /// Where entries are had from once more.
    pub supply: Supply,
    /// How entries become rows, for batches made again.
    pub rules: Rules,
    /// Users with a row.
    pub known: Arc<Known>,
    /// Users that were made for batches that are not stored yet.
    pub users: Unreported,
    /// Tells a broken setup from bad rows.
    pub breaker: Arc<Breaker>,
    /// Where it is noted why the worker stops.
    pub pool: Pool,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where it shows what it does.
    pub lane: Arc<Lane>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Stored {
    /// Committed; may be acknowledged.
    pub durable: Vec<Durable>,
    /// Entries that had to be read again and that the stream has trimmed since.
    pub gone: Vec<StreamId>,
}

impl Store {
    /// Makes a batch durable.
    ///
    /// # Errors
    ///
    /// The setup is broken: nothing of the batch that is not in the answer may be acknowledged.
    pub async fn store(&mut self, batch: &mut Batch) -> Result<Stored, Stop> {
        let mut backoff = Backoff::new();
        let mut keys_refused = false;
        self.lane.set(LaneState::Flushing);
        loop {
            let refused = match self.flush(batch).await {
                Ok((durable, times)) => {
                    self.supply.committed();
                    self.metrics.flushed(batch, times);
                    self.metrics.stored(&durable);
                    self.lane.flushed(batch.rows() as u64, times.whole());
                    self.breaker.stored(batch);
                    if backoff.attempts() > 0 {
                        info!("the database takes batches again");
                    }
                    return Ok(Stored {
                        durable: vec![durable],
                        gone: Vec::new(),
                    });
                }
                Err(error) => error,
            };
            self.metrics.failures.database(&refused);
            match refused.verdict() {
                Verdict::RetryOnce if !keys_refused => keys_refused = true,
                Verdict::Poison | Verdict::RetryOnce if batch.ids().len() > ISOLATED_MOST => {
                    return self.halve(batch.ids()).await;
                }
                Verdict::Poison | Verdict::RetryOnce => return self.isolate(batch.ids()).await,
                Verdict::Halve if batch.ids().len() > 1 => return self.halve(batch.ids()).await,
                Verdict::Retry | Verdict::Halve => self.pause(&refused, &mut backoff).await,
                Verdict::Fatal => return Err(refused.into()),
            }
        }
    }

    async fn flush(&mut self, batch: &mut Batch) -> Result<(Durable, Times), DbError> {
        let terms = self.supply.terms(batch.ids());
        let connection = self.connector.get().await?;
        flush(connection, batch, &self.known, &mut self.users, &terms).await
    }

    /// Waits, and lets go of the connection: its plans, its session or its server may be what is
    /// wrong, and a server that comes back may have lost users that were known.
    async fn pause(&mut self, refused: &DbError, backoff: &mut Backoff) {
        self.connector.discard();
        self.known.forget();
        let pause = backoff.pause();
        self.lane.set(LaneState::Retrying(Step::Store));
        self.metrics.retried(refused);
        if backoff.attempts() == 1 {
            warn!("the database does not take a batch, trying again until it does: {refused}");
        }
        tokio::time::sleep(pause).await;
    }

    /// Two batches of half the entries, each for itself.
    async fn halve(&mut self, ids: &[StreamId]) -> Result<Stored, Stop> {
        let found = self.reread(ids).await?;
        let (first, second) = found.entries.split_at(found.entries.len() / 2);
        let mut stored = Stored {
            durable: Vec::new(),
            gone: found.gone,
        };
        for half in [first, second] {
            if half.is_empty() {
                continue;
            }
            let part = Box::pin(self.store(&mut self.batch_of(half))).await?;
            stored.durable.extend(part.durable);
            stored.gone.extend(part.gone);
        }
        Ok(stored)
    }

    fn batch_of(&self, entries: &[Entry]) -> Batch {
        let mut batch = Batch::new(self.rules.clone());
        for entry in entries {
            batch.push(entry);
        }
        batch
    }

    /// Sets poison aside and stores the rest.
    async fn isolate(&mut self, ids: &[StreamId]) -> Result<Stored, Stop> {
        let breaker = Arc::clone(&self.breaker);
        let mut suspicion = None;
        let mut backoff = Backoff::new();
        self.lane.set(LaneState::Isolating);
        loop {
            let found = self.reread(ids).await?;
            let mut trial = breaker.trial(suspicion.as_ref());
            let refused = match self.split(&found.entries, &mut trial).await {
                Ok(durable) => {
                    self.supply.committed();
                    breaker.learn(&trial);
                    self.metrics.stored(&durable);
                    return Ok(Stored {
                        durable: vec![durable],
                        gone: found.gone,
                    });
                }
                Err(Unsplit::Doubtful) => {
                    suspicion = Some(breaker.suspect(trial));
                    tokio::time::sleep(HEARING).await;
                    continue;
                }
                Err(Unsplit::Unfit(found)) => return Err(Stop::unfit(&found)),
                Err(Unsplit::Refused(broken)) => return Err(self.stop(broken).await),
                Err(Unsplit::Database(error)) => error,
            };
            self.metrics.failures.database(&refused);
            match refused.verdict() {
                Verdict::Fatal => return Err(refused.into()),
                Verdict::Halve if ids.len() > 1 => return self.halve(ids).await,
                _ => self.pause(&refused, &mut backoff).await,
            }
        }
    }

    async fn split(&mut self, entries: &[Entry], trial: &mut Trial) -> Result<Durable, Unsplit> {
        let ids: Vec<StreamId> = entries.iter().map(|entry| entry.id).collect();
        let terms = self.supply.terms(&ids);
        let (rules, users) = (&self.rules, &mut self.users);
        let connection = self.connector.get().await?;
        split::isolate(connection, rules, entries, users, trial, &terms).await
    }

    /// Leaves word for the worker that is started next.
    async fn stop(&self, broken: Broken) -> Stop {
        if let Err(error) = database::put_broken(&self.pool, &broken).await {
            warn!("could not leave word of it to the next worker: {error}");
        }
        Stop::Refused(broken)
    }

    /// Reads entries again, however long Redis is away.
    async fn reread(&self, ids: &[StreamId]) -> Result<Reread, Stop> {
        let mut backoff = Backoff::new();
        let (before, _) = self.lane.state();
        loop {
            let error = match self.supply.again(ids).await {
                Ok(found) => {
                    self.lane.set(before);
                    return Ok(found);
                }
                Err(error) => error,
            };
            self.metrics.failures.redis(&error);
            if error.verdict() == RedisVerdict::Fatal {
                return Err(error.into());
            }
            self.lane.set(LaneState::Retrying(Step::Reread));
            let pause = backoff.pause();
            if backoff.attempts() == 1 {
                warn!("a batch cannot be read again, trying again until it can: {error}");
            }
            tokio::time::sleep(pause).await;
        }
    }
}
