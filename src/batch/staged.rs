//! The rows of a batch, at most one put and one delete of each uri alive.
//!
//! It decides by position which rows stand (DESIGN, "Position"). It compares uris where they lie,
//! in the buffers; what else stands in a row it does not know.

use super::buffer::Buffer;
use super::stage_copy::StageCopy;
use crate::encode::COLUMN_COUNT;
use crate::position::Position;
use crate::stage::{Kind, Stage};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
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
    /// The delete that this row ended.
    ended: Option<u32>,
}

/// The rows of one uri that are alive, of which there is always one.
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
    /// What `alive` adds up to, and the bytes in all buffers: asked for at every entry.
    rows_alive: usize,
    bytes: usize,
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
        let buffer = &mut self.buffers[stage as usize];
        let before = buffer.bytes().len();
        let out = buffer.open();
        let start = out.len();
        self.bytes += start - before;
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
            ended: None,
        };
        self.bytes += end - begun.start;
        self.note(position);
        let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.alive[kind as usize][verb as usize] += 1;
        self.rows_alive += 1;
        let Verdict { dead, again } = self.settle(index);
        dead.into_iter().flatten().for_each(|row| self.kill(row));
        again.into_iter().for_each(|row| self.revive(row));
    }

    fn note(&mut self, position: Position) {
        self.oldest = Some(self.oldest.map_or(position, |oldest| oldest.min(position)));
        self.newest = Some(self.newest.map_or(position, |newest| newest.max(position)));
        self.has_ties |= position.tie > 0;
    }

    /// Puts the newest row into the slot of its uri.
    fn settle(&mut self, index: u32) -> Verdict {
        let Staged {
            buffers,
            rows,
            slots,
            keys,
            ..
        } = self;
        let uri = uri_of(index, rows, buffers);
        let slot = slots.entry(
            keys.hash_one(uri),
            |slot| slot.uri(rows, buffers) == uri,
            |slot| keys.hash_one(slot.uri(rows, buffers)),
        );
        match slot {
            Entry::Vacant(vacant) => {
                let mut slot = Slot::default();
                let verdict = decide(&mut slot, index, rows);
                vacant.insert(slot);
                verdict
            }
            Entry::Occupied(mut known) => {
                let mut slot = *known.get();
                let verdict = decide(&mut slot, index, rows);
                let ended = verdict
                    .dead
                    .into_iter()
                    .flatten()
                    .find(|&row| rows[row as usize].verb == Verb::Delete);
                rows[index as usize].ended = ended.filter(|&row| row != index);
                *known.get_mut() = slot;
                verdict
            }
        }
    }

    fn kill(&mut self, index: u32) {
        let Some(row) = self.rows.get(index as usize) else {
            return;
        };
        self.buffers[row.stage as usize].kill(row.start..row.end);
        self.alive[row.kind as usize][row.verb as usize] -= 1;
        self.rows_alive -= 1;
        self.superseded += 1;
    }

    fn revive(&mut self, index: u32) {
        let Some(row) = self.rows.get(index as usize) else {
            return;
        };
        self.buffers[row.stage as usize].revive(row.start..row.end);
        self.alive[row.kind as usize][row.verb as usize] += 1;
        self.rows_alive += 1;
        self.superseded = self.superseded.saturating_sub(1);
    }

    /// Rows of this kind and verb that are alive.
    #[must_use]
    pub fn alive(&self, kind: Kind, verb: Verb) -> usize {
        self.alive[kind as usize][verb as usize]
    }

    /// Rows that are alive.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows_alive
    }

    /// Rows that were replaced by others.
    #[must_use]
    pub fn superseded(&self) -> u64 {
        self.superseded
    }

    /// Bytes held, dead rows included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes + self.rows.len() * size_of::<Row>()
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

    /// Tells of every put that is alive and has a second unique key: its kind, its uri and that key.
    pub fn pairs(&self, mut each: impl FnMut(Kind, &[u8], [&[u8]; 2])) {
        for (stage, keys_at) in [(Stage::Likes, 1), (Stage::Pairs, 2)] {
            let buffer = &self.buffers[stage as usize];
            for row in self.alive_in(stage) {
                let cells = row.cells(buffer);
                let cell = |at| cells.clone().nth(at).unwrap_or_default();
                each(row.kind, cell(0), [cell(keys_at), cell(keys_at + 1)]);
            }
        }
    }

    /// What is copied to a stage, by uri; `None` if no row of it is alive.
    pub fn copy(&mut self, stage: Stage) -> Option<StageCopy> {
        let bytes = self.buffers[stage as usize].freeze();
        let buffer = &self.buffers[stage as usize];
        let mut rows: Vec<(u64, &Row)> = self
            .alive_in(stage)
            .map(|row| (row.sort_key(buffer), row))
            .collect();
        if rows.is_empty() {
            return None;
        }
        rows.sort_unstable_by(|(a, this), (b, other)| {
            let uri = |row: &Row| row.cells(buffer).next();
            a.cmp(b).then_with(|| uri(this).cmp(&uri(other)))
        });
        let rows = rows.iter().map(|(_, row)| row.start..row.end).collect();
        Some(StageCopy { stage, bytes, rows })
    }

    fn alive_in(&self, stage: Stage) -> impl Iterator<Item = &Row> {
        let dead = self.buffers[stage as usize].dead();
        let alive = move |row: &&Row| row.stage == stage && !dead.contains(&row.start);
        self.rows.iter().filter(alive)
    }

    /// Forgets all rows, keeping the memory.
    pub fn clear(&mut self) {
        self.buffers.iter_mut().for_each(Buffer::clear);
        self.rows.clear();
        self.slots.clear();
        self.alive = Default::default();
        (self.rows_alive, self.bytes, self.superseded) = (0, 0, 0);
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
}

