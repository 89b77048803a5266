//! What a worker that stops leaves to the next one: which rows the database refused.
//!
//! It knows the table and nothing of how the judgement was come to.

use deadpool_postgres::Pool;

use crate::breaker::{Broken, Fault};
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Notes why this worker stops.
///
/// # Errors
///
/// The database is away or refuses; the next worker then finds out for itself.
pub async fn put_broken(pool: &Pool, broken: &Broken) -> Result<(), DbError> {
    let client = pool.get().await?;
    let fault = &broken.fault;
    client
        .execute(
            sql::BROKEN_PUT,
            &[
                &broken.kind.name(),
                &fault.sqlstate,
                &fault.table,
                &fault.blamed,
            ],
        )
        .await
        .map_err(DbError::during("noting why the worker stops"))?;
    Ok(())
}

/// Takes out what earlier workers noted.
///
/// # Errors
///
/// The database is away or refuses; act on the error's verdict.
pub async fn take_broken(pool: &Pool) -> Result<Vec<(Kind, Fault)>, DbError> {
    let client = pool.get().await?;
    let rows = client
        .query(sql::BROKEN_TAKE, &[])
        .await
        .map_err(DbError::during("reading why the last worker stopped"))?;
    let warning = |row: &tokio_postgres::Row| {
        let fault = Fault {
            sqlstate: row.get(1),
            table: row.get(2),
            blamed: row.get(3),
        };
        Some((Kind::named(row.get(0))?, fault))
    };
    Ok(rows.iter().filter_map(warning).collect())
}
