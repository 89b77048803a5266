//! An audit finds every fault that is planted, mends it, and finds none where there is none.

use super::generated;
use super::support::stream::New;
use super::support::worker::{Worker, drain};
use super::support::{Bed, child, counts};
use super::takeover::servers;
use forebay::audit::{Repair, Report, audit};
use forebay::derived::DerivedSet;
use forebay::generate::{Event, Options};
use forebay::progress::Progress;

const SOME: Options = Options {
    seed: 5,
    events: 3_000,
    users: 200,
    sdk: 0.5,
    bad: 0.0,
};

pub async fn audited(bed: &Bed, repair: Repair) -> Report {
    let (pool, redis) = servers(bed);
    audit(&pool, &redis, repair, DerivedSet::ALL, &Progress::hidden())
        .await
        .unwrap()
}

fn as_new((id, event): &(String, Event)) -> New {
    New {
        id: Some(id.clone()),
        kind: event.kind.to_owned(),
        data: event.data.clone().into_bytes(),
        seq: event.seq.clone(),
    }
}

async fn filled(options: Options) -> Bed {
    let bed = Bed::new().await;
    let new: Vec<New> = generated::entries(options).iter().map(as_new).collect();
    bed.stream.xadd_all(&new).await;
    bed
}

/// What is done to the rows, and the kind of drift that it is.
const FAULTS: [(&str, &str); 35] = [
    ("update post_aggregations set like_count = like_count + 1 where {some}", "like_count"),
    ("update post_aggregations set repost_count = -1 where {some}", "repost_count"),
    ("update post_aggregations set reply_count = 777 where {some}", "reply_count"),
    ("update post_aggregations set bookmark_count = 777 where {some}", "bookmark_count"),
    ("update post_aggregations set quote_count = 777 where {some}", "quote_count"),
    ("delete from post_aggregations where post_uri = (select min(uri) from posts)", "no post_aggregations row"),
    ("insert into post_aggregations (post_uri) values ('at://did:plc:x/app.bsky.graph.list/y')", "post_aggregations row of no post"),
    ("update feed_generators set like_count = 777 where ctid = (select min(ctid) from feed_generators)", "feed_generators like_count"),
    ("update labeler_services set like_count = 777 where ctid = (select min(ctid) from labeler_services)", "labeler_services like_count"),
    ("delete from quotes where ctid = (select min(ctid) from quotes)", "quote missing"),
    ("insert into quotes (uri, cid, post_uri, quoted_uri, created_at) values ('x#quote', 'c', 'x', 'at://y', now())", "quote of no embed"),
    ("update posts set has_post_gate = not has_post_gate where ctid = (select min(ctid) from posts)", "has_post_gate"),
    ("update posts set has_thread_gate = not has_thread_gate where ctid = (select min(ctid) from posts)", "has_thread_gate"),
    ("delete from feed_items where uri = (select min(uri) from posts)", "feed item missing"),
    ("insert into feed_items select 'at://x/y/z', post_uri, originator_did, type, sort_at, cid, created_at, indexed_at from feed_items limit 1", "feed item of no record"),
    ("update feed_items set sort_at = '2030-01-01' where ctid = (select min(ctid) from feed_items)", "feed item differs"),
    ("delete from post_viewer_states where ctid = (select min(ctid) from post_viewer_states)", "viewer state missing"),
    ("update post_viewer_states set like_uri = 'x', bookmarked = true where ctid = (select min(ctid) from post_viewer_states)", "viewer state differs"),
    ("insert into post_viewer_states (post_uri, viewer_did) values ('at://did:plc:x/app.bsky.feed.post/y', 'did:plc:x')", "viewer state of no reaction"),
    ("insert into post_viewer_states (post_uri, viewer_did, repost_uri, pinned) values ('at://did:plc:x/app.bsky.feed.post/y', 'did:plc:x', 'x', true)", "viewer state differs"),
    ("delete from thread_contexts where ctid = (select min(ctid) from thread_contexts)", "thread context missing"),
    ("insert into thread_contexts (post_uri) values ('at://did:plc:x/app.bsky.feed.post/y')", "thread context of no reply"),
    ("update thread_contexts set root_author_like_uri = 'x' where ctid = (select min(ctid) from thread_contexts)", "root_author_like_uri"),
    ("update posts set violates_thread_gate = not violates_thread_gate where ctid = (select min(ctid) from posts)", "violates_thread_gate"),
    ("update posts set violates_embedding_rules = not violates_embedding_rules where ctid = (select min(ctid) from posts)", "violates_embedding_rules"),
    ("with one as (select d.uri, l.uri as held from forebay.duplicates d join likes l on l.user_did = d.key1 and l.post_uri = d.key2
      where d.kind = 'likes' and d.uri <> l.uri limit 1)
      update likes l set uri = one.uri from one where l.uri = one.held", "likes duplicates"),
    ("delete from notifications where uri = (select min(uri) from notifications where reason = 'like')", "notification missing"),
    ("delete from notifications where uri = (select min(uri) from notifications where reason = 'mention')", "notification missing"),
    ("delete from notifications where uri = (select min(uri) from notifications where reason = 'quote')", "notification missing"),
    ("update notifications set recipient_did = 'did:plc:other' where uri = (select min(uri) from notifications where reason = 'repost')", "notification differs"),
    ("update notifications set reason_subject = 'x' where uri = (select min(uri) from notifications where reason = 'reply')", "notification differs"),
    ("update notifications set reason_subject = 'x' where uri = (select min(uri) from notifications where reason = 'follow')", "notification differs"),
    ("insert into notifications (uri, recipient_did, author_did, reason, created_at) values ('at://did:plc:x/app.bsky.feed.like/y#notification', 'did:plc:y', 'did:plc:x', 'like', now())", "notification of no record"),
    ("update notifications set uri = uri || 'x' where uri = (select min(uri) from notifications where reason = 'mention')", "notification of no record"),
    ("delete from label_events where label_uri = (select min(label_uri) from label_events)", "label event missing"),
];

