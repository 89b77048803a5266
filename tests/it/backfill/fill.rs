//! What an export may replace, and what may replace it.

use super::super::convergence::generated;
use super::super::model::{Model, assert_same, micros_of};
use super::super::support::give::{self, Given};
use super::super::support::stream::New;
use super::super::support::worker::{Worker, drain};
use super::super::support::{Bed, counts};
use super::super::takeover::servers;
use super::car::{Repo, rev};
use super::{DAY_BEFORE, Files, STREAM_MS, apply, backfill, backfill_all, commit, like, post, sum};
use forebay::generate::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DID: &str = "did:plc:exported";
const POST: &str = "app.bsky.feed.post/";

async fn live(
    bed: &Bed,
    model: &mut Model,
    ms: u64,
    action: &str,
    path: &str,
    record: Option<&Value>,
) {
    let data = commit(DID, action, path, record);
    let id = format!("{ms}-0");
    bed.stream.xadd_at(&id, "commit", &data, "").await;
    apply(model, &id, &data);
}

/// A record of an export, at the time at which it was created.
fn filled(model: &mut Model, repo: &Repo, path: &str) {
    let record = &repo.records[path];
    let micros = micros_of(record["createdAt"].as_str().unwrap()).unwrap();
    let cid = super::car::cid_text(&sha256(&super::car::cbor(record)));
    let data = json!({"repo": repo.did, "rev": repo.rev, "ops": [
        {"action": "create", "path": path, "cid": cid, "record": record}]});
    let id = format!("{}-{}", micros / 1000, micros % 1000);
    apply(model, &id, &data.to_string());
}

fn sha256(content: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(content).into()
}

async fn text_of(bed: &Bed, rkey: &str) -> Option<String> {
    let row = bed
        .client
        .query_opt(
            "select text from posts where uri = $1",
            &[&format!("at://{DID}/{POST}{rkey}")],
        )
        .await;
    row.unwrap().map(|row| row.get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn fills_what_is_missing_and_nothing_else() {
    let (bed, files, mut model) = (Bed::new().await, Files::new(), Model::new());
    let old = "2024-01-02T03:04:05.678Z";
    // Created later than what is in the export, by its own clock earlier.
    live(
        &bed,
        &mut model,
        STREAM_MS,
        "create",
        &format!("{POST}a"),
        Some(&post("live", "2020-01-01T00:00:00Z")),
    )
    .await;
    live(
        &bed,
        &mut model,
        STREAM_MS + 1,
        "create",
        &format!("{POST}gone"),
        Some(&post("live", old)),
    )
    .await;
    live(
        &bed,
        &mut model,
        STREAM_MS + 2,
        "delete",
        &format!("{POST}gone"),
        None,
    )
    .await;
    drain(&bed, &[]).await;
    let repo = Repo::new(DID, &rev(DAY_BEFORE))
        .with(&format!("{POST}a"), post("exported", old))
        .with(&format!("{POST}b"), post("exported", old))
        .with(
            &format!("{POST}future"),
            post("exported", "2031-01-01T00:00:00Z"),
        )
        .with(&format!("{POST}gone"), post("exported", old));
    filled(&mut model, &repo, &format!("{POST}b"));
    let path = files.put("repo.car", repo.bytes());
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "stored"), 2, "{summary}");
    assert_eq!(sum(&summary, "already there"), 1, "{summary}");
    assert_eq!(sum(&summary, "deleted since"), 1, "{summary}");
    assert_eq!(text_of(&bed, "a").await.as_deref(), Some("live"));
    assert_eq!(text_of(&bed, "gone").await, None);
    // A client's clock does not reach into the stream.
    let reach = format!(
        "select count(*) from posts where uri like '%/future' and indexed_at < to_timestamp({})",
        STREAM_MS / 1000
    );
    assert_eq!(bed.number(&reach).await, 1);
    // What comes later wins over what was filled.
    let data = commit(DID, "delete", &format!("{POST}future"), None);
    bed.stream
        .xadd_at(&format!("{}-0", STREAM_MS + 3), "commit", data, "")
        .await;
    live(
        &bed,
        &mut model,
        STREAM_MS + 4,
        "update",
        &format!("{POST}b"),
        Some(&post("later", old)),
    )
    .await;
    drain(&bed, &[]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// A record that was deleted and made again before the export.
#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_from_before_the_export_is_none() {
    let (bed, files) = (Bed::new().await, Files::new());
    live(
        &bed,
        &mut Model::new(),
        STREAM_MS,
        "delete",
        &format!("{POST}again"),
        None,
    )
    .await;
    drain(&bed, &[]).await;
    let export = |micros: u64| {
        let repo = Repo::new(DID, &rev(micros));
        repo.with(
            &format!("{POST}again"),
            post("again", "2024-01-01T00:00:00Z"),
        )
        .bytes()
    };
    let deleted = STREAM_MS * 1000;
    // Within what clocks may differ by it is not known which was first.
    let path = files.put("a.car", export(deleted + 30_000_000));
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "deleted since"), 1, "{summary}");
    let path = files.put("b.car", export(deleted + 90_000_000));
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "stored"), 1, "{summary}");
}

