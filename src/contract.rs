//! What the AppView's tables must have for the merges to work, and the check of a live database.
//!
//! The one place that lists the tables with the columns that forebay writes or reads (CONTRACT §3)
//! and the keys that its upserts and pairs need. It compares and says what is different; it changes
//! nothing, and does not know what the columns mean.

mod tables;

use std::collections::{HashMap, HashSet};
use std::fmt;

use tokio_postgres::Client;

pub use tables::{Column, Given, TABLES, Table, Type};

use crate::derived::DerivedSet;
use crate::error::DbError;
use crate::migrate::{self, Version};
use crate::sql;

/// The oldest server that the statements are written for.
const OLDEST_SERVER: i32 = 140_000;

/// Something that is not as it has to be. Shown, it is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The server is too old: its version as a number.
    Server(i32),
    /// Schema forebay is missing, or of an older version of forebay.
    SchemaOld(&'static str),
    /// Schema forebay is of a newer version of forebay, with which this one cannot work: its version,
    /// and the oldest that a forebay must know.
    SchemaNew(i32, i32),
    /// A table is missing.
    NoTable(&'static str),
    /// A column is missing.
    NoColumn(&'static str, &'static str),
    /// A column has another type: table, column, what it is, what it should be.
    Type(&'static str, &'static str, String, &'static str),
    /// A column refuses nulls, which the records have.
    NotNull(&'static str, &'static str),
    /// A column that is not given on insert refuses nulls and has no default.
    NoDefault(&'static str, String),
    /// There is no such unique key.
    NoKey(&'static str, &'static [&'static str]),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Server(number) => {
                write!(
                    f,
                    "the server is PostgreSQL {}; 14 is the oldest that will do",
                    number / 10_000
                )
            }
            Finding::SchemaOld(how) => write!(f, "schema forebay is {how}"),
            Finding::SchemaNew(version, oldest) => write!(
                f,
                "schema forebay was made by a newer forebay: it is at version {version}, for which a forebay has to know at least {oldest}, and this one knows {}",
                migrate::latest()
            ),
            Finding::NoTable(table) => write!(f, "table public.{table} is missing"),
            Finding::NoColumn(table, column) => {
                write!(f, "column public.{table}.{column} is missing")
            }
            Finding::Type(table, column, is, should) => {
                write!(
                    f,
                    "column public.{table}.{column} is {is}; it has to be {should}"
                )
            }
            Finding::NotNull(table, column) => {
                write!(
                    f,
                    "column public.{table}.{column} is NOT NULL, and records leave it empty"
                )
            }
            Finding::NoDefault(table, column) => write!(
                f,
                "column public.{table}.{column} is NOT NULL without a default, and forebay does not write it"
            ),
            Finding::NoKey(table, columns) => write!(
                f,
                "table public.{table} has no unique key on ({}) that is valid, whole and not deferrable",
                columns.join(", ")
            ),
        }
    }
}

impl Finding {
    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Finding::Server(_) => "upgrade PostgreSQL",
            Finding::SchemaOld(_) => "run `forebay migrate`",
            Finding::SchemaNew(..) => migrate::NEWER_REMEDY,
            Finding::NoTable(_) => "run `forebay migrate`, or let the AppView push its schema",
            Finding::NoColumn(..) | Finding::Type(..) | Finding::NotNull(..) => {
                "let the AppView push its schema: the columns must be the AppView's"
            }
            Finding::NoDefault(..) => "give the column a default, or let it be null",
            Finding::NoKey(..) => "restore the AppView's primary keys and unique constraints",
        }
    }
}

/// The tables that are written where this is kept of what follows from records.
#[must_use]
pub fn written(derived: DerivedSet) -> Vec<&'static str> {
    let written = TABLES
        .iter()
        .filter(|table| table.is_written && table.is_kept(derived));
    written.map(|table| table.name).collect()
}

/// The tables that are only read.
#[must_use]
pub fn read() -> Vec<&'static str> {
    let read = TABLES
        .iter()
        .filter(|table| !table.is_written && table.derived.is_none());
    read.map(|table| table.name).collect()
}

