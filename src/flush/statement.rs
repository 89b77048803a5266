//! Sending one prepared statement.
//!
//! Statements are prepared once per connection, by their text.

use std::time::{Duration, SystemTime};

use deadpool_postgres::Transaction;
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

/// Runs a statement and takes the first column of its rows.
pub async fn ask<T: FromSqlOwned>(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<Vec<T>, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    let rows = transaction
        .query(&statement, params)
        .await
        .map_err(DbError::during(what))?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(DbError::during(what)))
        .collect()
}

/// As [`ask`], for a statement of one row.
pub async fn ask_one<T: FromSqlOwned>(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    params: Params<'_>,
) -> Result<T, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    transaction
        .query_one(&statement, params)
        .await
        .and_then(|row| row.try_get(0))
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
