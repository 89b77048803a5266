//! What the baseline does for an entry: statements with their values, all of them text.
//!
//! It reads records plainly: a field is looked up under both dialects' names, and nothing is
//! repaired.

use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

use crate::sql::bench as sql;

/// A statement and its values.
#[derive(Debug)]
pub struct Step {
    /// The statement.
    pub statement: &'static str,
    /// Its parameters.
    pub values: Vec<Option<String>>,
}

fn step<const N: usize>(statement: &'static str, values: [Option<&str>; N]) -> Step {
    Step {
        statement,
        values: values.map(|value| value.map(str::to_owned)).into(),
    }
}

/// The transactions that an entry takes.
pub fn of(kind: &str, data: &str) -> Vec<Vec<Step>> {
    let Ok(data) = sonic_rs::from_str::<Value>(data) else {
        return Vec::new();
    };
    match kind {
        "commit" => commit(&data),
        "identity" => vec![identity(&data)],
        _ => Vec::new(),
    }
}

fn identity(data: &Value) -> Vec<Step> {
    match (text(data, &["did"]), text(data, &["handle"])) {
        (Some(did), Some(handle)) => vec![step(sql::ROW_HANDLE, [Some(did), Some(handle)])],
        _ => Vec::new(),
    }
}

fn commit(data: &Value) -> Vec<Vec<Step>> {
    let repo = text(data, &["repo"]).unwrap_or_default();
    let ops = data.get("ops").and_then(|ops| ops.as_array());
    let ops = ops.into_iter().flat_map(|ops| ops.iter());
    ops.map(|op| operation(repo, op)).collect()
}

/// One operation. Updates are ignored, but for profiles.
fn operation(repo: &str, op: &Value) -> Vec<Step> {
    let path = text(op, &["path"]).unwrap_or_default();
    let collection = path.split('/').next().unwrap_or_default();
    let uri = format!("at://{repo}/{path}");
    let record = op.get("record");
    match (text(op, &["action"]), record) {
        (Some("create"), Some(record)) => Creation {
            uri: &uri,
            repo,
            cid: text(op, &["cid"]).unwrap_or_default(),
            record,
        }
        .steps(collection),
        (Some("update"), Some(record)) if collection == PROFILE => profile(repo, record),
        (Some("delete"), _) => delete(collection, &uri),
        _ => Vec::new(),
    }
}

const PROFILE: &str = "app.bsky.actor.profile";

fn delete(collection: &str, uri: &str) -> Vec<Step> {
    let deletes = &*sql::ROW_DELETES;
    let statements: &[String] = match collection {
        "app.bsky.feed.like" => &deletes.like,
        "app.bsky.feed.repost" => &deletes.repost,
        "app.bsky.feed.post" => &deletes.post,
        "app.bsky.graph.follow" => &deletes.follow,
        "app.bsky.graph.block" => &deletes.block,
        _ => &deletes.other,
    };
    let steps = statements.iter().map(|text| step(text, [Some(uri)]));
    steps.collect()
}

fn user(did: &str) -> Step {
    step(sql::ROW_USER, [Some(did)])
}

fn profile(repo: &str, record: &Value) -> Vec<Step> {
    let name = text(record, &["displayName"]).or_else(|| text(record, &["display_name"]));
    let description = text(record, &["description"]);
    let whole = sonic_rs::to_string(record).ok();
    let values = [Some(repo), name, description, whole.as_deref()];
    vec![step(sql::ROW_PROFILE, values)]
}

/// A record that is new.
struct Creation<'a> {
    uri: &'a str,
    repo: &'a str,
    cid: &'a str,
    record: &'a Value,
}

