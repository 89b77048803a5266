//! The staging row that the rarer records share.

use super::{Cells, Source};
use crate::position::{Micros, Position};
use crate::reject::Reject;
use crate::stage::Kind;
use crate::widths::Column;

/// The first columns: what every such row has.
pub(super) struct Head<'a> {
    pub kind: Kind,
    pub uri: &'a str,
    pub uri_columns: &'a [Column],
    pub did: &'a str,
    pub did_columns: &'a [Column],
    pub cid: Option<&'a str>,
    pub cid_columns: &'a [Column],
}

impl<'a> Head<'a> {
    /// That of a record.
    pub(super) fn of(
        kind: Kind,
        source: &Source<'a>,
        uri: &'a [Column],
        did: &'a [Column],
        cid: &'a [Column],
    ) -> Self {
        Head {
            kind,
            uri: source.uri,
            uri_columns: uri,
            did: source.repo,
            did_columns: did,
            cid: source.cid,
            cid_columns: cid,
        }
    }
}

/// The columns between the first and the jsonb ones, already checked; NULL by default.
#[derive(Default)]
pub(super) struct Middle<'a> {
    pub subject: Option<&'a str>,
    pub name: Option<&'a str>,
    pub note: Option<&'a str>,
    pub description: Option<&'a str>,
    pub avatar: Option<&'a str>,
    pub banner: Option<&'a str>,
    pub flags: [Option<bool>; 3],
}

/// Writes all columns before `body`.
pub(super) fn begin(
    head: &Head<'_>,
    middle: &Middle<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    cells.key(head.uri, "uri", head.uri_columns)?;
    cells.row.text(head.kind.name());
    cells.key(head.did, "repo", head.did_columns)?;
    cells.cid(head.cid, head.cid_columns)?;
    for text in [
        middle.subject,
        middle.name,
        middle.note,
        middle.description,
        middle.avatar,
        middle.banner,
    ] {
        cells.row.opt_text(text);
    }
    for flag in middle.flags {
        cells.row.opt_bool(flag);
    }
    Ok(())
}

/// Writes `extra` as NULL and all columns behind it.
pub(super) fn end(created_at: Micros, position: Position, cells: &mut Cells<'_>) {
    cells.row.null();
    cells.times(created_at, position);
}

/// Writes `body` and `extra` as NULL and all columns behind them.
pub(super) fn end_without_body(created_at: Micros, position: Position, cells: &mut Cells<'_>) {
    cells.row.null();
    end(created_at, position, cells);
}
