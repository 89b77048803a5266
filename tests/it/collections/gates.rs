//! Thread gates and post gates with their posts: which rules are which columns, and what a post's
//! flags say, whatever came first.

use super::{
    Dialect, FIRST, Fields, Moment, REPO, SECOND, THIRD, commit, delete, put, record, same, text,
};
use crate::support::Bed;

fn op(action: &str, path: &str, fields: &Fields, moment: &Moment) -> String {
    let collection = path.split('/').next().unwrap();
    put(
        action,
        path,
        &record(collection, fields, Dialect::Sdk, moment),
    )
}

async fn flags(bed: &Bed) -> String {
    let query = "select string_agg(right(uri, 1) || has_thread_gate::int || has_post_gate::int, ' ' order by uri) from posts";
    text(bed, query).await.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_before_and_after_their_posts() {
    let bed = Bed::new().await;
    let post = |rkey: &str| {
        op(
            "create",
            &format!("app.bsky.feed.post/{rkey}"),
            &same(r#""text":"x""#),
            &FIRST,
        )
    };
    let gate = |rkey: &str| {
        op(
            "create",
            &format!("app.bsky.feed.threadgate/{rkey}"),
            &same(r#""allow":[]"#),
            &FIRST,
        )
    };
    let postgate = |rkey: &str| {
        op(
            "create",
            &format!("app.bsky.feed.postgate/{rkey}"),
            &same(r#""post":"{P}/9""#),
            &FIRST,
        )
    };
    commit(&bed, REPO, &FIRST, &[post("1"), gate("2"), postgate("3")]).await;
    assert_eq!(flags(&bed).await, "100");
    commit(&bed, REPO, &SECOND, &[gate("1"), post("2"), post("3")]).await;
    assert_eq!(flags(&bed).await, "110 210 301");
    let deletes = ["threadgate/1", "threadgate/2", "postgate/3"]
        .map(|path| delete(&format!("app.bsky.feed.{path}")));
    commit(&bed, REPO, &THIRD, &deletes).await;
    assert_eq!(flags(&bed).await, "100 200 300");
    assert_eq!(
        text(&bed, "select count(*)::text from post_gates")
            .await
            .as_deref(),
        Some("0")
    );
}

/// Nobody may answer where `allow` is empty; anyone where there is none, and then there is no row.
#[tokio::test(flavor = "multi_thread")]
async fn a_gate_for_nobody_and_a_gate_for_anyone() {
    let bed = Bed::new().await;
    let gate = |action: &str, rkey: &str, fields: &'static str, moment: &Moment| {
        op(
            action,
            &format!("app.bsky.feed.threadgate/{rkey}"),
            &same(fields),
            moment,
        )
    };
    let rules = "select string_agg(right(post_uri, 1) || ' ' || allow_mentions::text || ' ' || allow_following::text || ' '
            || allow_list_members::text || ' ' || allow_list_uris::text, ', ' order by post_uri) from thread_gates";
    let ops = [
        op(
            "create",
            "app.bsky.feed.post/1",
            &same(r#""text":"x""#),
            &FIRST,
        ),
        op(
            "create",
            "app.bsky.feed.post/2",
            &same(r#""text":"x""#),
            &FIRST,
        ),
        gate("create", "1", r#""allow":[]"#, &FIRST),
        gate("create", "2", r#""allow":null"#, &FIRST),
    ];
    commit(&bed, REPO, &FIRST, &ops).await;
    assert_eq!(
        text(&bed, rules).await.as_deref(),
        Some("1 false false false []")
    );
    assert_eq!(flags(&bed).await, "110 200");
    let ops = [
        gate("update", "1", r#""hidden_replies":[]"#, &SECOND),
        gate("update", "2", r#""allow":[]"#, &SECOND),
    ];
    commit(&bed, REPO, &SECOND, &ops).await;
    assert_eq!(
        text(&bed, rules).await.as_deref(),
        Some("2 false false false []")
    );
    assert_eq!(flags(&bed).await, "100 210");
}
