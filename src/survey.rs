//! Looks now and then at what an operator wants to see and the worker itself does not need: who is in
//! the group, the latest dead letters, versions, sequences.
//!
//! A look that fails leaves what was seen before. Nothing here is part of any decision.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use serde::{Deserialize, Serialize};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout, timeout_at};
use tracing::debug;

use crate::error::{DbError, RedisError};
use crate::source::{Consumer, Redis, members, version};
use crate::sql;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What costs more is looked at every so many looks.
const RARELY: u64 = 12;
/// A look must not keep a connection from those who work.
const LOOK_WITHIN: Duration = Duration::from_secs(5);
const LETTERS_MOST: i64 = 10;
/// Anyone can make consumers.
const CONSUMERS_MOST: usize = 100;

/// A dead letter, without its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are the table's columns")]
pub struct Letter {
    pub id: i64,
    pub written_at: String,
    pub entry_id: String,
    /// -1 for a whole entry.
    pub op: i32,
    pub kind: String,
    pub reason: String,
    pub column: Option<String>,
    pub sqlstate: Option<String>,
}

/// What was seen last; `None` what never was.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Who is in the group, those with most pending first.
    pub consumers: Vec<Consumer>,
    /// The latest dead letters, the latest first.
    pub letters: Vec<Letter>,
    /// How many there are; a million and one stands for more.
    pub letters_count: Option<u64>,
    /// How much of their numbers sequences have given out, 0 to 1.
    pub sequences: BTreeMap<String, f64>,
    /// PostgreSQL's version.
    pub postgres_version: Option<String>,
    /// Redis' version.
    pub redis_version: Option<String>,
}

/// The looking.
pub struct Survey {
    pool: Pool,
    redis: Redis,
    seen: Mutex<Seen>,
}

impl Survey {
    /// Has seen nothing yet.
    #[must_use]
    pub fn new(pool: Pool, redis: Redis) -> Self {
        Survey {
            pool,
            redis,
            seen: Mutex::default(),
        }
    }

    /// What was seen last.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// Looks every few seconds, until it is aborted.
    pub async fn run(&self) {
        // Each at its own pace: the one must not wait for the other's silence.
        tokio::join!(self.watch_redis(), self.watch_postgres());
    }

    async fn watch_redis(&self) {
        let mut looks = every(LOOK_EVERY);
        for look in 0_u64.. {
            looks.tick().await;
            let rarely = look.is_multiple_of(RARELY);
            let looked = timeout(LOOK_WITHIN, self.look_at_redis(rarely)).await;
            tell("the group", looked);
        }
    }

    async fn watch_postgres(&self) {
        let mut looks = every(LOOK_EVERY);
        for look in 0_u64.. {
            looks.tick().await;
            let rarely = look.is_multiple_of(RARELY);
            tell("the database", self.look_at_postgres(rarely).await);
        }
    }

    async fn look_at_redis(&self, rarely: bool) -> Result<(), RedisError> {
        let mut consumers = members(&self.redis).await?;
        consumers.sort_by(|one, other| {
            let pending = other.pending.cmp(&one.pending);
            pending.then_with(|| one.name.cmp(&other.name))
        });
        consumers.truncate(CONSUMERS_MOST);
        self.lock().consumers = consumers;
        if rarely || self.lock().redis_version.is_none() {
            let version = version(&self.redis).await?;
            self.lock().redis_version = version;
        }
        Ok(())
    }

    async fn look_at_postgres(&self, rarely: bool) -> Result<Result<(), DbError>, Elapsed> {
        let until = Instant::now() + LOOK_WITHIN;
        let client = match timeout_at(until, self.pool.get()).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error.into())),
        };
        let read = timeout_at(until, self.read(&client, rarely)).await;
        if read.is_err() {
            // Whoever takes it next would wait for these answers.
            drop(Object::take(client));
        }
        read
    }

    async fn read(&self, client: &Object, rarely: bool) -> Result<(), DbError> {
        let letters = letters(client).await?;
        let more = self.lock().letters != letters;
        self.lock().letters = letters;
        if rarely || self.lock().postgres_version.is_none() {
            let version = ask(client, sql::SERVER_VERSION).await?;
            self.lock().postgres_version = Some(version);
            let sequences = sequences(client).await?;
            self.lock().sequences = sequences;
        }
        // Last, since it costs most.
        if rarely || more || self.lock().letters_count.is_none() {
            let count: i64 = ask(client, sql::DEAD_LETTERS_COUNT).await?;
            self.lock().letters_count = u64::try_from(count).ok();
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const WHAT: &str = "looking at the database";

async fn ask<T: tokio_postgres::types::FromSqlOwned>(
    client: &Object,
    text: &str,
) -> Result<T, DbError> {
    let row = client.query_one(text, &[]).await;
    Ok(row.map_err(DbError::during(WHAT))?.get(0))
}

async fn letters(client: &Object) -> Result<Vec<Letter>, DbError> {
    let statement = client.prepare_cached(sql::DEAD_LETTERS_LATEST).await;
    let statement = statement.map_err(DbError::during(WHAT))?;
    let rows = client.query(&statement, &[&LETTERS_MOST]).await;
    let rows = rows.map_err(DbError::during(WHAT))?;
    let letter = |row: &tokio_postgres::Row| Letter {
        id: row.get(0),
        written_at: row.get(1),
        entry_id: row.get(2),
        op: row.get(3),
        kind: row.get(4),
        reason: row.get(5),
        column: row.get(6),
        sqlstate: row.get(7),
    };
    Ok(rows.iter().map(letter).collect())
}

async fn sequences(client: &Object) -> Result<BTreeMap<String, f64>, DbError> {
    let rows = client.query(sql::SEQUENCES_USED, &[]).await;
    let rows = rows.map_err(DbError::during(WHAT))?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn every(period: Duration) -> Interval {
    let mut looks = interval(period);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

fn tell<E: std::fmt::Display>(what: &str, look: Result<Result<(), E>, Elapsed>) {
    match look {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!("{what} cannot be looked at this time: {error}"),
        Err(_) => debug!("{what} takes too long to be looked at this time"),
    }
}
