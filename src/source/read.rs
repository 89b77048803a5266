//! Reading by the group: own pending entries first, then new ones, in stream order.

use std::time::Duration;

use deadpool_redis::redis;

use super::connect::Redis;
use super::line::Line;
use super::parse::Element;
use crate::entry::Entry;
use crate::error::RedisError;
use crate::position::StreamId;

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// What this consumer has been given and not acknowledged, after an id.
    Pending(StreamId),
    /// What nobody has been given yet, waiting for it.
    New,
    /// The same without waiting.
    NewAtOnce,
}

/// What a read gave.
#[derive(Debug, Default)]
pub struct Reading {
    /// Entries, in stream order.
    pub entries: Vec<Entry>,
    /// Pending ids whose entries the stream no longer has.
    pub gone: Vec<StreamId>,
    /// The greatest id among all of them.
    pub last: Option<StreamId>,
}

/// The blocking side of the stream. Its connection is its own.
pub struct Reader {
    redis: Redis,
    connection: Option<Line>,
    block: Duration,
    /// The last id that a read gave.
    front: StreamId,
    answers: Answers,
}

/// Whether all that this consumer was given has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Whole,
    /// A read of new entries failed: the server may have given us some that did not come.
    Lost,
}

impl Reader {
    /// Opens nothing yet. A read of new entries waits for `block` at most.
    #[must_use]
    pub fn new(redis: Redis, block: Duration) -> Self {
        Reader {
            redis,
            connection: None,
            block,
            front: StreamId { ms: 0, n: 0 },
            answers: Answers::Whole,
        }
    }

    /// Reads up to `count` entries; of new ones it waits for the first.
    ///
    /// New entries whose answer was lost come before others: they are pending with us, and nobody
    /// would read them again before the next start.
    ///
    /// # Errors
    ///
    /// The connection is then given up; act on the error's verdict.
    pub async fn read(&mut self, from: From, count: usize) -> Result<Reading, RedisError> {
        if matches!(from, From::Pending(_)) {
            return self.ask(from, count).await;
        }
        if self.answers == Answers::Lost {
            let missed = self.ask(From::Pending(self.front), count).await?;
            if missed.last.is_some() {
                return Ok(missed);
            }
        }
        self.answers = Answers::Lost;
        let reading = self.ask(from, count).await?;
        self.answers = Answers::Whole;
        Ok(reading)
    }

    async fn ask(&mut self, from: From, count: usize) -> Result<Reading, RedisError> {
        let command = self.command(from, count);
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.redis.blocking(self.block).await?,
        };
        let elements = connection
            .ask(&command)
            .await
            .map_err(RedisError::during("reading the stream"))?;
        self.connection = Some(connection);
        let reading = sort(elements);
        self.front = reading.last.unwrap_or(self.front);
        Ok(reading)
    }

    fn command(&self, from: From, count: usize) -> redis::Cmd {
        let mut command = redis::cmd("XREADGROUP");
        command
            .arg("GROUP")
            .arg(&self.redis.group)
            .arg(&self.redis.consumer)
            .arg("COUNT")
            .arg(count);
        if from == From::New {
            let block = u64::try_from(self.block.as_millis()).unwrap_or(u64::MAX);
            command.arg("BLOCK").arg(block.max(1));
        }
        command.arg("STREAMS").arg(&self.redis.stream);
        match from {
            From::New | From::NewAtOnce => command.arg(">"),
            From::Pending(after) => command.arg(after),
        };
        command
    }
}

fn sort(elements: Vec<Element>) -> Reading {
    let mut reading = Reading {
        entries: Vec::with_capacity(elements.len()),
        ..Reading::default()
    };
    for element in elements {
        let id = match element {
            Element::Entry(entry) => {
                let id = entry.id;
                reading.entries.push(entry);
                id
            }
            Element::Gone(id) => {
                reading.gone.push(id);
                id
            }
        };
        reading.last = reading.last.max(Some(id));
    }
    reading
}
