//! The rows of a batch, at most one put and one delete of each uri alive.
//!
//! It decides by position which rows stand (DESIGN, "Position"). It compares uris where they lie,
//! in the buffers; what else stands in a row it does not know.

use super::buffer::Buffer;
use crate::encode::FIRST_COLUMN;
use crate::position::Position;
use crate::stage::{Kind, Stage};
use bytes::Bytes;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A create or update.
    Put,
    /// A delete.
    Delete,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    stage: Stage,
    kind: Kind,
    verb: Verb,
    start: usize,
    end: usize,
    position: Position,
}

/// The rows of one uri that are alive. At least one of them is.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    put: Option<u32>,
    delete: Option<u32>,
}

/// The rows.
#[derive(Debug, Default)]
pub struct Staged {
    buffers: [Buffer; Stage::ALL.len()],
    rows: Vec<Row>,
    slots: HashTable<Slot>,
    keys: RandomState,
    alive: [[usize; 2]; Kind::ALL.len()],
    superseded: u64,
    oldest: Option<Position>,
    newest: Option<Position>,
    has_ties: bool,
}

/// A row being written: where it began.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    stage: Stage,
    start: usize,
}

impl Staged {
    /// The buffer to write a row to, and the token with which to keep or cancel it.
    pub fn begin(&mut self, stage: Stage) -> (&mut Vec<u8>, Begun) {
        let out = self.buffers[stage as usize].open();
        let start = out.len();
        (out, Begun { stage, start })
    }

    /// Takes back what was written of a row.
    pub fn cancel(&mut self, begun: Begun) {
        self.buffers[begun.stage as usize]
            .open()
            .truncate(begun.start);
    }

    /// Keeps the row that was written, and lets it and the others of its uri decide who stands.
    ///
    /// A put stands if no other row of its uri is later. A delete ends the puts at or before it and
    /// the deletes before it. At equal positions, which are those of one entry, the row written
    /// last stands for all. A put does not end an earlier delete: that one has a row of another
    /// batch to remove, and with it what followed from it.
    pub fn keep(&mut self, begun: Begun, kind: Kind, verb: Verb, position: Position) {
        let end = self.buffers[begun.stage as usize].bytes().len();
        let row = Row {
            stage: begun.stage,
            kind,
            verb,
            start: begun.start,
            end,
            position,
        };
        self.note(position);
        let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.alive[kind as usize][verb as usize] += 1;
        let slot = self.slot_of(index);
        let (slot, dead) = decide(slot, index, row, &self.rows);
        self.set_slot(index, slot);
        dead.into_iter().flatten().for_each(|dead| self.kill(dead));
    }

    fn note(&mut self, position: Position) {
        self.oldest = Some(self.oldest.map_or(position, |oldest| oldest.min(position)));
        self.newest = Some(self.newest.map_or(position, |newest| newest.max(position)));
        self.has_ties |= position.tie > 0;
    }

    /// The slot of a row's uri as it was before the row.
    fn slot_of(&mut self, index: u32) -> Slot {
        let Staged {
            buffers,
            rows,
            slots,
            keys,
            ..
        } = self;
        let uri = uri_of(index, rows, buffers);
        let hash = keys.hash_one(uri);
        slots
            .find(hash, |slot| slot.is_of(uri, rows, buffers))
            .copied()
            .unwrap_or_default()
    }

    fn set_slot(&mut self, index: u32, new: Slot) {
        let Staged {
            buffers,
            rows,
            slots,
            keys,
            ..
        } = self;
        let uri = uri_of(index, rows, buffers);
        let hash = keys.hash_one(uri);
        match slots.find_mut(hash, |slot| slot.is_of(uri, rows, buffers)) {
            Some(slot) => *slot = new,
            None => {
                slots.insert_unique(hash, new, |slot| keys.hash_one(slot.uri(rows, buffers)));
            }
        }
    }

    fn kill(&mut self, index: u32) {
        let Some(row) = self.rows.get(index as usize) else {
            return;
        };
        self.buffers[row.stage as usize].kill(row.start..row.end);
        self.alive[row.kind as usize][row.verb as usize] -= 1;
        self.superseded += 1;
    }

