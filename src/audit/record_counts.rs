//! What the AppView is told of its tables' sizes, against the tables.
//!
//! A worker moves Redis' count when it acknowledges, after its commit. So both are looked at in a
//! moment without either: all partition locks are held until the count stands still, a snapshot is
//! taken, and the locks are let go; the rows are counted in that snapshot, however long it takes.

use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::time::sleep;

use super::mend::lock_out_workers;
use super::{AuditError, Drift, Repair, Report};
use crate::ack;
use crate::database;
use crate::error::DbError;
use crate::flush::Table;
use crate::source::Redis;
use crate::sql::audit as sql;

const WHAT: &str = "counting rows";

/// Between two looks at a count: longer than an acknowledgement takes.
const STILL_FOR: Duration = Duration::from_millis(50);
/// Looks at most, while the locks are held.
const LOOKS: usize = 20;
/// A difference must be the same this many times.
const AGREEING: usize = 3;
/// For users this many: their rows are made outside the partition locks, and those of the batches under
/// way are not told yet. These are few, often one, so that three in a row may well be alike.
const AGREEING_USERS: usize = 10;
/// Times that a table is counted at most.
const ROUNDS: usize = 16;

/// Compares every table's count.
pub async fn compare(
    pool: &Pool,
    redis: &Redis,
    repair: Repair,
    report: &mut Report,
) -> Result<(), AuditError> {
    let mut open = Table::COUNTED.map(|table| (table, Vec::new())).to_vec();
    for _ in 0..ROUNDS {
        measure(pool, redis, &mut open).await?;
        for (table, seen) in &open {
            if let Verdict::Drift(by) = verdict(*table, seen) {
                settle(redis, *table, by, repair, report).await?;
            }
        }
        open.retain(|(table, seen)| verdict(*table, seen) == Verdict::Unclear);
        if open.is_empty() {
            return Ok(());
        }
    }
    report.notes.extend(open.iter().map(|(table, _)| {
        let name = table.name();
        format!("record count of {name}: not compared, it moves without end; audit again when the stream is quiet")
    }));
    Ok(())
}

async fn settle(
    redis: &Redis,
    table: Table,
    by: i64,
    repair: Repair,
    report: &mut Report,
) -> Result<(), AuditError> {
    let name = table.name();
    report.found(&[Drift {
        key: name.to_owned(),
        kind: "record count".to_owned(),
        line: format!("{name}: {by:+} rows against {}", ack::RECORD_COUNTS),
    }]);
    if repair == Repair::Yes {
        ack::shift_record_count(redis, table, by).await?;
    }
    Ok(())
}

/// A table, and its rows less what is told, each time that it was measured.
type Measured = (Table, Vec<i64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Right,
    Drift(i64),
    Unclear,
}

fn verdict(table: Table, seen: &[i64]) -> Verdict {
    let agreeing = match table {
        Table::Users => AGREEING_USERS,
        _ => AGREEING,
    };
    let Some(last) = seen.last() else {
        return Verdict::Unclear;
    };
    let same = seen.iter().rev().take_while(|by| *by == last).count();
    match last {
        0 => Verdict::Right,
        _ if same >= agreeing => Verdict::Drift(*last),
        _ => Verdict::Unclear,
    }
}

/// Rows less what is told, at one moment; nothing if what is told does not stand still.
async fn measure(pool: &Pool, redis: &Redis, tables: &mut [Measured]) -> Result<(), AuditError> {
    let mut locker = database::administer(pool).await?;
    let counter = database::administer(pool).await?;
    let locked = lock_out_workers(&mut locker).await?;
    let told = when_still(redis).await?;
    begin_snapshot(&counter).await?;
    locked.commit().await.map_err(DbError::during(WHAT))?;
    let Some(told) = told else { return Ok(()) };
    for (table, seen) in tables {
        let there = rows(&counter, *table).await?;
        seen.push(there - told.get(*table as usize).copied().unwrap_or(0));
    }
    counter
        .batch_execute("rollback")
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(())
}

async fn when_still(redis: &Redis) -> Result<Option<Vec<i64>>, AuditError> {
    let mut last = ack::record_counts(redis).await?;
    for _ in 0..LOOKS {
        sleep(STILL_FOR).await;
        let told = ack::record_counts(redis).await?;
        if told == last {
            return Ok(Some(told));
        }
        last = told;
    }
    Ok(None)
}

async fn begin_snapshot(client: &Object) -> Result<(), DbError> {
    client
        .batch_execute("begin isolation level repeatable read read only; select")
        .await
        .map_err(DbError::during(WHAT))
}

async fn rows(client: &Object, table: Table) -> Result<i64, DbError> {
    client
        .query_one(&sql::rows_of(table.name()), &[])
        .await
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during(WHAT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_is_drift() {
        let likes = |seen: &[i64]| verdict(Table::Likes, seen);
        assert_eq!(likes(&[]), Verdict::Unclear);
        assert_eq!(likes(&[4, 4]), Verdict::Unclear);
        assert_eq!(likes(&[9, 4, 4, 4]), Verdict::Drift(4));
        assert_eq!(likes(&[4, 4, 5]), Verdict::Unclear);
        assert_eq!(likes(&[4, 4, 0]), Verdict::Right);
    }

    #[test]
    fn users_of_batches_under_way_are_no_drift() {
        let users = |seen: &[i64]| verdict(Table::Users, seen);
        assert_eq!(users(&[1; AGREEING_USERS - 1]), Verdict::Unclear);
        assert_eq!(users(&[1; AGREEING_USERS]), Verdict::Drift(1));
        assert_eq!(users(&[1, 1, 1, 0]), Verdict::Right);
    }
}
