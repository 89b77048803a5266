//! The oracle: what the tables must hold after a set of entries, by the simplest means.
//!
//! Written from CONTRACT.md and DESIGN.md alone. It uses nothing of the engine, so that an error
//! must be made twice, in two ways, to pass. It keeps the newest op of every uri and derives all
//! tables anew for each comparison: no deltas, no order, nothing to converge.

mod cell;
mod compare;
mod date;
mod derived;
mod json;
pub mod lexicon;
mod record;
mod settled;
mod tables;

pub use compare::{assert_same, assert_same_rejected};

use cell::{Cell, Row};
use record::{Meaning, Op, Stored, meaning};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One entry. For a replayed dead letter `id` is the id that it had first.
#[derive(Clone, Debug)]
pub struct EntryLike<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub data: &'a [u8],
    pub seq: &'a str,
}

/// A record's date as microseconds since 1970.
pub fn micros_of(text: &str) -> Option<i64> {
    date::parse(text)
}

/// Where an entry stands: its stream id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    ms: u64,
    n: u64,
}

impl Position {
    fn parse(id: &str) -> Position {
        let (ms, n) = id.split_once('-').expect("a stream id");
        Position {
            ms: ms.parse().expect("milliseconds"),
            n: n.parse().expect("a number"),
        }
    }

    /// As a timestamp: microseconds since 1970.
    fn micros(self) -> i64 {
        i64::try_from(self.ms * 1000 + self.n.min(999)).expect("a date")
    }
}

/// Whether an identity with a handle makes a users row where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdentityRow {
    #[default]
    Made,
    NotMade,
}

/// When replies were judged by gates that let in whom their owner follows, or who is on a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Judged {
    /// When the later of both came: what it came to cannot be told afterwards.
    #[default]
    Once,
    /// Now, by an audit.
    Anew,
}

/// An entry or op that cannot be stored: the entry's id, the op's number (none for the entry as a
/// whole) and the reason.
pub type Rejected = (String, Option<usize>, String);

#[derive(Default)]
pub struct Model {
    opted_out: BTreeSet<String>,
    pub identity_row: IdentityRow,
    pub judged: Judged,
    /// The newest op of each uri: what it stored, or nothing where it was a delete.
    records: HashMap<String, (Position, Option<Stored>)>,
    /// DIDs that have a users row.
    users: BTreeSet<String>,
    handles: BTreeMap<String, (Position, String)>,
    accounts: BTreeMap<String, (Position, Row)>,
    rejected: BTreeSet<Rejected>,
    /// Creates, updates and deletes of records that are not stored.
    pub ignored: usize,
}

enum Effect {
    Put(Box<Stored>),
    Delete,
}

impl Model {
    pub fn new() -> Model {
        Model::default()
    }

    /// A model in which the records of these actors are not stored. Their settings refer to users
    /// rows, so that they have them.
    pub fn with_opted_out(dids: impl IntoIterator<Item = String>) -> Model {
        let opted_out: BTreeSet<String> = dids.into_iter().collect();
        Model {
            users: opted_out.clone(),
            opted_out,
            ..Model::default()
        }
    }

    pub fn rejected(&self) -> &BTreeSet<Rejected> {
        &self.rejected
    }

    /// Takes an entry in; in any order, any number of times.
    pub fn apply(&mut self, entry: &EntryLike) {
        let data = json::parse(&String::from_utf8_lossy(entry.data));
        let outcome = match (entry.kind, data) {
            ("commit" | "identity" | "account", None) => Err("not_json".to_owned()),
            ("commit", Some(data)) => self.commit(entry, &data),
            ("identity", Some(data)) => self.identity(entry, &data),
            ("account", Some(data)) => self.account(entry, &data),
            _ => Ok(()),
        };
        if let Err(reason) = outcome {
            self.rejected.insert((entry.id.to_owned(), None, reason));
        }
    }

    fn identity(&mut self, entry: &EntryLike, data: &Value) -> Result<(), String> {
        did_of(data, "did")?;
        let position = Position::parse(entry.id);
        let handle = match &data["handle"] {
            Value::String(handle) if !handle.is_empty() => handle.clone(),
            _ => return Ok(()),
        };
        let did = user_of(data, "did")?;
        if handle.chars().count() > 255 {
            return Err("too_long:handle".into());
        }
        let known = self.handles.get(&did);
        if known.is_none_or(|(known, _)| *known < position) {
            self.handles.insert(did, (position, handle));
        }
        Ok(())
    }

    fn account(&mut self, entry: &EntryLike, data: &Value) -> Result<(), String> {
        let did = did_of(data, "did")?;
        let position = Position::parse(entry.id);
        needed(data, "active", Value::as_bool)?;
        let row = Row::from([
            ("did", did.as_str().into()),
            ("active", data["active"].as_bool().into()),
            ("status", data["status"].as_str().into()),
            ("position", Cell::Time(position.micros())),
        ]);
        let known = self.accounts.get(&did);
        if known.is_none_or(|(known, _)| *known < position) {
            self.accounts.insert(did, (position, row));
        }
        Ok(())
    }

