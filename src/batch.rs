//! A batch: the rows of many entries as COPY bytes, and the ids to acknowledge once they are
//! committed.
//!
//! Entries are decoded, routed and encoded as they are pushed; no row exists in any other form. It
//! does not know when it is full, nor what the database holds already.

mod commit;
mod deltas;
mod dids;
mod row;
mod rules;
mod staged;
mod straight;
mod table_copy;
mod take;
mod told;
#[cfg(test)]
mod tests;

pub use crate::letter::{DeadLetter, letter, uris_of_ops};
pub use deltas::{Columns, Count, Deltas};
pub use rules::{AccountDeleted, Rules};
pub use straight::Straight;
pub use table_copy::{Cell, Gates, TableCopy, chunks};
pub use told::{Only, Recipient};

use crate::derived::DerivedSet;
use crate::entry::Entry;
use crate::position::{Position, StreamId};
use crate::stage::{Kind, Stage};
use crate::tally::Tally;
use crate::widths::Widths;
use dids::Dids;
use row::Verb;
use staged::Staged;
use std::sync::Arc;
use take::Scope;

/// The rows of many entries, their ids, and what could not be stored of them.
#[derive(Debug)]
pub struct Batch {
    widths: Arc<Widths>,
    account_deleted: AccountDeleted,
    derived: DerivedSet,
    ids: Vec<StreamId>,
    staged: Staged,
    dids: Dids,
    partitions: u64,
    tally: Tally,
    dead: Vec<DeadLetter>,
    dead_bytes: usize,
    /// The uri of the row being written; kept to spare an allocation for each.
    uri: String,
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new(rules: impl Into<Rules>) -> Self {
        let Rules {
            widths,
            account_deleted,
            derived,
        } = rules.into();
        Batch {
            widths,
            account_deleted,
            derived,
            ids: Vec::new(),
            staged: Staged::default(),
            dids: Dids::default(),
            partitions: 0,
            tally: Tally::default(),
            dead: Vec::new(),
            dead_bytes: 0,
            uri: String::new(),
        }
    }

    /// Takes an entry: its id in any case, its rows if they can be stored, and a dead letter for
    /// each op that cannot.
    pub fn push(&mut self, entry: &Entry) {
        self.take(entry, Scope::Whole);
    }

    /// The same for some of its ops, ascending, when poison is isolated. The entry is not counted
    /// again among the events.
    pub fn push_ops(&mut self, entry: &Entry, ops: &[usize]) {
        self.take(entry, Scope::Ops(ops));
    }

    /// What of what follows from its records is kept.
    #[must_use]
    pub fn derived(&self) -> DerivedSet {
        self.derived
    }

    /// The ids of the entries taken, each once if pushed in a row, in their order.
    #[must_use]
    pub fn ids(&self) -> &[StreamId] {
        &self.ids
    }

    /// No entry was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Rows that will be copied.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.staged.rows()
    }

    /// Bytes held: rows, DIDs and dead letters.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.staged.bytes() + self.dids.bytes() + self.dead_bytes
    }

    /// The smallest position of a staged row.
    #[must_use]
    pub fn oldest(&self) -> Option<Position> {
        self.staged.oldest()
    }

    /// The greatest position of a staged row.
    #[must_use]
    pub fn newest(&self) -> Option<Position> {
        self.staged.newest()
    }

    /// Whether a staged row's position has a tie.
    #[must_use]
    pub fn has_ties(&self) -> bool {
        self.staged.has_ties()
    }

    /// The rows that may go straight into their tables, for all that the batch itself can tell.
    #[must_use]
    pub fn straight(&self) -> Straight {
        self.staged.straight()
    }

    /// The COPY streams of the stages that have rows which do not go straight in, in the order of
    /// [`Stage::ALL`]. May be asked for again when the batch is sent again.
    #[must_use]
    pub fn copies(&self, straight: &Straight) -> Vec<TableCopy<'_>> {
        let copy = |stage| self.staged.copy(stage, straight);
        Stage::ALL.into_iter().filter_map(copy).collect()
    }

    /// The rows of a kind that go straight in, as they are staged.
    #[must_use]
    pub fn straight_of(&self, kind: Kind, straight: &Straight) -> TableCopy<'_> {
        self.staged.straight_of(kind, straight)
    }

    /// Some columns, ascending, of each of them, in no order, with its place in the batch.
    pub fn cells_of<const N: usize>(
        &self,
        kind: Kind,
        straight: &Straight,
        columns: [usize; N],
    ) -> impl Iterator<Item = (u32, [Option<&[u8]>; N])> {
        self.staged.cells_of(kind, straight, columns)
    }

    /// A column of each of them, in no order, where it is not NULL.
    pub fn column(
        &self,
        kind: Kind,
        straight: &Straight,
        column: usize,
    ) -> impl Iterator<Item = &[u8]> {
        let cells = self.cells_of(kind, straight, [column]);
        cells.filter_map(|(_, [cell])| cell)
    }

    /// The uris of posts that go straight in and mention someone.
    pub fn mentioning(&self, straight: &Straight) -> impl Iterator<Item = &str> {
        self.staged.mentioning(straight)
    }

    /// The place of the create or update of a uri that will be merged.
    #[must_use]
    pub fn put_of(&self, uri: &str) -> Option<u32> {
        self.staged.put_of(uri)
    }

    /// Tells of every create and update that will be merged of records that can go straight in: its
    /// place, its kind, its uri and its second unique key, if it has one.
    pub fn keys(&self, each: impl FnMut(u32, Kind, &[u8], Option<[&[u8]; 2]>)) {
        self.staged.keys(each);
    }

    /// How many creates and updates of a kind will be merged.
    #[must_use]
    pub fn puts(&self, kind: Kind) -> usize {
        self.staged.alive(kind, Verb::Put)
    }

    /// How many deletes of a kind will be merged.
    #[must_use]
    pub fn deletes(&self, kind: Kind) -> usize {
        self.staged.alive(kind, Verb::Delete)
    }

    /// The partitions of every repository that the batch touches, ascending.
    #[must_use]
    pub fn partitions(&self) -> Vec<i32> {
        (0..64)
            .filter(|bit| self.partitions >> bit & 1 == 1)
            .collect()
    }

    /// The owners of what was created or updated, each once: the opt-out is judged for them.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.dids.owners()
    }

    /// Every DID that gets a users row, each once, with the position at which it was first named.
    pub fn stubs(&self) -> impl Iterator<Item = (&str, Position)> {
        self.dids.iter()
    }

    /// What could not be stored.
    #[must_use]
    pub fn dead(&self) -> &[DeadLetter] {
        &self.dead
    }

    /// What was seen, mended and left out.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Forgets everything but the rules, keeping the memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.staged.clear();
        self.dids.clear();
        self.partitions = 0;
        self.tally = Tally::default();
        self.dead.clear();
        self.dead_bytes = 0;
    }
}
