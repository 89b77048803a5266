//! What each collection becomes, in both dialects where they differ.

use super::*;

const CID: &str = "bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e";
const HEX: &str = "0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1";

fn pair(op: &str) -> Vec<String> {
    only(op, Stage::Pairs)[..8]
        .iter()
        .map(|cell| {
            cell.as_ref().map_or("NULL".to_owned(), |cell| {
                String::from_utf8_lossy(cell)
                    .trim_start_matches('\u{1}')
                    .to_owned()
            })
        })
        .collect()
}

#[test]
fn pairs_of_every_kind() {
    let strong =
        format!(r#""subject":{{"uri":"{POST}","cid":"c"}},"via":{{"uri":"{POST}","cid":"v"}}"#);
    let via = format!(r#"{{"uri":"{POST}","cid":"v"}}"#);
    assert_eq!(
        pair(&put("app.bsky.feed.repost", "x", &strong))[1..],
        ["reposts", DID, POST, "bafyrei", "c", &via, "NULL"]
    );
    assert_eq!(
        pair(&put("app.bsky.bookmark", "x", &strong))[1..],
        ["bookmarks", DID, POST, "bafyrei", "c", "NULL", "NULL"]
    );
    let did = r#""subject":"did:web:a.b""#;
    assert_eq!(
        pair(&put("app.bsky.graph.follow", "x", did))[1..],
        [
            "follows",
            DID,
            "did:web:a.b",
            "bafyrei",
            "NULL",
            "NULL",
            "NULL"
        ]
    );
    assert_eq!(
        pair(&put("app.bsky.graph.block", "x", did))[1..4],
        ["blocks", DID, "did:web:a.b"]
    );
    let list = "at://did:plc:l/app.bsky.graph.list/l";
    assert_eq!(
        pair(&put(
            "app.bsky.graph.listblock",
            "x",
            &format!(r#""subject":"{list}""#)
        ))[1..4],
        ["list_blocks", DID, list]
    );
    let item = format!(r#""list":"{list}",{did}"#);
    assert_eq!(
        pair(&put("app.bsky.graph.listitem", "x", &item))[1..4],
        ["list_items", list, "did:web:a.b"]
    );
    let verified = format!(r#"{did},"handle":"a.b","displayName":"A""#);
    assert_eq!(
        pair(&put("app.bsky.graph.verification", "x", &verified))[1..],
        [
            "verifications",
            "did:web:a.b",
            "",
            "bafyrei",
            "NULL",
            "NULL",
            "a.b"
        ]
    );
}

#[test]
fn the_sdk_dialect_gives_the_same_pair() {
    let sdk = format!(
        r#"{{"created_at":"{DATE}","subject":{{"cid":"bafysubject","uri":"{POST}","py_type":"com.atproto.repo.strongRef"}},"via":null,"py_type":"app.bsky.feed.like","$type":"app.bsky.feed.like"}}"#
    );
    assert_eq!(
        only(&create("app.bsky.feed.like/3k", &sdk), Stage::Likes),
        only(&like("3k"), Stage::Likes)
    );
}

fn post_row(fields: &str) -> Row {
    only(&put("app.bsky.feed.post", "p", fields), Stage::Posts)
}

#[test]
fn a_plain_post() {
    let row = post_row(r#""text":"hi""#);
    assert_eq!(
        row[..4].iter().map(text).collect::<Vec<_>>(),
        [&uri("app.bsky.feed.post/p"), "bafyrei", DID, "hi"]
    );
    assert!(row[4..11].iter().chain(&row[12..14]).all(Option::is_none));
    assert_eq!(json_text(&row[11]), "[]");
    assert_eq!(
        (
            time(&row[14]),
            time(&row[15]),
            number(&row[16]),
            time(&row[17])
        ),
        (NOON, 5_000, 0, NOON)
    );
    assert_eq!(
        (text(&row[18]), text(&row[19])),
        ("31527015322", "3mptbypluud2a")
    );
}

#[test]
fn a_reply_with_everything() {
    let row = post_row(&format!(
        r#""text":"a\u0000b","langs":["en"],"tags":["x"],"facets":[],"reply":{{"root":{{"uri":"{POST}","cid":"r"}},"parent":{{"uri":"at://did:plc:a/b.c.d/e","cid":"p"}}}},"embed":{{"$type":"app.bsky.embed.images"}}"#
    ));
    assert_eq!(text(&row[3]), "a\u{fffd}b");
    assert_eq!(
        (json_text(&row[4]), json_text(&row[10]), json_text(&row[11])),
        (r#"["en"]"#, "[]", r#"["x"]"#)
    );
    assert_eq!(
        row[5..9].iter().map(text).collect::<Vec<_>>(),
        ["at://did:plc:a/b.c.d/e", "p", POST, "r"]
    );
    assert_eq!(json_text(&row[9]), r#"{"$type":"app.bsky.embed.images"}"#);
    assert_eq!((text(&row[12]), text(&row[13])), ("NULL", "NULL"));
}

#[test]
fn quotes_in_both_embeds_and_dialects() {
    let strong = format!(r#"{{"uri":"{POST}","cid":"q"}}"#);
    let with_media = format!(
        r#"{{"$type":"app.bsky.embed.recordWithMedia","media":{{}},"record":{{"record":{strong}}}}}"#
    );
    for embed in [
        format!(r#"{{"$type":"app.bsky.embed.record","record":{strong}}}"#),
        with_media,
    ] {
        let row = post_row(&format!(r#""text":"","embed":{embed}"#));
        assert_eq!((text(&row[12]), text(&row[13])), (POST, "q"));
        let sdk = record(
            "app.bsky.feed.post",
            &format!(
                r#""py_type":"app.bsky.feed.post","embed":{}"#,
                embed.replace("$type", "py_type")
            ),
        );
        let row = only(&create("app.bsky.feed.post/p", &sdk), Stage::Posts);
        assert_eq!((text(&row[12]), text(&row[13])), (POST, "q"));
        assert!(json_text(&row[9]).starts_with(r#"{"$type":"app.bsky.embed.record"#));
    }
    let list = r#"{"$type":"app.bsky.embed.record","record":{"uri":"at://did:plc:a/app.bsky.graph.list/l"}}"#;
    let row = post_row(&format!(r#""text":"","embed":{list}"#));
    assert_eq!(
        (text(&row[12]), text(&row[13])),
        ("at://did:plc:a/app.bsky.graph.list/l", "NULL")
    );
}

#[test]
fn profiles_in_both_dialects() {
    let blob =
        format!(r#"{{"$type":"blob","mimeType":"image/png","size":1,"ref":{{"$link":"{CID}"}}}}"#);
    let legacy = r#"{"cid":"bafylegacy","mimeType":"image/png"}"#;
    let pinned = format!(r#"{{"uri":"{POST}","cid":"c"}}"#);
    let body = record(
        "app.bsky.actor.profile",
        &format!(
            r#""displayName":"Ä","description":"d","avatar":{blob},"banner":{legacy},"pinnedPost":{pinned}"#
        ),
    );
    let row = record_row(&create("app.bsky.actor.profile/self", &body));
    assert_eq!(text(&row[0]), uri("app.bsky.actor.profile/self"));
    assert_eq!(
        shape(&row),
        format!("users {DID} bafyrei NULL Ä NULL d {CID} bafylegacy | --- | {body} | {pinned}")
    );
    let sdk = format!(
        r#"{{"py_type":"app.bsky.actor.profile","display_name":"Ä","description":null,"avatar":{{"py_type":"blob","mime_type":"image/png","size":1,"ref":"{HEX}"}},"pinned_post":null}}"#
    );
    let row = record_row(&create("app.bsky.actor.profile/self", &sdk));
    let stored = format!(
        r#"{{"$type":"app.bsky.actor.profile","displayName":"Ä","avatar":{{"$type":"blob","mimeType":"image/png","size":1,"ref":{{"$link":"{CID}"}}}}}}"#
    );
    assert_eq!(
        shape(&row),
        format!("users {DID} bafyrei NULL Ä NULL NULL {CID} NULL | --- | {stored} | NULL")
    );
    assert_eq!((time(&row[15]), time(&row[16])), (5_000, 5_000));
}

#[test]
fn lists_and_starter_packs() {
    let row = record_row(&put(
        "app.bsky.graph.list",
        "l",
        r#""name":"N","purpose":"app.bsky.graph.defs#modlist","description":"d""#,
    ));
    assert_eq!(
        shape(&row),
        format!(
            "lists {DID} bafyrei NULL N app.bsky.graph.defs#modlist d NULL NULL | --- | NULL | NULL"
        )
    );
    assert_eq!(
        shape(&record_row(&put("app.bsky.graph.list", "l", r#""x":1"#))),
        format!("lists {DID} bafyrei NULL   NULL NULL NULL | --- | NULL | NULL")
    );
    let list = "at://did:plc:l/app.bsky.graph.list/l";
    let row = record_row(&put(
        "app.bsky.graph.starterpack",
        "s",
        &format!(
            r#""name":"S","list":"{list}","feeds":[{{"uri":"{POST}"}},{{"uri":"at://did:plc:f/a.b.c/d"}}]"#
        ),
    ));
    assert_eq!(
        shape(&row),
        format!(
            r#"starter_packs {DID} bafyrei {list} S NULL NULL NULL NULL | --- | ["{POST}","at://did:plc:f/a.b.c/d"] | NULL"#
        )
    );
    let row = record_row(&put("app.bsky.graph.starterpack", "s", r#""name":"S""#));
    assert_eq!(
        shape(&row),
        format!("starter_packs {DID} bafyrei NULL S NULL NULL NULL NULL | --- | [] | NULL")
    );
}

#[test]
fn generators_and_labelers() {
    let avatar = format!(r#"{{"$type":"blob","mimeType":"x","ref":{{"$link":"{CID}"}}}}"#);
    let row = record_row(&put(
        "app.bsky.feed.generator",
        "g",
        &format!(r#""did":"did:web:feed.x","displayName":"F","description":"d","avatar":{avatar}"#),
    ));
    assert_eq!(
        shape(&row),
        format!(
            "feed_generators {DID} bafyrei did:web:feed.x F NULL d {CID} NULL | --- | NULL | NULL"
        )
    );
    let row = record_row(&put(
        "app.bsky.labeler.service",
        "self",
        r#""policies":{"labelValues":["a"]}"#,
    ));
    assert_eq!(
        shape(&row),
        format!(
            r#"labeler_services {DID} bafyrei NULL NULL NULL NULL NULL NULL | --- | {{"labelValues":["a"]}} | NULL"#
        )
    );
    let row = record_row(&put(
        "app.bsky.labeler.service",
        "self",
        r#""policies":null"#,
    ));
    assert_eq!(
        json_text(&row[13]),
        r#"{"labelValues":[],"labelValueDefinitions":[]}"#
    );
}

#[test]
fn labels() {
    let row = record_row(&put(
        "com.atproto.label.label",
        "l",
        &format!(r#""uri":"{POST}","val":"spam","neg":true"#),
    ));
    assert_eq!(
        shape(&row),
        format!("labels {DID} bafyrei {POST} spam NULL NULL NULL NULL | t-- | NULL | NULL")
    );
    let body =
        r#"{"$type":"com.atproto.label.label","did":"did:plc:x","val":"spam","cts":"2026-07-04"}"#;
    let row = record_row(&create("com.atproto.label.label/l", body));
    assert_eq!(
        shape(&row),
        format!("labels {DID} bafyrei did:plc:x spam NULL NULL NULL NULL | f-- | NULL | NULL")
    );
    assert_eq!(time(&row[15]), NOON - 43_200_000_000);
    let body = body.replace(r#""cts""#, r#""createdAt":"yesterday","cts""#);
    let row = record_row(&create("com.atproto.label.label/l", &body));
    assert_eq!(time(&row[15]), NOON - 43_200_000_000);
}
