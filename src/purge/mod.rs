//! Removing all records of one repo up to a position, as if each had been deleted there.
//!
//! That it is to be done stands in `forebay.purges`, committed with the event that asks for it or by
//! hand: from then on the merges keep late rows away, and whoever is broken off is followed by the
//! next. Page by page, each page's deletes go through the worker's own flush. It knows where records
//! are, and nothing of what follows from them.

mod pages;
mod task;

pub use pages::{Left, Removed, count, mine, remove};
pub use task::Purger;

use deadpool_postgres::Object;

use crate::error::DbError;
use crate::flush::{lock_partitions, statement_timestamp};
use crate::partition;
use crate::position::Position;
use crate::sql::purge as sql;

/// A repo that is to be purged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub did: String,
    /// What is later stays.
    pub position: Position,
}

/// What is to be done, the oldest first, but for the accounts in `left_out`.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn to_do(client: &Object, left_out: &[String]) -> Result<Vec<Job>, DbError> {
    const JOBS_AT_ONCE: i64 = 1_000;
    let rows = client
        .query(sql::TO_DO, &[&JOBS_AT_ONCE, &left_out])
        .await
        .map_err(DbError::during("asking for purges"))?;
    let job = |row: &tokio_postgres::Row| Job {
        did: row.get(0),
        position: Position {
            at: row.get(1),
            tie: row.get(2),
        },
    };
    Ok(rows.iter().map(job).collect())
}

/// Whether another process is at a purge.
///
/// # Errors
///
/// As [`to_do`].
pub async fn is_locked(client: &Object) -> Result<bool, DbError> {
    let row = client.query_one(sql::LOCKED, &[]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(DbError::during("asking whether a purge is under way"))
}

/// Notes by hand that a repo is to be purged. Whoever is merging its rows now is waited for, so that
/// whatever is not seen by the purge is kept away by the note.
///
/// # Errors
///
/// As [`to_do`].
pub async fn order(client: &mut Object, job: &Job) -> Result<(), DbError> {
    const WHAT: &str = "noting a purge";
    let transaction = client.transaction().await.map_err(DbError::during(WHAT))?;
    lock_partitions(&transaction, &[i32::from(partition::of(&job.did))]).await?;
    transaction
        .execute(
            sql::ORDER,
            &[
                &job.did,
                &statement_timestamp(job.position.at),
                &job.position.tie,
            ],
        )
        .await
        .map_err(DbError::during(WHAT))?;
    transaction.commit().await.map_err(DbError::during(WHAT))
}

/// Notes that a purge is done, unless a later one was asked for meanwhile.
///
/// # Errors
///
/// As [`to_do`].
pub async fn done(client: &Object, job: &Job) -> Result<(), DbError> {
    let at = statement_timestamp(job.position.at);
    client
        .execute(sql::DONE, &[&job.did, &at, &job.position.tie])
        .await
        .map_err(DbError::during("noting that a purge is done"))?;
    Ok(())
}
