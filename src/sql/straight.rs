//! The tables into which rows go straight, without staging, and what they are made of.

use std::sync::LazyLock;

use super::fill::fill;
use super::pairs::PAIR_TABLES;
use crate::batch::{Cell, Count, Only, Recipient};
use crate::derived::Derived;
use crate::flush::Table;
use crate::stage::{Kind, Stage};

/// One table that rows of a kind go into.
pub struct Target {
    /// Where its rows are counted, if it is not the records' own table.
    pub table: Option<Table>,
    /// What its rows are, if they are made only where that is kept.
    pub derived: Option<Derived>,
    /// Which records have a row.
    pub only: Only,
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
        table: None,
        derived: None,
        only: Only::All,
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
    let own = target(
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
    );
    Target {
        table: Some(Table::FeedItems),
        ..own
    }
}

/// How records tell an actor.
struct Telling {
    suffix: &'static str,
    reason: &'static str,
    recipient: Recipient,
    author: &'static str,
    subject: Option<&'static str>,
}

/// The telling of a kind's records, whatever else they tell.
fn telling(kind: Kind) -> Option<Telling> {
    let at = |name| column(kind.stage(), name);
    let reaction = |reason| Telling {
        suffix: "#notification",
        reason,
        recipient: Recipient::AuthorOf(at("key2")),
        author: "key1",
        subject: Some("key2"),
    };
    match kind {
        Kind::Likes => Some(reaction("like")),
        Kind::Reposts => Some(reaction("repost")),
        Kind::Follows => Some(Telling {
            recipient: Recipient::Actor(at("key2")),
            subject: None,
            ..reaction("follow")
        }),
        Kind::Posts => Some(Telling {
            suffix: "#notification/reply",
            reason: "reply",
            recipient: Recipient::AuthorOf(at("parent_uri")),
            author: "author_did",
            subject: Some("uri"),
        }),
        _ => None,
    }
}

/// The notification of a record that tells one actor.
fn notification(kind: Kind) -> Option<Target> {
    let telling = telling(kind)?;
    let Telling {
        suffix, recipient, ..
    } = telling;
    let from = |name| cell(kind.stage(), name);
    let at = |name| column(kind.stage(), name);
    let mut columns = vec![
        ("uri", Cell::Suffixed(at("uri"), suffix)),
        ("recipient_did", Cell::Recipient(recipient)),
        ("author_did", from(telling.author)),
        ("reason", Cell::Text(telling.reason)),
        ("cid", Cell::Cid(at("cid"))),
        ("created_at", from("created_at")),
        ("indexed_at", from("position")),
    ];
    let subject = telling.subject.map(|name| ("reason_subject", from(name)));
    columns.extend(subject);
    Some(Target {
        table: Some(Table::Notifications),
        derived: Some(Derived::Notifications),
        only: Only::Told {
            recipient,
            author: at(telling.author),
            suffix,
        },
        ..target("notifications", &columns)
    })
}

fn posts() -> Added {
    let own = POST.map(|(name, from)| (name, cell(Stage::Posts, from)));
    let gates = [
        ("has_thread_gate", Cell::Gate(0)),
        ("has_post_gate", Cell::Gate(1)),
    ];
    let own: Vec<Column> = own.into_iter().chain(gates).collect();
    let own = target("posts", &own);
    let others = [
        Some(feed_item(Kind::Posts, "post", ["uri", "author_did"])),
        notification(Kind::Posts),
    ];
    Added {
        kind: Kind::Posts,
        targets: [own]
            .into_iter()
            .chain(others.into_iter().flatten())
            .collect(),
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
        targets.extend(notification(kind));
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
