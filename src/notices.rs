//! What an operator is told about batches, once rather than a thousand times.
//!
//! It reads what a batch counted and what was set aside, and writes no contents of records.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tracing::warn;

use crate::letter::DeadLetter;
use crate::tally::{Event, Tally};

/// What has been said so far.
#[derive(Debug, Default)]
pub struct Notices {
    unknown_type: AtomicBool,
    letters_dropped: AtomicU64,
}

impl Notices {
    /// Entries of a type that nobody knows are acknowledged and nothing else; said once.
    pub fn unknown_types(&self, tally: &Tally) {
        let seen = tally.events(Event::Unknown);
        if seen > 0 && !self.unknown_type.swap(true, Ordering::Relaxed) {
            warn!(
                "entries of an unknown type are passed over; only commit, identity and account are known"
            );
        }
    }

    /// Ops that were set aside: one line a batch and reason, with the first as an example.
    pub fn set_aside(&self, letters: &[DeadLetter]) {
        let mut by_reason = BTreeMap::new();
        for letter in letters {
            let reason = (&letter.reason, &letter.sqlstate, &letter.column);
            by_reason.entry(reason).or_insert((letter, 0_usize)).1 += 1;
        }
        for (first, letters) in by_reason.into_values() {
            warn!(
                letters,
                entry = %first.entry_id,
                op = first.op,
                reason = %first.reason,
                sqlstate = first.sqlstate,
                column = first.column.as_deref(),
                "set aside as dead letters; see forebay.dead_letters"
            );
        }
    }

    /// The dashboard's stream of dead letters has so many fewer than were ever added to it. The
    /// letters themselves are rows of the database and are not dropped.
    pub fn letters_dropped(&self, dropped: u64) {
        if self.letters_dropped.swap(dropped, Ordering::Relaxed) < dropped {
            warn!(
                dropped,
                "the dead letters' stream is at its length limit; all letters are in forebay.dead_letters"
            );
        }
    }

    /// How many letters the dashboard's stream has dropped, as last seen.
    #[must_use]
    pub fn letters_dropped_so_far(&self) -> u64 {
        self.letters_dropped.load(Ordering::Relaxed)
    }
}
