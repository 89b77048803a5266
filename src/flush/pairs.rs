//! Merges of tables with a second unique key.
//!
//! Most records go straight into their table. For the others the plain case is one statement. What it
//! leaves over (updates, and records of one pair) is settled set by set: all claimants go to `forebay.duplicates`, the holders leave the table, and
//! the first of each key is seated.

use super::changes::Table;
use super::merging::Merging;
use super::{notifications, straight};
use crate::error::DbError;
use crate::sql::{self, Counted, Pair};
use crate::stage::Kind;

/// Merges one such table.
pub async fn merge(merging: &mut Merging<'_>, pair: &Pair) -> Result<(), DbError> {
    if !merging.holds(pair.kind) {
        return Ok(());
    }
    let mut contested = 0;
    let mut left_over = 0;
    if merging.batch.deletes(pair.kind) > 0 {
        contested = delete(merging, pair).await?;
    }
    straight::put(merging, pair.kind).await?;
    if merging.staged(pair.kind) > 0 {
        left_over = put(merging, pair).await?;
    }
    if contested > 0 || left_over > 0 {
        settle(merging, pair, contested).await?;
    }
    Ok(())
}

/// Deletes rows and contested records; says how many keys have to be settled for it.
async fn delete(merging: &mut Merging<'_>, pair: &Pair) -> Result<u64, DbError> {
    const WHAT: &str = "deleting pairs";
    let removed = changed(merging, WHAT, pair, &pair.delete).await?;
    merging.removed(pair.kind, removed);
    if pair.kind == Kind::Reposts {
        let unfed = merging.run(WHAT, &sql::REPOSTS_UNFEED).await?;
        merging.note(Table::FeedItems, -unfed.cast_signed());
    }
    notifications::deleted(merging, pair.kind).await?;
    merging.run(WHAT, &pair.delete_duplicates).await
}

/// Adds staged rows; says how many were not simply added.
async fn put(merging: &mut Merging<'_>, pair: &Pair) -> Result<i64, DbError> {
    const WHAT: &str = "merging pairs";
    let (added, left_over) = merging.ask_two(WHAT, &pair.put).await?;
    merging.added(pair.kind, added);
    if pair.kind == Kind::Reposts {
        let fed = merging.ask(WHAT, sql::REPOSTS_FEED).await?;
        merging.note(Table::FeedItems, fed);
    }
    notifications::added(merging, pair.kind).await?;
    Ok(left_over)
}

/// Chooses the holders of contested keys again. Of the staged rows only those may be left that
/// want such a key, whatever brought us here.
async fn settle(merging: &mut Merging<'_>, pair: &Pair, contested: u64) -> Result<(), DbError> {
    const WHAT: &str = "settling contested pairs";
    merging.changes.unwritten.present += merging.run(WHAT, &pair.settled).await?;
    if contested + merging.run(WHAT, &pair.contest).await? == 0 {
        return Ok(());
    }
    merging.run(WHAT, &pair.hold).await?;
    notifications::held(merging, pair.kind).await?;
    merging.run(WHAT, &pair.claim).await?;
    let vacated = changed(merging, WHAT, pair, &pair.vacate).await?;
    let seated = changed(merging, WHAT, pair, &pair.seat).await?;
    merging.added(pair.kind, seated - vacated);
    if pair.kind == Kind::Reposts {
        let unfed = merging.run(WHAT, sql::REPOSTS_UNFEED_CONTESTED).await?;
        let fed = merging.run(WHAT, sql::REPOSTS_FEED_CONTESTED).await?;
        merging.note(Table::FeedItems, fed.cast_signed() - unfed.cast_signed());
    }
    notifications::settled(merging, pair.kind).await?;
    merging.run(WHAT, &pair.settle).await?;
    Ok(())
}

/// Runs a statement and says how many of the table's rows it added or removed: where those count
/// for their targets it is itself an insert of deltas, and says so in its answer.
async fn changed(
    merging: &Merging<'_>,
    what: &'static str,
    pair: &Pair,
    text: &str,
) -> Result<i64, DbError> {
    match pair.counted {
        Counted::ByTarget => merging.ask(what, text).await,
        Counted::No => Ok(merging.run(what, text).await?.cast_signed()),
    }
}
