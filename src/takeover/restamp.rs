//! Re-stamping, table by table, in key ranges: short transactions, each noting how far it came.

use std::time::SystemTime;

use deadpool_postgres::Object;

use crate::error::DbError;
use crate::flush::statement_timestamp;
use crate::position::Micros;
use crate::progress::Progress;
use crate::sql::takeover::{self as sql, Table};

const WHAT: &str = "re-stamping rows";

/// Goes through all tables; says how many rows of each were re-stamped.
pub async fn all(
    client: &mut Object,
    boundary: Micros,
    range_rows: i64,
    progress: &Progress,
) -> Result<Vec<(&'static str, u64)>, DbError> {
    progress.of(estimated_rows(client).await?);
    let mut restamped = Vec::new();
    for table in sql::TABLES.iter() {
        progress.on(table.name);
        let rows = one(client, table, boundary, range_rows, progress).await?;
        restamped.push((table.name, rows));
    }
    progress.done();
    Ok(restamped)
}

async fn estimated_rows(client: &Object) -> Result<u64, DbError> {
    let names: Vec<&str> = sql::TABLES.iter().map(|table| table.name).collect();
    let rows: i64 = client
        .query_one(sql::ESTIMATED_ROWS, &[&names])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during("estimating rows"))?;
    Ok(rows.unsigned_abs())
}

/// How far a table has been gone through.
struct Reached {
    last_key: String,
    restamped: u64,
    done: bool,
}

async fn one(
    client: &mut Object,
    table: &Table,
    boundary: Micros,
    range_rows: i64,
    progress: &Progress,
) -> Result<u64, DbError> {
    let mut reached = reached(client, table, progress).await?;
    while !reached.done {
        let seen = step(client, table, &mut reached, boundary, range_rows).await?;
        progress.further(seen);
    }
    Ok(reached.restamped)
}

async fn reached(client: &Object, table: &Table, progress: &Progress) -> Result<Reached, DbError> {
    let row = client
        .query_opt(sql::PROGRESS, &[&table.name])
        .await
        .map_err(DbError::during("asking how far the takeover came"))?;
    Ok(match row {
        Some(row) => {
            progress.further(row.get::<_, i64>(1).unsigned_abs());
            Reached {
                last_key: row.get(0),
                restamped: row.get::<_, i64>(2).unsigned_abs(),
                done: row.get(3),
            }
        }
        None => Reached {
            last_key: String::new(),
            restamped: 0,
            done: false,
        },
    })
}

/// One range, one transaction; says how many rows it looked at.
async fn step(
    client: &mut Object,
    table: &Table,
    reached: &mut Reached,
    boundary: Micros,
    range_rows: i64,
) -> Result<u64, DbError> {
    let boundary: SystemTime = statement_timestamp(boundary);
    let transaction = client.transaction().await.map_err(DbError::during(WHAT))?;
    let range = transaction
        .query_one(&table.range, &[&reached.last_key, &range_rows])
        .await
        .map_err(DbError::during(WHAT))?;
    let (end, seen): (String, i64) = (range.get(0), range.get(1));
    let done = seen < range_rows;
    let end = if seen == 0 {
        reached.last_key.clone()
    } else {
        end
    };
    let restamped = transaction
        .execute(&table.restamp, &[&reached.last_key, &end, &boundary])
        .await
        .map_err(DbError::during(WHAT))?;
    transaction
        .execute(
            sql::PROGRESS_PUT,
            &[&table.name, &end, &seen, &restamped.cast_signed(), &done],
        )
        .await
        .map_err(DbError::during(WHAT))?;
    transaction.commit().await.map_err(DbError::during(WHAT))?;
    reached.last_key = end;
    reached.restamped += restamped;
    reached.done = done;
    Ok(seen.unsigned_abs())
}
