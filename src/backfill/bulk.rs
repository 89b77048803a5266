//! Bulk: for a database that nobody else writes to. Indexes that are not unique are taken away and made
//! again at the end, and counts are added up once.
//!
//! What makes an index is saved in the transaction that drops it, so that whoever comes next, after
//! whatever happened, knows what is missing and makes it. While the counts are added up, indexes are made
//! of the tables that counting only reads.

use std::fmt;
use std::iter::Enumerate;
use std::slice;
use std::sync::{Mutex, PoisonError};

use deadpool_postgres::{ClientWrapper, Object, Pool};
use futures::future::try_join;
use tokio_postgres::Row;
use tracing::info;

use crate::ack;
use crate::contract;
use crate::database;
use crate::derived::{Derived, DerivedSet};
use crate::error::DbError;
use crate::flush::{Changes, Table, lock_partitions};
use crate::partition::PARTITIONS;
use crate::source::Redis;
use crate::sql::bulk as sql;

const WHAT: &str = "preparing a bulk backfill";
const FINISHING: &str = "finishing a bulk backfill";

/// An index that is taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// How large it is.
    pub bytes: i64,
    definition: String,
    drop: String,
}

/// What a bulk backfill does beside storing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(pub Vec<Index>);

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MB: i64 = 1_000_000;
        let Plan(indexes) = self;
        writeln!(
            f,
            "bulk: {} indexes are taken away and made again at the end:",
            indexes.len()
        )?;
        for index in indexes {
            let (name, table, mb) = (&index.name, &index.table, index.bytes / MB);
            writeln!(f, "  {table}: {name} ({mb} MB)")?;
        }
        write!(
            f,
            "counts of posts, generators and labelers are added up once, at the end; until then queries of the AppView are slow and counts old"
        )
    }
}

/// What would be taken away now.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn plan(pool: &Pool, derived: DerivedSet) -> Result<Plan, DbError> {
    let client = pool.get().await?;
    let tables = contract::written(derived);
    let rows = client
        .query(sql::PLAN, &[&tables])
        .await
        .map_err(DbError::during(WHAT))?;
    let index = |row: &Row| Index {
        name: row.get(0),
        table: row.get(1),
        definition: row.get(2),
        drop: row.get(3),
        bytes: row.get(4),
    };
    Ok(Plan(rows.iter().map(index).collect()))
}

