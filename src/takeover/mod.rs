//! Taking over from the workers that were here before: their rows get a stamp that any entry of
//! the stream beats, and the stream is replayed.
//!
//! Which rows are whose cannot be told, and need not be: whatever lies after the stream's first
//! entry is written again by the replay, with its position. It knows nothing of counts: an audit
//! mends those afterwards.

mod origin;
mod restamp;

pub use origin::{Origin, notice, origin};

use std::time::Duration;

use deadpool_postgres::{Object, Pool};

use crate::database;
use crate::error::{DbError, RedisError};
use crate::flush::statement_timestamp;
use crate::position::{Micros, Position, StreamId};
use crate::progress::Progress;
use crate::source::{self, Consumer, Redis};
use crate::sql::takeover as sql;

/// Why a takeover is not made, or not to its end. What it has done stays, and the next goes on
/// from there.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Someone still writes.
    #[error(
        "consumer {name} of the group was active {idle_ms} ms ago\n  remedy: stop it; a consumer counts as stopped when it has been idle for {bound_ms} ms (CLAIM_IDLE_MS)"
    )]
    Active {
        /// The consumer.
        name: String,
        /// How long ago it last asked for anything.
        idle_ms: u128,
        /// How long it must have been idle.
        bound_ms: u128,
    },
    /// Someone wrote while rows were re-stamped.
    #[error(
        "consumer {0} of the group was active during the takeover, which has to begin anew\n  remedy: stop that consumer and run `forebay takeover` again"
    )]
    Disturbed(String),
    /// There is nothing to replay, and so no boundary.
    #[error(
        "the stream {0} is empty\n  remedy: check REDIS_STREAM_KEY, or start the firehose's reader first: the takeover needs the stream's first entry"
    )]
    NoStream(String),
    /// There is one already.
    #[error("another takeover of this database is under way")]
    UnderWay,
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Redis refuses.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// How a takeover goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A consumer idle for this long counts as stopped.
    pub idle_least: Duration,
    /// Rows that one transaction looks at.
    pub range_rows: i64,
}

/// What a takeover did, or would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The stream's first entry when it began.
    pub first: StreamId,
    /// The stamp that rows get, in microseconds since 1970.
    pub boundary: Micros,
    /// Re-stamped rows by table, in the order of the tables; those of earlier runs are among them.
    pub tables: Vec<(&'static str, u64)>,
}

/// What a takeover would do now.
#[derive(Debug)]
pub struct DryRun {
    /// What it would re-stamp.
    pub report: Report,
    /// Why it would be refused, if someone still writes.
    pub active: Option<Refusal>,
}

/// Says what a takeover would do now; changes nothing.
///
/// # Errors
///
/// [`Refusal`], for the same reasons as the takeover, but for an active consumer.
pub async fn dry_run(pool: &Pool, redis: &Redis, options: Options) -> Result<DryRun, Refusal> {
    let client = database::administer(pool).await?;
    let first = first_entry(redis).await?;
    let active = match refuse_if_active(redis, options.idle_least).await {
        Err(refusal @ Refusal::Active { .. }) => Some(refusal),
        other => other.map(|()| None)?,
    };
    let boundary = boundary_before(first);
    let mut tables = Vec::new();
    for table in sql::TABLES.iter() {
        let due = client
            .query_one(&table.due, &[&statement_timestamp(boundary)])
            .await
            .and_then(|row| row.try_get::<_, i64>(0))
            .map_err(DbError::during("counting rows to re-stamp"))?;
        tables.push((table.name, due.unsigned_abs()));
    }
    let report = Report {
        first,
        boundary,
        tables,
    };
    Ok(DryRun { report, active })
}

