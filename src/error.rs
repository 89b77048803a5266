//! What can go wrong with the servers, sorted once into what to do about it.
//!
//! Sorting goes by SQLSTATE and by the clients' error kinds, never by text. It knows nothing of
//! batches; whoever holds one acts on the verdict.

use std::fmt;

use deadpool_redis::redis;
use tokio_postgres::error::SqlState;

use crate::breaker::{Broken, Fault};
use crate::contract::Finding;
use crate::tls::refused_by_tls;

/// What to do about a failed flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with the data: the same again, after a pause, on a new connection.
    Retry,
    /// Too much at once: the same in halves, and one entry alone for ever.
    Halve,
    /// A unique or foreign key: once again as it is, since a race may have caused it; then poison.
    RetryOnce,
    /// A row that the server will never take: find it and set it aside.
    Poison,
    /// The setup is broken: stop, say the remedy, acknowledge nothing.
    Fatal,
}

impl Verdict {
    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Retry => "retry",
            Verdict::Halve => "halve",
            Verdict::RetryOnce => "retry_once",
            Verdict::Poison => "poison",
            Verdict::Fatal => "fatal",
        }
    }
}

/// A failure of a database call.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The server or the driver refused.
    #[error("{what}: {}", Cause(source))]
    Postgres {
        /// What was being done.
        what: &'static str,
        /// The driver's error.
        source: tokio_postgres::Error,
    },
    /// No connection was to be had.
    #[error("no database connection: {}", postgres_cause(source))]
    Pool {
        /// The pool's error.
        #[from]
        source: deadpool_postgres::PoolError,
    },
    /// What was confirmed is not there any more.
    #[error("the database has lost transactions that it had confirmed")]
    Lost,
}

/// Shows an error with all that caused it: the driver's own text stops at "db error".
struct Cause<'a>(&'a dyn std::error::Error);

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            match error.downcast_ref() {
                Some(refusal) => write!(f, ": {}", Words(refusal))?,
                None => write!(f, ": {error}")?,
            }
            next = error.source();
        }
        Ok(())
    }
}

/// What the server said, without what may be a row's contents: its details, and all of its words
/// where it refuses a row.
struct Words<'a>(&'a tokio_postgres::error::DbError);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words(refusal) = self;
        match verdict_of(refusal.code().code()) {
            Verdict::Poison | Verdict::RetryOnce => write!(f, "{}", fault_of(refusal)),
            Verdict::Retry | Verdict::Halve | Verdict::Fatal => write!(
                f,
                "{}: {} (SQLSTATE {})",
                refusal.severity(),
                refusal.message(),
                refusal.code().code()
            ),
        }
    }
}

fn fault_of(refusal: &tokio_postgres::error::DbError) -> Fault {
    let blamed = refusal.column().or_else(|| refusal.constraint());
    Fault {
        sqlstate: refusal.code().code().to_owned(),
        table: refusal.table().map(str::to_owned),
        blamed: blamed.map(str::to_owned),
    }
}

/// A pool's error without the pool's own words, where the driver said something.
fn postgres_cause(error: &deadpool_postgres::PoolError) -> Cause<'_> {
    match error {
        deadpool_postgres::PoolError::Backend(error) => Cause(error),
        other => Cause(other),
    }
}

/// As [`postgres_cause`].
fn redis_cause(error: &deadpool_redis::PoolError) -> Cause<'_> {
    match error {
        deadpool_redis::PoolError::Backend(error) => Cause(error),
        other => Cause(other),
    }
}

impl DbError {
    /// Names what was being done when the driver failed.
    pub fn during(what: &'static str) -> impl FnOnce(tokio_postgres::Error) -> DbError {
        move |source| DbError::Postgres { what, source }
    }

    fn postgres(&self) -> Option<&tokio_postgres::Error> {
        match self {
            DbError::Postgres { source, .. } => Some(source),
            DbError::Pool { source } => match source {
                deadpool_postgres::PoolError::Backend(error) => Some(error),
                _ => None,
            },
            DbError::Lost => None,
        }
    }

