//! One look at the stream's and the group's counters, and the note of what was trimmed unread.

use deadpool_redis::redis::{self, FromRedisValue, Value};

use super::connect::Redis;
use crate::error::RedisError;
use crate::position::StreamId;
use crate::standing::{GroupCounters, Look, StreamCounters, Unread};

/// Looks at both in one transaction, so that the counters fit each other. `None` while the stream
/// or the group is missing.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn look(redis: &Redis) -> Result<Option<Look>, RedisError> {
    let mut commands = redis::pipe();
    commands.atomic();
    commands.cmd("XINFO").arg("STREAM").arg(&redis.stream);
    commands.cmd("XINFO").arg("GROUPS").arg(&redis.stream);
    commands
        .cmd("XPENDING")
        .arg(&redis.stream)
        .arg(&redis.group);
    let answers: Result<(Value, Vec<Value>, Value), _> =
        redis.ask_all("looking at the stream", &commands).await;
    let (stream, groups, pending) = match answers {
        Ok(answers) => answers,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let group = groups.into_iter().map(Fields::of).find_map(|mut group| {
        let name: Option<String> = group.take("name");
        (name.as_ref() == Some(&redis.group)).then(|| group_counters(group, pending.clone()))
    });
    Ok(group.map(|group| Look {
        stream: counters(Fields::of(stream)),
        group,
    }))
}

/// The stream's counters; `None` while it is missing.
///
/// # Errors
///
/// As [`look`].
pub async fn stream_counters(redis: &Redis) -> Result<Option<StreamCounters>, RedisError> {
    let mut command = redis::cmd("XINFO");
    command.arg("STREAM").arg(&redis.stream);
    match redis.ask("looking at the stream", &command).await {
        Ok(answer) => Ok(Some(counters(Fields::of(answer)))),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Notes how many were trimmed unread, beside the group, so that of all its workers one counts
/// each loss once, and a restart counts none again; how many are new.
///
/// A group that others read before us brings its own past: what it had lost by then is noted and
/// not counted, as nothing tells when that was.
///
/// # Errors
///
/// As [`look`].
pub async fn note_unread(redis: &Redis, unread: Unread) -> Result<u64, RedisError> {
    const SCRIPT: &str = r"
local now = tonumber(ARGV[1])
local noted = redis.call('GET', KEYS[1])
local before = tonumber(noted or (ARGV[2] == 'exactly' and ARGV[1] or '0'))
if not noted or now > before or ARGV[2] == 'exactly' then redis.call('SET', KEYS[1], ARGV[1]) end
return math.max(now - before, 0)";
    let (entries, how) = match unread {
        Unread::Exactly(entries) => (entries, "exactly"),
        Unread::AtLeast(entries) => (entries, "at least"),
    };
    let mut command = redis::cmd("EVAL");
    command
        .arg(SCRIPT)
        .arg(1)
        .arg(redis.own_key("lost"))
        .arg(entries)
        .arg(how);
    redis.ask("noting what was trimmed unread", &command).await
}

/// "ERR no such key", or no such group.
fn is_missing(error: &RedisError) -> bool {
    matches!(error.code(), Some("ERR" | "NOGROUP"))
}

fn counters(mut stream: Fields) -> StreamCounters {
    let first: Option<Vec<Value>> = stream.take("first-entry");
    let first = first.and_then(|entry| entry.into_iter().next());
    StreamCounters {
        length: stream.take("length").unwrap_or_default(),
        added: stream.take("entries-added").unwrap_or_default(),
        first: first.and_then(from).and_then(|id: String| id.parse().ok()),
        last: stream.id("last-generated-id"),
        deleted_most: stream.id("max-deleted-entry-id"),
    }
}

fn group_counters(mut group: Fields, pending: Value) -> GroupCounters {
    let summary: Option<(u64, Option<String>, Option<String>, Value)> = from(pending);
    GroupCounters {
        delivered: group.id("last-delivered-id"),
        read: group.take("entries-read"),
        lag: group.take("lag"),
        pending: group.take("pending").unwrap_or_default(),
        pending_least: summary.and_then(|summary| summary.1?.parse().ok()),
    }
}

/// Names and values of an XINFO answer.
struct Fields(Vec<(Value, Value)>);

impl Fields {
    fn of(answer: Value) -> Fields {
        match answer {
            Value::Map(fields) => Fields(fields),
            Value::Array(items) => {
                let mut items = items.into_iter();
                let mut fields = Vec::new();
                while let (Some(name), Some(value)) = (items.next(), items.next()) {
                    fields.push((name, value));
                }
                Fields(fields)
            }
            _ => Fields(Vec::new()),
        }
    }

    /// A nil is `None`, as is a value of another type.
    fn take<T: FromRedisValue>(&mut self, name: &str) -> Option<T> {
        let at = self
            .0
            .iter()
            .position(|(key, _)| matches!(key, Value::BulkString(key) if key == name.as_bytes()))?;
        match self.0.swap_remove(at).1 {
            Value::Nil => None,
            value => from(value),
        }
    }

    fn id(&mut self, name: &str) -> StreamId {
        let id: Option<String> = self.take(name);
        id.and_then(|id| id.parse().ok()).unwrap_or_default()
    }
}

fn from<T: FromRedisValue>(value: Value) -> Option<T> {
    redis::from_redis_value(value).ok()
}
