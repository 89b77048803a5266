//! Spans of a stream, which nobody's group has to know of.

use super::super::convergence::{assert_right, generated};
use super::super::model::assert_same;
use super::super::support::give;
use super::super::support::worker::drain;
use super::super::support::{Bed, child, counts, wait};
use super::{backfill, backfill_all, sum, until_unlocked};
use forebay::generate::Options;
use nix::sys::signal::Signal;
use std::process::Stdio;

const OPTIONS: Options = Options {
    seed: 91,
    events: 5_000,
    users: 300,
    sdk: 0.5,
    bad: 0.0,
};

/// In two parts, the later first, and then all of it by a worker.
#[tokio::test(flavor = "multi_thread")]
async fn a_span_is_what_a_worker_makes_of_it() {
    let (entries, model) = generated(OPTIONS);
    let bed = Bed::new().await;
    give::give(&bed, &entries).await;
    let middle = &entries[2_500].id;
    let last = &entries[2_499].id;
    let later = format!("redis:firehose:events?from={middle}");
    let earlier = format!("redis:firehose:events?to={last}");
    let summary = backfill_all(&bed, &[&later, "--backfill-rows", "500"]).await;
    assert_eq!(bed.stream.group().await, None, "no group is made");
    assert!(sum(&summary, "stored") > 1_000, "{summary}");
    backfill_all(&bed, &[&earlier]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    // What was added since is taken, and the rest is not read again.
    let summary = backfill_all(&bed, &[&later]).await;
    assert_eq!(
        sum(&summary, "stored") + sum(&summary, "already there"),
        0,
        "{summary}"
    );
    drain(&bed, &[]).await;
    assert_right(&bed, &model).await;
}

/// Killed when one lane has stored its part and the other nothing: each notes only its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_stored_nothing_is_not_passed_over() {
    let options = Options {
        events: 600,
        ..OPTIONS
    };
    let (entries, model) = generated(options);
    let bed = Bed::new().await;
    give::give(&bed, &entries).await;
    // The first lane has the even partitions, and waits for them.
    bed.client
        .batch_execute(
            "begin; select pg_advisory_xact_lock(1718579813, p) from generate_series(0, 63, 2) p",
        )
        .await
        .unwrap();
    let span = "redis:firehose:events";
    let args = ["backfill", span, "--backfill-lanes", "2"];
    let mut command = child::command(&bed, &args);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let other = bed.connect().await;
    wait::until("the second lane has noted its part", async || {
        let noted = "select count(*) from forebay.backfill_progress where share % 2 = 1";
        other.query_one(noted, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    child::end_by(&mut child, Signal::SIGKILL).await;
    let stored = "select count(*) from forebay.backfill_progress where share % 2 = 0";
    assert_eq!(bed.number(stored).await, 0);
    bed.client.batch_execute("rollback").await.unwrap();
    until_unlocked(&bed).await;
    backfill_all(&bed, &[span]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_span_that_is_none_is_refused() {
    let bed = Bed::new().await;
    for wrong in ["redis:", "redis:k?from=x", "redis:k?since=1"] {
        let (code, _, error) = backfill(&bed, &[wrong]).await;
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("redis:KEY?from=ID&to=ID"), "{error}");
    }
    let (code, out, _) = backfill(&bed, &["redis:nothing:here"]).await;
    assert_eq!((code, sum(&out, "stored")), (0, 0));
}
