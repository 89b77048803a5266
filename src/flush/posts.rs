//! Merges of posts, with their quotes and feed items.

use super::changes::Table;
use super::merging::Merging;
use super::{notifications, straight};
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Merges posts; gates of the same repos were merged before.
pub async fn merge(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if merging.batch.deletes(Kind::Posts) > 0 {
        delete(merging).await?;
    }
    straight::put(merging, Kind::Posts).await?;
    notifications::mentions(merging).await?;
    if merging.staged(Kind::Posts) > 0 {
        put(merging).await?;
    }
    Ok(())
}

async fn delete(merging: &mut Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "deleting posts";
    notifications::of_posts_that_go(merging).await?;
    let removed: i64 = merging.ask(WHAT, &sql::POSTS_DELETE).await?;
    merging.note(Table::Posts, -removed);
    merging.run(WHAT, sql::QUOTES_DELETE).await?;
    let unfed = merging.run(WHAT, &sql::POSTS_UNFEED).await?;
    merging.note(Table::FeedItems, -unfed.cast_signed());
    Ok(())
}

async fn put(merging: &mut Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "merging posts";
    if merging.ask(WHAT, sql::POSTS_SEEN).await? {
        merging.changes.unwritten.present += merging.run(WHAT, sql::POSTS_STALE).await?;
        notifications::of_posts_revised(merging).await?;
        merging.run(WHAT, sql::POSTS_REVISE).await?;
    }
    let added = merging.ask(WHAT, sql::POSTS_PUT).await?;
    merging.note(Table::Posts, added);
    merging.run(WHAT, sql::POSTS_COUNT).await?;
    merging.run(WHAT, sql::QUOTES_PUT).await?;
    let fed = merging.ask(WHAT, sql::POSTS_FEED).await?;
    merging.note(Table::FeedItems, fed);
    notifications::of_posts(merging).await
}
