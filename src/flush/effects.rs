//! What was merged: how many creates, updates and deletes by kind, and up to when.

use crate::batch::Batch;
use crate::position::Position;
use crate::stage::Kind;

/// Rows that were merged, in the order of [`Kind::ALL`]. What the server refused is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    puts: [u64; Kind::ALL.len()],
    deletes: [u64; Kind::ALL.len()],
    newest: Option<Position>,
}

impl Effects {
    /// Of a batch that was merged whole.
    #[must_use]
    pub fn of(batch: &Batch) -> Effects {
        Effects {
            puts: Kind::ALL.map(|kind| batch.puts(kind) as u64),
            deletes: Kind::ALL.map(|kind| batch.deletes(kind) as u64),
            newest: batch.newest(),
        }
    }

    /// Adds another's.
    pub fn add(&mut self, other: &Effects) {
        let puts = self.puts.iter_mut().zip(other.puts);
        let deletes = self.deletes.iter_mut().zip(other.deletes);
        puts.chain(deletes).for_each(|(sum, rows)| *sum += rows);
        self.newest = self.newest.max(other.newest);
    }

    /// Creates and updates.
    #[must_use]
    pub fn puts(&self) -> &[u64; Kind::ALL.len()] {
        &self.puts
    }

    /// Deletes.
    #[must_use]
    pub fn deletes(&self) -> &[u64; Kind::ALL.len()] {
        &self.deletes
    }

    /// The greatest position of a row.
    #[must_use]
    pub fn newest(&self) -> Option<Position> {
        self.newest
    }
}