/// A repository that was purged, and goes on: what it has later is not what was purged.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_from_before_the_export_is_none() {
    let (bed, files) = (Bed::new().await, Files::new());
    let before = commit(
        DID,
        "create",
        &format!("{POST}a"),
        Some(&post("a", "2024-01-01T00:00:00Z")),
    );
    bed.stream
        .xadd_at(&format!("{}-0", STREAM_MS - 5), "commit", &before, "")
        .await;
    let gone = json!({"did": DID, "active": false, "status": "deleted"}).to_string();
    let at = format!("{STREAM_MS}-0");
    bed.stream.xadd_at(&at, "account", gone, "").await;
    drain(&bed, &["--account-deleted", "purge"]).await;
    drain(&bed, &[]).await;
    let purged = "select count(*) from forebay.purges where done";
    assert_eq!(bed.number(purged).await, 1);
    let export = |micros: u64| {
        let mut repo = Repo::new(DID, &rev(micros));
        // Many: they would go straight into their table.
        for n in 0..100 {
            repo = repo.with(&format!("{POST}{n}"), post("x", "2024-01-01T00:00:00Z"));
        }
        repo.with(&format!("{POST}a"), post("a", "2024-01-01T00:00:00Z"))
            .bytes()
    };
    let purged_at = STREAM_MS * 1000;
    let path = files.put("before.car", export(purged_at + 30_000_000));
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "deleted since"), 101, "{summary}");
    assert_eq!(bed.number("select count(*) from posts").await, 0);
    let path = files.put("after.car", export(purged_at + 90_000_000));
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "stored"), 101, "{summary}");
    assert_eq!(bed.number("select count(*) from posts").await, 101);
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_the_tombstones_kept_is_refused() {
    let (bed, files, mut model) = (Bed::new().await, Files::new(), Model::new());
    live(
        &bed,
        &mut model,
        STREAM_MS,
        "delete",
        &format!("{POST}x"),
        None,
    )
    .await;
    live(
        &bed,
        &mut model,
        STREAM_MS + 5,
        "create",
        &format!("{POST}y"),
        Some(&post("y", "2024-01-01T00:00:00Z")),
    )
    .await;
    drain(&bed, &[]).await;
    let at = format!("{}", STREAM_MS / 1000);
    bed.client
        .batch_execute("update forebay.tombstones set written_at = now() - interval '3 days'")
        .await
        .unwrap();
    let (pool, redis) = servers(&bed);
    assert_eq!(
        forebay::housekeeping::prune(&pool, &redis, 24)
            .await
            .unwrap(),
        1
    );
    let noted = format!(
        "select count(*) from forebay.pruned where position = to_timestamp({at}) at time zone 'UTC'"
    );
    assert_eq!(bed.number(&noted).await, 1);
    let repo = Repo::new(DID, &rev(DAY_BEFORE))
        .with(&format!("{POST}x"), post("x", "2024-01-01T00:00:00Z"));
    let path = files.put("repo.car", repo.bytes());
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!(code, 1, "{out}");
    assert!(
        error.contains("stale") && error.contains("--allow-stale"),
        "{error}"
    );
    assert_eq!(text_of(&bed, "x").await, None);
    // Made after the tombstone went, by who says so.
    let summary = backfill_all(&bed, &[&path, "--exported-at", "2026-07-05T00:00:00Z"]).await;
    assert_eq!(sum(&summary, "stored"), 1, "{summary}");
    bed.client.batch_execute("delete from posts").await.unwrap();
    let summary = backfill_all(&bed, &[&path, "--allow-stale", "--restart"]).await;
    assert_eq!(sum(&summary, "stored"), 1, "{summary}");
}

