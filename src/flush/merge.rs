//! The merges of one transaction, in the one order that every transaction keeps.
//!
//! It reads as the order in the design: users, the repo's own tables, the shared tail, the counts.
//! Kinds that the batch does not hold are passed over.

use deadpool_postgres::Transaction;

use super::merging::{Merged, Merging};
use super::statement::run;
use super::strike::Struck;
use super::terms::{Counts, Terms};
use super::{
    counts, flags, label_events, pairs, posts, reactions, strike, tail, thread_contexts,
    viewer_states,
};
use crate::batch::{Batch, Straight};
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

/// Merges what is staged, and puts in what is not.
pub async fn merge(
    transaction: &Transaction<'_>,
    batch: &Batch,
    straight: Straight,
    struck: &Struck,
    terms: &Terms,
) -> Result<Merged, DbError> {
    let mut merging = Merging::new(transaction, batch, straight, terms);
    strike::strike(&mut merging, struck).await?;
    ties(&merging).await?;
    users(&mut merging).await?;
    gates(&mut merging).await?;
    posts::merge(&mut merging).await?;
    for pair in sql::repo_pairs() {
        pairs::merge(&mut merging, pair).await?;
    }
    if terms.counts == Counts::Kept {
        counts::note_others(&merging).await?;
    }
    for record in sql::RECORDS.iter() {
        merge_record(&mut merging, record).await?;
    }
    label_events::put(&mut merging).await?;
    purges(&merging).await?;
    tombstones(&merging).await?;
    let is_touched = reactions::touched(&merging).await?;
    viewer_states::settle(&mut merging, is_touched).await?;
    tail::merge(&mut merging).await?;
    if terms.counts == Counts::Kept {
        flags::touch(&merging).await?;
        counts::add(&mut merging).await?;
        // From here on the rows of counts that were touched are held.
        thread_contexts::settle(&mut merging, is_touched).await?;
    }
    flags::settle(&merging).await?;
    Ok(merging.end())
}

/// Empties the staging tables for another part of the same transaction.
pub async fn unstage(transaction: &Transaction<'_>) -> Result<(), DbError> {
    run(transaction, "emptying staging", sql::UNSTAGE, &[]).await?;
    Ok(())
}

async fn ties(merging: &Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "ordering entries of one millisecond";
    if !merging.batch.has_ties() {
        return Ok(());
    }
    for (kind, yields) in sql::TIES_YIELD.iter() {
        if merging.batch.puts(*kind) > 0 {
            merging.run(WHAT, yields).await?;
        }
    }
    Ok(())
}

async fn users(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if merging.batch.deletes(Kind::Users) > 0 {
        const WHAT: &str = "deleting profiles";
        merging.run(WHAT, &sql::PROFILES_DELETE).await?;
    }
    let merges = [
        (Kind::Users, "merging profiles", sql::PROFILES_PUT),
        (Kind::Handles, "merging handles", sql::HANDLES_PUT),
        (Kind::Accounts, "merging accounts", sql::ACCOUNTS_PUT),
    ];
    for (kind, what, text) in merges {
        if merging.batch.puts(kind) > 0 {
            let written = merging.run(what, text).await?;
            merging.written(written);
        }
    }
    Ok(())
}

async fn gates(merging: &mut Merging<'_>) -> Result<(), DbError> {
    for gate in sql::GATES.iter() {
        merge_record(merging, gate).await?;
    }
    Ok(())
}

/// Deletes first, so that a delete and a later create of one uri both take effect.
pub async fn merge_record(merging: &mut Merging<'_>, record: &sql::Record) -> Result<(), DbError> {
    if merging.batch.deletes(record.kind) > 0 {
        let gone = merging.run("deleting records", &record.delete).await?;
        label_events::gone_with(merging, record.kind, gone);
    }
    if merging.batch.puts(record.kind) > 0 {
        let written = merging.run("merging records", record.put).await?;
        merging.written(written);
    }
    Ok(())
}

/// What an account event asks for; the purge itself is done by a task of its own.
async fn purges(merging: &Merging<'_>) -> Result<(), DbError> {
    if merging.batch.deletes(Kind::Accounts) > 0 {
        merging.run("noting purges", sql::purge::PUT).await?;
    }
    Ok(())
}

async fn tombstones(merging: &Merging<'_>) -> Result<(), DbError> {
    if Kind::ALL
        .iter()
        .any(|kind| merging.batch.deletes(*kind) > 0)
    {
        merging
            .run("leaving tombstones", sql::TOMBSTONES_PUT)
            .await?;
    }
    if merging.batch.has_ties() {
        merging
            .run("keeping sequence numbers", sql::TIES_PUT)
            .await?;
    }
    Ok(())
}
