//! Sources that grow, or are mended, between two runs.

use super::super::support::Bed;
use super::car::{Repo, rev};
use super::{DAY_BEFORE, Files, STREAM_MS, backfill, backfill_all, commit, post, sum};
use serde_json::json;

const DID: &str = "did:plc:mended";
const AT: &str = "2024-01-01T00:00:00Z";

/// A post's create as a line with the stream's own id; without its end.
fn line(did: &str, ms: u64) -> String {
    let path = format!("app.bsky.feed.post/{ms}");
    let data = commit(did, "create", &path, Some(&post("x", AT)));
    json!({"id": format!("{ms}-0"), "type": "commit", "data": data, "seq": ""}).to_string()
}

async fn posts(bed: &Bed) -> i64 {
    bed.number("select count(*) from posts").await
}

/// Half of the last line is there; and then all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_still_being_written_is_read_when_it_is_whole() {
    let (bed, files) = (Bed::new().await, Files::new());
    let [first, second, third] = [0, 1, 2].map(|n| line(DID, STREAM_MS + n));
    let (half, _) = second.split_at(second.len() / 2);
    let path = files.put("lines.jsonl", format!("{first}\n{half}"));
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!((code, sum(&out, "stored")), (1, 1), "{out}{error}");
    assert!(error.contains("line 2"), "{error}");
    files.put("lines.jsonl", format!("{first}\n{second}\n{third}"));
    let out = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&out, "stored"), 2, "{out}");
    assert_eq!(posts(&bed).await, 3);
    // A line that ends, and is none, is passed for good.
    let bad = files.put("bad.jsonl", format!("{first}\n{half}\n"));
    let (code, out, _) = backfill(&bed, &[&bad]).await;
    assert_eq!(code, 1, "{out}");
    let (code, out, _) = backfill(&bed, &[&bad]).await;
    let rejected = sum(&out, "rejected by earlier runs");
    assert_eq!((code, rejected), (1, 1), "{out}");
}

/// It has the same commit as the whole one.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_was_cut_is_taken_when_it_is_whole() {
    let (bed, files) = (Bed::new().await, Files::new());
    let mut repo = Repo::new(DID, &rev(DAY_BEFORE));
    for n in 0..40 {
        repo = repo.with(
            &format!("app.bsky.feed.post/{n:02}"),
            post(&n.to_string(), AT),
        );
    }
    let mut export = repo.export();
    // The commit, the tree, and then the records: a file that is cut has the tree.
    export.blocks[1..].reverse();
    let whole = export.bytes();
    let path = files.put("repo.car", &whole[..whole.len() - 1_000]);
    let (code, out, error) = backfill(&bed, &[&path]).await;
    let stored = sum(&out, "stored");
    assert!(code == 1 && stored > 0 && stored < 40, "{out}{error}");
    files.put("repo.car", &whole);
    let out = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&out, "stored"), 40 - stored, "{out}");
    assert_eq!(posts(&bed).await, 40);
    let out = backfill_all(&bed, &[&path]).await;
    assert!(out.contains("done before 1"), "{out}");
}

/// A stale line ends its source: what comes before it is stored, and what is not taken does not count.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_line_costs_nothing_before_it() {
    let (bed, files) = (Bed::new().await, Files::new());
    let ms = STREAM_MS + 1_000;
    let pruned = format!(
        "insert into forebay.pruned (position) values (to_timestamp({}) at time zone 'UTC')",
        ms / 1_000
    );
    bed.client.batch_execute(&pruned).await.unwrap();
    let lines = [
        line(DID, ms + 1),
        line("did:plc:stale", ms - 1),
        line(DID, ms + 2),
    ];
    let path = files.put("lines.jsonl", lines.join("\n"));
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!((code, sum(&out, "stored")), (1, 1), "{out}{error}");
    assert!(error.contains("line 2: stale"), "{error}");
    assert_eq!(posts(&bed).await, 1);
    let out = backfill_all(&bed, &[&path, "--dids", DID]).await;
    assert_eq!(sum(&out, "stored"), 1, "{out}");
    assert_eq!(posts(&bed).await, 2);
    backfill_all(&bed, &[&path, "--allow-stale"]).await;
    assert_eq!(posts(&bed).await, 3);
}

/// Lines' stamps have room for 32,768 numbers: looking at what is there uses none.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_taken_up_again_keeps_its_number() {
    let (bed, files) = (Bed::new().await, Files::new());
    let paths = [0, 1].map(|n| files.put(&format!("{n}.jsonl"), line(DID, STREAM_MS + n)));
    for _ in 0..3 {
        backfill_all(&bed, &[&paths[0]]).await;
    }
    backfill_all(&bed, &[&paths[1], "--restart"]).await;
    let last = bed.number("select max(id) from forebay.backfill_sources");
    assert_eq!(last.await, 2);
}
