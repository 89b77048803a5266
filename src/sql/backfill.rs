//! The statements of a backfill.

use std::sync::LazyLock;

use super::fill::{fill, stage_table, staged};
use super::other::{STRUCK, VERSIONED};
use crate::stage::{Kind, Stage};

statement! {
    /// How far sources have come.
    PROGRESS_PUT = "backfill_progress_put.sql";
    /// A lane's transactions are counted.
    LANE_PUT = "backfill_lane_put.sql";
    /// Whether the last of them is there.
    LANE = "backfill_lane.sql";
    /// One backfill at a time.
    LOCK = "backfill_lock.sql";
    /// A source is noted.
    SOURCE_PUT = "backfill_source_put.sql";
    /// It begins anew.
    SOURCE_FORGET = "backfill_source_forget.sql";
    /// How far it has come.
    PROGRESS = "backfill_progress.sql";
    /// What all sources have come to.
    STATUS = "backfill_status.sql";
    /// Up to where tombstones are gone.
    HORIZON = "backfill_horizon.sql";
    /// What came before is on disk.
    SETTLE = "backfill_settle.sql";
}

/// Strikes staged records that a tombstone has ended, by staging table.
pub static FILL_ENDED: LazyLock<[(Stage, String); STRUCK.len()]> = LazyLock::new(|| {
    STRUCK.map(|stage| {
        let file = include_str!("../../sql/backfill_fill_ended.sql");
        (stage, fill(file, &[("stage", stage_table(stage))]))
    })
});

/// What strikes a kind's staged rows that do not fill a gap.
pub struct Strike {
    /// The kind.
    pub kind: Kind,
    /// Creates and updates of what is there.
    pub puts: String,
    /// Which of some records are there or were deleted, of a kind that is keyed by uri.
    pub known: String,
    /// Deletes of what others wrote.
    pub deletes: String,
}

/// Of every kind.
pub static FILLS: LazyLock<Vec<Strike>> = LazyLock::new(|| VERSIONED.iter().map(strike).collect());

fn strike(table: &super::other::Versioned) -> Strike {
    let names = [
        ("staged", staged(table.kind)),
        ("kind", table.kind.name().to_owned()),
        ("table", table.name.to_owned()),
        ("match", table.key.to_owned()),
        ("deleted", table.deleted.to_owned()),
        ("version", table.version.to_owned()),
    ];
    let names: Vec<(&str, &str)> = names
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Strike {
        kind: table.kind,
        known: fill(include_str!("../../sql/backfill_fill_known.sql"), &names),
        puts: fill(include_str!("../../sql/backfill_fill_present.sql"), &names),
        deletes: fill(include_str!("../../sql/backfill_fill_deletes.sql"), &names),
    }
}

/// Finds what of a repository is older than its export, a statement for each table with its
/// records. Out: uris.
pub static OLDER: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
    OWNED
        .iter()
        .map(|(kind, owner, version, uri)| {
            let names = [
                ("table", kind.name()),
                ("owner", *owner),
                ("version", *version),
                ("uri", *uri),
            ];
            let text = fill(include_str!("../../sql/backfill_older.sql"), &names);
            (*kind, text)
        })
        .collect()
});

/// Table, condition for the owner `$1`, version, and the uri of a row's record.
type Owned = (Kind, &'static str, &'static str, &'static str);

const BY_URI: &str = "starts_with(t.uri, 'at://' || $1::text || '/')";

const OWNED: [Owned; 18] = [
    (Kind::Posts, "t.author_did = $1", "indexed_at", "t.uri"),
    (Kind::Likes, "t.user_did = $1", "indexed_at", "t.uri"),
    (Kind::Reposts, "t.user_did = $1", "indexed_at", "t.uri"),
    (Kind::Bookmarks, "t.user_did = $1", "indexed_at", "t.uri"),
    (Kind::Follows, "t.follower_did = $1", "indexed_at", "t.uri"),
    (Kind::Blocks, "t.blocker_did = $1", "indexed_at", "t.uri"),
    (
        Kind::ListBlocks,
        "t.blocker_did = $1",
        "indexed_at",
        "t.uri",
    ),
    (Kind::ListItems, BY_URI, "indexed_at", "t.uri"),
    (Kind::Verifications, BY_URI, "indexed_at", "t.uri"),
    (Kind::Lists, "t.creator_did = $1", "indexed_at", "t.uri"),
    (
        Kind::FeedGenerators,
        "t.creator_did = $1",
        "indexed_at",
        "t.uri",
    ),
    (
        Kind::StarterPacks,
        "t.creator_did = $1",
        "indexed_at",
        "t.uri",
    ),
    (
        Kind::LabelerServices,
        "t.creator_did = $1",
        "indexed_at",
        "t.uri",
    ),
    (Kind::Labels, "t.src = $1", "indexed_at", "t.uri"),
    (
        Kind::GenericRecords,
        "t.author_did = $1",
        "indexed_at",
        "t.uri",
    ),
    (
        Kind::Users,
        "t.did = $1 and t.profile_record is not null",
        "indexed_at",
        "'at://' || t.did || '/app.bsky.actor.profile/self'",
    ),
    (
        Kind::ThreadGates,
        "t.owner_did = $1",
        "updated_at",
        "'at://' || t.owner_did || '/app.bsky.feed.threadgate/' || split_part(t.post_uri, '/', 5)",
    ),
    (
        Kind::PostGates,
        "starts_with(t.post_uri, 'at://' || $1::text || '/')",
        "created_at",
        "'at://' || $1::text || '/app.bsky.feed.postgate/' || split_part(t.post_uri, '/', 5)",
    ),
];

/// The same of records that are contested, and may have no row.
pub const OLDER_CONTESTED: &str = include_str!("../../sql/backfill_older_contested.sql");
