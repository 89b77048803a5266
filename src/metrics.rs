//! What the worker counts, for whoever shows it.
//!
//! Counters and two histograms behind one lock that is taken once a batch. It knows numbers, not
//! how they are printed.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::batch::Batch;
use crate::error::DbError;
use crate::flush::{Durable, Times};
use crate::notices::Notices;
use crate::stage::Kind;
use crate::standing::Standing;
use crate::tally::{Event, Tally};

/// How the reader stands to the stream's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// At the end: what comes is passed on soon.
    Live,
    /// Behind it: what comes is gathered in large batches.
    Behind,
}

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

/// The worker's counters.
pub struct Metrics {
    behind: AtomicBool,
    lanes: AtomicUsize,
    read: AtomicU64,
    acked: AtomicU64,
    retries: AtomicU64,
    lost: AtomicU64,
    first_read: OnceLock<Instant>,
    last_ack: Mutex<Option<Instant>>,
    standing: Mutex<Option<Standing>>,
    batches: Mutex<Batches>,
    /// What the operator has been told.
    pub notices: Notices,
}

/// Entries by type, and what could not be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Entries of type `commit`.
    pub commits: u64,
    /// Entries of type `identity`.
    pub identities: u64,
    /// Entries of type `account`.
    pub accounts: u64,
    /// Entries of any other type.
    pub unknown: u64,
    /// Entries and ops dead-lettered.
    pub errors: u64,
}

/// What is counted batch by batch.
pub struct Batches {
    /// Flushes by reason, in the order of [`Reason::ALL`].
    pub by_reason: [u64; 5],
    /// Staged creates and updates by kind, in the order of [`Kind::ALL`].
    pub rows: [u64; 20],
    /// Staged deletes by kind, likewise.
    pub deletes: [u64; 20],
    /// Dead letters.
    pub dead: u64,
    /// Microseconds of whole flushes.
    pub flush_micros: Histogram<u64>,
    /// Sums by phase.
    pub times: Times,
    /// What decoding counted.
    pub tally: Tally,
}

impl Metrics {
    /// All zero.
    ///
    /// # Errors
    ///
    /// The histogram's bounds are wrong, which they are not.
    pub fn new() -> Result<Self, hdrhistogram::CreationError> {
        Ok(Metrics {
            behind: AtomicBool::new(false),
            lanes: AtomicUsize::new(1),
            read: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            first_read: OnceLock::new(),
            last_ack: Mutex::new(None),
            standing: Mutex::new(None),
            batches: Mutex::new(Batches::new()?),
            notices: Notices::default(),
        })
    }

    /// How the reader stands.
    #[must_use]
    pub fn pace(&self) -> Pace {
        if self.behind.load(Ordering::Relaxed) {
            Pace::Behind
        } else {
            Pace::Live
        }
    }

    /// The reader says how it stands.
    pub fn set_pace(&self, pace: Pace) {
        self.behind.store(pace == Pace::Behind, Ordering::Relaxed);
    }

    /// How many lanes take part, at least one.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes.load(Ordering::Relaxed).max(1)
    }

    /// The reader says how many take part.
    pub fn set_lanes(&self, lanes: usize) {
        self.lanes.store(lanes, Ordering::Relaxed);
    }

    /// Entries were read.
    pub fn read(&self, entries: usize) {
        if entries > 0 {
            self.first_read.get_or_init(Instant::now);
        }
        self.read.fetch_add(entries as u64, Ordering::Relaxed);
    }

    /// Entries were acknowledged.
    pub fn acked(&self, entries: usize) {
        self.acked.fetch_add(entries as u64, Ordering::Relaxed);
        *self.last_ack.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// From the first read that brought anything to the last acknowledgement so far.
    #[must_use]
    pub fn worked(&self) -> Duration {
        let last = *self.last_ack.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.first_read.get(), last) {
            (Some(first), Some(last)) => last.saturating_duration_since(*first),
            _ => Duration::ZERO,
        }
    }

    /// How many entries were acknowledged so far.
    #[must_use]
    pub fn entries_acked(&self) -> u64 {
        self.acked.load(Ordering::Relaxed)
    }

    /// How many entries were read so far.
    #[must_use]
    pub fn entries_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Entries were trimmed before they could be stored.
    pub fn lost(&self, entries: usize) {
        self.lost.fetch_add(entries as u64, Ordering::Relaxed);
    }

    /// How many entries were lost so far.
    #[must_use]
    pub fn entries_lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// A batch has to be tried again.
    pub fn retried(&self, _refused: &DbError) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a batch was tried again.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// A batch was committed whole.
    pub fn flushed(&self, batch: &Batch, times: Times) {
        let mut batches = self.lock();
        batches.add_rows(batch);
        batches.dead += batch.dead().len() as u64;
        let micros = u64::try_from(times.whole().as_micros()).unwrap_or(u64::MAX);
        batches.flush_micros.saturating_record(micros);
        batches.times.copy += times.copy;
        batches.times.merge += times.merge;
        batches.times.commit += times.commit;
    }

    /// A batch was committed in parts, less the ops that were set aside.
    pub fn isolated(&self, batch: &Batch, durable: &Durable) {
        let mut batches = self.lock();
        batches.add_rows(batch);
        batches.dead += durable.letters().len() as u64;
    }

    /// A batch is done with.
    pub fn left(&self, reason: Reason, tally: &Tally) {
        self.notices.unknown_types(tally);
        let mut batches = self.lock();
        batches.by_reason[reason as usize] += 1;
        batches.tally.add(tally);
    }

    /// How far behind the worker was at the last look; `None` while nobody knows.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has looked.
    pub fn set_standing(&self, standing: Option<Standing>) {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// What operators' dashboards add up, as sums since the start.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let batches = self.lock();
        let events = |event| batches.tally.events(event);
        Sums {
            commits: events(Event::Commit),
            identities: events(Event::Identity),
            accounts: events(Event::Account),
            unknown: events(Event::Unknown),
            errors: batches.dead,
        }
    }

    /// The counters of batches, as they are now.
    pub fn batches(&self) -> MutexGuard<'_, Batches> {
        self.lock()
    }

    /// Counters are right as far as they go, also when a lane broke off.
    fn lock(&self) -> MutexGuard<'_, Batches> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Batches {
    fn new() -> Result<Self, hdrhistogram::CreationError> {
        const LONGEST_MICROS: u64 = 10 * 60 * 1_000_000;
        const DIGITS: u8 = 2;
        Ok(Batches {
            by_reason: [0; 5],
            rows: [0; 20],
            deletes: [0; 20],
            dead: 0,
            flush_micros: Histogram::new_with_max(LONGEST_MICROS, DIGITS)?,
            times: Times::default(),
            tally: Tally::default(),
        })
    }

    fn add_rows(&mut self, batch: &Batch) {
        for (at, kind) in Kind::ALL.into_iter().enumerate() {
            self.rows[at] += batch.puts(kind) as u64;
            self.deletes[at] += batch.deletes(kind) as u64;
        }
    }
}
