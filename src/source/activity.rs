//! Who is at work in the group, and where the stream begins: what a takeover asks.

use std::time::Duration;

use deadpool_redis::redis::{self, Value};

use super::connect::Redis;
use super::group::ensure_group;
use super::parse::{Element, elements};
use super::standing::stream_counters;
use crate::error::RedisError;
use crate::position::StreamId;

/// A consumer of the group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// Entries that it was given and has not acknowledged.
    pub pending: usize,
    /// How long ago it last asked for anything.
    pub idle: Duration,
}

/// All consumers of the group; makes the group if it is missing.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn consumers(redis: &Redis) -> Result<Vec<Consumer>, RedisError> {
    ensure_group(redis).await?;
    members(redis).await
}

/// The same of a group that may be missing, and is not made.
///
/// # Errors
///
/// As [`consumers`], and where there is no group.
pub async fn members(redis: &Redis) -> Result<Vec<Consumer>, RedisError> {
    let mut command = redis::cmd("XINFO");
    command
        .arg("CONSUMERS")
        .arg(&redis.stream)
        .arg(&redis.group);
    let answer: redis::streams::StreamInfoConsumersReply = redis
        .ask("asking for the group's consumers", &command)
        .await?;
    let consumer = |of: redis::streams::StreamInfoConsumer| Consumer {
        name: of.name,
        pending: of.pending,
        idle: Duration::from_millis(u64::try_from(of.idle).unwrap_or(u64::MAX)),
    };
    Ok(answer.consumers.into_iter().map(consumer).collect())
}

/// The server's version, as it calls itself.
///
/// # Errors
///
/// As [`consumers`].
pub async fn version(redis: &Redis) -> Result<Option<String>, RedisError> {
    let mut command = redis::cmd("INFO");
    command.arg("server");
    let info: redis::InfoDict = redis.ask("asking for the version", &command).await?;
    Ok(info.get("redis_version"))
}

/// The id of the stream's first entry; `None` of an empty stream.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn first_id(redis: &Redis) -> Result<Option<StreamId>, RedisError> {
    let mut command = redis::cmd("XRANGE");
    command.arg(&redis.stream).arg(&["-", "+", "COUNT", "1"]);
    let answer: Value = redis
        .ask("asking for the stream's first entry", &command)
        .await?;
    Ok(elements(answer).pop().map(|element| match element {
        Element::Entry(entry) => entry.id,
        Element::Gone(id) => id,
    }))
}

/// Where the stream ends now: no entry so far is after it, and what comes in another millisecond is.
/// By Redis' clock, or by the last id where that runs ahead of it.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn now(redis: &Redis) -> Result<StreamId, RedisError> {
    let (seconds, micros): (u64, u64) = redis
        .ask("asking for the time", &redis::cmd("TIME"))
        .await?;
    let last = stream_counters(redis)
        .await?
        .map_or(StreamId::default(), |stream| stream.last);
    let clock = StreamId {
        ms: seconds * 1000 + micros / 1000,
        n: 0,
    };
    Ok(last.max(clock))
}
