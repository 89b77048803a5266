//! COPY of a batch's buffers into the staging tables.

use bytes::Bytes;
use deadpool_postgres::Transaction;
use futures::SinkExt;
use std::pin::pin;

use crate::batch::StageCopy;
use crate::error::DbError;
use crate::sql;
use crate::stage::Stage;

const WHAT: &str = "copying rows to staging";

/// Copies every buffer that has rows.
pub async fn copy(transaction: &Transaction<'_>, copies: Vec<StageCopy>) -> Result<(), DbError> {
    for StageCopy { stage, chunks } in copies {
        send(transaction, stage, chunks).await?;
    }
    Ok(())
}

async fn send(
    transaction: &Transaction<'_>,
    into: Stage,
    chunks: Vec<Bytes>,
) -> Result<(), DbError> {
    let statement = transaction
        .prepare_cached(sql::copy_into(into))
        .await
        .map_err(DbError::during(WHAT))?;
    let sink = transaction
        .copy_in(&statement)
        .await
        .map_err(DbError::during(WHAT))?;
    let mut sink = pin!(sink);
    for chunk in chunks {
        sink.send(chunk).await.map_err(DbError::during(WHAT))?;
    }
    sink.finish().await.map_err(DbError::during(WHAT))?;
    Ok(())
}
