//! Accounts that are deleted: their records stay, or go as if each had been deleted by the event.

use super::convergence::assert_right;
use super::histories::{Op, POST_1, empty, history, like, model_of, put};
use super::model::Model;
use super::support::give::{self, Given};
use super::support::random::Random;
use super::support::worker::{Worker, drain};
use super::support::{Bed, child, counts, servers, wait};
use super::takeover::servers as servers_of;
use forebay::apply::Applier;
use forebay::batch::Rules;
use forebay::generate::Options;
use forebay::position::Position;
use forebay::purge::{Job, is_locked, order, remove};
use forebay::widths::Widths;
use serde_json::json;
use std::sync::Arc;

const PURGE: [&str; 2] = ["--account-deleted", "purge"];

fn account(n: usize, did: &str, data: serde_json::Value) -> Given {
    let mut data = data;
    data["did"] = did.into();
    Given {
        id: id(n),
        kind: "account".to_owned(),
        data: data.to_string(),
        seq: String::new(),
    }
}

fn deleted(n: usize, did: &str) -> Given {
    account(n, did, json!({"active": false, "status": "deleted"}))
}

/// As `history` numbers its entries.
fn id(n: usize) -> String {
    format!("{}-0", 1_783_175_888_000 + n)
}

/// The same with a commit of deletes in the place of each account event that says `deleted`, and
/// the event itself at a position of its own: what it is to amount to.
fn as_deletes(entries: &[Given]) -> Vec<Given> {
    let mut uris: Vec<(String, String)> = Vec::new();
    let mut expected = Vec::new();
    let mut sorted: Vec<&Given> = entries.iter().collect();
    sorted.sort_by_key(|entry| entry.id.clone());
    for entry in sorted {
        let data: serde_json::Value = serde_json::from_str(&entry.data).unwrap();
        expected.push(entry.clone());
        if entry.kind == "commit" {
            let repo = data["repo"].as_str().unwrap().to_owned();
            for op in data["ops"].as_array().unwrap() {
                uris.push((repo.clone(), op["path"].as_str().unwrap().to_owned()));
            }
        }
        if entry.kind == "account" && data["status"] == "deleted" {
            let mine = uris.iter().filter(|(repo, _)| *repo == data["did"]);
            let ops: Vec<_> = mine
                .map(|(_, path)| json!({"action": "delete", "path": path}))
                .collect();
            expected.push(Given {
                id: entry.id.clone(),
                kind: "commit".to_owned(),
                data: json!({"repo": data["did"], "ops": ops}).to_string(),
                seq: String::new(),
            });
        }
    }
    expected
}

/// One of everything of did:plc:a, and what others did with it.
fn everything() -> Vec<Given> {
    let quote = json!({"$type": "app.bsky.embed.record", "record": {"uri": POST_1, "cid": "c"}});
    let reply = json!({"root": {"uri": POST_1, "cid": "c"}, "parent": {"uri": POST_1, "cid": "c"}});
    let other = "at://did:plc:b/app.bsky.feed.post/1";
    let mut ops = vec![
        put("a", "app.bsky.feed.post/1", json!({"text": "one"})),
        put("b", "app.bsky.feed.post/1", json!({"text": "theirs"})),
        put(
            "a",
            "app.bsky.feed.post/2",
            json!({"text": "q", "embed": quote.clone()}),
        ),
        put(
            "b",
            "app.bsky.feed.post/2",
            json!({"text": "q", "embed": quote}),
        ),
        put(
            "a",
            "app.bsky.feed.post/3",
            json!({"text": "r", "reply": reply}),
        ),
        put("a", "app.bsky.feed.like/1", like(other)),
        put("a", "app.bsky.feed.like/2", like(other)),
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("a", "app.bsky.feed.repost/1", like(other)),
        put("b", "app.bsky.feed.repost/1", like(POST_1)),
        put("a", "app.bsky.bookmark/1", like(other)),
        put(
            "a",
            "app.bsky.graph.follow/1",
            json!({"subject": "did:plc:b"}),
        ),
        put(
            "b",
            "app.bsky.graph.follow/1",
            json!({"subject": "did:plc:a"}),
        ),
        put(
            "a",
            "app.bsky.graph.block/1",
            json!({"subject": "did:plc:c"}),
        ),
    ];
    ops.extend(everything_else(other));
    history(ops)
}

