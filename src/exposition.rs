//! What Prometheus scrapes: every family of metrics, its help, its labels and its samples.
//!
//! Names follow Prometheus' conventions; `docs/metrics.md` lists them, and a test holds the two
//! together. A value that nobody knows has no sample.

mod catalog;
mod families;

use prometheus::proto::MetricFamily;
use prometheus::{Encoder as _, TextEncoder};

use crate::desk::Desk;
use crate::flush::Table;
use crate::health::Server;
use crate::letter::CRASHED;
use crate::metrics::{Batches, LaneState, Metrics, ReaderState, Reason};
use crate::split::REFUSED;
use crate::stage::Kind;
use crate::standing::Standing;
use crate::survey::Seen;
use catalog as names;
use families::Families;

pub use catalog::{Family, OWN, Type};

/// The media type of the text.
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Everything in Prometheus' text format.
///
/// # Errors
///
/// None that data could cause.
pub fn text(desk: &Desk) -> Result<Vec<u8>, prometheus::Error> {
    let mut families = Families::default();
    let metrics = &desk.metrics;
    let seen = desk.survey.seen();
    process(&mut families, metrics);
    entries(&mut families, metrics);
    states(&mut families, metrics);
    failures(&mut families, metrics);
    let shapes = {
        let batches = metrics.batches();
        rows(&mut families, &batches);
        letters(&mut families, &batches);
        batches.shapes.clone()
    };
    if let Some(standing) = metrics.standing() {
        stream(&mut families, standing);
    }
    families.one(&names::STREAM_LIMIT, desk.setup.stream_maxlen as f64);
    look(&mut families, metrics, &seen);
    let mut all = families.into_inner();
    all.extend(shapes.families());
    all.extend(of_process());
    let mut text = Vec::new();
    TextEncoder::new().encode(&all, &mut text)?;
    Ok(text)
}

fn process(families: &mut Families, metrics: &Metrics) {
    let build = [env!("CARGO_PKG_VERSION"), env!("FOREBAY_BUILT_FROM")];
    families.all(&names::BUILD_INFO, [(build, 1.0)]);
    let ready = metrics.unready().is_empty();
    families.one(&names::READY, f64::from(u8::from(ready)));
    let up = Server::ALL.map(|server| {
        let up = metrics.health.is_up(server);
        ([server.name()], f64::from(u8::from(up)))
    });
    families.all(&names::SERVER_UP, up);
}

fn entries(families: &mut Families, metrics: &Metrics) {
    families.one(&names::READ, metrics.entries_read() as f64);
    families.one(&names::ACKED, metrics.entries_acked() as f64);
    families.one(&names::LOST, metrics.entries_lost() as f64);
    families.one(&names::LANES, metrics.lanes() as f64);
    if let Some(micros) = metrics.stored_until() {
        families.one(&names::STORED_UNTIL, micros as f64 / 1e6);
    }
}

fn states(families: &mut Families, metrics: &Metrics) {
    let is = |is: bool| f64::from(u8::from(is));
    let reader = metrics.reader_name();
    let states = ReaderState::NAMES.map(|state| ([state], is(state == reader)));
    families.all(&names::READER_STATE, states);
    for (at, lane) in metrics.all_lanes().iter().enumerate() {
        let (lane, now) = (at.to_string(), lane.state().0.name());
        let states = LaneState::NAMES.map(|state| ([lane.as_str(), state], is(state == now)));
        families.all(&names::LANE_STATE, states);
    }
}

fn failures(families: &mut Families, metrics: &Metrics) {
    let refusals = metrics.failures.so_far();
    families.counts(&names::RETRIES, &refusals.retries);
    families.counts(&names::DATABASE_ERRORS, &refusals.database);
    families.counts(&names::REDIS_ERRORS, &refusals.redis);
}

fn rows(families: &mut Families, batches: &Batches) {
    for (name, label, count) in batches.tally.iter() {
        let count = count as f64;
        match name {
            "events" => families.all(&names::EVENTS, [([label], count)]),
            "ops_created" => families.all(&names::OPS, [([label, "create"], count)]),
            "ops_updated" => families.all(&names::OPS, [([label, "update"], count)]),
            "ops_deleted" => families.all(&names::OPS, [([label, "delete"], count)]),
            "ops_not_stored" => families.all(&names::NOT_STORED, [([label], count)]),
            "repaired" => families.all(&names::REPAIRED, [([label], count)]),
            _ => families.all(&names::ODDITIES, [([label], count)]),
        }
    }
    for (at, kind) in Kind::ALL.into_iter().enumerate() {
        let (table, puts, deletes) = (kind.name(), batches.rows[at], batches.deletes[at]);
        let effects = [("put", puts), ("delete", deletes)];
        let effects = effects.map(|(effect, rows)| ([table, effect], rows as f64));
        families.all(&names::ROWS, effects);
    }
    for (at, table) in Table::all().enumerate() {
        let (name, added, removed) = (table.name(), batches.added[at], batches.removed[at]);
        let (family, effects) = if Table::COUNTED.contains(&table) {
            (&names::COUNTED_ROWS, ["added", "removed"])
        } else {
            (&names::ROWS, ["put", "delete"])
        };
        let effects = effects.into_iter().zip([added, removed]);
        families.all(
            family,
            effects.map(|(effect, rows)| ([name, effect], rows as f64)),
        );
    }
    let reasons = Reason::ALL.into_iter().zip(batches.by_reason);
    let reasons = reasons.map(|(reason, count)| ([reason.name()], count as f64));
    families.all(&names::FLUSHES, reasons);
}

fn letters(families: &mut Families, batches: &Batches) {
    families.counts(&names::REJECTED, &batches.rejected);
    families.counts(&names::REFUSED, &batches.refused);
    families.counts(&names::DEAD_LETTERS, &batches.letters);
    // There from the start, so that the first of them is an increase.
    for reason in [REFUSED, CRASHED] {
        if batches
            .letters
            .iter()
            .all(|(labels, _)| labels[0] != reason)
        {
            families.all(&names::DEAD_LETTERS, [([reason], 0.0)]);
        }
    }
}

fn stream(families: &mut Families, standing: Standing) {
    if let Some(backlog) = standing.backlog {
        families.one(&names::BACKLOG, backlog as f64);
    }
    families.one(&names::PENDING, standing.pending as f64);
    families.one(&names::LAG, standing.lag.as_secs_f64());
    families.one(&names::STREAM_ENTRIES, standing.length as f64);
}

/// What was seen of a server that is away is no longer known.
fn look(families: &mut Families, metrics: &Metrics, seen: &Seen) {
    if metrics.health.is_up(Server::Redis) {
        for consumer in &seen.consumers {
            let pending = [([consumer.name.as_str()], consumer.pending as f64)];
            families.all(&names::CONSUMER_PENDING, pending);
        }
    }
    if !metrics.health.is_up(Server::PostgreSql) {
        return;
    }
    if let Some(letters) = seen.letters_count {
        families.one(&names::LETTERS, letters as f64);
    }
    for (sequence, used) in &seen.sequences {
        families.all(&names::SEQUENCE_USED, [([sequence.as_str()], *used)]);
    }
}

#[cfg(target_os = "linux")]
fn of_process() -> Vec<MetricFamily> {
    use prometheus::core::Collector as _;
    prometheus::process_collector::ProcessCollector::for_self().collect()
}

#[cfg(not(target_os = "linux"))]
fn of_process() -> Vec<MetricFamily> {
    Vec::new()
}
