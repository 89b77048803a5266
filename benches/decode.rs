//! The parts of the pure way, by record type and dialect: decode, and route and encode.
//!
//! `cargo bench --bench decode`. One core, no I/O; throughput is in records. The records are the
//! generated ones, so that their sizes are a firehose's.

// A bench that fails shall say where, and nobody reads its documentation but here.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forebay::decode::dialect::{Dialect, Node};
use forebay::decode::{envelope, json};
use forebay::entry::Entry;
use forebay::generate::{Generator, Options};
use forebay::route::{self, Target};
use forebay::rows::{self, Cells, Source, Stamp};
use forebay::tally::Tally;
use forebay::widths::Widths;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

/// So many commits of each record type, at most.
const EACH: usize = 500;
/// Enough for the rare types.
const EVENTS: u64 = 60_000;

/// Commits of one record, by collection.
fn by_collection(sdk: f64) -> BTreeMap<String, Vec<Entry>> {
    let mut found: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    let events = Generator::new(Options {
        events: EVENTS,
        sdk,
        ..Options::default()
    });
    for (n, event) in events.enumerate() {
        let data: Value = sonic_rs::from_str(&event.data).unwrap();
        let ops = data.get("ops").and_then(|ops| ops.as_array());
        if let Some([op]) = ops.map(|ops| ops.as_slice())
            && op.get("action").unwrap().as_str() == Some("create")
        {
            let path = op.get("path").unwrap().as_str().unwrap().to_owned();
            let of_type = found.entry(path.split('/').next().unwrap().to_owned());
            let of_type = of_type.or_default();
            if of_type.len() < EACH {
                of_type.push(common::entry(n as u64, event.kind, event.data));
            }
        }
    }
    found
}

/// Bytes to a commit whose ops have been looked at.
fn decode(entry: &Entry) {
    let parsed = json::parse(entry.data.as_deref().unwrap()).unwrap();
    let commit = envelope::commit(&parsed.value).unwrap();
    for op in commit.ops.iter() {
        let op = envelope::op(op).unwrap();
        black_box((op.action().unwrap(), op.path().unwrap(), op.cid().unwrap()));
    }
}

/// A decoded commit to rows.
fn encode(data: &Value, widths: &Widths, tally: &mut Tally, out: &mut Vec<u8>) {
    let commit = envelope::commit(data).unwrap();
    let stamp = Stamp {
        position: common::id(0).into(),
        time: None,
        seq: Some("31527015322"),
        rev: None,
    };
    for op in commit.ops.iter() {
        let op = envelope::op(op).unwrap();
        let path = op.path().unwrap();
        let (Target::Stored(kind), Some(value)) =
            (route::target(path.collection, path.rkey), op.record)
        else {
            continue;
        };
        let source = Source {
            repo: commit.repo,
            uri: path.whole,
            collection: path.collection,
            rkey: path.rkey,
            cid: op.cid.and_then(|cid| cid.as_str()),
            value,
            record: Node::of(value, Dialect::Lexicon).unwrap(),
            stamp: &stamp,
        };
        let mut cells = Cells::begin(kind, out, widths, tally);
        rows::write(kind, &source, &mut cells).unwrap();
        cells.finish();
    }
}

fn bench(c: &mut Criterion) {
    let widths = Widths::contract();
    for (dialect, sdk) in [("lexicon", 0.0), ("sdk", 1.0)] {
        let collections = by_collection(sdk);
        let mut group = c.benchmark_group(format!("decode, {dialect}"));
        group.warm_up_time(Duration::from_millis(500));
        group.measurement_time(Duration::from_secs(1));
        for (collection, entries) in &collections {
            group.throughput(Throughput::Elements(entries.len() as u64));
            group.bench_function(collection, |b| b.iter(|| entries.iter().for_each(decode)));
        }
        group.finish();
        let mut group = c.benchmark_group(format!("route and encode, {dialect}"));
        group.warm_up_time(Duration::from_millis(500));
        group.measurement_time(Duration::from_secs(1));
        for (collection, entries) in &collections {
            let parsed = entries
                .iter()
                .map(|entry| json::parse(entry.data.as_deref().unwrap()));
            let parsed: Vec<_> = parsed.map(|parsed| parsed.unwrap().value).collect();
            let (mut tally, mut out) = (Tally::default(), Vec::new());
            group.throughput(Throughput::Elements(entries.len() as u64));
            group.bench_function(collection, |b| {
                b.iter(|| {
                    out.clear();
                    for data in &parsed {
                        encode(data, &widths, &mut tally, &mut out);
                    }
                    black_box(out.len())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
