//! The statements of a takeover, and which tables it goes through.

use std::sync::LazyLock;

use super::fill::fill;

statement! {
    /// Whose rows there are.
    ORIGIN_NOTICE = "origin_notice.sql";
    /// A takeover is done.
    ORIGIN_TAKE = "origin_take.sql";
    /// One takeover at a time.
    LOCK = "takeover_lock.sql";
    /// A takeover begins.
    BEGIN = "takeover_begin.sql";
    /// It begins anew.
    FORGET = "takeover_forget.sql";
    /// It goes on.
    UNDER_WAY = "takeover_under_way.sql";
    /// How far it has come in a table.
    PROGRESS = "takeover_progress.sql";
    /// It has come further.
    PROGRESS_PUT = "takeover_progress_put.sql";
    /// About how many rows there are.
    ESTIMATED_ROWS = "estimated_rows.sql";
}

/// A table whose rows have a version.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Finds the next key range.
    pub range: String,
    /// Re-stamps it.
    pub restamp: String,
    /// Counts what would be re-stamped.
    pub due: String,
}

/// Name, primary key, version; which rows have one; what else is set back with it.
type Descriptor = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const fn by_uri(name: &'static str) -> Descriptor {
    (name, "uri", "indexed_at", "", "")
}

/// A users row is made long before its profile, which alone has a version. Feed items and quotes
/// carry their record's. What forebay itself keeps is set back with the tables: a replayed event
/// must be taken for new, because an incumbent may have overwritten what the event once wrote.
const DESCRIPTORS: [Descriptor; 22] = [
    (
        "users",
        "did",
        "indexed_at",
        "and profile_record is not null",
        "",
    ),
    by_uri("posts"),
    by_uri("likes"),
    by_uri("reposts"),
    by_uri("bookmarks"),
    by_uri("follows"),
    by_uri("blocks"),
    by_uri("lists"),
    by_uri("list_items"),
    by_uri("list_blocks"),
    by_uri("feed_generators"),
    by_uri("starter_packs"),
    by_uri("labeler_services"),
    by_uri("labels"),
    by_uri("verifications"),
    by_uri("generic_records"),
    by_uri("feed_items"),
    by_uri("quotes"),
    ("thread_gates", "post_uri", "updated_at", "", ""),
    ("post_gates", "post_uri", "created_at", "", ""),
    ("forebay.duplicates", "uri", "position", "", ", tie = 0"),
    ("forebay.handles", "did", "position", "", ", tie = 0"),
];

/// All of them, in the order in which they are gone through.
pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| DESCRIPTORS.iter().map(table).collect());

fn table((name, key, version, condition, reset): &Descriptor) -> Table {
    let names = [
        ("table", *name),
        ("key", key),
        ("version", version),
        ("condition", condition),
        ("reset", reset),
    ];
    Table {
        name,
        range: fill(include_str!("../../sql/takeover_range.sql"), &names),
        restamp: fill(include_str!("../../sql/takeover_restamp.sql"), &names),
        due: fill(include_str!("../../sql/takeover_due.sql"), &names),
    }
}
