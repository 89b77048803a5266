//! A random history: entries in stream order, biased to trouble.

use serde_json::{Value, json};

use super::dialect::sdk;
use super::records::{self, REPOS, any_did, did, record};
use crate::model::{EntryLike, Model};
use crate::support::give::Given;
use crate::support::random::Random;

/// Entries, who has opted out, and what the tables must hold.
pub struct History {
    pub entries: Vec<Given>,
    pub opted_out: Option<String>,
    pub model: Model,
}

impl History {
    pub fn of(random: &mut Random) -> History {
        let mut clock = Clock::of(random);
        let length = 10 + random.below(150);
        let mut entries: Vec<Given> = (0..length)
            .map(|_| {
                let id = clock.next(random);
                entry(random, id)
            })
            .collect();
        if random.percent(15) {
            crowd(random, &mut clock, &mut entries);
        }
        let opted_out = random.percent(20).then(|| any_did(random));
        let mut model = Model::with_opted_out(opted_out.clone());
        for entry in &entries {
            model.apply(&EntryLike {
                id: &entry.id,
                kind: &entry.kind,
                data: entry.data.as_bytes(),
                seq: &entry.seq,
            });
        }
        History {
            entries,
            opted_out,
            model,
        }
    }
}

/// Stream ids: mostly a millisecond apart, some in a burst whose numbers pass 999.
struct Clock {
    ms: u64,
    n: u64,
}

impl Clock {
    fn of(random: &mut Random) -> Clock {
        Clock {
            ms: 1_783_175_888_000 + random.next() % 1_000_000,
            n: 0,
        }
    }

    fn next(&mut self, random: &mut Random) -> String {
        match random.below(10) {
            0..=5 => (self.ms, self.n) = (self.ms + 1, 0),
            6 => self.n += 997,
            _ => self.n += 1,
        }
        format!("{}-{}", self.ms, self.n)
    }
}

fn given(id: String, kind: &str, data: &Value) -> Given {
    Given {
        seq: id.split('-').next().unwrap().to_owned(),
        id,
        kind: kind.to_owned(),
        data: data.to_string(),
    }
}

fn entry(random: &mut Random, id: String) -> Given {
    match random.below(40) {
        0 => {
            let n = random.below(REPOS);
            let handle = format!("p{n}-{}.example", random.below(3));
            given(id, "identity", &json!({"did": did(n), "handle": handle}))
        }
        1 => {
            let data = json!({"did": any_did(random), "active": random.percent(50)});
            given(id, "account", &data)
        }
        _ => commit(random, id),
    }
}

fn commit(random: &mut Random, id: String) -> Given {
    let repo = any_did(random);
    let mut ops = Vec::new();
    let mut last = records::path(random);
    for n in 0..1 + random.below(4) {
        // Several ops of one entry on one uri: the last stands for all.
        if n == 0 || random.percent(70) {
            last = records::path(random);
        }
        ops.push(op(random, last));
    }
    let data = json!({"repo": repo, "rev": "3lrev", "time": "2026-07-04T00:00:00Z", "ops": ops});
    given(id, "commit", &data)
}

fn op(random: &mut Random, (collection, rkey): (&str, &str)) -> Value {
    let path = format!("{collection}/{rkey}");
    if random.percent(30) {
        return json!({"action": "delete", "path": path});
    }
    let mut record = record(random, collection);
    if random.percent(40) {
        record = sdk(&record, random);
    }
    // What is called an update may be the first that is seen, and a create may come twice.
    let action = random.pick(&["create", "update"]);
    let cid = format!("bafy{}", random.below(9));
    json!({"action": action, "path": path, "cid": cid, "record": record})
}

/// A thousand actors like one post; some of them take it back, some like it twice.
fn crowd(random: &mut Random, clock: &mut Clock, entries: &mut Vec<Given>) {
    const LIKE: &str = "app.bsky.feed.like";
    let subject = json!({"uri": format!("at://{}/app.bsky.feed.post/1", did(0)), "cid": "bafy1"});
    for n in 0..1_000 {
        let create = |rkey: &str| {
            json!({"action": "create", "path": format!("{LIKE}/{rkey}"), "cid": "bafy1",
                "record": {"$type": LIKE, "subject": subject, "createdAt": "2026-07-04T00:00:00Z"}})
        };
        let mut ops = vec![create("1")];
        if random.percent(10) {
            ops.push(create("2"));
        }
        if random.percent(10) {
            ops.push(json!({"action": "delete", "path": format!("{LIKE}/1")}));
        }
        let data = json!({"repo": format!("did:plc:crowd{n}"), "ops": ops});
        entries.push(given(clock.next(random), "commit", &data));
    }
}
