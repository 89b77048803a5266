//! Profiles, identities and accounts: what is known of an actor, and whose records are not stored.

use super::{
    Dialect, FIRST, Fields, REPO, SECOND, THIRD, assert_rows, commit, delete, drain, put, record,
    rows, same, text,
};
use crate::support::Bed;

const PROFILE: &str = "app.bsky.actor.profile/self";
const COLUMNS: &str = "select did, handle, display_name, description, avatar_url, banner_url, pinned_post, profile_record
    from users where did = 'did:plc:r'";

fn profile(action: &str, fields: &Fields, dialect: Dialect) -> String {
    let record = record("app.bsky.actor.profile", fields, dialect, &FIRST);
    put(action, PROFILE, &record)
}

async fn live(dialect: Dialect) {
    let bed = Bed::new().await;
    let fields = Fields {
        lexicon: r#""displayName":"R","description":"of r","pinnedPost":{"uri":"{P}/1","cid":"c"},
            "avatar":{"$type":"blob","ref":{"$link":"{LINK}"},"mimeType":"image/png","size":1}"#,
        sdk: r#""display_name":"R","description":"of r","pinned_post":{"uri":"{P}/1","cid":"c","py_type":"com.atproto.repo.strongRef"},
            "banner":null,"avatar":{"ref":"{HEX}","mime_type":"image/png","size":1,"py_type":"blob"}"#,
    };
    commit(&bed, REPO, &FIRST, &[profile("create", &fields, dialect)]).await;
    let link = super::LINK;
    let pinned = r#"{"uri":"at://did:plc:p/app.bsky.feed.post/1","cid":"c"}"#;
    let full = format!(
        r#"{{"did":"did:plc:r","handle":"handle.invalid","display_name":"R","description":"of r",
            "avatar_url":"{link}","banner_url":null,"pinned_post":{pinned},
            "profile_record":{{"$type":"app.bsky.actor.profile","createdAt":"2026-07-04T10:02:03+09:00","displayName":"R","description":"of r",
                "pinnedPost":{pinned},"avatar":{{"$type":"blob","ref":{{"$link":"{link}"}},"mimeType":"image/png","size":1}}}}}}"#
    );
    assert_rows(&bed, COLUMNS, &[full]).await;

    let legacy = Fields {
        lexicon: r#""banner":{"cid":"bafyold","mimeType":"image/jpeg"}"#,
        sdk: r#""display_name":null,"banner":{"cid":"bafyold","mime_type":"image/jpeg"}"#,
    };
    commit(&bed, REPO, &SECOND, &[profile("update", &legacy, dialect)]).await;
    let changed = r#"{"did":"did:plc:r","handle":"handle.invalid","display_name":null,"description":null,
        "avatar_url":null,"banner_url":"bafyold","pinned_post":null,
        "profile_record":{"$type":"app.bsky.actor.profile","createdAt":"2026-07-04T10:02:03+09:00","banner":{"cid":"bafyold","mimeType":"image/jpeg"}}}"#;
    assert_rows(&bed, COLUMNS, &[changed.to_owned()]).await;

    commit(&bed, REPO, &THIRD, &[delete(PROFILE)]).await;
    let none = r#"{"did":"did:plc:r","handle":"handle.invalid","display_name":null,"description":null,
        "avatar_url":null,"banner_url":null,"pinned_post":null,"profile_record":null}"#;
    assert_rows(&bed, COLUMNS, &[none.to_owned()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_in_the_lexicon_dialect() {
    live(Dialect::Lexicon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_in_the_sdk_dialect() {
    live(Dialect::Sdk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_gives_the_handle_and_keeps_the_profile() {
    let bed = Bed::new().await;
    let named = profile("create", &same(r#""description":"of r""#), Dialect::Lexicon);
    commit(&bed, REPO, &FIRST, &[named]).await;
    for (id, data) in [
        (
            "1783175889000-5",
            r#"{"did":"did:plc:r","handle":"r.example"}"#,
        ),
        ("1783175889000-6", r#"{"did":"did:plc:r","handle":null}"#),
        ("1783175889000-7", r#"{"did":"did:plc:r"}"#),
        (
            "1783175889000-8",
            r#"{"did":"did:plc:new","handle":"new.example","seq":5}"#,
        ),
    ] {
        bed.stream.xadd_at(id, "identity", data, "").await;
    }
    drain(&bed, &[]).await;
    let query = "select did, handle, description from users order by did";
    let expected = [
        r#"{"did":"did:plc:new","handle":"new.example","description":null}"#,
        r#"{"did":"did:plc:r","handle":"r.example","description":"of r"}"#,
    ];
    assert_rows(&bed, query, &expected.map(str::to_owned)).await;
    let late = [
        "XADD",
        "firehose:events",
        "*",
        "type",
        "identity",
        "data",
        r#"{"did":"did:plc:r","handle":"older.example"}"#,
        "seq",
        "",
        "origId",
        "1783175889000-4",
    ];
    bed.stream.run::<String>(&late).await;
    drain(&bed, &[]).await;
    assert_rows(&bed, query, &expected.map(str::to_owned)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_event_is_recorded_and_touches_nothing_else() {
    let bed = Bed::new().await;
    let followed = put(
        "create",
        "app.bsky.graph.follow/f",
        &record(
            "app.bsky.graph.follow",
            &same(r#""subject":"did:plc:one""#),
            Dialect::Sdk,
            &FIRST,
        ),
    );
    commit(&bed, REPO, &FIRST, &[followed]).await;
    for (id, data) in [
        ("1783175889000-0", r#"{"did":"did:plc:r","active":true}"#),
        (
            "1783175889000-1",
            r#"{"did":"did:plc:r","active":false,"status":"takendown","seq":1}"#,
        ),
    ] {
        bed.stream.xadd_at(id, "account", data, "").await;
    }
    drain(&bed, &[]).await;
    let expected = r#"{"did":"did:plc:r","active":false,"status":"takendown","position":"2026-07-04T14:38:09.000001","tie":0}"#;
    assert_rows(
        &bed,
        "select * from forebay.accounts",
        &[expected.to_owned()],
    )
    .await;
    assert_eq!(rows(&bed, "select * from follows").await.len(), 1);
}

/// What the opt-out forbids, and what it leaves.
#[tokio::test(flavor = "multi_thread")]
async fn an_actor_who_opted_out() {
    let bed = Bed::new().await;
    let follow = |action: &str, rkey: &str, subject: &str| {
        let body = format!(
            r#"{{"$type":"app.bsky.graph.follow","createdAt":"2026-07-04","subject":"{subject}"}}"#
        );
        put(action, &format!("app.bsky.graph.follow/{rkey}"), &body)
    };
    let before = [
        follow("create", "stays", "did:plc:one"),
        follow("create", "goes", "did:plc:two"),
    ];
    commit(&bed, REPO, &FIRST, &before).await;
    bed.client
        .batch_execute(
            "insert into user_settings (user_did, data_collection_forbidden) values ('did:plc:r', true), ('did:plc:one', false)",
        )
        .await
        .unwrap();
    let after = [
        follow("update", "stays", "did:plc:changed"),
        follow("create", "new", "did:plc:three"),
        delete("app.bsky.graph.follow/goes"),
        profile("create", &same(r#""description":"kept""#), Dialect::Sdk),
    ];
    commit(&bed, REPO, &SECOND, &after).await;
    commit(
        &bed,
        "did:plc:s",
        &THIRD,
        &[follow("create", "s", "did:plc:r")],
    )
    .await;
    let found = text(
        &bed,
        "select string_agg(uri || ' ' || following_did, ', ' order by uri) from follows",
    )
    .await;
    assert_eq!(
        found.as_deref(),
        Some(
            "at://did:plc:r/app.bsky.graph.follow/stays did:plc:one, at://did:plc:s/app.bsky.graph.follow/s did:plc:r"
        )
    );
    let users = text(&bed, "select string_agg(did, ' ' order by did) from users").await;
    assert_eq!(
        users.as_deref(),
        Some("did:plc:changed did:plc:one did:plc:r did:plc:s did:plc:three did:plc:two")
    );
    let kept = text(
        &bed,
        "select description from users where did = 'did:plc:r'",
    )
    .await;
    assert_eq!(kept.as_deref(), Some("kept"));
}

/// Who gets a users row: owners and whom they name, by creates and updates; never by deletes,
/// empty commits, or records that name someone in another way.
#[tokio::test(flavor = "multi_thread")]
async fn whom_records_name() {
    let bed = Bed::new().await;
    let body = |collection: &str, fields: &str| {
        put(
            "create",
            &format!("{collection}/1"),
            &format!(r#"{{"$type":"{collection}","createdAt":"2026-07-04",{fields}}}"#),
        )
    };
    let ops = [
        body("app.bsky.graph.follow", r#""subject":"did:plc:followed""#),
        body("app.bsky.graph.block", r#""subject":"did:plc:blocked""#),
        body(
            "app.bsky.graph.listitem",
            r#""list":"at://did:plc:owner/app.bsky.graph.list/1","subject":"did:plc:listed""#,
        ),
        body(
            "app.bsky.graph.verification",
            r#""subject":"did:plc:verified","handle":"x""#,
        ),
        body(
            "app.bsky.feed.like",
            r#""subject":{"uri":"at://did:plc:liked/app.bsky.feed.post/1"}"#,
        ),
    ];
    commit(&bed, REPO, &FIRST, &ops).await;
    commit(
        &bed,
        "did:plc:deletes",
        &SECOND,
        &[delete("app.bsky.feed.like/1")],
    )
    .await;
    commit(&bed, "did:plc:empty", &THIRD, &[]).await;
    let users = text(&bed, "select string_agg(did, ' ' order by did) from users").await;
    assert_eq!(
        users.as_deref(),
        Some("did:plc:blocked did:plc:followed did:plc:listed did:plc:r")
    );
}
