//! What the group still holds, in numbers and bounds.

use deadpool_redis::redis::{self, Value};

use super::connect::Redis;
use crate::error::RedisError;
use crate::position::StreamId;

/// The least id that is pending in the group, whoever's it is.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn oldest_pending(redis: &Redis) -> Result<Option<StreamId>, RedisError> {
    const WHAT: &str = "asking for pending entries";
    let mut command = redis::cmd("XPENDING");
    command.arg(&redis.stream).arg(&redis.group);
    let summary: (i64, Option<String>, Option<String>, Value) = redis.ask(WHAT, &command).await?;
    Ok(summary.1.and_then(|id| id.parse().ok()))
}

/// The last id that the group has given out; `None` where there is no such group.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn last_delivered(redis: &Redis) -> Result<Option<StreamId>, RedisError> {
    const WHAT: &str = "asking for the group";
    let mut command = redis::cmd("XINFO");
    command.arg("GROUPS").arg(&redis.stream);
    let groups: redis::streams::StreamInfoGroupsReply = redis.ask(WHAT, &command).await?;
    let ours = groups
        .groups
        .into_iter()
        .find(|group| group.name == redis.group);
    Ok(ours.and_then(|group| group.last_delivered_id.parse().ok()))
}
