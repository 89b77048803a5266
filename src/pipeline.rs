//! The wiring: source ─▶ lanes ─▶ flush ─▶ ack.
//!
//! Nothing is decided here but who hands what to whom, and in which order things begin and end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::alone::{Alone, Mark};
use crate::backfill;
use crate::batch::{Batch, Rules};
use crate::breadth::Breadth;
use crate::breaker::Breaker;
use crate::claims::Claims;
use crate::config::RunConfig;
use crate::database;
use crate::error::{DbError, Stop, Verdict};
use crate::flush::{Connector, Known, Unreported};
use crate::gauge::Gauge;
use crate::hand::{Handful, Hands};
use crate::health::Stage;
use crate::heartbeat::{self, Heartbeat};
use crate::held::Held;
use crate::housekeeping::Housekeeping;
use crate::lane::{BATCHES_PER_LANE, Filler, Flusher, Limits};
use crate::metrics::Metrics;
use crate::observe::{Observed, Observers};
use crate::purge::Purger;
use crate::reader::{ReadLoop, Until};
use crate::ready::{Ready, ready};
use crate::report::{self, ClusterMetrics};
use crate::retry::Backoff;
use crate::source::{Reader, Redis};
use crate::store::Store;
use crate::supply::Supply;
use crate::takeover;

/// Longest that a read of new entries waits: also how soon a stop is noticed.
const BLOCK: Duration = Duration::from_millis(500);
/// Under backlog a batch waits this long for its rows.
const AGE_BEHIND: Duration = Duration::from_secs(2);
/// Reads that may wait for a lane.
const READS_PER_LANE: usize = 1;

