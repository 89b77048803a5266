//! Connections to Redis, and the consumer group on it.

use std::time::Duration;

use deadpool_redis::redis::{self, AsyncConnectionConfig, ConnectionAddr, ConnectionInfo};
use deadpool_redis::{Manager, Pool};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::line::Line;
use crate::error::RedisError;

/// How long a command that does not block may take. The driver's default of half a second is less
/// than a loaded Redis needs to acknowledge fifty thousand ids.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where Redis is, and the names on it.
#[derive(Clone)]
pub struct Redis {
    client: redis::Client,
    pool: Pool,
    /// The stream's key.
    pub stream: String,
    /// The consumer group.
    pub group: String,
    /// The consumer's name.
    pub consumer: String,
}

impl Redis {
    /// Opens nothing yet.
    ///
    /// # Errors
    ///
    /// None that an operator could cause: the address has been read.
    pub fn new(
        address: ConnectionInfo,
        stream: &str,
        group: &str,
        consumer: &str,
    ) -> Result<Redis, redis::RedisError> {
        /// More than ever ask at a time: 64 lanes, and what runs beside them. Whoever had to wait for
        /// a connection would take the pool for a silent server. None is opened before it is needed.
        const CONNECTIONS: usize = 80;
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_connection_timeout(Some(CONNECT_WITHIN));
        let manager = Manager::new_with_config(address.clone(), config)?;
        // Only a time-out without a runtime can make building fail, and none is set.
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|_| {
                redis::RedisError::from((redis::ErrorKind::InvalidClientConfig, "pool"))
            })?;
        Ok(Redis {
            client: redis::Client::open(address)?,
            pool,
            stream: stream.to_owned(),
            group: group.to_owned(),
            consumer: consumer.to_owned(),
        })
    }

    /// Gives a command that answers at once.
    ///
    /// # Errors
    ///
    /// The connection is then given up, since a server that refuses (READONLY after a failover) may
    /// not be the one that the name stands for by now; act on the error's verdict.
    pub async fn ask<T: redis::FromRedisValue>(
        &self,
        what: &'static str,
        command: &redis::Cmd,
    ) -> Result<T, RedisError> {
        let mut connection = self.pool.get().await?;
        let answer = command.query_async(&mut connection).await;
        finish(connection, what, answer)
    }

    /// The same for many commands in one round trip.
    ///
    /// # Errors
    ///
    /// As [`Redis::ask`].
    pub async fn ask_all<T: redis::FromRedisValue>(
        &self,
        what: &'static str,
        commands: &redis::Pipeline,
    ) -> Result<T, RedisError> {
        let mut connection = self.pool.get().await?;
        let answer = commands.query_async(&mut connection).await;
        finish(connection, what, answer)
    }

    /// A key of our own that belongs to this stream and group.
    #[must_use]
    pub fn own_key(&self, what: &str) -> String {
        format!("forebay:{what}:{}:{}", self.stream, self.group)
    }

    /// Whether a server that TLS was asked of answers without: it would wait for ever for the end
    /// of a line that never comes, and the way to it would look cut.
    pub async fn speaks_no_tls(&self) -> bool {
        let ConnectionAddr::TcpTls { host, port, .. } = self.client.get_connection_info().addr()
        else {
            return false;
        };
        let answer = async {
            let mut plain = TcpStream::connect((host.as_str(), *port)).await?;
            plain.write_all(b"PING\r\n").await?;
            plain.read_u8().await
        };
        // +PONG, or -NOAUTH: a TLS server would answer with an alert, if at all.
        matches!(timeout(CONNECT_WITHIN, answer).await, Ok(Ok(b'+' | b'-')))
    }

    /// A connection of its own for the read that blocks: the answer may take as long as the block,
    /// and other commands must not wait behind it.
    pub(super) async fn blocking(&self, block: Duration) -> Result<Line, RedisError> {
        Line::open(&self.client, CONNECT_WITHIN, block + ANSWER_WITHIN)
            .await
            .map_err(RedisError::during("connecting to Redis"))
    }
}

fn finish<T>(
    connection: deadpool_redis::Connection,
    what: &'static str,
    answer: Result<T, redis::RedisError>,
) -> Result<T, RedisError> {
    if answer.is_err() {
        drop(deadpool_redis::Connection::take(connection));
    }
    answer.map_err(RedisError::during(what))
}
