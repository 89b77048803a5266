//! Records of every collection in a world so small that they are in each other's way.

use serde_json::{Value, json};

use crate::support::random::Random;

/// Collections, the troublesome ones more often.
pub const COLLECTIONS: [&str; 34] = [
    "app.bsky.feed.post",
    "app.bsky.feed.post",
    "app.bsky.feed.post",
    "app.bsky.feed.post",
    "app.bsky.feed.like",
    "app.bsky.feed.like",
    "app.bsky.feed.like",
    "app.bsky.feed.like",
    "app.bsky.feed.repost",
    "app.bsky.feed.repost",
    "app.bsky.feed.threadgate",
    "app.bsky.feed.threadgate",
    "app.bsky.feed.postgate",
    "app.bsky.feed.postgate",
    "app.bsky.graph.follow",
    "app.bsky.graph.follow",
    "app.bsky.graph.listitem",
    "app.bsky.graph.listitem",
    "app.bsky.graph.verification",
    "app.bsky.graph.verification",
    "app.bsky.feed.generator",
    "app.bsky.feed.generator",
    "app.bsky.labeler.service",
    "app.bsky.bookmark",
    "app.bsky.bookmark",
    "app.bsky.graph.block",
    "app.bsky.graph.listblock",
    "app.bsky.graph.list",
    "app.bsky.graph.starterpack",
    "app.bsky.actor.profile",
    "app.bsky.actor.profile",
    "com.atproto.label.label",
    "app.bsky.actor.status",
    "site.standard.document",
];

const RKEYS: [&str; 3] = ["1", "2", "3"];
const CIDS: [&str; 3] = ["bafy1", "bafy2", "bafy3"];
const BLOB: &str = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";

/// How many repositories there are.
pub const REPOS: usize = 6;

pub fn did(n: usize) -> String {
    format!("did:plc:p{n}")
}

pub fn any_did(random: &mut Random) -> String {
    did(random.below(REPOS))
}

/// A collection and a record key.
pub fn path(random: &mut Random) -> (&'static str, &'static str) {
    let collection = random.pick(&COLLECTIONS);
    let rkey = RKEYS[random.below(RKEYS.len())];
    match *collection {
        // One of seven is where no profile can be.
        "app.bsky.actor.profile" if random.percent(85) => (collection, "self"),
        "app.bsky.labeler.service" => (collection, "self"),
        _ => (collection, rkey),
    }
}

fn uri(random: &mut Random, collection: &str) -> String {
    let did = any_did(random);
    let rkey = random.pick(&RKEYS);
    format!("at://{did}/{collection}/{rkey}")
}

fn strong(random: &mut Random, collection: &str) -> Value {
    json!({"uri": uri(random, collection), "cid": random.pick(&CIDS)})
}

/// Mostly a post; sometimes what has likes of its own, or nothing that is known.
fn liked(random: &mut Random) -> Value {
    match random.below(10) {
        0 | 1 => strong(random, "app.bsky.feed.generator"),
        2 => {
            json!({"uri": format!("at://{}/app.bsky.labeler.service/self", any_did(random)), "cid": "bafy1"})
        }
        3 => strong(random, "site.standard.document"),
        _ => strong(random, "app.bsky.feed.post"),
    }
}

/// A record of a collection; most fields are there most of the time.
pub fn record(random: &mut Random, collection: &str) -> Value {
    let mut record = fields(random, collection);
    record["$type"] = collection.into();
    if random.percent(95) {
        let day = 1 + random.below(28);
        record["createdAt"] = format!("2026-06-{day:02}T00:00:00.{day:03}+02:00").into();
    }
    record
}

