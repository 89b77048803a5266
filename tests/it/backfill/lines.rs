//! Lines of events, in every wrapping.

use super::super::convergence::generated;
use super::super::model::{EntryLike, Model, assert_same};
use super::super::support::worker::drain;
use super::super::support::{Bed, child, counts, data};
use super::{Files, STREAM_MS, apply, backfill, backfill_all, commit, like, post, sum};
use flate2::write::GzEncoder;
use forebay::generate::Options;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

const POST: &str = "app.bsky.feed.post/";
const DID: &str = "did:plc:lines";

/// By how much earlier than it says a Jetstream's event is taken to be.
const MARGIN_US: u64 = 60_000_000;

/// What Jetstream's event changes.
fn jetstream(model: &mut Model, event: &Value) {
    let us = event["time_us"].as_u64().unwrap() - MARGIN_US;
    let id = format!("{}-{}", us / 1000, us % 1000);
    let kind = event["kind"].as_str().unwrap();
    let data = match kind {
        "commit" => {
            let commit = &event["commit"];
            let path = format!(
                "{}/{}",
                commit["collection"].as_str().unwrap(),
                commit["rkey"].as_str().unwrap()
            );
            let mut op = json!({"action": commit["operation"], "path": path});
            for name in ["cid", "record"] {
                if let Some(value) = commit.get(name) {
                    op[name] = value.clone();
                }
            }
            json!({"repo": event["did"], "rev": commit["rev"], "ops": [op]})
        }
        kind => event[kind].clone(),
    };
    let seq = event[kind]["seq"]
        .as_u64()
        .map(|seq| seq.to_string())
        .unwrap_or_default();
    model.apply(&EntryLike {
        id: &id,
        kind,
        data: data.to_string().as_bytes(),
        seq: &seq,
    });
}

/// Generated commits, as Jetstream would serve them.
fn as_jetstream(seed: u64) -> (Vec<Value>, Model) {
    let options = Options {
        seed,
        events: 2_000,
        users: 150,
        sdk: 0.0,
        bad: 0.0,
    };
    let (entries, _) = generated(options);
    let mut model = Model::new();
    let mut events = Vec::new();
    for (n, entry) in entries.iter().enumerate() {
        let data: Value = serde_json::from_str(&entry.data).unwrap();
        let us = STREAM_MS * 1000 + n as u64 * 700;
        for (op, offset) in data["ops"].as_array().into_iter().flatten().zip(0..) {
            let (collection, rkey) = op["path"].as_str().unwrap().split_once('/').unwrap();
            let mut commit = json!({"rev": "3mptbypluud2a", "operation": op["action"], "collection": collection, "rkey": rkey});
            for name in ["cid", "record"] {
                if let Some(value) = op.get(name) {
                    commit[name] = value.clone();
                }
            }
            events.push(json!({"did": data["repo"], "time_us": us + offset, "kind": "commit", "commit": commit}));
        }
        if entry.kind != "commit" {
            let kind = &entry.kind;
            events.push(json!({"did": data["did"], "time_us": us, "kind": kind, kind: data}));
        }
    }
    events.iter().for_each(|event| jetstream(&mut model, event));
    (events, model)
}

fn text(events: &[Value]) -> Vec<u8> {
    events
        .iter()
        .flat_map(|event| format!("{event}\n").into_bytes())
        .collect()
}

