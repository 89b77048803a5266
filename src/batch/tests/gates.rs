//! Thread gates and post gates.

use super::*;
use crate::tally::Oddity;

fn gate(fields: &str) -> Batch {
    pushed(&[commit(5, &put("app.bsky.feed.threadgate", "p", fields))])
}

#[test]
fn thread_gates() {
    let post = uri("app.bsky.feed.post/p");
    let rules = r##""allow":[{"$type":"app.bsky.feed.threadgate#mentionRule"},{"$type":"app.bsky.feed.threadgate#listRule","list":"at://did:plc:l/a.b.c/d"},{"$type":"app.bsky.feed.threadgate#followerRule"},{"$type":"x"}]"##;
    let mut batch = gate(&format!(r#""post":"{post}",{rules}"#));
    let row = rows_of(&mut batch, Stage::Records).remove(0);
    assert_eq!(text(&row[0]), uri("app.bsky.feed.threadgate/p"));
    assert_eq!(
        shape(&row),
        format!(
            r#"thread_gates {DID} bafyrei {post} NULL NULL NULL NULL NULL | tft | ["at://did:plc:l/a.b.c/d"] | NULL"#
        )
    );
    assert_eq!(
        (
            batch.tally().oddities(Oddity::FollowerRule),
            batch.tally().oddities(Oddity::GatePostMismatch)
        ),
        (1, 0)
    );
    let mut nobody = gate(&format!(r#""post":"{POST}","allow":[]"#));
    let row = rows_of(&mut nobody, Stage::Records).remove(0);
    assert_eq!(
        shape(&row),
        format!("thread_gates {DID} bafyrei {post} NULL NULL NULL NULL NULL | fff | [] | NULL")
    );
    assert_eq!(nobody.tally().oddities(Oddity::GatePostMismatch), 1);
}

#[test]
fn a_thread_gate_without_allow_counts_as_a_delete() {
    for fields in [r#""post":"x""#, r#""allow":null"#] {
        let mut batch = gate(fields);
        assert_eq!(
            (
                batch.puts(Kind::ThreadGates),
                batch.deletes(Kind::ThreadGates)
            ),
            (0, 1)
        );
        let row = rows_of(&mut batch, Stage::Deletes).remove(0);
        assert_eq!(
            (text(&row[0]), text(&row[1])),
            (uri("app.bsky.feed.threadgate/p").as_str(), "thread_gates")
        );
        assert_eq!(batch.owners().count(), 1);
    }
}

#[test]
fn post_gates() {
    let row = |fields: &str| record_row(&put("app.bsky.feed.postgate", "p", fields));
    let post = uri("app.bsky.feed.post/p");
    let disable = r##""embeddingRules":[{"$type":"app.bsky.feed.postgate#disableRule"}]"##;
    let both = format!(r#""post":"{post}",{disable},"detachedEmbeddingUris":["{POST}"]"#);
    let body = format!(
        r#"{{"disableRule":"app.bsky.feed.postgate#disableRule","detachedEmbeddingUris":["{POST}"]}}"#
    );
    assert_eq!(
        shape(&row(&both)),
        format!("post_gates {DID} bafyrei {post} NULL NULL NULL NULL NULL | --- | {body} | NULL")
    );
    assert_eq!(
        json_text(&row(disable)[13]),
        r#"{"disableRule":"app.bsky.feed.postgate#disableRule"}"#
    );
    assert_eq!(
        json_text(&row(r#""detachedEmbeddingUris":[]"#)[13]),
        r#"{"detachedEmbeddingUris":[]}"#
    );
    assert_eq!(json_text(&row(r#""post":"x""#)[13]), "{}");
    assert_eq!(
        json_text(&row(r#""detachedEmbeddingUris":"at://x""#)[13]),
        "{}"
    );
}