    /// Rows of this kind and verb that are alive.
    #[must_use]
    pub fn alive(&self, kind: Kind, verb: Verb) -> usize {
        self.alive[kind as usize][verb as usize]
    }

    /// Rows that are alive.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.alive.iter().flatten().sum()
    }

    /// Rows that were replaced by others.
    #[must_use]
    pub fn superseded(&self) -> u64 {
        self.superseded
    }

    /// Bytes held, dead rows included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.buffers
            .iter()
            .map(|buffer| buffer.bytes().len())
            .sum::<usize>()
            + self.rows.len() * size_of::<Row>()
    }

    /// The smallest position of a staged row, dead ones included.
    #[must_use]
    pub fn oldest(&self) -> Option<Position> {
        self.oldest
    }

    /// The greatest position of a staged row, dead ones included.
    #[must_use]
    pub fn newest(&self) -> Option<Position> {
        self.newest
    }

    /// Whether a staged row's position has a tie.
    #[must_use]
    pub fn has_ties(&self) -> bool {
        self.has_ties
    }

    /// The COPY stream of a stage; `None` if no row of it is alive.
    pub fn stream(&mut self, stage: Stage) -> Option<Vec<Bytes>> {
        let of_stage = |kind: &&Kind| stage == Stage::Deletes || kind.stage() == stage;
        let verb = if stage == Stage::Deletes {
            Verb::Delete
        } else {
            Verb::Put
        };
        let alive = Kind::ALL
            .iter()
            .filter(of_stage)
            .any(|&kind| self.alive(kind, verb) > 0);
        alive.then(|| self.buffers[stage as usize].stream())
    }

    /// Forgets all rows, keeping the memory.
    pub fn clear(&mut self) {
        self.buffers.iter_mut().for_each(Buffer::clear);
        self.rows.clear();
        self.slots.clear();
        self.alive = Default::default();
        self.superseded = 0;
        (self.oldest, self.newest, self.has_ties) = (None, None, false);
    }
}

impl Slot {
    /// Any row will do: all rows of a slot have its uri.
    fn uri<'b>(&self, rows: &[Row], buffers: &'b [Buffer]) -> &'b [u8] {
        self.put
            .or(self.delete)
            .map_or(&[], |index| uri_of(index, rows, buffers))
    }

    fn is_of(&self, uri: &[u8], rows: &[Row], buffers: &[Buffer]) -> bool {
        self.uri(rows, buffers) == uri
    }
}

/// A row's uri, which is its first column.
fn uri_of<'b>(index: u32, rows: &[Row], buffers: &'b [Buffer]) -> &'b [u8] {
    let find = || {
        let row = rows.get(index as usize)?;
        let row = buffers[row.stage as usize]
            .bytes()
            .get(row.start..row.end)?;
        let (length, rest) = row.get(2..)?.split_first_chunk::<4>()?;
        rest.get(..usize::try_from(i32::from_be_bytes(*length)).ok()?)
    };
    debug_assert_eq!(FIRST_COLUMN, 6);
    find().unwrap_or_default()
}

/// Who of a uri stands once `new` has come, and which rows are dead.
fn decide(old: Slot, index: u32, new: Row, rows: &[Row]) -> (Slot, [Option<u32>; 2]) {
    let at = |row: u32| {
        rows.get(row as usize)
            .map_or(new.position, |row| row.position)
    };
    let is_late = |row: Option<u32>| row.is_some_and(|row| at(row) > new.position);
    match new.verb {
        Verb::Put if is_late(old.put) || is_late(old.delete) => (old, [Some(index), None]),
        Verb::Put => {
            let (ended, delete) = split(old.delete, |row| at(row) == new.position);
            (
                Slot {
                    put: Some(index),
                    delete,
                },
                [old.put, ended],
            )
        }
        Verb::Delete if is_late(old.delete) => (old, [Some(index), None]),
        Verb::Delete => {
            let (ended, put) = split(old.put, |row| at(row) <= new.position);
            (
                Slot {
                    put,
                    delete: Some(index),
                },
                [old.delete, ended],
            )
        }
    }
}

/// Those that end, and those that stay.
fn split(row: Option<u32>, ends: impl Fn(u32) -> bool) -> (Option<u32>, Option<u32>) {
    match row {
        Some(row) if ends(row) => (Some(row), None),
        other => (None, other),
    }
}