    /// The server's SQLSTATE, where the server answered.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&SqlState> {
        self.postgres().and_then(tokio_postgres::Error::code)
    }

    /// The column that the server blames.
    #[must_use]
    pub fn column(&self) -> Option<String> {
        self.fault()?.blamed
    }

    /// What the server blames, where the server answered. Its words are left out: they may hold
    /// values of the row.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.postgres()?.as_db_error().map(fault_of)
    }

    /// What to do about it.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.sqlstate() {
            _ if matches!(self, DbError::Lost) => Verdict::Fatal,
            Some(state) => verdict_of(state.code()),
            None if self.is_of_the_setup() => Verdict::Fatal,
            None => Verdict::Retry,
        }
    }

    /// Whether it is the fault of a row, so that other rows may be taken.
    #[must_use]
    pub fn is_row_local(&self) -> bool {
        matches!(self.verdict(), Verdict::Poison | Verdict::RetryOnce)
    }

    /// Whether connecting failed by what both sides are set to, not by the network between: the
    /// certificate, TLS that the server does not have, a way to log in that one side lacks. The
    /// driver gives a cause for these, and it is none of input and output.
    fn is_of_the_setup(&self) -> bool {
        let DbError::Pool {
            source: deadpool_postgres::PoolError::Backend(error),
        } = self
        else {
            return false;
        };
        let cause = std::error::Error::source(error);
        refused_by_tls(error) || cause.is_some_and(|cause| !cause.is::<std::io::Error>())
    }

    /// What an operator can do about a [`Verdict::Fatal`].
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        if matches!(self, DbError::Lost) {
            return "run the same command again: it goes on from what is there";
        }
        match self.sqlstate().map(SqlState::code) {
            Some("42501") => {
                "grant the worker's role select, insert, update and delete on the tables of schema public and all rights on schema forebay"
            }
            Some("42P01" | "3F000") => {
                "create the missing table: run `forebay migrate`, or let the AppView push its schema"
            }
            Some("42703") => {
                "a column is missing or renamed: compare the tables with the contract and push the AppView's schema"
            }
            Some("42P10") => {
                "a unique constraint is missing: restore the AppView's primary keys and unique constraints"
            }
            Some("28000" | "28P01" | "3D000") => {
                "check user, password and database name in DATABASE_URL"
            }
            Some(_) => {
                "the statement does not fit this database: check that its tables are the AppView's and that forebay's schema is up to date (`forebay migrate`)"
            }
            None => {
                "check sslmode and sslrootcert in DATABASE_URL, the server's certificate, and the server's log"
            }
        }
    }
}

/// Sorts a SQLSTATE (PostgreSQL manual, appendix A).
#[must_use]
pub fn verdict_of(code: &str) -> Verdict {
    let class = code.get(..2).unwrap_or("");
    match (code, class) {
        ("57014" | "53200", _) => Verdict::Halve,
        ("23503" | "23505", _) => Verdict::RetryOnce,
        ("55P03" | "58030" | "25006" | "0A000" | "26000" | "25P03", _) => Verdict::Retry,
        (_, "08" | "40" | "53") => Verdict::Retry,
        ("57P01" | "57P02" | "57P03" | "57P04" | "57P05", _) => Verdict::Retry,
        (_, "21" | "22" | "23" | "27" | "38" | "44" | "54" | "P0") => Verdict::Poison,
        _ => Verdict::Fatal,
    }
}

/// A failure of a Redis call.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The server or the driver refused.
    #[error("{what}: {source}")]
    Redis {
        /// What was being done.
        what: &'static str,
        /// The driver's error.
        source: redis::RedisError,
    },
    /// No connection was to be had.
    #[error("no Redis connection: {}", redis_cause(source))]
    Pool {
        /// The pool's error.
        #[from]
        source: deadpool_redis::PoolError,
    },
}

/// What to do about a failed Redis call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisVerdict {
    /// Away, loading, failing over: the same again, after a pause, on a new connection.
    Retry,
    /// The group or the stream is gone: make the group again at the stream's start.
    NoGroup,
    /// The setup is broken: stop and say so.
    Fatal,
}

impl RedisError {
    /// Names what was being done when the driver failed.
    pub fn during(what: &'static str) -> impl FnOnce(redis::RedisError) -> RedisError {
        move |source| RedisError::Redis { what, source }
    }

