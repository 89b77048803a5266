//! `forebay backfill`: history beside, before and after what the stream brings.

mod bad;
mod bulk;
mod car;
mod fill;
mod lines;
mod little;
mod mended;
mod resume;
mod spans;

use super::model::{EntryLike, Model};
use super::support::{Bed, child, wait};
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

/// 2026-07-04T14:38:08Z in milliseconds: where the tests' streams begin.
pub const STREAM_MS: u64 = 1_783_175_888_000;
/// A day before, in microseconds: when the tests' exports were made.
pub const DAY_BEFORE: u64 = (STREAM_MS - 86_400_000) * 1_000;

/// Files for sources.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Files {
        Files(TempDir::new().unwrap())
    }

    pub fn path(&self) -> String {
        self.0.path().canonicalize().unwrap().display().to_string()
    }

    /// Writes a file; its path.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().canonicalize().unwrap().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}

/// Runs a backfill: exit code, output, and what was said.
pub async fn backfill(bed: &Bed, args: &[&str]) -> (i32, String, String) {
    let args: Vec<&str> = ["backfill"].iter().chain(args).copied().collect();
    child::output(child::command(bed, &args)).await
}

/// Runs a backfill in which nothing is wrong; its summary.
pub async fn backfill_all(bed: &Bed, args: &[&str]) -> String {
    let (code, out, error) = backfill(bed, args).await;
    assert_eq!(code, 0, "{out}{error}");
    out
}

/// The backfills' locks of a bed's own database: the server has other tests' too.
pub const LOCKS: &str = "from pg_locks where locktype = 'advisory' and classid = 1650549611
    and database = (select oid from pg_database where datname = current_database())";

/// Waits until the server has noticed that a backfill was killed.
pub async fn until_unlocked(bed: &Bed) {
    let locks = format!("select count(*) {LOCKS}");
    wait::until("its lock is free", async || bed.number(&locks).await == 0).await;
}

/// The number in front of these words in a summary; 0 where they are not in it.
pub fn sum(summary: &str, what: &str) -> u64 {
    summary
        .lines()
        .find_map(|line| line.trim().strip_suffix(what)?.trim().parse().ok())
        .unwrap_or(0)
}

pub fn post(text: &str, created_at: &str) -> Value {
    json!({"$type": "app.bsky.feed.post", "text": text, "createdAt": created_at})
}

pub fn like(of: &str, created_at: &str) -> Value {
    json!({"$type": "app.bsky.feed.like", "createdAt": created_at,
        "subject": {"uri": of, "cid": "bafyreiguce4jh7kcbmof3pmcvasifqtw24b6isakj5ve5ga2b4z4alpc4i"}})
}

/// A commit of one op as an entry's data.
pub fn commit(repo: &str, action: &str, path: &str, record: Option<&Value>) -> String {
    let mut op = json!({"action": action, "path": path});
    if let Some(record) = record {
        op["cid"] = json!(car::cid_text(&[3; 32]));
        op["record"] = record.clone();
    }
    json!({"repo": repo, "ops": [op]}).to_string()
}

/// What a commit with one op changes in the model.
pub fn apply(model: &mut Model, id: &str, data: &str) {
    model.apply(&EntryLike {
        id,
        kind: "commit",
        data: data.as_bytes(),
        seq: "",
    });
}
