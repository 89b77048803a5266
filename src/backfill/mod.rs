//! Backfill: history from files and spans of streams, by the same decode, rows, COPY and merge.
//!
//! Readers (threads, since they hash and inflate) hand entries to lanes by the partition of their
//! repository; a lane fills one batch while the one before is written. How far each source has come is
//! committed with its rows. It knows where entries come from and what they may replace, and nothing of
//! what is in them.

mod bulk;
mod cars;
mod chunk;
pub mod event;
mod feed;
mod fill;
mod filter;
mod governor;
mod ledger;
pub mod lines;
mod live;
mod load;
mod meter;
mod options;
mod patience;
mod reader;
mod report;
mod run;
mod source;
mod spans;
mod stamp;
mod sweep;
mod texts;
mod write;

pub use bulk::{Plan, plan};
pub use filter::Filter;
pub use ledger::{Line, Restart, status};
pub use load::Load;
pub use options::{Bulk, Options};
pub use reader::{Authority, Stale};
pub use report::Sums;
pub use source::{BadSource, Source, all as sources};

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::task::JoinSet;
use tracing::warn;

use crate::batch::Rules;
use crate::breaker::Breaker;
use crate::contract;
use crate::database;
use crate::derived::DerivedSet;
use crate::error::{DbError, RedisError, Stop};
use crate::flush::{Connector, Counts, Known, Unreported};
use crate::metrics::Metrics;
use crate::position::Micros;
use crate::source::{self as stream, Redis};
use crate::store::Store;
use crate::supply::Supply;
use crate::widths::Widths;

use ledger::{Ledger, Lock};
use load::Sequence;
use reader::Reader;
use run::Run;
use stamp::Clocks;
use write::{Database, Target};

/// Why a backfill ends before its end.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// There is one already.
    #[error("another backfill of this database is under way")]
    UnderWay,
    /// Somebody writes to a database that is to be filled in bulk.
    #[error(
        "a worker is at work, or was half a minute ago\n  remedy: stop it and wait that long, or leave --bulk out: without it both may write at the same time"
    )]
    NotQuiet,
    /// The setup is broken.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// The database refuses, or is away.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Redis refuses, or is away.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// The servers.
pub struct Servers {
    /// Database connections.
    pub pool: Pool,
    /// Where the stream is.
    pub redis: Redis,
}

/// Takes all sources; `stop` turns true when it is to end early.
///
/// A server that crashed may have lost commits that did not wait for its disk. Then it is begun again from
/// what is there, unless what was read cannot be read again.
///
/// # Errors
///
/// [`BackfillError`]; the next run goes on from there.
pub async fn run(
    servers: &Servers,
    sources: Vec<Source>,
    options: &Options,
    stop: Arc<AtomicBool>,
) -> Result<Sums, BackfillError> {
    let Servers { pool, redis } = servers;
    let found = {
        let client = pool.get().await.map_err(DbError::from)?;
        contract::check(&client, options.derived).await?
    };
    if !found.is_empty() {
        return Err(Stop::unfit(&found).into());
    }
    let clocks = clocks(redis, options).await?;
    if options.bulk == Bulk::Yes && live::is_live(redis).await? {
        return Err(BackfillError::NotQuiet);
    }
    let is_gone = |source: &Source| *source == Source::Stdin;
    let again = options.restart == Restart::No && !sources.iter().any(is_gone);
    for attempt in 0_u32.. {
        // Held until the end; of another server's connections it would be lost with them.
        let mut lock = ledger::lock_soon(pool)
            .await?
            .ok_or(BackfillError::UnderWay)?;
        let stopped = Arc::new(AtomicBool::new(stop.load(Ordering::Relaxed)));
        let attempt = Attempt {
            run: format!("{}-{}-{attempt}", clocks.now, std::process::id()).into(),
            clocks,
            stop: Arc::clone(&stopped),
        };
        let mut attempted = pin!(within_bulk(servers, sources.clone(), options, attempt));
        let ended = tokio::select! {
            ended = &mut attempted => ended,
            () = hold(pool, &mut lock, &stop, &stopped) => {
                stopped.store(true, Ordering::Relaxed);
                attempted.await.and(Err(BackfillError::UnderWay))
            }
        };
        drop(lock);
        match ended {
            Err(BackfillError::Stop(Stop::Database {
                error: DbError::Lost,
            })) if again => {
                warn!("the database has lost what was stored last: going on from what is there");
            }
            ended => return ended,
        }
    }
    Err(Stop::from(DbError::Lost).into())
}

