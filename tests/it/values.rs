//! Missing, wrong, long and odd values, each with what it becomes: literal rows, not the model's.

use super::support::worker::drain;
use super::support::{Bed, counts};
use serde_json::Value;
use std::collections::HashMap;

const REPO: &str = "did:plc:repo";

/// Puts one commit with a good like around the ops in question on the stream.
async fn give(bed: &Bed, ops: &[String]) {
    let good = |rkey: &str| {
        let record = format!(
            r#"{{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T00:00:00Z","subject":{{"uri":"at://did:plc:z/app.bsky.feed.post/{rkey}","cid":"bafy"}}}}"#
        );
        create("app.bsky.feed.like", rkey, &record)
    };
    let all: Vec<String> = std::iter::once(good("first"))
        .chain(ops.iter().cloned())
        .chain([good("last")])
        .collect();
    let data = format!(r#"{{"repo":"{REPO}","ops":[{}]}}"#, all.join(","));
    bed.stream
        .xadd_at("1783175888000-5", "commit", data, "31527015322")
        .await;
}

fn create(collection: &str, rkey: &str, record: &str) -> String {
    format!(
        r#"{{"action":"create","path":"{collection}/{rkey}","cid":"bafyrecord","record":{record}}}"#
    )
}

/// The commit's other ops are stored, whatever became of the op in question.
async fn assert_neighbours(bed: &Bed) {
    let found: i64 = bed
        .client
        .query_one(
            "select count(*) from likes where uri like '%/first' or uri like '%/last'",
            &[],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(found, 2, "the commit's other ops");
    counts::assert_equal_rows(&bed.client).await;
}

/// The one row of a query, as JSON.
async fn row(bed: &Bed, query: &str) -> Value {
    let statement = format!("select to_jsonb(row)::text from ({query}) row");
    let rows = bed.client.query(&statement, &[]).await.unwrap();
    assert_eq!(rows.len(), 1, "{query}");
    serde_json::from_str(rows[0].get(0)).unwrap()
}

/// What is stored of a record: some columns of its row.
async fn assert_stored(collection: &str, record: &str, query: &str, expected: &str) {
    let bed = Bed::new().await;
    give(&bed, &[create(collection, "r", record)]).await;
    drain(&bed, &[]).await;
    let expected: Value = serde_json::from_str(expected).unwrap();
    assert_eq!(row(&bed, query).await, expected, "{record}");
    let dead: i64 = row(&bed, "select count(*) from forebay.dead_letters").await["count"]
        .as_i64()
        .unwrap();
    assert_eq!(dead, 0, "{record}");
    assert_neighbours(&bed).await;
}

/// An op is set aside, in the database and on the dashboard's stream; its neighbours are stored.
async fn assert_dead(ops: &[String], reason: &str, column: Option<&str>) {
    let bed = Bed::new().await;
    give(&bed, ops).await;
    drain(&bed, &[]).await;
    let letter = row(&bed, r#"select orig_id, op, type, seq, reason, "column", sqlstate, remedy, truncated, convert_from(data, 'UTF8') as data from forebay.dead_letters"#).await;
    assert_eq!(letter["reason"], reason, "{letter}");
    assert_eq!(letter["column"].as_str(), column, "{letter}");
    assert_eq!(letter["orig_id"], "1783175888000-5");
    assert_eq!(
        (&letter["op"], &letter["type"], &letter["seq"]),
        (&1.into(), &"commit".into(), &"31527015322".into())
    );
    assert!(
        letter["remedy"]
            .as_str()
            .is_some_and(|remedy| remedy.len() > 20),
        "{letter}"
    );
    // As text: what nests too deep for a row does so for serde_json too.
    let data = letter["data"].as_str().unwrap();
    assert!(
        data.starts_with(&format!(r#"{{"repo":"{REPO}","ops":["#)),
        "{data}"
    );
    assert!(
        !data.contains("/first") && !data.contains("/last"),
        "only the op that failed: {data}"
    );
    let copies = bed.stream.dead_letters().await;
    assert_eq!(copies.len(), 1);
    for (field, name) in [
        ("reason", "reason"),
        ("origId", "orig_id"),
        ("data", "data"),
        ("type", "type"),
        ("seq", "seq"),
        ("remedy", "remedy"),
    ] {
        assert_eq!(copies[0][field], letter[name].as_str().unwrap(), "{field}");
    }
    assert_eq!(
        (copies[0]["op"].as_str(), copies[0]["deliveries"].as_str()),
        ("1", "1")
    );
    assert_neighbours(&bed).await;
}

const POST: &str = "app.bsky.feed.post";

fn post(fields: &str) -> String {
    format!(r#"{{"$type":"{POST}",{fields}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_date() {
    let stream_time = "2026-07-04T14:38:08.000005";
    let cases = [
        (
            r#""2026-07-04T14:38:06.240Z""#,
            "2026-07-04T14:38:06.240000",
        ),
        (
            r#""2026-07-04 14:38:06.123456789Z""#,
            "2026-07-04T14:38:06.123456",
        ),
        (
            r#""2026-07-04T14:38:06+09:00""#,
            "2026-07-04T05:38:06.000000",
        ),
        (r#""2026-07-04T14:38:06""#, "2026-07-04T14:38:06.000000"),
        (r#""2026-07-04""#, "2026-07-04T00:00:00.000000"),
        (r#""2026-07-04T14:38:06+0900""#, stream_time),
        (r#""2026-07-04T14:38:06+09""#, stream_time),
        (r#""2026-07-04T14:38""#, stream_time),
        (r#""0001-01-01T00:00:00+00:01""#, stream_time),
        (
            r#""9999-12-31T23:59:59.9999999Z""#,
            "9999-12-31T23:59:59.999999",
        ),
        (r#""yesterday""#, stream_time),
        (r#""0000-01-01T00:00:00Z""#, stream_time),
        (r#""275760-09-13T00:00:00Z""#, stream_time),
        ("17", stream_time),
        ("null", stream_time),
    ];
    let bed = Bed::new().await;
    let ops: Vec<String> = (0..cases.len())
        .map(|n| {
            create(
                POST,
                &format!("d{n}"),
                &post(&format!(r#""text":"x","createdAt":{}"#, cases[n].0)),
            )
        })
        .collect();
    give(&bed, &ops).await;
    drain(&bed, &[]).await;
    for (n, (date, expected)) in cases.iter().enumerate() {
        let query = format!(
            "select to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') as at from posts where uri like '%/d{n}'"
        );
        assert_eq!(row(&bed, &query).await["at"], *expected, "{date}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_text_of_a_column_that_is_not_null_is_empty() {
    let cases = [
        (
            POST,
            post(r#""createdAt":"2026-07-04""#),
            "select text as found from posts",
        ),
        (
            "app.bsky.graph.list",
            r#"{"$type":"app.bsky.graph.list","purpose":"p"}"#.to_owned(),
            "select name as found from lists",
        ),
        (
            "app.bsky.graph.list",
            r#"{"$type":"app.bsky.graph.list","name":"n"}"#.to_owned(),
            "select purpose as found from lists",
        ),
        (
            "app.bsky.feed.generator",
            r#"{"$type":"app.bsky.feed.generator","did":"did:web:x.example"}"#.to_owned(),
            "select display_name as found from feed_generators",
        ),
        (
            "app.bsky.graph.verification",
            r#"{"$type":"app.bsky.graph.verification","subject":"did:plc:s"}"#.to_owned(),
            "select handle as found from verifications",
        ),
    ];
    for (collection, record, query) in cases {
        assert_stored(collection, &record, query, r#"{"found":""}"#).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_post_does_not_say() {
    let query = "select langs, embed, facets, tags, parent_uri from posts";
    let nothing = r#"{"langs":null,"embed":null,"facets":null,"tags":[],"parent_uri":null}"#;
    assert_stored(POST, &post(r#""text":"x""#), query, nothing).await;
    let nulls =
        post(r#""text":"x","langs":null,"embed":null,"facets":null,"tags":null,"reply":null"#);
    assert_stored(POST, &nulls, query, nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_needs_is_missing() {
    let cases = [
        ("app.bsky.feed.like", "", "missing:subject"),
        ("app.bsky.feed.repost", "", "missing:subject"),
        ("app.bsky.bookmark", "", "missing:subject"),
        ("app.bsky.graph.follow", "", "missing:subject"),
        ("app.bsky.graph.block", "", "missing:subject"),
        ("app.bsky.graph.listblock", "", "missing:subject"),
        (
            "app.bsky.graph.listitem",
            r#","list":"at://did:plc:x/app.bsky.graph.list/1""#,
            "missing:subject",
        ),
        (
            "app.bsky.graph.listitem",
            r#","subject":"did:plc:x""#,
            "missing:list",
        ),
        ("app.bsky.graph.verification", "", "missing:subject"),
        ("app.bsky.feed.generator", "", "missing:did"),
    ];
    for (collection, more, reason) in cases {
        let record = format!(r#"{{"$type":"{collection}","createdAt":"2026-07-04"{more}}}"#);
        assert_dead(&[create(collection, "r", &record)], reason, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_type_where_the_field_is_needed() {
    let cases = [
        (
            "app.bsky.graph.follow",
            r#""subject":["did:plc:x"]"#,
            "wrong_type:subject",
        ),
        (
            "app.bsky.feed.like",
            r#""subject":"at://did:plc:x/app.bsky.feed.post/1""#,
            "wrong_type:subject",
        ),
        ("app.bsky.feed.post", r#""text":12"#, "wrong_type:text"),
        (
            "app.bsky.graph.follow",
            r#""subject":"nobody""#,
            "invalid_did:subject",
        ),
        (
            "app.bsky.feed.like",
            r#""subject":{"uri":"hello","cid":"x"}"#,
            "invalid_uri:subject.uri",
        ),
    ];
    for (collection, fields, reason) in cases {
        let record = format!(r#"{{"$type":"{collection}",{fields}}}"#);
        assert_dead(&[create(collection, "r", &record)], reason, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_type_where_it_is_not_needed_is_null() {
    let profile =
        r#"{"$type":"app.bsky.actor.profile","displayName":7,"description":[],"avatar":"x"}"#;
    let bed = Bed::new().await;
    give(&bed, &[create("app.bsky.actor.profile", "self", profile)]).await;
    let metrics = drain(&bed, &[]).await;
    let found = row(
        &bed,
        "select display_name, description, avatar_url from users where did = 'did:plc:repo'",
    )
    .await;
    assert_eq!(
        found,
        serde_json::json!({"display_name": null, "description": null, "avatar_url": null})
    );
    let repaired = metrics
        .batches()
        .tally
        .repairs(forebay::tally::Repair::WrongType);
    assert_eq!(repaired, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_is_not_the_collections() {
    for record in [
        r#"{"$type":"app.bsky.feed.like","text":"x"}"#,
        r#"{"text":"x"}"#,
    ] {
        assert_dead(&[create(POST, "r", record)], "type_mismatch", None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn longer_than_its_column() {
    let long = "ä".repeat(300);
    let cut = "ä".repeat(255);
    let list = format!(r#"{{"$type":"app.bsky.graph.list","name":"{long}","purpose":"p"}}"#);
    assert_stored(
        "app.bsky.graph.list",
        &list,
        "select name from lists",
        &format!(r#"{{"name":"{cut}"}}"#),
    )
    .await;
    let bed = Bed::new().await;
    let profile = format!(r#"{{"$type":"app.bsky.actor.profile","displayName":"{long}"}}"#);
    give(&bed, &[create("app.bsky.actor.profile", "self", &profile)]).await;
    drain(&bed, &[]).await;
    let found = row(
        &bed,
        "select display_name from users where profile_record is not null",
    )
    .await;
    assert_eq!(found["display_name"], cut);
    let purpose = format!(
        r#"{{"$type":"app.bsky.graph.list","name":"n","purpose":"{}"}}"#,
        "p".repeat(65)
    );
    assert_dead(
        &[create("app.bsky.graph.list", "r", &purpose)],
        "too_long:purpose",
        Some("lists.purpose"),
    )
    .await;
    let far = format!("at://did:plc:z/app.bsky.feed.post/{}", "k".repeat(500));
    let like = format!(r#"{{"$type":"app.bsky.feed.like","subject":{{"uri":"{far}","cid":"x"}}}}"#);
    assert_dead(
        &[create("app.bsky.feed.like", "r", &like)],
        "too_long:subject.uri",
        Some("likes.post_uri"),
    )
    .await;
}

/// What a commit says of itself goes into the rows of five tables; only there can it be too long.
#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_number_and_a_revision_longer_than_their_columns() {
    let bed = Bed::new().await;
    let list = r#"{"$type":"app.bsky.graph.list","name":"n","purpose":"p"}"#;
    let follow = r#"{"$type":"app.bsky.graph.follow","subject":"did:plc:followed"}"#;
    let ops = [
        create("app.bsky.graph.follow", "f", follow),
        create("app.bsky.graph.list", "l", list),
    ];
    let (seq, rev) = ("9".repeat(33), "r".repeat(65));
    for (id, rev, seq) in [
        ("1783175888000-1", "3kr", seq.as_str()),
        ("1783175888000-2", rev.as_str(), "1"),
    ] {
        let data = format!(
            r#"{{"repo":"{REPO}","rev":"{rev}","ops":[{}]}}"#,
            ops.join(",")
        );
        bed.stream.xadd_at(id, "commit", data, seq).await;
    }
    drain(&bed, &[]).await;
    let letters = r#"select string_agg(reason || ' ' || op || ' ' || "column", ', ' order by orig_id) as all from forebay.dead_letters"#;
    assert_eq!(
        row(&bed, letters).await["all"],
        "too_long:seq 0 follows.commit_seq, too_long:rev 0 follows.commit_rev"
    );
    let stored =
        "select (select count(*) from lists) as lists, (select count(*) from follows) as follows,
        (select count(*) from users where did = 'did:plc:followed') as named";
    assert_eq!(
        row(&bed, stored).await,
        serde_json::json!({"lists": 1, "follows": 0, "named": 1})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_postgresql_cannot_hold() {
    let fields = r#""text":"a\u0000b\ud800c","facets":[{"k\u0000":"v\udc00","literal":"\\u0000"}]"#;
    let expected = serde_json::json!({
        "text": "a\u{fffd}b\u{fffd}c",
        "facets": [{"k\u{fffd}": "v\u{fffd}", "literal": "\\u0000"}],
    });
    assert_stored(
        POST,
        &post(fields),
        "select text, facets from posts",
        &expected.to_string(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_jsonb_cannot_hold() {
    let deep = format!(
        r#""text":"x","embed":{}{}"#,
        "[".repeat(129),
        "]".repeat(129)
    );
    assert_dead(
        &[create(POST, "r", &post(&deep))],
        "too_deep",
        Some("posts.embed"),
    )
    .await;
    let large = r#""text":"x","embed":{"n":1e400000}"#;
    assert_dead(
        &[create(POST, "r", &post(large))],
        "bad_number:embed",
        Some("posts.embed"),
    )
    .await;
    let just = format!(
        r#""text":"x","embed":{{"n":1e131071,"d":{}{}}}"#,
        "[".repeat(126),
        "]".repeat(126)
    );
    assert_stored(
        POST,
        &post(&just),
        "select length(embed->>'n') as digits from posts",
        r#"{"digits":131072}"#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_key_that_stands_twice_the_last_counts() {
    let fields = r#""text":"first","text":"last","embed":{"a":1,"a":2}"#;
    assert_stored(
        POST,
        &post(fields),
        "select text, embed from posts",
        r#"{"text":"last","embed":{"a":2}}"#,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ops_that_are_none() {
    let cases = [
        (
            r#"{"action":"purge","path":"app.bsky.feed.like/x"}"#,
            "unknown_action",
        ),
        (
            r#"{"action":"delete","path":"app.bsky.feed.like"}"#,
            "invalid_uri:path",
        ),
        (
            r#"{"action":"create","path":"app.bsky.feed.like/x","cid":"bafy"}"#,
            "missing:record",
        ),
        (
            r#"{"action":"create","path":"app.bsky.feed.like/a b","cid":"bafy","record":{}}"#,
            "invalid_uri:path",
        ),
        ("7", "wrong_type:op"),
    ];
    for (op, reason) in cases {
        assert_dead(&[op.to_owned()], reason, None).await;
    }
}

/// Entries that cannot be taken apart are set aside whole, and those of an unknown type passed over;
/// the ones after them come in.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_none() {
    let bed = Bed::new().await;
    let nested = format!(
        r#"{{"repo":"{REPO}","ops":[],"x":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let endless = "[".repeat(1_500_000);
    for (kind, data) in [
        ("commit", "not JSON"),
        ("commit", r#"{"repo": "did:plc:x", "ops": ["#),
        ("commit", "[]"),
        ("commit", r#"{"repo": 7, "ops": []}"#),
        ("commit", endless.as_str()),
        ("identity", "{}"),
        ("sync", r#"{"did": "did:plc:x"}"#),
        ("commit", nested.as_str()),
    ] {
        bed.stream.xadd(kind, data, "").await;
    }
    bed.stream
        .run::<String>(&["XADD", "firehose:events", "*", "type", "commit"])
        .await;
    give_later(&bed).await;
    let metrics = drain(&bed, &[]).await;
    let reasons = row(&bed, "select string_agg(reason || ' ' || truncated || ' ' || length(data), ', ' order by reason, length(data)) as all from forebay.dead_letters").await;
    assert_eq!(
        reasons["all"],
        "missing:data false 0, missing:did false 2, not_json false 8, not_json false 30, \
         not_json true 1048576, wrong_type:data false 2, wrong_type:repo false 22"
    );
    assert_eq!(
        metrics
            .batches()
            .tally
            .events(forebay::tally::Event::Unknown),
        1
    );
    assert_eq!(row(&bed, "select count(*) from posts").await["count"], 1);
    let copies = bed.stream.dead_letters().await;
    assert_eq!(copies.len(), 7);
    let cut = |copy: &&HashMap<String, String>| copy.get("truncated").is_some_and(|cut| cut == "1");
    let cut: Vec<_> = copies.iter().filter(cut).collect();
    assert_eq!((cut.len(), cut[0]["data"].len()), (1, 1_048_576));
    assert!(
        copies
            .iter()
            .all(|copy| copy["op"].is_empty() && copy["sqlstate"].is_empty())
    );
}

/// Even what is said about a bad entry may be bad.
#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_number_that_is_none() {
    let bed = Bed::new().await;
    let op = create(POST, "r", &post(r#""text":"x""#));
    let data = format!(r#"{{"repo":"{REPO}","ops":[{op},7]}}"#);
    bed.stream.xadd("commit", &data, "a\0b").await;
    bed.stream.xadd("commit", "not JSON", "\0").await;
    drain(&bed, &[]).await;
    let letters = "select string_agg(seq, ' ' order by entry_id) as all from forebay.dead_letters";
    assert_eq!(row(&bed, letters).await["all"], "a\u{fffd}b \u{fffd}");
    let stored = row(&bed, "select commit_seq from posts").await;
    assert_eq!(stored["commit_seq"], "a\u{fffd}b");
}

async fn give_later(bed: &Bed) {
    let op = create(POST, "r", &post(r#""text":"x""#));
    let data = format!(r#"{{"repo":"{REPO}","ops":[{op}]}}"#);
    bed.stream.xadd("commit", data, "").await;
}

/// The dashboard's stream keeps the newest letters; what its limit drops is counted, and the rows
/// of the database are all there.
#[tokio::test(flavor = "multi_thread")]
async fn letters_that_their_stream_drops_are_counted() {
    let bed = Bed::new().await;
    for _ in 0..500 {
        bed.stream.xadd("commit", "not JSON", "").await;
    }
    let metrics = drain(&bed, &["--redis-dead-letter-maxlen", "10"]).await;
    let kept = bed.stream.dead_letters().await.len();
    assert!((10..500).contains(&kept), "{kept} kept");
    assert_eq!(
        metrics.notices.letters_dropped_so_far(),
        u64::try_from(500 - kept).unwrap()
    );
    let rows = row(&bed, "select count(*) from forebay.dead_letters").await;
    assert_eq!(rows["count"], 500);
}
