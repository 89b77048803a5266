//! The end of an export that stands for its repository: what is older and not in it goes.
//!
//! Everything in it has its time for a version by now, or a later one. So whatever of the repository
//! has an earlier version is not in it, and is deleted as of just before that time: what comes later
//! stays, and what came before does not come back.

use std::collections::HashSet;
use std::sync::Arc;

use tokio_postgres::types::ToSql;
use tracing::warn;

use crate::batch::Batch;
use crate::entry::{Entry, Word};
use crate::error::{DbError, Stop, Verdict};
use crate::flush::statement_timestamp;
use crate::position::StreamId;
use crate::purge::mine;
use crate::retry::Backoff;
use crate::sql;
use crate::sql::purge::{SOURCES, Source};

use super::chunk::{Chunk, Sweep};
use super::load::Load;
use super::report::Report;
use super::stamp;
use super::write::Database;

/// Deletes of one transaction.
const AT_ONCE: usize = 5_000;

/// Removes them, and then notes the source's end.
pub async fn sweep(database: &mut Database, mut chunk: Chunk, report: &Report) -> Result<(), Stop> {
    let source = Arc::clone(&chunk.source);
    let Some(sweep) = chunk.sweep.take() else {
        return Ok(());
    };
    let is_whole =
        sweep.is_whole && !database.blemished.contains(&source.id) && source.rejected_before() == 0;
    if is_whole {
        for table in SOURCES.iter() {
            clear(database, &sweep, table, report).await?;
        }
    } else {
        report.say(&format!(
            "{}: not all of it could be read and stored, so nothing of {} is removed",
            source.name, sweep.did
        ));
    }
    let mut load = Load::default();
    load.end(&chunk);
    write(database, load, report).await
}

async fn write(database: &mut Database, load: Load, report: &Report) -> Result<(), Stop> {
    let mut batch = Batch::new(database.store.rules.clone());
    for entry in load.entries() {
        batch.push(entry);
    }
    database.write(&mut batch, load, report).await
}

/// Removes what of one table is older, page by page. What is not to go, or does not, stays in the way of
/// each page: so many more are asked for, twice over, lest there be a page for every few.
async fn clear(
    database: &mut Database,
    sweep: &Sweep,
    table: &Source,
    report: &Report,
) -> Result<(), Stop> {
    let filter = Arc::clone(&database.filter);
    let goes = |uri: &String| path_of(uri, &sweep.did).is_some_and(|path| filter.has_path(path));
    let mut stays: HashSet<String> = HashSet::new();
    let mut tried: HashSet<String> = HashSet::new();
    loop {
        let found = older(database, sweep, table, AT_ONCE + 2 * stays.len()).await?;
        let (go, stay): (Vec<String>, Vec<String>) = found
            .into_iter()
            .filter(|uri| !stays.contains(uri))
            .partition(|uri| !tried.contains(uri) && goes(uri));
        if go.is_empty() && stay.is_empty() {
            return Ok(());
        }
        stays.extend(stay);
        report.removed(go.len() as u64);
        for some in go.chunks(AT_ONCE) {
            write(database, deletes(sweep, some), report).await?;
        }
        tried = go.into_iter().collect();
    }
}

fn path_of<'u>(uri: &'u str, did: &str) -> Option<&'u str> {
    uri.strip_prefix("at://")?
        .strip_prefix(did)?
        .strip_prefix('/')
}

/// Some uris of records that are older than the export, however long the database is away; none of an
/// actor who opted out, whose rows from before stay.
async fn older(
    database: &Database,
    sweep: &Sweep,
    table: &Source,
    most: usize,
) -> Result<Vec<String>, Stop> {
    let mut backoff = Backoff::new();
    loop {
        match find(database, sweep, table, most).await {
            Ok(found) => return Ok(found),
            Err(error) if error.verdict() == Verdict::Fatal => return Err(error.into()),
            // What was read is written, also when it is told to stop: as the lanes do.
            Err(error) => {
                let pause = backoff.pause();
                if backoff.attempts() == 1 {
                    warn!("waiting for the database: {error}");
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn find(
    database: &Database,
    sweep: &Sweep,
    table: &Source,
    most: usize,
) -> Result<Vec<String>, DbError> {
    const WHAT: &str = "looking for what is not in an export";
    let client = database.store.pool.get().await?;
    let repos = [sweep.did.as_str()];
    let out = client
        .query(sql::OPTED_OUT, &[&&repos[..]])
        .await
        .map_err(DbError::during(WHAT))?;
    if !out.is_empty() {
        return Ok(Vec::new());
    }
    let mine = mine(table, &sweep.did);
    let until = statement_timestamp(sweep.as_of - 1);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let parameters: [&(dyn ToSql + Sync); 3] = [&mine, &until, &most];
    let rows = client
        .query(&table.page, &parameters)
        .await
        .map_err(DbError::during(WHAT))?;
    let uris: Result<Vec<String>, tokio_postgres::Error> =
        rows.iter().map(|row| row.try_get(0)).collect();
    uris.map_err(DbError::during(WHAT))
}

/// One commit that deletes these.
fn deletes(sweep: &Sweep, uris: &[String]) -> Load {
    let text = |text: &str| sonic_rs::to_string(text).unwrap_or_default();
    let op = |path: &str| format!("{{\"action\":\"delete\",\"path\":{}}}", text(path));
    let paths = uris.iter().filter_map(|uri| path_of(uri, &sweep.did));
    let ops: Vec<String> = paths.map(op).collect();
    let data = format!(
        "{{\"repo\":{},\"ops\":[{}]}}",
        text(&sweep.did),
        ops.join(",")
    );
    let entry = Entry {
        kind: Word::from_slice(b"commit"),
        data: Some(data.into_bytes()),
        orig_id: Some(stamp::id(sweep.as_of - 1)),
        ..Entry::empty(StreamId::default())
    };
    let mut load = Load::default();
    load.take_apart(entry);
    load
}
