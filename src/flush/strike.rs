//! Takes from staging what must not be merged: records of actors who opted out, and what a later
//! delete has ended.

use std::collections::HashSet;

use super::merging::Merging;
use super::statement::timestamp;
use crate::error::DbError;
use crate::position::Position;
use crate::sql;

/// More recent tombstones than this are looked up by uri instead of being gathered first.
const FEW_TOMBSTONES: i64 = 10_000;

/// Opt-outs of more owners than this are not looked up one by one.
const MANY_OWNERS: usize = 1_000;

/// Strikes both.
pub async fn strike(merging: &Merging<'_>) -> Result<(), DbError> {
    opted_out(merging).await?;
    match merging.batch.oldest() {
        Some(oldest) => tombstoned(merging, oldest).await,
        None => Ok(()),
    }
}

async fn opted_out(merging: &Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "looking up opt-outs";
    let owners: Vec<&str> = merging.batch.owners().collect();
    let out: Vec<String> = match owners.len() {
        0 => return Ok(()),
        1..=MANY_OWNERS => merging.list(WHAT, sql::OPTED_OUT, &[&owners]).await?,
        _ => {
            let mut all: Vec<String> = merging.list(WHAT, sql::OPTED_OUT_ALL, &[]).await?;
            let owners: HashSet<&str> = owners.into_iter().collect();
            all.retain(|did| owners.contains(did.as_str()));
            all
        }
    };
    if out.is_empty() {
        return Ok(());
    }
    for strike in sql::OPTED_OUT_STRIKE.iter() {
        merging.run_with(WHAT, strike, &[&out]).await?;
    }
    Ok(())
}

async fn tombstoned(merging: &Merging<'_>, oldest: Position) -> Result<(), DbError> {
    const WHAT: &str = "looking up tombstones";
    let since = timestamp(oldest.at);
    let recent: i64 = merging
        .ask_with(
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
            merging.run_with(WHAT, strike, &[&since]).await?;
        }
    } else {
        for strike in sql::TOMBSTONES_STRIKE_BY_URI.iter() {
            merging.run(WHAT, strike).await?;
        }
    }
    Ok(())
}
