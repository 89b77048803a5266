//! Notifications beside what the model knows of them: what readers have read, the numbers that they get,
//! and what is left alone where they are not kept.

use serde_json::{Value, json};

use super::convergence::{assert_right, some};
use super::histories::{POST_1, POST_2, crowd, delete, history, like, model_of, put, reply_in};
use super::model::Model;
use super::support::give::{self, Given};
use super::support::worker::drain;
use super::support::{Bed, child, counts};
use forebay::derived::Derived;

async fn take(bed: &Bed, entries: &[Given]) {
    give::give_as_replays(bed, entries.iter()).await;
    drain(bed, &["--parallel-consumers", "1"]).await;
}

/// Uris and whether they are read, by uri.
async fn read(bed: &Bed) -> Vec<(String, bool)> {
    let query = "select uri, is_read from notifications order by uri";
    let rows = bed.client.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn mentioning(dids: &[&str]) -> Value {
    let facet = |did: &&str| {
        json!({"index": {"byteStart": 0, "byteEnd": 1},
            "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}]})
    };
    json!({"text": "@nobody.example", "facets": dids.iter().map(facet).collect::<Vec<_>>()})
}

/// What a record still tells stays read when the record changes, under its number; what it tells no more
/// goes, and so does all of it with the record.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_stays_read_and_goes_with_its_record() {
    let bed = Bed::new().await;
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put(
            "b",
            "app.bsky.graph.follow/1",
            json!({"subject": "did:plc:a"}),
        ),
        put(
            "b",
            "app.bsky.feed.post/1",
            mentioning(&["did:plc:a", "did:plc:c", "did:plc:a"]),
        ),
        put("b", "app.bsky.feed.like/1", like(POST_2)),
        put(
            "b",
            "app.bsky.feed.post/1",
            mentioning(&["did:plc:d", "did:plc:c"]),
        ),
        delete("b", "app.bsky.feed.like/1"),
        delete("b", "app.bsky.feed.post/1"),
    ]);
    take(&bed, &entries[..3]).await;
    let uri = |path: &str| format!("at://did:plc:b/app.bsky.{path}");
    let of_like = uri("feed.like/1#notification");
    let of_follow = uri("graph.follow/1#notification");
    let mention = |did: &str| uri(&format!("feed.post/1#notification/mention/did:plc:{did}"));
    let told = [&of_like, &mention("a"), &mention("c"), &of_follow];
    assert_eq!(read(&bed).await, told.map(|uri| (uri.clone(), false)));
    let ids = "select string_agg(id::text, ' ' order by uri) from notifications where is_read";
    let ids = async || -> Option<String> { bed.client.query_one(ids, &[]).await.unwrap().get(0) };
    let reading = "update notifications set is_read = true";
    bed.client.execute(reading, &[]).await.unwrap();
    bed.client
        .execute(
            "delete from notifications where uri like '%/mention/did:plc:a'",
            &[],
        )
        .await
        .unwrap();
    let before = ids().await;

    take(&bed, &entries[3..5]).await;
    assert_eq!(ids().await, before);
    let told = [
        (&of_like, true),
        (&mention("c"), true),
        (&mention("d"), false),
        (&of_follow, true),
    ];
    assert_eq!(
        read(&bed).await,
        told.map(|(uri, read)| (uri.clone(), read))
    );
    let subject = "select reason_subject from notifications where reason = 'like'";
    let subject: String = bed.client.query_one(subject, &[]).await.unwrap().get(0);
    assert_eq!(subject, POST_2);
    // Of what was there already none was drawn again.
    let drawn = "select pg_sequence_last_value('notifications_id_seq'::regclass)";
    assert_eq!(bed.number(drawn).await, 5);

    take(&bed, &entries[5..]).await;
    assert_eq!(read(&bed).await, [(of_follow, true)]);
    assert_right_but_for_what_is_read(&bed, &entries).await;
}

async fn assert_right_but_for_what_is_read(bed: &Bed, entries: &[Given]) {
    let unread = "update notifications set is_read = false";
    bed.client.execute(unread, &[]).await.unwrap();
    assert_right(bed, &model_of(entries, Model::new())).await;
}

/// As many numbers are drawn as there are notifications, however often their records come.
#[tokio::test(flavor = "multi_thread")]
async fn redelivery_and_conflicts_draw_no_numbers() {
    let bed = Bed::new().await;
    let (entries, model) = some(41, 4_000);
    give::give(&bed, &entries).await;
    drain(&bed, &[]).await;
    let drawn = "select coalesce(pg_sequence_last_value(s::regclass), 0)
                 from unnest(array['notifications_id_seq', 'label_events_id_seq']) s";
    let drawn = async || -> Vec<i64> {
        let rows = bed.client.query(drawn, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let before = drawn().await;
    // Updates and deletes among them have had theirs: none is drawn in vain.
    let there = bed.number("select max(id)::int8 from notifications").await;
    assert_eq!(before[0], there);
    for flags in [&["--consumer-id", "another"][..], &["--flush-rows", "50"]] {
        give::give_as_replays(&bed, entries.iter()).await;
        drain(&bed, flags).await;
        assert_eq!(drawn().await, before);
    }
    assert_right(&bed, &model).await;
}

/// Rows from before them get theirs when their records come again, changed; an audit makes the others.
#[tokio::test(flavor = "multi_thread")]
async fn records_from_before_are_told_of_when_they_change_or_by_an_audit() {
    let bed = Bed::new().await;
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.like/2", like(POST_2)),
        put("b", "app.bsky.feed.post/1", mentioning(&["did:plc:a"])),
        put(
            "b",
            "com.atproto.label.label/1",
            json!({"uri": POST_1, "val": "x"}),
        ),
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put(
            "b",
            "app.bsky.feed.post/1",
            mentioning(&["did:plc:a", "did:plc:c"]),
        ),
        put(
            "b",
            "com.atproto.label.label/1",
            json!({"uri": POST_1, "val": "y"}),
        ),
    ]);
    give::give_as_replays(&bed, entries[..4].iter()).await;
    drain(&bed, &["--derived", ""]).await;
    assert_eq!(read(&bed).await, []);
    take(&bed, &entries[4..]).await;
    assert_eq!(read(&bed).await.len(), 3);
    let (code, out, err) = child::output(child::command(&bed, &["audit", "--repair"])).await;
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("notification missing: 1"), "{out}");
    // Nobody knows the CID of the like that an audit told of.
    let cid = "update notifications set cid = 'bafy' where cid is null";
    assert_eq!(bed.client.execute(cid, &[]).await.unwrap(), 1);
    assert_right(&bed, &model_of(&entries, Model::new())).await;
}