/// Two records of one pair, of which one comes by the stream.
#[tokio::test(flavor = "multi_thread")]
async fn the_older_of_two_likes_holds_the_pair() {
    let (bed, files, mut model) = (Bed::new().await, Files::new(), Model::new());
    let subject = "at://did:plc:someone/app.bsky.feed.post/1";
    live(
        &bed,
        &mut model,
        STREAM_MS,
        "create",
        "app.bsky.feed.like/new",
        Some(&like(subject, "2026-01-01T00:00:00Z")),
    )
    .await;
    drain(&bed, &[]).await;
    let repo = Repo::new(DID, &rev(DAY_BEFORE))
        .with(
            "app.bsky.feed.like/new",
            like(subject, "2020-01-01T00:00:00Z"),
        )
        .with(
            "app.bsky.feed.like/old",
            like(subject, "2025-01-01T00:00:00Z"),
        );
    filled(&mut model, &repo, "app.bsky.feed.like/old");
    let path = files.put("repo.car", repo.bytes());
    for args in [&[path.as_str()][..], &[path.as_str(), "--restart"]] {
        backfill_all(&bed, args).await;
        assert_same(&model, &bed.client).await;
        counts::assert_equal_rows(&bed.client).await;
    }
    live(
        &bed,
        &mut model,
        STREAM_MS + 1,
        "delete",
        "app.bsky.feed.like/old",
        None,
    )
    .await;
    drain(&bed, &[]).await;
    assert_same(&model, &bed.client).await;
}

/// An actor who opted out is not filled either.
#[tokio::test(flavor = "multi_thread")]
async fn the_opt_out_holds() {
    let (bed, files) = (Bed::new().await, Files::new());
    bed.opt_out(DID).await;
    let repo = Repo::new(DID, &rev(DAY_BEFORE))
        .with(&format!("{POST}a"), post("a", "2024-01-01T00:00:00Z"));
    let path = files.put("repo.car", repo.bytes());
    let summary = backfill_all(&bed, &[&path]).await;
    assert_eq!(sum(&summary, "of actors who opted out"), 1, "{summary}");
    assert_eq!(bed.number("select count(*) from posts").await, 0);
}

fn gate(path: &str, allow: &Value) -> Value {
    json!({"$type": "app.bsky.feed.threadgate", "post": format!("at://{DID}/{POST}{path}"),
        "allow": allow, "createdAt": "2024-01-01T00:00:00Z"})
}

