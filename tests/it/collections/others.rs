//! What follows from records beside their own rows, labels, and what is counted and not stored.

use super::{
    Dialect, FIRST, REPO, SECOND, THIRD, assert_rows, commit, delete, drain, put, record, rows,
    same, text,
};
use crate::support::Bed;
use forebay::tally::{Oddity, Unstored};

fn raw(action: &str, path: &str, fields: &str) -> String {
    let collection = path.split('/').next().unwrap();
    let body = format!(r#"{{"$type":"{collection}","createdAt":"2026-07-04T01:02:03Z",{fields}}}"#);
    put(action, path, &body)
}

fn like(action: &str, rkey: &str, of: &str) -> String {
    let path = format!("app.bsky.feed.like/{rkey}");
    raw(
        action,
        &path,
        &format!(r#""subject":{{"uri":"{of}","cid":"c-{rkey}"}}"#),
    )
}

const POST_1: &str = "at://did:plc:r/app.bsky.feed.post/1";

#[tokio::test(flavor = "multi_thread")]
async fn feed_items_quotes_and_counts_of_posts() {
    let bed = Bed::new().await;
    let quote = r#""text":"q","embed":{"$type":"app.bsky.embed.record","record":{"uri":"at://did:plc:r/app.bsky.feed.post/1","cid":"c1"}}"#;
    let of_list = r#""text":"q","embed":{"$type":"app.bsky.embed.record","record":{"uri":"at://did:plc:r/app.bsky.graph.list/1","cid":"c2"}}"#;
    let reply = r#""text":"a","reply":{"parent":{"uri":"at://did:plc:r/app.bsky.feed.post/1","cid":"c1"},"root":{"uri":"at://did:plc:r/app.bsky.feed.post/0","cid":"c0"}}"#;
    let ops = [
        raw("create", "app.bsky.feed.post/1", r#""text":"x""#),
        raw("create", "app.bsky.feed.post/2", quote),
        raw("create", "app.bsky.feed.post/3", of_list),
        raw("create", "app.bsky.feed.post/4", reply),
        raw(
            "create",
            "app.bsky.feed.repost/5",
            r#""subject":{"uri":"at://did:plc:r/app.bsky.feed.post/1","cid":"c1"}"#,
        ),
        like("create", "6", POST_1),
        like("create", "7", "at://did:plc:o/app.bsky.feed.post/unseen"),
    ];
    commit(&bed, REPO, &FIRST, &ops).await;
    let at = "2026-07-04T14:38:08.000001";
    let item = |rkey: &str, kind: &str, collection: &str, of: &str| {
        format!(
            r#"{{"uri":"at://did:plc:r/app.bsky.feed.{collection}/{rkey}","post_uri":"{of}","originator_did":"did:plc:r","type":"{kind}",
                "sort_at":"2026-07-04T01:02:03","cid":"c-create","created_at":"2026-07-04T01:02:03","indexed_at":"{at}"}}"#
        )
    };
    let post = |rkey: &str| {
        item(
            rkey,
            "post",
            "post",
            &format!("at://did:plc:r/app.bsky.feed.post/{rkey}"),
        )
    };
    let items = [
        post("1"),
        post("2"),
        post("3"),
        post("4"),
        item("5", "repost", "repost", POST_1),
    ];
    assert_rows(
        &bed,
        r#"select * from feed_items order by uri collate "C""#,
        &items,
    )
    .await;
    let quoted = |rkey: &str, of: &str, cid: &str| {
        format!(
            r#"{{"uri":"at://did:plc:r/app.bsky.feed.post/{rkey}#quote","cid":"c-create","post_uri":"at://did:plc:r/app.bsky.feed.post/{rkey}",
                "quoted_uri":"{of}","quoted_cid":"{cid}","created_at":"2026-07-04T01:02:03","indexed_at":"{at}"}}"#
        )
    };
    let quotes = [
        quoted("2", POST_1, "c1"),
        quoted("3", "at://did:plc:r/app.bsky.graph.list/1", "c2"),
    ];
    assert_rows(&bed, "select * from quotes order by uri", &quotes).await;
    let counts = "select string_agg(right(post_uri, 6) || ' ' || concat_ws('', like_count, repost_count, reply_count, bookmark_count, quote_count), ', '
        order by post_uri collate \"C\") from post_aggregations";
    assert_eq!(
        text(&bed, counts).await.as_deref(),
        Some("unseen 10000, post/0 00000, post/1 11101, post/2 00000, post/3 00000, post/4 00000")
    );

    let ops = [
        raw(
            "update",
            "app.bsky.feed.post/2",
            r#""text":"quotes nothing""#,
        ),
        raw(
            "update",
            "app.bsky.feed.post/4",
            &reply.replace("post/1", "post/2"),
        ),
        delete("app.bsky.feed.repost/5"),
        delete("app.bsky.feed.like/6"),
        delete("app.bsky.feed.post/3"),
    ];
    commit(&bed, REPO, &SECOND, &ops).await;
    assert_eq!(
        text(&bed, counts).await.as_deref(),
        Some("unseen 10000, post/0 00000, post/1 00000, post/2 00100, post/3 00000, post/4 00000")
    );
    assert_rows(&bed, "select * from quotes", &[]).await;
    assert_eq!(rows(&bed, "select * from feed_items").await.len(), 3);
}

