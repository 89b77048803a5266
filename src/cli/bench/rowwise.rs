//! A plain baseline that writes row by row, as the worker whose place forebay takes: five pipelines,
//! a transaction for every operation, single-row statements, and what the server refuses is
//! acknowledged all the same.
//!
//! It is here so that anyone can see what batches are worth. What it writes is roughly what the
//! engine writes, and nothing is promised of it.

mod steps;

use std::time::Instant;

use deadpool_postgres::{Client, Pool};
use deadpool_redis::redis;
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::streams::StreamReadReply;
use futures::future::try_join_all;
use tokio_postgres::types::ToSql;

use super::figures::RowByRow;
use super::ground::Ground;
use super::{KEY, stream};
use crate::cli::Failure;
use steps::Step;

/// As many as the incumbent has by default.
pub const PIPELINES: usize = 5;

const GROUP: &str = "firehose-processors";

/// Takes the time for what is on the stream, into a database with all tables.
///
/// # Errors
///
/// A server is away. What PostgreSQL refuses is counted.
pub async fn measure(ground: &Ground, database: &str) -> Result<RowByRow, Failure> {
    let pool = ground.pool(database, PIPELINES)?;
    make_group(&ground.redis_url).await?;
    let start = Instant::now();
    let pipelines = (0..PIPELINES).map(|n| pipeline(&ground.redis_url, &pool, n));
    let parts = try_join_all(pipelines).await?;
    Ok(RowByRow {
        events: parts.iter().map(|part| part.0).sum(),
        seconds: start.elapsed().as_secs_f64(),
        refused: parts.iter().map(|part| part.1).sum(),
    })
}

async fn make_group(redis_url: &str) -> Result<(), Failure> {
    let mut connection = stream::connect(redis_url).await?;
    let mut make = redis::cmd("XGROUP");
    make.arg("CREATE").arg(KEY).arg(GROUP).arg("0");
    let made = make.arg("MKSTREAM").query_async(&mut connection).await;
    made.map_err(stream::failed)
}

/// Reads and writes until nothing is left; says how many entries there were, and how many
/// operations were refused.
async fn pipeline(redis_url: &str, pool: &Pool, number: usize) -> Result<(u64, u64), Failure> {
    let mut redis = stream::connect(redis_url).await?;
    let mut client = pool
        .get()
        .await
        .map_err(|error| Failure::Unreachable(error.to_string()))?;
    let (mut entries, mut refused) = (0, 0);
    loop {
        let read = read(&mut redis, number).await?;
        let read: Vec<_> = read.keys.into_iter().flat_map(|key| key.ids).collect();
        if read.is_empty() {
            return Ok((entries, refused));
        }
        for entry in read {
            let kind: String = entry.get("type").unwrap_or_default();
            let data: String = entry.get("data").unwrap_or_default();
            refused += write(&mut client, &kind, &data).await;
            ack(&mut redis, &entry.id).await?;
            entries += 1;
        }
    }
}

async fn read(
    redis: &mut MultiplexedConnection,
    number: usize,
) -> Result<StreamReadReply, Failure> {
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP")
        .arg(GROUP)
        .arg(format!("pipeline-{number}"));
    read.arg("COUNT").arg(10).arg("STREAMS").arg(KEY).arg(">");
    let reply: Option<StreamReadReply> = read.query_async(redis).await.map_err(stream::failed)?;
    Ok(reply.unwrap_or_default())
}

async fn ack(redis: &mut MultiplexedConnection, id: &str) -> Result<(), Failure> {
    let mut ack = redis::cmd("XACK");
    ack.arg(KEY).arg(GROUP).arg(id);
    ack.query_async(redis).await.map_err(stream::failed)
}

/// Writes an entry, a transaction for each of its operations; says how many of these were refused.
pub async fn write(client: &mut Client, kind: &str, data: &str) -> u64 {
    let mut refused = 0;
    for operation in steps::of(kind, data) {
        refused += u64::from(transaction(client, &operation).await.is_err());
    }
    refused
}

async fn transaction(client: &mut Client, steps: &[Step]) -> Result<(), tokio_postgres::Error> {
    if steps.is_empty() {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    for step in steps {
        let statement = transaction.prepare_cached(step.statement).await?;
        let values = step.values.iter().map(|value| value as &(dyn ToSql + Sync));
        let values: Vec<_> = values.collect();
        transaction.execute(&statement, &values).await?;
    }
    transaction.commit().await
}