fn gz(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Plain, in two compressions, in parts in the wrong order, and twice: the tables are the same.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_they_are_wrapped_in() {
    let (events, model) = as_jetstream(81);
    let all = text(&events);
    let (first, second) = events.split_at(events.len() / 2);
    let bed = Bed::new().await;
    let files = Files::new();
    let backwards = [
        files.put("1.jsonl", text(second)),
        files.put("2.ndjson", text(first)),
    ];
    backfill_all(
        &bed,
        &[&backwards[0], &backwards[1], "--backfill-rows", "300"],
    )
    .await;
    assert_same(&model, &bed.client).await;
    let zst = files.put("all.jsonl.zst", zstd::encode_all(&all[..], 1).unwrap());
    let summary = backfill_all(&bed, &[&zst]).await;
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    assert!(sum(&summary, "already there") > 0, "{summary}");
    let other = Bed::new().await;
    backfill_all(&other, &[&files.put("all.gz", gz(&all))]).await;
    assert_same(&model, &other.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_standard_input() {
    let (events, model) = as_jetstream(82);
    let bed = Bed::new().await;
    let mut command = child::command(&bed, &["backfill", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&text(&events)).await.unwrap();
    drop(input);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_same(&model, &bed.client).await;
}

/// What a relay sent, as Jetstream served it.
#[tokio::test(flavor = "multi_thread")]
async fn real_events() {
    let Some(events) = data::jetstream() else {
        return;
    };
    let bed = Bed::new().await;
    let mut model = Model::new();
    events.iter().for_each(|event| jetstream(&mut model, event));
    let path = Files::new();
    let path = path.put("jetstream.jsonl", text(&events));
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!(
        code,
        i32::from(!model.rejected().is_empty()),
        "{out}{error}"
    );
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// What the reader put on the stream, with no id and no time: in its order, and over nothing.
#[tokio::test(flavor = "multi_thread")]
async fn real_entries_without_a_clock() {
    let Some(entries) = data::wire_entries() else {
        return;
    };
    let bed = Bed::new().await;
    let files = Files::new();
    let lines: Vec<Value> = entries
        .iter()
        .map(|entry| json!({"type": entry.kind, "data": String::from_utf8_lossy(&entry.data), "seq": entry.seq}))
        .collect();
    let path = files.put("wire.jsonl", text(&lines));
    let (_, out, error) = backfill(&bed, &[&path, "--backfill-rows", "20"]).await;
    let mut model = Model::new();
    // The stamps are the lines' numbers from 2016 on, in a range of their source's own.
    let id: i64 = bed.number("select id from forebay.backfill_sources").await;
    let start = 1_451_606_400_000_000 + (u64::try_from(id).unwrap() << 32);
    for (n, entry) in entries.iter().enumerate() {
        let us = start + n as u64;
        model.apply(&EntryLike {
            id: &format!("{}-{}", us / 1000, us % 1000),
            kind: &entry.kind,
            data: &entry.data,
            seq: &entry.seq,
        });
    }
    assert_same(&model, &bed.client).await;
    assert!(sum(&out, "stored") > 100, "{out}{error}");
}

fn line(action: &str, rkey: &str, record: Option<&Value>) -> Value {
    json!({"type": "commit", "data": commit(DID, action, &format!("{POST}{rkey}"), record), "seq": ""})
}

/// Lines without a clock change what they themselves have written, in their order, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn lines_without_a_clock_keep_their_order_and_their_place() {
    let (bed, files, mut model) = (Bed::new().await, Files::new(), Model::new());
    let made = "2024-01-01T00:00:00Z";
    for (ms, rkey) in [(STREAM_MS, "live"), (STREAM_MS + 1, "kept")] {
        let data = commit(
            DID,
            "create",
            &format!("{POST}{rkey}"),
            Some(&post("live", made)),
        );
        bed.stream
            .xadd_at(&format!("{ms}-0"), "commit", &data, "")
            .await;
        apply(&mut model, &format!("{ms}-0"), &data);
    }
    drain(&bed, &[]).await;
    let lines = [
        line("create", "a", Some(&post("first", made))),
        line("create", "b", Some(&post("first", made))),
        line("create", "live", Some(&post("line", made))),
        line("update", "a", Some(&post("second", made))),
        line("delete", "b", None),
        line("delete", "kept", None),
    ];
    let path = files.put("lines.jsonl", text(&lines));
    for args in [
        &["--backfill-rows", "1", "--backfill-rows-beside-live", "1"][..],
        &["--restart"],
    ] {
        backfill_all(&bed, &[&[path.as_str()], args].concat()).await;
        let rows = bed
            .client
            .query(
                "select split_part(uri, '/', 5), text from posts order by uri",
                &[],
            )
            .await
            .unwrap();
        let rows: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let expected = [("a", "second"), ("kept", "live"), ("live", "live")];
        assert_eq!(
            rows,
            expected.map(|(rkey, text)| (rkey.to_owned(), text.to_owned()))
        );
        counts::assert_equal_rows(&bed.client).await;
    }
}

/// With the ids that they had, entries are what they were on the stream.
#[tokio::test(flavor = "multi_thread")]
async fn entries_with_ids_have_their_positions() {
    let options = Options {
        seed: 83,
        events: 1_500,
        users: 100,
        sdk: 0.5,
        bad: 0.05,
    };
    let (entries, model) = generated(options);
    let (bed, files) = (Bed::new().await, Files::new());
    let lines: Vec<Value> = entries
        .iter()
        .map(|entry| json!({"id": entry.id, "type": entry.kind, "data": entry.data, "seq": entry.seq}))
        .collect();
    let path = files.put("entries.jsonl", text(&lines));
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!(code, 1, "{out}");
    assert_same(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
    let told = error
        .lines()
        .filter(|line| line.contains("entries.jsonl: line "))
        .count();
    assert_eq!(told, model.rejected().len(), "{error}");
    assert_eq!(
        bed.number("select count(*) from forebay.dead_letters")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_asked_for() {
    let files = Files::new();
    let made = "2024-01-01T00:00:00Z";
    let event = |did: &str, us: u64, path: &str, record: Value| {
        let (collection, rkey) = path.split_once('/').unwrap();
        json!({"did": did, "time_us": us, "kind": "commit", "commit": {"operation": "create", "collection": collection,
            "rkey": rkey, "cid": "bafyreiguce4jh7kcbmof3pmcvasifqtw24b6isakj5ve5ga2b4z4alpc4i", "record": record}})
    };
    let us = STREAM_MS * 1000;
    let events = [
        event("did:plc:a", us, "app.bsky.feed.post/1", post("1", made)),
        event(
            "did:plc:a",
            us + 1,
            "app.bsky.feed.like/1",
            like("at://did:plc:b/app.bsky.feed.post/1", made),
        ),
        event("did:plc:b", us + 2, "app.bsky.feed.post/1", post("2", made)),
        event(
            "did:plc:a",
            us + 3_600_000_000,
            "app.bsky.feed.post/2",
            post("3", made),
        ),
        json!({"did": "did:plc:a", "time_us": us, "kind": "identity", "identity": {"did": "did:plc:a", "handle": "a.example"}}),
    ];
    let path = files.put("events.jsonl", text(&events));
    let dids = files.put("dids", "did:plc:a\n\n");
    let dids = format!("@{dids}");
    for (args, posts, likes, handles, filtered) in [
        (&["--collections", "app.bsky.feed.post"][..], 3, 0, 0, 2),
        (&["--collections", "app.bsky.feed.*"], 3, 1, 0, 1),
        (&["--dids", &dids], 2, 1, 1, 1),
        (&["--since", "2026-07-04T15:00:00Z"], 1, 0, 0, 4),
        (
            &["--dids", "did:plc:b", "--collections", "app.bsky.feed.like"],
            0,
            0,
            0,
            5,
        ),
    ] {
        let bed = Bed::new().await;
        let summary = backfill_all(&bed, &[&[path.as_str()], args].concat()).await;
        let found = [
            bed.number("select count(*) from posts").await,
            bed.number("select count(*) from likes").await,
            bed.number("select count(*) from users where handle = 'a.example'")
                .await,
            i64::try_from(sum(&summary, "filtered")).unwrap(),
        ];
        assert_eq!(
            found,
            [posts, likes, handles, filtered],
            "{args:?} {summary}"
        );
        // Taken whole afterwards, it is not done before.
        let summary = backfill_all(&bed, &[&path]).await;
        assert_eq!(sum(&summary, "filtered"), 0, "{summary}");
        assert_eq!(bed.number("select count(*) from posts").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_writes_nothing_and_asks_no_server() {
    let (events, model) = as_jetstream(84);
    let files = Files::new();
    let good = files.put("events.jsonl", text(&events));
    let run = async |path: &str| {
        let args = [
            "backfill",
            path,
            "--dry-run",
            "--redis-url",
            "redis://127.0.0.1:1",
        ];
        child::output(child::bare(&args)).await
    };
    let (code, out, error) = run(&good).await;
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("nothing is written"), "{out}");
    assert!(
        sum(&out, "stored") >= model.count("public.likes") as u64,
        "{out}"
    );
    let (code, out, error) = run(&files.put("bad.jsonl", "{\"a\":1}\n")).await;
    assert_eq!((code, sum(&out, "rejected: not_an_event")), (1, 1), "{out}");
    assert!(
        out.contains("1 rejected: not_an_event") && error.contains("line 1"),
        "{out}{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_faster_than_is_allowed() {
    let (events, model) = as_jetstream(85);
    let (bed, files) = (Bed::new().await, Files::new());
    let path = files.put("events.jsonl", text(&events[..600]));
    let before = std::time::Instant::now();
    backfill_all(&bed, &[&path, "--rate-limit", "300"]).await;
    let took = before.elapsed();
    assert!(took.as_millis() >= 1_900, "{took:?} for two seconds' worth");
    assert!(model.count("public.likes") > 0);
    // A file that has grown goes on where it was.
    files.put("events.jsonl", text(&events));
    backfill_all(&bed, &[&path]).await;
    assert_same(&model, &bed.client).await;
    let records = bed
        .number("select sum(records)::int8 from forebay.backfill_progress")
        .await;
    assert_eq!(records, events.len() as i64);
}