/// The repository as of its revision: older rows are replaced or go, later ones stay.
#[tokio::test(flavor = "multi_thread")]
async fn an_authoritative_export_is_a_repair() {
    let (bed, files, mut model) = (Bed::new().await, Files::new(), Model::new());
    let made = "2024-01-01T00:00:00Z";
    let subject = "at://did:plc:someone/app.bsky.feed.post/1";
    let before = [
        (format!("{POST}gone"), post("gone", made)),
        (format!("{POST}old"), post("old", made)),
        ("app.bsky.feed.like/gone".to_owned(), like(subject, made)),
        ("app.bsky.feed.like/twice".to_owned(), like(subject, made)),
        (
            "app.bsky.feed.threadgate/old".to_owned(),
            gate("old", &json!([])),
        ),
        (
            "app.bsky.actor.profile/self".to_owned(),
            json!({"$type": "app.bsky.actor.profile", "displayName": "x"}),
        ),
        (
            "com.example.thing/1".to_owned(),
            json!({"$type": "com.example.thing"}),
        ),
    ];
    let mut ms = STREAM_MS;
    for (path, record) in &before {
        live(&bed, &mut model, ms, "create", path, Some(record)).await;
        ms += 1;
    }
    let at_ms = ms + 3_600_000;
    let later_ms = at_ms + 3_600_000;
    live(
        &bed,
        &mut model,
        later_ms,
        "create",
        &format!("{POST}later"),
        Some(&post("later", made)),
    )
    .await;
    drain(&bed, &[]).await;
    // Somebody else's rows are nobody's business.
    let other = commit(
        "did:plc:other",
        "create",
        &format!("{POST}1"),
        Some(&post("other", made)),
    );
    bed.stream
        .xadd_at(&format!("{later_ms}-5"), "commit", &other, "")
        .await;
    apply(&mut model, &format!("{later_ms}-5"), &other);
    drain(&bed, &[]).await;
    // The margin is what clocks may differ by: the export counts from its revision less that.
    let repo = Repo::new(DID, &rev(at_ms * 1000 + 60_000_000))
        .with(&format!("{POST}old"), post("new", made))
        .with(&format!("{POST}missed"), post("missed", made))
        .with("app.bsky.feed.like/missed", like(subject, made));
    let path = files.put("repo.car", repo.bytes());
    let now = format!("{at_ms}-0");
    for (path, record) in &repo.records {
        let cid = super::car::cid_text(&sha256(&super::car::cbor(record)));
        let data = json!({"repo": DID, "rev": repo.rev, "ops": [
            {"action": "create", "path": path, "cid": cid, "record": record}]});
        apply(&mut model, &now, &data.to_string());
    }
    for (gone, _) in before
        .iter()
        .filter(|(path, _)| !repo.records.contains_key(path))
    {
        apply(
            &mut model,
            &format!("{}-999", at_ms - 1),
            &commit(DID, "delete", gone, None),
        );
    }
    for again in [&[][..], &["--restart"]] {
        let args = [&[path.as_str(), "--authoritative"], again].concat();
        let summary = backfill_all(&bed, &args).await;
        let removed = if again.is_empty() { 6 } else { 0 };
        assert_eq!(
            sum(&summary, "removed, as they are not in their export"),
            removed,
            "{summary}"
        );
        assert_same(&model, &bed.client).await;
        counts::assert_equal_rows(&bed.client).await;
    }
    assert_eq!(text_of(&bed, "old").await.as_deref(), Some("new"));
    // Nor does what was removed come back by an entry that comes late.
    bed.stream
        .run::<()>(&[
            "XGROUP",
            "SETID",
            "firehose:events",
            "firehose-processors",
            "0",
        ])
        .await;
    drain(&bed, &[]).await;
    assert_same(&model, &bed.client).await;
}

