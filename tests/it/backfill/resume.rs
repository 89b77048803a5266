//! A backfill that is killed, or whose server is, goes on from what is stored.

use super::super::convergence::generated;
use super::super::model::{EntryLike, Model, assert_same};
use super::super::support::proxy::{Hold, Moment, Proxy};
use super::super::support::{Bed, child, cluster, counts, servers, wait};
use super::car::{Repo, rev};
use super::{DAY_BEFORE, Files, backfill, backfill_all, post, sum, until_unlocked};
use forebay::generate::Options;
use forebay::local::Mode;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::process::Stdio;

const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Entries with their ids as lines, and what they make.
fn entries(seed: u64, events: u64) -> (String, usize, Model) {
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
    (entries.iter().map(line).collect(), entries.len(), model)
}

async fn records(bed: &Bed) -> i64 {
    bed.number("select coalesce(sum(records), 0)::int8 from forebay.backfill_progress")
        .await
}

/// Killed before a commit, and when it is done and nobody knows: again and again, by turns.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_commit_it_loses_and_repeats_nothing() {
    let bed = Bed::new().await;
    let (proxy, url) = Proxy::before(&bed.database_url).await;
    let (lines, count, model) = entries(61, 3_000);
    let files = Files::new();
    let path = files.put("entries.jsonl", lines);
    let mut last = 0;
    for (n, hold) in [
        (2, Hold::Message),
        (4, Hold::Answer),
        (5, Hold::Message),
        (6, Hold::Answer),
    ] {
        proxy.hold_at(Moment {
            hold,
            bytes: COMMIT,
            nth: n,
        });
        let args = [
            "backfill",
            &path,
            "--database-url",
            &url,
            "--backfill-rows",
            "100",
        ];
        let mut command = child::command(&bed, &args);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        proxy.moment().await;
        let status = child::end_by(&mut child, Signal::SIGKILL).await;
        assert_eq!(status.code(), None, "it ended by itself");
        let now = records(&bed).await;
        assert!(now > last || n == 2, "{now} after {last}");
        assert!(now < count as i64);
        last = now;
        // Its session is still at what it was told.
        until_unlocked(&bed).await;
    }
    let under_way = status(&bed).await;
    assert!(
        under_way.contains("under way") && under_way.contains(&path),
        "{under_way}"
    );
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(records(&bed).await, count as i64, "each once");
    assert!(sum(&summary, "stored") > 0, "{summary}");
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    let done = status(&bed).await;
    assert!(
        done.starts_with("done") && done.contains(&format!("{count} records")),
        "{done}"
    );
}

async fn status(bed: &Bed) -> String {
    let (code, out, error) = child::output(child::command(bed, &["backfill", "status"])).await;
    assert_eq!(code, 0, "{error}");
    out
}

/// Commits do not wait for the disk. A server that loses power loses the last of them, their rows and
/// their progress together, whether the backfill lives on or is killed with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_takes_rows_and_progress_together() {
    let mut bed = Bed::new().await;
    let mut postgres = cluster::own().await;
    bed.database_url = postgres.url(cluster::DATABASE);
    bed.client = servers::connect(&bed.database_url).await;
    // So that much is lost: without this the log is written a few times a second.
    bed.client
        .batch_execute("alter system set wal_writer_delay = '10s'")
        .await
        .unwrap();
    bed.client
        .batch_execute("select pg_reload_conf()")
        .await
        .unwrap();
    let (lines, count, model) = entries(62, 9_000);
    let files = Files::new();
    let path = files.put("entries.jsonl", lines);
    let args = [
        "backfill",
        path.as_str(),
        "--backfill-rows",
        "200",
        "--rate-limit",
        "3000",
    ];
    let mut command = child::command(&bed, &args);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = 0;
    for round in 0..3 {
        wait::until("some more is in", async || records(&bed).await > seen + 500).await;
        let before = records(&bed).await;
        postgres.stop(Mode::Immediate).await.unwrap();
        if round == 2 {
            child::end_by(&mut child, Signal::SIGKILL).await;
        }
        postgres.restart().await.unwrap();
        bed.client = servers::connect(&bed.database_url).await;
        seen = records(&bed).await;
        assert!(seen <= before + 5_000);
    }
    backfill_all(&bed, &[&path]).await;
    assert_eq!(records(&bed).await, count as i64);
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// A signal: what was read is written, and the same command goes on.
#[tokio::test(flavor = "multi_thread")]
async fn stopped_it_goes_on() {
    let bed = Bed::new().await;
    let (lines, count, model) = entries(63, 4_000);
    let files = Files::new();
    let path = files.put("entries.jsonl", lines);
    let args = ["backfill", path.as_str(), "--rate-limit", "1000"];
    let mut command = child::command(&bed, &args);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait::until("some is in", async || records(&bed).await > 100).await;
    let status = child::end_by(&mut child, Signal::SIGTERM).await;
    assert_eq!(status.code(), Some(1));
    assert!(records(&bed).await < count as i64);
    backfill_all(&bed, &[&path]).await;
    assert_eq!(records(&bed).await, count as i64);
    assert_same(&model, &bed.client).await;
}

