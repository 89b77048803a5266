//! Without indexes and counts until the end: what it takes away it puts back, whatever happens.

use super::super::convergence::generated;
use super::super::model::assert_same;
use super::super::support::dump::public_schema;
use super::super::support::proxy::{Hold, Moment, Proxy};
use super::super::support::worker::{Worker, drain};
use super::super::support::{Bed, child, counts, wait};
use super::super::takeover::servers;
use super::{Files, LOCKS, backfill, backfill_all, sum, until_unlocked};
use forebay::derived::DerivedSet;
use forebay::generate::Options;
use nix::sys::signal::Signal;
use serde_json::json;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const MISSING: &str = "select count(*) from forebay.bulk_indexes";
const UNDER_WAY: &str = "select count(*) from forebay.bulk";

fn entries(seed: u64, events: u64) -> (String, super::Model) {
    let options = Options {
        seed,
        events,
        users: 300,
        sdk: 0.5,
        bad: 0.0,
    };
    let (entries, model) = generated(options);
    let line = |entry: &super::super::support::give::Given| {
        let line =
            json!({"id": entry.id, "type": entry.kind, "data": entry.data, "seq": entry.seq});
        format!("{line}\n")
    };
    (entries.iter().map(line).collect(), model)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_as_good_as_without() {
    let (bed, files) = (Bed::new().await, Files::new());
    bed.client
        .batch_execute(
            "create index \"Odd \"\"name\" on likes (lower(uri)) where created_at > '2020-01-01';
             create index commented on posts (author_did, uri); comment on index commented is 'by hand'",
        )
        .await
        .unwrap();
    let before = public_schema(&bed.database_url).await;
    let (lines, model) = entries(95, 4_000);
    let path = files.put("entries.jsonl", lines);
    let out = backfill_all(&bed, &[&path, "--bulk", "--backfill-rows", "500"]).await;
    assert!(
        out.contains("likes: Odd \"name (0 MB)") && !out.contains("commented"),
        "{out}"
    );
    assert!(!out.contains("_pkey") && !out.contains("unique_"), "{out}");
    assert_eq!(public_schema(&bed.database_url).await, before);
    assert_eq!(bed.number(MISSING).await + bed.number(UNDER_WAY).await, 0);
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    // What was there before is counted with it.
    let (lines, _) = entries(96, 1_000);
    let more = files.put("more.jsonl", lines);
    let out = backfill_all(&bed, &[&more, "--bulk"]).await;
    assert!(sum(&out, "stored") > 500, "{out}");
    counts::assert_equal_rows(&bed.client).await;
}

/// Killed when the indexes are gone, in the middle, and when some are there again. The next run, with
/// `--bulk` or without, or the next worker, sees to what is left.
#[tokio::test(flavor = "multi_thread")]
async fn killed_it_is_finished_by_whoever_comes_next() {
    let (lines, model) = entries(97, 3_000);
    let files = Files::new();
    let path = files.put("entries.jsonl", lines);
    for (n, next) in [(1, "backfill"), (6, "bulk"), (6, "worker"), (60, "worker")] {
        let bed = Bed::new().await;
        let before = public_schema(&bed.database_url).await;
        let (proxy, url) = Proxy::before(&bed.database_url).await;
        proxy.hold_at(Moment {
            hold: Hold::Answer,
            bytes: COMMIT,
            nth: n,
        });
        let args = [
            "backfill",
            &path,
            "--bulk",
            "--database-url",
            &url,
            "--backfill-rows",
            "200",
        ];
        let mut command = child::command(&bed, &args);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        proxy.moment().await;
        child::end_by(&mut child, Signal::SIGKILL).await;
        until_unlocked(&bed).await;
        let missing = bed.number(MISSING).await;
        assert!(missing > 0, "{n} {next}");
        assert_ne!(public_schema(&bed.database_url).await, before);
        match next {
            "worker" => {
                drain(&bed, &[]).await;
            }
            "bulk" => {
                backfill_all(&bed, &[&path, "--bulk"]).await;
            }
            _ => {
                backfill_all(&bed, &[&path]).await;
            }
        }
        assert_eq!(public_schema(&bed.database_url).await, before, "{n} {next}");
        assert_eq!(bed.number(MISSING).await + bed.number(UNDER_WAY).await, 0);
        counts::assert_equal_rows(&bed.client).await;
        backfill_all(&bed, &[&path]).await;
        assert_same(&model, &bed.client).await;
        counts::assert_equal_rows(&bed.client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_while_a_worker_is_at_work() {
    let (bed, files) = (Bed::new().await, Files::new());
    let before = public_schema(&bed.database_url).await;
    let (lines, _) = entries(98, 100);
    let path = files.put("entries.jsonl", lines);
    let worker = Worker::start(&bed, &[]);
    wait::until("it asks for entries", async || {
        bed.stream
            .group()
            .await
            .is_some_and(|group| group.consumers > 0)
    })
    .await;
    let (code, _, error) = backfill(&bed, &[&path, "--bulk"]).await;
    assert_eq!(code, 3, "{error}");
    assert!(
        error.contains("a worker is at work") && error.contains("remedy"),
        "{error}"
    );
    worker.stop().await.unwrap();
    assert_eq!(public_schema(&bed.database_url).await, before);
}

/// Whatever goes wrong, it is put back: here nothing can be stored.
#[tokio::test(flavor = "multi_thread")]
async fn a_failure_puts_it_back() {
    let (bed, files) = (Bed::new().await, Files::new());
    let (lines, _) = entries(99, 2_000);
    let path = files.put("entries.jsonl", lines);
    bed.client
        .batch_execute("alter table likes add constraint none check (false)")
        .await
        .unwrap();
    let before = public_schema(&bed.database_url).await;
    let (code, _, error) = backfill(&bed, &[&path, "--bulk"]).await;
    assert!(code == 3 || code == 1, "{code} {error}");
    assert_eq!(public_schema(&bed.database_url).await, before);
    assert_eq!(bed.number(UNDER_WAY).await, 0);
    counts::assert_equal_rows(&bed.client).await;
}

/// A worker has finished what was broken off, and goes on: it keeps nobody out.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_finished_it_lets_go_of_the_lock() {
    let (bed, files) = (Bed::new().await, Files::new());
    bed.client
        .batch_execute("insert into forebay.bulk (counted) values (false)")
        .await
        .unwrap();
    let worker = Worker::start(&bed, &[]);
    wait::until("it is finished", async || bed.number(UNDER_WAY).await == 0).await;
    let (lines, model) = entries(100, 300);
    backfill_all(&bed, &[&files.put("entries.jsonl", lines)]).await;
    worker.stop().await.unwrap();
    assert_same(&model, &bed.client).await;
}

/// The connection of the lock is cut, and somebody takes it for broken off: he finishes it while rows are
/// still to come. Their counts are added up all the same.
#[tokio::test(flavor = "multi_thread")]
async fn finished_too_early_it_is_finished_again() {
    let bed = Bed::new().await;
    let (lines, model) = entries(101, 3_000);
    let middle = lines.match_indices('\n').nth(2_400).unwrap().0 + 1;
    let (first, rest) = lines.split_at(middle);
    let mut command = child::command(&bed, &["backfill", "-", "--bulk"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(first.as_bytes()).await.unwrap();
    wait::until("some is stored", async || {
        bed.number("select count(*) from likes").await > 0
    })
    .await;
    let (pool, redis) = servers(&bed);
    wait::until("somebody else has finished it", async || {
        cut(&bed).await;
        forebay::backfill::finish_broken_off(&pool, &redis, DerivedSet::ALL)
            .await
            .unwrap();
        bed.number(UNDER_WAY).await == 0
    })
    .await;
    input.write_all(rest.as_bytes()).await.unwrap();
    drop(input);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    assert_eq!(bed.number(MISSING).await + bed.number(UNDER_WAY).await, 0);
}

/// Cuts the connection that has the lock.
async fn cut(bed: &Bed) {
    let cut = format!("select pg_terminate_backend(pid) {LOCKS} and granted");
    bed.client.batch_execute(&cut).await.unwrap();
}

/// The lock is lost, and another has it: there is one at a time.
#[tokio::test(flavor = "multi_thread")]
async fn without_its_lock_it_stops() {
    let (bed, files) = (Bed::new().await, Files::new());
    let path = files.put("entries.jsonl", entries(102, 2_000).0);
    let args = ["backfill", &path, "--rate-limit", "20"];
    let child = tokio::spawn(child::output(child::command(&bed, &args)));
    let other = bed.connect().await;
    wait::until("it has the lock", async || {
        bed.number(&format!("select count(*) {LOCKS}")).await > 0
    })
    .await;
    let (waiting, ()) = tokio::join!(
        other.query("select pg_advisory_lock(1650549611, 0)", &[]),
        async {
            wait::until("the other waits", async || {
                bed.number(&format!("select count(*) {LOCKS} and not granted"))
                    .await
                    > 0
            })
            .await;
            cut(&bed).await;
        }
    );
    waiting.unwrap();
    let (code, _, error) = child.await.unwrap();
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("another backfill"), "{error}");
}

/// Where it cannot be seen whether a worker is at work, none is taken to be away.
#[tokio::test(flavor = "multi_thread")]
async fn not_where_workers_cannot_be_seen() {
    let (bed, files) = (Bed::new().await, Files::new());
    let path = files.put("entries.jsonl", entries(103, 50).0);
    drain(&bed, &[]).await;
    bed.stream
        .xadd("identity", r#"{"did":"did:plc:a"}"#, "")
        .await;
    drain(&bed, &[]).await;
    let forbid = ["ACL", "SETUSER", "default", "-xinfo|consumers"];
    bed.stream.run::<String>(&forbid).await;
    let (code, _, error) = backfill(&bed, &[&path, "--bulk"]).await;
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("xinfo"), "{error}");
    assert_eq!(bed.number("select count(*) from posts").await, 0);
}
