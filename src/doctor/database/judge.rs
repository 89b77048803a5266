//! What is made of what the server says of itself.

use crate::doctor::check::{Level, Report};

/// The oldest and newest server that this version was tried on.
const TRIED: std::ops::Range<i32> = 140_000..190_000;

pub fn version(number: i32, report: &mut Report) {
    const NAME: &str = "postgres.version";
    let seen = format!("{}.{}", number / 10_000, number % 10_000);
    if number < TRIED.start {
        report.found(NAME, Level::Bad, seen, "upgrade PostgreSQL to 14 or later");
    } else if number >= TRIED.end {
        report.found(
            NAME,
            Level::Warn,
            seen,
            "newer than this forebay was tried on: look for a newer forebay",
        );
    } else {
        report.ok(NAME, seen);
    }
}

pub fn durability(fsync: &str, full_page_writes: &str, report: &mut Report) {
    const NAME: &str = "postgres.durability";
    let off: Vec<&str> = [("fsync", fsync), ("full_page_writes", full_page_writes)]
        .into_iter()
        .filter(|(_, value)| *value == "off")
        .map(|(name, _)| name)
        .collect();
    if off.is_empty() {
        report.ok(NAME, "fsync and full_page_writes are on");
    } else {
        report.found(
            NAME,
            Level::Bad,
            format!("{} is off: a crash of the machine may lose what was acknowledged, or the whole database", off.join(" and ")),
            "turn it on in postgresql.conf and reload",
        );
    }
}

pub fn time_zone(name: &str, report: &mut Report) {
    const NAME: &str = "postgres.timezone";
    const UTC: [&str; 6] = ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/UCT", "Zulu"];
    if UTC.contains(&name) {
        report.ok(NAME, name);
    } else {
        report.found(
            NAME,
            Level::Warn,
            format!("{name}: what the AppView stamps with now() is off from what forebay writes, which is UTC"),
            "`alter database … set timezone to 'UTC'`, then connect anew; rows that were stamped before stay as they are",
        );
    }
}

/// How the database sorts text.
pub struct Collation {
    pub encoding: String,
    pub name: String,
    pub provider: String,
    /// Its version when the database's indexes were built.
    pub recorded: Option<String>,
    /// Its version now.
    pub actual: Option<String>,
}

pub fn collation(of: &Collation, report: &mut Report) {
    const NAME: &str = "postgres.collation";
    if of.encoding != "UTF8" {
        report.found(
            NAME,
            Level::Bad,
            format!(
                "encoding {}: most of the network's text cannot be stored",
                of.encoding
            ),
            "make a database with encoding UTF8 and move the tables there",
        );
    } else if of.recorded.is_some() && of.recorded != of.actual {
        let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "none".to_owned());
        report.found(
            NAME,
            Level::Bad,
            format!(
                "{} was of version {} when the indexes were built and is {} now: look-ups may miss rows that are there",
                of.name,
                shown(&of.recorded),
                shown(&of.actual)
            ),
            "stop the workers, `reindex database`, then `alter database … refresh collation version`, then `forebay audit --repair`",
        );
    } else {
        let byte_order = of.provider == "c" && (of.name == "C" || of.name == "POSIX");
        let note = if byte_order {
            ""
        } else {
            " (works; C compares faster, and a new database could have it)"
        };
        report.ok(NAME, format!("{}, {}{note}", of.encoding, of.name));
    }
}

pub fn wraparound(age: i32, report: &mut Report) {
    const NAME: &str = "postgres.wraparound";
    let seen = format!("the oldest transaction id is {age} back");
    match age {
        ..600_000_000 => report.ok(NAME, seen),
        600_000_000..1_500_000_000 => report.found(
            NAME,
            Level::Warn,
            seen,
            "find what holds it back: old transactions, replication slots, autovacuum that does not keep up",
        ),
        _ => report.found(
            NAME,
            Level::Bad,
            format!("{seen}: at 2.1 thousand million the server stops"),
            "`vacuum (freeze)` the oldest tables now, and end what holds it back",
        ),
    }
}

