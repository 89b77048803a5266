//! The transaction's tail: what several repos write, each under its table's lock.

use deadpool_postgres::Transaction;

use super::merge::{holds, merge_record};
use super::pairs;
use super::statement::{ask_one, run};
use crate::batch::Batch;
use crate::error::DbError;
use crate::sql::{self, TailLock};
use crate::stage::Kind;

/// Merges verifications and list items, then the own counts of generators and labelers.
pub async fn merge(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    for (tail_lock, pair) in sql::shared_pairs() {
        if holds(batch, pair.kind) {
            lock(transaction, tail_lock).await?;
            pairs::merge(transaction, batch, pair).await?;
        }
    }
    if own_counts_change(transaction, batch).await? {
        lock(transaction, TailLock::OwnCounts).await?;
        own_counts(transaction, batch).await?;
    }
    Ok(())
}

async fn lock(transaction: &Transaction<'_>, tail_lock: TailLock) -> Result<(), DbError> {
    const WHAT: &str = "locking a shared table";
    run(transaction, WHAT, sql::LOCK_TAIL, &[&(tail_lock as i32)]).await?;
    Ok(())
}

async fn own_counts_change(transaction: &Transaction<'_>, batch: &Batch) -> Result<bool, DbError> {
    const WHAT: &str = "looking for likes of generators";
    if sql::OWN_COUNTS
        .iter()
        .any(|own| holds(batch, own.record.kind))
    {
        return Ok(true);
    }
    if !holds(batch, Kind::Likes) {
        return Ok(false);
    }
    ask_one(transaction, WHAT, sql::OWN_COUNTS_TOUCHED, &[]).await
}

/// The rows themselves are merged under the lock too: a row locked before it would wait for the
/// lock while the lock's holder waits for the row.
async fn own_counts(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    const WHAT: &str = "counting likes of generators";
    for own in sql::OWN_COUNTS.iter() {
        merge_record(transaction, batch, &own.record).await?;
        run(transaction, WHAT, &own.add, &[]).await?;
        if batch.puts(own.record.kind) > 0 {
            run(transaction, WHAT, &own.recount, &[]).await?;
        }
    }
    Ok(())
}
