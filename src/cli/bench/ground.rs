//! Where measurements take place: private servers, or the user's own, and on them databases made for
//! the purpose.
//!
//! Of a user's servers nothing is used but databases that are made here, under names of ours, and a
//! Redis database that is empty.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use deadpool_postgres::Pool;
use deadpool_redis::redis;
use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use super::{stream, usage};
use crate::cli::{Failure, migrate};
use crate::database::Address;
use crate::local::{Home, System};

/// The servers.
pub struct Ground {
    postgres_url: String,
    /// Where the stream is.
    pub redis_url: String,
    private: Option<System>,
    /// Databases that were made here and are still there.
    made: Mutex<BTreeSet<String>>,
}

/// Whose servers these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// Started for this, on this machine.
    Private,
    /// The user's, wherever they are.
    Given,
}

/// What databases made here are called, with a word of what for.
const PREFIX: &str = "forebay_bench_";

impl Ground {
    /// Servers that are started for this and end with it.
    ///
    /// # Errors
    ///
    /// They cannot be started.
    pub async fn private() -> Result<Ground, Failure> {
        let system = System::start(Home::Temporary).await?;
        Ok(Ground {
            postgres_url: system.postgres.url("postgres"),
            redis_url: system.redis.url(),
            private: Some(system),
            made: Mutex::default(),
        })
    }

    /// The user's servers.
    ///
    /// # Errors
    ///
    /// One of them is away, or the Redis database has anything in it.
    pub async fn given(postgres_url: String, redis_url: String) -> Result<Ground, Failure> {
        let mut connection = stream::connect(&redis_url).await?;
        let size = redis::cmd("DBSIZE");
        let keys: u64 = size
            .query_async(&mut connection)
            .await
            .map_err(stream::failed)?;
        if keys > 0 {
            return Err(Failure::Usage(format!(
                "REDIS_URL (--redis-url): there are {keys} keys in this Redis database, and a measurement empties it\n  remedy: name one that is empty, by its number at the URL's end: redis://host:6379/9"
            )));
        }
        Ok(Ground {
            postgres_url,
            redis_url,
            private: None,
            made: Mutex::default(),
        })
    }

    /// Ends private servers; leaves the user's as they were: without the databases that were made
    /// here, and the Redis database empty, as it was found.
    ///
    /// # Errors
    ///
    /// A private server does not end, or one of the user's is away or refuses.
    pub async fn leave(self) -> Result<(), Failure> {
        if let Some(system) = self.private {
            return Ok(system.stop().await?);
        }
        let made = std::mem::take(&mut *self.made());
        for name in made {
            self.drop_database(&name).await?;
        }
        self.empty_redis().await
    }

    fn made(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose servers these are.
    pub fn whose(&self) -> Whose {
        match self.private {
            Some(_) => Whose::Private,
            None => Whose::Given,
        }
    }

    /// Time that PostgreSQL has spent on processors so far, where it can be seen.
    pub fn postgres_cpu(&self) -> Option<Duration> {
        usage::server_cpu(self.private.as_ref()?.postgres.pid()?)
    }

    /// The URL of a database that was made here.
    pub fn url_of(&self, name: &str) -> String {
        with_database(&self.postgres_url, &format!("{PREFIX}{name}"))
    }

    /// A connection to a database that was made here.
    ///
    /// # Errors
    ///
    /// The server is away.
    pub async fn connect(&self, name: &str) -> Result<Client, Failure> {
        connect(&self.url_of(name)).await
    }

    /// Connections to a database that was made here, each with its prepared statements.
    ///
    /// # Errors
    ///
    /// The URL cannot be used.
    pub fn pool(&self, name: &str, connections: usize) -> Result<Pool, Failure> {
        address(&self.url_of(name))?
            .pool(connections)
            .map_err(|error| Failure::Unreachable(error.to_string()))
    }

    /// Makes a database with all tables, anew if it is there.
    ///
    /// # Errors
    ///
    /// The server is away or refuses.
    pub async fn make(&self, name: &str) -> Result<(), Failure> {
        self.drop_database(name).await?;
        self.made().insert(name.to_owned());
        self.administer(&format!("create database {PREFIX}{name}"))
            .await?;
        migrate::at(&address(&self.url_of(name))?).await?;
        Ok(())
    }

    /// Drops a database that was made here.
    ///
    /// # Errors
    ///
    /// As [`Ground::make`].
    pub async fn drop_database(&self, name: &str) -> Result<(), Failure> {
        // What was cut short may still be connected.
        let drop = format!("drop database if exists {PREFIX}{name} with (force)");
        self.administer(&drop).await?;
        self.made().remove(name);
        Ok(())
    }

    /// A connection to the server, not to a database that was made here.
    ///
    /// # Errors
    ///
    /// The server is away.
    pub async fn connect_to_server(&self) -> Result<Client, Failure> {
        connect(&self.postgres_url).await
    }

    async fn administer(&self, statement: &str) -> Result<(), Failure> {
        let client = connect(&self.postgres_url).await?;
        client.batch_execute(statement).await.map_err(refused)
    }

    /// Writes what the server has still to write, so that it does not fall into what is measured.
    /// Where that is not allowed, the figures have it in them.
    ///
    /// # Errors
    ///
    /// The server is away.
    pub async fn settle(&self) -> Result<(), Failure> {
        let client = connect(&self.postgres_url).await?;
        let _ = client.batch_execute("checkpoint").await;
        Ok(())
    }

    /// Empties the Redis database.
    ///
    /// # Errors
    ///
    /// Redis is away or refuses.
    pub async fn empty_redis(&self) -> Result<(), Failure> {
        let mut connection = stream::connect(&self.redis_url).await?;
        let flush = redis::cmd("FLUSHDB");
        let done: Result<(), _> = flush.query_async(&mut connection).await;
        done.map_err(stream::failed)
    }
}

/// What PostgreSQL said to a statement of a measurement.
pub fn refused(error: tokio_postgres::Error) -> Failure {
    Failure::Unreachable(
        std::error::Error::source(&error)
            .map_or_else(|| error.to_string(), |source| format!("{error}: {source}")),
    )
}

fn address(url: &str) -> Result<Address, Failure> {
    Address::parse(url, None)
        .map_err(|error| Failure::Usage(format!("DATABASE_URL (--database-url): {error}")))
}

async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, _connection) = address(url)?
        .connect()
        .await
        .map_err(|error| Failure::Unreachable(error.to_string()))?;
    Ok(client)
}

/// The URL with another database in it.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let host_at = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[host_at..]
        .find('/')
        .map_or(address.len(), |at| host_at + at);
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("dbname="))
        .collect();
    format!("{}/{name}?{}", &address[..host_end], kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn names_another_database() {
        for (url, expected) in [
            (
                "postgresql://u:p@h:5/a?sslmode=disable",
                "postgresql://u:p@h:5/b?sslmode=disable",
            ),
            ("postgres://h", "postgres://h/b?"),
            ("postgres://h/?dbname=a&user=u", "postgres://h/b?user=u"),
        ] {
            assert_eq!(with_database(url, "b"), expected);
        }
    }
}
