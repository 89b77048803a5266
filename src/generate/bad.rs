//! Events with something wrong with them, one way each, as hostile or broken clients make them.
//!
//! It knows what may be wrong, not what becomes of it.

use super::kind::Kind;
use super::memory::Made;
use super::names;
use super::{Event, Generator};
use std::fmt::Write as _;

/// Ways in which a record is wrong: its collection and its JSON.
const RECORDS: [(&str, &str); 21] = [
    (
        "app.bsky.feed.like",
        r#"{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T14:38:08Z"}"#,
    ),
    (
        "app.bsky.feed.like",
        r#"{"$type":"app.bsky.feed.like","subject":7}"#,
    ),
    (
        "app.bsky.feed.like",
        r#"{"$type":"app.bsky.feed.like","subject":{"uri":"hello","cid":"x"}}"#,
    ),
    (
        "app.bsky.feed.like",
        r#"{"$type":"app.bsky.feed.like","subject":{"uri":"at://did:plc:x/y/LONG"}}"#,
    ),
    (
        "app.bsky.feed.repost",
        r#"{"$type":"app.bsky.feed.like","subject":{"uri":"at://did:plc:x/y/z"}}"#,
    ),
    (
        "app.bsky.feed.repost",
        r#"{"subject":{"uri":"at://did:plc:x/y/z"}}"#,
    ),
    (
        "app.bsky.graph.follow",
        r#"{"$type":"app.bsky.graph.follow","subject":["did:plc:x"]}"#,
    ),
    (
        "app.bsky.graph.follow",
        r#"{"$type":"app.bsky.graph.follow","subject":""}"#,
    ),
    ("app.bsky.graph.block", "null"),
    ("app.bsky.graph.block", "[]"),
    (
        "app.bsky.graph.listitem",
        r#"{"$type":"app.bsky.graph.listitem","list":"at://did:plc:x/y/z"}"#,
    ),
    (
        "app.bsky.feed.post",
        r#"{"$type":"app.bsky.feed.post","text":"a\u0000b\ud800c","createdAt":"2026-07-04"}"#,
    ),
    (
        "app.bsky.feed.post",
        r#"{"$type":"app.bsky.feed.post","text":12,"langs":"en","createdAt":"yesterday"}"#,
    ),
    (
        "app.bsky.feed.post",
        r#"{"$type":"app.bsky.feed.post","text":"x","createdAt":"0000-00-00T00:00:00Z","embed":"no"}"#,
    ),
    (
        "app.bsky.feed.post",
        r#"{"$type":"app.bsky.feed.post","text":"x","reply":{"parent":{"uri":3}},"createdAt":"2026-07-04 14:38:08"}"#,
    ),
    (
        "app.bsky.actor.profile",
        r#"{"$type":"app.bsky.actor.profile","displayName":"LONG","avatar":7}"#,
    ),
    (
        "app.bsky.graph.list",
        r#"{"$type":"app.bsky.graph.list","name":"LONG","purpose":"LONG"}"#,
    ),
    (
        "app.bsky.graph.starterpack",
        r#"{"$type":"app.bsky.graph.starterpack","name":null,"feeds":{}}"#,
    ),
    (
        "com.example.deep",
        r#"{"$type":"com.example.deep","deep":DEEP}"#,
    ),
    (
        "com.example.nul",
        r#"{"$type":"com.example.nul","key\u0000":"\u0000","lone":"\udc00"}"#,
    ),
    (
        "app.bsky.feed.threadgate",
        r#"{"$type":"app.bsky.feed.threadgate","allow":{"no":1},"createdAt":null}"#,
    ),
];

/// Data that is wrong as a whole.
const DATA: [(&str, &str); 8] = [
    ("commit", "not JSON"),
    ("commit", "{\"repo\": \"did:plc:x\", \"ops\": ["),
    ("commit", "[]"),
    ("commit", "{\"repo\": 7, \"ops\": []}"),
    ("commit", "{\"repo\": \"did:plc:x\"}"),
    ("identity", "{\"handle\": \"nobody.example.com\"}"),
    ("account", "\"did:plc:x\""),
    ("sync", "{\"did\": \"did:plc:x\"}"),
];

/// Ops that are wrong whatever their record.
const OPS: [&str; 4] = [
    r#"{"action":"purge","path":"app.bsky.feed.like/3mptbyplj5d2a"}"#,
    r#"{"action":"delete","path":"app.bsky.feed.like"}"#,
    r#"{"action":"create","cid":"bafy"}"#,
    "7",
];

impl Generator {
    /// One event of which something is wrong.
    pub(super) fn bad_event(&mut self) -> Event {
        let seq = self.seq();
        match self.random.below(10) {
            0..2 => {
                let (kind, data) = DATA[self.random.below(DATA.len() as u32) as usize];
                Event {
                    kind,
                    data: data.to_owned(),
                    seq,
                }
            }
            2 => {
                let op = self.random.one_of(&OPS);
                Event {
                    kind: "commit",
                    data: self.bad_commit(op),
                    seq,
                }
            }
            _ => {
                let op = self.bad_op();
                Event {
                    kind: "commit",
                    data: self.bad_commit(&op),
                    seq,
                }
            }
        }
    }

    fn bad_op(&mut self) -> String {
        let (collection, record) = RECORDS[self.random.below(RECORDS.len() as u32) as usize];
        let user = self.user();
        let made: Made = self.new_made(Kind::Like, user);
        let mut op = format!(r#"{{"action":"create","path":"{collection}/"#);
        if collection == "app.bsky.actor.profile" {
            op.push_str("self");
        } else {
            names::push_tid(&mut op, made.tid);
        }
        let record = record.replace("LONG", &"long ".repeat(150));
        let record = record.replace("DEEP", &format!("{}{}", "[".repeat(200), "]".repeat(200)));
        // Writing to a String cannot fail.
        let _ = write!(op, r#"","cid":"bafyreia","record":{record}}}"#);
        op
    }

    /// The op between two good ones, which must be stored all the same.
    fn bad_commit(&mut self, op: &str) -> String {
        let user = self.user();
        let mut did = String::new();
        names::push_did(&mut did, self.options.seed, user);
        let mut good = || {
            let made = self.new_made(Kind::Follow, user);
            let mut tid = String::new();
            names::push_tid(&mut tid, made.tid);
            format!(
                r#"{{"action":"create","path":"app.bsky.graph.follow/{tid}","cid":"bafyreib","record":{{"$type":"app.bsky.graph.follow","subject":"did:plc:good{tid}","createdAt":"2026-07-04T14:38:08Z"}}}}"#
            )
        };
        let (before, after) = (good(), good());
        format!(r#"{{"repo":"{did}","ops":[{before},{op},{after}]}}"#)
    }
}
