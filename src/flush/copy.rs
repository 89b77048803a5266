//! COPY of a batch's buffers into the staging tables.

use deadpool_postgres::Transaction;
use futures::SinkExt;
use std::pin::pin;

use crate::batch::StageCopy;
use crate::error::DbError;
use crate::sql;

const WHAT: &str = "copying rows to staging";

/// Copies every buffer that has rows.
pub async fn copy(transaction: &Transaction<'_>, copies: Vec<StageCopy>) -> Result<(), DbError> {
    for copy in copies {
        send(transaction, &copy).await?;
    }
    Ok(())
}

async fn send(transaction: &Transaction<'_>, copy: &StageCopy) -> Result<(), DbError> {
    let statement = transaction
        .prepare_cached(sql::copy_into(copy.stage))
        .await
        .map_err(DbError::during(WHAT))?;
    let sink = transaction
        .copy_in(&statement)
        .await
        .map_err(DbError::during(WHAT))?;
    let mut sink = pin!(sink);
    for chunk in copy.chunks() {
        sink.send(chunk).await.map_err(DbError::during(WHAT))?;
    }
    sink.finish().await.map_err(DbError::during(WHAT))?;
    Ok(())
}
