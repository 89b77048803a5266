//! What deletes leave behind: found however many there are, and kept as long as it can matter.

use super::convergence::assert_right;
use super::histories::{POST_1, delete, history, like, model_of, put};
use super::model::Model;
use super::support::worker::{config, drain};
use super::support::{Bed, give};
use forebay::cli::work;
use forebay::housekeeping;
use serde_json::json;
use tokio::sync::watch;

/// So many later tombstones that a batch does not gather them but asks for its own uris.
#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_comes_after_its_delete_among_many() {
    let bed = Bed::new().await;
    let many = "insert into forebay.tombstones (uri, position, tie)
        select 'at://did:plc:x/app.bsky.feed.like/' || n, '2026-09-01', 0
        from generate_series(1, 10001) n";
    bed.client.batch_execute(many).await.unwrap();
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.post/1", json!({"text": "x"})),
        put("b", "com.example.thing/1", json!({"x": 1})),
        delete("b", "app.bsky.feed.like/1"),
        delete("b", "app.bsky.feed.post/1"),
        delete("b", "com.example.thing/1"),
        put("b", "app.bsky.feed.like/2", like(POST_1)),
    ]);
    give::give_as_replays(&bed, entries.iter().rev()).await;
    drain(&bed, &["--flush-rows", "1"]).await;
    assert_right(&bed, &model_of(&entries, Model::new())).await;
}

/// Those that are old go, but for what a pending entry, or a dead letter that is replayed, could
/// still meet.
#[tokio::test(flavor = "multi_thread")]
async fn are_pruned_when_nothing_can_meet_them() {
    let bed = Bed::new().await;
    let like = |ms: u64| (format!("{ms}-0"), ms);
    for (id, ms) in [like(1_000), like(5_000), like(9_000)] {
        bed.stream
            .xadd_at(&id, "account", r#"{"did":"did:plc:a"}"#, &ms.to_string())
            .await;
    }
    let old = "insert into forebay.tombstones (uri, position, tie, written_at)
        select uri, timestamp '1970-01-01' + ms * interval '1 millisecond', 0, now() - age
        from (values ('before', 500, interval '25 hours'), ('beside', 4000, '25 hours'),
                     ('after', 9500, '25 hours'), ('young', 400, '23 hours')) v (uri, ms, age)";
    bed.client.batch_execute(old).await.unwrap();
    let (_stop, stopped) = watch::channel(false);
    let Ok(pipeline) = work::pipeline(config(&bed, &[]), stopped) else {
        panic!("a pipeline");
    };
    let prune = async || {
        housekeeping::prune(&pipeline.pool, &pipeline.redis, 24)
            .await
            .unwrap();
        let left = "select coalesce(string_agg(uri, ' ' order by uri), '') from forebay.tombstones";
        bed.client
            .query_one(left, &[])
            .await
            .unwrap()
            .get::<_, String>(0)
    };
    assert_eq!(
        prune().await,
        "after before beside young",
        "no group: all can come"
    );
    drain(&bed, &[]).await;
    bed.stream.xadd_at("20000-0", "account", "{}", "").await;
    bed.stream.read_and_die("dead", 1).await;
    let letter = |id: &str| {
        format!(
        "insert into forebay.dead_letters (entry_id, orig_id, op, type, data, truncated, seq, deliveries, reason, remedy)
         values ('{id}', '{id}', 0, 'commit', '', false, '', 1, 'x', 'x')"
    )
    };
    bed.client.batch_execute(&letter("450-0")).await.unwrap();
    assert_eq!(
        prune().await,
        "after before beside young",
        "a letter can be replayed"
    );
    bed.client
        .batch_execute("delete from forebay.dead_letters")
        .await
        .unwrap();
    bed.client.batch_execute(&letter("4000-0")).await.unwrap();
    assert_eq!(prune().await, "after beside young");
    bed.client
        .batch_execute("delete from forebay.dead_letters")
        .await
        .unwrap();
    assert_eq!(prune().await, "young", "but for its age");
}
