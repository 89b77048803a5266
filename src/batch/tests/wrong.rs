//! Ops and entries that cannot be stored: which letter each becomes, and that it costs no other.

use super::*;

#[test]
fn what_no_row_can_do_without() {
    assert_eq!(
        reason_of(&put("app.bsky.feed.like", "x", r#""y":1"#)),
        "missing:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.like", "x", r#""subject":null"#)),
        "missing:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.like", "x", r#""subject":"at://x""#)),
        "wrong_type:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.like", "x", r#""subject":{"cid":"c"}"#)),
        "missing:subject.uri"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.repost", "x", r#""subject":{"uri":5}"#)),
        "wrong_type:subject.uri"
    );
    assert_eq!(
        reason_of(&put(
            "app.bsky.feed.like",
            "x",
            r#""subject":{"uri":"https://x"}"#
        )),
        "invalid_uri:subject.uri"
    );
    assert_eq!(
        reason_of(&put("app.bsky.graph.follow", "x", r#""subject":"alice""#)),
        "invalid_did:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.graph.block", "x", r#""y":1"#)),
        "missing:subject"
    );
    assert_eq!(
        reason_of(&put(
            "app.bsky.graph.listitem",
            "x",
            r#""subject":"did:plc:a""#
        )),
        "missing:list"
    );
    assert_eq!(
        reason_of(&put(
            "app.bsky.graph.listblock",
            "x",
            r#""subject":"did:plc:a""#
        )),
        "invalid_uri:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.graph.verification", "x", r#""handle":"h""#)),
        "missing:subject"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.generator", "x", r#""displayName":"n""#)),
        "missing:did"
    );
    assert_eq!(
        reason_of(&put("com.atproto.label.label", "x", r#""val":"v""#)),
        "missing:uri"
    );
    assert_eq!(
        reason_of(&put("com.atproto.label.label", "x", r#""uri":"did:plc:a""#)),
        "missing:val"
    );
    assert_eq!(
        reason_of(&put("app.bsky.feed.threadgate", "x", r#""allow":5"#)),
        "wrong_type:allow"
    );
    assert_eq!(reason_of(&post(r#""text":5"#)), "wrong_type:text");
    assert_eq!(
        reason_of(&post(r#""text":"","reply":{"parent":{"uri":"x"}}"#)),
        "invalid_uri:reply.parent.uri"
    );
}

#[test]
fn what_is_wrong_with_an_op() {
    assert_eq!(reason_of("5"), "wrong_type:op");
    assert_eq!(reason_of(r#"{"path":"a.b.c/d"}"#), "missing:action");
    assert_eq!(
        reason_of(r#"{"action":"move","path":"a.b.c/d"}"#),
        "unknown_action"
    );
    assert_eq!(
        reason_of(r#"{"action":"create","path":"like/x","record":{}}"#),
        "invalid_uri:path"
    );
    assert_eq!(
        reason_of(r#"{"action":"delete","path":"a.b.c/x y"}"#),
        "invalid_uri:path"
    );
    assert_eq!(
        reason_of(r#"{"action":"create","path":"a.b.c/d"}"#),
        "missing:record"
    );
    assert_eq!(
        reason_of(r#"{"action":"update","path":"a.b.c/d","record":[]}"#),
        "wrong_type:record"
    );
    assert_eq!(
        reason_of(&create("a.b.c/d", r#"{"$type":"a.b.x"}"#)),
        "type_mismatch"
    );
    assert_eq!(
        reason_of(&create("app.bsky.feed.like/d", "{}")),
        "type_mismatch"
    );
    assert_eq!(
        reason_of(&create(
            "app.bsky.actor.status/self",
            r#"{"$type":"a.b.c"}"#
        )),
        "type_mismatch"
    );
    assert_eq!(
        reason_of(r#"{"action":"create","path":"a.b.c/d","cid":5,"record":{"$type":"a.b.c"}}"#),
        "wrong_type:cid"
    );
}

#[test]
fn what_is_wrong_with_an_entry() {
    let reason = |kind: &str, data: &str| reasons(&pushed(&[entry(5, kind, data)])).join(" ");
    assert_eq!(reason("commit", "{"), "not_json");
    assert_eq!(reason("commit", "[]"), "wrong_type:data");
    assert_eq!(
        reason("commit", r#"{"repo":"alice","ops":[{},{}]}"#),
        "invalid_did:repo"
    );
    assert_eq!(
        reason(
            "commit",
            &format!(
                r#"{{"repo":"did:plc:{}","ops":[{{}},{{}}]}}"#,
                "a".repeat(248)
            )
        ),
        "too_long:repo"
    );
    assert_eq!(reason("identity", "{}"), "missing:did");
    assert_eq!(
        reason(
            "identity",
            &format!(r#"{{"did":"{DID}","handle":"{}"}}"#, "a".repeat(256))
        ),
        "too_long:handle"
    );
    assert_eq!(
        reason("account", &format!(r#"{{"did":"{DID}","active":"yes"}}"#)),
        "wrong_type:active"
    );
    let mut bare = entry(5, "commit", "");
    bare.data = None;
    assert_eq!(reasons(&pushed(&[bare])), ["missing:data"]);
}

#[test]
fn one_bad_op_does_not_cost_the_others() {
    let bad = put(
        "app.bsky.graph.follow",
        "b",
        r#""subject":"did:plc:x","createdAt":1"#,
    )
    .replace("app.bsky.graph.follow\"", "wrong\"");
    let mut batch = pushed(&[commit(5, &[like("a"), bad.clone(), like("c")].join(","))]);
    assert_eq!(rows_of(&mut batch, Stage::Likes).len(), 2);
    let letter = &batch.dead()[0];
    assert_eq!(
        (letter.reason.as_ref(), letter.op, batch.dead().len()),
        ("type_mismatch", Some(1), 1)
    );
    assert_eq!(
        String::from_utf8_lossy(&letter.data),
        format!(r#"{{"repo":"{DID}","ops":[{bad}],"rev":"3mptbypluud2a","time":"{DATE}"}}"#)
    );
    assert_eq!(
        (
            letter.id.ms,
            letter.kind.as_str(),
            letter.seq.as_str(),
            letter.deliveries
        ),
        (5, "commit", "31527015322", 1)
    );
    assert!(batch.bytes() > letter.data.len());
    let stubs: Vec<_> = batch.stubs().map(|(did, _)| did).collect();
    assert_eq!(
        stubs,
        [DID, "did:plc:x"],
        "a refused op names its users too"
    );
}

#[test]
fn a_letter_put_back_fails_in_the_same_way() {
    let batch = pushed(&[commit(5, &[like("a"), post(r#""text":5"#)].join(","))]);
    let letter = batch.dead()[0].clone();
    let again = Entry {
        id: StreamId { ms: 9, n: 9 },
        orig_id: Some(letter.id),
        kind: letter.kind.clone().into_bytes().into(),
        data: Some(letter.data.clone()),
        seq: letter.seq.clone().into_bytes().into(),
        deliveries: 1,
    };
    let batch = pushed(&[again]);
    assert_eq!(
        (batch.dead()[0].reason.as_ref(), batch.dead()[0].op),
        ("wrong_type:text", Some(0))
    );
    assert_eq!((batch.dead()[0].id.ms, batch.dead()[0].entry_id.ms), (5, 9));
    assert_eq!(batch.dead()[0].data, letter.data);
}

#[test]
fn an_op_can_be_taken_alone_or_for_its_users_only() {
    let entry = commit(
        5,
        &[like("a"), follow("b", "did:plc:x"), like("c")].join(","),
    );
    assert_eq!(uris_of_ops(&entry).len(), 3);
    let mut one = batch();
    one.push_ops(&entry, &[1]);
    assert_eq!(
        (
            one.rows(),
            one.puts(Kind::Follows),
            one.stubs().count(),
            one.ids().len()
        ),
        (1, 1, 2, 1)
    );
}
