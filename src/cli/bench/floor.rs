//! The floor: what PostgreSQL alone takes to put in the rows that a pass has left.
//!
//! They are kept aside in the same database and removed from the tables, and then one sorted
//! `insert … select` per table puts them in again, two backends at once. Where the tables held others
//! before, these stay, and the pages of indexes have some room from those that were removed: what is
//! measured is rather too fast.

use std::time::Duration;

use super::backends;
use super::ground::{Ground, refused};
use crate::cli::Failure;
use crate::sql;

/// Where a pass began, in a database that held rows before.
#[derive(Clone, Debug)]
pub struct Mark(String);

impl Mark {
    /// What is written from now on.
    ///
    /// # Errors
    ///
    /// The server is away or refuses.
    pub async fn now(ground: &Ground, database: &str) -> Result<Mark, Failure> {
        let client = ground.connect(database).await?;
        let row = client.query_one(sql::bench::MARK, &[]).await;
        Ok(Mark(row.map_err(refused)?.get(0)))
    }
}

/// What was put in again.
#[derive(Clone, Copy, Debug)]
pub struct Floor {
    /// Rows of all tables.
    pub rows: u64,
    /// How long it took.
    pub took: Duration,
}

/// Takes the time for the rows that were written since a mark, or for all; the database has the same
/// rows afterwards, in other places.
///
/// # Errors
///
/// The server is away or refuses.
pub async fn measure(
    ground: &Ground,
    database: &str,
    since: Option<&Mark>,
) -> Result<Floor, Failure> {
    let Kept { rows, first, then } = keep(ground, database, since).await?;
    ground.settle().await?;
    // As the worker has it: sorts stay in memory.
    let session = "set work_mem = '32MB'; set synchronous_commit = on";
    let took = backends::run(ground, database, session, first).await?;
    let took = took + backends::run(ground, database, session, then).await?;
    Ok(Floor { rows, took })
}

/// Rows that were kept aside, and the statements that put them back: the largest table's first, and
/// those of tables that refer to others.
struct Kept {
    rows: u64,
    first: Vec<String>,
    then: Vec<String>,
}

/// Keeps the rows aside and removes them from the tables.
async fn keep(ground: &Ground, database: &str, since: Option<&Mark>) -> Result<Kept, Failure> {
    let client = ground.connect(database).await?;
    client
        .batch_execute("drop schema if exists bench_floor cascade; create schema bench_floor")
        .await
        .map_err(refused)?;
    let tables = client
        .query(sql::bench::TABLES, &[&since.map(|Mark(mark)| mark)])
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
    if since.is_some() {
        client.batch_execute("vacuum").await.map_err(refused)?;
    }
    sized.sort_by_key(|(rows, ..)| std::cmp::Reverse(*rows));
    sized.retain(|(rows, ..)| *rows > 0);
    let rows = sized.iter().map(|(rows, ..)| rows).sum();
    let (then, first): (Vec<_>, Vec<_>) = sized.into_iter().partition(|(.., refers)| *refers);
    let [first, then] = [first, then].map(|some| some.into_iter().map(|(_, put, _)| put).collect());
    Ok(Kept { rows, first, then })
}
