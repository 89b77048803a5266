//! Large batches take short cuts: rows go straight into their tables without looking for conflicts,
//! and opt-outs are read all at once. What they miss must not be missed.

use serde_json::json;

use super::convergence::{assert_right, some};
use super::histories::{POST_1, crowd, delete, history, like, model_of, put};
use super::model::Model;
use super::support::Bed;
use super::support::give::{self, Given};
use super::support::wait;
use super::support::worker::drain;

/// Rows that the server was made to write to likes, those of inserts that were undone among them.
async fn likes_written(bed: &Bed) -> i64 {
    let query = "select coalesce((select n_tup_ins from pg_stat_user_tables
                                  where schemaname = 'public' and relname = 'likes'), 0)";
    bed.client.query_one(query, &[]).await.unwrap().get(0)
}

async fn likes(bed: &Bed) -> i64 {
    let query = "select count(*) from likes";
    bed.client.query_one(query, &[]).await.unwrap().get(0)
}

/// Every second entry is there already, from a worker of which this one knows nothing.
#[tokio::test(flavor = "multi_thread")]
async fn rows_collide_with_what_another_worker_stored() {
    let bed = Bed::new().await;
    let (entries, model) = some(31, 6_000);
    let first: Vec<Given> = entries.iter().step_by(2).cloned().collect();
    give::give_as_replays(&bed, first.iter()).await;
    drain(&bed, &[]).await;
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &["--consumer-id", "another"]).await;
    assert_right(&bed, &model).await;
    let likes = likes(&bed).await;
    // More were written than were added: at least one insert was undone. The server tells of it
    // when the worker's sessions have ended.
    wait::until("an insert that was undone", async || {
        likes_written(&bed).await > likes
    })
    .await;
}

/// As histories::an_old_version_of_a_contested_record_comes_last, among so many likes that they are
/// added plainly, by a worker that knows nothing of the contest. In between, something happens to the
/// contested records.
async fn among_many(meanwhile: &str) {
    const POST: &str = "at://did:plc:a/app.bsky.feed.post/";
    let (first, second) = (format!("{POST}1"), format!("{POST}2"));
    let mut ops = vec![put("b", "app.bsky.feed.like/1", like(&first))];
    for n in 0..100 {
        let path: &'static str = format!("app.bsky.feed.like/{n}").leak();
        ops.push(put("c", path, like(&format!("{POST}other{n}"))));
    }
    let late = ops.len();
    ops.push(put("b", "app.bsky.feed.like/2", like(&second)));
    ops.push(put("b", "app.bsky.feed.like/1", like(&second)));
    ops.push(put("a", "app.bsky.feed.post/1", json!({"text": ""})));
    let entries = history(ops);
    let model = model_of(&entries, Model::new());
    let bed = Bed::new().await;
    for some in [&entries[late..], &entries[..late]] {
        give::give_as_replays(&bed, some.iter()).await;
        drain(&bed, &["--parallel-consumers", "1"]).await;
        bed.client.batch_execute(meanwhile).await.unwrap();
    }
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_a_contested_record_among_many() {
    among_many("").await;
}

/// Their table takes more room than would be read whole for so few.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_one_of_many_contested_records_among_many() {
    const ROOM: &str = "insert into forebay.duplicates (kind, uri, key1, key2, cid, created_at, position, tie)
        select 'likes', repeat(n || '/', 100), '', '', '', now(), now(), 0 from generate_series(1, 3000) n;
        delete from forebay.duplicates where key1 = ''";
    among_many(ROOM).await;
}

/// Of each pair another worker has stored one reaction: its viewer state is there, which this worker
/// does not know the first time, and knows little of the next.
#[tokio::test(flavor = "multi_thread")]
async fn reactions_beside_those_that_another_worker_stored() {
    let reaction = |kind: &str, n: usize| {
        let path: &'static str = format!("app.bsky.feed.{kind}/{n}").leak();
        put(
            "b",
            path,
            like(&format!("at://did:plc:a/app.bsky.feed.post/{n}")),
        )
    };
    let reposts = (0..80).map(|n| reaction("repost", n));
    let likes = (0..120).map(|n| reaction("like", n));
    let entries = history(reposts.chain(likes).collect());
    let bed = Bed::new().await;
    give::give_as_replays(&bed, entries[..80].iter()).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    give::give_as_replays(&bed, entries[80..].iter()).await;
    let flags = [
        "--consumer-id",
        "another",
        "--parallel-consumers",
        "1",
        "--flush-rows",
        "50",
    ];
    drain(&bed, &flags).await;
    assert_right(&bed, &model_of(&entries, Model::new())).await;
}

