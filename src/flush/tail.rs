//! The transaction's tail: what several repos write, each under its table's lock.

use super::merge::merge_record;
use super::merging::Merging;
use super::pairs;
use super::terms::Counts;
use crate::error::DbError;
use crate::sql::{self, TailLock};
use crate::stage::Kind;

/// Merges verifications and list items, then the own counts of generators and labelers.
pub async fn merge(merging: &mut Merging<'_>) -> Result<(), DbError> {
    for (tail_lock, pair) in sql::shared_pairs() {
        if merging.holds(pair.kind) {
            lock(merging, tail_lock).await?;
            pairs::merge(merging, pair).await?;
        }
    }
    if merging.terms.counts == Counts::AtTheEnd {
        for own in sql::OWN_COUNTS.iter() {
            merge_record(merging, &own.record).await?;
        }
        return Ok(());
    }
    if own_counts_change(merging).await? {
        lock(merging, TailLock::OwnCounts).await?;
        own_counts(merging).await?;
    }
    Ok(())
}

/// Takes a table's lock.
pub async fn lock(merging: &Merging<'_>, tail_lock: TailLock) -> Result<(), DbError> {
    const WHAT: &str = "locking a shared table";
    merging
        .run_with(WHAT, sql::LOCK_TAIL, &[&(tail_lock as i32)])
        .await?;
    Ok(())
}

async fn own_counts_change(merging: &Merging<'_>) -> Result<bool, DbError> {
    const WHAT: &str = "looking for likes of generators";
    if sql::OWN_COUNTS
        .iter()
        .any(|own| merging.holds(own.record.kind))
    {
        return Ok(true);
    }
    if !merging.holds(Kind::Likes) {
        return Ok(false);
    }
    merging.ask(WHAT, sql::OWN_COUNTS_TOUCHED).await
}

/// The rows themselves are merged under the lock too: a row locked before it would wait for the
/// lock while the lock's holder waits for the row.
async fn own_counts(merging: &mut Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "counting likes of generators";
    for own in sql::OWN_COUNTS.iter() {
        merge_record(merging, &own.record).await?;
        merging.run(WHAT, &own.add).await?;
        if merging.batch.puts(own.record.kind) > 0 {
            merging.run(WHAT, &own.recount).await?;
        }
    }
    Ok(())
}