/// Many exports: those that are done are not gone through again, and one that has another content is.
#[tokio::test(flavor = "multi_thread")]
async fn exports_are_taken_once() {
    let (bed, files) = (Bed::new().await, Files::new());
    let export = |n: usize, text: &str| {
        let repo = Repo::new(&format!("did:plc:{n}"), &rev(DAY_BEFORE));
        repo.with("app.bsky.feed.post/1", post(text, "2024-01-01T00:00:00Z"))
            .with(
                "app.bsky.feed.post/2",
                json!({"$type": "app.bsky.feed.like"}),
            )
            .bytes()
    };
    for n in 0..20 {
        files.put(&format!("{n}.car"), export(n, "one"));
    }
    let dir = files.path();
    let (code, out, error) = backfill(&bed, &[&dir]).await;
    assert_eq!((code, sum(&out, "stored")), (1, 20), "{out}{error}");
    files.put("3.car", export(3, "two"));
    bed.client
        .batch_execute("delete from posts where author_did = 'did:plc:3'")
        .await
        .unwrap();
    let (code, out, _) = backfill(&bed, &[&dir]).await;
    // What was rejected then is so still.
    assert_eq!(
        (
            code,
            sum(&out, "stored"),
            sum(&out, "rejected by earlier runs")
        ),
        (1, 1, 19),
        "{out}"
    );
    assert!(out.contains("done before 19"), "{out}");
    let texts: Vec<Value> = bed
        .client
        .query(
            "select to_jsonb(text) #>> '{}' from posts group by 1 order by 1",
            &[],
        )
        .await
        .unwrap()
        .iter()
        .map(|row| json!(row.get::<_, String>(0)))
        .collect();
    assert_eq!(texts, [json!("one"), json!("two")]);
    let status = status(&bed).await;
    assert_eq!(
        status
            .lines()
            .filter(|line| line.starts_with("done"))
            .count(),
        20,
        "{status}"
    );
}

/// One at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_one_is_refused() {
    let (bed, files) = (Bed::new().await, Files::new());
    let path = files.put("entries.jsonl", entries(64, 50).0);
    bed.client
        .query("select pg_advisory_lock(1650549611, 0)", &[])
        .await
        .unwrap();
    let (code, _, error) = backfill(&bed, &[&path]).await;
    assert_eq!(code, 3, "{error}");
    assert!(error.contains("another backfill"), "{error}");
}

/// A row that the database refuses is told with its line; the others go in, and nothing is set aside to
/// be put on the stream.
#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_are_told() {
    let (bed, files) = (Bed::new().await, Files::new());
    bed.client
        .batch_execute("alter table posts add check (text not like '%bad%')")
        .await
        .unwrap();
    let mut model = Model::new();
    let mut lines = String::new();
    for n in 0..500 {
        let text = if n % 100 == 7 { "bad" } else { "good" };
        let data = super::commit(
            "did:plc:a",
            "create",
            &format!("app.bsky.feed.post/{n:03}"),
            Some(&post(text, "2024-01-01T00:00:00Z")),
        );
        let id = format!("{}-0", super::STREAM_MS + n);
        lines.push_str(&format!(
            "{}\n",
            json!({"id": id, "type": "commit", "data": data, "seq": ""})
        ));
        if text == "good" {
            model.apply(&EntryLike {
                id: &id,
                kind: "commit",
                data: data.as_bytes(),
                seq: "",
            });
        }
    }
    let path = files.put("entries.jsonl", lines);
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!((code, sum(&out, "stored")), (1, 495), "{out}{error}");
    assert!(
        error.contains(
            "entries.jsonl: line 108: at://did:plc:a/app.bsky.feed.post/107: refused:23514"
        ),
        "{error}"
    );
    assert!(out.contains("5 rejected: refused:23514"), "{out}");
    assert_same(&model, &bed.client).await;
    assert_eq!(
        bed.number("select count(*) from forebay.dead_letters")
            .await,
        0
    );
    assert_eq!(
        bed.number("select sum(rejected)::int8 from forebay.backfill_progress")
            .await,
        5
    );
}
