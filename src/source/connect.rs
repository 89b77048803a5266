//! Connections to Redis, and the consumer group on it.

use std::time::Duration;

use deadpool_redis::redis::{self, AsyncConnectionConfig, aio::MultiplexedConnection};
use deadpool_redis::{Manager, Pool};

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
    /// The URL is not one of Redis.
    pub fn new(
        url: &str,
        stream: &str,
        group: &str,
        consumer: &str,
    ) -> Result<Redis, redis::RedisError> {
        const CONNECTIONS: usize = 8;
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(Some(ANSWER_WITHIN))
            .set_connection_timeout(Some(CONNECT_WITHIN));
        let manager = Manager::new_with_config(url, config)?;
        // Only a time-out without a runtime can make building fail, and none is set.
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|_| {
                redis::RedisError::from((redis::ErrorKind::InvalidClientConfig, "pool"))
            })?;
        Ok(Redis {
            client: redis::Client::open(url)?,
            pool,
            stream: stream.to_owned(),
            group: group.to_owned(),
            consumer: consumer.to_owned(),
        })
    }

    /// A connection for commands that answer at once.
    ///
    /// # Errors
    ///
    /// Redis is away; try again by the error's verdict.
    pub async fn get(&self) -> Result<deadpool_redis::Connection, RedisError> {
        Ok(self.pool.get().await?)
    }

    /// A connection of its own for the read that blocks: the answer may take as long as the block,
    /// and other commands must not wait behind it.
    pub(super) async fn blocking(
        &self,
        block: Duration,
    ) -> Result<MultiplexedConnection, RedisError> {
        const WHAT: &str = "connecting to Redis";
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(Some(block + ANSWER_WITHIN))
            .set_connection_timeout(Some(CONNECT_WITHIN));
        self.client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(RedisError::during(WHAT))
    }
}

/// Makes the group at the stream's start, and the stream if it is missing. A group that is there
/// stays as it is.
///
/// # Errors
///
/// Redis is away or refuses; act on the error's verdict.
pub async fn ensure_group(redis: &Redis) -> Result<Made, RedisError> {
    let mut connection = redis.get().await?;
    let made: Result<(), redis::RedisError> = redis::cmd("XGROUP")
        .arg("CREATE")
        .arg(&redis.stream)
        .arg(&redis.group)
        .arg("0")
        .arg("MKSTREAM")
        .query_async(&mut connection)
        .await;
    match made {
        Ok(()) => Ok(Made::Now),
        Err(error) if error.code() == Some("BUSYGROUP") => Ok(Made::Before),
        Err(error) => Err(RedisError::during("making the consumer group")(error)),
    }
}

/// Whether the group had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was missing.
    Now,
    /// It was there.
    Before,
}
