//! Going through sources: what is done with each before, at and after its reading.

use std::sync::Arc;

use crate::error::Stop;
use crate::position::Micros;

use super::cars;
use super::chunk::{Form, Taken};
use super::feed::{Feed, Over, Shared, all_shares};
use super::filter::Filter;
use super::ledger::Ledger;
use super::source::Source;
use super::spans;
use super::stamp::Clocks;
use super::texts;
use crate::source::Redis;

/// Whether an export older than the oldest tombstone that is known is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// It is refused: what was deleted since could come back.
    Refused,
    /// It is taken all the same.
    Allowed,
}

/// Whether an export fills gaps, or says how its repository was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// It only fills what is missing.
    None,
    /// It stands for the repository as of its revision: what is older and not in it goes.
    Repository,
}

/// What readers know.
pub struct Reader {
    /// The lanes and what is told.
    pub shared: Shared,
    /// What has been come to before.
    pub ledger: Ledger,
    /// Where spans are read from.
    pub redis: Redis,
    /// What is taken.
    pub filter: Filter,
    /// The clocks.
    pub clocks: Clocks,
    /// Up to where tombstones may be gone.
    pub horizon: Option<Micros>,
    /// What of old exports.
    pub stale: Stale,
    /// What of exports.
    pub authority: Authority,
}

/// Why a source is not gone through to its end.
pub enum Broken {
    /// Nobody takes entries any more.
    Over,
    /// The setup is broken.
    Stop(Stop),
}

impl From<Over> for Broken {
    fn from(_: Over) -> Self {
        Broken::Over
    }
}

impl<E: Into<Stop>> From<E> for Broken {
    fn from(error: E) -> Self {
        Broken::Stop(error.into())
    }
}

impl Reader {
    /// Goes through a source. Blocks; not to be called where tasks run.
    ///
    /// # Errors
    ///
    /// [`Broken`]; what is wrong with the source itself is told and counted.
    pub fn read(&self, source: &Source) -> Result<(), Broken> {
        match source {
            Source::Car(path) => cars::read(self, path, source),
            Source::Lines(path) => texts::read_file(self, path, source),
            Source::Stdin => texts::read_stdin(self, source),
            Source::Span(span) => spans::read(self, span, source),
        }
    }

    /// Takes a source up: where it was left, or at its beginning. `None` if it was brought to its end.
    pub(super) fn take(
        &self,
        source: &Source,
        form: Form,
        content: &str,
    ) -> Result<Option<Arc<Taken>>, Broken> {
        let stop = &self.shared.stop;
        let taken = self.ledger.take(source.name(), form, content, stop)?;
        let ended = taken.begun.values().filter(|mark| mark.is_end).count();
        // Lines and entries may have been added since.
        if form == Form::Car && ended > 0 {
            self.shared.report.done_before(&taken);
            return Ok(None);
        }
        self.shared.report.goes_on(&taken);
        Ok(Some(Arc::new(taken)))
    }

    /// The way to the lanes for a source that may hold any repository.
    pub(super) fn feed(&self, source: Arc<Taken>) -> Feed<'_> {
        Feed::new(&self.shared, source, all_shares())
    }

    /// A source that cannot be taken at all; it is counted, and tried again the next time.
    pub(super) fn refuse(&self, source: &Source, place: &str, reason: &str) {
        self.shared.report.rejected(&source.name(), place, reason);
    }

    /// Whether a moment lies so far back that what was deleted since may not be known any more.
    pub(super) fn is_stale(&self, as_of: Option<Micros>) -> bool {
        self.stale == Stale::Refused && self.horizon.is_some() && as_of <= self.horizon
    }
}

/// The reason of what is stale.
pub const STALE: &str = "stale: older than the oldest tombstone kept, so that deleted records could come back (--allow-stale takes it all the same, --exported-at says when it was made)";
