//! What the worker says of itself: the cluster's counters, and a line in the log.

use std::collections::HashMap;
use std::time::Duration;

use super::convergence::generated;
use super::support::worker::drain;
use super::support::{Bed, give, log, wait};
use forebay::generate::Options;

fn options(seed: u64, bad: f64) -> Options {
    Options {
        seed,
        events: 3_000,
        users: 300,
        sdk: 0.5,
        bad,
    }
}

async fn cluster_metrics(bed: &Bed) -> HashMap<String, u64> {
    bed.stream.run(&["HGETALL", "cluster:metrics"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn cluster_metrics_are_the_sums() {
    let bed = Bed::new().await;
    bed.stream
        .run::<i64>(&[
            "HSET",
            "cluster:metrics",
            "totalEvents",
            "1000",
            "other",
            "7",
        ])
        .await;
    let (entries, _) = generated(options(81, 0.02));
    give::give(&bed, &entries).await;
    bed.stream.xadd("strange", "{}", "").await;
    drain(&bed, &[]).await;
    let of_kind = |kind: &str| entries.iter().filter(|entry| entry.kind == kind).count() as u64;
    let letters = bed.stream.dead_letters().await.len() as u64;
    assert!(letters > 20);
    let expected = [
        ("totalEvents", 1_000 + 3_001),
        ("#commit", of_kind("commit")),
        ("#identity", of_kind("identity")),
        ("#account", of_kind("account")),
        ("errors", letters),
        ("other", 7),
    ];
    let expected = expected.map(|(field, count)| (field.to_owned(), count));
    assert_eq!(cluster_metrics(&bed).await, HashMap::from(expected.clone()));
    // Nothing new: nothing added.
    drain(&bed, &[]).await;
    assert_eq!(cluster_metrics(&bed).await, HashMap::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_tells_the_pace_and_is_quiet_when_idle() {
    let bed = Bed::new().await;
    let worker = log::run(&bed, &[]);
    let (entries, _) = generated(options(82, 0.0));
    give::give(&bed, &entries).await;
    worker.until_it_says("Processed 3,000 events (~").await;
    let line = worker.lines_with("Processed").pop().unwrap();
    assert!(
        line.contains(" events/sec), backlog 0, pending 0, lag 0.0 s"),
        "{line}"
    );
    let said = worker.lines_with("Processed").len();
    wait::pass(Duration::from_secs(6)).await;
    assert_eq!(worker.lines_with("Processed").len(), said);
    worker.stop().await;
}