fn fields(random: &mut Random, collection: &str) -> Value {
    match collection {
        "app.bsky.feed.post" => post(random),
        "app.bsky.feed.like" | "app.bsky.feed.repost" | "app.bsky.bookmark" => {
            let mut record = json!({"subject": liked(random)});
            if random.percent(20) {
                record["via"] = strong(random, "app.bsky.feed.repost");
            }
            record
        }
        "app.bsky.feed.threadgate" => threadgate(random),
        "app.bsky.feed.postgate" => postgate(random),
        "app.bsky.graph.follow" | "app.bsky.graph.block" => json!({"subject": any_did(random)}),
        "app.bsky.graph.listitem" => {
            json!({"list": uri(random, "app.bsky.graph.list"), "subject": any_did(random)})
        }
        "app.bsky.graph.listblock" => json!({"subject": uri(random, "app.bsky.graph.list")}),
        "app.bsky.graph.verification" => {
            let n = random.below(REPOS);
            json!({"subject": did(n), "handle": format!("p{n}.example"), "displayName": "P"})
        }
        "app.bsky.graph.list" => {
            json!({"name": name(random), "purpose": "app.bsky.graph.defs#modlist"})
        }
        "app.bsky.feed.generator" => {
            json!({"did": "did:web:feeds.example", "displayName": name(random)})
        }
        "app.bsky.graph.starterpack" => {
            json!({"name": name(random), "list": uri(random, "app.bsky.graph.list"),
                "feeds": [{"uri": uri(random, "app.bsky.feed.generator")}]})
        }
        "app.bsky.labeler.service" => json!({"policies": {"labelValues": [name(random)]}}),
        "app.bsky.actor.profile" => profile(random),
        "com.atproto.label.label" => {
            json!({"uri": uri(random, "app.bsky.feed.post"), "val": name(random), "neg": random.percent(30)})
        }
        _ => json!({"title": name(random)}),
    }
}

fn name(random: &mut Random) -> String {
    let names = ["one", "zwei", "три", "a\u{0}b", "", "four four"];
    (*random.pick(&names)).to_owned()
}

fn profile(random: &mut Random) -> Value {
    let mut record = json!({"displayName": name(random), "description": name(random)});
    if random.percent(50) {
        record["avatar"] =
            json!({"$type": "blob", "ref": {"$link": BLOB}, "mimeType": "image/png", "size": 1});
    }
    if random.percent(30) {
        record["pinnedPost"] = strong(random, "app.bsky.feed.post");
    }
    record
}

fn post(random: &mut Random) -> Value {
    let mut record = json!({"text": name(random)});
    if random.percent(45) {
        record["reply"] = json!({"root": strong(random, "app.bsky.feed.post"),
            "parent": strong(random, "app.bsky.feed.post")});
    }
    match random.below(6) {
        0 | 1 => {
            record["embed"] = json!({"$type": "app.bsky.embed.record", "record": strong(random, "app.bsky.feed.post")});
        }
        2 => {
            record["embed"] = json!({"$type": "app.bsky.embed.recordWithMedia",
                "record": {"$type": "app.bsky.embed.record", "record": strong(random, "app.bsky.feed.generator")},
                "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://x.example", "title": "", "description": ""}}});
        }
        _ => {}
    }
    if random.percent(30) {
        record["langs"] = json!(["en", "de"]);
    }
    if random.percent(30) {
        record["facets"] = (0..1 + random.below(3)).map(|_| facet(random)).collect();
    }
    record
}

/// A link or a mention, of anyone; sometimes what is hardly one.
fn facet(random: &mut Random) -> Value {
    let feature = match random.below(5) {
        0 => json!({"$type": "app.bsky.richtext.facet#link", "uri": "https://x.example"}),
        1 => json!({"$type": "app.bsky.richtext.facet#mention", "did": "p1.example"}),
        _ => json!({"$type": "app.bsky.richtext.facet#mention", "did": any_did(random)}),
    };
    json!({"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]})
}

fn threadgate(random: &mut Random) -> Value {
    let rules = [
        json!({"$type": "app.bsky.feed.threadgate#mentionRule"}),
        json!({"$type": "app.bsky.feed.threadgate#followingRule"}),
        json!({"$type": "app.bsky.feed.threadgate#listRule", "list": uri(random, "app.bsky.graph.list")}),
    ];
    let post = uri(random, "app.bsky.feed.post");
    match random.below(5) {
        // Anyone: no gate at all.
        0 => json!({"post": post}),
        // Nobody.
        1 => json!({"post": post, "allow": []}),
        2 => json!({"post": post, "allow": [rules[0]]}),
        _ => json!({"post": post, "allow": [random.pick(&rules), random.pick(&rules)]}),
    }
}

fn postgate(random: &mut Random) -> Value {
    let mut record = json!({"post": uri(random, "app.bsky.feed.post")});
    if random.percent(60) {
        record["embeddingRules"] = json!([{"$type": "app.bsky.feed.postgate#disableRule"}]);
    }
    if random.percent(40) {
        record["detachedEmbeddingUris"] = json!([uri(random, "app.bsky.feed.post")]);
    }
    record
}
