//! Private servers: a PostgreSQL cluster and a Redis that belong to this process and end with it.
//!
//! For `--local`, the demo, the benches and the tests. It knows how servers are found, started
//! and ended, and nothing of what is kept in them; the machine's own servers, their data and
//! their ports are never touched.

mod account;
mod error;
mod find;
mod guard;
mod home;
mod port;
mod postgres;
mod random;
mod redis;
mod server;

pub use error::LocalError;
pub use home::Home;
pub use postgres::{Mode, Postgres};
pub use redis::{Persistence, Redis};

/// Both servers.
#[derive(Debug)]
pub struct System {
    /// The PostgreSQL cluster.
    pub postgres: Postgres,
    /// The Redis server.
    pub redis: Redis,
}

impl System {
    /// Starts both, in `DIR/postgres` and `DIR/redis` of a kept directory. What is kept in Redis
    /// survives there too: it writes an append-only file.
    ///
    /// # Errors
    /// As [`Postgres::start`] and [`Redis::start`].
    pub async fn start(home: Home) -> Result<System, LocalError> {
        let (in_postgres, in_redis, persistence) = match home {
            Home::Temporary => (Home::Temporary, Home::Temporary, Persistence::None),
            Home::Kept(dir) => (
                Home::Kept(dir.join("postgres")),
                Home::Kept(dir.join("redis")),
                Persistence::Aof,
            ),
        };
        // PostgreSQL first: it refuses a directory that another process uses, Redis does not.
        let postgres = Postgres::start(in_postgres).await?;
        let redis = Redis::start(in_redis, persistence).await?;
        Ok(System { postgres, redis })
    }

    /// Ends both and waits for it.
    ///
    /// # Errors
    /// The first server that did not end in time; the other is ended all the same.
    pub async fn stop(mut self) -> Result<(), LocalError> {
        let redis = self.redis.stop().await;
        let postgres = self.postgres.stop(Mode::Fast).await;
        redis.and(postgres)
    }
}
