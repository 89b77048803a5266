//! Takes from staging what must not be merged: records of actors who opted out, and what a later
//! delete has ended.

use deadpool_postgres::Transaction;

use super::statement::{ask, ask_one, run};
use crate::batch::Batch;
use crate::error::DbError;
use crate::position::Position;
use crate::sql;

/// More recent tombstones than this are looked up by uri instead of being gathered first.
const FEW_TOMBSTONES: i64 = 10_000;

/// Strikes both.
pub async fn strike(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    opted_out(transaction, batch).await?;
    match batch.oldest() {
        Some(oldest) => tombstoned(transaction, oldest).await,
        None => Ok(()),
    }
}

async fn opted_out(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), DbError> {
    const WHAT: &str = "looking up opt-outs";
    let owners: Vec<&str> = batch.owners().collect();
    if owners.is_empty() {
        return Ok(());
    }
    let out: Vec<String> = ask(transaction, WHAT, sql::OPTED_OUT, &[&owners]).await?;
    if out.is_empty() {
        return Ok(());
    }
    for strike in sql::OPTED_OUT_STRIKE.iter() {
        run(transaction, WHAT, strike, &[&out]).await?;
    }
    Ok(())
}

async fn tombstoned(transaction: &Transaction<'_>, oldest: Position) -> Result<(), DbError> {
    const WHAT: &str = "looking up tombstones";
    let since = super::statement::timestamp(oldest.at);
    let recent: i64 = ask_one(
        transaction,
        WHAT,
        sql::TOMBSTONES_RECENT,
        &[&since, &(FEW_TOMBSTONES + 1)],
    )
    .await?;
    if recent == 0 {
        return Ok(());
    }
    if recent <= FEW_TOMBSTONES {
        for strike in sql::TOMBSTONES_STRIKE_RECENT.iter() {
            run(transaction, WHAT, strike, &[&since]).await?;
        }
    } else {
        for strike in sql::TOMBSTONES_STRIKE_BY_URI.iter() {
            run(transaction, WHAT, strike, &[]).await?;
        }
    }
    Ok(())
}
