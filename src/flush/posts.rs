//! Merges of posts, with their quotes and feed items.

use deadpool_postgres::Transaction;

use super::statement::{ask_one, run};
use crate::batch::Batch;
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Merges posts; gates of the same repos were merged before.
pub async fn merge(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    if batch.deletes(Kind::Posts) > 0 {
        delete(transaction).await?;
    }
    if batch.puts(Kind::Posts) > 0 {
        put(transaction).await?;
    }
    Ok(())
}

async fn delete(transaction: &Transaction<'_>) -> Result<(), DbError> {
    const WHAT: &str = "deleting posts";
    run(transaction, WHAT, &sql::POSTS_DELETE, &[]).await?;
    run(transaction, WHAT, sql::QUOTES_DELETE, &[]).await?;
    run(transaction, WHAT, &sql::POSTS_UNFEED, &[]).await?;
    Ok(())
}

async fn put(transaction: &Transaction<'_>) -> Result<(), DbError> {
    const WHAT: &str = "merging posts";
    if ask_one(transaction, WHAT, sql::POSTS_SEEN, &[]).await? {
        run(transaction, WHAT, sql::POSTS_STALE, &[]).await?;
        run(transaction, WHAT, sql::POSTS_REVISE, &[]).await?;
    }
    run(transaction, WHAT, sql::POSTS_PUT, &[]).await?;
    run(transaction, WHAT, sql::POSTS_COUNT, &[]).await?;
    run(transaction, WHAT, sql::QUOTES_PUT, &[]).await?;
    run(transaction, WHAT, sql::POSTS_FEED, &[]).await?;
    Ok(())
}
