//! The same entries, whatever their way: the tables equal one pass in stream order.

use std::collections::HashMap;

use super::generated;
use super::model::{self, Model};
use super::support::stream::New;
use super::support::worker::{Worker, drain};
use super::support::{Bed, counts};
use forebay::generate::{Event, Options};

const SOME: Options = Options {
    seed: 7,
    events: 6_000,
    users: 300,
    sdk: 0.5,
    bad: 0.01,
};

fn generated_entries() -> Vec<(String, Event)> {
    generated::entries(SOME)
}

fn as_new((id, event): &(String, Event)) -> New {
    New {
        id: Some(id.clone()),
        kind: event.kind.to_owned(),
        data: event.data.clone().into_bytes(),
        seq: event.seq.clone(),
    }
}

async fn give(bed: &Bed, entries: &[(String, Event)]) {
    let new: Vec<New> = entries.iter().map(as_new).collect();
    bed.stream.xadd_all(&new).await;
}

/// Gives entries in any order: each as a replay, whose position is that of its original id.
async fn give_as_replays<'e>(bed: &Bed, entries: impl Iterator<Item = &'e (String, Event)>) {
    for (id, event) in entries {
        let command = [
            "XADD",
            "firehose:events",
            "*",
            "type",
            event.kind,
            "data",
            &event.data,
            "seq",
            &event.seq,
            "origId",
            id,
        ];
        bed.stream.run::<String>(&command).await;
    }
}

async fn assert_right(bed: &Bed, model: &Model) {
    model::assert_same(model, &bed.client).await;
    model::assert_same_rejected(model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    assert_record_counts(bed).await;
}

/// The AppView's hash on Redis says how many rows each of its tables has.
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
    let entries = generated_entries();
    give(&bed, &entries).await;
    drain(&bed, &[]).await;
    assert_right(&bed, &generated::model_of(entries.iter())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_small_batches() {
    let bed = Bed::new().await;
    let entries = generated_entries();
    give(&bed, &entries).await;
    drain(&bed, &["--flush-rows", "7"]).await;
    assert_right(&bed, &generated::model_of(entries.iter())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twice() {
    let bed = Bed::new().await;
    let entries = generated_entries();
    give(&bed, &entries).await;
    drain(&bed, &[]).await;
    bed.stream
        .run::<String>(&[
            "XGROUP",
            "SETID",
            "firehose:events",
            "firehose-processors",
            "0",
        ])
        .await;
    drain(&bed, &["--flush-rows", "100", "--parallel-consumers", "2"]).await;
    assert_right(&bed, &generated::model_of(entries.iter())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_reverse() {
    let bed = Bed::new().await;
    let entries = generated_entries();
    give_as_replays(&bed, entries.iter().rev()).await;
    drain(&bed, &["--flush-rows", "50"]).await;
    assert_right(&bed, &generated::model_of(entries.iter())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn split_over_two_workers_at_once() {
    let bed = Bed::new().await;
    let entries = generated_entries();
    give(&bed, &entries).await;
    let flags = |id| {
        [
            "--until-caught-up",
            "--consumer-id",
            id,
            "--flush-rows",
            "40",
            "--parallel-consumers",
            "3",
        ]
    };
    let (one, two) = (
        Worker::start(&bed, &flags("one")),
        Worker::start(&bed, &flags("two")),
    );
    let read = |worker: &Worker| std::sync::Arc::clone(&worker.metrics);
    let (of_one, of_two) = (read(&one), read(&two));
    one.end().await.unwrap();
    two.end().await.unwrap();
    assert!(
        of_one.entries_acked() > 0 && of_two.entries_acked() > 0,
        "both took part"
    );
    assert_right(&bed, &generated::model_of(entries.iter())).await;
}
