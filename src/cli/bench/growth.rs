//! Growth: a database that holds so many likes already, and what belongs to them.
//!
//! Rows are made by PostgreSQL itself, from numbers, in the demo's proportions. The indexes are made
//! after that, so that ten million likes take minutes and not hours.

use super::backends;
use super::ground::{Ground, refused};
use crate::cli::Failure;
use crate::sql;

/// Nothing here has to survive a crash, and there is memory for large sorts.
const SESSION: &str = "set synchronous_commit = off; set work_mem = '64MB';
    set maintenance_work_mem = '256MB'; set client_min_messages = error;";

/// Fills a fresh database.
///
/// # Errors
///
/// The server is away or refuses.
pub async fn fill(ground: &Ground, database: &str, likes: u64) -> Result<(), Failure> {
    if likes == 0 {
        return Ok(());
    }
    let client = ground.connect(database).await?;
    let indexes = client.query(sql::bench::INDEXES, &[]).await;
    let mut remake = Vec::new();
    for index in indexes.map_err(refused)? {
        client.batch_execute(index.get(0)).await.map_err(refused)?;
        remake.push(index.get::<_, String>(1));
    }
    let with_names = [SESSION, sql::bench::FILL_DID, ";", sql::bench::FILL_POST].concat();
    backends::run(ground, database, &with_names, sql::bench::fills(likes)).await?;
    let last = vec![sql::bench::FILL_FEED_ITEMS.to_owned()];
    backends::run(ground, database, SESSION, last).await?;
    backends::run(ground, database, SESSION, remake).await?;
    client
        .batch_execute("vacuum analyze")
        .await
        .map_err(refused)
}
