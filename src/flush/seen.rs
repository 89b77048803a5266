//! Which pairs this process has stored lately: hints at what a plain insert would collide with.
//!
//! An insert that looks for conflicts first goes down each unique index twice. Nearly no record needs
//! it, so the others are inserted plainly; these hints say which are left out because their uri or
//! their second key was stored before. A hint too many costs a row its quick way. One too few makes
//! the insert fail, which is undone and done again with conflicts looked for; then hints are not
//! trusted for a while. Nothing that ends in a table depends on them.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::batch::Batch;
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
}

/// What is known of a batch's pairs before they are merged.
#[derive(Default)]
pub struct Hints {
    hashes: Vec<u32>,
    suspects: Vec<(Kind, String)>,
    distrusted: Vec<Kind>,
    told: bool,
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
        let mut hints = Hints::default();
        let mut inner = self.lock();
        let mut own = FxHashSet::default();
        batch.pairs(|kind, uri, keys| {
            let hashes = [
                self.key.hash_one((kind, uri)) as u32,
                self.key.hash_one((kind, keys)) as u32,
            ];
            let known = |hash: &u32| inner.young.contains(hash) || inner.old.contains(hash);
            // Both are noted, whatever the first says.
            let again = hashes.map(|hash| !own.insert(hash) || known(&hash));
            if again.contains(&true) {
                let uri = String::from_utf8_lossy(uri).into_owned();
                hints.suspects.push((kind, uri));
            }
            hints.hashes.extend(hashes);
        });
        hints.distrusted = inner.distrusted.keys().copied().collect();
        inner.distrusted.retain(|_, left| {
            *left -= 1;
            *left > 0
        });
        hints.told = true;
        hints
    }

    /// Remembers the pairs of a batch that is committed.
    pub fn learn(&self, hints: Hints) {
        let mut inner = self.lock();
        for hash in hints.hashes {
            if inner.young.len() >= Self::MOST {
                inner.old = std::mem::take(&mut inner.young);
            }
            inner.young.insert(hash);
        }
    }

    /// Pairs of these kinds were there that there was no hint at.
    pub fn refuted(&self, kinds: &[Kind]) {
        let mut inner = self.lock();
        for kind in kinds {
            inner.distrusted.insert(*kind, Self::DISTRUST);
        }
    }

    /// A lane that broke off leaves hints that are good as far as they go.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hints {
    /// The uris of a kind that may collide; `None` if every row may.
    pub fn suspects(&self, kind: Kind) -> Option<Vec<&str>> {
        let of_kind = self.suspects.iter().filter(|(other, _)| *other == kind);
        let trusted = self.told && !self.distrusted.contains(&kind);
        trusted.then(|| of_kind.map(|(_, uri)| uri.as_str()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::entry::Entry;
    use crate::position::StreamId;
    use crate::widths::Widths;

    fn like(repo: &str, rkey: &str, post: &str) -> String {
        format!(
            r#"{{"repo":"did:plc:{repo}","ops":[{{"action":"create","path":"app.bsky.feed.like/{rkey}","cid":"c","record":{{"$type":"app.bsky.feed.like","subject":{{"uri":"at://did:plc:p/app.bsky.feed.post/{post}","cid":"c"}}}}}}]}}"#
        )
    }

    fn batch(commits: &[String]) -> Batch {
        let mut batch = Batch::new(Arc::new(Widths::contract()));
        for (ms, data) in (1..).zip(commits) {
            batch.push(&Entry {
                id: StreamId { ms, n: 0 },
                orig_id: None,
                kind: b"commit".to_vec(),
                data: Some(data.clone().into_bytes()),
                seq: Vec::new(),
                deliveries: 1,
            });
        }
        batch
    }

    fn suspects(hints: &Hints) -> Option<usize> {
        hints.suspects(Kind::Likes).map(|uris| uris.len())
    }

    #[test]
    fn suspects_what_shares_a_key_with_what_was_stored() {
        let seen = Seen::new();
        let first = seen.hints(&batch(&[like("a", "1", "x"), like("b", "1", "x")]));
        assert_eq!(suspects(&first), Some(0));
        seen.learn(first);
        let again = [
            like("a", "1", "y"),
            like("b", "2", "x"),
            like("c", "1", "x"),
        ];
        let hints = seen.hints(&batch(&again));
        assert_eq!(suspects(&hints), Some(2));
        assert_eq!(hints.suspects(Kind::Reposts), Some(Vec::new()));
        seen.forget();
        assert_eq!(suspects(&seen.hints(&batch(&again))), Some(0));
    }

    #[test]
    fn suspects_the_second_of_a_pair_in_one_batch() {
        let seen = Seen::new();
        let hints = seen.hints(&batch(&[like("a", "1", "x"), like("a", "2", "x")]));
        assert_eq!(suspects(&hints), Some(1));
    }

    #[test]
    fn says_nothing_for_a_while_once_it_was_wrong() {
        let seen = Seen::new();
        seen.refuted(&[Kind::Likes]);
        for _ in 0..Seen::DISTRUST {
            let hints = seen.hints(&batch(&[]));
            assert_eq!(suspects(&hints), None);
            assert_eq!(hints.suspects(Kind::Follows), Some(Vec::new()));
        }
        assert_eq!(suspects(&seen.hints(&batch(&[]))), Some(0));
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
        assert_eq!(
            suspects(&seen.hints(&batch(&[like("a", "1", "x")]))),
            Some(0)
        );
    }
}
