//! Looks at Redis and PostgreSQL the way an operator with much time would, and says what to do.
//!
//! It changes nothing and needs no worker. Each check is a pure judgement of what was seen, so that
//! it can be tried on what no test server can be made to show; one that cannot be made says so.

mod check;
mod database;
mod group;
mod proxy;
mod redis;

pub use check::{Check, Level, Report};
pub use database::{PROXY_REMEDY, PROXY_SEEN};
pub use proxy::shares_sessions;

use deadpool_postgres::Pool;

use crate::derived::DerivedSet;
use crate::source::Redis;

/// What the servers are measured by.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What of what follows from records is kept.
    pub derived: DerivedSet,
    /// Entries that the stream's writer lets it hold.
    pub stream_maxlen: u64,
    /// After so many milliseconds others claim what a consumer holds.
    pub claim_idle_ms: u64,
    /// Connections that a worker opens at most.
    pub connections: usize,
}

/// Makes every check that can be made.
pub async fn examine(pool: &Pool, redis: &Redis, settings: Settings) -> Report {
    let mut report = Report::default();
    redis::examine(redis, &mut report).await;
    group::examine(redis, settings, &mut report).await;
    database::examine(pool, settings, &mut report).await;
    report
}
