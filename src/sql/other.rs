//! Statements whose file serves for several tables, other than those of pairs and records.

use std::sync::LazyLock;

use super::fill::{at_or_before, fill, stage_table, staged};
use crate::stage::{Kind, Stage};

/// The COPY into a staging table.
#[must_use]
pub fn copy_into(stage: Stage) -> &'static str {
    static COPIES: LazyLock<[String; Stage::ALL.len()]> = LazyLock::new(|| {
        Stage::ALL.map(|stage| {
            fill(
                include_str!("../../sql/copy.sql"),
                &[("into", stage_table(stage))],
            )
        })
    });
    &COPIES[stage as usize]
}

/// Deletes of profiles.
pub static PROFILES_DELETE: LazyLock<String> = LazyLock::new(|| {
    fill(
        include_str!("../../sql/profiles_delete.sql"),
        &[("at_or_before", &at_or_before("indexed_at"))],
    )
});

/// Deletes of posts.
pub static POSTS_DELETE: LazyLock<String> = LazyLock::new(|| {
    fill(
        include_str!("../../sql/posts_delete.sql"),
        &[("at_or_before", &at_or_before("indexed_at"))],
    )
});

/// Feed items of deleted posts.
pub static POSTS_UNFEED: LazyLock<String> = LazyLock::new(|| unfeed(Kind::Posts));

/// Feed items of deleted reposts.
pub static REPOSTS_UNFEED: LazyLock<String> = LazyLock::new(|| unfeed(Kind::Reposts));

fn unfeed(kind: Kind) -> String {
    fill(
        include_str!("../../sql/feed_items_delete.sql"),
        &[("table", kind.name())],
    )
}

/// The staging tables whose rows a tombstone or an opt-out can end.
pub const STRUCK: [Stage; 4] = [Stage::Likes, Stage::Pairs, Stage::Posts, Stage::Records];

fn struck(file: &str) -> [String; STRUCK.len()] {
    STRUCK.map(|stage| fill(file, &[("stage", stage_table(stage))]))
}

/// Strikes the staged records of opted-out actors.
pub static OPTED_OUT_STRIKE: LazyLock<[String; STRUCK.len()]> =
    LazyLock::new(|| struck(include_str!("../../sql/opted_out_strike.sql")));

/// Strikes what recent tombstones end.
pub static TOMBSTONES_STRIKE_RECENT: LazyLock<[String; STRUCK.len()]> =
    LazyLock::new(|| struck(include_str!("../../sql/tombstones_strike_recent.sql")));

/// Strikes what any tombstone ends.
pub static TOMBSTONES_STRIKE_BY_URI: LazyLock<[String; STRUCK.len()]> =
    LazyLock::new(|| struck(include_str!("../../sql/tombstones_strike_by_uri.sql")));

/// Strikes what belongs to repos that were purged.
pub static PURGES_STRIKE: LazyLock<[String; STRUCK.len()]> =
    LazyLock::new(|| struck(include_str!("../../sql/purges_strike.sql")));

/// A table whose rows have a version.
pub(super) struct Versioned {
    pub kind: Kind,
    pub name: &'static str,
    /// The column that its rows are keyed by.
    pub column: &'static str,
    /// Which row `t` a staged row `s` is of.
    pub key: &'static str,
    /// Which row `t` a staged delete `s` is of.
    pub deleted: &'static str,
    /// The column of the version.
    pub version: &'static str,
}

const GATED_POST: &str = "t.post_uri = 'at://' || split_part(s.uri, '/', 3) \
                          || '/app.bsky.feed.post/' || split_part(s.uri, '/', 5)";

/// Every kind's, ties aside.
pub(super) static VERSIONED: LazyLock<Vec<Versioned>> = LazyLock::new(|| {
    let by_uri = |kind: Kind| Versioned {
        kind,
        name: kind.name(),
        column: "uri",
        key: "t.uri = s.uri",
        deleted: "t.uri = s.uri",
        version: "indexed_at",
    };
    let pairs = super::pairs::PAIRS.iter().map(|pair| pair.kind);
    let records = [
        Kind::Posts,
        Kind::Lists,
        Kind::StarterPacks,
        Kind::Labels,
        Kind::GenericRecords,
        Kind::FeedGenerators,
        Kind::LabelerServices,
    ];
    let others = [
        Versioned {
            kind: Kind::Users,
            name: "users",
            column: "did",
            key: "t.did = s.did and t.profile_record is not null",
            deleted: "t.did = split_part(s.uri, '/', 3) and t.profile_record is not null",
            version: "indexed_at",
        },
        Versioned {
            kind: Kind::ThreadGates,
            name: "thread_gates",
            column: "post_uri",
            key: "t.post_uri = s.subject",
            deleted: GATED_POST,
            version: "updated_at",
        },
        Versioned {
            kind: Kind::PostGates,
            name: "post_gates",
            column: "post_uri",
            key: "t.post_uri = s.subject",
            deleted: GATED_POST,
            version: "created_at",
        },
        Versioned {
            kind: Kind::Handles,
            name: "forebay.handles",
            column: "did",
            key: "t.did = s.did",
            deleted: "false",
            version: "position",
        },
        Versioned {
            kind: Kind::Accounts,
            name: "forebay.accounts",
            column: "did",
            key: "t.did = s.did",
            deleted: "false",
            version: "position",
        },
    ];
    pairs.chain(records).map(by_uri).chain(others).collect()
});

/// Makes rows yield to later ones of the same timestamp, a statement per table with a version.
/// Posts look at ties themselves; handles and accounts have a column for theirs.
pub static TIES_YIELD: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
    let looks_itself = [Kind::Posts, Kind::Handles, Kind::Accounts];
    let tables = VERSIONED.iter();
    tables
        .filter(|table| !looks_itself.contains(&table.kind))
        .map(|table| (table.kind, ties_yield(table)))
        .collect()
});

fn ties_yield(table: &Versioned) -> String {
    fill(
        include_str!("../../sql/ties_yield.sql"),
        &[
            ("table", table.name),
            ("key", table.column),
            ("match", table.key),
            ("version", table.version),
            ("staged", &staged(table.kind)),
        ],
    )
}
