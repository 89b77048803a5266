//! PostgreSQL: the server, the database, and the tables as the merges need them.

mod judge;
mod tables;

use deadpool_postgres::{Object, Pool};

use super::check::{Level, Report};
use super::{Settings, shares_sessions};
use crate::contract;
use crate::error::{DbError, Verdict};
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
            match error.verdict() {
                Verdict::Fatal => error.remedy(),
                _ => BUSY_REMEDY,
            },
        );
    }
}

/// What a proxy that pools by transaction does.
pub const PROXY_SEEN: &str = "a proxy gives one server session to several connections (PgBouncer with pool_mode transaction or statement)";
/// What to do about it.
pub const PROXY_REMEDY: &str = "point DATABASE_URL at PostgreSQL itself, or at a pool with pool_mode = session: staging tables, prepared statements and locks belong to a session";

/// What to do where a check was kept from its answer.
const BUSY_REMEDY: &str = "busy, or it went away meanwhile: look at pg_stat_activity for who holds a lock (`select pid, query from pg_stat_activity where cardinality(pg_blocking_pids(pid)) > 0`), and ask again";

async fn try_examine(pool: &Pool, settings: Settings, report: &mut Report) -> Result<(), DbError> {
    let client = pool.get().await?;
    client
        .batch_execute(sql::doctor::SESSION)
        .await
        .map_err(DbError::during("preparing a connection"))?;
    let made = server(&client, report).await;
    go_on("postgres.server", made, &client, report)?;
    let made = connections(&client, settings, report).await;
    go_on("postgres.connections", made, &client, report)?;
    let made = fitness(&client, settings, report).await;
    let fits = matches!(made, Ok(Fitness::Fits));
    go_on("postgres.tables", made, &client, report)?;
    let made = tables::rights(&client, settings.derived, report).await;
    go_on("postgres.rights", made, &client, report)?;
    let made = tables::indexes(&client, report).await;
    go_on("postgres.hot_updates", made, &client, report)?;
    let made = tables::sequences(&client, report).await;
    go_on("postgres.sequences", made, &client, report)?;
    let made = tables::vacuum(&client, settings.derived, report).await;
    go_on("postgres.dead_rows", made, &client, report)?;
    if fits {
        let made = tables::origin(&client, report).await;
        go_on("forebay.takeover", made, &client, report)?;
        let made = tables::waiting(&client, report).await;
        go_on("forebay.dead_letters", made, &client, report)?;
    }
    Ok(())
}

/// Says of a check that it could not be made; the others still can, unless the connection is gone.
fn go_on<T>(
    name: &'static str,
    made: Result<T, DbError>,
    client: &Object,
    report: &mut Report,
) -> Result<(), DbError> {
    match made {
        Ok(_) => Ok(()),
        Err(error) if client.is_closed() => Err(error),
        Err(error) => {
            let (level, remedy) = match error.verdict() {
                Verdict::Fatal => (Level::Bad, error.remedy()),
                _ => (Level::Warn, BUSY_REMEDY),
            };
            report.found(name, level, error.to_string(), remedy);
            Ok(())
        }
    }
}

/// Whether the tables are as the merges need them.
enum Fitness {
    Fits,
    Unfit,
}

async fn fitness(
    client: &Object,
    settings: Settings,
    report: &mut Report,
) -> Result<Fitness, DbError> {
    const NAME: &str = "postgres.tables";
    let found = contract::check(client, settings.derived).await?;
    for finding in &found {
        report.found(NAME, Level::Bad, finding.to_string(), finding.remedy());
    }
    if found.is_empty() {
        report.ok(NAME, "as the merges need them");
        return Ok(Fitness::Fits);
    }
    Ok(Fitness::Unfit)
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
