//! The tables: rights, indexes, sequences, dead rows, and what waits to be done by hand.

use deadpool_postgres::Object;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::contract;
use crate::derived::DerivedSet;
use crate::doctor::check::{Level, Report};
use crate::error::DbError;
use crate::sql::doctor as sql;

const WHAT: &str = "looking at the tables";

/// Columns that change with every like, repost, reply, quote and bookmark.
const HOT: [(&str, &str); 7] = [
    ("post_aggregations", "like_count"),
    ("post_aggregations", "repost_count"),
    ("post_aggregations", "reply_count"),
    ("post_aggregations", "bookmark_count"),
    ("post_aggregations", "quote_count"),
    ("feed_generators", "like_count"),
    ("labeler_services", "like_count"),
];

fn get<'r, T: FromSql<'r>>(row: &'r Row, at: usize) -> Result<T, DbError> {
    row.try_get(at).map_err(DbError::during(WHAT))
}

pub async fn rights(
    client: &Object,
    derived: DerivedSet,
    report: &mut Report,
) -> Result<(), DbError> {
    const NAME: &str = "postgres.rights";
    let (written, read) = (contract::written(derived), contract::read());
    let mut lacking = Vec::new();
    for rows in [
        client.query(sql::RIGHTS, &[&written, &read]).await,
        client.query(sql::RIGHTS_BESIDE, &[]).await,
    ] {
        for row in rows.map_err(DbError::during(WHAT))? {
            lacking.push(get::<String>(&row, 0)?);
        }
    }
    if lacking.is_empty() {
        report.ok(NAME, "all that a worker needs");
    } else {
        let grants: Vec<String> = lacking
            .iter()
            .map(|right| format!("grant {right} to …;"))
            .collect();
        report.found(
            NAME,
            Level::Bad,
            format!("lacking: {}", lacking.join(", ")),
            format!(
                "as their owner: {} (docs/security.md has the whole role)",
                grants.join(" ")
            ),
        );
    }
    Ok(())
}

pub async fn indexes(client: &Object, report: &mut Report) -> Result<(), DbError> {
    const NAME: &str = "postgres.hot_updates";
    /// Before that it says little that an index was not used.
    const UPDATES_LEAST: i64 = 100_000;
    let (tables, columns): (Vec<&str>, Vec<&str>) = HOT.into_iter().unzip();
    let rows = client
        .query(sql::INDEXES, &[&tables, &columns])
        .await
        .map_err(DbError::during(WHAT))?;
    let mut unused = Vec::new();
    for row in &rows {
        let (index, bytes): (String, i64) = (get(row, 0)?, get(row, 1)?);
        let (scans, updates): (i64, i64) = (get(row, 2)?, get(row, 3)?);
        if scans == 0 && updates >= UPDATES_LEAST {
            unused.push(format!("{index} ({} MiB)", bytes >> 20));
        }
    }
    if unused.is_empty() {
        report.ok(
            NAME,
            format!(
                "{} indexes on counters keep updates of these from being HOT; none is known to be of no use",
                rows.len()
            ),
        );
    } else {
        report.found(
            NAME,
            Level::Warn,
            format!("indexes on counters that nothing has read since the statistics began, and that every update of a count writes: {}", unused.join(", ")),
            "if no replica reads them either, and the AppView's schema push does not bring them back: `drop index concurrently`",
        );
    }
    Ok(())
}

