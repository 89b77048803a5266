//! The merges of one transaction, in the one order that every transaction keeps.
//!
//! It reads as the order in the design: users, the repo's own tables, the shared tail, the counts.
//! Kinds that the batch does not hold are passed over.

use deadpool_postgres::Transaction;

use super::statement::run;
use super::{pairs, posts, strike, tail};
use crate::batch::Batch;
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Takes the locks of these partitions, ascending. In a statement of its own: the statements after
/// it see everything that was committed for these repos.
pub async fn lock_partitions(
    transaction: &Transaction<'_>,
    partitions: &[i32],
) -> Result<(), DbError> {
    const WHAT: &str = "locking partitions";
    run(transaction, WHAT, sql::LOCK_PARTITIONS, &[&partitions]).await?;
    Ok(())
}

/// Merges what is staged.
pub async fn merge(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    strike::strike(transaction, batch).await?;
    ties(transaction, batch).await?;
    users(transaction, batch).await?;
    gates(transaction, batch).await?;
    posts::merge(transaction, batch).await?;
    for pair in sql::repo_pairs() {
        pairs::merge(transaction, batch, pair).await?;
    }
    for record in sql::RECORDS.iter() {
        merge_record(transaction, batch, record).await?;
    }
    tombstones(transaction, batch).await?;
    tail::merge(transaction, batch).await?;
    run(
        transaction,
        "adding up counts",
        sql::POST_AGGREGATIONS_PUT,
        &[],
    )
    .await?;
    Ok(())
}

/// Empties the staging tables for another part of the same transaction.
pub async fn unstage(transaction: &Transaction<'_>) -> Result<(), DbError> {
    run(transaction, "emptying staging", sql::UNSTAGE, &[]).await?;
    Ok(())
}

/// Whether a batch holds anything of a kind.
pub fn holds(batch: &Batch, kind: Kind) -> bool {
    batch.puts(kind) > 0 || batch.deletes(kind) > 0
}

async fn ties(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    const WHAT: &str = "ordering entries of one millisecond";
    if !batch.has_ties() {
        return Ok(());
    }
    for (kind, yields) in sql::TIES_YIELD.iter() {
        if batch.puts(*kind) > 0 {
            run(transaction, WHAT, yields, &[]).await?;
        }
    }
    Ok(())
}

async fn users(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    if batch.deletes(Kind::Users) > 0 {
        const WHAT: &str = "deleting profiles";
        run(transaction, WHAT, &sql::PROFILES_DELETE, &[]).await?;
    }
    let merges = [
        (Kind::Users, "merging profiles", sql::PROFILES_PUT),
        (Kind::Handles, "merging handles", sql::HANDLES_PUT),
        (Kind::Accounts, "merging accounts", sql::ACCOUNTS_PUT),
    ];
    for (kind, what, text) in merges {
        if batch.puts(kind) > 0 {
            run(transaction, what, text, &[]).await?;
        }
    }
    Ok(())
}

async fn gates(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    let mut any = false;
    for gate in sql::GATES.iter() {
        any |= holds(batch, gate.kind);
        merge_record(transaction, batch, gate).await?;
    }
    if any {
        run(transaction, "flagging gated posts", sql::POSTS_GATED, &[]).await?;
    }
    Ok(())
}

/// Deletes first, so that a delete and a later create of one uri both take effect.
pub async fn merge_record(
    transaction: &Transaction<'_>,
    batch: &Batch,
    record: &sql::Record,
) -> Result<(), DbError> {
    if batch.deletes(record.kind) > 0 {
        run(transaction, "deleting records", &record.delete, &[]).await?;
    }
    if batch.puts(record.kind) > 0 {
        run(transaction, "merging records", record.put, &[]).await?;
    }
    Ok(())
}

async fn tombstones(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    if Kind::ALL.iter().any(|kind| batch.deletes(*kind) > 0) {
        run(transaction, "leaving tombstones", sql::TOMBSTONES_PUT, &[]).await?;
    }
    if batch.has_ties() {
        run(transaction, "keeping sequence numbers", sql::TIES_PUT, &[]).await?;
    }
    Ok(())
}
