//! What has to be tidied now and then: tombstones and purges that nothing can meet again.

use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::watch;
use tracing::{debug, warn};

use crate::error::{DbError, RedisError};
use crate::flush::statement_timestamp;
use crate::position::{Position, StreamId};
use crate::source::{Redis, last_delivered, oldest_pending};
use crate::sql;

/// The task's own needs.
pub struct Housekeeping {
    /// Its connection comes from here, and goes back.
    pub pool: Pool,
    /// Asked for what can still come.
    pub redis: Redis,
    /// Hours that tombstones are kept at least.
    pub retention_h: u32,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
}

/// Why a round was left out.
#[derive(Debug, thiserror::Error)]
pub enum Skipped {
    /// The database is away or refuses.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Redis is away or refuses.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl Housekeeping {
    const EVERY: Duration = Duration::from_secs(600);
    const TOMBSTONES_AT_ONCE: i64 = 10_000;

    /// Runs until told to stop. A round that fails is left out: the next one does its work.
    pub async fn run(mut self) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(Self::EVERY) => {}
                _ = self.stop.wait_for(|stop| *stop) => return,
            }
            match prune(&self.pool, &self.redis, self.retention_h).await {
                Ok(pruned) => debug!(pruned, "tombstones pruned"),
                Err(error) => warn!("tombstones are not pruned this time: {error}"),
            }
        }
    }
}

/// Removes tombstones, and notes of purges that are done, that were written longer ago than `retention_h` hours and that no entry can
/// meet any more; says how many.
///
/// # Errors
///
/// Some or none are removed; the next round does the rest.
pub async fn prune(pool: &Pool, redis: &Redis, retention_h: u32) -> Result<u64, Skipped> {
    const WHAT: &str = "pruning tombstones";
    let Some(oldest) = oldest_to_come(pool, redis).await? else {
        return Ok(0);
    };
    let client = pool.get().await.map_err(DbError::from)?;
    let before = statement_timestamp(Position::from(oldest).at);
    let hours = i32::try_from(retention_h).unwrap_or(i32::MAX);
    let mut pruned = client
        .execute(sql::purge::PRUNE, &[&before, &hours])
        .await
        .map_err(DbError::during(WHAT))?;
    loop {
        let some: i64 = client
            .query_one(
                sql::TOMBSTONES_PRUNE,
                &[&before, &hours, &Housekeeping::TOMBSTONES_AT_ONCE],
            )
            .await
            .and_then(|row| row.try_get(0))
            .map_err(DbError::during(WHAT))?;
        pruned += some.unsigned_abs();
        if some < Housekeeping::TOMBSTONES_AT_ONCE {
            return Ok(pruned);
        }
    }
}

/// The least id that can still come: pending, not yet delivered, or a dead letter replayed.
async fn oldest_to_come(pool: &Pool, redis: &Redis) -> Result<Option<StreamId>, Skipped> {
    let Some(delivered) = last_delivered(redis).await? else {
        return Ok(None);
    };
    let pending = oldest_pending(redis).await?;
    let client = pool.get().await.map_err(DbError::from)?;
    let letters = client
        .query(sql::DEAD_LETTERS_IDS, &[])
        .await
        .map_err(DbError::during("asking for dead letters"))?;
    let letter = letters
        .iter()
        .filter_map(|row| row.get::<_, &str>(0).parse().ok())
        .min();
    Ok([Some(delivered), pending, letter]
        .into_iter()
        .flatten()
        .min())
}
