//! The stream and the group: whether anyone reads, how far behind, and whether entries are about to
//! be lost.

use super::Settings;
use super::check::{Level, Report};
use crate::error::{RedisError, RedisVerdict};
use crate::source::{self, Consumer, Redis};
use crate::standing::{Look, Unread};

/// Makes the checks of the stream and its group.
pub async fn examine(redis: &Redis, settings: Settings, report: &mut Report) {
    // Silence here: the server's own check has said what is wrong.
    match try_examine(redis, settings, report).await {
        Err(error) if error.verdict() != RedisVerdict::Retry => report.found(
            "redis.stream",
            Level::Bad,
            error.to_string(),
            format!(
                "check that REDIS_STREAM_KEY ({}) names a stream, and that the user may read it",
                redis.stream
            ),
        ),
        _ => {}
    }
}

async fn try_examine(
    redis: &Redis,
    settings: Settings,
    report: &mut Report,
) -> Result<(), RedisError> {
    let Some(stream) = source::stream_counters(redis).await? else {
        report.found(
            "redis.stream",
            Level::Bad,
            format!("there is no stream {}", redis.stream),
            "check REDIS_STREAM_KEY, and that the firehose's reader runs",
        );
        return Ok(());
    };
    length(stream.length, settings, report);
    if source::last_delivered(redis).await?.is_none() {
        report.found(
            "redis.group",
            Level::Warn,
            format!("there is no group {}", redis.group),
            "start `forebay run`, which makes it at the stream's start; if you expected one, check REDIS_CONSUMER_GROUP",
        );
        return Ok(());
    }
    report.ok("redis.group", format!("{} is there", redis.group));
    if let Some(look) = source::look(redis).await? {
        lag(&look, settings, report);
    }
    consumers(&source::members(redis).await?, settings, report);
    Ok(())
}

fn length(entries: u64, settings: Settings, report: &mut Report) {
    const NAME: &str = "redis.stream";
    let most = settings.stream_maxlen;
    let seen = format!("{entries} entries, STREAM_MAXLEN is {most}");
    // MAXLEN ~ trims whole nodes, of a hundred entries each by default.
    if entries > most + most / 10 + 1_000 {
        report.found(
            NAME,
            Level::Warn,
            format!("{seen}: its writer lets it grow beyond that"),
            "give the writer's XADD a MAXLEN (or Redis runs out of memory), or set STREAM_MAXLEN to the one that it has",
        );
    } else {
        report.ok(NAME, seen);
    }
}

fn lag(look: &Look, settings: Settings, report: &mut Report) {
    const NAME: &str = "redis.lag";
    const REMEDY: &str = "is a worker running (redis.consumers)? If it is, see docs/operations.md, \"The backlog grows\"";
    let known = match look.unread() {
        Some(Unread::Exactly(entries) | Unread::AtLeast(entries)) => entries,
        None => 0,
    };
    let standing = look.standing(known);
    let Some(backlog) = standing.backlog else {
        report.ok(
            NAME,
            format!(
                "not known until the group has caught up once; {} pending",
                standing.pending
            ),
        );
        return;
    };
    let waiting = backlog.saturating_add(standing.pending);
    let seen = format!(
        "{backlog} entries to read and {} pending, {} s behind the stream's end",
        standing.pending,
        standing.lag.as_secs()
    );
    let percent = waiting.saturating_mul(100) / settings.stream_maxlen.max(1);
    match percent {
        80.. => report.found(
            NAME,
            Level::Bad,
            format!("{seen}: {percent} % of what the stream may hold, beyond which it is trimmed unread and lost"),
            "raise the writer's MAXLEN now, then find out why: is a worker running (redis.consumers)?",
        ),
        25.. => report.found(NAME, Level::Warn, seen, REMEDY),
        _ if waiting > 1_000 && standing.lag.as_secs() > 300 => {
            report.found(NAME, Level::Warn, seen, REMEDY);
        }
        _ => report.ok(NAME, seen),
    }
}

fn consumers(consumers: &[Consumer], settings: Settings, report: &mut Report) {
    const NAME: &str = "redis.consumers";
    /// Claims go round three times in an idle time; beyond it nobody claims.
    const IDLES: u128 = 4;
    let gone = |consumer: &&Consumer| {
        consumer.pending > 0
            && consumer.idle.as_millis() > IDLES * u128::from(settings.claim_idle_ms)
    };
    let gone: Vec<String> = consumers
        .iter()
        .filter(gone)
        .map(|consumer| {
            format!(
                "{} ({} pending, idle for {} s)",
                consumer.name,
                consumer.pending,
                consumer.idle.as_secs()
            )
        })
        .collect();
    if gone.is_empty() {
        report.ok(NAME, format!("{} in the group", consumers.len()));
    } else {
        report.found(
            NAME,
            Level::Warn,
            format!("gone with entries pending: {}", gone.join(", ")),
            "start `forebay run`: it claims what was idle for CLAIM_IDLE_MS, under whatever name. Do not delete the consumer: its entries would go with it",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::StreamId;
    use crate::standing::{GroupCounters, StreamCounters};
    use std::time::Duration;

    const SETTINGS: Settings = Settings {
        derived: crate::derived::DerivedSet::ALL,
        stream_maxlen: 1_000,
        claim_idle_ms: 1_000,
        connections: 7,
    };

    fn level(check: impl FnOnce(&mut Report)) -> Level {
        let mut report = Report::default();
        check(&mut report);
        report.checks[0].level
    }

    fn behind(entries: u64) -> Look {
        let id = |ms| StreamId { ms, n: 0 };
        Look {
            stream: StreamCounters {
                length: entries,
                added: entries,
                first: Some(id(1)),
                last: id(entries),
                deleted_most: id(0),
            },
            group: GroupCounters {
                read: Some(0),
                lag: Some(entries),
                ..GroupCounters::default()
            },
        }
    }

    #[test]
    fn a_backlog_is_measured_by_what_the_stream_may_hold() {
        let at = |entries| level(|report| lag(&behind(entries), SETTINGS, report));
        assert_eq!(at(200), Level::Ok);
        assert_eq!(at(300), Level::Warn);
        assert_eq!(at(800), Level::Bad);
        let long = |entries| level(|report| length(entries, SETTINGS, report));
        assert_eq!(long(2_000), Level::Ok);
        assert_eq!(long(2_101), Level::Warn);
    }

    #[test]
    fn who_still_asks_is_not_gone() {
        let of = |pending, idle_s| Consumer {
            name: "x".to_owned(),
            pending,
            idle: Duration::from_secs(idle_s),
        };
        let at = |consumer| level(|report| consumers(&[consumer], SETTINGS, report));
        assert_eq!(at(of(5, 4)), Level::Ok);
        assert_eq!(at(of(0, 500)), Level::Ok);
        assert_eq!(at(of(5, 5)), Level::Warn);
    }
}