fn everything_else(other: &str) -> Vec<Op> {
    vec![
        put(
            "a",
            "app.bsky.graph.list/1",
            json!({"name": "n", "purpose": "p"}),
        ),
        put(
            "a",
            "app.bsky.graph.listitem/1",
            json!({"list": "at://did:plc:a/app.bsky.graph.list/1", "subject": "did:plc:b"}),
        ),
        put(
            "b",
            "app.bsky.graph.listitem/1",
            json!({"list": "at://did:plc:a/app.bsky.graph.list/1", "subject": "did:plc:b"}),
        ),
        put(
            "a",
            "app.bsky.graph.listblock/1",
            json!({"subject": "at://did:plc:b/app.bsky.graph.list/1"}),
        ),
        put(
            "a",
            "app.bsky.graph.verification/1",
            json!({"subject": "did:plc:b", "handle": "h", "displayName": "d"}),
        ),
        put(
            "b",
            "app.bsky.graph.verification/1",
            json!({"subject": "did:plc:b", "handle": "h", "displayName": "d"}),
        ),
        put(
            "a",
            "app.bsky.feed.threadgate/1",
            json!({"post": POST_1, "allow": []}),
        ),
        put("a", "app.bsky.feed.postgate/1", json!({"post": POST_1})),
        put(
            "a",
            "app.bsky.feed.generator/1",
            json!({"did": "did:web:x", "displayName": "g"}),
        ),
        put(
            "b",
            "app.bsky.feed.like/2",
            like("at://did:plc:a/app.bsky.feed.generator/1"),
        ),
        put(
            "a",
            "app.bsky.feed.like/3",
            like("at://did:plc:b/app.bsky.feed.generator/1"),
        ),
        put(
            "b",
            "app.bsky.feed.generator/1",
            json!({"did": "did:web:x", "displayName": "g"}),
        ),
        put(
            "a",
            "app.bsky.graph.starterpack/1",
            json!({"name": "s", "list": "at://did:plc:a/app.bsky.graph.list/1"}),
        ),
        put(
            "a",
            "app.bsky.labeler.service/self",
            json!({"policies": {"labelValues": []}}),
        ),
        put(
            "a",
            "com.atproto.label.label/1",
            json!({"uri": other, "val": "spam", "src": "did:plc:a"}),
        ),
        put(
            "a",
            "app.bsky.actor.profile/self",
            json!({"displayName": "A"}),
        ),
        put("a", "com.example.thing/1", json!({"x": 1})),
    ]
}

