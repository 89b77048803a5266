//! The wiring: source ─▶ lanes ─▶ flush ─▶ ack.
//!
//! Nothing is decided here but who hands what to whom, and in which order things begin and end.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::batch::Batch;
use crate::config::RunConfig;
use crate::database;
use crate::entry::Entry;
use crate::error::{Stop, Verdict};
use crate::flush::{Connector, Known};
use crate::housekeeping::Housekeeping;
use crate::lane::{Filler, Flusher, Limits};
use crate::metrics::Metrics;
use crate::reader::{ReadLoop, Until};
use crate::retry::Backoff;
use crate::source::{Reader, Redis};
use crate::store::Store;
use crate::widths::Widths;

/// Longest that a read of new entries waits: also how soon a stop is noticed.
const BLOCK: Duration = Duration::from_millis(500);
/// Under backlog a batch waits this long for its rows.
const AGE_BEHIND: Duration = Duration::from_secs(2);
/// One batch is filled while the other is flushed.
const BATCHES_PER_LANE: usize = 2;
/// Reads that may wait for a lane.
const READS_PER_LANE: usize = 1;

/// The worker, ready to run.
pub struct Pipeline {
    /// Its configuration.
    pub config: RunConfig,
    /// Where Redis is.
    pub redis: Redis,
    /// Database connections.
    pub pool: Pool,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
}

impl Pipeline {
    /// Runs until stopped, or until caught up if that is asked for; everything that was read and
    /// could be stored is then acknowledged.
    ///
    /// # Errors
    ///
    /// The setup is broken; what was not stored stays pending.
    pub async fn run(self) -> Result<(), Stop> {
        let Some(widths) = self.widths().await? else {
            return Ok(());
        };
        let mut tasks = JoinSet::new();
        let lanes = self.lanes(&widths, &mut tasks);
        tasks.spawn(self.reader(lanes).run());
        let housekeeping = tokio::spawn(self.housekeeping().run());
        let ended = wait(&mut tasks).await;
        housekeeping.abort();
        ended
    }

    /// Reads the columns' lengths, however long the database is away; nothing if told to stop.
    async fn widths(&self) -> Result<Option<Arc<Widths>>, Stop> {
        let mut backoff = Backoff::new();
        let mut stop = self.stop.clone();
        while !*stop.borrow() {
            let error = match database::widths(&self.pool).await {
                Ok(widths) => return Ok(Some(widths)),
                Err(error) => error,
            };
            if error.verdict() == Verdict::Fatal {
                return Err(error.into());
            }
            let pause = backoff.pause();
            if backoff.attempts() == 1 {
                warn!("waiting for the database: {error}");
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
        Ok(None)
    }

    /// Starts the lanes; gives the ends that entries are handed to.
    fn lanes(
        &self,
        widths: &Arc<Widths>,
        tasks: &mut JoinSet<Result<(), Stop>>,
    ) -> Vec<mpsc::Sender<Vec<Entry>>> {
        let asked = self.config.flow.parallel_consumers;
        let lanes = self.config.flow.lanes(self.config.database.db_pool_size);
        if lanes < asked {
            warn!(
                asked,
                lanes, "DB_POOL_SIZE allows fewer lanes than PARALLEL_CONSUMERS asks for"
            );
        }
        info!(lanes, stream = %self.redis.stream, group = %self.redis.group, consumer = %self.redis.consumer, "forebay runs");
        let known = Arc::new(Known::new());
        (0..lanes)
            .map(|_| self.lane(lanes, widths, &known, tasks))
            .collect()
    }

    fn lane(
        &self,
        lanes: usize,
        widths: &Arc<Widths>,
        known: &Arc<Known>,
        tasks: &mut JoinSet<Result<(), Stop>>,
    ) -> mpsc::Sender<Vec<Entry>> {
        let (to_lane, entries) = mpsc::channel(READS_PER_LANE);
        let (to_flusher, due) = mpsc::channel(1);
        let (to_filler, spares) = mpsc::channel(BATCHES_PER_LANE);
        for _ in 0..BATCHES_PER_LANE {
            // There is room for exactly these.
            let _ = to_filler.try_send(Batch::new(Arc::clone(widths)));
        }
        let filler = Filler {
            limits: self.limits(lanes),
            entries,
            spares,
            due: to_flusher,
            metrics: Arc::clone(&self.metrics),
        };
        let flusher = Flusher {
            store: self.store(widths, known),
            redis: self.redis.clone(),
            letters_maxlen: self.config.redis.redis_dead_letter_maxlen,
            due,
            spares: to_filler,
            metrics: Arc::clone(&self.metrics),
        };
        tasks.spawn(async move {
            filler.run().await;
            Ok(())
        });
        tasks.spawn(flusher.run());
        to_lane
    }

    fn limits(&self, lanes: usize) -> Limits {
        let flow = &self.config.flow;
        Limits {
            rows: flow.flush_rows,
            bytes: flow.buffer_bytes / (lanes * BATCHES_PER_LANE),
            age_live: Duration::from_millis(flow.flush_interval_ms),
            age_behind: AGE_BEHIND.max(Duration::from_millis(flow.flush_interval_ms)),
        }
    }

    fn store(&self, widths: &Arc<Widths>, known: &Arc<Known>) -> Store {
        Store {
            connector: Connector::new(self.pool.clone()),
            redis: self.redis.clone(),
            widths: Arc::clone(widths),
            known: Arc::clone(known),
            metrics: Arc::clone(&self.metrics),
        }
    }

    fn reader(&self, lanes: Vec<mpsc::Sender<Vec<Entry>>>) -> ReadLoop {
        ReadLoop {
            redis: self.redis.clone(),
            reader: Reader::new(self.redis.clone(), BLOCK),
            lanes,
            read_least: self.config.flow.batch_size,
            until: if self.config.until_caught_up {
                Until::CaughtUp
            } else {
                Until::Stopped
            },
            stop: self.stop.clone(),
            metrics: Arc::clone(&self.metrics),
        }
    }

    fn housekeeping(&self) -> Housekeeping {
        Housekeeping {
            pool: self.pool.clone(),
            redis: self.redis.clone(),
            retention_h: self.config.tombstone_retention_h,
            stop: self.stop.clone(),
        }
    }
}

/// Waits for all tasks; the first that fails ends the others where they stand, since nothing of
/// theirs that is not acknowledged is lost.
async fn wait(tasks: &mut JoinSet<Result<(), Stop>>) -> Result<(), Stop> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|panic| Stop::Broken(panic.to_string()))??;
    }
    Ok(())
}
