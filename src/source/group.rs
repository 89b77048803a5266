//! The consumer group: making it, and dismissing consumers that are gone.

use std::time::Duration;

use deadpool_redis::redis;

use super::connect::Redis;
use super::standing::stream_counters;
use crate::error::RedisError;

/// Whether the group had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was missing.
    Now,
    /// It was there.
    Before,
}

/// Makes the group at the stream's start, and the stream if it is missing. A group that is there
/// stays as it is.
///
/// What the stream has lost by then is not the group's loss: its counter begins behind it
/// (ENTRIESREAD, which Redis has since 7.0), so that what is trimmed later can be told.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn ensure_group(redis: &Redis) -> Result<Made, RedisError> {
    const WHAT: &str = "making the consumer group";
    let lost = lost(redis).await?;
    let mut command = redis::cmd("XGROUP");
    command
        .arg("CREATE")
        .arg(&redis.stream)
        .arg(&redis.group)
        .arg("0")
        .arg("MKSTREAM")
        .arg("ENTRIESREAD")
        .arg(lost);
    match redis.ask::<()>(WHAT, &command).await {
        Ok(()) => begin_anew(redis).await,
        Err(error) if error.code() == Some("BUSYGROUP") => Ok(Made::Before),
        Err(error) => Err(error),
    }
}

/// How many of the entries ever added the stream no longer has.
async fn lost(redis: &Redis) -> Result<u64, RedisError> {
    let stream = stream_counters(redis).await?;
    Ok(stream.map_or(0, |stream| stream.added.saturating_sub(stream.length)))
}

/// Sets the group back to the stream's start, with counters as if it were made anew.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn replay(redis: &Redis) -> Result<(), RedisError> {
    let lost = lost(redis).await?;
    let mut command = redis::cmd("XGROUP");
    command
        .arg("SETID")
        .arg(&redis.stream)
        .arg(&redis.group)
        .arg("0")
        .arg("ENTRIESREAD")
        .arg(lost);
    redis.ask::<()>("setting the group back", &command).await?;
    begin_anew(redis).await?;
    Ok(())
}

/// What was counted as lost for a group of this name before does not hold for the new one, which
/// has lost nothing yet.
async fn begin_anew(redis: &Redis) -> Result<Made, RedisError> {
    let mut command = redis::cmd("SET");
    command.arg(redis.own_key("lost")).arg(0);
    redis
        .ask::<()>("making the consumer group", &command)
        .await?;
    Ok(Made::Now)
}

/// Removes the consumers that have been idle for so long and have nothing pending, but never this
/// one; their names.
///
/// It is one script, so that nothing can become theirs between the look and the removal: with a
/// consumer its pending entries would go for ever.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn dismiss_idle(redis: &Redis, idle: Duration) -> Result<Vec<String>, RedisError> {
    const SCRIPT: &str = r"
local dismissed = {}
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local is = {}
  for at = 1, #consumer, 2 do is[consumer[at]] = consumer[at + 1] end
  if is.pending == 0 and is.idle >= tonumber(ARGV[2]) and is.name ~= ARGV[3] then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], is.name)
    table.insert(dismissed, is.name)
  end
end
return dismissed";
    let idle = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
    let mut command = redis::cmd("EVAL");
    command
        .arg(SCRIPT)
        .arg(1)
        .arg(&redis.stream)
        .arg(&redis.group)
        .arg(idle)
        .arg(&redis.consumer);
    redis
        .ask("removing consumers that are gone", &command)
        .await
}