pub fn autovacuum(setting: &str, report: &mut Report) {
    const NAME: &str = "postgres.autovacuum";
    if setting == "off" {
        report.found(
            NAME,
            Level::Bad,
            "it is off: tables and indexes grow without end",
            "`autovacuum = on` in postgresql.conf, and reload",
        );
    } else {
        report.ok(NAME, "on");
    }
}

/// Connections that may still be opened.
#[derive(Clone, Copy)]
pub struct Free {
    pub server: i64,
    pub database: Option<i64>,
    pub role: Option<i64>,
}

pub fn connections(free: Free, most: i64, needed: usize, report: &mut Report) {
    const NAME: &str = "postgres.connections";
    let least = [("role", free.role), ("database", free.database)]
        .into_iter()
        .filter_map(|(of, free)| Some((of, free?)))
        .chain([("server", free.server)])
        .min_by_key(|(_, free)| *free);
    let (of, free) = least.unwrap_or(("server", free.server));
    let needed = i64::try_from(needed).unwrap_or(i64::MAX);
    let seen = format!(
        "the {of} takes {free} more (max_connections {most}); a worker opens up to {needed}"
    );
    if free < needed {
        report.found(
            NAME,
            Level::Warn,
            seen,
            "lower DB_POOL_SIZE or PARALLEL_CONSUMERS (if workers run, theirs are among those taken), end connections that are not needed, or raise the limit",
        );
    } else {
        report.ok(NAME, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(check: impl FnOnce(&mut Report)) -> Level {
        let mut report = Report::default();
        check(&mut report);
        report.checks[0].level
    }

    #[test]
    fn judges_what_no_test_server_can_be() {
        let of = |number| level(|report| version(number, report));
        assert_eq!(
            [of(130_011), of(140_000), of(180_001), of(190_000)],
            [Level::Bad, Level::Ok, Level::Ok, Level::Warn]
        );
        let of = |fsync, pages| level(|report| durability(fsync, pages, report));
        assert_eq!(
            [of("on", "on"), of("off", "on"), of("on", "off")],
            [Level::Ok, Level::Bad, Level::Bad]
        );
        let of = |age| level(|report| wraparound(age, report));
        assert_eq!(
            [of(50_000_000), of(700_000_000), of(1_500_000_000)],
            [Level::Ok, Level::Warn, Level::Bad]
        );
        assert_eq!(level(|report| autovacuum("off", report)), Level::Bad);
    }

    #[test]
    fn judges_collations() {
        let of = |encoding: &str, recorded: Option<&str>, actual: Option<&str>| {
            let collation_of = Collation {
                encoding: encoding.to_owned(),
                name: "en_US.UTF-8".to_owned(),
                provider: "c".to_owned(),
                recorded: recorded.map(str::to_owned),
                actual: actual.map(str::to_owned),
            };
            level(|report| collation(&collation_of, report))
        };
        assert_eq!(of("UTF8", Some("2.31"), Some("2.31")), Level::Ok);
        assert_eq!(of("UTF8", None, Some("2.31")), Level::Ok);
        assert_eq!(of("UTF8", Some("2.31"), Some("2.36")), Level::Bad);
        assert_eq!(of("SQL_ASCII", None, None), Level::Bad);
    }

    #[test]
    fn the_tightest_limit_counts() {
        let of = |server, database, role| {
            let free = Free {
                server,
                database,
                role,
            };
            level(|report| connections(free, 100, 7, report))
        };
        assert_eq!(of(7, None, None), Level::Ok);
        assert_eq!(of(6, None, None), Level::Warn);
        assert_eq!(of(90, Some(3), None), Level::Warn);
        assert_eq!(of(90, Some(30), Some(3)), Level::Warn);
    }
}
