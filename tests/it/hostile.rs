//! Entries that mean harm: the process lives, its memory is bounded, the commit's good ops are
//! stored, and what is not says why.

use super::convergence::assert_right;
use super::histories::model_of;
use super::model::Model;
use super::property::records::{COLLECTIONS, record};
use super::support::give::{self, Given};
use super::support::random::Random;
use super::support::stream::New;
use super::support::{Bed, child, counts, wait};
use nix::sys::signal::Signal;
use serde_json::json;
use std::collections::BTreeMap;

/// What is put into every string, key or value: a NUL, lone surrogates, and what only looks so.
const ODD_TEXTS: [&str; 4] = [r"\u0000", r"\ud800", r"\udc00\ud800", r"\\u0000"];

/// Where in a JSON text strings begin, after the quote; keys too.
fn strings(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut inside, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                inside = !inside;
                if inside {
                    found.push(at + 1);
                }
            }
            _ => {}
        }
    }
    found
}

/// A commit whose second op is in question.
fn commit(repo: &str, op: &str) -> String {
    let like = |rkey: &str| {
        let subject =
            json!({"uri": format!("at://did:plc:z/app.bsky.feed.post/{rkey}"), "cid": "bafy"});
        op_of(
            "app.bsky.feed.like",
            rkey,
            &json!({"subject": subject, "via": rkey}).to_string(),
        )
    };
    format!(
        r#"{{"repo":"{repo}","ops":[{},{op},{}]}}"#,
        like("first"),
        like("last")
    )
}