/// Those that belong to did:plc:a and no other account's, by what the AppView would show.
async fn left_of_a(bed: &Bed) -> i64 {
    let mut left = 0;
    for (table, uri) in [
        ("posts", "uri"),
        ("likes", "uri"),
        ("reposts", "uri"),
        ("bookmarks", "uri"),
        ("follows", "uri"),
        ("blocks", "uri"),
        ("lists", "uri"),
        ("list_items", "uri"),
        ("list_blocks", "uri"),
        ("verifications", "uri"),
        ("feed_generators", "uri"),
        ("starter_packs", "uri"),
        ("labeler_services", "uri"),
        ("labels", "uri"),
        ("generic_records", "uri"),
        ("feed_items", "uri"),
        ("quotes", "post_uri"),
        ("thread_gates", "post_uri"),
        ("post_gates", "post_uri"),
        ("forebay.duplicates", "uri"),
    ] {
        left += bed
            .number(&format!(
                "select count(*) from {table} where {uri} like 'at://did:plc:a/%'"
            ))
            .await;
    }
    left + bed
        .number("select count(*) from users where did = 'did:plc:a' and profile_record is not null")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn stay_by_default() {
    let bed = Bed::new().await;
    let mut entries = everything();
    entries.push(deleted(entries.len(), "did:plc:a"));
    give::once(&bed, &entries).await;
    assert_right(&bed, &model_of(&entries, Model::new())).await;
    assert!(left_of_a(&bed).await > 20);
    let status = "select count(*) from forebay.accounts where status = 'deleted'";
    assert_eq!(bed.number(status).await, 1);
    assert_eq!(bed.number("select count(*) from forebay.purges").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn go_with_everything_that_followed_from_them() {
    let bed = Bed::new().await;
    let mut entries = everything();
    entries.push(deleted(entries.len(), "did:plc:a"));
    give::give(&bed, &entries).await;
    drain(&bed, &PURGE).await;
    assert_eq!(left_of_a(&bed).await, 0);
    assert_right(&bed, &model_of(&as_deletes(&entries), Model::new())).await;
    for table in ["posts", "likes", "feed_items", "users"] {
        let told: i64 = bed.stream.run(&["HGET", "db:record_counts", table]).await;
        let rows = bed.number(&format!("select count(*) from {table}")).await;
        assert_eq!(told, rows, "{table}");
    }
    // Any other status may end.
    let more = account(
        100,
        "did:plc:b",
        json!({"active": false, "status": "takendown"}),
    );
    give::give(&bed, std::slice::from_ref(&more)).await;
    drain(&bed, &PURGE).await;
    entries.push(more);
    assert_right(&bed, &model_of(&as_deletes(&entries), Model::new())).await;
}

/// A repo that comes back, and is deleted again, in every order of arrival and size of batches: what
/// lies after the event stays, what lies before it never comes back.
#[tokio::test(flavor = "multi_thread")]
async fn converge_in_any_order() {
    let mut entries = everything();
    let n = entries.len();
    entries.push(deleted(n, "did:plc:a"));
    let mut back = everything();
    back.truncate(12);
    for (at, entry) in back.iter_mut().enumerate() {
        entry.id = id(n + 1 + at);
    }
    entries.extend(back);
    entries.push(deleted(n + 20, "did:plc:c"));
    entries.push(account(n + 21, "did:plc:a", json!({"active": true})));
    let model = model_of(&as_deletes(&entries), Model::new());
    let bed = Bed::new().await;
    for seed in 0..6 {
        let rows = if seed % 2 == 0 { "1" } else { "1000" };
        empty(&bed).await;
        let mut order: Vec<&Given> = entries.iter().collect();
        Random::of(seed).shuffle(&mut order);
        give::give_as_replays(&bed, order.into_iter()).await;
        drain(&bed, &[&PURGE[..], &["--flush-rows", rows]].concat()).await;
        assert_right(&bed, &model).await;
    }
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &PURGE).await;
    assert_right(&bed, &model).await;

    // The events alone, long before what they end: that was never there to be removed.
    empty(&bed).await;
    let (first, late): (Vec<&Given>, Vec<&Given>) =
        entries.iter().partition(|entry| entry.kind == "account");
    for some in [first, late] {
        give::give_as_replays(&bed, some.into_iter()).await;
        drain(&bed, &PURGE).await;
    }
    assert_right(&bed, &model).await;
}

/// So many at once that they would go straight into their tables.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_in_numbers_stays_away() {
    let bed = Bed::new().await;
    let entry = |n: usize| {
        Given {
        id: id(n),
        kind: "commit".to_owned(),
        data: json!({"repo": "did:plc:a", "ops": (0..100).map(|op| json!({
            "action": "create", "path": format!("app.bsky.feed.like/{n}x{op}"), "cid": "c",
            "record": {"$type": "app.bsky.feed.like", "createdAt": "2026-07-04T00:00:00Z",
                       "subject": {"uri": format!("at://did:plc:b/app.bsky.feed.post/{n}x{op}"), "cid": "c"}}
        })).collect::<Vec<_>>()}).to_string(),
        seq: String::new(),
    }
    };
    // The first before the event, the second after it.
    for some in [vec![deleted(50, "did:plc:a")], vec![entry(10), entry(60)]] {
        give::give_as_replays(&bed, some.iter()).await;
        drain(&bed, &PURGE).await;
    }
    assert_eq!(
        bed.number("select count(*) from likes where uri like '%/60x%'")
            .await,
        100
    );
    assert_eq!(bed.number("select count(*) from likes").await, 100);
    counts::assert_equal_rows(&bed.client).await;
}

/// So many commits of a thousand likes each.
fn likes_of(did: &str, commits: usize) -> Vec<Given> {
    let like = |n: usize| {
        let post = format!("at://did:plc:z/app.bsky.feed.post/{n}");
        json!({"action": "create", "path": format!("app.bsky.feed.like/{n}"), "cid": "c",
        "record": {"$type": "app.bsky.feed.like", "createdAt": "2026-07-04T00:00:00Z",
                   "subject": {"uri": post, "cid": "c"}}})
    };
    let ops = |commit: usize| (commit * 1000..commit * 1000 + 1000).map(like);
    let commit = |at: usize| Given {
        id: id(at),
        kind: "commit".to_owned(),
        data: json!({"repo": did, "ops": ops(at).collect::<Vec<_>>()}).to_string(),
        seq: String::new(),
    };
    (0..commits).map(commit).collect()
}

/// Ended where it stands in the middle, twice; a worker that keeps accounts goes on with what was
/// asked for.
#[tokio::test(flavor = "multi_thread")]
async fn are_purged_by_the_next_worker_if_one_is_killed() {
    let bed = Bed::new().await;
    let mut entries = likes_of("did:plc:a", 8);
    entries.push(deleted(100, "did:plc:a"));
    give::give(&bed, &entries).await;
    // Slow enough to be met in the middle.
    bed.client
        .batch_execute(
            "create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.0005); return old; end $$;
             create trigger slowly before delete on likes for each row execute function slowly()",
        )
        .await
        .unwrap();
    let likes = async || bed.number("select count(*) from likes").await;
    for flags in [&PURGE[..], &[]] {
        let worker = Worker::start(&bed, flags);
        let before = likes().await;
        wait::until("some likes are gone", async || {
            let now = likes().await;
            now > 0 && now < if before == 0 { 8_000 } else { before - 999 }
        })
        .await;
        worker.abort().await;
    }
    let left = likes().await;
    assert!(left > 0 && left < 8_000, "{left}: in the middle");
    assert_eq!(bed.stream.pending().await, 0, "the event is acknowledged");
    bed.client
        .batch_execute("drop trigger slowly on likes")
        .await
        .unwrap();
    drain(&bed, &[]).await;
    assert_eq!(likes().await, 0);
    counts::assert_equal_rows(&bed.client).await;
    assert_eq!(
        bed.number("select count(*) from forebay.purges where done")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn are_purged_among_many_that_stay() {
    let bed = Bed::new().await;
    let (mut entries, _) = super::convergence::generated(Options {
        seed: 77,
        events: 4_000,
        users: 40,
        ..Options::default()
    });
    let repo = entries.iter().find(|entry| entry.kind == "commit").unwrap();
    let data: serde_json::Value = serde_json::from_str(&repo.data).unwrap();
    let did = data["repo"].as_str().unwrap().to_owned();
    let middle = entries[entries.len() / 2].id.clone();
    let (ms, _) = middle.split_once('-').unwrap();
    let event = Given {
        id: format!("{ms}-900"),
        ..deleted(0, &did)
    };
    entries.insert(entries.len() / 2 + 1, event);
    entries.retain(|entry| {
        entry.kind != "commit" || serde_json::from_str::<serde_json::Value>(&entry.data).is_ok()
    });
    let model = model_of(&as_deletes(&entries), Model::new());
    give::give_as_replays(&bed, entries.iter().rev()).await;
    drain(&bed, &[&PURGE[..], &["--flush-rows", "300"]].concat()).await;
    assert_right(&bed, &model).await;
}

/// By hand: said first, then done, at the position of now.
#[tokio::test(flavor = "multi_thread")]
async fn are_purged_by_hand() {
    let bed = Bed::new().await;
    let entries = everything();
    give::once(&bed, &entries).await;
    let before = left_of_a(&bed).await;
    let (code, out, err) =
        child::output(child::command(&bed, &["purge", "did:plc:a", "--dry-run"])).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("likes") && out.contains("would go"), "{out}");
    assert_eq!(left_of_a(&bed).await, before);

    let (code, out, err) = child::output(child::command(&bed, &["purge", "did:plc:a"])).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("records of did:plc:a removed"), "{out}");
    assert_eq!(left_of_a(&bed).await, 0);
    counts::assert_equal_rows(&bed.client).await;
    let (code, ..) = child::output(child::command(&bed, &["audit"])).await;
    assert_eq!(code, 0, "record counts were told");

    // A redelivery brings nothing back; what the account does from now on stays.
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &["--flush-rows", "7"]).await;
    assert_eq!(left_of_a(&bed).await, 0);
    let again = &entries[0];
    bed.stream.xadd("commit", &again.data, "").await;
    drain(&bed, &[]).await;
    assert_eq!(
        bed.number("select count(*) from posts where author_did = 'did:plc:a'")
            .await,
        1
    );
    let (code, _, err) = child::output(child::command(&bed, &["purge", "nobody"])).await;
    assert_eq!(code, 2, "{err}");
}

