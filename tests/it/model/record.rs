//! What one record becomes by itself (CONTRACT §3): the row of its table, what it points at, or
//! the reason why it is not stored.

use super::cell::{Cell, Row};
use super::{Position, date, json, lexicon};
use serde_json::{Map, Value, json};

/// One create or update, with what its entry says about it.
pub struct Op<'a> {
    pub repo: &'a str,
    pub collection: &'a str,
    pub rkey: &'a str,
    pub cid: &'a Value,
    pub record: &'a Value,
    pub position: Position,
    /// commit_time, commit_seq and commit_rev.
    pub commit: &'a Row,
}

pub enum Meaning {
    Store(Box<Stored>),
    /// A thread gate without `allow`: no row, and the one that was there goes.
    Delete,
    /// Counted, not stored.
    Nothing,
}

/// A record that has a row, at least as long as no other stands in its place.
#[derive(Clone, Debug)]
pub struct Stored {
    pub table: &'static str,
    pub row: Row,
    /// The second unique key.
    pub pair: Option<[String; 2]>,
    pub feed_item: Option<Row>,
    pub quote: Option<Row>,
    /// Its own CID, where one came.
    pub cid: Option<String>,
}

type Fallible<T> = Result<T, String>;

pub const POST: &str = "app.bsky.feed.post";
const NESTING_MAX: usize = 128;

/// # Errors
/// The reason for the dead letters: what is wrong, and after a colon the field where one is.
pub fn meaning(op: &Op) -> Fallible<Meaning> {
    match op.record {
        Value::Object(_) => {}
        Value::Null => return Err("missing:record".into()),
        _ => return Err("wrong_type:record".into()),
    }
    let form = lexicon::form(op.record);
    let record = form.as_object().expect("an object stays one");
    if record.get("$type").and_then(Value::as_str) != Some(op.collection) {
        return Err("type_mismatch".into());
    }
    let reading = Reading {
        op,
        record,
        form: &form,
    };
    let meaning = reading.read()?;
    if let Meaning::Store(stored) = &meaning {
        check_bounds(stored)?;
        let rows = [Some(&stored.row), stored.feed_item.as_ref()];
        let keeps_cid = rows
            .into_iter()
            .flatten()
            .any(|row| row.contains_key("cid"));
        if keeps_cid && !op.cid.is_null() && !op.cid.is_string() {
            return Err("wrong_type:cid".into());
        }
    }
    Ok(meaning)
}

/// Most characters of a text column that is not cut, after `columns.tsv`.
fn length_max(column: &str) -> usize {
    match column {
        "uri" | "post_uri" | "subject" | "list_uri" | "parent_uri" | "root_uri" | "quoted_uri" => {
            512
        }
        "text" | "description" | "avatar_url" | "banner_url" => usize::MAX,
        "purpose" | "commit_rev" => 64,
        "val" => 128,
        "commit_seq" => 32,
        _ => 255,
    }
}

fn check_bounds(stored: &Stored) -> Fallible<()> {
    let rows = [
        Some(&stored.row),
        stored.feed_item.as_ref(),
        stored.quote.as_ref(),
    ];
    for (column, cell) in rows.into_iter().flatten().flatten() {
        match cell {
            Cell::Text(text) if text.chars().count() > length_max(column) => {
                return Err(format!("too_long:{column}"));
            }
            Cell::Json(value) if json::depth(value) > NESTING_MAX => {
                return Err("too_deep".into());
            }
            Cell::Json(value) if !json::is_numeric(value) => {
                return Err(format!("bad_number:{column}"));
            }
            _ => {}
        }
    }
    Ok(())
}

struct Reading<'a> {
    op: &'a Op<'a>,
    /// In the lexicon form.
    record: &'a Map<String, Value>,
    form: &'a Value,
}

