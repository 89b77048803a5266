//! What is counted batch by batch, behind one lock.

use std::borrow::Cow;

use hdrhistogram::Histogram;

use super::Shapes;
use super::counts::Counts;
use crate::batch::Batch;
use crate::flush::{Effects, Table, Times};
use crate::letter::{CRASHED, DeadLetter};
use crate::stage::Kind;
use crate::tally::Tally;

/// Why a batch was flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It had enough rows.
    Rows,
    /// Its buffers were full.
    Bytes,
    /// Its oldest entry had waited long enough.
    Age,
    /// The reader had no more.
    End,
    /// What comes next has to go in a batch of its own.
    Place,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 5] = [
        Reason::Rows,
        Reason::Bytes,
        Reason::Age,
        Reason::End,
        Reason::Place,
    ];

    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::Rows => "rows",
            Reason::Bytes => "bytes",
            Reason::Age => "age",
            Reason::End => "end",
            Reason::Place => "place",
        }
    }
}

/// What is counted batch by batch.
pub struct Batches {
    /// Flushes by reason, in the order of [`Reason::ALL`].
    pub by_reason: [u64; Reason::ALL.len()],
    /// Merged creates and updates by kind, in the order of [`Kind::ALL`].
    pub rows: [u64; Kind::ALL.len()],
    /// Merged deletes by kind, likewise.
    pub deletes: [u64; Kind::ALL.len()],
    /// Rows really added, in the order of [`Table::all`].
    pub added: [u64; Table::COUNT],
    /// Rows really removed, likewise.
    pub removed: [u64; Table::COUNT],
    /// Dead letters by reason.
    pub letters: Counts<1>,
    /// Those of them that were found before the database saw them.
    pub rejected: Counts<1>,
    /// Those that the database refused, by SQLSTATE.
    pub refused: Counts<1>,
    /// Microseconds of whole flushes.
    pub flush_micros: Histogram<u64>,
    /// Sums by phase.
    pub times: Times,
    /// Rows, bytes and times of flushes.
    pub shapes: Shapes,
    /// What decoding counted.
    pub tally: Tally,
}

impl Batches {
    pub(super) fn new() -> Result<Self, super::Unmade> {
        const LONGEST_MICROS: u64 = 10 * 60 * 1_000_000;
        const DIGITS: u8 = 2;
        Ok(Batches {
            by_reason: Default::default(),
            rows: Default::default(),
            deletes: Default::default(),
            added: Default::default(),
            removed: Default::default(),
            letters: Counts::default(),
            rejected: Counts::default(),
            refused: Counts::default(),
            flush_micros: Histogram::new_with_max(LONGEST_MICROS, DIGITS)?,
            times: Times::default(),
            shapes: Shapes::new()?,
            tally: Tally::default(),
        })
    }

    /// Rows merged so far, deletes too.
    #[must_use]
    pub fn merged(&self) -> u64 {
        self.rows.iter().chain(&self.deletes).sum()
    }

    /// Dead letters so far.
    #[must_use]
    pub fn dead(&self) -> u64 {
        self.letters.sum()
    }

    pub(super) fn add_times(&mut self, batch: &Batch, times: Times) {
        let micros = u64::try_from(times.whole().as_micros()).unwrap_or(u64::MAX);
        self.flush_micros.saturating_record(micros);
        self.times.copy += times.copy;
        self.times.merge += times.merge;
        self.times.commit += times.commit;
        self.shapes.observe(batch, times);
    }

    pub(super) fn add_effects(&mut self, effects: &Effects) {
        let rows = self.rows.iter_mut().zip(effects.puts());
        let deletes = self.deletes.iter_mut().zip(effects.deletes());
        rows.chain(deletes).for_each(|(sum, rows)| *sum += rows);
    }

    pub(super) fn add_letters(&mut self, letters: &[DeadLetter]) {
        for letter in letters {
            let reason = letter.reason.clone();
            if let Some(sqlstate) = &letter.sqlstate {
                self.refused.add([Cow::Owned(sqlstate.clone())], 1);
            } else if reason != CRASHED {
                self.rejected.add([reason.clone()], 1);
            }
            self.letters.add([reason], 1);
        }
    }

    pub(super) fn add_changes(&mut self, changes: &crate::flush::Changes) {
        for (at, table) in Table::all().enumerate() {
            self.added[at] += changes.added(table);
            self.removed[at] += changes.removed(table);
        }
    }
}