/// An export that is not whole says nothing about what is not in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_export_removes_nothing() {
    let (bed, files) = (Bed::new().await, Files::new());
    live(
        &bed,
        &mut Model::new(),
        STREAM_MS,
        "create",
        &format!("{POST}a"),
        Some(&post("a", "2024-01-01T00:00:00Z")),
    )
    .await;
    drain(&bed, &[]).await;
    let repo = Repo::new(DID, &rev(STREAM_MS * 1000 + 3_600_000_000))
        .with(&format!("{POST}b"), post("b", "2024-01-01T00:00:00Z"));
    let mut export = repo.export();
    let damaged = export.blocks.len() - 2;
    export.blocks.push(([9; 32], b"\xa0".to_vec()));
    assert!(damaged > 0);
    let path = files.put("repo.car", export.bytes());
    let (code, out, error) = backfill(&bed, &[&path, "--authoritative"]).await;
    assert_eq!(code, 1, "{out}");
    assert!(
        error.contains("wrong_hash") && error.contains("nothing of did:plc:exported is removed"),
        "{error}"
    );
    assert_eq!(bed.number("select count(*) from posts").await, 2);
    // Nor does one of which only a part is taken.
    let whole = files.put("whole.car", repo.bytes());
    let args = [
        whole.as_str(),
        "--authoritative",
        "--collections",
        "app.bsky.graph.*",
    ];
    backfill_all(&bed, &args).await;
    assert_eq!(bed.number("select count(*) from posts").await, 2);
}

/// More than go in one transaction, among others that are not asked for and stay in the way.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_an_export_goes_page_by_page() {
    let (bed, files) = (Bed::new().await, Files::new());
    let thing = json!({"$type": "com.example.a"});
    let (first, last) = ("com.example.a/first", "com.example.a/last");
    live(
        &bed,
        &mut Model::new(),
        STREAM_MS,
        "create",
        first,
        Some(&thing),
    )
    .await;
    drain(&bed, &[]).await;
    bed.client
        .batch_execute(
            "insert into generic_records
             select (jsonb_populate_record(r, jsonb_build_object(
                 'uri', 'at://' || author_did || '/com.example.' || case when n % 2 = 0 then 'a' else 'b' end || '/' || n))).*
             from generic_records r, generate_series(1, 14000) n",
        )
        .await
        .unwrap();
    let made = rev(STREAM_MS * 1000 + 3_600_000_000);
    let path = files.put("repo.car", Repo::new(DID, &made).with(last, thing).bytes());
    let args = [
        path.as_str(),
        "--authoritative",
        "--collections",
        "com.example.a",
    ];
    let summary = backfill_all(&bed, &args).await;
    let removed = sum(&summary, "removed, as they are not in their export");
    assert_eq!(removed, 7_001, "{summary}");
    let left = "select count(*) from generic_records where uri like '%/com.example.b/%' or uri like '%/last'";
    assert_eq!(bed.number(left).await, 7_001);
    assert_eq!(
        bed.number("select count(*) from generic_records").await,
        7_001
    );
}