fn op_of(collection: &str, rkey: &str, record: &str) -> String {
    let record = record.replacen('{', &format!(r#"{{"$type":"{collection}","#), 1);
    format!(r#"{{"action":"create","path":"{collection}/{rkey}","cid":"bafy","record":{record}}}"#)
}

fn given(n: usize, data: String) -> Given {
    Given {
        id: format!("{}-0", 1_783_175_888_000 + n),
        kind: "commit".to_owned(),
        data,
        seq: n.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nul_and_surrogates_in_every_place() {
    let mut random = Random::of(7);
    let mut entries = Vec::new();
    let collections: std::collections::BTreeSet<&str> = COLLECTIONS.into_iter().collect();
    for collection in collections {
        let record = record(&mut random, collection).to_string();
        let op = op_of(collection, "self", &record);
        for at in strings(&op) {
            for odd in ODD_TEXTS {
                let n = entries.len();
                let op = [&op[..at], odd, &op[at..]].concat();
                entries.push(given(n, commit(&format!("did:plc:h{n}"), &op)));
            }
        }
    }
    assert!(entries.len() > 1_000, "{}", entries.len());
    let model = model_of(&entries, Model::new());
    let bed = Bed::new().await;
    give::once(&bed, &entries).await;
    assert_right(&bed, &model).await;
}

const MANY: usize = 5 << 20;

/// Ops, and why each is refused, if it is.
fn ops() -> Vec<(String, Option<&'static str>)> {
    const POST: &str = "app.bsky.feed.post";
    let post = |fields: &str| op_of(POST, "1", &format!("{{{fields}}}"));
    let generic = |fields: &str| op_of("com.example.thing", "1", &format!("{{{fields}}}"));
    let follow = |subject: &str| {
        op_of(
            "app.bsky.graph.follow",
            "1",
            &format!(r#"{{"subject":{subject}}}"#),
        )
    };
    let like = |uri: &str| {
        let subject = format!(r#"{{"subject":{{"uri":{uri},"cid":"bafy"}}}}"#);
        op_of("app.bsky.feed.like", "1", &subject)
    };
    let nested = |deep: usize| format!("{}{}", "[".repeat(deep), "]".repeat(deep));
    let long = "x".repeat(MANY);
    let mut ops = vec![
        (post(&format!(r#""text":"{long}""#)), None),
        (generic(&format!(r#""text":"{long}""#)), None),
        (generic(&format!(r#""list":[{}0]"#, "0,".repeat(MANY / 2))), None),
        (generic(&format!(r#""a":{}1{}"#, r#"{"a":"#.repeat(100), "}".repeat(100))), None),
        (generic(r#""a":1,"a":2,"\u0061":3"#), None),
        (post(r#""text":"\\u0000""#), None),
        (post(&format!(r#""text":"x","embed":{}"#, nested(100_000))), Some("too_deep")),
        (generic(&format!(r#""x":{}"#, nested(100_000))), Some("too_deep")),
        (generic(&format!(r#""x":{}"#, r#"{"":"#.repeat(100_000) + "1" + &"}".repeat(100_000))), Some("too_deep")),
        (generic(r#""n":1e400000"#), Some("bad_number:record")),
        (generic(r#""n":-1e-400000"#), Some("bad_number:record")),
        (generic(&format!(r#""n":{}"#, "9".repeat(200_000))), Some("bad_number:record")),
        // Each is 64 KiB to PostgreSQL.
        (generic(&format!(r#""n":[{}0]"#, "1e131071,".repeat(MANY / 9))), Some("bad_number:record")),
        (op_of(POST, &long, r#"{"text":""}"#), Some("invalid_uri:path")),
        (op_of(&long, "1", r#"{"a":1}"#), Some("invalid_uri:path")),
        (op_of(POST, "a b", r#"{"text":""}"#), Some("invalid_uri:path")),
        (op_of(POST, "", r#"{"text":""}"#), Some("invalid_uri:path")),
        (like("7"), Some("wrong_type:subject.uri")),
        (like("null"), Some("missing:subject.uri")),
        (like(&format!("\"at://did:plc:z/{long}\"")), Some("invalid_uri:subject.uri")),
        (r#"{"action":"create","path":"app.bsky.feed.post/1","cid":7,"record":{"$type":"app.bsky.feed.post"}}"#.to_owned(), Some("wrong_type:cid")),
        (format!(r#"{{"action":"create","path":"app.bsky.feed.post/1","cid":"{long}","record":{{"$type":"app.bsky.feed.post"}}}}"#), Some("too_long:cid")),
        (r#"{"action":"create","path":"app.bsky.feed.post/1","cid":{"$link":[]},"record":{"$type":"app.bsky.feed.post"}}"#.to_owned(), Some("wrong_type:cid")),
        (r#"{"action":"create","path":"app.bsky.feed.post/1","cid":"no cid at all","record":{"$type":"app.bsky.feed.post"}}"#.to_owned(), None),
        (r#"{"action":"create","path":"app.bsky.feed.post/1","cid":"bafy","record":[]}"#.to_owned(), Some("wrong_type:record")),
        (r#"{"action":"create","path":"app.bsky.feed.post/1","cid":"bafy","record":"x"}"#.to_owned(), Some("wrong_type:record")),
        (r#"{"action":"erase","path":"app.bsky.feed.post/1"}"#.to_owned(), Some("unknown_action")),
        ("null".to_owned(), Some("wrong_type:op")),
        ("[]".to_owned(), Some("wrong_type:op")),
        (format!("\"{long}\""), Some("wrong_type:op")),
    ];
    for uri in [
        "",
        "at://",
        "at://x",
        "https://example.com",
        "at:// /a.b.c/1",
    ] {
        ops.push((like(&format!("\"{uri}\"")), Some("invalid_uri:subject.uri")));
    }
    for did in [
        "",
        "did",
        "did:plc",
        "did:plc:",
        "DID:plc:x",
        "did:plc:x y",
        "at://did:plc:x",
    ] {
        ops.push((follow(&format!("\"{did}\"")), Some("invalid_did:subject")));
    }
    for date in [
        "0000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "+275760-09-13T00:00:00.000Z",
        "275760-09-13T00:00:00Z",
        "9999-12-31T23:59:60Z",
        "2026-13-01",
        "",
        "now",
    ] {
        ops.push((post(&format!(r#""text":"","createdAt":"{date}""#)), None));
    }
    ops
}

/// Whole entries that are no commits, and why.
fn wholes() -> Vec<(Vec<u8>, &'static str)> {
    let good = commit(
        "did:plc:whole",
        &op_of("app.bsky.feed.post", "1", r#"{"text":"äöü"}"#),
    );
    let mut wholes: Vec<(Vec<u8>, &'static str)> = (0..good.len())
        .step_by(7)
        .map(|end| (good.as_bytes()[..end].to_vec(), "not_json"))
        .collect();
    let binary: Vec<u8> = (0..=255).cycle().take(MANY).collect();
    wholes.extend([
        (binary, "not_json"),
        (b"\0".to_vec(), "not_json"),
        (b"\xef\xbb\xbf{}".to_vec(), "not_json"),
        (vec![b'['; MANY], "not_json"),
        (b"null".to_vec(), "wrong_type:data"),
        (b"\"commit\"".to_vec(), "wrong_type:data"),
        (b"{}".to_vec(), "missing:repo"),
        (br#"{"repo":"did:plc:x"}"#.to_vec(), "missing:ops"),
        (
            br#"{"repo":"did:plc:x","ops":{}}"#.to_vec(),
            "wrong_type:ops",
        ),
        (br#"{"repo":"x","ops":[]}"#.to_vec(), "invalid_did:repo"),
        (
            format!(r#"{{"repo":"did:plc:{}","ops":[]}}"#, "x".repeat(MANY)).into_bytes(),
            "invalid_did:repo",
        ),
    ]);
    wholes
}

/// Ten thousand ops, every other one bad, and megabytes beside them.
fn crowd() -> String {
    let op = |n: usize| match n % 2 {
        0 => op_of(
            "app.bsky.graph.follow",
            &n.to_string(),
            &format!(r#"{{"subject":"did:plc:s{n}"}}"#),
        ),
        _ => op_of("app.bsky.graph.follow", &n.to_string(), r#"{"subject":7}"#),
    };
    let ops: Vec<String> = (0..10_000).map(op).collect();
    format!(
        r#"{{"ballast":"{}","repo":"did:plc:crowd","ops":[{}]}}"#,
        "x".repeat(MANY),
        ops.join(",")
    )
}

async fn xadd(bed: &Bed, data: &[u8]) -> String {
    let entry = New {
        id: None,
        kind: "commit".to_owned(),
        data: data.to_vec(),
        seq: "1".to_owned(),
    };
    bed.stream.xadd_all(&[entry]).await.remove(0)
}

/// Most that the process had in memory, in MiB.
fn peak_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .next()
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

/// Stores what is on the stream by a process of its own; its peak memory in MiB.
async fn store(bed: &Bed) -> u64 {
    let mut worker = child::run(bed, &[]);
    wait::until("everything is acknowledged", async || {
        assert_eq!(worker.try_wait().unwrap(), None, "the process lives");
        let group = bed.stream.group().await.unwrap_or_default();
        group.lag == Some(0) && group.pending == 0
    })
    .await;
    let peak = peak_mib(worker.id().unwrap());
    assert!(child::end_by(&mut worker, Signal::SIGTERM).await.success());
    peak
}

/// Reasons, by entry and op.
type Letters = BTreeMap<(String, i32), String>;

async fn letters(bed: &Bed) -> Letters {
    let statement = r#"select orig_id, op, reason, "column", remedy from forebay.dead_letters"#;
    let rows = bed.client.query(statement, &[]).await.unwrap();
    let letter = |row: tokio_postgres::Row| {
        assert!(row.get::<_, &str>(4).len() > 20, "a remedy");
        let reason: String = row.get(2);
        let of_column = ["too_long", "too_deep", "bad_number"];
        assert_eq!(
            row.get::<_, Option<&str>>(3).is_some(),
            of_column
                .iter()
                .any(|of_column| reason.starts_with(of_column)),
            "the column: {reason}"
        );
        ((row.get(0), row.get(1)), reason)
    };
    rows.into_iter().map(letter).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corpus() {
    let bed = Bed::new().await;
    let mut expected = Letters::new();
    let ops = ops();
    for (n, (op, reason)) in ops.iter().enumerate() {
        let id = xadd(&bed, commit(&format!("did:plc:h{n}"), op).as_bytes()).await;
        expected.extend(reason.map(|reason| ((id, 1), reason.to_owned())));
    }
    for (whole, reason) in wholes() {
        let id = xadd(&bed, &whole).await;
        expected.insert((id, -1), reason.to_owned());
    }
    let crowd_id = xadd(&bed, crowd().as_bytes()).await;
    expected.extend(
        (0..10_000)
            .filter(|n| n % 2 == 1)
            .map(|n| ((crowd_id.clone(), n), "wrong_type:subject".to_owned())),
    );
    let without_data = ["XADD", "firehose:events", "*", "type", "commit", "seq", "1"];
    let id: String = bed.stream.run(&without_data).await;
    expected.insert((id, -1), "missing:data".to_owned());
    let more: Vec<String> = (0..10)
        .flat_map(|n| [format!("field{n}"), "data\0".to_owned()])
        .collect();
    let last = commit(
        "did:plc:more",
        &op_of("app.bsky.feed.post", "1", r#"{"text":""}"#),
    );
    let mut with_more = vec!["XADD", "firehose:events", "*"];
    with_more.extend(more.iter().map(String::as_str));
    with_more.extend(["type", "commit", "data", &last, "seq", "1"]);
    bed.stream.run::<String>(&with_more).await;

    let peak = store(&bed).await;
    // One entry of five megabytes in a value of two and a half million numbers is most of it.
    assert!(peak < 384, "{peak} MiB");
    let found = letters(&bed).await;
    let only = |of: &Letters, other: &Letters| -> Letters {
        let kept = of
            .iter()
            .filter(|(key, reason)| other.get(*key) != Some(reason));
        kept.map(|(key, reason)| (key.clone(), reason.clone()))
            .collect()
    };
    assert_eq!(only(&found, &expected), only(&expected, &found));
    let good = i64::try_from(ops.len() + 1).unwrap();
    let neighbours = "select count(*) from likes where uri like '%/first' or uri like '%/last'";
    assert_eq!(bed.number(neighbours).await, 2 * good);
    assert_eq!(bed.number("select count(*) from follows").await, 5_000);
    let stored = ops.iter().filter(|(_, reason)| reason.is_none()).count() + 1;
    let rows = "select (select count(*) from posts) + (select count(*) from generic_records)";
    assert_eq!(bed.number(rows).await, i64::try_from(stored).unwrap());
    let letters = "select max(length(data)) from forebay.dead_letters where op > 1";
    assert!(
        bed.number(&format!("select ({letters})::bigint")).await < 1_000,
        "ballast"
    );
    counts::assert_equal_rows(&bed.client).await;
}

/// More than memory may hold, each entry of megabytes: a read takes a few at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_of_large_entries() {
    const ENTRIES: usize = 80;
    let bed = Bed::new().await;
    let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(MANY));
    for n in 0..ENTRIES {
        let data = commit(
            &format!("did:plc:h{n}"),
            &op_of("app.bsky.feed.post", "1", &text),
        );
        xadd(&bed, data.as_bytes()).await;
    }
    let peak = store(&bed).await;
    assert!(peak < 256, "{peak} MiB of {}", (ENTRIES * MANY) >> 20);
    assert_eq!(bed.number("select count(*) from posts").await, 80);
    counts::assert_equal_rows(&bed.client).await;
}