    fn commit(&mut self, entry: &EntryLike, data: &Value) -> Result<(), String> {
        let repo = user_of(data, "repo")?;
        let ops = needed(data, "ops", Value::as_array)?;
        let time = data["time"]
            .as_str()
            .and_then(date::parse)
            .map_or(Cell::Null, Cell::Time);
        let seq = Some(entry.seq).filter(|seq| !seq.is_empty());
        let commit = Row::from([
            ("commit_time", time),
            ("commit_seq", seq.into()),
            ("commit_rev", data["rev"].as_str().into()),
        ]);
        let position = Position::parse(entry.id);
        let mut last: BTreeMap<String, Effect> = BTreeMap::new();
        for (number, op) in ops.iter().enumerate() {
            match self.op(&repo, op, position, &commit) {
                Ok(Some((uri, effect))) => drop(last.insert(uri, effect)),
                Ok(None) => self.ignored += 1,
                Err(reason) => drop(self.rejected.insert((
                    entry.id.to_owned(),
                    Some(number),
                    reason,
                ))),
            }
        }
        for (uri, effect) in last {
            self.settle(uri, position, effect);
        }
        Ok(())
    }

    fn settle(&mut self, uri: String, position: Position, effect: Effect) {
        if self
            .records
            .get(&uri)
            .is_none_or(|(known, _)| *known < position)
        {
            let stored = match effect {
                Effect::Put(stored) => Some(*stored),
                Effect::Delete => None,
            };
            self.records.insert(uri, (position, stored));
        }
    }

    /// What an op does to which uri; nothing if its record is not stored.
    fn op(
        &mut self,
        repo: &str,
        op: &Value,
        position: Position,
        commit: &Row,
    ) -> Result<Option<(String, Effect)>, String> {
        if !op.is_object() {
            return Err("wrong_type:op".into());
        }
        let action = needed(op, "action", Value::as_str)?;
        if matches!(action, "create" | "update") {
            self.users.insert(repo.to_owned());
        } else if action != "delete" {
            return Err("unknown_action".into());
        }
        let path = needed(op, "path", Value::as_str)?;
        let (collection, rkey) = split_path(path).ok_or("invalid_uri:path")?;
        let uri = format!("at://{repo}/{path}");
        if action == "delete" {
            return Ok(Some((uri, Effect::Delete)));
        }
        let cid = op.get("cid").unwrap_or(&Value::Null);
        let record = op.get("record").unwrap_or(&Value::Null);
        self.users.extend(record::mention(collection, record));
        match meaning(&Op {
            repo,
            collection,
            rkey,
            cid,
            record,
            position,
            commit,
        })? {
            Meaning::Nothing => Ok(None),
            Meaning::Delete => Ok(Some((uri, Effect::Delete))),
            Meaning::Store(stored) => {
                let allowed = stored.table == "users" || !self.opted_out.contains(repo);
                Ok(allowed.then_some((uri, Effect::Put(stored))))
            }
        }
    }
}

/// A field that must be there, in the type that `read` takes.
fn needed<'v, T>(
    of: &'v Value,
    field: &str,
    read: impl FnOnce(&'v Value) -> Option<T>,
) -> Result<T, String> {
    match of.get(field) {
        None | Some(Value::Null) => Err(format!("missing:{field}")),
        Some(value) => read(value).ok_or(format!("wrong_type:{field}")),
    }
}

/// A DID of any length: schema `forebay` has text columns.
fn did_of(data: &Value, field: &str) -> Result<String, String> {
    if !data.is_object() {
        return Err("wrong_type:data".into());
    }
    let did = needed(data, field, Value::as_str)?;
    if record::is_did(did) {
        Ok(did.to_owned())
    } else {
        Err(format!("invalid_did:{field}"))
    }
}

/// A DID that `users` can hold.
fn user_of(data: &Value, field: &str) -> Result<String, String> {
    did_of(data, field).and_then(|did| {
        (did.len() <= 255)
            .then_some(did)
            .ok_or(format!("too_long:{field}"))
    })
}

