//! Merges of tables with a second unique key.
//!
//! The plain case is one statement. What it leaves over (updates, and records of one pair) is
//! settled set by set: all claimants go to `forebay.duplicates`, the holders leave the table, and
//! the first of each key is seated.

use deadpool_postgres::Transaction;

use super::merge::holds;
use super::statement::{ask_one, run};
use crate::batch::Batch;
use crate::error::DbError;
use crate::sql::{self, Pair};
use crate::stage::Kind;

/// Merges one such table.
pub async fn merge(
    transaction: &Transaction<'_>,
    batch: &Batch,
    pair: &Pair,
) -> Result<(), DbError> {
    if !holds(batch, pair.kind) {
        return Ok(());
    }
    let mut settle = false;
    if batch.deletes(pair.kind) > 0 {
        settle |= delete(transaction, pair).await?;
    }
    if batch.puts(pair.kind) > 0 {
        settle |= put(transaction, pair).await?;
    }
    if settle {
        settle_keys(transaction, pair).await?;
    }
    Ok(())
}

/// Deletes rows and contested records; says whether keys have to be settled for it.
async fn delete(transaction: &Transaction<'_>, pair: &Pair) -> Result<bool, DbError> {
    const WHAT: &str = "deleting pairs";
    run(transaction, WHAT, &pair.delete, &[]).await?;
    if pair.kind == Kind::Reposts {
        run(transaction, WHAT, &sql::REPOSTS_UNFEED, &[]).await?;
    }
    Ok(run(transaction, WHAT, &pair.delete_duplicates, &[]).await? > 0)
}

/// Adds rows; says whether keys have to be settled for those that could not simply be added.
async fn put(transaction: &Transaction<'_>, pair: &Pair) -> Result<bool, DbError> {
    const WHAT: &str = "merging pairs";
    let left_over: i64 = ask_one(transaction, WHAT, &pair.put, &[]).await?;
    if pair.kind == Kind::Reposts {
        run(transaction, WHAT, sql::REPOSTS_FEED, &[]).await?;
    }
    if left_over == 0 {
        return Ok(false);
    }
    Ok(run(transaction, WHAT, &pair.contest, &[]).await? > 0)
}

async fn settle_keys(transaction: &Transaction<'_>, pair: &Pair) -> Result<(), DbError> {
    const WHAT: &str = "settling contested pairs";
    run(transaction, WHAT, &pair.hold, &[]).await?;
    run(transaction, WHAT, &pair.claim, &[]).await?;
    run(transaction, WHAT, &pair.vacate, &[]).await?;
    run(transaction, WHAT, &pair.seat, &[]).await?;
    if pair.kind == Kind::Reposts {
        run(transaction, WHAT, sql::REPOSTS_UNFEED_CONTESTED, &[]).await?;
        run(transaction, WHAT, sql::REPOSTS_FEED_CONTESTED, &[]).await?;
    }
    run(transaction, WHAT, &pair.settle, &[]).await?;
    Ok(())
}
