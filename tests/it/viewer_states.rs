//! Viewer states beside the AppView: its flags are its own, and a row goes when neither is left.

use super::audit::audited;
use super::convergence::assert_right;
use super::histories::{POST_1, crowd, delete, history, like, model_of, put, reply_in};
use super::model::{Judged, Model, assert_same};
use super::support::Bed;
use super::support::give::{self, Given};
use super::support::worker::drain;
use forebay::audit::Repair;
use serde_json::json;

async fn states(bed: &Bed) -> String {
    let query = "select coalesce(string_agg(concat_ws(' ', right(post_uri, 1), right(like_uri, 1),
            right(repost_uri, 1), bookmarked::text, case when thread_muted then 'muted' end,
            case when pinned then 'pinned' end), ', ' order by post_uri), '') from post_viewer_states";
    bed.client.query_one(query, &[]).await.unwrap().get(0)
}

async fn store(bed: &Bed, entries: &[Given]) {
    give::give_as_replays(bed, entries.iter()).await;
    drain(bed, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_of_the_appview_stay() {
    const POST_2: &str = "at://did:plc:a/app.bsky.feed.post/2";
    let bed = Bed::new().await;
    let entries = history(vec![
        put("b", "app.bsky.feed.like/1", like(POST_1)),
        put("b", "app.bsky.feed.repost/1", like(POST_1)),
        put("b", "app.bsky.feed.like/2", like(POST_2)),
        put("b", "app.bsky.bookmark/2", like(POST_2)),
        delete("b", "app.bsky.feed.like/1"),
        delete("b", "app.bsky.feed.repost/1"),
        delete("b", "app.bsky.feed.like/2"),
        delete("b", "app.bsky.bookmark/2"),
        put("b", "app.bsky.feed.like/3", like(POST_1)),
    ]);
    let muted = "insert into post_viewer_states (post_uri, viewer_did, thread_muted) values ($1, 'did:plc:b', true)";
    bed.client.execute(muted, &[&POST_1]).await.unwrap();
    store(&bed, &entries[..4]).await;
    assert_eq!(states(&bed).await, "1 1 1 false muted, 2 2 true");
    store(&bed, &entries[4..5]).await;
    assert_eq!(states(&bed).await, "1 1 false muted, 2 2 true");
    let pin = "update post_viewer_states set pinned = true where post_uri = $1";
    bed.client.execute(pin, &[&POST_2]).await.unwrap();
    store(&bed, &entries[5..8]).await;
    assert_eq!(states(&bed).await, "1 false muted, 2 false pinned");
    bed.client
        .execute("update post_viewer_states set pinned = false", &[])
        .await
        .unwrap();
    // A delete that comes again touches the pair no more; the audit finds what is left of it.
    let report = audited(&bed, Repair::Yes).await;
    assert_eq!(
        report.findings["viewer state of no reaction"].found, 1,
        "{report}"
    );
    store(&bed, &entries[8..]).await;
    assert_eq!(states(&bed).await, "1 3 false muted");
}

/// Whom the root's author follows, and who is on a list, is judged when the later of reply and gate
/// comes; and anew by an audit that mends.
#[tokio::test(flavor = "multi_thread")]
async fn following_and_lists_are_judged_once() {
    const LIST: &str = "at://did:plc:a/app.bsky.graph.list/1";
    let rules = json!({"allow": [{"$type": "app.bsky.feed.threadgate#followingRule"},
        {"$type": "app.bsky.feed.threadgate#listRule", "list": LIST}]});
    let item = json!({"list": LIST, "subject": "did:plc:c"});
    let follow = |did: &str| json!({"subject": did});
    let entries = history(vec![
        put("a", "app.bsky.feed.threadgate/1", rules),
        put("a", "app.bsky.graph.follow/b", follow("did:plc:b")),
        put("a", "app.bsky.graph.listitem/c", item),
        put("b", "app.bsky.feed.post/1", reply_in(POST_1, POST_1)),
        put("c", "app.bsky.feed.post/1", reply_in(POST_1, POST_1)),
        put("d", "app.bsky.feed.post/1", reply_in(POST_1, POST_1)),
        delete("a", "app.bsky.graph.follow/b"),
        delete("a", "app.bsky.graph.listitem/c"),
        put("a", "app.bsky.graph.follow/d", follow("did:plc:d")),
    ]);
    let violating = async |bed: &Bed| -> String {
        let query = "select coalesce(string_agg(right(author_did, 1), ' ' order by author_did), '')
                     from posts where violates_thread_gate";
        bed.client.query_one(query, &[]).await.unwrap().get(0)
    };
    let bed = Bed::new().await;
    for entry in &entries {
        store(&bed, std::slice::from_ref(entry)).await;
    }
    assert_eq!(violating(&bed).await, "d");
    let found = audited(&bed, Repair::No).await;
    assert_eq!(found.drift(), 0, "{found}");
    let mended = audited(&bed, Repair::Yes).await;
    assert_eq!(mended.findings["violates_thread_gate"].found, 3, "{mended}");
    assert_eq!(violating(&bed).await, "b c");
    let mut model = model_of(&entries, Model::new());
    model.judged = Judged::Anew;
    assert_same(&model, &bed.client).await;
}

/// What was not kept is made by an audit that mends.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_kept_is_made_by_an_audit() {
    let bed = Bed::new().await;
    let mut entries = crowd();
    entries.extend(history(vec![
        put("a", "app.bsky.feed.threadgate/1", json!({"allow": []})),
        put("b", "app.bsky.feed.post/r", reply_in(POST_1, POST_1)),
        put(
            "a",
            "app.bsky.feed.like/r",
            like("at://did:plc:b/app.bsky.feed.post/r"),
        ),
    ]));
    give::give_as_replays(&bed, entries.iter()).await;
    let derived = "notifications,label_events";
    drain(&bed, &["--derived", derived, "--parallel-consumers", "1"]).await;
    let query =
        "select (select count(*) from post_viewer_states) + (select count(*) from thread_contexts)
        + (select count(*) from posts where violates_thread_gate)";
    assert_eq!(bed.number(query).await, 0);
    let report = audited(&bed, Repair::Yes).await;
    assert_eq!(report.unmended(), 0, "{report}");
    assert_eq!(
        report.findings["viewer state missing"].found, 41,
        "{report}"
    );
    assert_right(&bed, &model_of(&entries, Model::new())).await;
}
