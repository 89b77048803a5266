//! Whose rows the tables hold, and what a worker says about it when it starts.

use deadpool_postgres::Pool;
use tracing::warn;

use crate::error::DbError;
use crate::sql::takeover as sql;

/// Whose rows the tables hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Ours: the tables were empty when the first worker came, or were taken over.
    Known,
    /// Others wrote them, and no takeover was made.
    Foreign,
    /// A takeover was begun and not brought to its end.
    TakeoverBrokenOff,
}

/// Tells whose rows the tables hold; marks empty ones as ours.
///
/// # Errors
///
/// The database is away or refuses; act on the error's verdict.
pub async fn origin(pool: &Pool) -> Result<Origin, DbError> {
    const WHAT: &str = "asking whose rows the tables hold";
    let client = pool.get().await?;
    let row = client
        .query_one(sql::ORIGIN_NOTICE, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let (marked, filled, broken_off) = (row.get(0), row.get(1), row.get(2));
    Ok(match (broken_off, filled, marked) {
        (true, ..) => Origin::TakeoverBrokenOff,
        (false, true, false) => Origin::Foreign,
        _ => Origin::Known,
    })
}

/// Says what to do where the rows are not ours. It goes on: beside an incumbent a worker may be on
/// trial, and nothing is lost by it that a takeover does not put right.
///
/// # Errors
///
/// As [`origin`].
pub async fn notice(pool: &Pool) -> Result<Origin, DbError> {
    let origin = origin(pool).await?;
    match origin {
        Origin::Known => {}
        Origin::Foreign => warn!(
            "the tables hold rows that forebay did not write, and no takeover was made: updates and deletes of those rows may be missed and counts are not exact. Stop the other worker and this one, then run `forebay takeover`, `forebay run` and `forebay audit --repair` (docs/migrate-from-python.md)"
        ),
        Origin::TakeoverBrokenOff => warn!(
            "a takeover was begun and not brought to its end: stop this worker and run `forebay takeover` again"
        ),
    }
    Ok(origin)
}
