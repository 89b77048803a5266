//! Records of every collection that has no table of its own.

use super::records::{self, Head, Middle};
use super::{Cells, Source};
use crate::decode::dialect::Dialect;
use crate::reject::Reject;
use crate::stage::Kind;
use crate::widths::Column;

/// Writes the row of a record that is kept as it is.
pub(super) fn record(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    cells.fit(
        source.collection,
        "$type",
        &[Column::GenericRecordsRecordType],
    )?;
    let middle = Middle {
        name: Some(source.collection),
        ..Middle::default()
    };
    let (uri, author, cid) = (
        &[Column::GenericRecordsUri],
        &[Column::GenericRecordsAuthorDid],
        &[Column::GenericRecordsCid],
    );
    records::begin(
        &Head::of(Kind::GenericRecords, source, uri, author, cid),
        &middle,
        cells,
    )?;
    cells.json(
        source.value,
        Dialect::Lexicon,
        "record",
        "generic_records.record",
    )?;
    let [created_at] = source.record.fields(["createdAt"]);
    // Not every lexicon has a date: one that is absent is nothing to count.
    let created_at = match created_at {
        Some(_) => cells.created_at(created_at, source.stamp),
        None => source.stamp.position.at,
    };
    records::end(created_at, source.stamp.position, cells);
    Ok(())
}
