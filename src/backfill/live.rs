//! Whether workers are at work on the same stream.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::error::{RedisError, RedisVerdict};
use crate::source::{Redis, members, stream_counters};

use super::Options;
use super::fill::Limits;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A worker that runs has asked for entries, or shown that it lives, within this time: three of its
/// heartbeats.
const QUIET: Duration = Duration::from_secs(30);

/// Whether a worker has asked for entries lately. Where there is no stream, or no group, nobody is at
/// work.
///
/// # Errors
///
/// Redis is away or refuses: then nobody knows.
pub async fn is_live(redis: &Redis) -> Result<bool, RedisError> {
    if stream_counters(redis).await?.is_none() {
        return Ok(false);
    }
    match members(redis).await {
        Ok(members) => Ok(members.iter().any(|member| member.idle < QUIET)),
        Err(error) if error.verdict() == RedisVerdict::NoGroup => Ok(false),
        Err(error) => Err(error),
    }
}

/// Sees to it that batches are small while workers are at work: they hold the locks of their
/// repositories, for which the live lanes wait.
pub async fn watch(redis: Redis, limits: Arc<Limits>, options: Options) {
    loop {
        // Who cannot be asked may be at work.
        let rows = if is_live(&redis).await.unwrap_or(true) {
            options.rows.min(options.rows_beside_live)
        } else {
            options.rows
        };
        limits.rows.store(rows, Ordering::Relaxed);
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
