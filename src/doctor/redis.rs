//! Redis itself: its version, what it keeps over a restart, and what it does when memory runs out.

use std::collections::HashMap;

use deadpool_redis::redis;

use super::check::{Level, Report};
use crate::source::Redis;

/// What INFO says, by field.
type Info = HashMap<String, String>;

/// Makes the checks of the server.
pub async fn examine(redis: &Redis, report: &mut Report) {
    const WHAT: &str = "asking Redis about itself";
    let info: Result<String, _> = redis.ask(WHAT, &redis::cmd("INFO")).await;
    let info = match info {
        Ok(text) => parse(&text),
        Err(error) => {
            report.found(
                "redis.reach",
                Level::Bad,
                error.to_string(),
                "check REDIS_URL, its user and password, and that the server runs; the user needs INFO",
            );
            return;
        }
    };
    report.ok("redis.reach", "it answers");
    // Not every service allows it; what it says beyond INFO is then not judged.
    let mut command = redis::cmd("CONFIG");
    command.arg("GET").arg("save");
    let save: Option<HashMap<String, String>> = redis.ask(WHAT, &command).await.ok();
    let save = save.and_then(|mut save| save.remove("save"));
    version(&info, report);
    persistence(&info, save.as_deref(), report);
    eviction(&info, report);
    memory(&info, report);
}

fn parse(text: &str) -> Info {
    let field = |line: &str| {
        let (name, value) = line.trim_end().split_once(':')?;
        Some((name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(field).collect()
}

fn text<'i>(info: &'i Info, name: &str) -> &'i str {
    info.get(name).map_or("", String::as_str)
}

fn number(info: &Info, name: &str) -> u64 {
    text(info, name).parse().unwrap_or(0)
}

fn version(info: &Info, report: &mut Report) {
    const NAME: &str = "redis.version";
    /// The group's counters and ENTRIESREAD came with it.
    const OLDEST: u64 = 7;
    let version = text(info, "redis_version");
    let major = version.split('.').next().unwrap_or_default();
    match major.parse::<u64>() {
        Ok(major) if major >= OLDEST => report.ok(NAME, version),
        _ => report.found(
            NAME,
            Level::Bad,
            format!("{version:?}"),
            "upgrade to Redis 7: losses cannot be counted with an older one",
        ),
    }
}

fn persistence(info: &Info, save: Option<&str>, report: &mut Report) {
    const NAME: &str = "redis.persistence";
    const TURN_ON: &str = "turn the append-only file on: `CONFIG SET appendonly yes`, and `appendonly yes` in redis.conf";
    let failed = [
        ("aof_last_write_status", "writing the append-only file"),
        (
            "aof_last_bgrewrite_status",
            "rewriting the append-only file",
        ),
        ("rdb_last_bgsave_status", "writing the snapshot"),
    ]
    .into_iter()
    .find(|(field, _)| text(info, field) == "err");
    if let Some((_, what)) = failed {
        report.found(
            NAME,
            Level::Bad,
            format!("{what} failed"),
            "look at Redis' log and at the space on its disk",
        );
    } else if text(info, "aof_enabled") == "1" {
        report.ok(NAME, "append-only file");
    } else if save == Some("") {
        report.found(
            NAME,
            Level::Bad,
            "nothing is kept: a restart of Redis loses every entry that is not stored, and the group",
            TURN_ON,
        );
    } else {
        report.found(
            NAME,
            Level::Warn,
            "no append-only file: a restart of Redis loses the entries since its last snapshot",
            TURN_ON,
        );
    }
}

fn eviction(info: &Info, report: &mut Report) {
    const NAME: &str = "redis.eviction";
    const REMEDY: &str = "`CONFIG SET maxmemory-policy noeviction`, and the same in redis.conf";
    let policy = text(info, "maxmemory_policy");
    let evicted = number(info, "evicted_keys");
    match (policy, number(info, "maxmemory"), evicted) {
        ("noeviction", _, 0) => report.ok(NAME, policy),
        ("noeviction", _, _) => report.found(
            NAME,
            Level::Warn,
            format!("noeviction now, but {evicted} keys were evicted since the server started"),
            "if the stream or its group was among them: the reader begins a new one, and the worker its group; what was on it is lost",
        ),
        (_, 0, _) => report.found(
            NAME,
            Level::Warn,
            format!("{policy}; without maxmemory it does nothing yet"),
            REMEDY,
        ),
        _ => report.found(
            NAME,
            Level::Bad,
            format!("{policy}: when memory runs out, the stream may be thrown away whole"),
            REMEDY,
        ),
    }
}

fn memory(info: &Info, report: &mut Report) {
    const NAME: &str = "redis.maxmemory";
    const REMEDY: &str =
        "raise maxmemory, or lower the MAXLEN that the stream's writer gives to XADD";
    let (used, most) = (number(info, "used_memory"), number(info, "maxmemory"));
    if most == 0 {
        report.ok(NAME, format!("{} MiB used, no limit", used >> 20));
        return;
    }
    let percent = used.saturating_mul(100) / most;
    let seen = format!("{} of {} MiB used ({percent} %)", used >> 20, most >> 20);
    match percent {
        0..75 => report.ok(NAME, seen),
        75..90 => report.found(NAME, Level::Warn, seen, REMEDY),
        _ => report.found(
            NAME,
            Level::Bad,
            format!("{seen}: the reader's XADD will be refused"),
            REMEDY,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(check: impl FnOnce(&Info, &mut Report), info: &str) -> (Level, Option<String>) {
        let mut report = Report::default();
        check(&parse(info), &mut report);
        let check = report.checks.remove(0);
        (check.level, check.remedy)
    }

    #[test]
    fn judges_what_no_test_server_can_be() {
        assert_eq!(judged(version, "redis_version:7.2.4\r\n").0, Level::Ok);
        assert_eq!(judged(version, "redis_version:6.2.14\r\n").0, Level::Bad);
        assert_eq!(judged(version, "").0, Level::Bad);
        let failed = "aof_enabled:1\r\naof_last_write_status:err\r\n";
        let aof = |info: &Info, report: &mut Report| persistence(info, None, report);
        assert_eq!(judged(aof, failed).0, Level::Bad);
        assert_eq!(judged(aof, "rdb_last_bgsave_status:err").0, Level::Bad);
        let evicted = "maxmemory_policy:noeviction\nevicted_keys:3";
        assert_eq!(judged(eviction, evicted).0, Level::Warn);
    }
}
