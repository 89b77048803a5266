//! What the worker counts, for whoever shows it.
//!
//! Counters and histograms, most of them behind one lock that is taken once a batch. It knows
//! numbers, not how they are printed.

mod batches;
mod counts;
mod failures;
mod shapes;
mod states;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

pub use batches::{Batches, Reason};
pub use counts::{Counts, Labels};
pub use failures::{Failures, Refusals};
pub use shapes::Shapes;
pub use states::{Done, Lane, LaneState, ReaderState, Since, Step};

use crate::batch::Batch;
use crate::error::DbError;
use crate::flush::{Durable, Times};
use crate::health::Health;
use crate::notices::Notices;
use crate::position::Micros;
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

/// The worker's counters.
pub struct Metrics {
    behind: AtomicBool,
    lanes: AtomicUsize,
    read: AtomicU64,
    acked: AtomicU64,
    lost: AtomicU64,
    /// Of the latest row that is stored; 0 before there is one.
    stored: AtomicI64,
    started: Instant,
    first_read: OnceLock<Instant>,
    last_ack: Mutex<Option<Instant>>,
    standing: Mutex<Option<Standing>>,
    batches: Mutex<Batches>,
    all_lanes: Mutex<Vec<Arc<Lane>>>,
    /// What the reader does.
    pub reader: Since<ReaderState>,
    /// What the servers refused.
    pub failures: Failures,
    /// Whether all is well.
    pub health: Arc<Health>,
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

/// The histograms' bounds are wrong, which they are not.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// Of the quantiles.
    #[error(transparent)]
    Quantiles(#[from] hdrhistogram::CreationError),
    /// Of what is scraped.
    #[error(transparent)]
    Scraped(#[from] prometheus::Error),
}

impl Metrics {
    /// All zero.
    ///
    /// # Errors
    ///
    /// The histograms' bounds are wrong, which they are not.
    pub fn new() -> Result<Self, Unmade> {
        Ok(Metrics {
            behind: AtomicBool::new(false),
            lanes: AtomicUsize::new(1),
            read: AtomicU64::new(0),
            acked: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            stored: AtomicI64::new(0),
            started: Instant::now(),
            first_read: OnceLock::new(),
            last_ack: Mutex::new(None),
            standing: Mutex::new(None),
            batches: Mutex::new(Batches::new()?),
            all_lanes: Mutex::default(),
            reader: Since::now(ReaderState::Starting),
            failures: Failures::default(),
            health: Arc::default(),
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

    /// What the reader does, by name.
    #[must_use]
    pub fn reader_name(&self) -> &'static str {
        self.reader.get().0.name(self.pace())
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
    pub fn retried(&self, refused: &DbError) {
        self.failures.retry(refused);
    }

    /// How often a batch was tried again.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.failures.retries()
    }

    /// A batch was written whole, in these times.
    pub fn flushed(&self, batch: &Batch, times: Times) {
        self.lock().add_times(batch, times);
    }

    /// A batch is committed, whole or less the ops that were set aside.
    pub fn stored(&self, durable: &Durable) {
        if let Some(newest) = durable.effects().newest() {
            self.stored.fetch_max(newest.at, Ordering::Relaxed);
        }
        let mut batches = self.lock();
        batches.add_effects(durable.effects());
        batches.add_letters(durable.letters());
        batches.add_changes(durable.changes());
    }

    /// The event time of the latest row that is stored, by its entry's id; `None` before there is one.
    #[must_use]
    pub fn stored_until(&self) -> Option<Micros> {
        let stored = self.stored.load(Ordering::Relaxed);
        (stored != 0).then_some(stored)
    }

    /// A committed batch was acknowledged in this time.
    pub fn acked_within(&self, took: Duration) {
        self.lock().shapes.acked(took);
    }

    /// Since when there are these counters.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// A lane more.
    #[must_use]
    pub fn add_lane(&self) -> Arc<Lane> {
        let lane = Arc::new(Lane::new());
        self.lock_lanes().push(Arc::clone(&lane));
        lane
    }

    /// All lanes there are, in their order, whether they take part or not.
    #[must_use]
    pub fn all_lanes(&self) -> Vec<Arc<Lane>> {
        self.lock_lanes().clone()
    }

    /// Why the worker is not ready; nothing if it is.
    #[must_use]
    pub fn unready(&self) -> Vec<String> {
        let lanes = self.all_lanes();
        let lanes = lanes.iter().map(|lane| lane.state());
        self.health.reasons(self.reader.get(), lanes)
    }

    fn lock_lanes(&self) -> MutexGuard<'_, Vec<Arc<Lane>>> {
        self.all_lanes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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
            errors: batches.dead(),
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
