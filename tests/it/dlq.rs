//! Dead letters, listed, shown, replayed and purged by the program itself.

use super::convergence::assert_right;
use super::histories::{POST_1, POST_2, delete, history, like, model_of, put};
use super::model::Model;
use super::support::give::{self, Given};
use super::support::worker::{config, drain};
use super::support::{Bed, child, counts};
use forebay::cli::work;
use forebay::housekeeping;
use serde_json::{Value, json};
use tokio::sync::watch;

async fn dlq(bed: &Bed, args: &[&str]) -> (i32, String, String) {
    child::output(child::command(bed, &[&["dlq"], args].concat())).await
}

/// The lines of a command that gives JSON.
async fn json_of(bed: &Bed, args: &[&str]) -> Vec<Value> {
    let (code, out, err) = dlq(bed, args).await;
    assert_eq!(code, 0, "{err}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn ids(bed: &Bed, args: &[&str]) -> Vec<i64> {
    let letters = json_of(bed, &[&["list", "--json"], args].concat()).await;
    let id = |letter: &Value| letter["id"].as_i64().unwrap();
    letters.iter().map(id).collect()
}

/// Likes that the server refuses, as by an operator's constraint.
const REFUSE: &str =
    "alter table likes add constraint no_such check (post_uri not like '%refused%')";
const ALLOW: &str = "alter table likes drop constraint no_such";

fn refused_like(rkey: &'static str) -> super::histories::Op {
    let path: &'static str = match rkey {
        "1" => "app.bsky.feed.like/1",
        _ => "app.bsky.feed.like/2",
    };
    put("b", path, like("at://did:plc:a/app.bsky.feed.post/refused"))
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_by_reason_age_and_id_and_shows_one_whole() {
    let bed = Bed::new().await;
    bed.client.batch_execute(REFUSE).await.unwrap();
    let bad = [
        r#"{"repo":"did:plc:a","rev":"3k","ops":[{"action":"create","path":"app.bsky.feed.like/9","cid":"c",
            "record":{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T00:00:00Z"}}]}"#,
        "{not json \u{1b}[31m",
    ];
    for (n, data) in bad.iter().enumerate() {
        bed.stream
            .xadd_at(&format!("17000000000{n:02}-0"), "commit", data, "7")
            .await;
    }
    give::give(&bed, &history(vec![refused_like("1")])).await;
    drain(&bed, &[]).await;
    let all = json_of(&bed, &["list", "--json"]).await;
    assert_eq!(all.len(), 3, "{all:?}");
    let by = |reason: &str| {
        let found = all.iter().find(|letter| letter["reason"] == reason);
        found.unwrap_or_else(|| panic!("{reason}: {all:?}"))["id"]
            .as_i64()
            .unwrap()
    };
    let (missing, not_json, refused) = (by("missing:subject"), by("not_json"), by("refused"));
    assert_eq!(ids(&bed, &["--reason", "missing"]).await, [missing]);
    assert_eq!(ids(&bed, &["--reason", "missing:subject"]).await, [missing]);
    assert_eq!(ids(&bed, &["--reason", "miss"]).await, [0_i64; 0]);
    bed.client
        .execute(
            "update forebay.dead_letters set written_at = now() - interval '3 hours' where id = $1",
            &[&not_json],
        )
        .await
        .unwrap();
    assert_eq!(ids(&bed, &["--older-than", "2h"]).await, [not_json]);
    assert_eq!(ids(&bed, &["--newer-than", "2h"]).await.len(), 2);
    assert_eq!(ids(&bed, &["--limit", "1"]).await.len(), 1);
    let [one, other] = [not_json, refused].map(|id| id.to_string());
    assert_eq!(ids(&bed, &[&one]).await, [not_json]);
    assert_eq!(ids(&bed, &[&one, &other]).await.len(), 2);
    assert_eq!(ids(&bed, &[&other, "--older-than", "2h"]).await, [0_i64; 0]);
    assert_eq!(ids(&bed, &["999"]).await, [0_i64; 0]);
    assert!(all.iter().all(|letter| letter.get("data").is_none()));

    let (code, out, _) = dlq(&bed, &["list"]).await;
    assert_eq!(code, 0);
    for shown in [
        "missing:subject",
        "at://did:plc:a/app.bsky.feed.like/9",
        "23514",
        "  3h  ",
        "3 letters",
    ] {
        assert!(out.contains(shown), "{shown}: {out}");
    }
    let (_, out, _) = dlq(&bed, &["list", "--limit", "2"]).await;
    assert!(out.contains("2 of 3 letters"), "{out}");

    let (code, out, _) = dlq(&bed, &["show", &refused.to_string()]).await;
    assert_eq!(code, 0);
    for shown in [
        "no_such",
        "23514",
        "remedy",
        "1783175888000-0",
        "post/refused",
    ] {
        assert!(out.contains(shown), "{shown}: {out}");
    }
    let one = &json_of(&bed, &["show", "--json", &missing.to_string()]).await[0];
    let data: Value = serde_json::from_str(one["data"].as_str().unwrap()).unwrap();
    assert_eq!(data["rev"], "3k");
    assert_eq!((&one["op"], &one["seq"]), (&json!(0), &json!("7")));
    let (_, out, _) = dlq(&bed, &["show", &not_json.to_string()]).await;
    assert!(!out.contains('\u{1b}'), "a stranger's text moves nothing");
    let (code, _, err) = dlq(&bed, &["show", "999"]).await;
    assert_eq!((code, err.contains("no letter 999")), (1, true), "{err}");
}

/// Entries among which those that the server refuses are replayed later: the tables are those of one
/// pass in order in which nothing was ever refused.
async fn assert_replay_is_late(bed: &Bed, entries: &[Given]) {
    bed.client.batch_execute(REFUSE).await.unwrap();
    give::give(bed, entries).await;
    // Each for itself, or what happened since would be merged with it.
    drain(bed, &["--flush-rows", "1"]).await;
    assert!(!ids(bed, &[]).await.is_empty(), "nothing was refused");
    bed.client.batch_execute(ALLOW).await.unwrap();
    let (code, out, err) = dlq(bed, &["replay", "--reason", "refused"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(ids(bed, &[]).await, [0_i64; 0]);
    assert_right(bed, &model_of(entries, Model::new())).await;
    for table in ["likes", "users", "post_aggregations"] {
        let told: i64 = bed.stream.run(&["HGET", "db:record_counts", table]).await;
        let rows = bed.number(&format!("select count(*) from {table}")).await;
        assert_eq!(told, rows, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_stored_at_its_first_position() {
    let bed = Bed::new().await;
    assert_replay_is_late(
        &bed,
        &history(vec![
            put("a", "app.bsky.feed.post/refused", json!({"text": "x"})),
            refused_like("1"),
            put("b", "app.bsky.feed.like/3", like(POST_1)),
        ]),
    )
    .await;
    assert_eq!(
        bed.number(
            "select count(*) from likes where indexed_at = timestamp '2026-07-04 14:38:08.001'"
        )
        .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_never_beats_what_happened_since() {
    let bed = Bed::new().await;
    // One was deleted since, one was changed since.
    assert_replay_is_late(
        &bed,
        &history(vec![
            refused_like("1"),
            refused_like("2"),
            delete("b", "app.bsky.feed.like/1"),
            put("b", "app.bsky.feed.like/2", like(POST_2)),
        ]),
    )
    .await;
    assert_eq!(bed.number("select count(*) from likes").await, 1);
}

/// A letter keeps the tombstone that it could meet, however old both are; with the letter it may go.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_meets_tombstones_older_than_their_retention() {
    let bed = Bed::new().await;
    let entries = history(vec![refused_like("1"), delete("b", "app.bsky.feed.like/1")]);
    bed.client.batch_execute(REFUSE).await.unwrap();
    give::give(&bed, &entries).await;
    drain(&bed, &["--flush-rows", "1"]).await;
    bed.client.batch_execute(ALLOW).await.unwrap();
    bed.client
        .batch_execute("update forebay.tombstones set written_at = now() - interval '400 days'")
        .await
        .unwrap();
    bed.stream
        .xadd("account", r#"{"did":"did:plc:z","active":true}"#, "")
        .await;
    drain(&bed, &[]).await;
    let (_stop, stopped) = watch::channel(false);
    let Ok(pipeline) = work::pipeline(config(&bed, &[]), stopped) else {
        panic!("a pipeline");
    };
    let prune = async || {
        housekeeping::prune(&pipeline.pool, &pipeline.redis, 24)
            .await
            .unwrap()
    };
    assert_eq!(prune().await, 0, "the letter holds it");
    let (code, out, err) = dlq(&bed, &["replay", "--all"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(bed.number("select count(*) from likes").await, 0);
    assert_eq!(prune().await, 1, "nothing can meet it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_again_stays_and_is_told() {
    let bed = Bed::new().await;
    bed.client.batch_execute(REFUSE).await.unwrap();
    give::give(&bed, &history(vec![refused_like("1"), refused_like("2")])).await;
    bed.stream.xadd("commit", "{", "").await;
    drain(&bed, &[]).await;
    // Only one of the two is still refused.
    bed.client
        .batch_execute(
            "alter table likes drop constraint no_such;
             alter table likes add constraint no_such check (uri not like '%like/2')",
        )
        .await
        .unwrap();
    let before = ids(&bed, &[]).await;
    let (code, out, err) = dlq(&bed, &["replay", "--all"]).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("1 letter replayed and gone, 2 refused again"),
        "{out}"
    );
    assert!(out.contains("23514") && out.contains("not_json"), "{out}");
    let after = ids(&bed, &[]).await;
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|id| before.contains(id)), "no new letter");
    assert_eq!(bed.number("select count(*) from likes").await, 1);
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_purged_without_being_named() {
    let bed = Bed::new().await;
    for data in ["{", "[]", "{}"] {
        bed.stream.xadd("commit", data, "").await;
    }
    drain(&bed, &[]).await;
    let all = ids(&bed, &[]).await;
    assert_eq!(all.len(), 3);
    for unnamed in [&["purge"][..], &["replay"], &["purge", "--all", "1"]] {
        let (code, _, err) = dlq(&bed, unnamed).await;
        assert_eq!(code, 2, "{unnamed:?}: {err}");
    }
    assert_eq!(ids(&bed, &[]).await, all);
    let (code, out, _) = dlq(&bed, &["purge", &all[0].to_string()]).await;
    assert_eq!((code, out.as_str()), (0, "1 letter purged\n"));
    let (code, out, err) = dlq(&bed, &["purge", &all[0].to_string()]).await;
    assert_eq!((code, out.as_str()), (1, "0 letters purged\n"), "{err}");
    let (code, out, _) = dlq(&bed, &["purge", "--reason", "missing"]).await;
    assert_eq!((code, out.as_str()), (0, "1 letter purged\n"));
    let (code, out, _) = dlq(&bed, &["purge", "--all"]).await;
    assert_eq!((code, out.as_str()), (0, "1 letter purged\n"));
    assert_eq!(ids(&bed, &[]).await, [0_i64; 0]);
}

/// By id and by age, and nothing beside it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_is_replayed_and_purged() {
    let bed = Bed::new().await;
    bed.client.batch_execute(REFUSE).await.unwrap();
    let like = |n: u32| like(&format!("at://did:plc:a/app.bsky.feed.post/refused{n}"));
    let ops = vec![
        put("b", "app.bsky.feed.like/1", like(1)),
        put("b", "app.bsky.feed.like/2", like(2)),
        put("b", "app.bsky.feed.like/3", like(3)),
        put("b", "app.bsky.feed.like/4", like(4)),
    ];
    give::give(&bed, &history(ops)).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    bed.client.batch_execute(ALLOW).await.unwrap();
    let mut of: Vec<(String, i64)> = Vec::new();
    for letter in json_of(&bed, &["list", "--json"]).await {
        let uri = letter["uri"].as_str().unwrap().to_owned();
        of.push((uri, letter["id"].as_i64().unwrap()));
    }
    of.sort();
    let [one, two, three, four] = [0, 1, 2, 3].map(|at| of[at].1);
    bed.client
        .execute(
            "update forebay.dead_letters set written_at = now() - interval '3 hours' where id = any ($1)",
            &[&vec![two, three]],
        )
        .await
        .unwrap();
    let stored = async || {
        let uris = "select right(uri, 1) from likes order by 1";
        let rows = bed.client.query(uris, &[]).await.unwrap();
        let uris: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        uris.concat()
    };
    let done = async |args: &[&str], said: &str| {
        let (code, out, err) = dlq(&bed, args).await;
        assert_eq!(code, 0, "{out}{err}");
        assert!(out.contains(said), "{args:?}: {out}");
    };
    let gone = "1 letter replayed and gone, 0 refused again";
    done(&["replay", &two.to_string()], gone).await;
    assert_eq!(stored().await, "2");
    done(&["replay", "--older-than", "2h"], gone).await;
    assert_eq!(stored().await, "23");
    done(&["replay", "--older-than", "2h"], "0 letters").await;
    bed.client
        .execute(
            "update forebay.dead_letters set written_at = now() - interval '3 hours' where id = $1",
            &[&one],
        )
        .await
        .unwrap();
    done(&["purge", "--older-than", "4h"], "0 letters purged").await;
    done(&["purge", "--older-than", "2h"], "1 letter purged").await;
    assert_eq!(ids(&bed, &[]).await, [four]);
    done(&["purge", "--newer-than", "2h"], "1 letter purged").await;
    assert_eq!(stored().await, "23");
}

/// A letter of a whole commit: one record that cannot be stored keeps the letter, but not the other
/// records.
#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_entry_is_replayed_record_by_record() {
    let bed = Bed::new().await;
    bed.client.batch_execute(REFUSE).await.unwrap();
    let op = |path: &str, record: Value| json!({"action": "create", "path": path, "cid": "c", "record": record});
    let like_of = |post: &str| json!({"$type": "app.bsky.feed.like", "createdAt": "2026-07-04T00:00:00Z", "subject": {"uri": post, "cid": "c"}});
    let again = "app.bsky.feed.like/4";
    let data = json!({"repo": "did:plc:b", "ops": [
        op("app.bsky.feed.like/1", like_of(POST_1)),
        op("app.bsky.feed.like/2", like_of("at://did:plc:a/app.bsky.feed.post/refused")),
        op("app.bsky.feed.like/3", like_of(POST_2)),
        json!({"action": "delete", "path": again}),
        op(again, like_of("at://did:plc:a/app.bsky.feed.post/4")),
    ]});
    let entry = Given {
        id: "1783175888000-0".to_owned(),
        kind: "commit".to_owned(),
        data: data.to_string(),
        seq: "1".to_owned(),
    };
    bed.client
        .execute(
            "insert into forebay.dead_letters (entry_id, orig_id, op, type, data, truncated, seq, deliveries, reason, remedy)
             values ($1, $1, -1, 'commit', $2, false, '1', 12, 'crashed', 'x')",
            &[&entry.id, &entry.data.as_bytes()],
        )
        .await
        .unwrap();
    let letter = ids(&bed, &[]).await;
    let (code, out, err) = dlq(&bed, &["replay", "--all"]).await;
    assert_eq!(code, 1, "{out}{err}");
    for said in [
        "0 letters replayed and gone, 1 refused again",
        "1 of its 4 records are refused, the others are stored",
        "23514",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    assert_eq!(ids(&bed, &[]).await, letter);
    assert_eq!(bed.number("select count(*) from likes").await, 3);
    counts::assert_equal_rows(&bed.client).await;

    bed.client.batch_execute(ALLOW).await.unwrap();
    let (code, out, err) = dlq(&bed, &["replay", "--all"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(ids(&bed, &[]).await, [0_i64; 0]);
    assert_right(&bed, &model_of(&[entry], Model::new())).await;
    let told: i64 = bed.stream.run(&["HGET", "db:record_counts", "likes"]).await;
    assert_eq!(told, 4);
}

/// `forebay dlq list | head`: a reader that goes away is no failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_seen_enough_may_go() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute(
            "insert into forebay.dead_letters (entry_id, orig_id, op, type, data, truncated, seq, deliveries, reason, remedy)
             select n || '-0', n || '-0', 0, 'commit', '', false, '', 1, 'x', 'x' from generate_series(1, 5000) n",
        )
        .await
        .unwrap();
    for (args, code) in [
        (&["dlq", "list", "--limit", "5000"][..], 0),
        (&["dlq", "list", "--limit", "5000", "--json"], 0),
        // What is refused again is found, whether anybody reads it or not.
        (&["dlq", "replay", "1"], 1),
        (&["dlq", "purge", "--all"], 0),
        (&["purge", "did:plc:a", "--dry-run"], 0),
        (&["purge", "did:plc:a"], 0),
        (&["audit"], 0),
        (&["migrate"], 0),
        (&["backfill", "status"], 0),
        (&["takeover"], 3),
    ] {
        let mut child = child::command(&bed, args)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {log}");
    }
}
