//! Comparing what follows from rows with the rows, while workers run, and mending it.
//!
//! Every transaction of a worker moves both together, so one snapshot shows no drift that is not
//! there; mending holds all partition locks, so no worker is between a row and its count. It knows
//! kinds of drift as statements, and nothing of why there is any.

mod mend;
mod record_counts;
mod report;

pub use report::{Finding, Report};

use deadpool_postgres::{Object, Pool};

use crate::database;
use crate::derived::DerivedSet;
use crate::error::{DbError, RedisError};
use crate::progress::Progress;
use crate::source::Redis;
use crate::sql::audit::{self as sql, Check, Judged};

/// Whether drift is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// It is only told.
    No,
    /// It is mended.
    Yes,
}

/// Why an audit could not be brought to its end.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database refuses.
    #[error(transparent)]
    Database(#[from] DbError),
    /// Redis refuses.
    #[error(transparent)]
    Redis(#[from] RedisError),
}

/// Rows of each source that one range takes.
const RANGE_ROWS: i64 = 20_000;

/// One drifting key.
struct Drift {
    key: String,
    kind: String,
    line: String,
}

/// Compares everything that is kept, and mends it if that is asked for.
///
/// # Errors
///
/// [`AuditError`]; what was mended stays.
pub async fn audit(
    pool: &Pool,
    redis: &Redis,
    repair: Repair,
    derived: DerivedSet,
    progress: &Progress,
) -> Result<Report, AuditError> {
    let mut client = database::administer(pool).await?;
    if repair == Repair::Yes {
        mend::prepare(&client).await?;
    }
    let judged = match repair {
        Repair::Yes => Judged::Anew,
        Repair::No => Judged::Once,
    };
    let checks = sql::checks(derived, judged);
    progress.of(estimated_rows(&client, &checks).await?);
    let mut report = Report::default();
    for check in &checks {
        progress.on(&check.name);
        go_through(&mut client, check, repair, progress, &mut report).await?;
    }
    progress.on("record counts");
    record_counts::compare(pool, redis, repair, &mut report).await?;
    progress.done();
    Ok(report)
}

async fn estimated_rows(client: &Object, checks: &[Check]) -> Result<u64, DbError> {
    let names: Vec<&str> = checks
        .iter()
        .flat_map(|check| check.tables.iter().copied())
        .collect();
    let rows: i64 = client
        .query_one(crate::sql::takeover::ESTIMATED_ROWS, &[&names])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during("estimating rows"))?;
    Ok(rows.unsigned_abs())
}

async fn go_through(
    client: &mut Object,
    check: &Check,
    repair: Repair,
    progress: &Progress,
    report: &mut Report,
) -> Result<(), AuditError> {
    let mut after = String::new();
    loop {
        let end = next(client, check, &after).await?;
        let drift = find(client, &check.find, &after, end.as_deref()).await?;
        if !drift.is_empty() {
            report.found(&drift);
            if repair == Repair::Yes {
                mend::mend(client, check, &drift, report).await?;
                let left = check.left.as_ref().unwrap_or(&check.find);
                let left = find(client, left, &after, end.as_deref()).await?;
                report.left(&left);
            }
        }
        let Some(end) = end else { return Ok(()) };
        progress.further(RANGE_ROWS.unsigned_abs());
        after = end;
    }
}

async fn next(client: &Object, check: &Check, after: &str) -> Result<Option<String>, DbError> {
    client
        .query_one(&check.next, &[&after, &RANGE_ROWS])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during("finding the next range to audit"))
}

async fn find(
    client: &Object,
    text: &str,
    after: &str,
    end: Option<&str>,
) -> Result<Vec<Drift>, DbError> {
    let rows = client
        .query(text, &[&after, &end])
        .await
        .map_err(DbError::during("comparing rows"))?;
    let drift = |row: &tokio_postgres::Row| Drift {
        key: row.get(0),
        kind: row.get(1),
        line: row.get(2),
    };
    Ok(rows.iter().map(drift).collect())
}
