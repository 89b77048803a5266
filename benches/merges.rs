//! What the servers do for a batch, part by part: the merge of each table, and the acknowledgement.
//!
//! `cargo bench --bench merges`. Private servers, default durability. Each iteration has 1,000 fresh
//! rows of one kind; tables grow as they would.

// A bench that fails shall say where, and nobody reads its documentation but here.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use deadpool_redis::redis;
use deadpool_redis::redis::aio::MultiplexedConnection;
use forebay::ack;
use forebay::batch::Batch;
use forebay::cli::bench::stream;
use forebay::database::Address;
use forebay::entry::Entry;
use forebay::flush::{self, Connector, Durable, Known, Terms, Times, Unreported};
use forebay::local::{Home, System};
use forebay::source::{self, Redis};
use forebay::widths::Widths;
use tokio::runtime::Runtime;

/// Rows of a batch.
const ROWS: u64 = 1000;
const KEY: &str = "firehose:events";
const GROUP: &str = "firehose-processors";

/// Each table, its collection, and a record's own fields; `{n}` is a number that no other has. A
/// record key `self` stands where the collection has no other.
const RECORDS: [(&str, &str, &str); 19] = [
    (
        "likes",
        "app.bsky.feed.like/{n}",
        r#""subject":{"uri":"at://did:plc:p/app.bsky.feed.post/{n}","cid":"c"}"#,
    ),
    (
        "posts",
        "app.bsky.feed.post/{n}",
        r#""text":"a text of a usual length, with nothing in it","langs":["en"]"#,
    ),
    (
        "posts, replies",
        "app.bsky.feed.post/{n}",
        r#""text":"no","reply":{"root":{"uri":"at://did:plc:p/app.bsky.feed.post/1","cid":"c"},"parent":{"uri":"at://did:plc:p/app.bsky.feed.post/{n}","cid":"c"}}"#,
    ),
    (
        "reposts",
        "app.bsky.feed.repost/{n}",
        r#""subject":{"uri":"at://did:plc:p/app.bsky.feed.post/{n}","cid":"c"}"#,
    ),
    (
        "bookmarks",
        "app.bsky.bookmark/{n}",
        r#""subject":{"uri":"at://did:plc:p/app.bsky.feed.post/{n}","cid":"c"}"#,
    ),
    (
        "follows",
        "app.bsky.graph.follow/{n}",
        r#""subject":"did:plc:s{n}""#,
    ),
    (
        "blocks",
        "app.bsky.graph.block/{n}",
        r#""subject":"did:plc:s{n}""#,
    ),
    (
        "list_blocks",
        "app.bsky.graph.listblock/{n}",
        r#""subject":"at://did:plc:l/app.bsky.graph.list/{n}""#,
    ),
    (
        "list_items",
        "app.bsky.graph.listitem/{n}",
        r#""subject":"did:plc:s{n}","list":"at://did:plc:l/app.bsky.graph.list/1""#,
    ),
    (
        "verifications",
        "app.bsky.graph.verification/{n}",
        r#""subject":"did:plc:v{n}","handle":"h.example.com","displayName":"h""#,
    ),
    (
        "users",
        "app.bsky.actor.profile/self",
        r#""displayName":"name {n}","description":"d""#,
    ),
    (
        "lists",
        "app.bsky.graph.list/{n}",
        r#""name":"list {n}","purpose":"app.bsky.graph.defs#curatelist""#,
    ),
    (
        "feed_generators",
        "app.bsky.feed.generator/{n}",
        r#""did":"did:web:g.example.com","displayName":"feed {n}""#,
    ),
    (
        "starter_packs",
        "app.bsky.graph.starterpack/{n}",
        r#""name":"pack {n}","list":"at://did:plc:l/app.bsky.graph.list/{n}""#,
    ),
    (
        "labeler_services",
        "app.bsky.labeler.service/self",
        r#""policies":{"labelValues":["a"]}"#,
    ),
    (
        "labels",
        "com.atproto.label.label/{n}",
        r#""uri":"at://did:plc:p/app.bsky.feed.post/{n}","val":"spam""#,
    ),
    (
        "thread_gates",
        "app.bsky.feed.threadgate/{n}",
        r#""post":"at://did:plc:r{n}/app.bsky.feed.post/{n}","allow":[]"#,
    ),
    (
        "post_gates",
        "app.bsky.feed.postgate/{n}",
        r#""post":"at://did:plc:r{n}/app.bsky.feed.post/{n}","embeddingRules":[]"#,
    ),
    (
        "generic_records",
        "fm.example.play/{n}",
        r#""track":"track {n}""#,
    ),
];

