//! The end of an export that stands for its repository: what is older and not in it goes.
//!
//! Everything in it has its time for a version by now, or a later one. So whatever of the repository
//! has an earlier version is not in it, and is deleted as of just before that time: what comes later
//! stays, and what came before does not come back.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_postgres::types::ToSql;

use crate::batch::Batch;
use crate::entry::Entry;
use crate::error::{DbError, Stop, Verdict};
use crate::flush::statement_timestamp;
use crate::position::StreamId;
use crate::retry::Backoff;
use crate::sql;
use crate::sql::backfill::{OLDER, OLDER_CONTESTED};

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
        let older = older(database, &sweep).await?;
        report.removed(older.len() as u64);
        for some in older.chunks(AT_ONCE) {
            let load = deletes(&sweep, some);
            write(database, load, report).await?;
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

/// Paths of records that are older than the export; none of an actor who opted out, whose rows from
/// before stay.
async fn older(database: &Database, sweep: &Sweep) -> Result<Vec<String>, Stop> {
    let mut backoff = Backoff::new();
    loop {
        match find(database, sweep).await {
            Ok(found) => return Ok(found),
            Err(error) if error.verdict() == Verdict::Fatal => return Err(error.into()),
            Err(_) => tokio::time::sleep(backoff.pause()).await,
        }
    }
}

async fn find(database: &Database, sweep: &Sweep) -> Result<Vec<String>, DbError> {
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
    let as_of = statement_timestamp(sweep.as_of);
    let parameters: [&(dyn ToSql + Sync); 2] = [&sweep.did, &as_of];
    let mut found = BTreeSet::new();
    let start = format!("at://{}/", sweep.did);
    let statements = OLDER.iter().map(|(_, text)| text.as_str());
    for statement in statements.chain([OLDER_CONTESTED]) {
        let rows = client
            .query(statement, &parameters)
            .await
            .map_err(DbError::during(WHAT))?;
        let path = |row: &tokio_postgres::Row| {
            let uri: &str = row.get(0);
            uri.strip_prefix(&start).map(str::to_owned)
        };
        found.extend(rows.iter().filter_map(path));
    }
    found.retain(|path| database.filter.has_path(path));
    Ok(found.into_iter().collect())
}

/// One commit that deletes these.
fn deletes(sweep: &Sweep, paths: &[String]) -> Load {
    let text = |text: &str| sonic_rs::to_string(text).unwrap_or_default();
    let op = |path: &String| format!("{{\"action\":\"delete\",\"path\":{}}}", text(path));
    let ops: Vec<String> = paths.iter().map(op).collect();
    let data = format!(
        "{{\"repo\":{},\"ops\":[{}]}}",
        text(&sweep.did),
        ops.join(",")
    );
    let entry = Entry {
        kind: b"commit".to_vec(),
        data: Some(data.into_bytes()),
        orig_id: Some(stamp::id(sweep.as_of - 1)),
        ..Entry::empty(StreamId::default())
    };
    let mut load = Load::default();
    load.take_apart(entry);
    load
}
