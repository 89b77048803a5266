//! Mending the drift of one range.
//!
//! In small transactions, each under all partition locks: no worker's merge is under way then, and
//! the statements after the locks see all that was committed. The locks are held for one batch of
//! keys, so that workers wait for milliseconds.

use std::collections::BTreeSet;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::types::ToSql;

use super::{Drift, Report};
use crate::error::{DbError, Verdict};
use crate::flush::lock_partitions;
use crate::partition::PARTITIONS;
use crate::sql::audit::{self as sql, Check, Step};
use crate::sql::{STAGE_CONTESTED, STAGE_DELTAS};

/// Keys that one transaction mends.
const KEYS_AT_ONCE: usize = 500;

const WHAT: &str = "mending drift";

/// Makes what the merges' own statements want.
pub async fn prepare(client: &Object) -> Result<(), DbError> {
    for staging in [STAGE_CONTESTED, STAGE_DELTAS] {
        client
            .batch_execute(staging)
            .await
            .map_err(DbError::during("preparing to mend"))?;
    }
    Ok(())
}

/// Mends what drifts in a range. What the server refuses is noted and left.
pub async fn mend(
    client: &mut Object,
    check: &Check,
    drift: &[Drift],
    report: &mut Report,
) -> Result<(), DbError> {
    let keys: BTreeSet<&str> = drift.iter().map(|drift| drift.key.as_str()).collect();
    let keys: Vec<&str> = keys.into_iter().collect();
    for some in keys.chunks(KEYS_AT_ONCE) {
        match mend_some(client, check, some).await {
            Err(refused) if is_row_local(&refused) => {
                let note = format!("{} could not be mended: {refused}", check.name);
                report.notes.push(note);
            }
            mended => mended?,
        }
    }
    Ok(())
}

fn is_row_local(refused: &DbError) -> bool {
    matches!(refused.verdict(), Verdict::Poison | Verdict::RetryOnce)
}

async fn mend_some(client: &mut Object, check: &Check, keys: &[&str]) -> Result<(), DbError> {
    let transaction = lock_out_workers(client).await?;
    let mut targets = targets(&transaction, check, keys).await?;
    for step in &check.mend {
        match step {
            Step::Keys(text) => run(&transaction, text, &[&keys]).await?,
            Step::Plain(text) => run(&transaction, text, &[]).await?,
        }
    }
    targets.sort_unstable();
    targets.dedup();
    recount(&transaction, &targets).await?;
    transaction.commit().await.map_err(DbError::during(WHAT))
}

/// A transaction that no merge of a worker runs beside.
pub async fn lock_out_workers(client: &mut Object) -> Result<Transaction<'_>, DbError> {
    let transaction = client.transaction().await.map_err(DbError::during(WHAT))?;
    let all: Vec<i32> = (0..PARTITIONS.cast_signed()).collect();
    lock_partitions(&transaction, &all).await?;
    Ok(transaction)
}

async fn targets(
    transaction: &Transaction<'_>,
    check: &Check,
    keys: &[&str],
) -> Result<Vec<String>, DbError> {
    let Some(text) = &check.targets else {
        return Ok(Vec::new());
    };
    let rows = transaction
        .query(text, &[&keys])
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Counts anew what mended rows point at, so that counts equal rows after this commit too.
async fn recount(transaction: &Transaction<'_>, targets: &[String]) -> Result<(), DbError> {
    if targets.is_empty() {
        return Ok(());
    }
    run(transaction, sql::COUNTS_MEND, &[&targets]).await?;
    for own in sql::own_counts_mend() {
        run(transaction, &own, &[&targets]).await?;
    }
    Ok(())
}

async fn run(
    transaction: &Transaction<'_>,
    text: &str,
    params: &[&(dyn ToSql + Sync)],
) -> Result<(), DbError> {
    transaction
        .execute(text, params)
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(())
}