/// `collection/rkey`: an NSID of at least three segments, and a record key.
fn split_path(path: &str) -> Option<(&str, &str)> {
    let (collection, rkey) = path.split_once('/')?;
    let well_made = |text: &str, others: &[u8]| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || others.contains(&b))
    };
    let segments: Vec<&str> = collection.split('.').collect();
    let is_nsid = segments.len() >= 3 && segments.iter().all(|part| well_made(part, b"-"));
    let is_rkey = well_made(rkey, b".-_:~") && rkey != "." && rkey != "..";
    (is_nsid && is_rkey && rkey.len() <= 512).then_some((collection, rkey))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const REPO: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
    const POST: &str = "at://did:plc:bbbbbbbbbbbbbbbbbbbbbbbb/app.bsky.feed.post/3k";

    fn apply(model: &mut Model, id: &str, ops: &Value) {
        let data = json!({ "repo": REPO, "ops": ops }).to_string();
        model.apply(&EntryLike {
            id,
            kind: "commit",
            data: data.as_bytes(),
            seq: "",
        });
    }

    fn op(action: &str, path: &str, fields: Value) -> Value {
        let mut record = fields;
        record["$type"] = path.split('/').next().into();
        json!({ "action": action, "path": path, "record": record })
    }

    fn like(action: &str, rkey: &str) -> Value {
        op(
            action,
            &format!("app.bsky.feed.like/{rkey}"),
            json!({ "subject": { "uri": POST } }),
        )
    }

    fn likes(model: &Model) -> Option<String> {
        model.expected("public.post_aggregations", POST, "like_count")
    }

    #[test]
    fn the_first_of_a_pair_holds_and_the_second_takes_over() {
        let mut model = Model::new();
        apply(&mut model, "5-1", &json!([like("create", "b")]));
        apply(&mut model, "5-0", &json!([like("create", "c")]));
        let holds = |model: &Model, rkey: &str| {
            let uri = format!("at://{REPO}/app.bsky.feed.like/{rkey}");
            model.expected("public.likes", &uri, "uri").is_some()
        };
        assert!(holds(&model, "c") && !holds(&model, "b"));
        assert_eq!(model.count("forebay.duplicates"), 2);
        assert_eq!(likes(&model).as_deref(), Some("1"));
        apply(&mut model, "6-0", &json!([like("delete", "c")]));
        assert!(holds(&model, "b"));
        assert_eq!(model.count("forebay.duplicates"), 0);
    }

    #[test]
    fn a_later_delete_wins_whenever_it_comes() {
        let mut model = Model::new();
        apply(&mut model, "9-0", &json!([like("delete", "a")]));
        apply(&mut model, "8-0", &json!([like("create", "a")]));
        assert_eq!(model.count("public.likes"), 0);
        assert_eq!(
            model.count("public.users"),
            1,
            "its owner was named all the same"
        );
        apply(
            &mut model,
            "10-0",
            &json!([like("create", "a"), like("update", "a")]),
        );
        assert_eq!(likes(&model).as_deref(), Some("1"));
    }

    #[test]
    fn a_bad_op_leaves_the_others() {
        let mut model = Model::new();
        let bad = op("create", "app.bsky.feed.like/x", json!({ "subject": 7 }));
        apply(
            &mut model,
            "1-0",
            &json!([like("create", "a"), bad, 7, like("create", "b/c")]),
        );
        let reasons: Vec<_> = model
            .rejected()
            .iter()
            .map(|(_, op, why)| (*op, why.as_str()))
            .collect();
        assert_eq!(
            reasons,
            [
                (Some(1), "wrong_type:subject"),
                (Some(2), "wrong_type:op"),
                (Some(3), "invalid_uri:path")
            ]
        );
        assert_eq!(model.count("public.likes"), 1);
    }

    #[test]
    fn a_gate_marks_its_post_and_an_update_without_rules_ends_it() {
        let mut model = Model::new();
        let gate = |action, fields| op(action, "app.bsky.feed.threadgate/p", fields);
        apply(
            &mut model,
            "1-0",
            &json!([gate("create", json!({ "allow": [] }))]),
        );
        apply(
            &mut model,
            "2-0",
            &json!([op("create", "app.bsky.feed.post/p", json!({ "text": "x" }))]),
        );
        let post = format!("at://{REPO}/app.bsky.feed.post/p");
        let flag = |model: &Model| model.expected("public.posts", &post, "has_thread_gate");
        assert_eq!(flag(&model).as_deref(), Some("true"));
        apply(&mut model, "3-0", &json!([gate("update", json!({}))]));
        assert_eq!(flag(&model).as_deref(), Some("false"));
        assert_eq!(model.count("public.thread_gates"), 0);
    }

    #[test]
    fn an_opted_out_actor_keeps_a_profile_only() {
        let mut model = Model::with_opted_out([REPO.to_owned()]);
        let profile = op(
            "create",
            "app.bsky.actor.profile/self",
            json!({ "displayName": "é".repeat(300) }),
        );
        apply(&mut model, "1-0", &json!([like("create", "a"), profile]));
        assert_eq!(model.count("public.likes"), 0);
        let name = model.expected("public.users", REPO, "display_name");
        assert_eq!(
            name.map(|name| name.chars().count()),
            Some(257),
            "255 and the quotes"
        );
    }

    #[test]
    fn an_identity_makes_a_row_unless_told_otherwise() {
        let mut model = Model::new();
        let data = json!({ "did": REPO, "handle": "a.example.com" }).to_string();
        model.apply(&EntryLike {
            id: "1-0",
            kind: "identity",
            data: data.as_bytes(),
            seq: "",
        });
        assert_eq!(model.count("public.users"), 1);
        model.identity_row = IdentityRow::NotMade;
        assert_eq!(model.count("public.users"), 0);
        assert_eq!(model.count("forebay.handles"), 1);
    }
}
