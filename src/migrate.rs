//! Makes schema `forebay`, and those of the AppView's tables that are missing.
//!
//! Schema `forebay` is ours and has numbered migrations; schema `public` is the AppView's, which
//! pushes its own schema at every start. So a table that is there is never altered, nor given an
//! index: it may have been made by another version, or by an operator who knows why.

mod version;

pub use version::{Version, version};

use refinery::Runner;
use tokio_postgres::Client;

use crate::contract::Finding;

#[allow(missing_docs, clippy::unwrap_used)] // generated
mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Refinery's history, kept out of the AppView's schema.
const HISTORY: &str = "forebay.migrations";

/// The key of the advisory lock under which migrations run: workers that start together must not
/// run them together. The bytes of "forebay", as a number that nobody else is likely to take.
const LOCK: i64 = 0x0066_6f72_6562_6179;

/// A table of the AppView and the statements that make it.
struct Table {
    name: &'static str,
    sql: &'static str,
}

macro_rules! tables {
    ($($name:literal),* $(,)?) => {
        [$(Table {
            name: $name,
            sql: include_str!(concat!("../migrations/appview/", $name, ".sql")),
        }),*]
    };
}

/// All of them; what others refer to comes first.
const TABLES: [Table; TABLE_COUNT] = tables![
    "users",
    "labels",
    "blocks",
    "bookmarks",
    "feed_generators",
    "feed_items",
    "firehose_cursor",
    "follows",
    "generic_records",
    "label_events",
    "labeler_services",
    "likes",
    "list_blocks",
    "list_items",
    "lists",
    "notifications",
    "post_aggregations",
    "post_gates",
    "post_viewer_states",
    "posts",
    "quotes",
    "reposts",
    "starter_packs",
    "thread_contexts",
    "thread_gates",
    "user_settings",
    "verifications",
];
const TABLE_COUNT: usize = 27;

/// What a run made; empty lists mean that everything was there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Migrations of schema `forebay`, as `V1__forebay`.
    pub forebay: Vec<String>,
    /// Tables of schema `public`.
    pub tables: Vec<&'static str>,
}

/// Why the schema could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration of schema `forebay` failed, or another version of forebay ran here before.
    #[error("migrating schema forebay: {0}")]
    Forebay(#[from] refinery::Error),
    /// A missing table could not be made.
    #[error("making table public.{table}: {source}")]
    Table {
        /// Its name.
        table: &'static str,
        /// What PostgreSQL said.
        source: tokio_postgres::Error,
    },
    /// The schema is a newer forebay's, and this one cannot work with it.
    #[error("{0}\n  remedy: {remedy}", remedy = .0.remedy())]
    Newer(Finding),
    /// The lock or schema `forebay` could not be had.
    #[error("preparing to migrate: {0}")]
    Prepare(tokio_postgres::Error),
}

/// Brings the database up to what this version of forebay needs. Safe to run at any time and by
/// several processes at once.
///
/// # Errors
/// [`MigrateError`]; what was made before it stays, and the next run goes on from there.
pub async fn migrate(client: &mut Client) -> Result<Report, MigrateError> {
    client
        .execute("select pg_advisory_lock($1)", &[&LOCK])
        .await
        .map_err(MigrateError::Prepare)?;
    let report = migrate_locked(client).await;
    // Where this fails the connection is gone, and the lock with it.
    let unlocked = client
        .execute("select pg_advisory_unlock($1)", &[&LOCK])
        .await;
    let report = report?;
    unlocked.map_err(MigrateError::Prepare)?;
    Ok(report)
}

/// What to do where the schema is too new.
pub const NEWER_REMEDY: &str = "run the forebay that made schema forebay, or a later one; going back needs the database as it was before its `forebay migrate`";

/// The number of the last migration of schema `forebay` that this version knows.
#[must_use]
pub fn latest() -> i32 {
    let runner: Runner = embedded::migrations::runner();
    let versions = runner.get_migrations().iter().map(|each| each.version());
    versions.max().unwrap_or(0)
}

async fn migrate_locked(client: &mut Client) -> Result<Report, MigrateError> {
    make_schema(client).await.map_err(MigrateError::Prepare)?;
    let forebay = match version(client).await.map_err(MigrateError::Prepare)? {
        Version::NewerUnfit { version, oldest } => {
            return Err(MigrateError::Newer(Finding::SchemaNew(version, oldest)));
        }
        // Another version's is on its way in or out: what it added is left alone.
        Version::NewerFits(_) => Vec::new(),
        Version::None | Version::Older | Version::Same => run_migrations(client).await?,
    };
    let mut tables = Vec::new();
    for table in &TABLES {
        let made = make_table(client, table).await;
        let made = made.map_err(|source| MigrateError::Table {
            table: table.name,
            source,
        })?;
        if made == Made::Now {
            tables.push(table.name);
        }
    }
    Ok(Report { forebay, tables })
}

async fn run_migrations(client: &mut Client) -> Result<Vec<String>, MigrateError> {
    let mut runner: Runner = embedded::migrations::runner();
    runner.set_migration_table_name(HISTORY);
    let ran = runner.run_async(client).await?;
    let applied = ran.applied_migrations().iter();
    Ok(applied.map(ToString::to_string).collect())
}

/// Looks first: `create schema if not exists` asks for a right that a worker's role may not have,
/// even where the schema is there.
async fn make_schema(client: &Client) -> Result<(), tokio_postgres::Error> {
    let there: bool = client
        .query_one("select to_regnamespace('forebay') is not null", &[])
        .await?
        .get(0);
    if there {
        return Ok(());
    }
    client.batch_execute("create schema forebay").await
}

#[derive(PartialEq, Eq)]
enum Made {
    Now,
    Before,
}

/// The AppView may push its schema at the same moment: if the table is there after a failure, it
/// was the AppView's to make.
async fn make_table(client: &mut Client, table: &Table) -> Result<Made, tokio_postgres::Error> {
    if is_there(client, table.name).await? {
        return Ok(Made::Before);
    }
    let made = make_in_transaction(client, table.sql).await;
    match made {
        Ok(()) => Ok(Made::Now),
        Err(error) if !is_there(client, table.name).await? => Err(error),
        Err(_) => Ok(Made::Before),
    }
}

async fn make_in_transaction(client: &mut Client, sql: &str) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(sql).await?;
    transaction.commit().await
}

async fn is_there(client: &Client, table: &str) -> Result<bool, tokio_postgres::Error> {
    let row = client
        .query_one(
            "select to_regclass('public.' || $1::text) is not null",
            &[&table],
        )
        .await?;
    Ok(row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_table_of_the_list() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/appview");
        let mut files: Vec<String> = std::fs::read_dir(dir)
            .expect("the directory")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        files.sort();
        let mut tables: Vec<String> = TABLES
            .iter()
            .map(|table| format!("{}.sql", table.name))
            .collect();
        tables.sort();
        assert_eq!(files, tables);
    }
}
