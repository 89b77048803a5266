//! The tables into which rows go straight, without staging, and what they are made of.

use std::sync::LazyLock;

use super::fill::fill;
use super::pairs::PAIR_TABLES;
use crate::batch::{Cell, Count};
use crate::stage::{Kind, Stage};

/// One table that rows of a kind go into.
pub struct Target {
    /// The COPY.
    pub copy: String,
    /// Its columns.
    pub cells: Vec<Cell>,
}

/// What becomes of the rows of a kind.
pub struct Added {
    /// The kind.
    pub kind: Kind,
    /// The tables, the record's own first.
    pub targets: Vec<Target>,
    /// The staged column that names what they count for, and as what.
    pub counts: Option<(usize, Count)>,
}

/// A column of a feed item, from a staged post or repost.
type Column = (&'static str, Cell);

const POST: [(&str, &str); 17] = [
    ("uri", "uri"),
    ("cid", "cid"),
    ("author_did", "author_did"),
    ("text", "body"),
    ("langs", "langs"),
    ("parent_uri", "parent_uri"),
    ("parent_cid", "parent_cid"),
    ("root_uri", "root_uri"),
    ("root_cid", "root_cid"),
    ("embed", "embed"),
    ("facets", "facets"),
    ("tags", "tags"),
    ("created_at", "created_at"),
    ("indexed_at", "position"),
    ("commit_time", "commit_time"),
    ("commit_seq", "commit_seq"),
    ("commit_rev", "commit_rev"),
];

/// A staged column, which is there: a test goes through all.
fn column(stage: Stage, name: &str) -> usize {
    let at = stage.columns().iter().position(|column| *column == name);
    at.unwrap_or(usize::MAX)
}

fn cell(stage: Stage, name: &str) -> Cell {
    let at = column(stage, name);
    Cell::Columns(at, at)
}

fn target(table: &str, columns: &[Column]) -> Target {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let into = format!("{table} ({})", names.join(", "));
    Target {
        copy: fill(include_str!("../../sql/copy.sql"), &[("into", &into)]),
        cells: columns.iter().fold(Vec::new(), joined),
    }
}

/// Adds a column, with those before it if it follows them in the staged row.
fn joined(mut cells: Vec<Cell>, (_, next): &Column) -> Vec<Cell> {
    match (cells.last_mut(), next) {
        (Some(Cell::Columns(_, last)), Cell::Columns(first, end)) if *last + 1 == *first => {
            *last = *end;
        }
        _ => cells.push(*next),
    }
    cells
}

/// A feed item, which is a post or the repost of one.
fn feed_item(kind: Kind, name: &'static str, [post, did]: [&str; 2]) -> Target {
    let from = |name| cell(kind.stage(), name);
    target(
        "feed_items",
        &[
            ("uri", from("uri")),
            ("post_uri", from(post)),
            ("originator_did", from(did)),
            ("type", Cell::Text(name)),
            ("sort_at", from("created_at")),
            ("cid", from("cid")),
            ("created_at", from("created_at")),
            ("indexed_at", from("position")),
        ],
    )
}

fn posts() -> Added {
    let own = POST.map(|(name, from)| (name, cell(Stage::Posts, from)));
    let gates = [
        ("has_thread_gate", Cell::Gate(0)),
        ("has_post_gate", Cell::Gate(1)),
    ];
    let own: Vec<Column> = own.into_iter().chain(gates).collect();
    Added {
        kind: Kind::Posts,
        targets: vec![
            target("posts", &own),
            feed_item(Kind::Posts, "post", ["uri", "author_did"]),
        ],
        counts: Some((column(Stage::Posts, "parent_uri"), Count::Replies)),
    }
}

/// What rows of a kind count as.
fn count(kind: Kind) -> Option<Count> {
    match kind {
        Kind::Likes => Some(Count::Likes),
        Kind::Reposts => Some(Count::Reposts),
        Kind::Bookmarks => Some(Count::Bookmarks),
        _ => None,
    }
}

static ADDED: LazyLock<Vec<Added>> = LazyLock::new(|| {
    let pairs = PAIR_TABLES.iter().map(|pair| {
        let kind = pair.kind;
        let own = pair.columns.iter();
        let own: Vec<Column> = own
            .map(|(name, from)| (*name, cell(kind.stage(), from)))
            .collect();
        let mut targets = vec![target(kind.name(), &own)];
        if kind == Kind::Reposts {
            targets.push(feed_item(kind, "repost", ["key2", "key1"]));
        }
        Added {
            kind,
            targets,
            counts: count(kind).map(|count| (column(kind.stage(), "key2"), count)),
        }
    });
    pairs.chain([posts()]).collect()
});

/// What becomes of the rows of each kind that can go straight in.
pub fn added() -> &'static [Added] {
    &ADDED
}
