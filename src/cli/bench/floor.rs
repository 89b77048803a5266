//! The floor: what PostgreSQL alone takes to put in the rows that a pass has left.
//!
//! They are kept aside in the same database, the tables are emptied, and then one sorted
//! `insert … select` per table puts them in again, two backends at once.

use std::time::Duration;

use super::backends;
use super::ground::{Ground, refused};
use crate::cli::Failure;
use crate::sql;

/// Takes the time; the database has the same rows afterwards, in other places.
///
/// # Errors
///
/// The server is away or refuses.
pub async fn measure(ground: &Ground, database: &str) -> Result<Duration, Failure> {
    let puts = keep(ground, database).await?;
    ground.settle().await?;
    // As the worker has it: sorts stay in memory.
    let session = "set work_mem = '32MB'; set synchronous_commit = on";
    backends::run(ground, database, session, puts).await
}

/// Keeps all rows aside and empties the tables; gives the statements that put them back, the
/// largest table's first.
async fn keep(ground: &Ground, database: &str) -> Result<Vec<String>, Failure> {
    let client = ground.connect(database).await?;
    client
        .batch_execute("drop schema if exists bench_floor cascade; create schema bench_floor")
        .await
        .map_err(refused)?;
    let tables = client
        .query(sql::bench::TABLES, &[])
        .await
        .map_err(refused)?;
    let mut sized = Vec::new();
    for table in &tables {
        let rows = client.execute(table.get::<_, &str>(0), &[]).await;
        sized.push((rows.map_err(refused)?, table.get::<_, String>(2)));
    }
    for table in &tables {
        client.batch_execute(table.get(1)).await.map_err(refused)?;
    }
    sized.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    sized.retain(|(rows, _)| *rows > 0);
    Ok(sized.into_iter().map(|(_, put)| put).collect())
}
