//! All tables, derived from the records that live.

use super::cell::{Cell, Row};
use super::derived;
use super::record::{POST, Stored};
use super::{IdentityRow, Model, Position, settled};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// Rows by key.
pub type Rows = BTreeMap<String, Row>;

/// Rows by table.
pub type Tables = BTreeMap<&'static str, Rows>;

/// Every table that is compared, by name; and the column that is its key, or what makes one.
pub const TABLES: [(&str, &str); 28] = [
    ("public.users", "did"),
    ("public.posts", "uri"),
    ("public.feed_items", "uri"),
    ("public.post_aggregations", "post_uri"),
    ("public.quotes", "uri"),
    ("public.likes", "uri"),
    ("public.reposts", "uri"),
    ("public.bookmarks", "uri"),
    ("public.follows", "uri"),
    ("public.blocks", "uri"),
    ("public.lists", "uri"),
    ("public.list_items", "uri"),
    ("public.list_blocks", "uri"),
    ("public.feed_generators", "uri"),
    ("public.starter_packs", "uri"),
    ("public.labeler_services", "uri"),
    ("public.verifications", "uri"),
    ("public.thread_gates", "post_uri"),
    ("public.post_gates", "post_uri"),
    ("public.labels", "uri"),
    ("public.generic_records", "uri"),
    ("public.label_events", "label_uri"),
    ("public.notifications", "uri"),
    (
        "public.post_viewer_states",
        "post_uri || ' ' || t.viewer_did",
    ),
    ("public.thread_contexts", "post_uri"),
    ("forebay.duplicates", "uri"),
    ("forebay.handles", "did"),
    ("forebay.accounts", "did"),
];

/// A live record.
pub struct Live<'a> {
    position: Position,
    pub uri: &'a str,
    pub stored: &'a Stored,
}

/// All tables of a model.
pub fn derive(model: &Model) -> BTreeMap<&'static str, Rows> {
    let mut tables: Tables = TABLES
        .iter()
        .map(|(name, _)| (*name, Rows::new()))
        .collect();
    let (holders, contested) = holders(model);
    for record in &contested {
        insert(&mut tables, "forebay.duplicates", duplicate(record));
    }
    for record in &holders {
        insert(
            &mut tables,
            public(record.stored.table),
            record.stored.row.clone(),
        );
        for (table, row) in [
            ("public.feed_items", &record.stored.feed_item),
            ("public.quotes", &record.stored.quote),
        ] {
            if let Some(row) = row {
                insert(&mut tables, table, row.clone());
            }
        }
    }
    users(model, &mut tables);
    flags(&mut tables);
    counts(&mut tables);
    for (table, row) in holders.iter().flat_map(derived::rows) {
        insert(&mut tables, table, row);
    }
    let viewer_states = settled::viewer_states(&tables);
    tables.insert("public.post_viewer_states", viewer_states);
    let thread_contexts = settled::thread_contexts(&tables);
    tables.insert("public.thread_contexts", thread_contexts);
    settled::violations(&mut tables, model.judged);
    forebay(model, &mut tables);
    tables
}

/// `public.` and the table's name.
pub fn public(table: &str) -> &'static str {
    let found = TABLES
        .iter()
        .find(|(name, _)| name.strip_prefix("public.") == Some(table));
    found.expect("a table").0
}

fn key_of(table: &str) -> &'static str {
    TABLES
        .iter()
        .find(|(name, _)| *name == table)
        .expect("a table")
        .1
}

fn insert(tables: &mut BTreeMap<&'static str, Rows>, table: &'static str, row: Row) {
    let Some(Cell::Text(key)) = row.get(key_of(table)).cloned() else {
        panic!("{table}: a row without its key: {row:?}");
    };
    tables.entry(table).or_default().insert(key, row);
}

/// The records that are in their tables, and those of contested pairs.
fn holders(model: &Model) -> (Vec<Live<'_>>, Vec<Live<'_>>) {
    let mut holders = Vec::new();
    let mut pairs: HashMap<(&str, &[String; 2]), Vec<Live>> = HashMap::new();
    for (uri, (position, stored)) in &model.records {
        let Some(stored) = stored else { continue };
        let live = Live {
            position: *position,
            uri,
            stored,
        };
        match &stored.pair {
            Some(key) => pairs.entry((stored.table, key)).or_default().push(live),
            None => holders.push(live),
        }
    }
    let mut contested = Vec::new();
    for mut records in pairs.into_values() {
        records.sort_by_key(|record| (record.position, record.uri));
        if records.len() > 1 {
            contested.extend(records.iter().map(|record| Live { ..*record }));
        }
        holders.extend(records.into_iter().next());
    }
    (holders, contested)
}

