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
