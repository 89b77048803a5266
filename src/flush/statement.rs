//! Sending one prepared statement.
//!
//! Statements are prepared once per connection, by their text.

use std::time::{Duration, SystemTime};

use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSqlOwned, ToSql};

use crate::error::DbError;
use crate::position::Micros;

/// The parameters of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Runs a statement and says how many rows it wrote.
pub async fn run(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<u64, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    transaction
        .execute(&statement, params)
        .await
        .map_err(DbError::during(what))
}

/// Runs a statement and takes its rows.
pub async fn query(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<Vec<Row>, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    transaction
        .query(&statement, params)
        .await
        .map_err(DbError::during(what))
}

/// As [`query`], for a statement of one column.
pub async fn list<T: FromSqlOwned>(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<Vec<T>, DbError> {
    let rows = query(transaction, what, text, params).await?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(DbError::during(what)))
        .collect()
}

/// As [`query`], for a statement of one row.
pub async fn query_one(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<Row, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    transaction
        .query_one(&statement, params)
        .await
        .map_err(DbError::during(what))
}

/// A moment as a parameter of type timestamp.
pub fn timestamp(at: Micros) -> SystemTime {
    let magnitude = Duration::from_micros(at.unsigned_abs());
    if at >= 0 {
        SystemTime::UNIX_EPOCH + magnitude
    } else {
        SystemTime::UNIX_EPOCH - magnitude
    }
}