impl Reading<'_> {
    fn read(&self) -> Fallible<Meaning> {
        self.check_needed_texts()?;
        let stored = match self.op.collection {
            "app.bsky.feed.post" => self.post()?,
            "app.bsky.feed.like" => self.like("likes", self.commit())?,
            "app.bsky.feed.repost" => self.repost()?,
            "app.bsky.bookmark" => self.bookmark()?,
            "app.bsky.graph.follow" => self.follow("follows", ["follower_did", "following_did"])?,
            "app.bsky.graph.block" => self.follow("blocks", ["blocker_did", "blocked_did"])?,
            "app.bsky.graph.listitem" => self.list_item()?,
            "app.bsky.graph.listblock" => self.list_block()?,
            "app.bsky.graph.verification" => self.verification()?,
            "app.bsky.actor.profile" if self.op.rkey != "self" => return Ok(Meaning::Nothing),
            "app.bsky.actor.profile" => self.profile(),
            "app.bsky.graph.list" => self.list(),
            "app.bsky.feed.generator" => self.feed_generator()?,
            "app.bsky.graph.starterpack" => self.starter_pack()?,
            "app.bsky.labeler.service" => self.labeler(),
            "com.atproto.label.label" => self.label()?,
            "app.bsky.feed.threadgate" => match self.record.get("allow") {
                Some(Value::Array(rules)) => self.thread_gate(rules),
                None | Some(Value::Null) => return Ok(Meaning::Delete),
                Some(_) => return Err("wrong_type:allow".into()),
            },
            "app.bsky.feed.postgate" => self.post_gate(),
            "app.bsky.actor.status"
            | "app.bsky.notification.declaration"
            | "chat.bsky.actor.declaration" => return Ok(Meaning::Nothing),
            _ => self.generic(),
        };
        Ok(Meaning::Store(Box::new(stored)))
    }

    fn cid(&self) -> Cell {
        self.op.cid.as_str().unwrap_or_default().into()
    }

    /// Text of columns that are NOT NULL may be missing, then it is `''`; of another JSON type it
    /// cannot be stored, since there is no NULL to put in its place.
    fn check_needed_texts(&self) -> Fallible<()> {
        let needed: &[&str] = match self.op.collection {
            "app.bsky.feed.post" => &["text"],
            "app.bsky.graph.verification" => &["handle"],
            "app.bsky.graph.list" => &["name", "purpose"],
            "app.bsky.feed.generator" => &["displayName"],
            "app.bsky.graph.starterpack" => &["name"],
            _ => &[],
        };
        let wrong = |name: &&&str| self.field(name).is_some_and(|value| !value.is_string());
        match needed.iter().find(wrong) {
            Some(name) => Err(format!("wrong_type:{name}")),
            None => Ok(()),
        }
    }

    fn uri(&self) -> String {
        format!(
            "at://{}/{}/{}",
            self.op.repo, self.op.collection, self.op.rkey
        )
    }

    fn gated_post(&self) -> String {
        format!("at://{}/{POST}/{}", self.op.repo, self.op.rkey)
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.record.get(name).filter(|value| !value.is_null())
    }

    /// Text or nothing; of the wrong JSON type: nothing.
    fn text(&self, name: &str) -> Option<String> {
        self.field(name)?.as_str().map(str::to_owned)
    }

    /// Text of a display column: cut to its 255 characters.
    fn cut(&self, name: &str) -> Option<String> {
        Some(self.text(name)?.chars().take(255).collect())
    }

    fn any_json(&self, name: &str) -> Cell {
        self.field(name).cloned().into()
    }

    fn date_of(&self, names: &[&str]) -> Cell {
        let dates = names.iter().filter_map(|name| self.field(name)?.as_str());
        Cell::Time(
            dates
                .filter_map(date::parse)
                .next()
                .unwrap_or(self.op.position.micros()),
        )
    }

    fn created_at(&self) -> Cell {
        self.date_of(&["createdAt"])
    }

    fn position(&self) -> Cell {
        Cell::Time(self.op.position.micros())
    }

    fn commit(&self) -> Row {
        self.op.commit.clone()
    }

    fn stored(
        &self,
        table: &'static str,
        columns: impl IntoIterator<Item = (&'static str, Cell)>,
    ) -> Stored {
        let mut row: Row = columns.into_iter().collect();
        row.insert("uri", self.uri().into());
        row.insert("created_at", self.created_at());
        row.insert("indexed_at", self.position());
        Stored {
            table,
            row,
            pair: None,
            feed_item: None,
            quote: None,
            cid: self.op.cid.as_str().map(str::to_owned),
        }
    }

    fn pair(
        &self,
        table: &'static str,
        columns: [&'static str; 2],
        key: [&str; 2],
        others: impl IntoIterator<Item = (&'static str, Cell)>,
    ) -> Stored {
        let keys = [(columns[0], key[0].into()), (columns[1], key[1].into())];
        Stored {
            pair: Some(key.map(str::to_owned)),
            ..self.stored(table, keys.into_iter().chain(others))
        }
    }

    fn post(&self) -> Fallible<Stored> {
        let reply =
            |end: &str, field: &str| self.record.get("reply")?.get(end)?.get(field)?.as_str();
        for end in ["parent", "root"] {
            if let Some(uri) = reply(end, "uri") {
                at_uri(Some(&uri.into()), end)?;
            }
        }
        // Without a uri there is no reference, and so no CID of one.
        let reply = |end: &str, field: &str| reply(end, "uri").and(reply(end, field));
        let quoted = self.quoted()?;
        let columns = [
            ("cid", self.cid()),
            ("author_did", self.op.repo.into()),
            ("text", self.text("text").unwrap_or_default().into()),
            ("langs", self.any_json("langs")),
            ("parent_uri", reply("parent", "uri").into()),
            ("parent_cid", reply("parent", "cid").into()),
            ("root_uri", reply("root", "uri").into()),
            ("root_cid", reply("root", "cid").into()),
            ("embed", self.any_json("embed")),
            ("facets", self.any_json("facets")),
            (
                "tags",
                self.field("tags").cloned().unwrap_or(json!([])).into(),
            ),
        ];
        let stored = self.stored("posts", columns.into_iter().chain(self.commit()));
        let feed_item = self.feed_item("post", &self.uri());
        let quote = quoted.map(|(uri, cid)| self.quote(&uri, cid));
        Ok(Stored {
            feed_item: Some(feed_item),
            quote,
            ..stored
        })
    }

    /// The uri and CID of what an embed quotes.
    fn quoted(&self) -> Fallible<Option<(String, Option<String>)>> {
        let Some(embed) = self.field("embed") else {
            return Ok(None);
        };
        let record = match embed.get("$type").and_then(Value::as_str) {
            Some("app.bsky.embed.record") => embed.get("record"),
            Some("app.bsky.embed.recordWithMedia") => {
                embed.get("record").and_then(|r| r.get("record"))
            }
            _ => None,
        };
        let text = |name: &str| Some(record?.get(name)?.as_str()?.to_owned());
        let Some(uri) = text("uri") else {
            return Ok(None);
        };
        at_uri(Some(&uri.as_str().into()), "embed.record")?;
        Ok(Some((uri, text("cid"))))
    }

    fn quote(&self, quoted: &str, cid: Option<String>) -> Row {
        Row::from([
            ("uri", format!("{}#quote", self.uri()).into()),
            ("cid", self.cid()),
            ("post_uri", self.uri().into()),
            ("quoted_uri", quoted.into()),
            ("quoted_cid", cid.into()),
            ("created_at", self.created_at()),
            ("indexed_at", self.position()),
        ])
    }

    fn feed_item(&self, kind: &str, post: &str) -> Row {
        Row::from([
            ("uri", self.uri().into()),
            ("post_uri", post.into()),
            ("originator_did", self.op.repo.into()),
            ("type", kind.into()),
            ("sort_at", self.created_at()),
            ("cid", self.cid()),
            ("created_at", self.created_at()),
            ("indexed_at", self.position()),
        ])
    }

    fn subject(&self) -> Fallible<(String, Option<String>)> {
        let subject = self.field("subject").ok_or("missing:subject")?;
        let Value::Object(subject) = subject else {
            return Err("wrong_type:subject".into());
        };
        let uri = at_uri(subject.get("uri"), "subject")?;
        let cid = subject
            .get("cid")
            .and_then(Value::as_str)
            .map(str::to_owned);
        Ok((uri, cid))
    }

    fn like(&self, table: &'static str, commit: Row) -> Fallible<Stored> {
        let (uri, cid) = self.subject()?;
        let others = [("subject_cid", cid.into()), ("via", self.any_json("via"))];
        let others = others.into_iter().chain(commit);
        Ok(self.pair(
            table,
            ["user_did", "post_uri"],
            [self.op.repo, &uri],
            others,
        ))
    }

    fn repost(&self) -> Fallible<Stored> {
        let (uri, _) = self.subject()?;
        let feed_item = Some(self.feed_item("repost", &uri));
        Ok(Stored {
            feed_item,
            ..self.like("reposts", self.commit())?
        })
    }

    fn bookmark(&self) -> Fallible<Stored> {
        let (uri, _) = self.subject()?;
        Ok(self.pair(
            "bookmarks",
            ["user_did", "post_uri"],
            [self.op.repo, &uri],
            [],
        ))
    }

    fn follow(&self, table: &'static str, columns: [&'static str; 2]) -> Fallible<Stored> {
        let subject = did(self.field("subject"), "subject")?;
        Ok(self.pair(table, columns, [self.op.repo, &subject], self.commit()))
    }

    fn list_item(&self) -> Fallible<Stored> {
        let list = at_uri(self.field("list"), "list")?;
        let subject = did(self.field("subject"), "subject")?;
        let cid = [("cid", self.cid())];
        Ok(self.pair(
            "list_items",
            ["list_uri", "subject_did"],
            [&list, &subject],
            cid,
        ))
    }

    fn list_block(&self) -> Fallible<Stored> {
        let list = at_uri(self.field("subject"), "subject")?;
        Ok(self.pair(
            "list_blocks",
            ["blocker_did", "list_uri"],
            [self.op.repo, &list],
            [],
        ))
    }

    fn verification(&self) -> Fallible<Stored> {
        let subject = did(self.field("subject"), "subject")?;
        let columns = [
            ("cid", self.cid()),
            ("subject_did", subject.clone().into()),
            ("handle", self.cut("handle").unwrap_or_default().into()),
            ("verified_at", self.created_at()),
        ];
        let stored = self.stored("verifications", columns);
        Ok(Stored {
            pair: Some([subject, String::new()]),
            ..stored
        })
    }

    /// The columns of `users` that a profile sets; the others belong to stubs and identities.
    fn profile(&self) -> Stored {
        let row = Row::from([
            ("did", self.op.repo.into()),
            ("display_name", self.cut("displayName").into()),
            ("description", self.text("description").into()),
            ("avatar_url", self.blob("avatar").into()),
            ("banner_url", self.blob("banner").into()),
            ("pinned_post", self.any_json("pinnedPost")),
            ("profile_record", self.form.clone().into()),
            ("indexed_at", self.position()),
        ]);
        Stored {
            row,
            ..self.stored("users", [])
        }
    }

    /// The CID of a blob: `{ref: {$link}}`, or of the legacy `{cid, mimeType}`; in base32 also where
    /// no MIME type beside it says that it is a blob.
    fn blob(&self, name: &str) -> Option<String> {
        let blob = self.field(name)?;
        let there = |key: &str| blob.get(key).filter(|value| !value.is_null());
        lexicon::blob_link(there("ref").or(there("cid"))?)
    }

    fn list(&self) -> Stored {
        self.stored(
            "lists",
            [
                ("cid", self.cid()),
                ("creator_did", self.op.repo.into()),
                ("name", self.cut("name").unwrap_or_default().into()),
                ("purpose", self.text("purpose").unwrap_or_default().into()),
                ("description", self.text("description").into()),
                ("avatar_url", self.blob("avatar").into()),
            ],
        )
    }

    fn feed_generator(&self) -> Fallible<Stored> {
        let service = did(self.field("did"), "did")?;
        let columns = [
            ("cid", self.cid()),
            ("creator_did", self.op.repo.into()),
            ("did", service.into()),
            (
                "display_name",
                self.cut("displayName").unwrap_or_default().into(),
            ),
            ("description", self.text("description").into()),
            ("avatar_url", self.blob("avatar").into()),
        ];
        Ok(self.stored("feed_generators", columns))
    }

    fn starter_pack(&self) -> Fallible<Stored> {
        if let Some(list) = self.text("list") {
            at_uri(Some(&list.into()), "list")?;
        }
        let feeds = self.field("feeds").and_then(Value::as_array);
        let uris = feeds
            .into_iter()
            .flatten()
            .filter_map(|feed| feed.get("uri").filter(|uri| uri.is_string()));
        let columns = [
            ("cid", self.cid()),
            ("creator_did", self.op.repo.into()),
            ("name", self.cut("name").unwrap_or_default().into()),
            ("description", self.text("description").into()),
            ("list_uri", self.text("list").into()),
            ("feeds", uris.cloned().collect::<Value>().into()),
        ];
        Ok(self.stored("starter_packs", columns))
    }

    fn labeler(&self) -> Stored {
        let none = || json!({ "labelValues": [], "labelValueDefinitions": [] });
        let policies = self.field("policies").cloned().unwrap_or_else(none);
        self.stored(
            "labeler_services",
            [
                ("cid", self.cid()),
                ("creator_did", self.op.repo.into()),
                ("policies", policies.into()),
            ],
        )
    }

    fn label(&self) -> Fallible<Stored> {
        let subject = self
            .field("uri")
            .or(self.field("did"))
            .ok_or("missing:subject")?;
        let subject = subject.as_str().ok_or("wrong_type:subject")?;
        if self.field("uri").is_none() {
            did(self.field("did"), "did")?;
        } else if !is_did(subject) {
            at_uri(self.field("uri"), "uri")?;
        }
        let columns = [
            ("src", self.op.repo.into()),
            ("subject", subject.into()),
            ("val", required(self.field("val"), "val")?.into()),
            (
                "neg",
                self.field("neg")
                    .and_then(Value::as_bool)
                    .unwrap_or(false)
                    .into(),
            ),
        ];
        let mut stored = self.stored("labels", columns);
        stored
            .row
            .insert("created_at", self.date_of(&["createdAt", "cts"]));
        Ok(stored)
    }

    fn thread_gate(&self, rules: &[Value]) -> Stored {
        let named = |name: &str| {
            let full = format!("app.bsky.feed.threadgate#{name}");
            rules
                .iter()
                .filter(move |rule| rule.get("$type").and_then(Value::as_str) == Some(&full))
        };
        let lists =
            named("listRule").filter_map(|rule| rule.get("list").filter(|list| list.is_string()));
        let row = Row::from([
            ("post_uri", self.gated_post().into()),
            ("owner_did", self.op.repo.into()),
            (
                "allow_mentions",
                named("mentionRule").next().is_some().into(),
            ),
            (
                "allow_following",
                named("followingRule").next().is_some().into(),
            ),
            (
                "allow_list_members",
                named("listRule").next().is_some().into(),
            ),
            ("allow_list_uris", lists.cloned().collect::<Value>().into()),
            ("created_at", self.created_at()),
            ("updated_at", self.position()),
        ]);
        Stored {
            row,
            ..self.stored("thread_gates", [])
        }
    }

    fn post_gate(&self) -> Stored {
        const DISABLE: &str = "app.bsky.feed.postgate#disableRule";
        let rules = self.field("embeddingRules").and_then(Value::as_array);
        let disables = |rule: &Value| rule.get("$type").and_then(Value::as_str) == Some(DISABLE);
        let mut out = Map::new();
        if rules.is_some_and(|rules| rules.iter().any(disables)) {
            out.insert("disableRule".into(), DISABLE.into());
        }
        if let Some(uris @ Value::Array(_)) = self.field("detachedEmbeddingUris") {
            out.insert("detachedEmbeddingUris".into(), uris.clone());
        }
        let row = Row::from([
            ("post_uri", self.gated_post().into()),
            ("embedding_rules", Value::Object(out).into()),
            ("created_at", self.position()),
        ]);
        Stored {
            row,
            ..self.stored("post_gates", [])
        }
    }

    fn generic(&self) -> Stored {
        self.stored(
            "generic_records",
            [
                ("cid", self.cid()),
                ("author_did", self.op.repo.into()),
                ("record_type", self.op.collection.into()),
                ("record", self.form.clone().into()),
            ],
        )
    }
}

fn required<'a>(value: Option<&'a Value>, field: &str) -> Fallible<&'a str> {
    match value {
        None | Some(Value::Null) => Err(format!("missing:{field}")),
        Some(value) => value.as_str().ok_or(format!("wrong_type:{field}")),
    }
}

