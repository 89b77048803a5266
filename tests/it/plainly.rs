//! Large batches take short cuts: pairs are added without looking for conflicts, and opt-outs are
//! read all at once. What they miss must not be missed.

use serde_json::json;

use super::convergence::{assert_right, some};
use super::histories::{history, like, model_of, put};
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
async fn pairs_collide_with_what_another_worker_stored() {
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
/// added plainly, by a worker that knows nothing of the contest.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_of_a_contested_record_among_many() {
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
    }
    assert_right(&bed, &model).await;
}

/// More repos in a batch than are looked up one by one.
#[tokio::test(flavor = "multi_thread")]
async fn an_opt_out_among_many_repos() {
    let bed = Bed::new().await;
    bed.opt_out("did:plc:repo77").await;
    bed.opt_out("did:plc:elsewhere").await;
    let follow = |n: usize| Given {
        id: format!("1783175888{:03}-{n}", n % 1_000),
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
