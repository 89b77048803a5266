//! Taking over what others left, keeping what is in hand, and asking how often it was delivered.

use std::collections::HashMap;
use std::time::Duration;

use deadpool_redis::redis::{self, Value};

use super::connect::Redis;
use super::parse::{Claimed, Element, claimed};
use crate::entry::Entry;
use crate::error::RedisError;
use crate::position::StreamId;

const IDS_PER_COMMAND: usize = 1_000;

/// What one claim gave.
#[derive(Debug, Default)]
pub struct Claim {
    /// Entries that are ours now. How often they were delivered is not known yet.
    pub entries: Vec<Entry>,
    /// Ids whose entries the stream no longer has; Redis has taken them off the pending list.
    pub gone: Vec<StreamId>,
    /// Where the next claim goes on; the smallest id when this one came to the end.
    pub next: StreamId,
}

/// Claims up to `count` entries, from an id on, that no one has touched for `idle`, whoever's they
/// are.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn claim(
    redis: &Redis,
    idle: Duration,
    from: StreamId,
    count: usize,
) -> Result<Claim, RedisError> {
    let mut command = redis::cmd("XAUTOCLAIM");
    command
        .arg(&redis.stream)
        .arg(&redis.group)
        .arg(&redis.consumer)
        .arg(millis(idle))
        .arg(from)
        .arg("COUNT")
        .arg(count);
    let answer: Value = redis.ask("claiming stale entries", &command).await?;
    let Claimed {
        next,
        elements,
        deleted,
    } = claimed(answer);
    let mut claim = Claim {
        gone: deleted,
        next,
        ..Claim::default()
    };
    for element in elements {
        match element {
            Element::Entry(entry) => claim.entries.push(entry),
            Element::Gone(id) => claim.gone.push(id),
        }
    }
    Ok(claim)
}

/// Says to Redis that these are still being worked on. JUSTID does not raise the delivery count
/// (Redis manual, XCLAIM); ids that are no longer pending are passed over.
///
/// An entry that the stream has trimmed meanwhile leaves the pending list here. It is in hand and
/// will be stored; only a crash before that would lose it without its being counted.
///
/// # Errors
///
/// As [`claim`].
pub async fn renew(redis: &Redis, ids: &[StreamId]) -> Result<(), RedisError> {
    const WHAT: &str = "renewing entries in hand";
    for some in ids.chunks(IDS_PER_COMMAND) {
        let mut command = redis::cmd("XCLAIM");
        command
            .arg(&redis.stream)
            .arg(&redis.group)
            .arg(&redis.consumer)
            .arg(0)
            .arg(some)
            .arg("JUSTID");
        redis.ask::<Value>(WHAT, &command).await?;
    }
    Ok(())
}

/// How often each of these pending entries has been delivered; those that are not pending are left
/// out.
///
/// # Errors
///
/// As [`claim`].
pub async fn deliveries(
    redis: &Redis,
    ids: &[StreamId],
) -> Result<HashMap<StreamId, u32>, RedisError> {
    const WHAT: &str = "asking how often entries were delivered";
    let mut found = HashMap::new();
    for some in ids.chunks(IDS_PER_COMMAND) {
        let mut pipeline = redis::pipe();
        for id in some {
            pipeline
                .cmd("XPENDING")
                .arg(&redis.stream)
                .arg(&redis.group)
                .arg(id)
                .arg(id)
                .arg(1);
        }
        let answers: Vec<Value> = redis.ask_all(WHAT, &pipeline).await?;
        for (id, answer) in some.iter().zip(answers) {
            if let Some(times) = times_delivered(answer) {
                found.insert(*id, times);
            }
        }
    }
    Ok(found)
}

/// The count in the answer to that: `[[id, consumer, idle, deliveries]]`, or nothing.
fn times_delivered(answer: Value) -> Option<u32> {
    let rows: Vec<(String, String, i64, i64)> = redis::from_redis_value(answer).ok()?;
    let (_, _, _, times) = rows.into_iter().next()?;
    u32::try_from(times).ok()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