/// What is left under the uris of records that were gone makes way for what they tell now, those that go
/// straight into their tables too.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_of_records_that_were_gone_makes_way() {
    let bed = Bed::new().await;
    let left = "insert into notifications (uri, recipient_did, author_did, reason, cid, created_at)
        values ('at://did:plc:b/app.bsky.feed.like/1#notification', 'did:plc:x', 'did:plc:b', 'like', 'old', '2020-01-01'),
            ('at://did:plc:crowd/app.bsky.graph.follow/crowd7#notification', 'did:plc:x', 'did:plc:crowd', 'follow', 'old', '2020-01-01'),
            ('at://did:plc:b/app.bsky.feed.post/1#notification/mention/did:plc:a', 'did:plc:a', 'did:plc:b', 'mention', 'old', '2020-01-01')";
    bed.client.execute(left, &[]).await.unwrap();
    let few = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.post/1", mentioning(&["did:plc:a"])),
    ]);
    take(&bed, &few).await;
    let crowd = crowd();
    take(&bed, &crowd).await;
    assert_right(&bed, &model_of(&crowd, model_of(&few, Model::new()))).await;
}

/// What is not kept needs no tables, and nothing is said about them.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_of_what_is_not_kept() {
    let bed = Bed::new().await;
    let tables = "drop table notifications, label_events, post_viewer_states, thread_contexts;
                  alter table posts drop column violates_thread_gate, drop column violates_embedding_rules";
    bed.client.batch_execute(tables).await.unwrap();
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.like/2", like(POST_1)),
        put("b", "app.bsky.feed.repost/1", like(POST_1)),
        put(
            "b",
            "app.bsky.graph.follow/1",
            json!({"subject": "did:plc:a"}),
        ),
        put("b", "app.bsky.feed.post/1", mentioning(&["did:plc:a"])),
        put("b", "app.bsky.feed.post/1", mentioning(&[])),
        put(
            "b",
            "app.bsky.feed.threadgate/1",
            json!({"post": "at://did:plc:b/app.bsky.feed.post/1", "allow": []}),
        ),
        put(
            "b",
            "com.atproto.label.label/1",
            json!({"uri": POST_1, "val": "x"}),
        ),
        delete("b", "app.bsky.feed.like/1"),
        delete("b", "app.bsky.feed.post/1"),
        delete("b", "com.atproto.label.label/1"),
    ]);
    for some in [&entries[..5], &entries[5..]] {
        give::give_as_replays(&bed, some.iter()).await;
        drain(&bed, &["--derived", ""]).await;
    }
    counts::assert_equal_rows(&bed.client).await;
    for command in [
        &["audit", "--repair"][..],
        &["doctor"],
        &["purge", "did:plc:b"],
    ] {
        let args: Vec<&str> = command.iter().copied().chain(["--derived="]).collect();
        let (code, out, err) = child::output(child::command(&bed, &args)).await;
        assert!(code <= 1, "{command:?}: {out}{err}");
        assert!(!out.contains("notifications"), "{command:?}: {out}{err}");
    }
}

/// Each by itself, from rows that are staged and from rows that go straight in.
#[tokio::test(flavor = "multi_thread")]
async fn each_is_kept_without_the_others() {
    const KEPT: &str = "select array[
        exists (select from notifications), exists (select from post_viewer_states),
        exists (select from thread_contexts), exists (select from label_events),
        exists (select from posts where violates_thread_gate)]";
    let entries = history(vec![
        put("a", "app.bsky.feed.threadgate/1", json!({"allow": []})),
        put("b", "app.bsky.feed.post/1", reply_in(POST_1, POST_1)),
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put(
            "b",
            "com.atproto.label.label/1",
            json!({"uri": POST_1, "val": "x"}),
        ),
    ]);
    for one in Derived::ALL {
        let bed = Bed::new().await;
        let all: Vec<Given> = crowd().into_iter().chain(entries.clone()).collect();
        give::give(&bed, &all).await;
        drain(&bed, &["--derived", one.name()]).await;
        let kept: Vec<bool> = bed.client.query_one(KEPT, &[]).await.unwrap().get(0);
        assert_eq!(kept, Derived::ALL.map(|each| each == one), "{one:?}");
        counts::assert_equal_rows(&bed.client).await;
    }
}