/// One attempt, with what bulk puts before and after it, whatever comes of it. What an earlier one left
/// undone is done first.
async fn within_bulk(
    servers: &Servers,
    sources: Vec<Source>,
    options: &Options,
    attempt: Attempt,
) -> Result<Sums, BackfillError> {
    let Servers { pool, redis } = servers;
    if options.bulk == Bulk::No {
        bulk::finish(pool, redis, options.derived).await?;
        return once(servers, sources, options, attempt).await;
    }
    bulk::begin(pool, &plan(pool, options.derived).await?).await?;
    let ended = once(servers, sources, options, attempt).await;
    match bulk::finish_own(pool, redis, options.derived).await {
        Ok(()) => ended,
        Err(error) => {
            warn!(
                "indexes are missing and counts old until the next backfill or worker is started"
            );
            ended.and(Err(error.into()))
        }
    }
}

/// Does what a bulk backfill that was broken off has left undone; says so where one is under way.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn finish_broken_off(
    pool: &Pool,
    redis: &Redis,
    derived: DerivedSet,
) -> Result<(), DbError> {
    if !bulk::is_begun(pool).await? {
        return Ok(());
    }
    match ledger::lock(pool).await? {
        Some(_lock) => {
            warn!("a bulk backfill was broken off: its counts and indexes are seen to first");
            bulk::finish(pool, redis, derived).await
        }
        None => {
            warn!(
                "a bulk backfill is under way: until it ends, indexes are missing and counts are old"
            );
            Ok(())
        }
    }
}

/// What one attempt knows.
struct Attempt {
    /// Its name.
    run: Arc<str>,
    clocks: Clocks,
    stop: Arc<AtomicBool>,
}

/// Looks after one attempt: a lane that fails stops one, an operator all. A lock that is lost with its
/// connection is taken again; ends if somebody else has it by then.
async fn hold(pool: &Pool, lock: &mut Lock, stop: &AtomicBool, stopped: &AtomicBool) {
    const LOOK_EVERY: Duration = Duration::from_millis(100);
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if stop.load(Ordering::Relaxed) {
            stopped.store(true, Ordering::Relaxed);
        }
        if lock.is_lost() {
            lock.release();
            match ledger::lock_soon(pool).await {
                Ok(Some(again)) => *lock = again,
                Ok(None) => return,
                // Away: the lanes wait for it too, and say so.
                Err(_) => {}
            }
        }
    }
}

