//! The list itself: one entry per table, one line per column.

use crate::derived::Derived;

/// A table of schema `public`.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Whether forebay writes it; else it only reads these columns.
    pub is_written: bool,
    /// What it is for, if it is left alone where that is not kept.
    pub derived: Option<Derived>,
    /// The columns that forebay names in its statements.
    pub columns: &'static [Column],
    /// The unique keys: the one that upserts go by, and the pair's.
    pub keys: &'static [&'static [&'static str]],
}

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Type,
    /// What forebay gives it.
    pub given: Given,
}

/// What a column holds. Lengths are not the contract's business: see [`crate::widths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `varchar` of any length, or `text`.
    Text,
    /// `timestamp`, to the microsecond: less would round positions, and the rows would lose
    /// against themselves.
    Time,
    /// `jsonb`.
    Json,
    /// `boolean`.
    Flag,
    /// `integer` or `bigint`.
    Count,
}

impl Type {
    /// As a sentence names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Type::Text => "text or character varying",
            Type::Time => "timestamp without time zone",
            Type::Json => "jsonb",
            Type::Flag => "boolean",
            Type::Count => "integer",
        }
    }

    /// Whether a live type, as `format_type` writes it, will do.
    pub(super) fn accepts(self, live: &str) -> bool {
        match self {
            Type::Text => live == "text" || live.starts_with("character varying"),
            Type::Time => {
                matches!(
                    live,
                    "timestamp without time zone" | "timestamp(6) without time zone"
                )
            }
            Type::Json => live == "jsonb",
            Type::Flag => live == "boolean",
            Type::Count => matches!(live, "integer" | "bigint"),
        }
    }
}

/// What forebay gives a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// A value in every insert.
    Always,
    /// A value or a null: the column must take nulls.
    OrNull,
    /// Nothing on insert, an update later.
    Later,
    /// Nothing: it is read.
    Never,
}

const fn column(name: &'static str, kind: Type, given: Given) -> Column {
    Column { name, kind, given }
}
const fn text(name: &'static str) -> Column {
    column(name, Type::Text, Given::Always)
}
const fn text_or_null(name: &'static str) -> Column {
    column(name, Type::Text, Given::OrNull)
}
const fn time(name: &'static str) -> Column {
    column(name, Type::Time, Given::Always)
}
const fn json(name: &'static str) -> Column {
    column(name, Type::Json, Given::Always)
}
const fn json_or_null(name: &'static str) -> Column {
    column(name, Type::Json, Given::OrNull)
}
const fn flag(name: &'static str) -> Column {
    column(name, Type::Flag, Given::Always)
}
const fn flag_later(name: &'static str) -> Column {
    column(name, Type::Flag, Given::Later)
}
const fn flag_read(name: &'static str) -> Column {
    column(name, Type::Flag, Given::Never)
}
const fn count(name: &'static str) -> Column {
    column(name, Type::Count, Given::Always)
}
const fn count_later(name: &'static str) -> Column {
    column(name, Type::Count, Given::Later)
}

const CREATED: Column = time("created_at");
const UPDATED_LATER: Column = column("updated_at", Type::Time, Given::Later);
const INDEXED: Column = time("indexed_at");
const COMMIT_TIME: Column = column("commit_time", Type::Time, Given::OrNull);
const COMMIT_SEQ: Column = text_or_null("commit_seq");
const COMMIT_REV: Column = text_or_null("commit_rev");

