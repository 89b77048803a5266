//! Reading entries again by id, when a batch must be split: a batch keeps rows, not entries.

use deadpool_redis::redis::{self, Value};

use super::claim::deliveries;
use super::connect::Redis;
use super::parse::{Element, elements};
use crate::entry::Entry;
use crate::error::RedisError;
use crate::position::StreamId;

/// What is left of the entries asked for.
#[derive(Debug, Default)]
pub struct Reread {
    /// Those that the stream still has.
    pub entries: Vec<Entry>,
    /// Those that it has trimmed since.
    pub gone: Vec<StreamId>,
}

/// Reads entries by their ids.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn reread(redis: &Redis, ids: &[StreamId]) -> Result<Reread, RedisError> {
    const IDS_PER_ROUND_TRIP: usize = 1_000;
    let mut found = Reread::default();
    for some in ids.chunks(IDS_PER_ROUND_TRIP) {
        let mut pipeline = redis::pipe();
        for id in some {
            pipeline.cmd("XRANGE").arg(&redis.stream).arg(id).arg(id);
        }
        let answers: Vec<Value> = redis.ask_all("reading entries again", &pipeline).await?;
        let times = deliveries(redis, some).await?;
        for (id, answer) in some.iter().zip(answers) {
            match elements(answer).pop() {
                Some(Element::Entry(mut entry)) => {
                    entry.deliveries = times.get(id).copied().unwrap_or(1);
                    found.entries.push(entry);
                }
                _ => found.gone.push(*id),
            }
        }
    }
    Ok(found)
}
