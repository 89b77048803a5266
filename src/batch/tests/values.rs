//! Odd values: too long, too deep, of another type, or not to be read: what becomes of each, and how
//! it is counted.

use super::*;
use crate::tally::Repair;

#[test]
fn dates_are_read_leniently_or_replaced() {
    let created = |date: &str| {
        let body = format!(
            r#"{{"$type":"app.bsky.feed.like","createdAt":{date},"subject":{{"uri":"{POST}"}}}}"#
        );
        let mut batch = pushed(&[commit(5, &create("app.bsky.feed.like/x", &body))]);
        let at = time(&rows_of(&mut batch, Stage::Likes)[0][5]);
        (at, repairs(&batch, Repair::CreatedAt))
    };
    assert_eq!(created(r#""2026-07-04 14:00:00+02:00""#), (NOON, 0));
    for date in [r#""soon""#, "5", "null", r#""12026-07-04T00:00:00Z""#] {
        assert_eq!(created(date), (5_000, 1), "{date}");
    }
}

#[test]
fn missing_texts_are_empty_and_missing_cids_counted() {
    let op = post(r#""x":1"#).replace(r#""cid":"bafyrei","#, "");
    let mut batch = pushed(&[commit(5, &op)]);
    let row = rows_of(&mut batch, Stage::Posts).remove(0);
    assert_eq!((text(&row[1]), text(&row[3])), ("", ""));
    assert_eq!(repairs(&batch, Repair::Cid), 1);
    let mut batch = pushed(&[commit(
        5,
        &like("x").replace(r#""cid":"bafyrei","#, r#""cid":5,"#),
    )]);
    assert_eq!(rows_of(&mut batch, Stage::Likes).len(), 1);
    assert_eq!(
        (
            repairs(&batch, Repair::Cid),
            repairs(&batch, Repair::WrongType)
        ),
        (0, 1)
    );
}

#[test]
fn optional_fields_of_another_type_become_null() {
    let mut batch = pushed(&[commit(
        5,
        &post(r#""text":"t","reply":5,"langs":"en","tags":null,"embed":"e""#),
    )]);
    let row = rows_of(&mut batch, Stage::Posts).remove(0);
    assert_eq!(repairs(&batch, Repair::WrongType), 1);
    assert_eq!(
        (json_text(&row[4]), json_text(&row[9]), json_text(&row[11])),
        (r#""en""#, r#""e""#, "[]")
    );
    assert!(row[5..9].iter().all(Option::is_none));
    let profile = put(
        "app.bsky.actor.profile",
        "self",
        r#""displayName":5,"description":[],"avatar":"x""#,
    );
    let mut batch = pushed(&[commit(5, &profile)]);
    let row = rows_of(&mut batch, Stage::Records).remove(0);
    assert!(row[5..10].iter().all(Option::is_none));
    assert_eq!(repairs(&batch, Repair::WrongType), 3);
}

#[test]
fn display_texts_are_cut_and_keys_are_not() {
    let long = "ä".repeat(300);
    let cut = "ä".repeat(255);
    for (collection, rkey, field, more) in [
        ("app.bsky.actor.profile", "self", "displayName", ""),
        ("app.bsky.graph.list", "x", "name", ""),
        ("app.bsky.graph.starterpack", "x", "name", ""),
        (
            "app.bsky.feed.generator",
            "x",
            "displayName",
            r#","did":"did:plc:x""#,
        ),
    ] {
        let mut batch = pushed(&[commit(
            5,
            &put(collection, rkey, &format!(r#""{field}":"{long}"{more}"#)),
        )]);
        assert_eq!(
            text(&rows_of(&mut batch, Stage::Records)[0][5]),
            cut,
            "{collection}"
        );
        assert_eq!(repairs(&batch, Repair::Cut), 1);
    }
    let verification = put(
        "app.bsky.graph.verification",
        "x",
        &format!(r#""subject":"did:plc:x","handle":"{long}""#),
    );
    assert_eq!(text(&only(&verification, Stage::Pairs)[7]), cut);
    let far = format!("at://did:plc:x/a.b.c/{}", "r".repeat(500));
    let batch = pushed(&[commit(
        5,
        &put(
            "app.bsky.feed.like",
            "x",
            &format!(r#""subject":{{"uri":"{far}"}}"#),
        ),
    )]);
    assert_eq!(reasons(&batch), ["too_long:subject.uri"]);
    assert_eq!(batch.dead()[0].column.as_deref(), Some("likes.post_uri"));
    assert_eq!(
        reason_of(&put(
            "app.bsky.graph.list",
            "x",
            &format!(r#""purpose":"{}""#, "p".repeat(65))
        )),
        "too_long:purpose"
    );
    assert_eq!(
        reason_of(&put(
            "com.atproto.label.label",
            "x",
            &format!(r#""uri":"did:plc:x","val":"{}""#, "v".repeat(129))
        )),
        "too_long:val"
    );
    assert_eq!(
        reason_of(&like("x").replace("bafysubject", &"c".repeat(256))),
        "too_long:subject.cid"
    );
    assert_eq!(
        reason_of(&post(r#""text":"""#).replace("bafyrei", &"c".repeat(256))),
        "too_long:cid"
    );
    assert_eq!(
        reason_of(&put(
            "app.bsky.feed.like",
            &"r".repeat(500),
            &format!(r#""subject":{{"uri":"{POST}"}}"#)
        )),
        "too_long:uri"
    );
}

#[test]
fn a_quote_needs_room_for_its_own_uri() {
    let rkey = "r".repeat(512 - uri("app.bsky.feed.post/").len());
    let quote = format!(
        r#""text":"","embed":{{"$type":"app.bsky.embed.record","record":{{"uri":"{POST}"}}}}"#
    );
    let batch = pushed(&[commit(5, &put("app.bsky.feed.post", &rkey, &quote))]);
    assert_eq!(batch.dead()[0].column.as_deref(), Some("quotes.uri"));
    assert_eq!(
        text(
            &only(
                &put("app.bsky.feed.post", &rkey, r#""text":"""#),
                Stage::Posts
            )[0]
        )
        .len(),
        512
    );
}

#[test]
fn the_live_catalogs_lengths_are_kept() {
    let mut widths = Widths::contract();
    widths.set("likes", "post_uri", Some(20));
    let mut batch = Batch::new(Arc::new(widths));
    batch.push(&commit(5, &like("x")));
    assert_eq!(reasons(&batch), ["too_long:subject.uri"]);
}

#[test]
fn a_stub_that_users_cannot_hold_is_not_made() {
    let long = format!("did:plc:{}", "a".repeat(250));
    let batch = pushed(&[commit(5, &follow("x", &long))]);
    assert_eq!(reasons(&batch), ["too_long:subject"]);
    assert_eq!(batch.stubs().map(|(did, _)| did).collect::<Vec<_>>(), [DID]);
}

#[test]
fn nuls_surrogates_and_bad_bytes_are_mended_and_counted() {
    let op = post(r#""text":"a\u0000\ud800b \\u0000","langs":["\u0000"],"tags":["\ude00x"]"#);
    let mut batch = pushed(&[commit(5, &op)]);
    let row = rows_of(&mut batch, Stage::Posts).remove(0);
    assert_eq!(text(&row[3]), "a\u{fffd}\u{fffd}b \\u0000");
    assert_eq!(
        (json_text(&row[4]), json_text(&row[11])),
        ("[\"\u{fffd}\"]", "[\"\u{fffd}x\"]")
    );
    assert_eq!(
        (
            repairs(&batch, Repair::Nul),
            repairs(&batch, Repair::LoneSurrogate)
        ),
        (2, 2)
    );
    let mut bad = commit(5, &post(r#""text":"a?b""#));
    bad.data
        .as_mut()
        .expect("data")
        .iter_mut()
        .filter(|byte| **byte == b'?')
        .for_each(|byte| *byte = 0xff);
    let mut batch = pushed(&[bad]);
    assert_eq!(text(&rows_of(&mut batch, Stage::Posts)[0][3]), "a\u{fffd}b");
    assert_eq!(repairs(&batch, Repair::NotUtf8), 1);
}

#[test]
fn depth_counts_only_where_it_is_stored() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(
        json_text(&post_of(&format!(r#""text":"","embed":{}"#, nested(128)))[9]).len(),
        256
    );
    assert_eq!(
        reason_of(&post(&format!(r#""text":"","embed":{}"#, nested(129)))),
        "too_deep"
    );
    assert_eq!(
        reason_of(&post(&format!(r#""text":"","facets":{}"#, nested(100_000)))),
        "too_deep"
    );
    assert_eq!(
        text(&post_of(&format!(r#""text":"t","unknown":{}"#, nested(100_000)))[3]),
        "t"
    );
    assert_eq!(
        reason_of(&put("a.b.c", "x", &format!(r#""y":{}"#, nested(128)))),
        "too_deep"
    );
    let batch = pushed(&[commit(5, &post(&format!(r#""embed":{}"#, nested(129))))]);
    assert_eq!(batch.dead()[0].column.as_deref(), Some("posts.embed"));
}

fn post_of(fields: &str) -> Row {
    only(&post(fields), Stage::Posts)
}

#[test]
fn numbers_beyond_numeric_are_refused() {
    assert_eq!(
        reason_of(&post(r#""text":"","embed":{"x":1e200000}"#)),
        "bad_number:embed"
    );
    assert_eq!(
        reason_of(&put("a.b.c", "x", r#""y":1e-20000"#)),
        "bad_number:record"
    );
    assert_eq!(
        json_text(&post_of(r#""text":"","embed":{"x":1e99}"#)[9]),
        r#"{"x":1e99}"#
    );
}

#[test]
fn what_the_commit_says_of_itself_is_null_where_it_is_of_another_type() {
    let data = format!(
        r#"{{"repo":"{DID}","ops":[{}],"rev":7,"time":"then"}}"#,
        like("x")
    );
    let mut odd = entry(5, "commit", &data);
    odd.seq = vec![0xff].into();
    let mut batch = pushed(&[odd]);
    let row = rows_of(&mut batch, Stage::Likes).remove(0);
    assert!(row[8..11].iter().all(Option::is_none));
    assert_eq!(
        (
            repairs(&batch, Repair::CommitMeta),
            repairs(&batch, Repair::CommitTime)
        ),
        (2, 1)
    );
    let mut empty = commit(5, &like("x"));
    empty.seq.clear();
    let mut batch = pushed(&[empty]);
    assert_eq!(text(&rows_of(&mut batch, Stage::Likes)[0][9]), "NULL");
    assert_eq!(repairs(&batch, Repair::CommitMeta), 0);
}

/// Only the tables that keep them can find them too long.
#[test]
fn what_the_commit_says_of_itself_must_fit() {
    let list = put("app.bsky.graph.list", "l", r#""name":"n""#);
    let data = format!(
        r#"{{"repo":"{DID}","ops":[{},{list}],"rev":"{}"}}"#,
        like("x"),
        "r".repeat(65)
    );
    let batch = pushed(&[entry(5, "commit", &data)]);
    assert_eq!(reasons(&batch), ["too_long:rev"]);
    assert_eq!(batch.puts(Kind::Lists), 1);
    let mut long = commit(5, &like("x"));
    long.seq = vec![b'9'; 33].into();
    let batch = pushed(&[long]);
    assert_eq!(reasons(&batch), ["too_long:seq"]);
    assert_eq!(batch.dead()[0].column.as_deref(), Some("likes.commit_seq"));
}

#[test]
fn of_a_key_that_stands_twice_the_last_counts() {
    let data = format!(
        r#"{{"repo":"did:plc:first","ops":[5],"repo":"{DID}","ops":[{}]}}"#,
        like("x").replace(
            r#""action":"create""#,
            r#""action":"delete","action":"create""#
        )
    );
    let mut batch = pushed(&[entry(5, "commit", &data)]);
    assert_eq!(text(&rows_of(&mut batch, Stage::Likes)[0][1]), DID);
    assert!(batch.dead().is_empty());
}
