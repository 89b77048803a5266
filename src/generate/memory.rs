//! What the generator remembers of what it made, in bounded space.
//!
//! Records are remembered as four numbers each, in rings. It draws nothing by itself and writes
//! nothing: the caller gives it its randomness.

use super::kind::Kind;
use super::random::{Random, mix};
use std::collections::VecDeque;

/// A record: whose, under which key and with which content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) user: u32,
    pub(super) tid: u64,
    /// The seed of its CID.
    pub(super) cid: u64,
}

/// A record with a second unique key, by that key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) kind: Kind,
    pub(super) user: u32,
    /// What is liked, reposted or bookmarked; the list of a list item or list block; else unused
    /// but for `user`, the subject.
    pub(super) target: Made,
    /// The subject of a list item.
    pub(super) subject: u32,
}

/// The newest so many of something.
#[derive(Debug)]
pub(super) struct Ring<T> {
    slots: Vec<T>,
    next: usize,
    capacity: usize,
}

impl<T: Copy> Ring<T> {
    pub(super) const fn new(capacity: usize) -> Self {
        Ring {
            slots: Vec::new(),
            next: 0,
            capacity,
        }
    }

    /// Adds one, in place of the oldest where the ring is full.
    pub(super) fn push(&mut self, value: T) {
        if self.slots.len() < self.capacity {
            self.slots.push(value);
        } else {
            self.slots[self.next] = value;
        }
        self.next = (self.next + 1) % self.capacity;
    }

    /// Any one of them.
    pub(super) fn any(&self, random: &mut Random) -> Option<T> {
        self.slots
            .get(random.below(self.slots.len() as u32) as usize)
            .copied()
    }

    /// One of them, by the popularity of its slot: whoever takes over a hot slot is hot until it is
    /// overwritten, one round of the ring later.
    pub(super) fn popular(&self, random: &mut Random) -> Option<T> {
        let rank = random.rank(16) as usize;
        self.slots.get(rank % self.slots.len().max(1)).copied()
    }
}

/// Posts that can be liked, replied to and quoted: their number bounds how long one stays hot.
const POSTS_MAX: usize = 65_536;
/// Records of one kind that can be updated or deleted.
const RECENT_MAX: usize = 4096;
/// Pairs that can be made twice.
const PAIRS_MAX: usize = 512;
/// Records that others point at before they are made.
const PLANNED_MAX: usize = 64;
/// Pairs that are remembered in order not to be made twice by chance; a power of two.
const SEEN_SLOTS: usize = 1 << 20;

/// All that the generator remembers.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) posts: Ring<Made>,
    recent: [Ring<Made>; Kind::COUNT],
    pairs: [Ring<Pair>; Kind::COUNT],
    /// Records of pairs made twice: deleting one lets the other stand.
    pub(super) contested: Ring<Made>,
    planned: VecDeque<Made>,
    seen: Vec<u32>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Memory {
            posts: Ring::new(POSTS_MAX),
            recent: [const { Ring::new(RECENT_MAX) }; Kind::COUNT],
            pairs: [const { Ring::new(PAIRS_MAX) }; Kind::COUNT],
            contested: Ring::new(PAIRS_MAX),
            planned: VecDeque::new(),
            seen: vec![0; SEEN_SLOTS],
        }
    }

    pub(super) fn remember(&mut self, made: Made) {
        self.recent[made.kind as usize].push(made);
        if made.kind == Kind::Post {
            self.posts.push(made);
        }
    }

    pub(super) fn recent(&self, kind: Kind, random: &mut Random) -> Option<Made> {
        self.recent[kind as usize].any(random)
    }

    pub(super) fn remember_pair(&mut self, pair: Pair) {
        self.pairs[pair.kind as usize].push(pair);
    }

    pub(super) fn recent_pair(&self, kind: Kind, random: &mut Random) -> Option<Pair> {
        self.pairs[kind as usize].any(random)
    }

    /// Promises a record that others may point at already.
    pub(super) fn plan(&mut self, made: Made) {
        if self.planned.len() == PLANNED_MAX {
            self.planned.pop_front();
        }
        self.planned.push_back(made);
    }

    /// A record of that kind that was promised and is now to be made.
    pub(super) fn keep_promise(&mut self, kind: Kind) -> Option<Made> {
        let at = self.planned.iter().position(|made| made.kind == kind)?;
        self.planned.remove(at)
    }

    /// A record of that kind that is promised still.
    pub(super) fn promised(&self, kind: Kind) -> Option<Made> {
        self.planned
            .iter()
            .rev()
            .find(|made| made.kind == kind)
            .copied()
    }

    /// Whether this pair was made lately; now it was.
    pub(super) fn was_seen(&mut self, pair: &Pair) -> bool {
        let key = mix(pair.target.tid ^ (u64::from(pair.user) << 32))
            ^ mix(u64::from(pair.target.user) ^ (u64::from(pair.subject) << 32));
        let hash = mix(key ^ ((pair.kind as u64) << 56));
        let slot = (hash as usize) & (SEEN_SLOTS - 1);
        let mark = ((hash >> 32) as u32).max(1);
        std::mem::replace(&mut self.seen[slot], mark) == mark
    }
}
