//! What a backfill tells: a line for everything that cannot be stored, and sums at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::{Batch, uris_of_ops};
use crate::flush::{Changes, Unwritten};
use crate::letter::DeadLetter;
use crate::stage::Kind;
use crate::tally::{Oddity, Tally};

use super::chunk::{Form, Taken};
use super::load::Load;
use super::meter::Meter;

/// What was told and counted so far.
pub struct Report {
    meter: Arc<Meter>,
    sums: Mutex<Sums>,
}

/// The sums of one run.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    /// Sources that were gone through to their end.
    pub ended: u64,
    /// Sources that had been gone through before.
    pub done_before: u64,
    /// Creates and updates.
    pub puts: u64,
    /// Deletes, by which a source ends records.
    pub deletes: u64,
    /// Rows that were not in their export, and went.
    pub removed: u64,
    /// Creates and updates that wrote nothing.
    pub unwritten: Unwritten,
    /// Creates and updates that the next of the same batch replaced.
    pub superseded: u64,
    /// Records of collections that are counted and not stored.
    pub not_stored: u64,
    /// What the filter left out.
    pub filtered: u64,
    /// What cannot be stored, or read, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// What was rejected by earlier runs, of the same sources.
    pub rejected_before: u64,
    /// Of `rejected`: what the database refused.
    refused: u64,
    /// What was repaired.
    pub repaired: u64,
}

impl Sums {
    /// Creates and updates that the tables have now.
    #[must_use]
    pub fn stored(&self) -> u64 {
        let not =
            self.refused + self.unwritten.present + self.unwritten.ended + self.unwritten.opted_out;
        self.puts.saturating_sub(not)
    }

    /// All that cannot be stored, of earlier runs too.
    #[must_use]
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.values().sum::<u64>() + self.rejected_before
    }
}

impl fmt::Display for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "sources {}, done before {}",
            self.ended, self.done_before
        )?;
        let present = self.unwritten.present + self.superseded;
        writeln!(f, "  {:>12} stored", self.stored())?;
        writeln!(f, "  {present:>12} already there")?;
        let optional = [
            (self.unwritten.ended, "deleted since"),
            (self.unwritten.opted_out, "of actors who opted out"),
            (self.not_stored, "of collections that have no table"),
            (self.deletes, "deletes"),
            (self.removed, "removed, as they are not in their export"),
            (self.filtered, "filtered"),
            (self.repaired, "values repaired"),
        ];
        for (number, what) in optional {
            if number > 0 {
                writeln!(f, "  {number:>12} {what}")?;
            }
        }
        for (reason, number) in &self.rejected {
            writeln!(f, "  {number:>12} rejected: {reason}")?;
        }
        if self.rejected_before > 0 {
            writeln!(f, "  {:>12} rejected by earlier runs", self.rejected_before)?;
        }
        Ok(())
    }
}

impl Report {
    /// Nothing yet.
    #[must_use]
    pub fn new(meter: Arc<Meter>) -> Report {
        Report {
            meter,
            sums: Mutex::new(Sums::default()),
        }
    }

    /// The sums so far.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.lock().clone()
    }

    /// Says something that is no rejection.
    pub fn say(&self, text: &str) {
        self.meter.say(text);
    }

    /// A place of a source cannot be read or stored.
    pub fn rejected(&self, source: &str, place: &str, reason: &str) {
        self.rejects(source, place, reason, 1);
    }

    /// The same of many places, in one line.
    pub fn rejects(&self, source: &str, place: &str, reason: &str, number: u64) {
        self.meter.say(&format!("{source}: {place}: {reason}"));
        *self.lock().rejected.entry(reason.to_owned()).or_default() += number;
    }

    /// Something was left out.
    pub fn filtered(&self) {
        self.lock().filtered += 1;
    }

    /// A source had been gone through before.
    pub fn done_before(&self, source: &Taken) {
        let mut sums = self.lock();
        sums.done_before += 1;
        sums.rejected_before += source.rejected_before().unsigned_abs();
    }

    /// A source that was begun before goes on.
    pub fn goes_on(&self, source: &Taken) {
        self.lock().rejected_before += source.rejected_before().unsigned_abs();
    }

    /// A source is at its end.
    pub fn ended(&self) {
        self.lock().ended += 1;
    }

    /// Rows went that were not in their export.
    pub fn removed(&self, rows: u64) {
        self.lock().removed += rows;
    }

    /// A batch was decoded.
    pub fn decoded(&self, batch: &Batch) {
        let all = |count: fn(&Batch, Kind) -> usize| -> u64 {
            Kind::ALL
                .iter()
                .map(|kind| count(batch, *kind) as u64)
                .sum()
        };
        let mut sums = self.lock();
        sums.puts += all(Batch::puts);
        sums.deletes += all(Batch::deletes);
        sums.add_tally(batch.tally());
    }

    /// A batch, or a part of one, was committed.
    pub fn committed(&self, changes: &Changes) {
        let mut sums = self.lock();
        sums.unwritten.present += changes.unwritten.present;
        sums.unwritten.ended += changes.unwritten.ended;
        sums.unwritten.opted_out += changes.unwritten.opted_out;
    }

    /// Ops could not be stored.
    pub fn letters(&self, load: &Load, letters: &[DeadLetter]) {
        for letter in letters {
            let (source, place) = place_of(load, letter);
            let mut reason = letter.reason.to_string();
            if let Some(sqlstate) = &letter.sqlstate {
                let column = letter.column.as_deref().unwrap_or("");
                reason = format!("{reason}:{sqlstate} {column}")
                    .trim_end()
                    .to_owned();
                self.lock().refused += 1;
            }
            self.rejected(&source, &place, &reason);
        }
    }

    /// Right as far as they go, also when a lane broke off.
    fn lock(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sums {
    fn add_tally(&mut self, tally: &Tally) {
        self.superseded += tally.oddities(Oddity::Superseded);
        for (name, _, number) in tally.iter() {
            match name {
                "ops_not_stored" => self.not_stored += number,
                "repaired" => self.repaired += number,
                _ => {}
            }
        }
    }
}

/// The source of a letter, and where in it the op stands.
fn place_of(load: &Load, letter: &DeadLetter) -> (String, String) {
    let Some((entry, source, offset)) = load.origin(letter.entry_id) else {
        return (String::new(), String::new());
    };
    let uri = letter.op.and_then(|op| {
        let uris = uris_of_ops(entry);
        uris.into_iter().nth(op)
    });
    let place = match (source.form, uri) {
        (Form::Car, Some(uri)) => uri,
        (Form::Lines, Some(uri)) => format!("line {}: {uri}", offset + 1),
        (Form::Lines, None) => format!("line {}", offset + 1),
        (Form::Span, Some(uri)) => format!("{}: {uri}", entry.origin()),
        (Form::Span | Form::Car, None) => entry.origin().to_string(),
    };
    (source.name.clone(), place)
}
