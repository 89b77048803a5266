//! PostgreSQL: the server, the database, and the tables as the merges need them.

mod judge;
mod tables;

use deadpool_postgres::{Object, Pool};

use super::check::{Level, Report};
use super::{Settings, shares_sessions};
use crate::contract;
use crate::error::DbError;
use crate::sql;

/// Makes the checks of the database.
pub async fn examine(pool: &Pool, settings: Settings, report: &mut Report) {
    match shares_sessions(pool).await {
        Ok(true) => {
            // Through it no other answer could be trusted.
            report.found("postgres.proxy", Level::Bad, PROXY_SEEN, PROXY_REMEDY);
            return;
        }
        Ok(false) => report.ok("postgres.proxy", "each connection is a session of its own"),
        Err(error) => {
            report.found(
                "postgres.reach",
                Level::Bad,
                error.to_string(),
                "check DATABASE_URL, its user, password and database, and that the server runs",
            );
            return;
        }
    }
    if let Err(error) = try_examine(pool, settings, report).await {
        report.found(
            "postgres.reach",
            Level::Bad,
            error.to_string(),
            error.remedy(),
        );
    }
}

/// What a proxy that pools by transaction does.
pub const PROXY_SEEN: &str = "a proxy gives one server session to several connections (PgBouncer with pool_mode transaction or statement)";
/// What to do about it.
pub const PROXY_REMEDY: &str = "point DATABASE_URL at PostgreSQL itself, or at a pool with pool_mode = session: staging tables, prepared statements and locks belong to a session";

async fn try_examine(pool: &Pool, settings: Settings, report: &mut Report) -> Result<(), DbError> {
    let client = pool.get().await?;
    server(&client, report).await?;
    connections(&client, settings, report).await?;
    let found = contract::check(&client).await?;
    for finding in &found {
        report.found(
            "postgres.tables",
            Level::Bad,
            finding.to_string(),
            finding.remedy(),
        );
    }
    if found.is_empty() {
        report.ok("postgres.tables", "as the merges need them");
    }
    tables::rights(&client, report).await?;
    tables::indexes(&client, report).await?;
    tables::sequences(&client, report).await?;
    tables::vacuum(&client, report).await?;
    if found.is_empty() {
        tables::origin(&client, report).await?;
        tables::waiting(&client, report).await?;
    }
    Ok(())
}

async fn server(client: &Object, report: &mut Report) -> Result<(), DbError> {
    const WHAT: &str = "asking PostgreSQL about itself";
    let row = client
        .query_one(sql::doctor::SERVER, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let text = |at| row.try_get::<_, String>(at).map_err(DbError::during(WHAT));
    let version: i32 = row.try_get(0).map_err(DbError::during(WHAT))?;
    judge::version(version, report);
    judge::durability(&text(3)?, &text(4)?, report);
    judge::time_zone(&text(2)?, report);
    let recorded: Option<String> = row.try_get(8).map_err(DbError::during(WHAT))?;
    let actual = match version {
        150_000.. => client
            .query_one(sql::doctor::COLLATION, &[])
            .await
            .and_then(|row| row.try_get::<_, Option<String>>(0))
            .map_err(DbError::during(WHAT))?,
        _ => None,
    };
    let collation = judge::Collation {
        encoding: text(1)?,
        name: text(6)?,
        provider: text(7)?,
        recorded,
        actual,
    };
    judge::collation(&collation, report);
    let age: i32 = row.try_get(9).map_err(DbError::during(WHAT))?;
    judge::wraparound(age, report);
    judge::autovacuum(&text(5)?, report);
    Ok(())
}

async fn connections(
    client: &Object,
    settings: Settings,
    report: &mut Report,
) -> Result<(), DbError> {
    const WHAT: &str = "counting connections";
    let row = client
        .query_one(sql::doctor::CONNECTIONS, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let free = |at| {
        row.try_get::<_, Option<i64>>(at)
            .map_err(DbError::during(WHAT))
    };
    let most: i64 = row.try_get(3).map_err(DbError::during(WHAT))?;
    let free = judge::Free {
        server: free(0)?.unwrap_or(0),
        database: free(1)?,
        role: free(2)?,
    };
    judge::connections(free, most, settings.connections, report);
    Ok(())
}