/// An operator's trigger that lets one like of the account's not go.
async fn hold(bed: &Bed) {
    bed.client
        .batch_execute(
            "create function hold() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
             create trigger hold before delete on likes for each row when (old.uri like 'at://did:plc:a/%.like/3') execute function hold()",
        )
        .await
        .unwrap();
}

/// What an operator's trigger holds back is told, and costs nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn what_would_not_go_is_told() {
    let bed = Bed::new().await;
    give::once(&bed, &everything()).await;
    hold(&bed).await;
    let (code, out, err) = child::output(child::command(&bed, &["purge", "did:plc:a"])).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        err.contains("would not go") && err.contains("P0001"),
        "{err}"
    );
    assert!(left_of_a(&bed).await < 4);
    counts::assert_equal_rows(&bed.client).await;
    bed.client
        .batch_execute("drop trigger hold on likes")
        .await
        .unwrap();
    // The note of it is there still: any worker finishes it.
    drain(&bed, &[]).await;
    assert_eq!(left_of_a(&bed).await, 0);
    // What the engine would not store in that table a delete does not reach, nor what no commit can
    // name: no use to try again.
    bed.client
        .batch_execute(
            "insert into generic_records (uri, cid, author_did, record_type, record, created_at, indexed_at)
             values ('at://did:plc:a/app.bsky.actor.status/self', '', 'did:plc:a', '', '{}', now(), '2026-01-01'),
                    ('at://did:plc:a/com.example.thing/no key', '', 'did:plc:a', '', '{}', now(), '2026-01-01')",
        )
        .await
        .unwrap();
    let (code, out, err) = child::output(child::command(&bed, &["purge", "did:plc:a"])).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(err.contains("2 rows stay that others wrote"), "{err}");
    assert_eq!(
        bed.number("select count(*) from forebay.purges where not done")
            .await,
        0
    );
    let event = Given {
        id: "4102444800001-0".to_owned(),
        ..deleted(0, "did:plc:a")
    };
    give::give_as_replays(&bed, std::iter::once(&event)).await;
    drain(&bed, &PURGE).await;
    let done = "select count(*) from forebay.purges where done and position > '2100-01-01'";
    assert_eq!(bed.number(done).await, 1, "nor does a worker try again");
}