/// Longest that the last words to Redis may take, once all work is done.
const LAST_WORDS: Duration = Duration::from_secs(2);

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
        // First of all: a start that waits for a server is what an operator looks at.
        let _observers = self.observers().await;
        let derived = self.config.derived.derived;
        if ready(&self.pool, &self.redis, derived, self.stop.clone()).await? == Ready::Stopped {
            return Ok(());
        }
        let Some(found) = self.look_until_seen().await? else {
            return Ok(());
        };
        self.metrics.health.set_stage(Stage::Running);
        let held = Arc::new(Held::new());
        let mark = Mark::new(self.redis.clone());
        let mut gauge = self.gauge();
        // Before anything is read: what was trimmed unread shows best now.
        gauge.look().await;
        let mut tasks = JoinSet::new();
        let lanes = self.lanes(&found, &held, &mut tasks);
        tasks.spawn(self.reader(lanes, &held, &mark).run());
        let company = self.company(&found, &held, gauge);
        let mut ended = wait(&mut tasks).await;
        if ended.is_ok() && self.config.until_caught_up {
            ended = self.purger(&found).finish().await.map_err(Stop::from);
        }
        self.metrics.health.set_stage(Stage::Stopping);
        if !matches!(ended, Err(Stop::Broken(_))) {
            mark.withdraw().await;
        }
        company.end(&self.redis).await;
        ended
    }

    async fn observers(&self) -> Observers {
        let observed = Observed {
            pool: self.pool.clone(),
            redis: self.redis.clone(),
            metrics: Arc::clone(&self.metrics),
            stream_maxlen: self.config.servers.redis.stream_maxlen,
        };
        Observers::start(&self.config.http_addr, observed, self.stop.clone()).await
    }

    /// What runs beside the work, as long as there is any.
    fn company(&self, found: &Found, held: &Arc<Held>, gauge: Gauge) -> Company {
        let token = heartbeat::token();
        let heartbeat = Heartbeat {
            redis: self.redis.clone(),
            held: Arc::clone(held),
            idle: self.claim_idle(),
        };
        let cluster = ClusterMetrics::new(self.redis.clone(), Arc::clone(&self.metrics));
        let (done, is_done) = watch::channel(false);
        let mut helpers = JoinSet::new();
        helpers.spawn(self.housekeeping().run());
        helpers.spawn(self.purger(found).run());
        helpers.spawn(heartbeat.run(token.clone()));
        helpers.spawn(report::say(Arc::clone(&self.metrics)));
        let mut reporters = JoinSet::new();
        reporters.spawn(gauge.run(is_done.clone()));
        reporters.spawn(cluster.run(is_done));
        Company {
            helpers,
            reporters,
            done,
            token,
        }
    }

    fn claim_idle(&self) -> Duration {
        Duration::from_millis(self.config.servers.redis.claim_idle_ms)
    }

    fn gauge(&self) -> Gauge {
        Gauge::new(
            self.redis.clone(),
            Arc::clone(&self.metrics),
            self.config.servers.redis.stream_maxlen,
        )
    }

    /// Looks at the database, however long it is away; nothing if told to stop.
    async fn look_until_seen(&self) -> Result<Option<Found>, Stop> {
        let mut backoff = Backoff::new();
        let mut stop = self.stop.clone();
        while !*stop.borrow() {
            let error = match self.look().await {
                Ok(found) => return Ok(Some(found)),
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

    /// Whose rows there are, how long their columns, and why the last worker stopped.
    async fn look(&self) -> Result<Found, DbError> {
        takeover::notice(&self.pool).await?;
        let derived = self.config.derived.derived;
        backfill::finish_broken_off(&self.pool, &self.redis, derived).await?;
        Ok(Found {
            rules: Rules {
                widths: database::widths(&self.pool).await?,
                account_deleted: self.config.account_deleted,
                derived,
            },
            known: Arc::new(Known::new()),
            breaker: Arc::new(Breaker::warned(database::take_broken(&self.pool).await?)),
        })
    }

    /// Starts the lanes; gives the ends that entries are handed to.
    fn lanes(
        &self,
        found: &Found,
        held: &Arc<Held>,
        tasks: &mut JoinSet<Result<(), Stop>>,
    ) -> Vec<mpsc::Sender<Handful>> {
        let asked = self.config.flow.parallel_consumers;
        let lanes = self
            .config
            .flow
            .lanes(self.config.servers.database.db_pool_size);
        if lanes < asked {
            warn!(
                asked,
                lanes, "DB_POOL_SIZE allows fewer lanes than PARALLEL_CONSUMERS asks for"
            );
        }
        info!(lanes, stream = %self.redis.stream, group = %self.redis.group, consumer = %self.redis.consumer, "forebay runs");
        (0..lanes).map(|_| self.lane(found, held, tasks)).collect()
    }

    fn lane(
        &self,
        found: &Found,
        held: &Arc<Held>,
        tasks: &mut JoinSet<Result<(), Stop>>,
    ) -> mpsc::Sender<Handful> {
        let (to_lane, entries) = mpsc::channel(READS_PER_LANE);
        let (to_flusher, due) = mpsc::channel(1);
        let (to_filler, spares) = mpsc::channel(BATCHES_PER_LANE);
        for _ in 0..BATCHES_PER_LANE {
            // There is room for exactly these.
            let _ = to_filler.try_send(Batch::new(found.rules.clone()));
        }
        let filler = Filler {
            limits: self.limits(),
            entries,
            spares,
            due: to_flusher,
            metrics: Arc::clone(&self.metrics),
        };
        let flusher = Flusher {
            store: self.store(found),
            redis: self.redis.clone(),
            letters_maxlen: self.config.servers.redis.redis_dead_letter_maxlen,
            due,
            spares: to_filler,
            held: Arc::clone(held),
            metrics: Arc::clone(&self.metrics),
        };
        tasks.spawn(async move {
            filler.run().await;
            Ok(())
        });
        tasks.spawn(flusher.run());
        to_lane
    }

    fn limits(&self) -> Limits {
        let flow = &self.config.flow;
        Limits {
            rows: flow.flush_rows,
            bytes: flow.buffer_bytes,
            age_live: Duration::from_millis(flow.flush_interval_ms),
            age_behind: AGE_BEHIND.max(Duration::from_millis(flow.flush_interval_ms)),
        }
    }

    fn store(&self, found: &Found) -> Store {
        Store {
            connector: Connector::new(self.pool.clone()),
            supply: Supply::Stream(Box::new(self.redis.clone())),
            rules: found.rules.clone(),
            known: Arc::clone(&found.known),
            users: Unreported::default(),
            breaker: Arc::clone(&found.breaker),
            pool: self.pool.clone(),
            metrics: Arc::clone(&self.metrics),
            lane: self.metrics.add_lane(),
        }
    }

    fn reader(&self, lanes: Vec<mpsc::Sender<Handful>>, held: &Arc<Held>, mark: &Mark) -> ReadLoop {
        let idle = self.claim_idle();
        let breadth = Breadth::new(lanes.len());
        self.metrics.set_lanes(breadth.lanes());
        ReadLoop {
            redis: self.redis.clone(),
            reader: Reader::new(self.redis.clone(), BLOCK.min(idle)),
            claims: Claims::new(self.redis.clone(), Arc::clone(held), idle),
            hands: Hands {
                lanes,
                held: Arc::clone(held),
                metrics: Arc::clone(&self.metrics),
            },
            breadth,
            alone: Alone {
                mark: mark.clone(),
                metrics: Arc::clone(&self.metrics),
                stop: self.stop.clone(),
            },
            max_deliveries: u32::try_from(self.config.servers.redis.redis_max_deliveries)
                .unwrap_or(u32::MAX),
            read_least: self.config.flow.batch_size,
            until: if self.config.until_caught_up {
                Until::CaughtUp
            } else {
                Until::Stopped
            },
            stop: self.stop.clone(),
            metrics: Arc::clone(&self.metrics),
            since: Instant::now(),
        }
    }

    fn purger(&self, found: &Found) -> Purger {
        Purger {
            pool: self.pool.clone(),
            redis: self.redis.clone(),
            rules: found.rules.clone(),
            stop: self.stop.clone(),
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

/// What the lanes share of what the database told at the start.
struct Found {
    rules: Rules,
    known: Arc<Known>,
    breaker: Arc<Breaker>,
}

/// What runs beside the work. Dropped, it ends where it stands.
struct Company {
    helpers: JoinSet<()>,
    /// Those that have a last word to say.
    reporters: JoinSet<()>,
    done: watch::Sender<bool>,
    /// What stands for this process in the note of its name.
    token: String,
}

impl Company {
    /// Ends them, with a last word to Redis where it listens.
    async fn end(mut self, redis: &Redis) {
        self.helpers.abort_all();
        self.done.send_replace(true);
        let last = async {
            while self.reporters.join_next().await.is_some() {}
            heartbeat::leave(redis, &self.token).await;
        };
        // What does not arrive in time is a dashboard's number and a note that ends by itself.
        let _ = timeout(LAST_WORDS, last).await;
    }
}

/// Waits for all tasks; the first that fails ends the others where they stand, since nothing of
/// theirs that is not acknowledged is lost.
async fn wait(tasks: &mut JoinSet<Result<(), Stop>>) -> Result<(), Stop> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|ended| Stop::broken_off(&ended))??;
    }
    Ok(())
}
