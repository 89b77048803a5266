//! Putting a generated firehose on a stream.

use std::time::Duration;

use deadpool_redis::redis;
use deadpool_redis::redis::AsyncConnectionConfig;
use deadpool_redis::redis::aio::MultiplexedConnection;

use crate::cli::Failure;
use crate::error::{RedisError, Stop};
use crate::generate::Event;

/// Entries that go out together.
const TOGETHER: usize = 1000;

/// Longest that Redis may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What Redis answered while a stream was being filled.
pub fn failed(error: redis::RedisError) -> Failure {
    Stop::from(RedisError::during("filling the stream")(error)).into()
}

/// A connection to a Redis that is this program's to fill.
///
/// # Errors
///
/// It does not answer.
pub async fn connect(url: &str) -> Result<MultiplexedConnection, Failure> {
    let client = redis::Client::open(url).map_err(failed)?;
    // The client's own half a second is too short for a machine that is being measured.
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .map_err(failed)
}

/// Adds events to a stream, and says after each thousand how many those were.
///
/// # Errors
///
/// Redis refuses them.
pub async fn fill(
    connection: &mut MultiplexedConnection,
    key: &str,
    mut events: impl Iterator<Item = Event>,
    mut added: impl FnMut(u64),
) -> Result<(), Failure> {
    loop {
        let mut pipeline = redis::pipe();
        let mut count = 0;
        for event in events.by_ref().take(TOGETHER) {
            pipeline.add_command(addition(key, &event)).ignore();
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        pipeline
            .query_async::<()>(connection)
            .await
            .map_err(failed)?;
        added(count);
    }
}

/// One entry, as the AppView's reader writes it.
pub fn addition(key: &str, event: &Event) -> redis::Cmd {
    let mut add = redis::cmd("XADD");
    add.arg(key).arg("*").arg("type").arg(event.kind);
    add.arg("data").arg(&event.data).arg("seq").arg(&event.seq);
    add
}
