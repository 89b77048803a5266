//! The DIDs that a batch names: each gets a users row.
//!
//! A set that keeps every DID once, in one string. It does not know which users exist already.

use crate::position::Position;
use ahash::RandomState;
use hashbrown::HashTable;
use std::ops::Range;

/// How a DID was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// As the owner of a repository in which something was created or updated.
    Owner,
    /// As followed, blocked, put on a list or given a handle.
    Subject,
}

#[derive(Debug)]
struct Did {
    text: Range<usize>,
    first: Position,
    is_owner: bool,
}

/// The set. Its hash is keyed, because DIDs come from strangers.
#[derive(Debug, Default)]
pub struct Dids {
    text: String,
    dids: Vec<Did>,
    table: HashTable<usize>,
    keys: RandomState,
}

impl Dids {
    /// Takes note of a DID.
    pub fn add(&mut self, did: &str, named: Named, at: Position) {
        let Dids {
            text,
            dids,
            table,
            keys,
        } = self;
        let hash = keys.hash_one(did);
        let found = table.find(hash, |&index| &text[dids[index].text.clone()] == did);
        if let Some(&index) = found {
            let known = &mut dids[index];
            known.first = known.first.min(at);
            known.is_owner |= named == Named::Owner;
            return;
        }
        let start = text.len();
        text.push_str(did);
        dids.push(Did {
            text: start..text.len(),
            first: at,
            is_owner: named == Named::Owner,
        });
        let rehash = |&index: &usize| keys.hash_one(&text[dids[index].text.clone()]);
        table.insert_unique(hash, dids.len() - 1, rehash);
    }

    /// Each DID, and the smallest position at which it was named.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Position)> {
        self.dids
            .iter()
            .map(|did| (&self.text[did.text.clone()], did.first))
    }

    /// Each DID that was named as an owner.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.dids
            .iter()
            .filter(|did| did.is_owner)
            .map(|did| &self.text[did.text.clone()])
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.dids.len() * size_of::<Did>()
    }

    /// Forgets all, keeping the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.dids.clear();
        self.table.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_each_did_once() {
        let at = |micros| Position { at: micros, tie: 0 };
        let mut dids = Dids::default();
        for round in 0..3 {
            for n in 0..1_000 {
                dids.add(&format!("did:plc:{n}"), Named::Subject, at(10 - round));
            }
        }
        dids.add("did:plc:7", Named::Owner, at(20));
        assert_eq!(dids.iter().count(), 1_000);
        assert!(dids.iter().all(|(_, first)| first == at(8)));
        assert_eq!(dids.owners().collect::<Vec<_>>(), ["did:plc:7"]);
        dids.clear();
        assert_eq!(dids.iter().count(), 0);
    }
}
