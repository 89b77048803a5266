//! The pure way, from an entry to COPY bytes: decode, route, encode into a batch. One core, no I/O.
//!
//! `cargo bench --bench pure`. Throughput is in entries; each sample fills batches of 10,000
//! generated events, as a lane does under backlog.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use forebay::batch::Batch;
use forebay::entry::Entry;
use forebay::generate::{Generator, Options};
use forebay::position::StreamId;
use forebay::widths::Widths;

const ENTRIES: u64 = 10_000;

fn entries(sdk: f64) -> Vec<Entry> {
    let options = Options {
        events: ENTRIES,
        sdk,
        ..Options::default()
    };
    let entry = |(n, event): (usize, forebay::generate::Event)| Entry {
        id: StreamId {
            ms: 1_783_175_888_000 + n as u64,
            n: 0,
        },
        orig_id: None,
        kind: event.kind.as_bytes().to_vec(),
        data: Some(event.data.into_bytes()),
        seq: event.seq.into_bytes(),
        deliveries: 1,
    };
    Generator::new(options).enumerate().map(entry).collect()
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("entry to COPY bytes");
    group
        .throughput(Throughput::Elements(ENTRIES))
        .sample_size(30);
    for (name, sdk) in [("lexicon", 0.0), ("sdk", 1.0), ("mixed", 0.5)] {
        let entries = entries(sdk);
        let mut batch = Batch::new(Arc::new(Widths::contract()));
        group.bench_function(name, |b| {
            b.iter(|| {
                for entry in &entries {
                    batch.push(entry);
                }
                black_box(batch.copies().len());
                batch.clear();
            });
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