/// Tombstones of another worker are later than some creates among many.
#[tokio::test(flavor = "multi_thread")]
async fn creates_that_come_after_their_deletes_among_many() {
    let entries = history(vec![
        put("crowd", "app.bsky.feed.like/late", like(POST_1)),
        put("crowd", "app.bsky.feed.post/late", json!({"text": "x"})),
        delete("crowd", "app.bsky.feed.like/late"),
        delete("crowd", "app.bsky.feed.post/late"),
    ]);
    let crowd = crowd();
    let model = model_of(&entries, model_of(&crowd, Model::new()));
    let bed = Bed::new().await;
    give::give_as_replays(&bed, entries[2..].iter()).await;
    drain(&bed, &[]).await;
    give::give_as_replays(&bed, crowd.iter().chain(&entries[..2])).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_right(&bed, &model).await;
}

/// Gates that came before their posts, and some that come with them.
#[tokio::test(flavor = "multi_thread")]
async fn posts_of_gates_that_were_there_first() {
    let gate = |of: &str, n: usize| {
        let path: &'static str = format!("app.bsky.feed.{of}/crowd{n}").leak();
        let post = format!("at://did:plc:crowd/app.bsky.feed.post/crowd{n}");
        put("crowd", path, json!({"post": post, "allow": []}))
    };
    let entries = history(vec![
        gate("threadgate", 1),
        gate("postgate", 2),
        gate("threadgate", 3),
        gate("postgate", 3),
        gate("threadgate", 4),
    ]);
    let crowd = crowd();
    let model = model_of(&entries, model_of(&crowd, Model::new()));
    let bed = Bed::new().await;
    give::give_as_replays(&bed, entries[..4].iter()).await;
    drain(&bed, &[]).await;
    give::give_as_replays(&bed, crowd.iter().chain(&entries[4..])).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_right(&bed, &model).await;
    let query =
        "select count(*) filter (where has_thread_gate), count(*) filter (where has_post_gate)
                 from posts";
    let row = bed.client.query_one(query, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (3, 2));
}

/// An incumbent left feed items whose posts and reposts are gone: theirs are written again.
#[tokio::test(flavor = "multi_thread")]
async fn feed_items_that_are_there_without_their_records() {
    let crowd = crowd();
    let model = model_of(&crowd, Model::new());
    let bed = Bed::new().await;
    let left = "insert into feed_items (uri, post_uri, originator_did, type, sort_at, cid, created_at, indexed_at)
        select 'at://did:plc:crowd/app.bsky.feed.' || kind || '/crowd7', 'at://x/y/z', 'did:plc:x', 'post',
               '2020-01-01', 'c', '2020-01-01', '2020-01-01'
        from unnest(array['post', 'repost']) kind";
    bed.client.batch_execute(left).await.unwrap();
    give::give_as_replays(&bed, crowd.iter()).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_right(&bed, &model).await;
}

/// More repos in a batch than are looked up one by one.
#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_among_many_repos() {
    let bed = Bed::new().await;
    bed.opt_out("did:plc:repo77").await;
    bed.opt_out("did:plc:elsewhere").await;
    let follow = |n: usize| Given {
        // Sequence numbers beyond a microsecond's would keep all of them from going straight in.
        id: format!("{}-0", 1_783_175_888_000 + n as u64),
        kind: "commit".to_owned(),
        data: format!(
            r#"{{"repo":"did:plc:repo{n}","ops":[{{"action":"create","path":"app.bsky.graph.follow/1","cid":"c","record":{{"$type":"app.bsky.graph.follow","createdAt":"2026-07-04T00:00:00Z","subject":"did:plc:followed"}}}}]}}"#
        ),
        seq: String::new(),
    };
    let entries: Vec<Given> = (0..3_000).map(follow).collect();
    give::give_as_replays(&bed, entries.iter()).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    let query =
        "select count(*), count(*) filter (where follower_did = 'did:plc:repo77') from follows";
    let row = bed.client.query_one(query, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (2_999, 0));
}
