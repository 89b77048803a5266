//! Asks both servers four times a second whether they are there, also when there is nothing to do: an
//! idle worker would else not know.
//!
//! It only says what it found; nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError, TimeoutType, Timeouts};
use deadpool_redis::redis;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error::DbError;
use crate::health::{Health, Server};
use crate::source::Redis;
use crate::sql;

/// With the pause before, well below the two seconds by which readiness may be late.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const PROBE_EVERY: Duration = Duration::from_millis(250);

/// The task's own needs.
pub struct Pulse {
    /// Its connection comes from here, and goes back.
    pub pool: Pool,
    /// Asked too.
    pub redis: Redis,
    /// Where the answers go.
    pub health: Arc<Health>,
}

impl Pulse {
    /// Runs until it is aborted.
    pub async fn run(self) {
        // Each at its own pace: the one must not wait for the other's silence.
        tokio::join!(self.watch_postgres(), self.watch_redis());
    }

    async fn watch_postgres(&self) {
        let mut probes = every(PROBE_EVERY);
        loop {
            probes.tick().await;
            if let Some(answer) = self.postgres().await {
                self.health.probed(Server::PostgreSql, answer);
            }
        }
    }

    async fn watch_redis(&self) {
        let mut probes = every(PROBE_EVERY);
        let ping = redis::cmd("PING");
        loop {
            probes.tick().await;
            let asked = self.redis.ask::<()>("greeting Redis", &ping);
            let answer = match timeout(ANSWER_WITHIN, asked).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(no_answer()),
            };
            self.health.probed(Server::Redis, answer);
        }
    }

    /// `None` when all connections are in use, which says nothing of the server.
    async fn postgres(&self) -> Option<Result<(), String>> {
        let within = Timeouts {
            wait: Some(ANSWER_WITHIN),
            create: Some(ANSWER_WITHIN),
            recycle: Some(ANSWER_WITHIN),
        };
        let client = match self.pool.timeout_get(&within).await {
            Ok(client) => client,
            Err(PoolError::Timeout(TimeoutType::Wait)) => return None,
            Err(PoolError::Timeout(_)) => return Some(Err(no_answer())),
            Err(error) => return Some(Err(DbError::from(error).to_string())),
        };
        match timeout(ANSWER_WITHIN, is_standby(&client)).await {
            Ok(Ok(false)) => Some(Ok(())),
            Ok(Ok(true)) => Some(Err("it takes no writes: a standby".to_owned())),
            Ok(Err(error)) => {
                drop(Object::take(client));
                Some(Err(error.to_string()))
            }
            Err(_) => {
                // Whoever takes it next would wait for this answer.
                drop(Object::take(client));
                Some(Err(no_answer()))
            }
        }
    }
}

async fn is_standby(client: &Object) -> Result<bool, DbError> {
    const WHAT: &str = "asking whether it takes writes";
    let statement = client.prepare_cached(sql::PULSE).await;
    let statement = statement.map_err(DbError::during(WHAT))?;
    let row = client.query_one(&statement, &[]).await;
    Ok(row.map_err(DbError::during(WHAT))?.get(0))
}

fn no_answer() -> String {
    format!("no answer within {} s", ANSWER_WITHIN.as_secs())
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
