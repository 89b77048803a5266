//! A worker that starts far behind: large batches and a line that says how long it takes; then small
//! ones again.

use std::sync::Arc;
use std::time::Duration;

use super::convergence::generated;
use super::support::worker::Worker;
use super::support::{Bed, give, log, wait};
use forebay::generate::Options;
use forebay::metrics::{Pace, Reason};

fn options(events: u64) -> Options {
    Options {
        seed: 86,
        events,
        users: 2_000,
        sdk: 0.5,
        bad: 0.0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_are_large_behind_and_small_at_the_end() {
    const EVENTS: u64 = 30_000;
    let bed = Bed::new().await;
    let (entries, _) = generated(options(EVENTS));
    give::give(&bed, &entries).await;
    let worker = Worker::start(
        &bed,
        &["--flush-rows", "4000", "--flush-interval-ms", "100"],
    );
    let metrics = Arc::clone(&worker.metrics);
    wait::until("it reads ahead", async || metrics.pace() == Pace::Behind).await;
    wait::until("all is stored", async || metrics.entries_acked() == EVENTS).await;
    let flushes: u64 = metrics.batches().by_reason.iter().sum();
    assert!(
        flushes <= EVENTS / 1_000,
        "{flushes} flushes of {EVENTS} events"
    );
    wait::until("it is caught up", async || metrics.pace() == Pace::Live).await;
    let by_age = || metrics.batches().by_reason[Reason::Age as usize];
    let before = by_age();
    // One alone waits for nobody but its time.
    let added = tokio::time::Instant::now();
    bed.stream
        .xadd(
            "identity",
            r#"{"did":"did:plc:late","handle":"late.example"}"#,
            "",
        )
        .await;
    wait::until("the one is stored", async || {
        metrics.entries_acked() > EVENTS
    })
    .await;
    assert!(
        added.elapsed() < Duration::from_millis(1_500),
        "{:?}",
        added.elapsed()
    );
    assert_eq!(by_age(), before + 1);
    worker.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_when_it_will_be_caught_up() {
    let bed = Bed::new().await;
    let (entries, _) = generated(options(60_000));
    give::give(&bed, &entries).await;
    let worker = log::run(&bed, &["--parallel-consumers", "1", "--flush-rows", "300"]);
    worker.until_it_says(", caught up in ").await;
    let line = worker.lines_with(", caught up in ").pop().unwrap();
    assert!(line.contains("backlog ") && line.ends_with(" s"), "{line}");
}
