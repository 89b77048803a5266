//! Repository exports: going through the blocks, and reading the records to entries' data.
//!
//! `cargo bench --bench car`. One core, no I/O; throughput is in records. The goal is 50,000 a second on
//! one core, hashes checked. The records are generated ones, so that their sizes are a repository's.

// A bench that fails shall say where, and nobody reads its documentation but here.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

// The tests' writer of CARs, of which not all is used here.
#[allow(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/it/backfill/car.rs"]
mod car;

use std::hint::black_box;
use std::time::Duration;

use car::{Repo, rev};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forebay::car::{Car, to_lexicon};
use forebay::generate::{Generator, Options};
use serde_json::Value;

const RECORDS: usize = 20_000;

/// As if all of them were one actor's.
fn repo() -> Repo {
    let mut repo = Repo::new(
        "did:plc:wq4aajammjtxdomz3e23667t",
        &rev(1_783_175_888_000_000),
    );
    let events = Generator::new(Options {
        events: u64::MAX,
        sdk: 0.0,
        ..Options::default()
    });
    for event in events {
        let data: Value = serde_json::from_str(&event.data).unwrap();
        for op in data["ops"].as_array().into_iter().flatten() {
            if op["action"] == "create" && is_of_data_model(&op["record"]) {
                let path = op["path"].as_str().unwrap().to_owned();
                repo.records.insert(path, op["record"].clone());
            }
        }
        if repo.records.len() >= RECORDS {
            break;
        }
    }
    repo
}

/// Whether an export can hold it: there are no fractions in the data model
/// (atproto.com/specs/data-model), though on the stream, as generated ones, some records have them.
fn is_of_data_model(record: &Value) -> bool {
    match record {
        Value::Number(number) => number.is_i64(),
        Value::Array(items) => items.iter().all(is_of_data_model),
        Value::Object(members) => members.values().all(is_of_data_model),
        _ => true,
    }
}

fn open(content: &[u8]) -> Car<&[u8]> {
    let wrong = |problem, at| panic!("{problem:?} at {at}");
    Car::open(content, content, wrong, |_| {}).unwrap()
}

fn bench(c: &mut Criterion) {
    let repo = repo();
    let content = repo.bytes();
    let records: Vec<Vec<u8>> = repo.records.values().map(car::cbor).collect();
    let mut group = c.benchmark_group("car");
    group.sample_size(20);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(records.len() as u64));
    group.bench_function("blocks: hashes and index", |b| {
        b.iter(|| black_box(open(&content).records_about()));
    });
    group.bench_function("whole: blocks, tree, records as JSON", |b| {
        let mut json = Vec::new();
        b.iter(|| {
            let mut car = open(&content);
            let mut read = 0;
            while let Some(record) = car.next(&mut json) {
                record.unwrap();
                read += 1;
                black_box(&json);
                json.clear();
            }
            assert_eq!(read, records.len());
        });
    });
    group.bench_function("records alone: DAG-CBOR to JSON", |b| {
        let mut json = Vec::new();
        b.iter(|| {
            for record in &records {
                json.clear();
                to_lexicon(record, &mut json).unwrap();
                black_box(&json);
            }
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
