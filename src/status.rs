//! The worker's state in one document: `/status` as JSON, and what the page and the terminal show.
//!
//! Names of the fields carry their units. No contents of records are in it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::desk::Desk;
use crate::flush::Table;
use crate::health::Server;
use crate::history::Point;
use crate::metrics::{Batches, Counts, Metrics, Reason};
use crate::stage::Kind;
use crate::survey::{Letter, Seen};

/// Everything.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Status {
    pub version: String,
    pub commit: String,
    pub stream: String,
    pub group: String,
    pub consumer: String,
    pub uptime_s: f64,
    pub ready: bool,
    /// Why not.
    pub reasons: Vec<String>,
    pub servers: Vec<ServerStatus>,
    pub reader: State,
    /// Lanes that take part now.
    pub lanes_taking_part: u64,
    pub lanes: Vec<LaneStatus>,
    /// Over the last few seconds.
    pub events_per_s: f64,
    pub rows_per_s: f64,
    /// Absent while nobody knows.
    pub backlog_entries: Option<u64>,
    pub pending_entries: Option<u64>,
    /// By event time: how much older the oldest entry that is not stored is than the stream's last.
    pub lag_s: Option<f64>,
    pub stream_entries: Option<u64>,
    pub stream_limit_entries: u64,
    pub entries_read: u64,
    pub entries_acked: u64,
    pub entries_lost: u64,
    pub events: BTreeMap<String, u64>,
    pub tables: Vec<TableStatus>,
    pub flushes: Flushes,
    pub errors: Errors,
    pub repaired: BTreeMap<String, u64>,
    /// Since the start, by reason.
    pub dead_letters: BTreeMap<String, u64>,
    /// Rows of `forebay.dead_letters`; 1,000,001 stands for more.
    pub dead_letters_stored: Option<u64>,
    pub latest_dead_letters: Vec<Letter>,
    pub consumers: Vec<ConsumerStatus>,
    /// How much of their numbers sequences of schema public have given out, 0 to 1.
    pub sequences_used: BTreeMap<String, f64>,
    /// The last quarter of an hour, the oldest first.
    pub history: Vec<PointStatus>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ServerStatus {
    pub name: String,
    /// Absent before the first probe.
    pub up: Option<bool>,
    pub error: Option<String>,
    pub version: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct State {
    pub state: String,
    pub for_s: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct LaneStatus {
    pub state: String,
    pub for_s: f64,
    pub flushes: u64,
    pub rows: u64,
    pub last_flush_ms: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct TableStatus {
    pub table: String,
    /// Creates and updates merged, where records go there of themselves.
    pub put: Option<u64>,
    /// Deletes merged, likewise.
    pub deleted: Option<u64>,
    /// Rows really added, of the tables whose rows are counted.
    pub added: Option<u64>,
    pub removed: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Flushes {
    pub by_reason: BTreeMap<String, u64>,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    pub copy_s: f64,
    pub merge_s: f64,
    pub commit_s: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Errors {
    pub retries: u64,
    /// By class of SQLSTATE and what was done: `08 retry`.
    pub database: BTreeMap<String, u64>,
    /// By the first word of Redis' answer.
    pub redis: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct ConsumerStatus {
    pub name: String,
    pub pending: u64,
    pub idle_s: f64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct PointStatus {
    pub age_s: f64,
    pub events_per_s: f64,
    pub rows_per_s: f64,
    pub backlog_entries: Option<u64>,
    pub lag_s: Option<f64>,
}

/// The state now.
#[must_use]
pub fn status(desk: &Desk) -> Status {
    let metrics = &desk.metrics;
    let seen = desk.survey.seen();
    let standing = metrics.standing();
    let history: Vec<PointStatus> = desk.points().iter().map(PointStatus::of).collect();
    let last = history.last().copied();
    let reasons = metrics.unready();
    let batches = metrics.batches();
    Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("FOREBAY_BUILT_FROM").to_owned(),
        stream: desk.setup.stream.clone(),
        group: desk.setup.group.clone(),
        consumer: desk.setup.consumer.clone(),
        uptime_s: desk.uptime().as_secs_f64(),
        ready: reasons.is_empty(),
        reasons,
        servers: servers(metrics, &seen),
        reader: reader(metrics),
        lanes_taking_part: metrics.lanes() as u64,
        lanes: lanes(metrics),
        events_per_s: last.map_or(0.0, |point| point.events_per_s),
        rows_per_s: last.map_or(0.0, |point| point.rows_per_s),
        backlog_entries: standing.and_then(|standing| standing.backlog),
        pending_entries: standing.map(|standing| standing.pending),
        lag_s: standing.map(|standing| standing.lag.as_secs_f64()),
        stream_entries: standing.map(|standing| standing.length),
        stream_limit_entries: desk.setup.stream_maxlen,
        entries_read: metrics.entries_read(),
        entries_acked: metrics.entries_acked(),
        entries_lost: metrics.entries_lost(),
        events: tallied(&batches, "events"),
        tables: tables(&batches),
        flushes: flushes(&batches),
        errors: errors(metrics),
        repaired: tallied(&batches, "repaired"),
        dead_letters: counted(&batches.letters),
        dead_letters_stored: seen.letters_count,
        latest_dead_letters: seen.letters,
        consumers: seen.consumers.iter().map(ConsumerStatus::of).collect(),
        sequences_used: seen.sequences,
        history,
    }
}

fn servers(metrics: &Metrics, seen: &Seen) -> Vec<ServerStatus> {
    let server = |server: Server| {
        let probed = metrics.health.server(server);
        let version = match server {
            Server::PostgreSql => &seen.postgres_version,
            Server::Redis => &seen.redis_version,
        };
        ServerStatus {
            name: server.title().to_owned(),
            up: probed.as_ref().map(Result::is_ok),
            error: probed.and_then(Result::err),
            version: version.clone(),
        }
    };
    Server::ALL.into_iter().map(server).collect()
}

fn reader(metrics: &Metrics) -> State {
    State {
        state: metrics.reader_name().to_owned(),
        for_s: metrics.reader.get().1.as_secs_f64(),
    }
}

fn lanes(metrics: &Metrics) -> Vec<LaneStatus> {
    let lanes = metrics.all_lanes();
    let lane = lanes.iter().map(|lane| {
        let ((state, since), done) = (lane.state(), lane.done());
        LaneStatus {
            state: state.name().to_owned(),
            for_s: since.as_secs_f64(),
            flushes: done.flushes,
            rows: done.rows,
            last_flush_ms: millis(done.last),
        }
    });
    lane.collect()
}

fn tables(batches: &Batches) -> Vec<TableStatus> {
    let follow = Table::all().map(Table::name);
    let follow = follow.filter(|name| Kind::named(name).is_none());
    let names = Kind::ALL.into_iter().map(Kind::name).chain(follow);
    let table = |name: &str| {
        let kind = Kind::ALL.iter().position(|kind| kind.name() == name);
        let counted = Table::named(name).map(|table| table as usize);
        TableStatus {
            table: name.to_owned(),
            put: kind.map(|at| batches.rows[at]),
            deleted: kind.map(|at| batches.deletes[at]),
            added: counted.map(|at| batches.added[at]),
            removed: counted.map(|at| batches.removed[at]),
        }
    };
    names.map(table).collect()
}

fn flushes(batches: &Batches) -> Flushes {
    let quantile = |q| batches.flush_micros.value_at_quantile(q) as f64 / 1_000.0;
    let by_reason = Reason::ALL.into_iter().zip(batches.by_reason);
    Flushes {
        by_reason: by_reason
            .map(|(reason, count)| (reason.name().to_owned(), count))
            .collect(),
        p50_ms: quantile(0.5),
        p99_ms: quantile(0.99),
        max_ms: batches.flush_micros.max() as f64 / 1_000.0,
        copy_s: batches.times.copy.as_secs_f64(),
        merge_s: batches.times.merge.as_secs_f64(),
        commit_s: batches.times.commit.as_secs_f64(),
    }
}

fn errors(metrics: &Metrics) -> Errors {
    let refusals = metrics.failures.so_far();
    Errors {
        retries: metrics.retries(),
        database: counted(&refusals.database),
        redis: counted(&refusals.redis),
    }
}

fn tallied(batches: &Batches, name: &str) -> BTreeMap<String, u64> {
    let counters = batches.tally.iter().filter(|(of, _, _)| *of == name);
    counters
        .map(|(_, label, count)| (label.to_owned(), count))
        .collect()
}

fn counted<const L: usize>(counts: &Counts<L>) -> BTreeMap<String, u64> {
    counts
        .iter()
        .map(|(labels, count)| (labels.join(" "), count))
        .collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

impl TableStatus {
    /// Whether anything happened to it.
    #[must_use]
    pub fn is_touched(&self) -> bool {
        let counts = [self.put, self.deleted, self.added, self.removed];
        counts.into_iter().flatten().any(|count| count > 0)
    }
}

impl ConsumerStatus {
    fn of(consumer: &crate::source::Consumer) -> Self {
        ConsumerStatus {
            name: consumer.name.clone(),
            pending: consumer.pending as u64,
            idle_s: consumer.idle.as_secs_f64(),
        }
    }
}

impl PointStatus {
    fn of(point: &Point) -> Self {
        PointStatus {
            age_s: point.age.as_secs_f64(),
            events_per_s: point.events_per_s,
            rows_per_s: point.rows_per_s,
            backlog_entries: point.backlog,
            lag_s: point.lag.map(|lag| lag.as_secs_f64()),
        }
    }
}
