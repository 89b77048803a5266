//! The helpers themselves: that the check of counts can fail, and that the stream's do what they
//! say. A check that cannot fail proves nothing of what it is used for.

use crate::support::stream::{DEAD_LETTERS, GROUP, KEY, New};
use crate::support::{Bed, Made, counts, data};

const POST: &str = "at://did:plc:a/app.bsky.feed.post/1";
/// A consistent database: a post with one of everything that is counted.
const CONSISTENT: &str = include_str!("support/consistent.sql");

#[tokio::test]
async fn counts_that_equal_rows_pass() {
    let bed = Bed::new().await;
    bed.client.batch_execute(CONSISTENT).await.unwrap();
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test]
async fn every_check_finds_what_it_is_for() {
    let breaks = [
        (
            "post_aggregations: ",
            "update post_aggregations set like_count = 2",
        ),
        (
            "post_aggregations: ",
            "update post_aggregations set reply_count = 0",
        ),
        ("post_aggregations: ", "delete from reposts"),
        ("post_aggregations: ", "delete from bookmarks"),
        (
            "post_aggregations: ",
            "insert into post_aggregations (post_uri) values ('at://did:plc:a/app.bsky.feed.generator/g')",
        ),
        (
            "posts without counts: ",
            "delete from post_aggregations where quote_count = 0",
        ),
        (
            "own like_count: ",
            "update feed_generators set like_count = 0",
        ),
        (
            "own like_count: ",
            "update labeler_services set like_count = 3",
        ),
        ("gates: ", "delete from thread_gates"),
        ("gates: ", "update posts set has_post_gate = false"),
        ("feed_items: ", "delete from feed_items where type = 'post'"),
        ("feed_items: ", "delete from reposts"),
        (
            "feed_items: ",
            "update feed_items set sort_at = now() where type = 'post'",
        ),
        ("quotes: ", "delete from quotes"),
        ("quotes: ", "delete from posts where embed is not null"),
        (
            "forebay.duplicates: ",
            "delete from forebay.duplicates where uri like '%.like/2'",
        ),
        (
            "forebay.duplicates: ",
            "update likes set uri = 'at://did:plc:b/app.bsky.feed.like/2' where uri like '%.like/1'",
        ),
    ];
    let mut bed = Bed::new().await;
    bed.client.batch_execute(CONSISTENT).await.unwrap();
    for (check, statement) in breaks {
        let broken = bed.client.transaction().await.unwrap();
        broken.batch_execute(statement).await.unwrap();
        let found = counts::differences(&broken).await;
        assert!(
            found.iter().any(|line| line.starts_with(check)),
            "{statement}: {found:?}"
        );
        broken.rollback().await.unwrap();
    }
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test]
async fn the_stream_is_the_readers() {
    let bed = Bed::on(Made::FromTsv).await;
    let stream = &bed.stream;
    assert_eq!((stream.len().await, stream.group().await), (0, None));

    assert_eq!(stream.xadd_at("5-1", "commit", POST, "12").await, "5-1");
    let new = New {
        id: None,
        kind: "identity".into(),
        data: vec![0xff, 0],
        seq: String::new(),
    };
    assert_eq!(stream.xadd_all(&vec![new; 1_500]).await.len(), 1_500);
    assert_eq!(stream.len().await, 1_501);

    let _: String = stream.run(&["XGROUP", "CREATE", KEY, GROUP, "0"]).await;
    let _: deadpool_redis::redis::Value = stream
        .run(&[
            "XREADGROUP",
            "GROUP",
            GROUP,
            "me",
            "COUNT",
            "3",
            "STREAMS",
            KEY,
            ">",
        ])
        .await;
    let group = stream.group().await.unwrap();
    assert_eq!(
        (
            group.consumers,
            group.pending,
            group.entries_read,
            group.lag
        ),
        (1, 3, Some(3), Some(1_498))
    );
    assert_eq!(stream.pending().await, 3);

    let _: String = stream
        .run(&["XADD", DEAD_LETTERS, "*", "reason", "type_mismatch"])
        .await;
    assert_eq!(stream.dead_letters().await[0]["reason"], "type_mismatch");
}

#[tokio::test]
async fn every_test_has_a_database_of_its_own() {
    let (one, other) = (Bed::new().await, Bed::new().await);
    one.client.batch_execute(CONSISTENT).await.unwrap();
    let rows = other
        .connect()
        .await
        .query("select from posts", &[])
        .await
        .unwrap();
    assert!(rows.is_empty());
    assert_ne!(one.redis_url, other.redis_url);
    assert_ne!(one.redis.pid(), other.redis.pid());
}

#[tokio::test]
async fn the_real_entries_go_on_the_stream_as_they_came() {
    let (Some(entries), Some(events)) = (data::wire_entries(), data::jetstream()) else {
        return;
    };
    let bed = Bed::new().await;
    bed.stream.xadd_all(&entries).await;
    assert_eq!(bed.stream.len().await, 150);
    assert_eq!(events.len(), 152);
}