/// One account's records that would not go keep no other account's waiting.
#[tokio::test(flavor = "multi_thread")]
async fn one_that_would_not_go_holds_up_no_other() {
    let bed = Bed::new().await;
    give::once(&bed, &everything()).await;
    hold(&bed).await;
    let worker = Worker::start(&bed, &PURGE);
    let delete = async |did: &str| {
        let data = json!({"did": did, "active": false, "status": "deleted"});
        bed.stream.xadd("account", &data.to_string(), "").await;
    };
    delete("did:plc:a").await;
    // The profile goes last.
    wait::until("the first was tried", async || {
        let profiles =
            "select count(*) from users where did = 'did:plc:a' and profile_record is not null";
        bed.number(profiles).await == 0
    })
    .await;
    delete("did:plc:b").await;
    wait::until("the second is gone", async || {
        let done = "select count(*) from forebay.purges where done and did = 'did:plc:b'";
        bed.number(done).await == 1
    })
    .await;
    let likes = "select count(*) from likes where user_did = 'did:plc:b'";
    assert_eq!(bed.number(likes).await, 0);
    let likes = "select count(*) from likes where user_did = 'did:plc:a'";
    assert_eq!(bed.number(likes).await, 1);
    worker.stop().await.unwrap();
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_by_a_thousand_in_a_transaction() {
    let bed = Bed::new().await;
    let mut entries = likes_of("did:plc:a", 2);
    entries.extend(history(vec![put(
        "a",
        "app.bsky.feed.like/x",
        like(POST_1),
    )]));
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &[]).await;
    bed.client
        .batch_execute(
            "create table gone (transaction text, rows bigint);
             create function count_gone() returns trigger language plpgsql as $$
             begin insert into public.gone select pg_current_xact_id()::text, count(*) from old_rows; return null; end $$;
             create trigger count_gone after delete on likes referencing old table as old_rows
                 for each statement execute function count_gone()",
        )
        .await
        .unwrap();
    let (code, out, err) = child::output(child::command(&bed, &["purge", "did:plc:a"])).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("2001 records of did:plc:a removed"), "{out}");
    let of_each = "select rows from (select sum(rows)::bigint as rows from gone group by transaction) x where rows > 0 order by 1";
    let rows = bed.client.query(of_each, &[]).await.unwrap();
    let rows: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(rows, [1, 1_000, 1_000]);
}

