//! Takes from staging what does not fill a gap: what is there already, and what was deleted since its
//! source was made.
//!
//! Under the partitions' locks nobody else writes these rows, so that what is left can be merged as
//! everything is.

use std::time::SystemTime;

use super::merging::Merging;
use super::statement::timestamp;
use super::terms::Fill;
use crate::error::DbError;
use crate::position::Micros;
use crate::sql::backfill as sql;

/// Strikes both.
pub async fn strike(merging: &mut Merging<'_>, fill: &Fill) -> Result<(), DbError> {
    ended(merging, fill).await?;
    present(merging, fill).await
}

async fn ended(merging: &mut Merging<'_>, fill: &Fill) -> Result<(), DbError> {
    const WHAT: &str = "looking up tombstones";
    let repos: Vec<&str> = fill.as_of.keys().map(String::as_str).collect();
    let as_of: Vec<SystemTime> = fill.as_of.values().copied().map(timestamp).collect();
    for (stage, strike) in sql::FILL_ENDED.iter() {
        let struck = merging.run_with(WHAT, strike, &[&repos, &as_of]).await?;
        merging.struck(*stage, struck);
        merging.changes.unwritten.ended += struck;
    }
    Ok(())
}

async fn present(merging: &mut Merging<'_>, fill: &Fill) -> Result<(), DbError> {
    const WHAT: &str = "looking for what is there";
    let [from, to] = own(fill);
    for strike in sql::FILLS.iter() {
        if merging.staged(strike.kind) > 0 {
            let struck = merging.run_with(WHAT, &strike.puts, &[&from, &to]).await?;
            merging.struck(strike.kind.stage(), struck);
            merging.changes.unwritten.present += struck;
        }
        if merging.batch.deletes(strike.kind) > 0 {
            merging
                .run_with(WHAT, &strike.deletes, &[&from, &to])
                .await?;
        }
    }
    Ok(())
}

/// The first and the last version of the source's own rows; the other way round where it has none.
fn own(fill: &Fill) -> [SystemTime; 2] {
    const NONE: [Micros; 2] = [1, 0];
    let [from, to] = fill
        .own
        .as_ref()
        .map_or(NONE, |own| [own.start, own.end - 1]);
    [timestamp(from), timestamp(to)]
}
