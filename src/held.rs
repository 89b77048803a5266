//! What this process has in hand: the ids of entries between their being read and their being
//! acknowledged.
//!
//! Two sets behind one lock that is taken once a read and once a batch. It says which entries have
//! to be renewed and which must not be claimed again; it knows neither Redis nor the lanes. It is
//! as small as what is in hand, which the lanes' buffers bound.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;
use tokio::sync::Notify;

use crate::position::StreamId;

/// The entries in hand.
#[derive(Default)]
pub struct Held {
    ids: Mutex<Ids>,
    fewer: Notify,
}

#[derive(Default)]
struct Ids {
    /// Taken since the last renewal: too young to need one.
    fresh: FxHashSet<StreamId>,
    /// Older.
    known: FxHashSet<StreamId>,
}

impl Ids {
    fn len(&self) -> usize {
        self.fresh.len() + self.known.len()
    }

    fn has(&self, id: StreamId) -> bool {
        self.fresh.contains(&id) || self.known.contains(&id)
    }
}

impl Held {
    /// Nothing in hand.
    #[must_use]
    pub fn new() -> Self {
        Held::default()
    }

    /// Takes entries in hand.
    pub fn take(&self, ids: impl Iterator<Item = StreamId>) {
        let mut held = self.lock();
        for id in ids {
            if !held.known.contains(&id) {
                held.fresh.insert(id);
            }
        }
    }

    /// Entries are dealt with.
    pub fn let_go(&self, ids: &[StreamId]) {
        let mut held = self.lock();
        for id in ids {
            if !held.fresh.remove(id) {
                held.known.remove(id);
            }
        }
        shrink(&mut held.fresh);
        shrink(&mut held.known);
        drop(held);
        self.fewer.notify_waiters();
    }

    /// Of some ids, those that are not in hand.
    #[must_use]
    pub fn not_held(&self, ids: Vec<StreamId>) -> Vec<StreamId> {
        let held = self.lock();
        ids.into_iter().filter(|id| !held.has(*id)).collect()
    }

    /// Whether an entry is in hand.
    #[must_use]
    pub fn holds(&self, id: StreamId) -> bool {
        self.lock().has(id)
    }

    /// How many are in hand.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Nothing is in hand.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What has been in hand since the last time this was asked, and so has to be renewed. What
    /// came in between is younger than one round and is asked for in the next.
    #[must_use]
    pub fn to_renew(&self) -> Vec<StreamId> {
        let mut held = self.lock();
        let known = held.known.iter().copied().collect();
        let fresh = std::mem::take(&mut held.fresh);
        held.known.extend(fresh);
        known
    }

    /// Waits until no more than this many are in hand.
    pub async fn until_at_most(&self, most: usize) {
        loop {
            let mut fewer = std::pin::pin!(self.fewer.notified());
            // From here on no change is missed.
            fewer.as_mut().enable();
            if self.len() <= most {
                return;
            }
            fewer.await;
        }
    }

    /// Right as far as it goes, also when a task broke off.
    fn lock(&self) -> MutexGuard<'_, Ids> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives memory back once a backlog is over.
fn shrink(ids: &mut FxHashSet<StreamId>) {
    const WORTH_IT: usize = 1 << 14;
    if ids.capacity() > WORTH_IT && ids.len() < ids.capacity() / 8 {
        ids.shrink_to(ids.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> StreamId {
        StreamId { ms: 1, n }
    }

    #[test]
    fn renews_what_stays_and_forgets_what_goes() {
        let held = Held::new();
        held.take([id(1), id(2)].into_iter());
        assert_eq!(held.to_renew(), []);
        held.take([id(2), id(3)].into_iter());
        held.let_go(&[id(1)]);
        assert_eq!(held.to_renew(), [id(2)]);
        assert_eq!(held.len(), 2);
        assert_eq!(held.not_held(vec![id(1), id(2), id(3)]), [id(1)]);
        held.let_go(&[id(2), id(3), id(9)]);
        assert!(held.is_empty() && !held.holds(id(2)));
    }

    #[tokio::test]
    async fn wakes_who_waits_for_the_last() {
        let held = std::sync::Arc::new(Held::new());
        held.take([id(1), id(2)].into_iter());
        let waiting = tokio::spawn({
            let held = std::sync::Arc::clone(&held);
            async move { held.until_at_most(0).await }
        });
        held.let_go(&[id(1)]);
        held.let_go(&[id(2)]);
        waiting.await.unwrap();
    }
}
