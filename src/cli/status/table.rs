//! The status as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::{grouped, span};
use crate::status::{LaneStatus, Status, TableStatus};

/// Everything, in lines. Names that come from outside cannot steer the terminal.
pub fn table(status: &Status) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = head(&mut out, status)
        .and_then(|()| numbers(&mut out, status))
        .and_then(|()| lanes(&mut out, &status.lanes))
        .and_then(|()| tables(&mut out, &status.tables))
        .and_then(|()| rest(&mut out, status));
    out.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

fn head(out: &mut String, status: &Status) -> std::fmt::Result {
    let ready = if status.ready { "ready" } else { "NOT READY" };
    writeln!(
        out,
        "forebay {} ({}), {ready}, up {}",
        status.version,
        status.commit,
        span(status.uptime_s)
    )?;
    for reason in &status.reasons {
        writeln!(out, "  {reason}")?;
    }
    writeln!(
        out,
        "consumer {} in {} on {}",
        status.consumer, status.group, status.stream
    )?;
    for server in &status.servers {
        let up = match server.up {
            Some(true) => "up",
            Some(false) => "away",
            None => "not asked yet",
        };
        let version = server.version.as_deref().unwrap_or("version unknown");
        writeln!(out, "{:<12} {up}, {version}", server.name)?;
    }
    Ok(())
}

fn numbers(out: &mut String, status: &Status) -> std::fmt::Result {
    let known = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), grouped);
    let lag = status.lag_s.map_or_else(|| "unknown".to_owned(), span);
    let limit = grouped(status.stream_limit_entries);
    let stream = format!("{} of {limit}", known(status.stream_entries));
    let lines = [
        ("events/s", grouped(status.events_per_s.round() as u64)),
        ("rows/s", grouped(status.rows_per_s.round() as u64)),
        ("backlog", known(status.backlog_entries)),
        ("lag", lag),
        ("pending", known(status.pending_entries)),
        ("stream", stream),
        ("acknowledged", grouped(status.entries_acked)),
        ("lost", grouped(status.entries_lost)),
        ("dead letters", known(status.dead_letters_stored)),
        ("flush p50", format!("{:.1} ms", status.flushes.p50_ms)),
        ("flush p99", format!("{:.1} ms", status.flushes.p99_ms)),
        ("retries", grouped(status.errors.retries)),
    ];
    writeln!(out)?;
    for pair in lines.chunks(2) {
        let pair: Vec<String> = pair
            .iter()
            .map(|(name, value)| format!("{name:<14}{value:>20}"))
            .collect();
        writeln!(out, "{}", pair.join("    "))?;
    }
    Ok(())
}

fn lanes(out: &mut String, lanes: &[LaneStatus]) -> std::fmt::Result {
    writeln!(
        out,
        "\n{:<6}{:<12}{:>10}{:>12}{:>14}{:>12}",
        "lane", "state", "for s", "flushes", "rows", "last ms"
    )?;
    for (at, lane) in lanes.iter().enumerate() {
        writeln!(
            out,
            "{at:<6}{:<12}{:>10.1}{:>12}{:>14}{:>12.1}",
            lane.state,
            lane.for_s,
            grouped(lane.flushes),
            grouped(lane.rows),
            lane.last_flush_ms
        )?;
    }
    Ok(())
}

fn tables(out: &mut String, tables: &[TableStatus]) -> std::fmt::Result {
    let written = tables.iter().filter(|table| table.is_touched());
    let maybe = |number: Option<u64>| number.map_or_else(String::new, grouped);
    writeln!(
        out,
        "\n{:<20}{:>14}{:>12}{:>14}{:>12}",
        "table", "put", "deleted", "added", "removed"
    )?;
    for table in written {
        writeln!(
            out,
            "{:<20}{:>14}{:>12}{:>14}{:>12}",
            table.table,
            maybe(table.put),
            maybe(table.deleted),
            maybe(table.added),
            maybe(table.removed)
        )?;
    }
    Ok(())
}

fn rest(out: &mut String, status: &Status) -> std::fmt::Result {
    writeln!(out, "\n{:<32}{:>12}{:>14}", "consumer", "pending", "idle")?;
    for consumer in &status.consumers {
        let idle = span(consumer.idle_s);
        writeln!(
            out,
            "{:<32}{:>12}{idle:>14}",
            consumer.name,
            grouped(consumer.pending)
        )?;
    }
    let reader = &status.reader.state;
    writeln!(
        out,
        "\nreader {reader}, flushes by {}",
        listed(&status.flushes.by_reason)
    )?;
    for (what, counts) in [
        ("PostgreSQL errors", &status.errors.database),
        ("Redis errors", &status.errors.redis),
        ("dead letters", &status.dead_letters),
        ("repaired", &status.repaired),
    ] {
        if counts.values().any(|count| *count > 0) {
            writeln!(out, "{what}: {}", listed(counts))?;
        }
    }
    for letter in &status.latest_dead_letters {
        let sqlstate = letter.sqlstate.as_deref().unwrap_or_default();
        let (id, at, entry) = (letter.id, &letter.written_at, &letter.entry_id);
        writeln!(
            out,
            "letter {id} {at} entry {entry} {} {sqlstate}",
            letter.reason
        )?;
    }
    Ok(())
}

/// Those that are not zero.
fn listed(counts: &BTreeMap<String, u64>) -> String {
    let some = counts.iter().filter(|(_, count)| **count > 0);
    let some: Vec<String> = some
        .map(|(name, count)| format!("{name} {}", grouped(*count)))
        .collect();
    some.join(", ")
}