impl Creation<'_> {
    fn steps(&self, collection: &str) -> Vec<Step> {
        match collection {
            "app.bsky.feed.like" => self.like(),
            "app.bsky.feed.repost" => self.repost(),
            "app.bsky.feed.post" => self.post(),
            "app.bsky.graph.follow" => self.tie(&sql::ROW_FOLLOW),
            "app.bsky.graph.block" => self.tie(&sql::ROW_BLOCK),
            PROFILE => profile(self.repo, self.record),
            _ => vec![user(self.repo), self.other(collection)],
        }
    }

    fn field(&self, path: &[&str]) -> Option<&str> {
        text(self.record, path)
    }

    fn json(&self, name: &str) -> Option<String> {
        let value = self.record.get(name).filter(|value| !value.is_null())?;
        sonic_rs::to_string(value).ok()
    }

    fn created_at(&self) -> Option<&str> {
        self.field(&["createdAt"])
            .or_else(|| self.field(&["created_at"]))
    }

    fn reaction(&self, statement: &'static str) -> Step {
        let post = self.field(&["subject", "uri"]);
        let cid = self.field(&["subject", "cid"]);
        let values = [
            Some(self.uri),
            Some(self.repo),
            post,
            cid,
            self.created_at(),
        ];
        step(statement, values)
    }

    fn like(&self) -> Vec<Step> {
        let post = self.field(&["subject", "uri"]);
        vec![
            user(self.repo),
            self.reaction(&sql::ROW_LIKE),
            count(post, ["1", "0", "0"]),
        ]
    }

    fn repost(&self) -> Vec<Step> {
        let post = self.field(&["subject", "uri"]);
        vec![
            user(self.repo),
            self.reaction(&sql::ROW_REPOST),
            self.feed_item(post, "repost"),
            count(post, ["0", "1", "0"]),
        ]
    }

    fn post(&self) -> Vec<Step> {
        let parent = self.field(&["reply", "parent", "uri"]);
        let (langs, embed, facets) = (self.json("langs"), self.json("embed"), self.json("facets"));
        let values = [
            Some(self.uri),
            Some(self.cid),
            Some(self.repo),
            self.field(&["text"]).or(Some("")),
            langs.as_deref(),
            embed.as_deref(),
            facets.as_deref(),
            parent,
            self.field(&["reply", "parent", "cid"]),
            self.field(&["reply", "root", "uri"]),
            self.field(&["reply", "root", "cid"]),
            self.created_at(),
        ];
        let mut steps = vec![
            user(self.repo),
            step(sql::ROW_POST, values),
            self.feed_item(Some(self.uri), "post"),
            count(Some(self.uri), ["0", "0", "0"]),
        ];
        steps.extend(parent.map(|parent| count(Some(parent), ["0", "0", "1"])));
        steps
    }

    fn feed_item(&self, post: Option<&str>, kind: &str) -> Step {
        let values = [
            Some(self.uri),
            post,
            Some(self.repo),
            Some(kind),
            Some(self.cid),
            self.created_at(),
        ];
        step(sql::ROW_FEED_ITEM, values)
    }

    fn tie(&self, statement: &'static str) -> Vec<Step> {
        let whom = self.field(&["subject"]);
        let values = [Some(self.uri), Some(self.repo), whom, self.created_at()];
        let users = [Some(self.repo), whom].into_iter().flatten().map(user);
        users.chain([step(statement, values)]).collect()
    }

    fn other(&self, collection: &str) -> Step {
        let record = sonic_rs::to_string(self.record).ok();
        let values = [
            Some(self.uri),
            Some(self.cid),
            Some(self.repo),
            Some(collection),
            record.as_deref(),
            self.created_at(),
        ];
        step(sql::ROW_RECORD, values)
    }
}

fn count(post: Option<&str>, [likes, reposts, replies]: [&str; 3]) -> Step {
    let values = [post, Some(likes), Some(reposts), Some(replies)];
    step(sql::ROW_COUNT, values)
}

/// The text at a path of names.
fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    found?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_a_transaction() {
        let data = r#"{"repo":"did:plc:a","ops":[
            {"action":"create","path":"app.bsky.feed.like/1","cid":"c","record":{"created_at":"2026-07-04","subject":{"uri":"at://p","cid":"d"}}},
            {"action":"delete","path":"app.bsky.feed.repost/2"},
            {"action":"update","path":"app.bsky.feed.post/3","cid":"c","record":{}}]}"#;
        let steps = of("commit", data);
        let lengths: Vec<usize> = steps.iter().map(Vec::len).collect();
        assert_eq!(lengths, [3, 3, 0]);
        let like: Vec<&str> = steps[0][1].values.iter().flatten().map(|v| &**v).collect();
        let uri = "at://did:plc:a/app.bsky.feed.like/1";
        assert_eq!(like, [uri, "did:plc:a", "at://p", "d", "2026-07-04"]);
    }

    #[test]
    fn what_is_no_json_is_left_out() {
        assert!(of("commit", "{").is_empty() && of("account", "{}").is_empty());
    }
}
