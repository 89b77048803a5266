//! Takes from staging what must not be merged: records of actors who opted out, and what a later
//! delete, or a purge of its repo, has ended.

use std::collections::HashSet;
use std::time::SystemTime;

use deadpool_postgres::Transaction;

use super::fill;
use super::merging::Merging;
use super::statement::{list, timestamp};
use super::terms::{Manner, Terms};
use crate::batch::Batch;
use crate::error::DbError;
use crate::position::Position;
use crate::sql::{self, STRUCK};
use crate::stage::Stage;

/// More recent tombstones than this are looked up by uri instead of being gathered first.
const FEW_TOMBSTONES: usize = 10_000;

/// Opt-outs of more owners than this are not looked up one by one.
const MANY_OWNERS: usize = 1_000;

/// What speaks against rows of a batch. Looked up under the locks of its repos, it does not change.
#[derive(Debug, Default)]
pub struct Struck {
    /// Owners who opted out.
    pub opted_out: Vec<String>,
    /// What was deleted lately.
    pub deleted: Deleted,
    /// Whose repo was purged lately.
    pub purged: Purged,
}

/// The tombstones that a batch could meet.
#[derive(Debug, Default)]
pub enum Deleted {
    /// None.
    #[default]
    Nothing,
    /// Of these uris, all of which it creates or updates, at or after its oldest position.
    Few(Vec<String>, SystemTime),
    /// Too many to gather.
    Many,
}

/// The repos that were purged at or after the batch's oldest position.
#[derive(Debug, Default)]
pub enum Purged {
    /// None.
    #[default]
    Nobody,
    /// These.
    Few(Vec<String>),
    /// Too many to gather.
    Many,
}

/// Looks up all of it. Where positions do not decide, tombstones and purges are looked up by what is
/// staged.
pub async fn look_up(
    transaction: &Transaction<'_>,
    batch: &Batch,
    terms: &Terms,
) -> Result<Struck, DbError> {
    let (deleted, purged) = match (&terms.manner, batch.oldest()) {
        (Manner::ByPosition, Some(oldest)) => ended(transaction, batch, oldest).await?,
        _ => Default::default(),
    };
    Ok(Struck {
        opted_out: opted_out(transaction, batch).await?,
        deleted,
        purged,
    })
}

/// Strikes all of it from what is staged.
pub async fn strike(merging: &mut Merging<'_>, struck: &Struck) -> Result<(), DbError> {
    const WHAT: &str = "striking rows from staging";
    if !struck.opted_out.is_empty() {
        for (stage, strike) in STRUCK.into_iter().zip(sql::OPTED_OUT_STRIKE.iter()) {
            let rows = merging.run_with(WHAT, strike, &[&struck.opted_out]).await?;
            merging.struck(stage, rows);
            merging.changes.unwritten.opted_out += rows;
        }
    }
    if !matches!(struck.purged, Purged::Nobody) {
        for (stage, strike) in STRUCK.into_iter().zip(sql::PURGES_STRIKE.iter()) {
            let rows = merging.run(WHAT, strike).await?;
            count(merging, stage, rows);
        }
    }
    match &struck.deleted {
        Deleted::Nothing => {}
        Deleted::Few(_, since) => {
            for (stage, strike) in STRUCK.into_iter().zip(sql::TOMBSTONES_STRIKE_RECENT.iter()) {
                let rows = merging.run_with(WHAT, strike, &[since]).await?;
                count(merging, stage, rows);
            }
        }
        Deleted::Many => {
            for (stage, strike) in STRUCK.into_iter().zip(sql::TOMBSTONES_STRIKE_BY_URI.iter()) {
                let rows = merging.run(WHAT, strike).await?;
                count(merging, stage, rows);
            }
        }
    }
    match &merging.terms.manner {
        Manner::ByPosition => Ok(()),
        Manner::Fill(fill) => fill::strike(merging, fill).await,
    }
}

fn count(merging: &mut Merging<'_>, stage: Stage, rows: u64) {
    merging.struck(stage, rows);
    merging.changes.unwritten.ended += rows;
}

async fn opted_out(transaction: &Transaction<'_>, batch: &Batch) -> Result<Vec<String>, DbError> {
    const WHAT: &str = "looking up opt-outs";
    let owners: Vec<&str> = batch.owners().collect();
    match owners.len() {
        0 => Ok(Vec::new()),
        1..=MANY_OWNERS => list(transaction, WHAT, sql::OPTED_OUT, &[&owners]).await,
        _ => {
            let mut all: Vec<String> = list(transaction, WHAT, sql::OPTED_OUT_ALL, &[]).await?;
            let owners: HashSet<&str> = owners.into_iter().collect();
            all.retain(|did| owners.contains(did.as_str()));
            Ok(all)
        }
    }
}

const AT: &str = "at://";

/// A repo's uri has its DID and nothing else.
fn is_of_a_record(uri: &str) -> bool {
    uri.strip_prefix(AT).is_none_or(|rest| rest.contains('/'))
}

async fn ended(
    transaction: &Transaction<'_>,
    batch: &Batch,
    oldest: Position,
) -> Result<(Deleted, Purged), DbError> {
    const WHAT: &str = "looking up tombstones";
    let since = timestamp(oldest.at);
    let most = i64::try_from(FEW_TOMBSTONES + 1).unwrap_or(i64::MAX);
    let met: Vec<String> =
        list(transaction, WHAT, sql::TOMBSTONES_RECENT, &[&since, &most]).await?;
    let (uris, repos): (Vec<String>, Vec<String>) =
        met.into_iter().partition(|uri| is_of_a_record(uri));
    let deleted = match uris.len() {
        ..=FEW_TOMBSTONES => few(batch, uris, since),
        _ => Deleted::Many,
    };
    let did = |uri: &String| uri.strip_prefix(AT).map(str::to_owned);
    let purged = match repos.len() {
        0 => Purged::Nobody,
        1..=FEW_TOMBSTONES => Purged::Few(repos.iter().filter_map(did).collect()),
        _ => Purged::Many,
    };
    Ok((deleted, purged))
}

/// Other lanes delete at any moment, and hardly ever what is in this batch: then there is nothing to
/// strike, and the statements for it are spared.
fn few(batch: &Batch, mut uris: Vec<String>, since: SystemTime) -> Deleted {
    uris.retain(|uri| batch.put_of(uri).is_some());
    match uris.is_empty() {
        true => Deleted::Nothing,
        false => Deleted::Few(uris, since),
    }
}