/// Takes the indexes away, in one transaction with what makes them.
///
/// # Errors
///
/// As [`plan`]; all are there then.
pub async fn begin(pool: &Pool, Plan(indexes): &Plan) -> Result<(), DbError> {
    let mut client = database::administer(pool).await?;
    let transaction = client.transaction().await.map_err(DbError::during(WHAT))?;
    transaction
        .execute(sql::BEGIN, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    for index in indexes {
        transaction
            .execute(sql::INDEX_PUT, &[&index.name, &index.definition])
            .await
            .map_err(DbError::during(WHAT))?;
        transaction
            .batch_execute(&index.drop)
            .await
            .map_err(DbError::during(WHAT))?;
    }
    transaction.commit().await.map_err(DbError::during(WHAT))
}

/// Whether a bulk backfill is under way, or was broken off.
///
/// # Errors
///
/// As [`plan`].
pub async fn is_begun(pool: &Pool) -> Result<bool, DbError> {
    let client = pool.get().await?;
    let row = client.query_opt(sql::STATE, &[]).await;
    Ok(row.map_err(DbError::during(FINISHING))?.is_some())
}

/// Adds up the counts, settles what follows from records of several repos, and makes the indexes again:
/// what is left of that, if it was broken off. Nothing where no bulk backfill was begun.
///
/// # Errors
///
/// As [`plan`]; the next call does the rest.
pub async fn finish(pool: &Pool, redis: &Redis, derived: DerivedSet) -> Result<(), DbError> {
    let client = prepared(pool).await?;
    let state = client.query_opt(sql::STATE, &[]).await;
    let Some(state) = state.map_err(DbError::during(FINISHING))? else {
        return Ok(());
    };
    let is_counted: bool = state.get(0);
    let missing = client.query(sql::INDEXES, &[]).await;
    let missing = missing.map_err(DbError::during(FINISHING))?;
    let missing = Missing::of(&missing);
    let first = async {
        let mut client = client;
        if !is_counted {
            info!("bulk: adding up counts");
            count(&mut client, redis, derived).await?;
        }
        missing.make(&mut client).await?;
        Ok(client)
    };
    let beside = async { missing.make(&mut prepared(pool).await?).await };
    let (client, ()) = try_join(first, beside).await?;
    let ended = client.execute(sql::END, &[]).await;
    ended.map_err(DbError::during(FINISHING))?;
    Ok(())
}

/// A connection for whole tables at once. Its settings are nobody else's: it is the pool's no more.
async fn prepared(pool: &Pool) -> Result<ClientWrapper, DbError> {
    let client = Object::take(database::administer(pool).await?);
    let set = client.batch_execute(sql::SESSION).await;
    set.map_err(DbError::during(FINISHING))?;
    Ok(client)
}

/// The same for whoever has begun it. Had the connection of its lock been cut, somebody else may have
/// found it broken off and finished it while rows were still to come: their counts are missing then. So
/// it is noted once more first.
///
/// # Errors
///
/// As [`finish`].
pub async fn finish_own(pool: &Pool, redis: &Redis, derived: DerivedSet) -> Result<(), DbError> {
    begin(pool, &Plan(Vec::new())).await?;
    finish(pool, redis, derived).await
}

async fn count(
    client: &mut ClientWrapper,
    redis: &Redis,
    derived: DerivedSet,
) -> Result<(), DbError> {
    let transaction = client
        .transaction()
        .await
        .map_err(DbError::during(FINISHING))?;
    let all: Vec<i32> = (0..PARTITIONS.cast_signed()).collect();
    lock_partitions(&transaction, &all).await?;
    let added: i64 = transaction
        .query_one(sql::COUNTS, &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during(FINISHING))?;
    let own = sql::OWN.iter().map(String::as_str);
    for statement in own.chain(settled(derived)).chain([sql::COUNTED]) {
        transaction
            .execute(statement, &[])
            .await
            .map_err(DbError::during(FINISHING))?;
    }
    transaction
        .commit()
        .await
        .map_err(DbError::during(FINISHING))?;
    let mut changes = Changes::default();
    changes.note(Table::PostAggregations, added);
    // What it was not told an audit mends.
    let _ = ack::tell_record_counts(redis, &changes).await;
    Ok(())
}

/// The statements of what is not kept batch by batch.
fn settled(derived: DerivedSet) -> Vec<&'static str> {
    let mut statements = Vec::new();
    if derived.has(Derived::ThreadContexts) {
        statements.extend([sql::THREAD_CONTEXTS_REMOVE, &*sql::THREAD_CONTEXTS]);
    }
    if derived.has(Derived::GateViolations) {
        statements.push(&*sql::VIOLATIONS);
    }
    statements
}

/// Indexes that are to be made, by several connections at once: the server makes a small one with a
/// single process, and counts with one too.
struct Missing<'r> {
    of: usize,
    left: Mutex<Enumerate<slice::Iter<'r, Row>>>,
}

impl<'r> Missing<'r> {
    fn of(rows: &'r [Row]) -> Missing<'r> {
        Missing {
            of: rows.len(),
            left: Mutex::new(rows.iter().enumerate()),
        }
    }

    fn next(&self) -> Option<(usize, &'r Row)> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.next()
    }

    /// Makes one after the other until none is left.
    async fn make(&self, client: &mut ClientWrapper) -> Result<(), DbError> {
        while let Some((before, row)) = self.next() {
            let (nth, of, name) = (before + 1, self.of, row.get::<_, &str>(0));
            info!(nth, of, "bulk: making index {name} again");
            index(client, row).await?;
        }
        Ok(())
    }
}

async fn index(client: &mut ClientWrapper, row: &Row) -> Result<(), DbError> {
    let (name, definition, is_there): (&str, &str, bool) = (row.get(0), row.get(1), row.get(2));
    let transaction = client.transaction().await;
    let transaction = transaction.map_err(DbError::during(FINISHING))?;
    if !is_there {
        let made = transaction.batch_execute(definition).await;
        made.map_err(DbError::during(FINISHING))?;
    }
    let done = transaction.execute(sql::INDEX_DONE, &[&name]).await;
    done.map_err(DbError::during(FINISHING))?;
    transaction
        .commit()
        .await
        .map_err(DbError::during(FINISHING))
}
