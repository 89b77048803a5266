//! Rows that go straight into their tables by COPY, past staging and without looking for conflicts.
//!
//! Nearly every record is new. COPY writes such rows a page at a time, where staging and merging would
//! write each twice and go down every unique index twice. What may not be simply added is staged: what
//! the batch or its hints suspect, what was deleted or opted out, what is contested. Should a row
//! collide all the same, the COPY is undone and its rows are staged too.
//!
//! Everything is looked up under the locks of the rows' repos, so that it stays true until the commit.

use std::collections::HashSet;

use super::changes::Table;
use super::copy;
use super::merging::Merging;
use super::statement::{list, query};
use super::strike::{Deleted, Purged, Struck};
use super::terms::{Manner, Terms};
use crate::batch::{Batch, Gates, Straight};
use crate::error::DbError;
use crate::sql::{self, Added, Target};
use crate::stage::Kind;
use deadpool_postgres::Transaction;

const WHAT: &str = "adding rows";

/// The staged column of a record's uri.
pub const URI: usize = 0;

/// Fewer rows of a kind than this are not worth a savepoint; at live pace neither is noticed.
const WORTH_IT: usize = 32;

/// Takes back from what may go straight in whatever the database speaks against.
pub async fn judge(
    transaction: &Transaction<'_>,
    batch: &Batch,
    mut straight: Straight,
    struck: &Struck,
    terms: &Terms,
) -> Result<Straight, DbError> {
    for added in sql::added() {
        if straight.count(added.kind) < WORTH_IT {
            straight.hold_kind(added.kind);
        }
    }
    hold_struck(batch, &mut straight, struck);
    if let Manner::Fill(_) = terms.manner {
        hold_known(transaction, batch, &mut straight).await?;
    }
    let contestable = sql::repo_pairs().iter().map(|pair| pair.kind);
    let uris: Vec<&str> = contestable
        .flat_map(|kind| uris(batch, kind, &straight))
        .collect();
    if !uris.is_empty() {
        let contested = list(transaction, WHAT, sql::STRAIGHT_CONTESTED, &[&uris]).await?;
        hold(batch, &mut straight, &contested);
    }
    Ok(straight)
}

/// Holds what is there, or has been: a row that is added may then only collide by its other key, for
/// which positions decide whoever wrote it.
async fn hold_known(
    transaction: &Transaction<'_>,
    batch: &Batch,
    straight: &mut Straight,
) -> Result<(), DbError> {
    for fill in sql::backfill::FILLS.iter() {
        let uris: Vec<&str> = uris(batch, fill.kind, straight).collect();
        if !uris.is_empty() {
            let known = list(transaction, WHAT, &fill.known, &[&uris]).await?;
            hold(batch, straight, &known);
        }
    }
    Ok(())
}

fn hold_struck(batch: &Batch, straight: &mut Straight, struck: &Struck) {
    match &struck.deleted {
        Deleted::Nothing => {}
        Deleted::Few(uris, _) => hold(batch, straight, uris),
        Deleted::Many => straight.hold_all(),
    }
    match &struck.purged {
        Purged::Nobody => {}
        Purged::Few(dids) => hold_repos(batch, straight, dids),
        Purged::Many => straight.hold_all(),
    }
    hold_repos(batch, straight, &struck.opted_out);
}

fn hold_repos(batch: &Batch, straight: &mut Straight, dids: &[String]) {
    if dids.is_empty() {
        return;
    }
    let dids: HashSet<&str> = dids.iter().map(String::as_str).collect();
    batch.keys(|row, _, uri, _| {
        let repo = uri.split(|byte| *byte == b'/').nth(2).unwrap_or_default();
        if std::str::from_utf8(repo).is_ok_and(|repo| dids.contains(repo)) {
            straight.hold(row);
        }
    });
}

fn hold(batch: &Batch, straight: &mut Straight, uris: &[String]) {
    for row in uris.iter().filter_map(|uri| batch.put_of(uri)) {
        straight.hold(row);
    }
}

/// The uris of the rows of a kind that go straight in.
fn uris<'b>(batch: &'b Batch, kind: Kind, straight: &Straight) -> impl Iterator<Item = &'b str> {
    texts(batch, kind, straight, URI)
}

/// A column of texts of these rows, where it is not NULL.
pub fn texts<'b>(
    batch: &'b Batch,
    kind: Kind,
    straight: &Straight,
    column: usize,
) -> impl Iterator<Item = &'b str> {
    let is_any = straight.count(kind) > 0;
    let texts = is_any.then(|| batch.column(kind, straight, column));
    texts
        .into_iter()
        .flatten()
        .filter_map(|text| std::str::from_utf8(text).ok())
}

/// Puts the rows of a kind in. Afterwards none of them is left to go straight in, or all of them are
/// in; those that are not are staged.
pub async fn put(merging: &mut Merging<'_>, kind: Kind) -> Result<(), DbError> {
    let Some(added) = sql::added().iter().find(|added| added.kind == kind) else {
        return Ok(());
    };
    if merging.straight.count(kind) == 0 {
        return Ok(());
    }
    let gates = match kind {
        Kind::Posts => gates(merging).await?,
        _ => Gates::default(),
    };
    let gated = gates.iter().filter(|(_, [of_thread, _])| *of_thread);
    merging.gated.extend(gated.map(|(uri, _)| uri.clone()));
    merging.run(WHAT, sql::STRAIGHT_BEGIN).await?;
    match send(merging, added, &gates).await {
        Ok(followed) => {
            merging.run(WHAT, sql::STRAIGHT_END).await?;
            let records = merging.straight.count(kind);
            merging.added(kind, i64::try_from(records).unwrap_or(i64::MAX));
            for (table, rows) in followed {
                merging.note(table, rows.cast_signed());
            }
            Ok(())
        }
        Err(refused) if refused.is_row_local() => {
            merging.run(WHAT, sql::STRAIGHT_UNDO).await?;
            merging.collided.push(kind);
            let rows = merging.batch.straight_of(kind, &merging.straight);
            copy::stage(merging.transaction, &[rows]).await?;
            merging.straight.hold_kind(kind);
            Ok(())
        }
        Err(failed) => Err(failed),
    }
}

/// Copies the rows of a kind into each of its tables; says how many rows followed in which. The records'
/// own table comes first: should a record be there already, nothing has followed yet.
async fn send(
    merging: &Merging<'_>,
    added: &Added,
    gates: &Gates,
) -> Result<Vec<(Table, u64)>, DbError> {
    let rows = merging.batch.straight_of(added.kind, &merging.straight);
    let is_kept = |target: &&Target| target.derived.is_none_or(|one| merging.keeps(one));
    let mut followed = Vec::new();
    for target in added.targets.iter().filter(is_kept) {
        let chunks = rows.chunks_of(&target.cells, target.only, gates);
        let rows = copy::send(merging.transaction, WHAT, &target.copy, chunks).await?;
        followed.extend(target.table.map(|table| (table, rows)));
    }
    Ok(followed)
}

/// The gates of the posts that go straight in.
async fn gates(merging: &Merging<'_>) -> Result<Gates, DbError> {
    let uris: Vec<&str> = uris(merging.batch, Kind::Posts, &merging.straight).collect();
    let found = query(merging.transaction, WHAT, sql::STRAIGHT_GATES, &[&uris]).await?;
    let gate =
        |row: &tokio_postgres::Row| Ok((row.try_get(0)?, [row.try_get(1)?, row.try_get(2)?]));
    let gates: Result<Gates, tokio_postgres::Error> = found.iter().map(gate).collect();
    gates.map_err(DbError::during(WHAT))
}
