//! What the reader hands to the lanes, and the handing over.
//!
//! Entries go to lanes by their repos' partition, in order, and what goes together says where it
//! stands to the stream's front. From here on an entry is held. Nothing is decoded but the repo.

use std::sync::Arc;

use tokio::sync::mpsc::Sender;

use crate::entry::Entry;
use crate::held::Held;
use crate::metrics::Metrics;
use crate::partition;

/// Where entries stand, and so with what they may share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Read in stream order for the first time.
    Front,
    /// Delivered before, and so behind the front. A batch's tombstones are looked up by its oldest
    /// position: one such entry in a batch of the front's would make that look-up long.
    Behind,
    /// Delivered so often that it is tried in a batch of its own.
    Alone,
    /// It ended the process whenever it was tried alone: not to be looked into again.
    Condemned,
}

impl Place {
    /// Whether a batch takes no second entry.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(self, Place::Alone | Place::Condemned)
    }
}

/// Entries of one lane's repos, in order.
#[derive(Debug)]
pub struct Handful {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where they stand, all of them.
    pub place: Place,
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    On,
    /// A lane is gone, or the worker was told to stop.
    Over,
}

/// The ends of the lanes that the reader holds.
pub struct Hands {
    /// One per lane.
    pub lanes: Vec<Sender<Handful>>,
    /// What this process has in hand.
    pub held: Arc<Held>,
    /// Where it stands how many lanes take part.
    pub metrics: Arc<Metrics>,
}

impl Hands {
    /// Gives each lane that takes part its entries, waiting where a lane is full.
    ///
    /// When their number has just changed, a repo may be in two lanes for a moment: they take turns
    /// by its partition's lock, as two workers would, and positions decide.
    pub async fn over(&self, entries: Vec<Entry>, place: Place) -> Flow {
        self.held.take(entries.iter().map(|entry| entry.id));
        let taking_part = self.metrics.lanes().min(self.lanes.len());
        let mut shares: Vec<Vec<Entry>> = (0..taking_part).map(|_| Vec::new()).collect();
        for entry in entries {
            let data = entry.data.as_deref().unwrap_or_default();
            let partition = usize::from(partition::hint(&entry.kind, data));
            let lane = partition % shares.len();
            shares[lane].push(entry);
        }
        for (lane, entries) in self.lanes.iter().zip(shares) {
            if !entries.is_empty() && lane.send(Handful { entries, place }).await.is_err() {
                return Flow::Over;
            }
        }
        Flow::On
    }
}
