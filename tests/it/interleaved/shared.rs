//! What records of several repos do to each other: the tail locks.

use super::super::histories::{Op, delete, like, put};
use super::{Case, Lock, assert_needs};
use forebay::partition;
use serde_json::json;

const GENERATOR: &str = "at://did:plc:a/app.bsky.feed.generator/g";
const LABELER: &str = "at://did:plc:a/app.bsky.labeler.service/self";

/// No partition lock may come between these repos: the tail lock alone is on trial.
fn assert_of_different_partitions() {
    assert_ne!(partition::of("did:plc:a"), partition::of("did:plc:b"));
}

/// Of one key two repos have a record each. One of them deletes the holder's, the other the
/// duplicate's, in both orders.
fn both_deleted(history: impl Fn() -> Vec<Op>, wrong: [&'static [&'static str]; 2]) -> [Case; 2] {
    assert_of_different_partitions();
    let [holder_first, duplicate_first] = wrong;
    [
        Case::of(history(), holder_first).batches(&[2, 3], &[4, 5]),
        Case::of(history(), duplicate_first).batches(&[4, 5], &[2, 3]),
    ]
}

fn beside(repo: &'static str) -> Op {
    put(
        repo,
        "app.bsky.graph.list/1",
        json!({"name": "n", "purpose": "p"}),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_issuers_of_one_verification() {
    let verification = "app.bsky.graph.verification/1";
    let verify = |handle: &str| json!({"subject": "did:plc:s", "handle": handle});
    let history = || {
        vec![
            put("a", verification, verify("one.example")),
            put("b", verification, verify("two.example")),
            beside("a"),
            delete("a", verification),
            beside("b"),
            delete("b", verification),
        ]
    };
    let cases = both_deleted(
        history,
        [
            &["public.verifications at://did:plc:b"],
            &["public.verifications at://did:plc:a"],
        ],
    );
    assert_needs(Lock::Tail, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_repos_items_of_one_list() {
    let item = "app.bsky.graph.listitem/1";
    let list = "at://did:plc:a/app.bsky.graph.list/1";
    let subject = json!({"list": list, "subject": "did:plc:s"});
    let history = || {
        vec![
            put("a", item, subject.clone()),
            put("b", item, subject.clone()),
            beside("a"),
            delete("a", item),
            beside("b"),
            delete("b", item),
        ]
    };
    let cases = both_deleted(
        history,
        [
            &["public.list_items at://did:plc:b"],
            &["public.list_items at://did:plc:a"],
        ],
    );
    assert_needs(Lock::Tail, &cases).await;
}

/// The like finds no generator to count it, the generator no like to count.
#[tokio::test(flavor = "multi_thread")]
async fn a_generator_and_its_likes() {
    assert_of_different_partitions();
    let wrong = &[
        "public.feed_generators at://did:plc:a/app.bsky.feed.generator/g like_count",
        "public.labeler_services at://did:plc:a/app.bsky.labeler.service/self like_count",
        "own like_count: ",
    ];
    let cases = [([0, 1], [2, 3]), ([2, 3], [0, 1])].map(|(first, second)| {
        let generator = json!({"did": "did:web:g.example", "displayName": "g"});
        let labeler = json!({"policies": {"labelValues": ["x"]}});
        let history = vec![
            put("a", "app.bsky.feed.generator/g", generator),
            put("a", "app.bsky.labeler.service/self", labeler),
            put("b", "app.bsky.feed.like/g", like(GENERATOR)),
            put("b", "app.bsky.feed.like/l", like(LABELER)),
        ];
        Case::of(history, wrong).batches(&first, &second)
    });
    assert_needs(Lock::Tail, &cases).await;
}

/// A like that goes while the generator is made: the generator still counts it, and its delete
/// finds no generator to take it from.
#[tokio::test(flavor = "multi_thread")]
async fn a_generator_and_likes_that_go() {
    assert_of_different_partitions();
    let wrong = &["generator/g like_count", "own like_count: "];
    let cases = [([1, 2], [3, 4]), ([3, 4], [1, 2])].map(|(first, second)| {
        let generator = json!({"did": "did:web:g.example", "displayName": "g"});
        let history = vec![
            put("b", "app.bsky.feed.like/g", like(GENERATOR)),
            put("a", "app.bsky.feed.generator/g", generator),
            beside("a"),
            delete("b", "app.bsky.feed.like/g"),
            beside("b"),
        ];
        Case::of(history, wrong).batches(&first, &second)
    });
    assert_needs(Lock::Tail, &cases).await;
}