/// A row's uri, which is its first column.
fn uri_of<'b>(index: u32, rows: &[Row], buffers: &'b [Buffer]) -> &'b [u8] {
    let row = rows.get(index as usize);
    row.and_then(|row| row.cells(&buffers[row.stage as usize]).next())
        .unwrap_or_default()
}

impl Row {
    /// Its columns, as far as they are there and not NULL.
    fn cells<'b>(&self, buffer: &'b Buffer) -> Cells<'b> {
        let row = buffer.bytes().get(self.start..self.end).unwrap_or_default();
        Cells(row.get(COLUMN_COUNT..).unwrap_or_default())
    }

    /// Orders rows as their uris do, but for few: what follows `at://did:plc:`, where nearly all
    /// begin alike. Rows that are not such come in some order of their own; nothing but speed depends
    /// on it.
    fn sort_key(&self, buffer: &Buffer) -> u64 {
        const ALIKE: usize = "at://did:plc:".len();
        let uri = self.cells(buffer).next().unwrap_or_default();
        let differing = uri.get(ALIKE..).unwrap_or_default().first_chunk();
        differing.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}

/// The columns of a row, in order, up to the first that is NULL.
#[derive(Clone)]
struct Cells<'b>(&'b [u8]);

impl<'b> Iterator for Cells<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
        let (cell, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(cell)
    }
}

/// What a new row does to the others of its uri.
#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    dead: [Option<u32>; 2],
    again: Option<u32>,
}

/// Lets the new row and the others of its uri decide who stands.
fn decide(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    match rows[new as usize].verb {
        Verb::Put => decide_put(slot, new, rows),
        Verb::Delete => decide_delete(slot, new, rows),
    }
}

fn decide_put(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    let at = |row: u32| rows[row as usize].position;
    let same_entry = slot.delete.filter(|&row| at(row) == at(new));
    // The delete of this very entry never was: an older one that it ended stands again. It has a
    // row of its own to remove even if this put is not applied (the opt-out is judged later).
    let again = same_entry.and_then(|row| before(row, at(new), rows));
    if same_entry.is_some() {
        slot.delete = again;
    }
    let is_late = |row: &u32| at(*row) > at(new);
    let loser = if slot.put.iter().chain(&slot.delete).any(is_late) {
        Some(new)
    } else {
        slot.put.replace(new)
    };
    Verdict {
        dead: [loser, same_entry],
        again,
    }
}

/// The delete that a delete of this entry ended, older than the entry.
fn before(delete: u32, entry: Position, rows: &[Row]) -> Option<u32> {
    let ended = |row: &u32| rows[*row as usize].ended;
    std::iter::successors(ended(&delete), ended).find(|&row| rows[row as usize].position < entry)
}

fn decide_delete(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    let at = |row: u32| rows[row as usize].position;
    if slot.delete.is_some_and(|row| at(row) > at(new)) {
        return Verdict {
            dead: [Some(new), None],
            again: None,
        };
    }
    let replaced = slot.delete.replace(new);
    let ended = slot.put.take_if(|row| at(*row) <= at(new));
    Verdict {
        dead: [replaced, ended],
        again: None,
    }
}
