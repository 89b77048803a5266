//! COPY of a batch's rows into the staging tables, and of others straight into their own.

use deadpool_postgres::Transaction;
use futures::SinkExt;
use std::pin::pin;

use bytes::Bytes;

use crate::batch::TableCopy;
use crate::error::DbError;
use crate::sql;

const WHAT: &str = "copying rows to staging";

/// Copies rows into their staging tables.
pub async fn stage(transaction: &Transaction<'_>, copies: &[TableCopy<'_>]) -> Result<(), DbError> {
    for copy in copies {
        send(transaction, WHAT, sql::copy_into(copy.stage), copy.chunks()).await?;
    }
    Ok(())
}

/// Sends one COPY stream; says how many rows were written.
pub async fn send(
    transaction: &Transaction<'_>,
    what: &'static str,
    text: &str,
    chunks: impl Iterator<Item = Bytes>,
) -> Result<u64, DbError> {
    let statement = transaction
        .prepare_cached(text)
        .await
        .map_err(DbError::during(what))?;
    let sink = transaction
        .copy_in(&statement)
        .await
        .map_err(DbError::during(what))?;
    let mut sink = pin!(sink);
    for chunk in chunks {
        sink.send(chunk).await.map_err(DbError::during(what))?;
    }
    sink.finish().await.map_err(DbError::during(what))
}