pub async fn sequences(client: &Object, report: &mut Report) -> Result<(), DbError> {
    const NAME: &str = "postgres.sequences";
    let rows = client
        .query(sql::SEQUENCES, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let mut hidden = Vec::new();
    let mut found = 0;
    for row in &rows {
        let (sequence, table, column): (String, String, String) =
            (get(row, 0)?, get(row, 1)?, get(row, 2)?);
        let (last, is_seen): (Option<i64>, bool) = (get(row, 3)?, get(row, 4)?);
        let most: i64 = get(row, 5)?;
        if !is_seen {
            hidden.push(sequence);
            continue;
        }
        // Of 2⁶³ the last ten digits say nothing.
        let percent = last.unwrap_or(0) / (most / 100).max(1);
        let level = match percent {
            ..50 => continue,
            50..80 => Level::Warn,
            _ => Level::Bad,
        };
        found += 1;
        report.found(
            NAME,
            level,
            format!("{sequence} has given out {percent} % of the numbers that {table}.{column} can hold; at its end the AppView's inserts fail"),
            format!("the table is the AppView's: in a quiet hour, since it is written anew and locked meanwhile, `alter table {table} alter column {column} type bigint; alter sequence {sequence} as bigint`; or start the sequence again at a number below its smallest row"),
        );
    }
    if !hidden.is_empty() {
        report.found(
            NAME,
            Level::Warn,
            format!("this role may not look at {}", hidden.join(", ")),
            "`grant select on all sequences in schema public to …`, or run `forebay doctor` as the tables' owner",
        );
    } else if found == 0 {
        report.ok(NAME, format!("{} far from their ends", rows.len()));
    }
    Ok(())
}

pub async fn vacuum(
    client: &Object,
    derived: DerivedSet,
    report: &mut Report,
) -> Result<(), DbError> {
    const NAME: &str = "postgres.dead_rows";
    const DEAD_LEAST: i64 = 100_000;
    let rows = client
        .query(sql::VACUUM, &[&contract::written(derived)])
        .await
        .map_err(DbError::during(WHAT))?;
    let mut found = 0;
    for row in &rows {
        let (table, live): (String, i64) = (get(row, 0)?, get(row, 1)?);
        let (dead, is_off): (i64, bool) = (get(row, 2)?, get(row, 3)?);
        let last: String = get(row, 4)?;
        if is_off {
            found += 1;
            report.found(
                NAME,
                Level::Bad,
                format!("autovacuum is off for {table}"),
                format!("`alter table {table} reset (autovacuum_enabled)`"),
            );
        } else if dead > DEAD_LEAST && dead > live * 2 / 5 {
            found += 1;
            report.found(
                NAME,
                Level::Warn,
                format!("{table} has {dead} dead rows beside {live}; last vacuumed: {last}"),
                format!("let autovacuum come sooner: `alter table {table} set (autovacuum_vacuum_scale_factor = 0.02)`; if it comes and they stay, an old transaction or a replication slot holds them"),
            );
        }
    }
    if found == 0 {
        report.ok(NAME, format!("few in {} tables", rows.len()));
    }
    Ok(())
}

pub async fn origin(client: &Object, report: &mut Report) -> Result<(), DbError> {
    const NAME: &str = "forebay.takeover";
    let row = client
        .query_one(sql::ORIGIN, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let (marked, filled, broken_off): (bool, bool, bool) =
        (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
    if broken_off {
        report.found(
            NAME,
            Level::Bad,
            "a takeover was begun and not brought to its end",
            "stop every worker and run `forebay takeover` again: it goes on where it was",
        );
    } else if filled && !marked {
        report.found(
            NAME,
            Level::Bad,
            "the tables hold rows that forebay did not write, and no takeover was made: updates and deletes of those rows may be missed, and counts are not exact",
            "stop the other worker and this one, then `forebay takeover`, `forebay run` and `forebay audit --repair` (docs/migrate-from-python.md)",
        );
    } else {
        report.ok(NAME, "the rows are ours, or were taken over");
    }
    Ok(())
}

pub async fn waiting(client: &Object, report: &mut Report) -> Result<(), DbError> {
    let row = client
        .query_one(sql::FOREBAY, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let (letters, oldest_s, purges): (i64, Option<i64>, i64) =
        (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
    if letters == 0 {
        report.ok("forebay.dead_letters", "none");
    } else {
        let days = oldest_s.unwrap_or(0) / 86_400;
        report.found(
            "forebay.dead_letters",
            Level::Warn,
            format!(
                "{letters}, the oldest {days} days old; tombstones since its entry are kept for it"
            ),
            "`forebay dlq list`: then `forebay dlq replay` or `forebay dlq purge`",
        );
    }
    if purges == 0 {
        report.ok("forebay.purges", "none is overdue");
    } else {
        report.found(
            "forebay.purges",
            Level::Warn,
            format!("{purges} accounts are to be purged for more than 10 minutes"),
            "a running worker does it; if one runs, its log says what would not go",
        );
    }
    Ok(())
}
