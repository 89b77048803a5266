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
    let [first, then] = keep(ground, database).await?;
    ground.settle().await?;
    // As the worker has it: sorts stay in memory.
    let session = "set work_mem = '32MB'; set synchronous_commit = on";
    let took = backends::run(ground, database, session, first).await?;
    Ok(took + backends::run(ground, database, session, then).await?)
}

/// Keeps all rows aside and empties the tables; gives the statements that put them back, the
/// largest table's first, and those of tables that refer to others.
async fn keep(ground: &Ground, database: &str) -> Result<[Vec<String>; 2], Failure> {
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
        let (put, refers): (String, bool) = (table.get(2), table.get(3));
        sized.push((rows.map_err(refused)?, put, refers));
    }
    for table in &tables {
        client.batch_execute(table.get(1)).await.map_err(refused)?;
    }
    sized.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    sized.retain(|(rows, ..)| *rows > 0);
    let (then, first): (Vec<_>, Vec<_>) = sized.into_iter().partition(|(.., refers)| *refers);
    Ok([first, then].map(|some| some.into_iter().map(|(_, put, _)| put).collect()))
}
