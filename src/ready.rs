//! Before anything is read: both servers are there, and the tables are as the merges need them.
//!
//! A server that is away is waited for, said once; one that is set up wrong stops the start. It
//! knows nothing of what runs afterwards.

use std::time::Duration;

use deadpool_postgres::Pool;
use deadpool_redis::redis;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::contract::{self, Finding};
use crate::derived::DerivedSet;
use crate::doctor::shares_sessions;
use crate::error::{DbError, RedisError, RedisVerdict, Stop, Verdict};
use crate::retry::Backoff;
use crate::source::Redis;

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// All is well.
    Yes,
    /// Told to stop meanwhile.
    Stopped,
}

/// Waits for both servers, however long they are away, then checks the tables.
///
/// # Errors
///
/// The setup is broken: exit code 3.
pub async fn ready(
    pool: &Pool,
    redis: &Redis,
    derived: DerivedSet,
    mut stop: watch::Receiver<bool>,
) -> Result<Ready, Stop> {
    let both = async {
        // Both at once: what is said of the one must not wait for the other.
        tokio::try_join!(wait_for_redis(redis), wait_for_tables(pool, derived))
    };
    tokio::select! {
        both = both => both.map(|_| Ready::Yes),
        _ = stop.wait_for(|stop| *stop) => Ok(Ready::Stopped),
    }
}

async fn wait_for_redis(redis: &Redis) -> Result<(), Stop> {
    let mut backoff = Backoff::new();
    loop {
        let error = match ping(redis).await {
            Ok(()) => break,
            Err(error) => error,
        };
        if error.verdict() == RedisVerdict::Fatal {
            return Err(error.into());
        }
        if redis.speaks_no_tls().await {
            return Err(Stop::NoTls(NO_TLS_AT_REDIS.to_owned()));
        }
        pause(&mut backoff, "Redis", &error).await;
    }
    if backoff.attempts() > 0 {
        info!("Redis is there");
    }
    Ok(())
}

const NO_TLS_AT_REDIS: &str = "Redis speaks no TLS on this port\n  remedy: begin REDIS_URL with redis:// instead of rediss://, or give it the server's TLS port";

async fn ping(redis: &Redis) -> Result<(), RedisError> {
    redis.ask("greeting Redis", &redis::cmd("PING")).await
}

async fn wait_for_tables(pool: &Pool, derived: DerivedSet) -> Result<(), Stop> {
    let mut backoff = Backoff::new();
    loop {
        let error = match check(pool, derived).await {
            Ok(None) => return Err(Stop::SharedSessions),
            Ok(Some(found)) if found.is_empty() => break,
            Ok(Some(found)) => return Err(Stop::unfit(&found)),
            Err(error) => error,
        };
        if error.verdict() == Verdict::Fatal {
            return Err(error.into());
        }
        pause(&mut backoff, "PostgreSQL", &error).await;
    }
    if backoff.attempts() > 0 {
        info!("PostgreSQL is there");
    }
    Ok(())
}

/// What is not as it has to be; nothing where a proxy shares sessions, since its answers to anything
/// else mean little.
async fn check(pool: &Pool, derived: DerivedSet) -> Result<Option<Vec<Finding>>, DbError> {
    if shares_sessions(pool).await? {
        return Ok(None);
    }
    let client = pool.get().await?;
    contract::check(&client, derived).await.map(Some)
}

async fn pause(backoff: &mut Backoff, server: &str, error: &(dyn std::fmt::Display + Sync)) {
    let pause = backoff.pause().min(Duration::from_secs(2));
    if backoff.attempts() == 1 {
        warn!("waiting for {server}: {error}");
    }
    tokio::time::sleep(pause).await;
}
