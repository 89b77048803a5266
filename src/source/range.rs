//! Reading a span by id, without a group: nobody's place in the stream is moved.

use deadpool_redis::redis::{self, Value};

use super::connect::Redis;
use super::parse::{Element, elements};
use crate::entry::Entry;
use crate::error::RedisError;
use crate::position::StreamId;

/// Up to `count` entries of a stream from one id to another, both included, or to the end.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn range(
    redis: &Redis,
    key: &str,
    from: StreamId,
    to: Option<StreamId>,
    count: usize,
) -> Result<Vec<Entry>, RedisError> {
    let mut command = redis::cmd("XRANGE");
    command.arg(key).arg(from);
    match to {
        Some(to) => command.arg(to),
        None => command.arg("+"),
    };
    command.arg("COUNT").arg(count);
    let answer: Value = redis.ask("reading a span of a stream", &command).await?;
    let entry = |element| match element {
        Element::Entry(entry) => Some(entry),
        Element::Gone(_) => None,
    };
    Ok(elements(answer).into_iter().filter_map(entry).collect())
}