/// A feed generator or labeler counts its own likes, whether they came before it or after.
#[tokio::test(flavor = "multi_thread")]
async fn likes_of_generators_and_labelers() {
    let bed = Bed::new().await;
    let generator = "at://did:plc:r/app.bsky.feed.generator/g";
    let labeler = "at://did:plc:r/app.bsky.labeler.service/self";
    let before = [like("create", "1", generator), like("create", "2", labeler)];
    commit(&bed, "did:plc:fan", &FIRST, &before).await;
    let made = [
        raw(
            "create",
            "app.bsky.feed.generator/g",
            r#""did":"did:web:g.example","displayName":"g""#,
        ),
        raw(
            "create",
            "app.bsky.labeler.service/self",
            r#""policies":{"labelValues":[]}"#,
        ),
    ];
    commit(&bed, REPO, &SECOND, &made).await;
    let counts = "select concat_ws(' ', (select like_count from feed_generators), (select like_count from labeler_services))";
    assert_eq!(text(&bed, counts).await.as_deref(), Some("1 1"));
    let after = [like("create", "3", generator), like("create", "4", labeler)];
    commit(&bed, "did:plc:other", &THIRD, &after).await;
    assert_eq!(text(&bed, counts).await.as_deref(), Some("2 2"));
    super::commit_as(
        &bed,
        "did:plc:fan",
        "1783175891000-0",
        &[delete("app.bsky.feed.like/1")],
    )
    .await;
    let update = raw(
        "update",
        "app.bsky.labeler.service/self",
        r#""policies":{}"#,
    );
    super::commit_as(&bed, REPO, "1783175891000-1", &[update]).await;
    drain(&bed, &[]).await;
    assert_eq!(text(&bed, counts).await.as_deref(), Some("1 2"));
    assert_rows(&bed, "select * from post_aggregations", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_and_its_date() {
    let bed = Bed::new().await;
    let label = |action: &str, rkey: &str, fields: &str| {
        let body = format!(r#"{{"$type":"com.atproto.label.label",{fields}}}"#);
        put(action, &format!("com.atproto.label.label/{rkey}"), &body)
    };
    let ops = [
        label(
            "create",
            "1",
            r#""uri":"at://did:plc:x/app.bsky.feed.post/1","val":"spam","cts":"2026-07-04T01:02:03Z""#,
        ),
        label(
            "create",
            "2",
            r#""did":"did:plc:x","val":"spam","neg":true,"createdAt":"2026-07-03","cts":"2026-07-02""#,
        ),
        label(
            "create",
            "3",
            r#""uri":"did:plc:x","val":"porn","createdAt":"yesterday","cts":"2026-07-02""#,
        ),
        label("create", "4", r#""uri":"did:plc:x","val":"porn""#),
    ];
    commit(&bed, REPO, &FIRST, &ops).await;
    let at = "2026-07-04T14:38:08.000001";
    let row = |rkey: &str, subject: &str, val: &str, neg: bool, created_at: &str| {
        format!(
            r#"{{"uri":"at://did:plc:r/com.atproto.label.label/{rkey}","src":"did:plc:r","subject":"{subject}","val":"{val}","neg":{neg},
                "created_at":"{created_at}","indexed_at":"{at}"}}"#
        )
    };
    let expected = [
        row(
            "1",
            "at://did:plc:x/app.bsky.feed.post/1",
            "spam",
            false,
            "2026-07-04T01:02:03",
        ),
        row("2", "did:plc:x", "spam", true, "2026-07-03T00:00:00"),
        row("3", "did:plc:x", "porn", false, "2026-07-02T00:00:00"),
        row("4", "did:plc:x", "porn", false, at),
    ];
    assert_rows(&bed, "select * from labels order by uri", &expected).await;
    let ops = [
        label(
            "update",
            "1",
            r#""uri":"at://did:plc:x/app.bsky.feed.post/1","val":"spam","neg":true,"cts":"2026-07-04T01:02:03Z""#,
        ),
        delete("com.atproto.label.label/2"),
    ];
    commit(&bed, REPO, &SECOND, &ops).await;
    let negs = text(
        &bed,
        "select string_agg(right(uri, 1) || neg, ' ' order by uri) from labels",
    )
    .await;
    assert_eq!(negs.as_deref(), Some("1true 3false 4false"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_and_not_stored() {
    let bed = Bed::new().await;
    let paths = [
        ("app.bsky.actor.status/self", Unstored::ActorStatus),
        (
            "app.bsky.notification.declaration/self",
            Unstored::NotificationDeclaration,
        ),
        (
            "chat.bsky.actor.declaration/self",
            Unstored::ChatDeclaration,
        ),
        ("app.bsky.actor.profile/other", Unstored::ProfileNotSelf),
    ];
    let mut ops: Vec<String> = Vec::new();
    for (path, _) in paths {
        ops.extend([
            raw("create", path, r#""x":1"#),
            raw("update", path, r#""x":2"#),
            delete(path),
        ]);
    }
    ops.push(raw("create", "app.bsky.feed.threadgate/1", r#""post":"at://did:plc:o/app.bsky.feed.post/1","allow":[{"$type":"app.bsky.feed.threadgate#followerRule"}]"#));
    super::commit_as(&bed, REPO, FIRST.id, &ops).await;
    let metrics = drain(&bed, &[]).await;
    let tally = metrics.batches().tally.clone();
    for (path, what) in paths {
        assert_eq!(tally.unstored_count(what), 3, "{path}");
    }
    assert_eq!(tally.oddities(Oddity::FollowerRule), 1);
    assert_eq!(tally.oddities(Oddity::GatePostMismatch), 1);
    for table in ["generic_records", "forebay.dead_letters"] {
        assert_rows(&bed, &format!("select * from {table}"), &[]).await;
    }
    assert_eq!(
        text(
            &bed,
            "select profile_record::text from users where did = 'did:plc:r'"
        )
        .await,
        None
    );
}

/// Of several records of one pair the first is in the table; when it goes, the next takes its
/// place, with all that is its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_record_of_a_pair_takes_the_firsts_place() {
    let bed = Bed::new().await;
    let repost = |rkey: &str| {
        raw(
            "create",
            &format!("app.bsky.feed.repost/{rkey}"),
            &format!(r#""subject":{{"uri":"{POST_1}","cid":"c-{rkey}"}},"via":{{"n":{rkey}}}"#),
        )
    };
    commit(
        &bed,
        REPO,
        &FIRST,
        &[repost("1"), like("create", "1", POST_1)],
    )
    .await;
    commit(
        &bed,
        REPO,
        &SECOND,
        &[repost("2"), like("create", "2", POST_1)],
    )
    .await;
    let held = "select concat_ws(' ', r.uri, r.subject_cid, r.via ->> 'n', f.uri, f.cid, l.uri, l.subject_cid)
        from reposts r join feed_items f on f.type = 'repost', likes l";
    let first = "at://did:plc:r/app.bsky.feed.repost/1 c-1 1 at://did:plc:r/app.bsky.feed.repost/1 c-create at://did:plc:r/app.bsky.feed.like/1 c-1";
    assert_eq!(text(&bed, held).await.as_deref(), Some(first));
    assert_eq!(
        rows(&bed, "select * from forebay.duplicates").await.len(),
        4
    );
    let gone = [
        delete("app.bsky.feed.repost/1"),
        delete("app.bsky.feed.like/1"),
    ];
    commit(&bed, REPO, &THIRD, &gone).await;
    let second = first
        .replace("/1", "/2")
        .replace("c-1 1", "c-2 2")
        .replace("c-1", "c-2");
    assert_eq!(text(&bed, held).await.as_deref(), Some(second.as_str()));
    assert_rows(&bed, "select * from forebay.duplicates", &[]).await;
    let row =
        "select to_char(indexed_at, 'SS.US') || ' ' || commit_seq || ' ' || commit_rev from likes";
    assert_eq!(
        text(&bed, row).await.as_deref(),
        Some("09.000022 31527015322 3kr")
    );
}

/// Verifications are unique by subject alone, list items by list and subject, whoever made them.
#[tokio::test(flavor = "multi_thread")]
async fn what_several_repos_claim() {
    let bed = Bed::new().await;
    let ops = |handle: &str| {
        let verify = record(
            "app.bsky.graph.verification",
            &same(r#""subject":"did:plc:s","handle":"HANDLE""#),
            Dialect::Sdk,
            &FIRST,
        );
        let item = record(
            "app.bsky.graph.listitem",
            &same(r#""subject":"did:plc:s","list":"at://did:plc:l/app.bsky.graph.list/1""#),
            Dialect::Sdk,
            &FIRST,
        );
        [
            put(
                "create",
                "app.bsky.graph.verification/1",
                &verify.replace("HANDLE", handle),
            ),
            put("create", "app.bsky.graph.listitem/1", &item),
        ]
    };
    commit(&bed, "did:plc:a", &FIRST, &ops("a.example")).await;
    commit(&bed, "did:plc:b", &SECOND, &ops("b.example")).await;
    let held = "select v.uri || ' ' || v.handle || ' ' || i.uri from verifications v, list_items i";
    let of = |repo: &str| {
        format!(
            "at://did:plc:{repo}/app.bsky.graph.verification/1 {repo}.example at://did:plc:{repo}/app.bsky.graph.listitem/1"
        )
    };
    assert_eq!(text(&bed, held).await, Some(of("a")));
    let gone = [
        delete("app.bsky.graph.verification/1"),
        delete("app.bsky.graph.listitem/1"),
    ];
    commit(&bed, "did:plc:a", &THIRD, &gone).await;
    assert_eq!(text(&bed, held).await, Some(of("b")));
}
