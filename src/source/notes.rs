//! Small notes in Redis beside the stream: who runs under a name, and which entry is tried alone.

use std::time::Duration;

use deadpool_redis::redis;

use super::connect::Redis;
use crate::error::RedisError;
use crate::position::StreamId;

/// Who runs under the consumer's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// This process.
    Ours,
    /// Another, or one that ended less than the note's lifetime ago.
    Others,
}

/// Notes that this process, which its token stands for, runs under the consumer's name, for so
/// long; unless another has noted that first.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn keep_name(redis: &Redis, token: &str, life: Duration) -> Result<Name, RedisError> {
    const SCRIPT: &str = r"
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";
    let mut command = redis::cmd("EVAL");
    command
        .arg(SCRIPT)
        .arg(1)
        .arg(name_key(redis))
        .arg(token)
        .arg(u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1));
    let kept: i64 = redis.ask("noting who runs", &command).await?;
    Ok(if kept == 1 { Name::Ours } else { Name::Others })
}

/// Takes that note away, if it is ours.
///
/// # Errors
///
/// As [`keep_name`].
pub async fn leave_name(redis: &Redis, token: &str) -> Result<(), RedisError> {
    const SCRIPT: &str =
        "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";
    let mut command = redis::cmd("EVAL");
    command.arg(SCRIPT).arg(1).arg(name_key(redis)).arg(token);
    redis.ask("noting who runs", &command).await
}

fn name_key(redis: &Redis) -> String {
    format!("{}:{}", redis.own_key("consumer"), redis.consumer)
}

/// Notes that an entry is about to be tried alone; how many tries were begun and not ended, this
/// one among them.
///
/// # Errors
///
/// As [`keep_name`].
pub async fn begin_alone(redis: &Redis, id: StreamId) -> Result<u32, RedisError> {
    const KEPT_S: u64 = 7 * 24 * 3_600;
    let key = redis.own_key("alone");
    let mut commands = redis::pipe();
    commands.cmd("HINCRBY").arg(&key).arg(id.to_string()).arg(1);
    commands.cmd("EXPIRE").arg(&key).arg(KEPT_S).ignore();
    let (begun,): (u32,) = redis.ask_all(ALONE, &commands).await?;
    Ok(begun)
}

/// The try ended without a crash, whatever came of it: it does not count against the entry.
///
/// # Errors
///
/// As [`keep_name`].
pub async fn survived_alone(redis: &Redis, id: StreamId) -> Result<(), RedisError> {
    let mut command = redis::cmd("HINCRBY");
    command
        .arg(redis.own_key("alone"))
        .arg(id.to_string())
        .arg(-1);
    let left: i64 = redis.ask(ALONE, &command).await?;
    if left > 0 {
        Ok(())
    } else {
        end_alone(redis, id).await
    }
}

/// The entry is dealt with: nothing is remembered of it.
///
/// # Errors
///
/// As [`keep_name`].
pub async fn end_alone(redis: &Redis, id: StreamId) -> Result<(), RedisError> {
    let mut command = redis::cmd("HDEL");
    command.arg(redis.own_key("alone")).arg(id.to_string());
    redis.ask(ALONE, &command).await
}

const ALONE: &str = "noting that an entry is tried alone";
