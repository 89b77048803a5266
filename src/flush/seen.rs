//! Which records this process has stored lately: hints at what would collide if it went straight in.
//!
//! They say which rows are staged because their uri or their second key was stored before. A hint too
//! many costs a row its quick way. One too few makes the COPY fail, which is undone and done again by
//! way of staging; then hints are not trusted for a while. Nothing that ends in a table depends on
//! them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ahash::RandomState;
use rustc_hash::{FxHashMap, FxHashSet};

use super::reactions;
use crate::batch::{Batch, Straight};
use crate::derived::Derived;
use crate::stage::Kind;

/// A bounded memory of keys, shared by the lanes of a process.
///
/// It keeps 32 bits of a hash under a random key: of a million keys one in four thousand is taken
/// for another, and nobody can choose which.
pub struct Seen {
    inner: Mutex<Inner>,
    key: RandomState,
}

#[derive(Default)]
struct Inner {
    young: FxHashSet<u32>,
    old: FxHashSet<u32>,
    /// Batches still to come that must not trust the hints of a kind.
    distrusted: FxHashMap<Kind, u32>,
    /// The same of what actors did else to what they react to.
    doubted: u32,
}

/// What is known of a batch's records before they are merged.
#[derive(Default)]
pub struct Hints {
    hashes: Vec<u32>,
    /// The rows of which nothing is known that they could collide with.
    pub straight: Straight,
}

impl Seen {
    /// Keys in each of two generations: together they have the last half a million records or more.
    const MOST: usize = 1 << 19;
    /// For how many batches a hint that was missing is remembered: an older database or another
    /// worker will have more of that kind.
    const DISTRUST: u32 = 50;

    /// Remembers nothing.
    pub fn new() -> Seen {
        Seen {
            inner: Mutex::new(Inner::default()),
            key: RandomState::new(),
        }
    }

    /// Forgets everything.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.young.clear();
        inner.old.clear();
    }

    /// The hints for a batch.
    pub fn hints(&self, batch: &Batch) -> Hints {
        let mut hints = Hints {
            hashes: Vec::new(),
            straight: batch.straight(),
        };
        let mut inner = self.lock();
        let mut own = FxHashSet::default();
        let keeps_states = batch.derived().has(Derived::ViewerStates);
        batch.keys(|row, kind, uri, keys| {
            let mut note = |hash: u64| {
                let hash = hash as u32;
                hints.hashes.push(hash);
                // It is noted whatever is known of it.
                !own.insert(hash) || inner.young.contains(&hash) || inner.old.contains(&hash)
            };
            let mut again = note(self.key.hash_one((kind, uri)));
            if let Some(keys) = keys {
                again |= note(self.key.hash_one((kind, keys)));
            }
            if again {
                hints.straight.hold(row);
            }
            let is_known = |kind: Kind| {
                keys.is_some_and(|keys| {
                    let hash = self.key.hash_one((kind, keys)) as u32;
                    own.contains(&hash) || inner.young.contains(&hash) || inner.old.contains(&hash)
                })
            };
            if keeps_states && reactions::others(kind).any(is_known) {
                hints.straight.meet(row);
            }
        });
        if inner.doubted > 0 {
            inner.doubted -= 1;
            hints.straight.doubt();
        }
        for kind in inner.distrusted.keys() {
            hints.straight.hold_kind(*kind);
        }
        inner.distrusted.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
        hints
    }

    /// Remembers the records of a batch that is committed.
    pub fn learn(&self, hints: Hints) {
        let mut inner = self.lock();
        for hash in hints.hashes {
            if inner.young.len() >= Self::MOST {
                inner.old = std::mem::take(&mut inner.young);
            }
            inner.young.insert(hash);
        }
    }

    /// Records of these kinds were there that there was no hint at.
    pub fn refuted(&self, kinds: &[Kind]) {
        let mut inner = self.lock();
        for kind in kinds {
            inner.distrusted.insert(*kind, Self::DISTRUST);
        }
    }

    /// An actor had done more to what it reacts to than there was a hint at.
    pub fn surprised(&self) {
        self.lock().doubted = Self::DISTRUST;
    }

    /// A lane that broke off leaves hints that are good as far as they go.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entry::{Entry, Word};
    use crate::position::StreamId;
    use crate::widths::Widths;

    fn like(repo: &str, rkey: &str, post: &str) -> String {
        format!(
            r#"{{"repo":"did:plc:{repo}","ops":[{{"action":"create","path":"app.bsky.feed.like/{rkey}","cid":"c","record":{{"$type":"app.bsky.feed.like","subject":{{"uri":"at://did:plc:p/app.bsky.feed.post/{post}","cid":"c"}}}}}}]}}"#
        )
    }

    fn follow(repo: &str, rkey: &str) -> String {
        format!(
            r#"{{"repo":"did:plc:{repo}","ops":[{{"action":"create","path":"app.bsky.graph.follow/{rkey}","cid":"c","record":{{"$type":"app.bsky.graph.follow","subject":"did:plc:f"}}}}]}}"#
        )
    }

    fn batch(commits: &[String]) -> Batch {
        let mut batch = Batch::new(Arc::new(Widths::contract()));
        for (ms, data) in (1..).zip(commits) {
            batch.push(&Entry {
                id: StreamId { ms, n: 0 },
                orig_id: None,
                kind: Word::from_slice(b"commit"),
                data: Some(data.clone().into_bytes()),
                seq: Word::new(),
                deliveries: 1,
            });
        }
        batch
    }

    fn straight(hints: &Hints) -> usize {
        hints.straight.count(Kind::Likes)
    }

    #[test]
    fn holds_what_shares_a_key_with_what_was_stored() {
        let seen = Seen::new();
        let first = seen.hints(&batch(&[like("a", "1", "x"), like("b", "1", "x")]));
        assert_eq!(straight(&first), 2);
        seen.learn(first);
        let again = [
            like("a", "1", "y"),
            like("b", "2", "x"),
            like("c", "1", "x"),
        ];
        assert_eq!(straight(&seen.hints(&batch(&again))), 1);
        seen.forget();
        assert_eq!(straight(&seen.hints(&batch(&again))), 3);
    }

    #[test]
    fn holds_the_second_of_a_pair_in_one_batch() {
        let seen = Seen::new();
        let hints = seen.hints(&batch(&[like("a", "1", "x"), like("a", "2", "x")]));
        assert_eq!(straight(&hints), 1);
    }

    #[test]
    fn holds_all_of_a_kind_for_a_while_once_it_was_wrong() {
        let seen = Seen::new();
        let batch = batch(&[like("a", "1", "x"), follow("a", "1")]);
        seen.refuted(&[Kind::Likes]);
        for _ in 0..Seen::DISTRUST {
            let hints = seen.hints(&batch);
            assert_eq!(straight(&hints), 0);
            assert_eq!(hints.straight.count(Kind::Follows), 1);
        }
        assert_eq!(straight(&seen.hints(&batch)), 1);
    }

    #[test]
    fn forgets_the_oldest() {
        let seen = Seen::new();
        let first = seen.hints(&batch(&[like("a", "1", "x")]));
        seen.learn(first);
        let many = |from: u32| Hints {
            hashes: (from..from + 600_000).collect(),
            ..Hints::default()
        };
        seen.learn(many(0));
        seen.learn(many(1_000_000));
        let inner = seen.lock();
        assert!(inner.young.len() + inner.old.len() <= 2 * Seen::MOST);
        drop(inner);
        assert_eq!(straight(&seen.hints(&batch(&[like("a", "1", "x")]))), 1);
    }
}
