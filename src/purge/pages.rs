//! One purge, page by page through the tables.

use std::collections::HashSet;

use tracing::warn;

use super::Job;
use crate::ack;
use crate::apply::Applier;
use crate::decode::dialect::write_string;
use crate::entry::{Entry, Word};
use crate::error::DbError;
use crate::flush::{Changes, Connection, statement_timestamp};
use crate::letter::DeadLetter;
use crate::position::StreamId;
use crate::source::Redis;
use crate::sql::purge::{By, SOURCES, Source};

/// Records that one transaction deletes.
const PAGE: usize = 1_000;
/// Records of one table that do not go; beyond it the table is given up.
const STUCK_MOST: usize = 10_000;

/// What was removed.
#[derive(Debug, Default)]
pub struct Removed {
    /// Records by table, of those that had any.
    pub records: Vec<(&'static str, u64)>,
    /// Whether any are left.
    pub left: Left,
}

/// Records that would not go.
#[derive(Debug, Default)]
pub struct Left {
    /// How many.
    pub records: u64,
    /// Why, of one of them that the server would not let go. None: no delete reaches them, since their
    /// uris are of collections that forebay does not keep in their tables, or none that a commit could
    /// name; others wrote them, and it does not help to try again.
    pub because: Option<DeadLetter>,
}

/// Removes all records of a repo up to the job's position, and tells Redis how many rows went.
/// `told` hears how many records of which table a page had.
///
/// # Errors
///
/// The database is away or the setup is broken; what was removed by then is removed.
pub async fn remove(
    applier: &mut Applier,
    redis: &Redis,
    job: &Job,
    mut told: impl FnMut(&'static str, u64) + Send,
) -> Result<Removed, DbError> {
    let mut removed = Removed::default();
    let sources: &'static [Source] = &*SOURCES;
    for source in sources {
        let mut table = Table::new(source);
        while let Some(uris) = table.next(applier.connection().await?, job).await? {
            let entries: Vec<Entry> = uris.iter().map(|uri| delete(job, uri)).collect();
            let applied = applier.apply(&entries).await?;
            // What was refused before the server saw it will be refused for ever.
            let by_the_server = |(_, letter): &(usize, DeadLetter)| letter.sqlstate.is_some();
            if let Some((_, letter)) = applied.refused.into_iter().find(by_the_server) {
                removed.left.because = Some(letter);
            }
            let records = u64::try_from(uris.len()).unwrap_or(u64::MAX);
            told(source.table, records);
            tell(redis, &applied.changes).await;
            table.tried(uris);
        }
        removed.left.records += table.left();
        let gone = table.gone();
        if gone > 0 {
            removed.records.push((source.table, gone));
        }
    }
    Ok(removed)
}

async fn tell(redis: &Redis, changes: &Changes) {
    if let Err(error) = ack::tell_record_counts(redis, changes).await {
        warn!(
            "db:record_counts misses what a purge removed, `forebay audit --repair` sets it: {error}"
        );
    }
}

/// How many records there are, by table.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn count(
    client: &deadpool_postgres::Object,
    job: &Job,
) -> Result<Vec<(&'static str, i64)>, DbError> {
    const WHAT: &str = "counting records";
    let mut counted = Vec::new();
    for source in SOURCES.iter() {
        let row = client
            .query_one(
                &source.count,
                &[
                    &mine(source, &job.did),
                    &statement_timestamp(job.position.at),
                ],
            )
            .await
            .map_err(DbError::during(WHAT))?;
        let records: i64 = row.get(0);
        if records > 0 {
            counted.push((source.table, records));
        }
    }
    Ok(counted)
}

/// A table that is worked through. Each page is asked for anew, and what was asked to go and is
/// there again does not go: it must not be asked for ever.
struct Table {
    source: &'static Source,
    /// The page before.
    tried: HashSet<String>,
    stuck: HashSet<String>,
    asked: usize,
}

impl Table {
    fn new(source: &'static Source) -> Self {
        Table {
            source,
            tried: HashSet::new(),
            stuck: HashSet::new(),
            asked: 0,
        }
    }

    async fn next(
        &mut self,
        connection: &Connection,
        job: &Job,
    ) -> Result<Option<Vec<String>>, DbError> {
        let at = statement_timestamp(job.position.at);
        loop {
            let limit = i64::try_from(PAGE + self.stuck.len()).unwrap_or(i64::MAX);
            let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
                [&mine(self.source, &job.did), &at, &limit];
            let found = connection
                .list("looking for records", &self.source.page, &params)
                .await?;
            let there: Vec<String> = found
                .into_iter()
                .filter(|uri| !self.stuck.contains(uri))
                .collect();
            let (again, fresh): (Vec<String>, Vec<String>) =
                there.into_iter().partition(|uri| self.tried.contains(uri));
            let none_again = again.is_empty();
            self.stuck.extend(again);
            if !fresh.is_empty() {
                self.asked += fresh.len();
                return Ok(Some(fresh));
            }
            if none_again || self.stuck.len() > STUCK_MOST {
                return Ok(None);
            }
        }
    }

    fn tried(&mut self, uris: Vec<String>) {
        self.tried = uris.into_iter().collect();
    }

    fn left(&self) -> u64 {
        u64::try_from(self.stuck.len()).unwrap_or(u64::MAX)
    }

    fn gone(&self) -> u64 {
        u64::try_from(self.asked.saturating_sub(self.stuck.len())).unwrap_or(u64::MAX)
    }
}

/// The parameter that stands for the repo in a table's statements.
#[must_use]
pub fn mine(source: &Source, did: &str) -> String {
    match source.by {
        By::Did => did.to_owned(),
        By::Uri => format!("at://{}/%", escaped(did)),
    }
}

/// A DID may hold what LIKE takes for a wildcard.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

/// A record's delete, at the job's position.
fn delete(job: &Job, uri: &str) -> Entry {
    let repo = format!("at://{}/", job.did);
    let path = uri.strip_prefix(&repo).unwrap_or_default();
    let mut data = br#"{"repo":"#.to_vec();
    write_string(&job.did, &mut data);
    data.extend_from_slice(br#","ops":[{"action":"delete","path":"#);
    write_string(path, &mut data);
    data.extend_from_slice(b"}]}");
    Entry {
        kind: Word::from_slice(b"commit"),
        data: Some(data),
        ..Entry::empty(StreamId::from(job.position))
    }
}
