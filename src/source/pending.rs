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
    let mut connection = redis.get().await?;
    let summary: (i64, Option<String>, Option<String>, Value) = redis::cmd("XPENDING")
        .arg(&redis.stream)
        .arg(&redis.group)
        .query_async(&mut connection)
        .await
        .map_err(RedisError::during(WHAT))?;
    Ok(summary.1.and_then(|id| id.parse().ok()))
}

/// The last id that the group has given out; `None` where there is no such group.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn last_delivered(redis: &Redis) -> Result<Option<StreamId>, RedisError> {
    const WHAT: &str = "asking for the group";
    let mut connection = redis.get().await?;
    let groups: redis::streams::StreamInfoGroupsReply = redis::cmd("XINFO")
        .arg("GROUPS")
        .arg(&redis.stream)
        .query_async(&mut connection)
        .await
        .map_err(RedisError::during(WHAT))?;
    let ours = groups
        .groups
        .into_iter()
        .find(|group| group.name == redis.group);
    Ok(ours.and_then(|group| group.last_delivered_id.parse().ok()))
}
