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
    let mut contested = 0;
    let mut left_over = 0;
    if batch.deletes(pair.kind) > 0 {
        contested = delete(transaction, pair).await?;
    }
    if batch.puts(pair.kind) > 0 {
        left_over = put(transaction, pair).await?;
    }
    if contested > 0 || left_over > 0 {
        settle(transaction, pair, contested).await?;
    }
    Ok(())
}

/// Deletes rows and contested records; says how many keys have to be settled for it.
async fn delete(transaction: &Transaction<'_>, pair: &Pair) -> Result<u64, DbError> {
    const WHAT: &str = "deleting pairs";
    run(transaction, WHAT, &pair.delete, &[]).await?;
    if pair.kind == Kind::Reposts {
        run(transaction, WHAT, &sql::REPOSTS_UNFEED, &[]).await?;
    }
    run(transaction, WHAT, &pair.delete_duplicates, &[]).await
}

/// Adds rows; says how many were not simply added.
async fn put(transaction: &Transaction<'_>, pair: &Pair) -> Result<i64, DbError> {
    const WHAT: &str = "merging pairs";
    let left_over = ask_one(transaction, WHAT, &pair.put, &[]).await?;
    if pair.kind == Kind::Reposts {
        run(transaction, WHAT, sql::REPOSTS_FEED, &[]).await?;
    }
    Ok(left_over)
}

/// Chooses the holders of contested keys again. Of the staged rows only those may be left that
/// want such a key, whatever brought us here.
async fn settle(transaction: &Transaction<'_>, pair: &Pair, contested: u64) -> Result<(), DbError> {
    const WHAT: &str = "settling contested pairs";
    run(transaction, WHAT, &pair.settled, &[]).await?;
    if contested + run(transaction, WHAT, &pair.contest, &[]).await? == 0 {
        return Ok(());
    }
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