fn entry(n: u64, path: &str, fields: &str) -> Entry {
    let collection = path.split('/').next().unwrap();
    let data = r#"{"repo":"did:plc:r{n}","ops":[{"action":"create","path":"{path}","cid":"c","record":{"$type":"{collection}","createdAt":"2026-07-04T00:00:00Z",{fields}}}]}"#;
    let data = data
        .replace("{path}", path)
        .replace("{collection}", collection)
        .replace("{fields}", fields)
        .replace("{n}", &n.to_string());
    common::entry(n, "commit", data)
}

/// A database and what flushes into it.
struct Bed {
    system: System,
    connector: Connector,
    known: Known,
    terms: Terms,
    batch: Batch,
    /// Entries ever made.
    count: u64,
}

impl Bed {
    async fn new() -> Bed {
        let system = System::start(Home::Temporary).await.unwrap();
        let url = system.postgres.database("merges").await.unwrap();
        let address = Address::parse(&url, None).unwrap();
        let (mut client, _connection) = address.connect().await.unwrap();
        forebay::migrate::migrate(&mut client).await.unwrap();
        Bed {
            system,
            connector: Connector::new(address.pool(2).unwrap()),
            known: Known::new(),
            terms: Terms::default(),
            batch: Batch::new(Arc::new(Widths::contract())),
            count: 0,
        }
    }

    /// Takes the entries of the next numbers into the batch.
    fn push(&mut self, path: &str, fields: &str) {
        self.batch.clear();
        for _ in 0..ROWS {
            self.batch.push(&entry(self.count, path, fields));
            self.count += 1;
        }
        assert!(
            self.batch.dead().is_empty(),
            "{:?}",
            self.batch.dead().first()
        );
    }

    async fn flush(&mut self) -> (Durable, Times) {
        let connection = self.connector.get().await.unwrap();
        let mut users = Unreported::default();
        let flushed = flush::flush(
            connection,
            &self.batch,
            &self.known,
            &mut users,
            &self.terms,
        );
        flushed.await.unwrap()
    }

    async fn merges(&mut self, batches: u64, path: &str, fields: &str) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..batches {
            self.push(path, fields);
            spent += self.flush().await.1.merge;
        }
        spent
    }

    async fn acks(&mut self, batches: u64) -> Duration {
        let address = source::parse_address(&self.system.redis.url(), None, None).unwrap();
        let redis = Redis::new(address, KEY, GROUP, "bench").unwrap();
        let mut connection = stream::connect(&self.system.redis.url()).await.unwrap();
        let mut spent = Duration::ZERO;
        for _ in 0..batches {
            let (_, path, fields) = RECORDS[0];
            self.push(path, fields);
            let (durable, _) = self.flush().await;
            deliver(&mut connection, &durable).await;
            let start = Instant::now();
            ack::ack(&redis, &durable, 10_000).await.unwrap();
            spent += start.elapsed();
        }
        spent
    }
}

/// Makes a batch's entries pending, as they are after a read.
async fn deliver(connection: &mut MultiplexedConnection, durable: &Durable) {
    let mut pipeline = redis::pipe();
    pipeline.cmd("DEL").arg(KEY).ignore();
    let make = pipeline.cmd("XGROUP").arg("CREATE").arg(KEY).arg(GROUP);
    make.arg("0").arg("MKSTREAM").ignore();
    for id in durable.ids() {
        let add = pipeline.cmd("XADD").arg(KEY).arg(id.to_string());
        add.arg("type").arg("commit").ignore();
    }
    let read = pipeline
        .cmd("XREADGROUP")
        .arg("GROUP")
        .arg(GROUP)
        .arg("bench");
    read.arg("COUNT")
        .arg(ROWS)
        .arg("STREAMS")
        .arg(KEY)
        .arg(">")
        .ignore();
    pipeline.query_async::<()>(connection).await.unwrap();
}

fn bench(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut bed = runtime.block_on(Bed::new());
    let mut group = c.benchmark_group("merge");
    group.throughput(Throughput::Elements(ROWS)).sample_size(10);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    for (table, path, fields) in RECORDS {
        group.bench_function(table, |b| {
            b.iter_custom(|batches| runtime.block_on(bed.merges(batches, path, fields)));
        });
    }
    group.finish();
    let mut group = c.benchmark_group("ack");
    group.throughput(Throughput::Elements(ROWS)).sample_size(10);
    group.warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(2));
    group.bench_function("1,000 entries", |b| {
        b.iter_custom(|batches| runtime.block_on(bed.acks(batches)));
    });
    group.finish();
    runtime.block_on(bed.system.stop()).unwrap();
}

criterion_group!(benches, bench);
criterion_main!(benches);