async fn once(
    servers: &Servers,
    sources: Vec<Source>,
    options: &Options,
    attempt: Attempt,
) -> Result<Sums, BackfillError> {
    let Servers { pool, redis } = servers;
    let Attempt { run, clocks, stop } = attempt;
    let sequences = sequences(options.lanes, &run);
    let rules = Rules {
        derived: options.derived,
        ..Rules::from(database::widths(pool).await?)
    };
    let horizon = ledger::horizon(pool).await?;
    let run = Run::new(&sources, options, stop);
    let mut tasks = JoinSet::new();
    let (known, breaker) = (
        Arc::new(Known::new()),
        Arc::new(Breaker::warned(Vec::new())),
    );
    let target = |lane: usize| {
        Ok(Target::Database(Box::new(Database {
            store: store(servers, &rules, &known, &breaker)?,
            redis: redis.clone(),
            filter: Arc::new(options.filter.clone()),
            blemished: Default::default(),
            counts: match options.bulk {
                Bulk::No => Counts::Kept,
                Bulk::Yes => Counts::AtTheEnd,
            },
            sequence: Arc::clone(&sequences[lane]),
        })))
    };
    let lanes = run.lanes(options, &rules, &mut tasks, target)?;
    let watching = tokio::spawn(live::watch(
        redis.clone(),
        Arc::clone(&run.limits),
        options.clone(),
    ));
    let reader = Reader {
        shared: run.shared(lanes, options),
        ledger: Ledger::Kept {
            pool: pool.clone(),
            restart: options.restart,
            options: content_options(options),
        },
        redis: redis.clone(),
        filter: options.filter.clone(),
        clocks,
        horizon,
        stale: options.stale,
        authority: options.authority,
    };
    let ended = run.read(reader, sources, &mut tasks).await;
    watching.abort();
    ended?;
    ledger::settle(pool).await?;
    ledger::verify(pool, &sequences).await.map_err(Stop::from)?;
    Ok(run.report.sums())
}

/// Of this run's lanes.
fn sequences(lanes: usize, run: &Arc<str>) -> Vec<Arc<Sequence>> {
    let sequence = |lane| Arc::new(Sequence::new(lane, Arc::clone(run)));
    let lanes = i32::try_from(lanes).unwrap_or(i32::MAX);
    (0..lanes).map(sequence).collect()
}

/// Reads and decodes all sources and counts; no server is asked, but for spans.
///
/// # Errors
///
/// As [`run`].
pub async fn dry_run(
    redis: &Redis,
    sources: Vec<Source>,
    options: &Options,
    stop: Arc<AtomicBool>,
) -> Result<Sums, BackfillError> {
    let rules = Rules::from(Arc::new(Widths::contract()));
    let run = Run::new(&sources, options, stop);
    let mut tasks = JoinSet::new();
    let lanes = run.lanes(options, &rules, &mut tasks, |_| Ok(Target::Nowhere))?;
    let reader = Reader {
        shared: run.shared(lanes, options),
        ledger: Ledger::Dry,
        redis: redis.clone(),
        filter: options.filter.clone(),
        clocks: Clocks {
            boundary: Micros::MAX,
            margin: 0,
            now: Micros::MAX,
            exported_at: options.exported_at,
        },
        horizon: None,
        stale: Stale::Allowed,
        authority: options.authority,
    };
    run.read(reader, sources, &mut tasks).await?;
    Ok(run.report.sums())
}

/// What else makes two runs over one source different.
fn content_options(options: &Options) -> String {
    let Filter {
        collections,
        dids,
        since,
    } = &options.filter;
    let mut dids: Vec<&String> = dids.iter().collect();
    dids.sort();
    let authority = options.authority;
    format!("{authority:?} {collections:?} {dids:?} {since:?}")
}

async fn clocks(redis: &Redis, options: &Options) -> Result<Clocks, RedisError> {
    let now = stamp::of_id(stream::now(redis).await?);
    let first = stream::first_id(redis).await?;
    let margin = Micros::try_from(options.clock_margin.as_micros()).unwrap_or(Micros::MAX);
    Ok(Clocks {
        boundary: first.map_or(now, stamp::of_id) - 1,
        margin,
        now,
        exported_at: options.exported_at,
    })
}

fn store(
    servers: &Servers,
    rules: &Rules,
    known: &Arc<Known>,
    breaker: &Arc<Breaker>,
) -> Result<Store, Stop> {
    let metrics = Metrics::new().map_err(|error| Stop::Broken(error.to_string()))?;
    Ok(Store {
        connector: Connector::new(servers.pool.clone()),
        supply: Supply::Stream(Box::new(servers.redis.clone())),
        rules: rules.clone(),
        known: Arc::clone(known),
        users: Unreported::default(),
        breaker: Arc::clone(breaker),
        pool: servers.pool.clone(),
        lane: metrics.add_lane(),
        metrics: Arc::new(metrics),
    })
}