const fn written(
    name: &'static str,
    keys: &'static [&'static [&'static str]],
    columns: &'static [Column],
) -> Table {
    Table {
        name,
        is_written: true,
        derived: None,
        columns,
        keys,
    }
}

const fn derived(
    derived: Derived,
    name: &'static str,
    keys: &'static [&'static [&'static str]],
    columns: &'static [Column],
) -> Table {
    Table {
        derived: Some(derived),
        ..written(name, keys, columns)
    }
}

/// All of them (CONTRACT §3; columns.tsv and indexes.tsv).
#[rustfmt::skip] // a table, not a program
pub const TABLES: [Table; 27] = [
    written("users", &[&["did"]], &[
        text("did"), text("handle"), text_or_null("display_name"), text_or_null("avatar_url"),
        text_or_null("banner_url"), text_or_null("description"), json_or_null("profile_record"),
        json_or_null("pinned_post"), CREATED, INDEXED,
    ]),
    written("posts", &[&["uri"]], &[
        text("uri"), text("cid"), text("author_did"), text("text"), json_or_null("langs"),
        text_or_null("parent_uri"), text_or_null("parent_cid"), text_or_null("root_uri"),
        text_or_null("root_cid"), json_or_null("embed"), json_or_null("facets"), json("tags"),
        flag("has_thread_gate"), flag("has_post_gate"), CREATED, INDEXED, COMMIT_TIME, COMMIT_SEQ,
        COMMIT_REV,
    ]),
    written("feed_items", &[&["uri"]], &[
        text("uri"), text("post_uri"), text("originator_did"), text("type"), time("sort_at"),
        text("cid"), CREATED, INDEXED,
    ]),
    written("quotes", &[&["uri"], &["post_uri", "quoted_uri"]], &[
        text("uri"), text("cid"), text("post_uri"), text("quoted_uri"), text_or_null("quoted_cid"),
        CREATED, INDEXED,
    ]),
    written("post_aggregations", &[&["post_uri"]], &[
        text("post_uri"), count("like_count"), count("repost_count"), count("reply_count"),
        count("bookmark_count"), count("quote_count"), UPDATED_LATER,
    ]),
    written("likes", &[&["uri"], &["user_did", "post_uri"]], &[
        text("uri"), text("user_did"), text("post_uri"), text_or_null("subject_cid"),
        json_or_null("via"), CREATED, INDEXED, COMMIT_TIME, COMMIT_SEQ, COMMIT_REV,
    ]),
    written("reposts", &[&["uri"], &["user_did", "post_uri"]], &[
        text("uri"), text("user_did"), text("post_uri"), text_or_null("subject_cid"),
        json_or_null("via"), CREATED, INDEXED, COMMIT_TIME, COMMIT_SEQ, COMMIT_REV,
    ]),
    written("bookmarks", &[&["uri"], &["user_did", "post_uri"]], &[
        text("uri"), text("user_did"), text("post_uri"), CREATED, INDEXED,
    ]),
    written("follows", &[&["uri"], &["follower_did", "following_did"]], &[
        text("uri"), text("follower_did"), text("following_did"), CREATED, INDEXED, COMMIT_TIME,
        COMMIT_SEQ, COMMIT_REV,
    ]),
    written("blocks", &[&["uri"], &["blocker_did", "blocked_did"]], &[
        text("uri"), text("blocker_did"), text("blocked_did"), CREATED, INDEXED, COMMIT_TIME,
        COMMIT_SEQ, COMMIT_REV,
    ]),
    written("lists", &[&["uri"]], &[
        text("uri"), text("cid"), text("creator_did"), text("name"), text("purpose"),
        text_or_null("description"), text_or_null("avatar_url"), CREATED, INDEXED,
    ]),
    written("list_items", &[&["uri"], &["list_uri", "subject_did"]], &[
        text("uri"), text("cid"), text("list_uri"), text("subject_did"), CREATED, INDEXED,
    ]),
    written("list_blocks", &[&["uri"], &["blocker_did", "list_uri"]], &[
        text("uri"), text("blocker_did"), text("list_uri"), CREATED, INDEXED,
    ]),
    written("feed_generators", &[&["uri"]], &[
        text("uri"), text("cid"), text("creator_did"), text("did"), text("display_name"),
        text_or_null("description"), text_or_null("avatar_url"), count_later("like_count"), CREATED,
        INDEXED,
    ]),
    written("starter_packs", &[&["uri"]], &[
        text("uri"), text("cid"), text("creator_did"), text("name"), text_or_null("description"),
        text_or_null("list_uri"), json("feeds"), CREATED, INDEXED,
    ]),
    written("labeler_services", &[&["uri"]], &[
        text("uri"), text("cid"), text("creator_did"), json("policies"), count_later("like_count"),
        CREATED, INDEXED,
    ]),
    written("verifications", &[&["uri"], &["subject_did"]], &[
        text("uri"), text("cid"), text("subject_did"), text("handle"), time("verified_at"),
        CREATED, INDEXED,
    ]),
    written("thread_gates", &[&["post_uri"]], &[
        text("post_uri"), text("owner_did"), flag("allow_mentions"), flag("allow_following"),
        flag("allow_list_members"), json("allow_list_uris"), CREATED, time("updated_at"),
    ]),
    written("post_gates", &[&["post_uri"]], &[
        text("post_uri"), CREATED, json("embedding_rules"),
    ]),
    written("labels", &[&["uri"]], &[
        text("uri"), text("src"), text("subject"), text("val"), flag("neg"), CREATED, INDEXED,
    ]),
    written("generic_records", &[&["uri"]], &[
        text("uri"), text("cid"), text("author_did"), text("record_type"), json("record"), CREATED,
        INDEXED,
    ]),
    derived(Derived::Notifications, "notifications", &[&["uri"]], &[
        text("uri"), text("recipient_did"), text("author_did"), text("reason"),
        text_or_null("reason_subject"), text_or_null("cid"), CREATED, INDEXED,
    ]),
    derived(Derived::ViewerStates, "post_viewer_states", &[&["post_uri", "viewer_did"]], &[
        text("post_uri"), text("viewer_did"), text_or_null("like_uri"), text_or_null("repost_uri"),
        flag("bookmarked"), flag_read("thread_muted"), flag_read("reply_disabled"),
        flag_read("embedding_disabled"), flag_read("pinned"), UPDATED_LATER,
    ]),
    derived(Derived::ThreadContexts, "thread_contexts", &[&["post_uri"]], &[
        text("post_uri"), text_or_null("root_author_like_uri"), UPDATED_LATER,
    ]),
    derived(Derived::LabelEvents, "label_events", &[], &[
        text("label_uri"), text("action"), CREATED,
    ]),
    // Of a table that is listed already: columns that need not be there where they are not kept.
    Table {
        name: "posts",
        is_written: false,
        derived: Some(Derived::GateViolations),
        columns: &[flag_later("violates_thread_gate"), flag_later("violates_embedding_rules")],
        keys: &[],
    },
    Table {
        name: "user_settings",
        is_written: false,
        derived: None,
        columns: &[
            column("user_did", Type::Text, Given::Never),
            column("data_collection_forbidden", Type::Flag, Given::Never),
        ],
        keys: &[],
    },
];
