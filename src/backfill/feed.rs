//! From a reader to the lanes: one source's entries, sorted by the partitions of their repositories,
//! bounded in number and bytes, and no faster than is allowed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc::Sender;

use crate::entry::Entry;
use crate::flush::Mark;
use crate::partition;
use crate::position::{Micros, StreamId};

use super::chunk::{Chunk, Form, Item, Passed, Rule, Sweep, Taken};
use super::governor::Governor;
use super::meter::Meter;
use super::report::Report;

/// Entries and bytes that go to the lanes together.
const ENTRIES: usize = 1_000;
const BYTES: usize = 4 << 20;

/// Nobody takes entries any more: a lane is gone, or it was told to stop.
#[derive(Debug)]
pub struct Over;

/// Where in its source something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before all entries.
    Beginning,
    /// In the place of what would have been there.
    Offset(u128),
    /// Behind all that could be read: it may be mended, and is looked at and told again the next time.
    /// So it is not noted with the source: what is mended would be held against it for good.
    End,
}

/// What all readers share.
pub struct Shared {
    /// The lanes.
    pub lanes: Vec<Sender<Chunk>>,
    /// Turns true when it is to stop.
    pub stop: Arc<AtomicBool>,
    /// What is told.
    pub report: Arc<Report>,
    /// How far it is.
    pub meter: Arc<Meter>,
    /// How fast it may go.
    pub governor: Option<Governor>,
}

/// One source on its way.
pub struct Feed<'s> {
    shared: &'s Shared,
    source: Arc<Taken>,
    /// The shares that the source has, of which the first is noted what belongs to none.
    shares: Vec<i16>,
    chunks: Vec<Chunk>,
    entries: usize,
    bytes: usize,
    rule: Rule,
    as_of: Option<(String, Micros)>,
    /// What comes after all that was handed on.
    next: u128,
    /// What is not handed on yet.
    passed: Passed,
}

impl<'s> Feed<'s> {
    /// Of a source with these shares.
    pub fn new(shared: &'s Shared, source: Arc<Taken>, shares: Vec<i16>) -> Self {
        let chunks = shared.lanes.iter().map(|_| Chunk::of(Arc::clone(&source)));
        Feed {
            chunks: chunks.collect(),
            shared,
            source,
            shares,
            entries: 0,
            bytes: 0,
            rule: Rule::Position,
            as_of: None,
            next: 0,
            passed: Passed::default(),
        }
    }

