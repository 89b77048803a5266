//! Acknowledging what is durable, and nothing else.
//!
//! Dead letters are copied to their stream first: an entry that is acknowledged is never asked
//! for again, so the operator's dashboard must have its letter by then.

use std::collections::HashMap;

use deadpool_redis::redis;

use crate::error::RedisError;
use crate::flush::{Changes, Durable, Table};
use crate::letter::DeadLetter;
use crate::position::StreamId;
use crate::source::Redis;

/// The stream on which operators see dead letters.
pub const DEAD_LETTERS: &str = "firehose:dead-letters";

/// The hash in which the AppView finds how many rows its tables have.
pub const RECORD_COUNTS: &str = "db:record_counts";

/// Acknowledges all entries of a committed batch together.
///
/// # Errors
///
/// Nothing or all of it may have been done; the same again is harmless.
pub async fn ack(redis: &Redis, durable: &Durable, letters_maxlen: u64) -> Result<(), RedisError> {
    copy_letters(redis, durable.letters(), letters_maxlen).await?;
    settle(redis, durable.ids(), durable.changes()).await
}

/// Takes ids off the pending list whose entries the stream no longer has: there is nothing left
/// to store. The caller counts them as lost.
///
/// # Errors
///
/// As [`ack`].
pub async fn ack_gone(redis: &Redis, ids: &[StreamId]) -> Result<(), RedisError> {
    settle(redis, ids, &Changes::default()).await
}

/// One transaction on Redis, so that the AppView's record counts move exactly when the entries that
/// moved them are acknowledged.
async fn settle(redis: &Redis, ids: &[StreamId], changes: &Changes) -> Result<(), RedisError> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut transaction = redis::pipe();
    transaction.atomic();
    count_records(&mut transaction, changes);
    let command = transaction.cmd("XACK");
    command.arg(&redis.stream).arg(&redis.group).arg(ids);
    redis.ask_all("acknowledging a batch", &transaction).await
}

/// Tells the AppView of rows that were added and removed without an entry to acknowledge.
///
/// # Errors
///
/// Redis is away or refuses; what it was not told an audit mends.
pub async fn tell_record_counts(redis: &Redis, changes: &Changes) -> Result<(), RedisError> {
    let mut transaction = redis::pipe();
    transaction.atomic();
    count_records(&mut transaction, changes);
    if transaction.is_empty() {
        return Ok(());
    }
    redis.ask_all("telling record counts", &transaction).await
}

fn count_records(transaction: &mut redis::Pipeline, changes: &Changes) {
    for (table, rows) in changes.iter() {
        let count = transaction.cmd("HINCRBY").arg(RECORD_COUNTS);
        count.arg(table.name()).arg(rows).ignore();
    }
}

/// How many dead letters their stream has ever been given and no longer has (XINFO STREAM,
/// `entries-added` less `length`).
///
/// # Errors
///
/// Redis is away or refuses; nothing depends on the answer.
pub async fn letters_dropped(redis: &Redis) -> Result<u64, RedisError> {
    let mut command = redis::cmd("XINFO");
    command.arg("STREAM").arg(DEAD_LETTERS);
    let stream: HashMap<String, redis::Value> = redis
        .ask("asking for the dead letters' stream", &command)
        .await?;
    let number = |field| match stream.get(field) {
        Some(redis::Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    Ok(number("entries-added").saturating_sub(number("length")))
}

/// How many rows the AppView is told that tables have, in the order of [`Table::COUNTED`]; 0 where it
/// is told nothing.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn record_counts(redis: &Redis) -> Result<Vec<i64>, RedisError> {
    let mut command = redis::cmd("HMGET");
    command
        .arg(RECORD_COUNTS)
        .arg(&Table::COUNTED.map(Table::name));
    let told: Vec<Option<i64>> = redis.ask("asking for record counts", &command).await?;
    Ok(told.into_iter().map(Option::unwrap_or_default).collect())
}

/// Moves what the AppView is told by a difference, beside what workers add to it.
///
/// # Errors
///
/// As [`record_counts`].
pub async fn shift_record_count(redis: &Redis, table: Table, by: i64) -> Result<(), RedisError> {
    let mut command = redis::cmd("HINCRBY");
    command.arg(RECORD_COUNTS).arg(table.name()).arg(by);
    redis.ask("mending a record count", &command).await
}

async fn copy_letters(
    redis: &Redis,
    letters: &[DeadLetter],
    maxlen: u64,
) -> Result<(), RedisError> {
    const LETTERS_PER_ROUND_TRIP: usize = 64;
    if letters.is_empty() {
        return Ok(());
    }
    for some in letters.chunks(LETTERS_PER_ROUND_TRIP) {
        let mut pipeline = redis::pipe();
        for letter in some {
            add_letter(&mut pipeline, letter, maxlen);
        }
        redis
            .ask_all::<()>("copying dead letters", &pipeline)
            .await?;
    }
    Ok(())
}

/// The fields are CONTRACT §1's: the first five are what the dashboard reads.
fn add_letter(pipeline: &mut redis::Pipeline, letter: &DeadLetter, maxlen: u64) {
    let command = pipeline
        .cmd("XADD")
        .arg(DEAD_LETTERS)
        .arg("MAXLEN")
        .arg("~")
        .arg(maxlen)
        .arg("*");
    command
        .arg("type")
        .arg(&letter.kind)
        .arg("data")
        .arg(&letter.data)
        .arg("seq")
        .arg(&letter.seq)
        .arg("origId")
        .arg(letter.id.to_string())
        .arg("deliveries")
        .arg(letter.deliveries)
        .arg("reason")
        .arg(letter.reason.as_ref())
        .arg("op")
        .arg(letter.op.map(|op| op.to_string()).unwrap_or_default())
        .arg("column")
        .arg(letter.column.as_deref().unwrap_or_default())
        .arg("sqlstate")
        .arg(letter.sqlstate.as_deref().unwrap_or_default())
        .arg("remedy")
        .arg(letter.remedy.as_ref());
    if letter.truncated {
        command.arg("truncated").arg("1");
    }
    command.ignore();
}
