//! The whole pure way, from an entry to COPY bytes: decode, route, encode into a batch, which then
//! goes nowhere. One core, no I/O.
//!
//! `cargo bench --bench pure`. Throughput is in entries; each sample fills batches of 10,000
//! generated events, as a lane does under backlog; the last one has each of them twice, which shows
//! what it costs to keep one row of a record.

// Nobody reads its documentation but here.
#![allow(missing_docs)]

mod common;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forebay::batch::{Batch, Straight};
use forebay::entry::Entry;
use forebay::generate::{Generator, Options};
use forebay::widths::Widths;

const ENTRIES: u64 = 10_000;

fn entries(sdk: f64) -> Vec<Entry> {
    let options = Options {
        events: ENTRIES,
        sdk,
        ..Options::default()
    };
    let events = Generator::new(options).enumerate();
    let entries = events.map(|(n, event)| common::entry(n as u64, event.kind, event.data));
    entries.collect()
}

/// All entries, and then all of them again: the later row stands, the earlier one is
/// struck from the batch.
fn twice(entries: &[Entry]) -> Vec<Entry> {
    let again = entries.iter().zip(ENTRIES..).map(|(entry, n)| Entry {
        id: common::id(n),
        ..entry.clone()
    });
    entries.iter().cloned().chain(again).collect()
}

/// What a lane does with each entry; the rows go nowhere.
fn fill(batch: &mut Batch, entries: &[Entry]) {
    for entry in entries {
        batch.push(entry);
    }
    let copies = batch.copies(&Straight::default());
    let chunks = copies.iter().flat_map(|copy| copy.chunks());
    black_box(chunks.map(|chunk| chunk.len()).sum::<usize>());
    batch.clear();
}

fn bench(c: &mut Criterion) {
    let mut batch = Batch::new(Arc::new(Widths::contract()));
    let mut group = c.benchmark_group("entry to COPY bytes");
    group.sample_size(30);
    for (name, sdk) in [("lexicon", 0.0), ("sdk", 1.0), ("mixed", 0.5)] {
        let entries = entries(sdk);
        group.throughput(Throughput::Elements(ENTRIES));
        group.bench_function(name, |b| b.iter(|| fill(&mut batch, &entries)));
    }
    let twice = twice(&entries(0.5));
    group.throughput(Throughput::Elements(2 * ENTRIES));
    group.bench_function("mixed, every record twice", |b| {
        b.iter(|| fill(&mut batch, &twice));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
