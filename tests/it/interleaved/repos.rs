//! What one repo's records do to each other: the partition locks.

use super::super::histories::{POST_1, delete, like, put};
use super::{Case, Lock, Scene, assert_needs};
use serde_json::{Value, json};

/// A record of each way of merging, and the row that must not be there.
fn records() -> [(&'static str, Value, &'static [&'static str]); 6] {
    let named = json!({"name": "n", "purpose": "p"});
    [
        (
            "app.bsky.feed.like/1",
            like(POST_1),
            &["public.likes at://did:plc:b/app.bsky.feed.like/1"],
        ),
        (
            "app.bsky.feed.post/1",
            json!({"text": "x"}),
            &["public.posts at://did:plc:b/app.bsky.feed.post/1"],
        ),
        (
            "app.bsky.feed.repost/1",
            like(POST_1),
            &["public.reposts at://did:plc:b/app.bsky.feed.repost/1"],
        ),
        (
            "app.bsky.graph.list/1",
            named,
            &["public.lists at://did:plc:b"],
        ),
        (
            "com.example.thing/1",
            json!({"x": 1}),
            &["public.generic_records at://did:plc:b"],
        ),
        (
            "app.bsky.actor.profile/self",
            json!({"displayName": "gone"}),
            &["public.users did:plc:b display_name"],
        ),
    ]
}

/// Neither sees the other: the delete finds nothing to remove, the create no tombstone.
#[tokio::test(flavor = "multi_thread")]
async fn a_create_and_its_delete() {
    let mut cases = Vec::new();
    for (path, record, wrong) in records() {
        for (first, second) in [([0, 1], [2, 3]), ([2, 3], [0, 1])] {
            let history = vec![
                put(
                    "b",
                    "app.bsky.graph.block/1",
                    json!({"subject": "did:plc:c"}),
                ),
                put("b", path, record.clone()),
                put(
                    "b",
                    "app.bsky.graph.block/2",
                    json!({"subject": "did:plc:d"}),
                ),
                delete("b", path),
            ];
            cases.push(Case::of(history, wrong).batches(&first, &second));
        }
    }
    assert_needs(Lock::Partitions, &cases).await;
}

/// The holder of a pair and its duplicate are deleted at once: one transaction seats the record
/// whose delete is the other's, which looked for it where it no longer was.
#[tokio::test(flavor = "multi_thread")]
async fn the_holder_of_a_pair_and_its_duplicate() {
    let pairs = [
        (
            "app.bsky.feed.like/1",
            "app.bsky.feed.like/2",
            &["public.likes at://did:plc:b/app.bsky.feed.like/2"],
            &["public.likes at://did:plc:b/app.bsky.feed.like/1"],
        ),
        (
            "app.bsky.feed.repost/1",
            "app.bsky.feed.repost/2",
            &["public.reposts at://did:plc:b/app.bsky.feed.repost/2"],
            &["public.reposts at://did:plc:b/app.bsky.feed.repost/1"],
        ),
    ];
    let mut cases = Vec::new();
    for (holder, duplicate, holder_first, duplicate_first) in pairs {
        let history = || {
            vec![
                put("b", holder, like(POST_1)),
                put("b", duplicate, like(POST_1)),
                delete("b", holder),
                delete("b", duplicate),
            ]
        };
        cases.push(Case::of(history(), holder_first).batches(&[2], &[3]));
        cases.push(Case::of(history(), duplicate_first).batches(&[3], &[2]));
    }
    assert_needs(Lock::Partitions, &cases).await;
}

/// The unique index alone makes a second record of a pair wait for the first's transaction, and
/// what follows sees it: nothing is wrong even without the lock.
#[tokio::test(flavor = "multi_thread")]
async fn two_records_of_a_pair_are_kept_apart_by_the_index() {
    let taken = Scene::without(Lock::Partitions).await;
    for (first, second) in [([0, 1], [2, 3]), ([2, 3], [0, 1])] {
        let history = vec![
            put("b", "app.bsky.feed.like/1", like(POST_1)),
            put(
                "b",
                "app.bsky.graph.follow/1",
                json!({"subject": "did:plc:c"}),
            ),
            put("b", "app.bsky.feed.like/2", like(POST_1)),
            put(
                "b",
                "app.bsky.graph.follow/2",
                json!({"subject": "did:plc:c"}),
            ),
        ];
        let played = taken
            .play(&Case::of(history, &[]).batches(&first, &second))
            .await;
        played.assert_in_turn_by_a_row();
    }
}

/// The post looks for its gates, and none is there. Gates that come second wait for the post's row of
/// counts before they look for the post: these are not wrong without the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_post_and_its_gates() {
    let case = |first: [usize; 2], second: [usize; 2]| {
        let wrong = &["post/1 has_thread_gate", "post/2 has_post_gate", "gates: "];
        let rules = json!({"embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}]});
        let history = vec![
            put("b", "app.bsky.feed.post/1", json!({"text": "one"})),
            put("b", "app.bsky.feed.post/2", json!({"text": "two"})),
            put("b", "app.bsky.feed.threadgate/1", json!({"allow": []})),
            put("b", "app.bsky.feed.postgate/2", rules),
        ];
        Case::of(history, wrong).batches(&first, &second)
    };
    assert_needs(Lock::Partitions, &[case([2, 3], [0, 1])]).await;
    let gates_second = case([0, 1], [2, 3]);
    let taken = Scene::without(Lock::Partitions).await;
    let played = taken.play(&gates_second).await;
    played.assert_in_turn_by_a_row();
    let played = Scene::new().await.play(&gates_second).await;
    played.assert_in_turn();
}
