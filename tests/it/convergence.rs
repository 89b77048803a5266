//! The same entries, whatever their way: the tables equal one pass in stream order.

use std::collections::HashMap;

use super::generated;
use super::model::{self, Model};
use super::support::give::{self, Given};
use super::support::worker::drain;
use super::support::{Bed, counts};
use forebay::generate::Options;

fn options(seed: u64) -> Options {
    Options {
        seed,
        events: 6_000,
        users: 300,
        sdk: 0.5,
        bad: 0.01,
    }
}

/// Generated entries, and what the tables must hold after them.
pub fn generated(options: Options) -> (Vec<Given>, Model) {
    let entries = generated::entries(options);
    let model = generated::model_of(entries.iter());
    let given = |(id, event): (String, forebay::generate::Event)| Given {
        id,
        kind: event.kind.to_owned(),
        data: event.data,
        seq: event.seq,
    };
    (entries.into_iter().map(given).collect(), model)
}

/// Entries of 500 users, all of them good, and what the tables must hold after them.
pub fn some(seed: u64, events: u64) -> (Vec<Given>, Model) {
    generated(Options {
        seed,
        events,
        users: 500,
        ..Options::default()
    })
}

/// The tables, the dead letters, the counts and the AppView's hash on Redis.
pub async fn assert_right(bed: &Bed, model: &Model) {
    model::assert_same(model, &bed.client).await;
    model::assert_same_rejected(model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

async fn assert_record_counts(bed: &Bed) {
    let counts: HashMap<String, i64> = bed.stream.run(&["HGETALL", "db:record_counts"]).await;
    assert_eq!(counts.len(), 8, "{counts:?}");
    for (table, counted) in counts {
        let rows: i64 = bed
            .client
            .query_one(&format!("select count(*) from {table}"), &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(counted, rows, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_order() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(7));
    give::once(&bed, &entries).await;
    assert_right(&bed, &model).await;
    assert_record_counts(&bed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_small_batches() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(8));
    give::give(&bed, &entries).await;
    drain(&bed, &["--flush-rows", "7"]).await;
    assert_right(&bed, &model).await;
    assert_record_counts(&bed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twice() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(9));
    give::twice(&bed, &entries).await;
    assert_right(&bed, &model).await;
    assert_record_counts(&bed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_reverse() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(10));
    give::in_reverse(&bed, &entries).await;
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn split_over_two_workers_at_once() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(11));
    give::to_two_workers(&bed, &entries).await;
    assert_right(&bed, &model).await;
    assert_record_counts(&bed).await;
}

/// One of five events is wrong in some way.
#[tokio::test(flavor = "multi_thread")]
async fn with_much_that_is_wrong() {
    for seed in 20..24 {
        let bed = Bed::new().await;
        let bad = 0.2;
        let (entries, model) = generated(Options {
            bad,
            ..options(seed)
        });
        give::once(&bed, &entries).await;
        assert_right(&bed, &model).await;
    }
}
