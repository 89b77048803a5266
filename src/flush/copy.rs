//! COPY of a batch's buffers into the staging tables.

use bytes::Bytes;
use deadpool_postgres::Transaction;
use futures::SinkExt;
use std::pin::pin;

use crate::batch::StageCopy;
use crate::encode::{HEADER, RowWriter, TRAILER};
use crate::error::DbError;
use crate::position::Position;
use crate::sql::{self, Staged};

/// A DID that gets a users row, and since when it is known.
pub type Stub<'a> = (&'a str, Position);

const WHAT: &str = "copying rows to staging";

/// Copies every buffer that has rows, and the stubs.
pub async fn copy(
    transaction: &Transaction<'_>,
    copies: Vec<StageCopy>,
    stubs: &[Stub<'_>],
) -> Result<(), DbError> {
    if !stubs.is_empty() {
        send(transaction, Staged::Users, vec![encode(stubs)]).await?;
    }
    for StageCopy { stage, chunks } in copies {
        send(transaction, Staged::Rows(stage), chunks).await?;
    }
    Ok(())
}

fn encode(stubs: &[Stub<'_>]) -> Bytes {
    const BYTES_PER_STUB: usize = 64;
    let mut out = Vec::with_capacity(HEADER.len() + stubs.len() * BYTES_PER_STUB);
    out.extend_from_slice(&HEADER);
    for (did, position) in stubs {
        let mut row = RowWriter::begin(&mut out, 2);
        row.text(did);
        row.timestamp(position.at);
    }
    out.extend_from_slice(&TRAILER);
    out.into()
}

async fn send(
    transaction: &Transaction<'_>,
    into: Staged,
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