#[tokio::test(flavor = "multi_thread")]
async fn finds_and_mends_every_fault() {
    let bed = filled(SOME).await;
    drain(&bed, &[]).await;
    let clean = audited(&bed, Repair::No).await;
    assert_eq!(clean, Report::default(), "{clean}");
    for (fault, kind) in FAULTS {
        let some = "ctid = (select min(ctid) from post_aggregations)";
        let planted = bed
            .client
            .execute(&fault.replace("{some}", some), &[])
            .await;
        assert_eq!(planted.unwrap(), 1, "{fault}");
        let found = audited(&bed, Repair::No).await;
        assert!(found.findings.contains_key(kind), "{fault}: {found}");
        let mended = audited(&bed, Repair::Yes).await;
        assert_eq!(mended.unmended(), 0, "{fault}: {mended}");
        let after = audited(&bed, Repair::No).await;
        assert_eq!(after, Report::default(), "{fault}: {after}");
        counts::assert_equal_rows(&bed.client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_and_mends_what_redis_was_told() {
    let bed = filled(SOME).await;
    drain(&bed, &[]).await;
    let _: i64 = bed
        .stream
        .run(&["HINCRBY", "db:record_counts", "likes", "5"])
        .await;
    let _: i64 = bed.stream.run(&["HDEL", "db:record_counts", "users"]).await;
    let found = audited(&bed, Repair::Yes).await;
    assert_eq!(found.findings["record count"].found, 2, "{found}");
    let after = audited(&bed, Repair::No).await;
    assert_eq!(after, Report::default(), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_nothing_beside_a_worker_that_ingests() {
    let bed = filled(Options {
        events: 15_000,
        ..SOME
    })
    .await;
    let worker = Worker::start(&bed, &["--flush-rows", "60", "--until-caught-up"]);
    let mut audits = 0;
    while worker.metrics.entries_acked() < 14_000 {
        let report = audited(&bed, Repair::No).await;
        assert_eq!(report.drift(), 0, "{report}");
        audits += 1;
    }
    worker.end().await.unwrap();
    assert!(audits > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn mends_beside_a_worker_that_ingests() {
    let bed = filled(Options {
        events: 15_000,
        ..SOME
    })
    .await;
    let worker = Worker::start(&bed, &["--flush-rows", "60", "--until-caught-up"]);
    let mut mended = 0;
    while worker.metrics.entries_acked() < 14_000 {
        bed.client
            .batch_execute(
                // In the worker's own order, or the two would wait for each other's rows.
                r#"with few as (select post_uri from post_aggregations where random() < 0.05
                                 order by post_uri collate "C" for update)
                   update post_aggregations a set like_count = like_count + 1
                   from few where a.post_uri = few.post_uri"#,
            )
            .await
            .unwrap();
        let report = audited(&bed, Repair::Yes).await;
        assert_eq!(report.unmended(), 0, "{report}");
        mended += report.drift();
    }
    worker.end().await.unwrap();
    assert!(mended > 0);
    audited(&bed, Repair::Yes).await;
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_says_whether_there_was_drift() {
    let bed = filled(SOME).await;
    drain(&bed, &[]).await;
    let program = async |args| child::output(child::command(&bed, args)).await;
    let (code, out, _) = program(&["audit"]).await;
    assert_eq!((code, out.as_str()), (0, "no differences\n"));
    bed.client
        .execute(
            "update post_aggregations set like_count = like_count + 1",
            &[],
        )
        .await
        .unwrap();
    let (code, out, err) = program(&["audit"]).await;
    assert_eq!(code, 1, "{err}");
    assert!(
        out.contains("like_count: ") && out.contains(", rows "),
        "{out}"
    );
    let (code, out, err) = program(&["audit", "--repair"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("differences found and mended"), "{out}");
    let (code, ..) = program(&["audit"]).await;
    assert_eq!(code, 0);
}

/// A trigger of the operator's that refuses a row must not end the audit, nor be taken for mended.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_mended_is_told() {
    let bed = filled(SOME).await;
    drain(&bed, &[]).await;
    bed.client
        .batch_execute(
            "update post_aggregations set like_count = 777 where ctid = (select min(ctid) from post_aggregations);
             create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
             create trigger refuse before update on post_aggregations for each row execute function refuse()",
        )
        .await
        .unwrap();
    let (code, out, err) = child::output(child::command(&bed, &["audit", "--repair"])).await;
    assert_eq!(code, 1, "{out}{err}");
    assert!(
        out.contains("post_aggregations could not be mended"),
        "{out}"
    );
    assert!(err.contains("1 of them could not be mended"), "{err}");
}