    fn redis(&self) -> Option<&redis::RedisError> {
        match self {
            RedisError::Redis { source, .. } => Some(source),
            RedisError::Pool { source } => match source {
                deadpool_redis::PoolError::Backend(source) => Some(source),
                _ => None,
            },
        }
    }

    /// The first word of the server's answer, where it answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.redis().and_then(redis::RedisError::code)
    }

    /// What to do about it. The server's error code is the first word of its answer (Redis
    /// manual, "RESP errors"); the driver hands it over as such.
    #[must_use]
    pub fn verdict(&self) -> RedisVerdict {
        let Some(source) = self.redis() else {
            return RedisVerdict::Retry;
        };
        if refused_by_tls(source) {
            return RedisVerdict::Fatal;
        }
        match source.code() {
            Some("NOGROUP") => RedisVerdict::NoGroup,
            Some("WRONGTYPE" | "NOAUTH" | "NOPERM" | "WRONGPASS") => RedisVerdict::Fatal,
            _ => match source.kind() {
                redis::ErrorKind::InvalidClientConfig | redis::ErrorKind::AuthenticationFailed => {
                    RedisVerdict::Fatal
                }
                _ => RedisVerdict::Retry,
            },
        }
    }
}

/// Why the worker cannot go on. The process ends with [`Stop::exit_code`].
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The database is not as it has to be.
    #[error("{error}\n  remedy: {remedy}", remedy = error.remedy())]
    Database {
        /// What failed.
        #[from]
        error: DbError,
    },
    /// Redis is not as it has to be.
    #[error(
        "{error}\n  remedy: check REDIS_URL, its user and password, the server's certificate, and that REDIS_STREAM_KEY names a stream"
    )]
    Redis {
        /// What failed.
        #[from]
        error: RedisError,
    },
    /// The tables are not what the merges need: what was found, and the remedies.
    #[error("the database is not as it has to be:\n  {}\n  remedy: {}", .0.join("\n  "), .1.join("; "))]
    Unfit(Vec<String>, Vec<&'static str>),
    /// The tables are as they should be, and yet refuse row after row.
    #[error("{0}\n  remedy: {remedy}. Nothing of the batch at hand is acknowledged or set aside", remedy = .0.remedy())]
    Refused(Broken),
    /// A proxy shares sessions.
    #[error("{seen}\n  remedy: {remedy}", seen = crate::doctor::PROXY_SEEN, remedy = crate::doctor::PROXY_REMEDY)]
    SharedSessions,
    /// TLS was asked for where there is none.
    #[error("{0}")]
    NoTls(String),
    /// A task of the worker ended as none should.
    #[error("a part of the worker broke off: {0}; this is a defect, please report it")]
    Broken(String),
}

impl Stop {
    /// Tables that are not what the merges need: all that was found, and each remedy once.
    #[must_use]
    pub fn unfit(found: &[Finding]) -> Stop {
        let mut remedies: Vec<&'static str> = Vec::new();
        for remedy in found.iter().map(Finding::remedy) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        Stop::Unfit(found.iter().map(ToString::to_string).collect(), remedies)
    }

    /// A task ended without an answer. What it panicked with is left out: that may hold data.
    #[must_use]
    pub fn broken_off(ended: &tokio::task::JoinError) -> Stop {
        let how = if ended.is_panic() {
            "panicked"
        } else {
            "cut off"
        };
        Stop::Broken(how.to_owned())
    }

    /// The process's exit code: a broken setup.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_every_row_of_the_failure_table() {
        let cases = [
            (
                Verdict::Retry,
                &[
                    "08006", "40001", "40P01", "53300", "55P03", "57P01", "57P03", "58030",
                    "25006", "0A000", "26000",
                ][..],
            ),
            (Verdict::Halve, &["57014", "53200"]),
            (Verdict::RetryOnce, &["23503", "23505"]),
            (
                Verdict::Poison,
                &[
                    "21000", "22001", "22P05", "23502", "23514", "27000", "38000", "44000",
                    "54000", "P0001",
                ],
            ),
            (
                Verdict::Fatal,
                &["42P01", "42501", "42703", "3D000", "XX000", "28P01", ""],
            ),
        ];
        for (verdict, codes) in cases {
            for code in codes {
                assert_eq!(verdict_of(code), verdict, "{code}");
            }
        }
    }
}
