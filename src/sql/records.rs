//! The tables that are keyed by uri alone, the gates, and the tables that count their own likes.

use std::sync::LazyLock;

use super::fill::{at_or_before, fill};
use super::{
    FEED_GENERATORS_PUT, GENERIC_RECORDS_PUT, LABELER_SERVICES_PUT, LABELS_PUT, LISTS_PUT,
    POST_GATES_PUT, STARTER_PACKS_PUT, THREAD_GATES_PUT,
};
use crate::stage::Kind;

/// A merge that one statement does, for a kind keyed by uri.
pub struct Record {
    /// The table.
    pub kind: Kind,
    /// Merges creates and updates.
    pub put: &'static str,
    /// Deletes.
    pub delete: String,
}

fn record(kind: Kind, put: &'static str) -> Record {
    let delete = fill(
        include_str!("../../sql/records_delete.sql"),
        &[
            ("table", kind.name()),
            ("at_or_before", &at_or_before("indexed_at")),
        ],
    );
    Record { kind, put, delete }
}

/// The tables that are keyed by uri alone and that only their own repo writes, in merge order.
pub static RECORDS: LazyLock<[Record; 4]> = LazyLock::new(|| {
    [
        record(Kind::Lists, LISTS_PUT),
        record(Kind::StarterPacks, STARTER_PACKS_PUT),
        record(Kind::Labels, LABELS_PUT),
        record(Kind::GenericRecords, GENERIC_RECORDS_PUT),
    ]
});

/// The gates' merges, before the posts'.
pub static GATES: LazyLock<[Record; 2]> = LazyLock::new(|| {
    [
        Record {
            kind: Kind::ThreadGates,
            put: THREAD_GATES_PUT,
            delete: gates_delete(Kind::ThreadGates, "updated_at"),
        },
        Record {
            kind: Kind::PostGates,
            put: POST_GATES_PUT,
            delete: gates_delete(Kind::PostGates, "created_at"),
        },
    ]
});

fn gates_delete(kind: Kind, version: &str) -> String {
    fill(
        include_str!("../../sql/gates_delete.sql"),
        &[
            ("table", kind.name()),
            ("at_or_before", &at_or_before(version)),
        ],
    )
}

/// A table whose rows hold the count of their own likes.
pub struct OwnCount {
    /// Its merges.
    pub record: Record,
    /// Adds the batch's likes to rows that are there.
    pub add: String,
    /// Counts the likes of the batch's own rows.
    pub recount: String,
}

fn own_count(kind: Kind, put: &'static str, collection: &str) -> OwnCount {
    let names = [("table", kind.name()), ("collection", collection)];
    OwnCount {
        record: record(kind, put),
        add: fill(include_str!("../../sql/own_counts_add.sql"), &names),
        recount: fill(include_str!("../../sql/own_counts_recount.sql"), &names),
    }
}

/// Feed generators and labelers.
pub static OWN_COUNTS: LazyLock<[OwnCount; 2]> = LazyLock::new(|| {
    [
        own_count(
            Kind::FeedGenerators,
            FEED_GENERATORS_PUT,
            "app.bsky.feed.generator",
        ),
        own_count(
            Kind::LabelerServices,
            LABELER_SERVICES_PUT,
            "app.bsky.labeler.service",
        ),
    ]
});