const LOCK: &str = "select pg_try_advisory_lock(1886745191, 0)";
const UNLOCK: &str = "select pg_advisory_unlock(1886745191, 0)";

/// Two processes: the second waits for the first, and finds nothing left.
#[tokio::test(flavor = "multi_thread")]
async fn one_process_purges_at_a_time() {
    let bed = Bed::new().await;
    give::once(&bed, &everything()).await;
    let (pool, _) = servers_of(&bed);
    let client = pool.get().await.unwrap();
    assert!(!is_locked(&client).await.unwrap());
    let elsewhere = servers::postgres().await.url("postgres");
    let elsewhere = servers::connect(&elsewhere).await;
    elsewhere.query_one(LOCK, &[]).await.unwrap();
    assert!(!is_locked(&client).await.unwrap(), "another database's");
    let holder = bed.connect().await;
    holder.query_one(LOCK, &[]).await.unwrap();
    assert!(is_locked(&client).await.unwrap());

    let before = left_of_a(&bed).await;
    let purge = || tokio::spawn(child::output(child::command(&bed, &["purge", "did:plc:a"])));
    let both = [purge(), purge()];
    wait::until("both have asked for the lock", async || {
        let asked = "select count(*) from pg_stat_activity where pid <> pg_backend_pid()
            and datname = current_database()
            and application_name like 'forebay%' and query like '%pg_try_advisory_lock%'";
        bed.number(asked).await == 2
    })
    .await;
    assert_eq!(left_of_a(&bed).await, before);
    holder.query_one(UNLOCK, &[]).await.unwrap();
    for purge in both {
        let (code, out, err) = purge.await.unwrap();
        assert_eq!(code, 0, "{out}{err}");
        assert!(err.contains("another purge is under way"), "{err}");
    }
    assert_eq!(left_of_a(&bed).await, 0);
    counts::assert_equal_rows(&bed.client).await;
}

/// The lock goes with its connection: then two are at the same records.
#[tokio::test(flavor = "multi_thread")]
async fn two_at_the_same_records_do_no_harm() {
    let bed = Bed::new().await;
    let mut entries = everything();
    entries.extend(likes_of("did:plc:a", 2));
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &[]).await;
    let (pool, redis) = servers_of(&bed);
    let job = Job {
        did: "did:plc:a".to_owned(),
        position: Position {
            at: 1_783_175_990_000_000,
            tie: 0,
        },
    };
    order(&mut pool.get().await.unwrap(), &job).await.unwrap();
    let one = async || {
        let rules = Rules::from(Arc::new(Widths::contract()));
        let mut applier = Applier::new(pool.clone(), rules);
        let removed = remove(&mut applier, &redis, &job, |_, _| {}).await.unwrap();
        assert_eq!(removed.left.records, 0);
    };
    tokio::join!(one(), one());
    assert_eq!(left_of_a(&bed).await, 0);
    counts::assert_equal_rows(&bed.client).await;
    for table in ["posts", "likes", "feed_items"] {
        let told: i64 = bed.stream.run(&["HGET", "db:record_counts", table]).await;
        let rows = bed.number(&format!("select count(*) from {table}")).await;
        assert_eq!(told, rows, "{table}");
    }
}
