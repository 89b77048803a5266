//! The events of labels, of which each has one.

use super::changes::Table;
use super::merging::Merging;
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Adds those of staged labels, as merged.
pub async fn put(merging: &mut Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "noting labels";
    if merging.keeps(Derived::LabelEvents) && merging.batch.puts(Kind::Labels) > 0 {
        let added = merging.run(WHAT, sql::LABEL_EVENTS_PUT).await?;
        merging.note(Table::LabelEvents, added.cast_signed());
    }
    Ok(())
}

/// Notes those that went with labels.
pub fn gone_with(merging: &mut Merging<'_>, kind: Kind, labels: u64) {
    if kind == Kind::Labels && merging.keeps(Derived::LabelEvents) {
        merging.note(Table::LabelEvents, -labels.cast_signed());
    }
}