/// Compares a database with what is needed where this is kept of what follows from records; an empty list means that all is well.
///
/// # Errors
///
/// The database is away or refuses; act on the error's verdict.
pub async fn check(client: &Client, derived: DerivedSet) -> Result<Vec<Finding>, DbError> {
    let mut found = check_schema(client).await?;
    let live = Live::read(client).await?;
    for table in TABLES.iter().filter(|table| table.is_kept(derived)) {
        live.check(table, &mut found);
    }
    Ok(found)
}

async fn check_schema(client: &Client) -> Result<Vec<Finding>, DbError> {
    const WHAT: &str = "looking at schema forebay";
    let row = client
        .query_one(sql::CONTRACT_VERSION, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let (server, made): (i32, bool) = (row.get(0), row.get(1));
    let mut found = Vec::new();
    if server < OLDEST_SERVER {
        found.push(Finding::Server(server));
    }
    if !made {
        found.push(Finding::SchemaOld("missing"));
        return Ok(found);
    }
    let version = migrate::version(client).await;
    match version.map_err(DbError::during(WHAT))? {
        Version::None | Version::Older => found.push(Finding::SchemaOld("of an older forebay")),
        Version::Same | Version::NewerFits(_) => {}
        Version::NewerUnfit { version, oldest } => {
            found.push(Finding::SchemaNew(version, oldest));
        }
    }
    Ok(found)
}

/// A live column.
struct LiveColumn {
    name: String,
    kind: String,
    refuses_null: bool,
    has_default: bool,
}

/// The live tables.
struct Live {
    columns: HashMap<String, Vec<LiveColumn>>,
    keys: HashSet<(String, Vec<String>)>,
}

impl Live {
    async fn read(client: &Client) -> Result<Live, DbError> {
        const WHAT: &str = "reading the tables' columns and keys";
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        let rows = client
            .query(sql::CONTRACT_COLUMNS, &[&names])
            .await
            .map_err(DbError::during(WHAT))?;
        let mut columns: HashMap<String, Vec<LiveColumn>> = HashMap::new();
        for row in rows {
            columns.entry(row.get(0)).or_default().push(LiveColumn {
                name: row.get(1),
                kind: row.get(2),
                refuses_null: row.get(3),
                has_default: row.get(4),
            });
        }
        let rows = client
            .query(sql::CONTRACT_KEYS, &[&names])
            .await
            .map_err(DbError::during(WHAT))?;
        let keys = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        Ok(Live { columns, keys })
    }

    fn check(&self, table: &Table, found: &mut Vec<Finding>) {
        let Some(live) = self.columns.get(table.name) else {
            found.push(Finding::NoTable(table.name));
            return;
        };
        for column in table.columns {
            match live.iter().find(|live| live.name == column.name) {
                Some(live) => found.extend(differs(table.name, column, live)),
                None => found.push(Finding::NoColumn(table.name, column.name)),
            }
        }
        if table.is_written {
            found.extend(table.unfilled(live));
        }
        let missing = table
            .keys
            .iter()
            .filter(|key| !self.has_key(table.name, key));
        found.extend(missing.map(|key| Finding::NoKey(table.name, key)));
    }

    fn has_key(&self, table: &str, key: &[&str]) -> bool {
        let mut columns: Vec<String> = key.iter().map(|column| (*column).to_owned()).collect();
        columns.sort_unstable();
        self.keys.contains(&(table.to_owned(), columns))
    }
}

fn differs(table: &'static str, column: &Column, live: &LiveColumn) -> Option<Finding> {
    if !column.kind.accepts(&live.kind) {
        let is = live.kind.clone();
        return Some(Finding::Type(table, column.name, is, column.kind.name()));
    }
    (column.given == Given::OrNull && live.refuses_null)
        .then_some(Finding::NotNull(table, column.name))
}

impl Table {
    fn is_kept(&self, derived: DerivedSet) -> bool {
        self.derived.is_none_or(|one| derived.has(one))
    }

    /// Columns that an insert leaves out and that do not allow it.
    fn unfilled<'t>(&'t self, live: &'t [LiveColumn]) -> impl Iterator<Item = Finding> + 't {
        let unfilled = |live: &&LiveColumn| {
            let ours = self.columns.iter().find(|ours| ours.name == live.name);
            let left_out = ours.is_none_or(|ours| ours.given == Given::Later);
            left_out && live.refuses_null && !live.has_default
        };
        live.iter()
            .filter(unfilled)
            .map(|live| Finding::NoDefault(self.name, live.name.clone()))
    }
}
