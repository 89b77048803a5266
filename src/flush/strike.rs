//! Takes from staging what must not be merged: records of actors who opted out, and what a later
//! delete has ended.

use std::collections::HashSet;
use std::time::SystemTime;

use deadpool_postgres::Transaction;

use super::merging::Merging;
use super::statement::{list, timestamp};
use crate::batch::Batch;
use crate::error::DbError;
use crate::position::Position;
use crate::sql;

/// More recent tombstones than this are looked up by uri instead of being gathered first.
const FEW_TOMBSTONES: usize = 10_000;

/// Opt-outs of more owners than this are not looked up one by one.
const MANY_OWNERS: usize = 1_000;

/// What speaks against rows of a batch. Looked up under the locks of its repos, it does not change.
#[derive(Debug, Default)]
pub struct Struck {
    /// Owners who opted out.
    pub opted_out: Vec<String>,
    /// What was deleted lately.
    pub deleted: Deleted,
}

/// The tombstones that a batch could meet.
#[derive(Debug, Default)]
pub enum Deleted {
    /// None.
    #[default]
    Nothing,
    /// Of these uris, at or after the batch's oldest position.
    Few(Vec<String>, SystemTime),
    /// Too many to gather.
    Many,
}

/// Looks up both.
pub async fn look_up(transaction: &Transaction<'_>, batch: &Batch) -> Result<Struck, DbError> {
    Ok(Struck {
        opted_out: opted_out(transaction, batch).await?,
        deleted: match batch.oldest() {
            Some(oldest) => deleted(transaction, oldest).await?,
            None => Deleted::Nothing,
        },
    })
}

/// Strikes both from what is staged.
pub async fn strike(merging: &Merging<'_>, struck: &Struck) -> Result<(), DbError> {
    const WHAT: &str = "striking rows from staging";
    if !struck.opted_out.is_empty() {
        for strike in sql::OPTED_OUT_STRIKE.iter() {
            merging.run_with(WHAT, strike, &[&struck.opted_out]).await?;
        }
    }
    match &struck.deleted {
        Deleted::Nothing => {}
        Deleted::Few(_, since) => {
            for strike in sql::TOMBSTONES_STRIKE_RECENT.iter() {
                merging.run_with(WHAT, strike, &[since]).await?;
            }
        }
        Deleted::Many => {
            for strike in sql::TOMBSTONES_STRIKE_BY_URI.iter() {
                merging.run(WHAT, strike).await?;
            }
        }
    }
    Ok(())
}

async fn opted_out(transaction: &Transaction<'_>, batch: &Batch) -> Result<Vec<String>, DbError> {
    const WHAT: &str = "looking up opt-outs";
    let owners: Vec<&str> = batch.owners().collect();
    match owners.len() {
        0 => Ok(Vec::new()),
        1..=MANY_OWNERS => list(transaction, WHAT, sql::OPTED_OUT, &[&owners]).await,
        _ => {
            let mut all: Vec<String> = list(transaction, WHAT, sql::OPTED_OUT_ALL, &[]).await?;
            let owners: HashSet<&str> = owners.into_iter().collect();
            all.retain(|did| owners.contains(did.as_str()));
            Ok(all)
        }
    }
}

async fn deleted(transaction: &Transaction<'_>, oldest: Position) -> Result<Deleted, DbError> {
    const WHAT: &str = "looking up tombstones";
    let since = timestamp(oldest.at);
    let most = i64::try_from(FEW_TOMBSTONES + 1).unwrap_or(i64::MAX);
    let uris: Vec<String> =
        list(transaction, WHAT, sql::TOMBSTONES_RECENT, &[&since, &most]).await?;
    Ok(match uris.len() {
        0 => Deleted::Nothing,
        1..=FEW_TOMBSTONES => Deleted::Few(uris, since),
        _ => Deleted::Many,
    })
}