/// Whether all numbers are such as DAG-CBOR has exactly.
fn is_exact(record: &Value) -> bool {
    match record {
        Value::Number(number) => number.as_i64().is_some(),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

/// Exports of generated repositories: of their creates some, in other words, and some that the stream
/// never brought.
fn exports(entries: &[Given], boundary: u64, model: &mut Model) -> BTreeMap<String, Repo> {
    let mut repos: BTreeMap<String, Repo> = BTreeMap::new();
    for (n, entry) in entries.iter().enumerate() {
        let data: Value = serde_json::from_str(&entry.data).unwrap();
        for op in data["ops"].as_array().into_iter().flatten() {
            if op["action"] != "create" || n % 3 == 0 || !is_exact(&op["record"]) {
                continue;
            }
            let did = data["repo"].as_str().unwrap();
            let repo = repos
                .entry(did.to_owned())
                .or_insert_with(|| Repo::new(did, &rev(DAY_BEFORE)));
            let path = op["path"].as_str().unwrap();
            let (collection, rkey) = path.split_once('/').unwrap();
            let again = if n % 2 == 0 && rkey != "self" {
                format!("{collection}/x{rkey}")
            } else {
                path.to_owned()
            };
            repo.records.insert(again, op["record"].clone());
        }
    }
    for repo in repos.values() {
        for (path, record) in &repo.records {
            let created = record["createdAt"].as_str().and_then(micros_of);
            let at = created.map_or(boundary, |at| u64::try_from(at).unwrap().min(boundary));
            let cid = super::car::cid_text(&sha256(&super::car::cbor(record)));
            let data = json!({"repo": repo.did, "rev": repo.rev, "ops": [
                {"action": "create", "path": path, "cid": cid, "record": record}]});
            apply(
                model,
                &format!("{}-{}", at / 1000, at % 1000),
                &data.to_string(),
            );
        }
    }
    repos
}

/// A backfill and a worker on the same repositories at the same time.
#[tokio::test(flavor = "multi_thread")]
async fn beside_a_worker() {
    let (entries, mut model) = generated(Options {
        seed: 71,
        events: 4_000,
        users: 120,
        sdk: 0.0,
        bad: 0.0,
    });
    let (bed, files) = (Bed::new().await, Files::new());
    let boundary = STREAM_MS * 1000 - 1;
    for (did, repo) in exports(&entries, boundary, &mut model) {
        files.put(&format!("{}.car", did.replace(':', "_")), repo.bytes());
    }
    let (first, rest) = entries.split_at(1_000);
    give::give(&bed, first).await;
    let worker = Worker::start(&bed, &["--flush-rows", "200"]);
    let dir = files.path();
    let args = [dir.as_str(), "--backfill-rows", "300"];
    let rest: Vec<New> = rest
        .iter()
        .map(|entry| New {
            id: Some(entry.id.clone()),
            kind: entry.kind.clone(),
            data: entry.data.clone().into_bytes(),
            seq: entry.seq.clone(),
        })
        .collect();
    let adding = async {
        for some in rest.chunks(100) {
            bed.stream.xadd_all(some).await;
        }
    };
    let (summary, ()) = tokio::join!(backfill_all(&bed, &args), adding);
    worker.stop().await.unwrap();
    drain(&bed, &[]).await;
    assert!(
        sum(&summary, "stored") > 0 && sum(&summary, "already there") > 0,
        "{summary}"
    );
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    backfill_all(&bed, &[&dir, "--restart"]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// Workers wait for the locks of a batch: beside them batches are small.
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_small_beside_a_worker() {
    let files = Files::new();
    let mut lines = String::new();
    for n in 0..6_000 {
        let path = format!("{POST}{n}");
        let data = commit(
            &format!("did:plc:{}", n % 50),
            "create",
            &path,
            Some(&post("x", "2024-01-01T00:00:00Z")),
        );
        let id = format!("{}-0", STREAM_MS + n);
        let line = json!({"id": id, "type": "commit", "data": data, "seq": ""});
        lines.push_str(&format!("{line}\n"));
    }
    let path = files.put("lines.jsonl", lines);
    let transactions = "select sum(seq)::int8 from forebay.backfill_lanes";
    let alone = Bed::new().await;
    let rows = ["--backfill-rows-beside-live", "400"];
    backfill_all(&alone, &[&path, rows[0], rows[1]]).await;
    let alone = alone.number(transactions).await;
    let bed = Bed::new().await;
    let worker = Worker::start(&bed, &[]);
    super::super::support::wait::until("it asks for entries", async || {
        bed.stream
            .group()
            .await
            .is_some_and(|group| group.consumers > 0)
    })
    .await;
    backfill_all(&bed, &[&path, rows[0], rows[1]]).await;
    let beside = bed.number(transactions).await;
    let most =
        "select max(n) from (select count(*) n from posts group by xmin::text) by_transaction";
    let most = bed.number(most).await;
    assert!(most > 0 && most <= 400, "{most} of one transaction");
    worker.stop().await.unwrap();
    assert!(
        beside >= 10 && beside >= 2 * alone,
        "{beside} beside, {alone} alone"
    );
}
