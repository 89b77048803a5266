//! What follows from records of two repos that are merged at once: a reply and its like, a reply and the
//! gate of its thread, a quote and the gate of what it quotes. Neither transaction sees the other's
//! record; the post's row of counts makes the second wait.

use super::super::histories::{POST_1, delete, like, mention, put, quote_of, reply_in};
use super::{Case, Scene};
use forebay::partition;
use serde_json::{Value, json};

const REPLY: &str = "at://did:plc:b/app.bsky.feed.post/r";

fn nobody() -> Value {
    json!({"allow": []})
}

fn mentioned() -> Value {
    json!({"allow": [{"$type": "app.bsky.feed.threadgate#mentionRule"}]})
}

fn no_quotes() -> Value {
    json!({"embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}]})
}

/// Each in both orders.
fn cases() -> Vec<Case> {
    let reply = || put("b", "app.bsky.feed.post/r", reply_in(POST_1, POST_1));
    let liked = || put("a", "app.bsky.feed.like/1", like(REPLY));
    let gate = |rules| put("a", "app.bsky.feed.threadgate/1", rules);
    let histories = [
        (vec![reply(), liked()], [0], [1]),
        (
            vec![liked(), reply(), delete("a", "app.bsky.feed.like/1")],
            [1],
            [2],
        ),
        (vec![reply(), gate(nobody())], [0], [1]),
        (
            vec![
                gate(nobody()),
                reply(),
                delete("a", "app.bsky.feed.threadgate/1"),
            ],
            [1],
            [2],
        ),
        (
            vec![
                gate(mentioned()),
                reply(),
                put("a", "app.bsky.feed.post/1", mention("did:plc:b")),
            ],
            [1],
            [2],
        ),
        (
            vec![
                put("b", "app.bsky.feed.post/q", quote_of(POST_1)),
                put("a", "app.bsky.feed.postgate/1", no_quotes()),
            ],
            [0],
            [1],
        ),
    ];
    let both = |(ops, one, other): (_, [usize; 1], [usize; 1])| {
        let case: Case = Case::of(ops, &[]);
        let Case { history, .. } = case;
        [[one, other], [other, one]].map(|[first, second]| Case {
            history: history.clone(),
            first: first.to_vec(),
            second: second.to_vec(),
            wrong: &[],
        })
    };
    histories.into_iter().flat_map(both).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_sees_what_the_first_committed() {
    assert_ne!(partition::of("did:plc:a"), partition::of("did:plc:b"));
    let scene = Scene::new().await;
    for case in cases() {
        scene.play(&case).await.assert_in_turn_by_a_row();
    }
}

/// The reply's own repo is changing it while a gate would turn its flag: the gate's transaction passes it
/// over, and the reply's judges it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_being_changed_when_its_gate_comes() {
    let reply = |text: &str| {
        let mut reply = reply_in(POST_1, POST_1);
        reply["text"] = text.into();
        put("b", "app.bsky.feed.post/r", reply)
    };
    let history = || {
        vec![
            reply("one"),
            put("a", "app.bsky.feed.threadgate/1", nobody()),
            reply("two"),
        ]
    };
    let scene = Scene::new().await;
    for (first, second) in [([1], [2]), ([2], [1])] {
        let case = Case::of(history(), &[]).batches(&first, &second);
        scene.play(&case).await.assert_in_turn_by_a_row();
    }
}