    /// Says what decides from here on, and as of when the repository is known.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn under(&mut self, rule: Rule, as_of: Option<(String, Micros)>) -> Result<(), Over> {
        if (&self.rule, &self.as_of) != (&rule, &as_of) {
            self.hand_over()?;
            (self.rule, self.as_of) = (rule, as_of);
        }
        Ok(())
    }

    /// Whether what stands at this place was dealt with before.
    pub fn is_done(&self, offset: u128, share: i16) -> bool {
        offset < self.source.start(share)
    }

    /// The share in which is noted what belongs to none.
    fn home(&self) -> i16 {
        self.shares.first().copied().unwrap_or(0)
    }

    /// Hands an entry on, stamped.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn entry(
        &mut self,
        offset: u128,
        owner: &str,
        at: StreamId,
        mut entry: Entry,
    ) -> Result<(), Over> {
        let share = i16::from(partition::of(owner));
        self.next = self.next.max(offset + 1);
        if self.is_done(offset, share) {
            return self.breathe();
        }
        entry.orig_id = Some(at);
        self.entries += 1;
        self.bytes += entry.data.as_ref().map_or(0, Vec::len);
        let lane = usize::from(share.unsigned_abs()) % self.chunks.len();
        // A chunk need not be stored in one transaction: what is noted up to here is counted up to here.
        let passed = if share == self.home() {
            std::mem::take(&mut self.passed)
        } else {
            Passed::default()
        };
        self.chunks[lane].items.push(Item {
            entry,
            offset,
            share,
            passed,
        });
        self.breathe()
    }

    /// Counts what the filter leaves out.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn filter(&mut self, offset: u128) -> Result<(), Over> {
        self.next = self.next.max(offset + 1);
        if !self.is_done(offset, self.home()) {
            self.passed.filtered += 1;
            self.shared.report.filtered();
        }
        self.breathe()
    }

    /// Tells of something that cannot be read.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn problem(&mut self, at: At, place: &str, reason: &'static str) -> Result<(), Over> {
        self.problems(at, place, reason, 1)
    }

    /// The same of many that are not told one by one.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn problems(
        &mut self,
        at: At,
        place: &str,
        reason: &'static str,
        number: u64,
    ) -> Result<(), Over> {
        let was_told = match at {
            At::Beginning => self.is_done(0, self.home()),
            At::Offset(offset) => {
                self.next = self.next.max(offset + 1);
                self.is_done(offset, self.home())
            }
            At::End => false,
        };
        if !was_told {
            if at != At::End {
                self.passed.rejected += i64::try_from(number).unwrap_or(i64::MAX);
            }
            self.shared
                .report
                .rejects(&self.source.name, place, reason, number);
        }
        self.breathe()
    }

    /// The rest is left for another time; what was read until then is handed on.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn leave(mut self) -> Result<(), Over> {
        self.hand_over()
    }

    /// Everything has been handed on.
    ///
    /// # Errors
    ///
    /// [`Over`].
    pub fn end(mut self, sweep: Option<Sweep>) -> Result<(), Over> {
        self.send(true, sweep)
    }

    fn breathe(&mut self) -> Result<(), Over> {
        let slice = self
            .shared
            .governor
            .as_ref()
            .map_or(ENTRIES, |governor| governor.slice().min(ENTRIES));
        if self.entries >= slice || self.bytes >= BYTES || self.passed.filtered >= 100_000 {
            return self.hand_over();
        }
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(Over);
        }
        Ok(())
    }

    fn hand_over(&mut self) -> Result<(), Over> {
        self.send(false, None)
    }

    fn send(&mut self, is_end: bool, mut sweep: Option<Sweep>) -> Result<(), Over> {
        if let Some(governor) = &self.shared.governor {
            governor.wait(self.entries, &self.shared.stop);
        }
        self.shared.meter.records(self.entries);
        let home = self.home();
        let count = self.chunks.len();
        for (lane, chunk) in self.chunks.iter_mut().enumerate() {
            let next = Chunk::of(Arc::clone(&self.source));
            let mut chunk = std::mem::replace(chunk, next);
            let of_lane = |share: &&i16| usize::from(share.unsigned_abs()) % count == lane;
            for share in self.shares.iter().filter(of_lane) {
                let mut mark = Mark {
                    offset: self.next,
                    is_end,
                    ..Mark::default()
                };
                if *share == home {
                    let Passed { filtered, rejected } = std::mem::take(&mut self.passed);
                    (mark.filtered, mark.rejected) = (filtered, rejected);
                    chunk.sweep = sweep.take();
                }
                chunk.marks.insert(*share, mark);
            }
            if chunk.items.is_empty() && chunk.marks.is_empty() {
                continue;
            }
            chunk.rule = self.rule.clone();
            chunk.as_of = self.as_of.clone();
            self.shared.lanes[lane]
                .blocking_send(chunk)
                .map_err(|_| Over)?;
        }
        (self.entries, self.bytes) = (0, 0);
        if self.shared.stop.load(Ordering::Relaxed) {
            return Err(Over);
        }
        Ok(())
    }
}

/// All partitions, for sources that may hold any repository.
pub fn all_shares() -> Vec<i16> {
    (0..i16::try_from(partition::PARTITIONS).unwrap_or(i16::MAX)).collect()
}

/// How many shares a source of a form has.
pub fn shares_of(form: Form) -> i32 {
    match form {
        Form::Car => 1,
        Form::Lines | Form::Span => partition::PARTITIONS.cast_signed(),
    }
}