fn duplicate(record: &Live) -> Row {
    let [key1, key2] = record.stored.pair.clone().expect("a pair");
    Row::from([
        ("uri", record.uri.into()),
        ("kind", record.stored.table.into()),
        ("key1", key1.into()),
        ("key2", key2.into()),
        ("created_at", record.stored.row["created_at"].clone()),
        ("position", Cell::Time(record.position.micros())),
    ])
}

/// Stubs, handles and profiles together.
fn users(model: &Model, tables: &mut BTreeMap<&'static str, Rows>) {
    let rows = tables.get_mut("public.users").expect("users");
    let mut dids = model.users.clone();
    if model.identity_row == IdentityRow::Made {
        dids.extend(model.handles.keys().cloned());
    }
    for did in dids {
        let row = rows.entry(did.clone()).or_default();
        let handle = model
            .handles
            .get(&did)
            .map_or("handle.invalid", |(_, handle)| handle);
        row.insert("handle", handle.into());
        row.insert("did", did.into());
        for column in [
            "display_name",
            "description",
            "avatar_url",
            "banner_url",
            "pinned_post",
            "profile_record",
        ] {
            row.entry(column).or_insert(Cell::Null);
        }
    }
}

/// has_thread_gate and has_post_gate of every post.
fn flags(tables: &mut BTreeMap<&'static str, Rows>) {
    let keys = |table: &str| tables[table].keys().cloned().collect::<Vec<_>>();
    let gates = [
        ("has_thread_gate", keys("public.thread_gates")),
        ("has_post_gate", keys("public.post_gates")),
    ];
    let posts = tables.get_mut("public.posts").expect("posts");
    for (flag, gated) in gates {
        for row in posts.values_mut() {
            row.insert(flag, false.into());
        }
        for uri in gated {
            if let Some(row) = posts.get_mut(&uri) {
                row.insert(flag, true.into());
            }
        }
    }
}

/// Which table's which column counts towards which counter.
const COUNTED: [(&str, &str, &str); 5] = [
    ("public.likes", "post_uri", "like_count"),
    ("public.reposts", "post_uri", "repost_count"),
    ("public.bookmarks", "post_uri", "bookmark_count"),
    ("public.posts", "parent_uri", "reply_count"),
    ("public.quotes", "quoted_uri", "quote_count"),
];

/// By its collection: what more such a uri may say is nobody's post, and costs a row of counts.
pub fn is_post(uri: &str) -> bool {
    uri.split('/').nth(3) == Some(POST)
}

fn counts(tables: &mut BTreeMap<&'static str, Rows>) {
    let mut all = Rows::new();
    let mut likes: HashMap<String, i64> = HashMap::new();
    for (table, column, counter) in COUNTED {
        for row in tables[table].values() {
            let Some(Cell::Text(uri)) = row.get(column) else {
                continue;
            };
            if counter == "like_count" {
                *likes.entry(uri.clone()).or_default() += 1;
            }
            if is_post(uri) {
                add_one(all.entry(uri.clone()).or_default(), counter);
            }
        }
    }
    for (uri, row) in &mut all {
        row.insert("post_uri", uri.as_str().into());
        for (_, _, counter) in COUNTED {
            row.entry(counter).or_insert(Cell::Int(0));
        }
    }
    tables.insert("public.post_aggregations", all);
    for table in ["public.feed_generators", "public.labeler_services"] {
        for (uri, row) in tables.get_mut(table).expect("a table") {
            row.insert(
                "like_count",
                Cell::Int(likes.get(uri).copied().unwrap_or(0)),
            );
        }
    }
}

fn add_one(row: &mut Row, counter: &'static str) {
    let count = match row.get(counter) {
        Some(Cell::Int(count)) => *count,
        _ => 0,
    };
    row.insert(counter, Cell::Int(count + 1));
}

fn forebay(model: &Model, tables: &mut BTreeMap<&'static str, Rows>) {
    for (did, (position, _)) in &model.handles {
        let position = Cell::Time(position.micros());
        insert(
            tables,
            "forebay.handles",
            Row::from([("did", did.as_str().into()), ("position", position)]),
        );
    }
    for (_, row) in model.accounts.values() {
        insert(tables, "forebay.accounts", row.clone());
    }
}

/// A row of post_aggregations that says nothing: as good as none.
pub fn is_all_zeros(row: &Value) -> bool {
    COUNTED
        .iter()
        .all(|(_, _, counter)| row.get(counter).and_then(Value::as_i64) == Some(0))
}