/// `at://`, a DID or handle, and perhaps a path.
fn at_uri(value: Option<&Value>, field: &str) -> Fallible<String> {
    let text = required(value, field)?;
    let rest = text.strip_prefix("at://").unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, "none"));
    let labels: Vec<&str> = authority.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_handle = labels.len() > 1 && labels.iter().all(is_label);
    let path_fits = !path.is_empty() && path.bytes().all(|b| b.is_ascii_graphic());
    if (is_did(authority) || is_handle) && path_fits {
        Ok(text.to_owned())
    } else {
        Err(format!("invalid_uri:{field}"))
    }
}

/// `did:`, a method in small letters, and an identifier that does not end in `:` or `%`.
pub fn is_did(text: &str) -> bool {
    let name = text
        .strip_prefix("did:")
        .and_then(|rest| rest.split_once(':'));
    name.is_some_and(|(method, id)| {
        !method.is_empty()
            && method.bytes().all(|b| b.is_ascii_lowercase())
            && !id.is_empty()
            && !id.ends_with([':', '%'])
    }) && text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".-_:%".contains(&b))
}

/// Whom a record follows, blocks or puts on a list, if `users` can hold that DID: named even by a
/// record that is not stored.
pub fn mention(collection: &str, record: &Value) -> Option<String> {
    let names = [
        "app.bsky.graph.follow",
        "app.bsky.graph.block",
        "app.bsky.graph.listitem",
    ];
    let form = lexicon::form(record);
    let subject = form.get("subject")?.as_str()?;
    (names.contains(&collection) && is_did(subject) && subject.len() <= 255)
        .then(|| subject.to_owned())
}

fn did(value: Option<&Value>, field: &str) -> Fallible<String> {
    let text = required(value, field)?;
    if is_did(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("invalid_did:{field}"))
    }
}