/// Takes over: re-stamps, sets the group back, and leaves a mark that it was done.
///
/// # Errors
///
/// [`Refusal`]; the next takeover goes on from there.
pub async fn take_over(
    pool: &Pool,
    redis: &Redis,
    options: Options,
    progress: &Progress,
) -> Result<Report, Refusal> {
    let mut client = database::administer(pool).await?;
    lock(&client).await?;
    let first = first_entry(redis).await?;
    refuse_if_active(redis, options.idle_least).await?;
    let (first, boundary) = match resume(&client, redis).await? {
        Some(under_way) => under_way,
        None => begin(&client, first).await?,
    };
    let tables = restamp::all(&mut client, boundary, options.range_rows, progress).await?;
    finish(&client, redis).await?;
    Ok(Report {
        first,
        boundary,
        tables,
    })
}

async fn lock(client: &Object) -> Result<(), Refusal> {
    let locked: bool = client
        .query_one(sql::LOCK, &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during("locking out other takeovers"))?;
    locked.then_some(()).ok_or(Refusal::UnderWay)
}

async fn first_entry(redis: &Redis) -> Result<StreamId, Refusal> {
    source::first_id(redis)
        .await?
        .ok_or_else(|| Refusal::NoStream(redis.stream.clone()))
}

/// Just before the first entry: any entry of the stream is later.
fn boundary_before(first: StreamId) -> Micros {
    Position::from(first).at - 1
}

async fn refuse_if_active(redis: &Redis, idle_least: Duration) -> Result<(), Refusal> {
    match active_within(redis, idle_least).await? {
        Some(consumer) => Err(Refusal::Active {
            name: consumer.name,
            idle_ms: consumer.idle.as_millis(),
            bound_ms: idle_least.as_millis(),
        }),
        None => Ok(()),
    }
}

/// The consumer that was last active, if that is not longer ago.
async fn active_within(redis: &Redis, within: Duration) -> Result<Option<Consumer>, RedisError> {
    let consumers = source::consumers(redis).await?;
    let last = consumers.into_iter().min_by_key(|consumer| consumer.idle);
    Ok(last.filter(|consumer| consumer.idle < within))
}

/// The takeover that was broken off, if there is one and nobody wrote since it began: rows behind
/// its progress would never be looked at again.
async fn resume(client: &Object, redis: &Redis) -> Result<Option<(StreamId, Micros)>, Refusal> {
    let Some((first, age)) = under_way(client).await? else {
        return Ok(None);
    };
    if active_within(redis, age).await?.is_some() {
        forget(client).await?;
        return Ok(None);
    }
    Ok(Some((first, boundary_before(first))))
}

/// The first id of the takeover under way, and how long ago it began.
async fn under_way(client: &Object) -> Result<Option<(StreamId, Duration)>, DbError> {
    const WHAT: &str = "looking for a takeover that was broken off";
    let row = client
        .query_opt(sql::UNDER_WAY, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(row.and_then(|row| {
        let age: i64 = row.get(1);
        let first = row.get::<_, &str>(0).parse().ok()?;
        Some((first, Duration::from_millis(age.unsigned_abs())))
    }))
}

async fn forget(client: &Object) -> Result<(), DbError> {
    const WHAT: &str = "forgetting a takeover that was disturbed";
    client
        .execute(sql::FORGET, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(())
}

async fn begin(client: &Object, first: StreamId) -> Result<(StreamId, Micros), DbError> {
    let boundary = boundary_before(first);
    client
        .execute(
            sql::BEGIN,
            &[&first.to_string(), &statement_timestamp(boundary)],
        )
        .await
        .map_err(DbError::during("beginning a takeover"))?;
    Ok((first, boundary))
}

/// Sets the group back and leaves the mark, unless someone wrote meanwhile.
async fn finish(client: &Object, redis: &Redis) -> Result<(), Refusal> {
    let age = under_way(client)
        .await?
        .map_or(Duration::MAX, |(_, age)| age);
    if let Some(consumer) = active_within(redis, age).await? {
        forget(client).await?;
        return Err(Refusal::Disturbed(consumer.name));
    }
    source::replay(redis).await?;
    client
        .execute(sql::ORIGIN_TAKE, &[])
        .await
        .map_err(DbError::during("marking the database as taken over"))?;
    Ok(())
}
