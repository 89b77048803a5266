//! Which rows of a batch go straight into their tables; all others are staged.
//!
//! It is told what speaks against a row and knows neither the tables nor why.

use super::row::{Novelty, Row, Verb};
use super::staged::Staged;
use crate::stage::{Kind, Stage};
use rustc_hash::FxHashSet;

/// The rows that go straight in, by their place in the batch.
#[derive(Clone, Debug, Default)]
pub struct Straight {
    rows: Vec<Option<Kind>>,
    counts: [usize; Kind::ALL.len()],
    met: FxHashSet<u32>,
    is_doubted: bool,
}

/// The stages whose rows can go straight in, and the first of the two columns of a second unique key.
const KEYS: [(Stage, Option<usize>); 3] = [
    (Stage::Likes, Some(1)),
    (Stage::Pairs, Some(2)),
    (Stage::Posts, None),
];

/// The column of a record's uri.
const URI: usize = 0;

/// The column of `stage_posts` with what mentions are in.
const FACETS: usize = 10;

/// The type of a mention among a post's facets, in JSON as it is staged.
const MENTION: &str = "\"app.bsky.richtext.facet#mention\"";

/// The column of `stage_posts` that a post without a quote has NULL.
const QUOTED_URI: usize = 12;

impl Straight {
    /// Takes back a row.
    pub fn hold(&mut self, row: u32) {
        let held = self.rows.get_mut(row as usize).and_then(Option::take);
        if let Some(kind) = held {
            self.counts[kind as usize] -= 1;
        }
    }

    /// Notes that its actor reacted to what a row points at in another way too.
    pub fn meet(&mut self, row: u32) {
        self.met.insert(row);
    }

    /// Whether its actor did, as far as is known.
    #[must_use]
    pub fn has_met(&self, row: u32) -> bool {
        self.met.contains(&row)
    }

    /// Notes that little of that is known.
    pub fn doubt(&mut self) {
        self.is_doubted = true;
    }

    /// Whether little of that is known.
    #[must_use]
    pub fn is_doubted(&self) -> bool {
        self.is_doubted
    }

    /// Takes back all rows of a kind.
    pub fn hold_kind(&mut self, kind: Kind) {
        if self.count(kind) > 0 {
            let of_kind = self.rows.iter_mut().filter(|row| **row == Some(kind));
            of_kind.for_each(|row| *row = None);
            self.counts[kind as usize] = 0;
        }
    }

    /// Takes back all rows.
    pub fn hold_all(&mut self) {
        *self = Straight::default();
    }

    /// How many rows of a kind go straight in.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }

    pub(super) fn has(&self, row: usize) -> bool {
        self.rows.get(row).is_some_and(Option::is_some)
    }
}

/// Whether records of a kind are in tables that only their own repo writes: where several share
/// keys, lanes would collide with each other.
fn can_be_added(kind: Kind) -> bool {
    let is_shared = matches!(kind, Kind::ListItems | Kind::Verifications);
    !is_shared && KEYS.iter().any(|(stage, _)| *stage == kind.stage())
}

impl Staged {
    /// The puts that may go straight in, for all that the batch itself can tell: quotes have a row
    /// more, which is staged, and sequence numbers beyond a microsecond's are read from staging.
    pub fn straight(&self) -> Straight {
        let mut straight = Straight::default();
        if self.has_ties() {
            return straight;
        }
        straight.rows = vec![None; self.all().len()];
        for (stage, _) in KEYS {
            for (index, row) in self.alive_in(stage) {
                if self.is_new(row) {
                    let kind = row.label.kind;
                    straight.counts[kind as usize] += 1;
                    if let Some(slot) = straight.rows.get_mut(index) {
                        *slot = Some(kind);
                    }
                }
            }
        }
        straight
    }

    /// Tells of every put that is alive and of a kind that can go straight in: its place, its kind,
    /// its uri and its second unique key, if it has one.
    pub fn keys(&self, mut each: impl FnMut(u32, Kind, &[u8], Option<[&[u8]; 2]>)) {
        for (stage, keys_at) in KEYS {
            for (index, row) in self.alive_in(stage) {
                let mut cells = self.cells(row);
                let uri = cells.next().flatten().unwrap_or_default();
                let keys = keys_at.map(|at| {
                    let first = cells.nth(at - 1).flatten().unwrap_or_default();
                    [first, cells.next().flatten().unwrap_or_default()]
                });
                if let Ok(index) = u32::try_from(index) {
                    each(index, row.label.kind, uri, keys);
                }
            }
        }
    }

    /// The uris of posts that go straight in and have mentions in their facets, or what looks like one.
    pub fn mentioning(&self, straight: &Straight) -> impl Iterator<Item = &str> {
        let mentions = |facets: &[u8]| {
            let facets = std::str::from_utf8(facets);
            facets.is_ok_and(|facets| facets.contains(MENTION))
        };
        self.alive_in(Stage::Posts)
            .filter(move |(index, row)| {
                straight.has(*index) && self.cell(row, FACETS).is_some_and(mentions)
            })
            .filter_map(|(_, row)| std::str::from_utf8(self.cell(row, URI)?).ok())
    }

    fn is_new(&self, row: &Row) -> bool {
        let label = row.label;
        can_be_added(label.kind)
            && (label.verb, label.novelty) == (Verb::Put, Novelty::New)
            && !(row.stage == Stage::Posts && self.cell(row, QUOTED_URI).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_where_they_are_looked_for() {
        let at = |stage: Stage, at: usize| stage.columns()[at];
        assert_eq!(at(Stage::Posts, QUOTED_URI), "quoted_uri");
        assert_eq!(at(Stage::Posts, FACETS), "facets");
        for (stage, keys_at) in KEYS {
            let Some(keys_at) = keys_at else {
                continue;
            };
            assert_eq!(
                [at(stage, keys_at), at(stage, keys_at + 1)],
                ["key1", "key2"]
            );
        }
        assert!(KEYS.iter().all(|(stage, _)| at(*stage, 0) == "uri"));
    }
}
