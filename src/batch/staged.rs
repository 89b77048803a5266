//! The rows of a batch, at most one put and one delete of each uri alive.
//!
//! It decides by position which rows stand (DESIGN, "Position"). It compares uris where they lie,
//! in the buffers; what else stands in a row it does not know.

use super::row::{Cells, Label, Row, Verb};
use super::straight::Straight;
use super::table_copy::TableCopy;
use crate::position::Position;
use crate::stage::{Kind, Stage};
use ahash::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The rows of one uri that are alive, of which there is always one.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    put: Option<u32>,
    delete: Option<u32>,
}

/// The rows.
#[derive(Debug, Default)]
pub struct Staged {
    /// Rows of each stage in the form of binary COPY.
    buffers: [Vec<u8>; Stage::ALL.len()],
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
        let start = buffer.len();
        (buffer, Begun { stage, start })
    }

    /// Takes back what was written of a row.
    pub fn cancel(&mut self, begun: Begun) {
        self.buffers[begun.stage as usize].truncate(begun.start);
    }

    /// Keeps the row that was written, and lets it and the others of its uri decide who stands.
    ///
    /// A put stands if no other row of its uri is later. A delete ends the puts at or before it and
    /// the deletes before it. At equal positions, which are those of one entry, the row written
    /// last stands for all. A put does not end an earlier delete: that one has a row of another
    /// batch to remove, and with it what followed from it.
    pub fn keep(&mut self, begun: Begun, label: Label) {
        let end = self.buffers[begun.stage as usize].len();
        let row = Row {
            stage: begun.stage,
            label,
            start: begun.start,
            end,
            ended: None,
            is_dead: false,
        };
        self.bytes += end - begun.start;
        self.note(label.position);
        let index = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.alive[label.kind as usize][label.verb as usize] += 1;
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
                    .find(|&row| rows[row as usize].label.verb == Verb::Delete);
                rows[index as usize].ended = ended.filter(|&row| row != index);
                *known.get_mut() = slot;
                verdict
            }
        }
    }

    fn kill(&mut self, index: u32) {
        let Some(row) = self.rows.get_mut(index as usize) else {
            return;
        };
        row.is_dead = true;
        let label = row.label;
        self.alive[label.kind as usize][label.verb as usize] -= 1;
        self.rows_alive -= 1;
        self.superseded += 1;
    }

    fn revive(&mut self, index: u32) {
        let Some(row) = self.rows.get_mut(index as usize) else {
            return;
        };
        row.is_dead = false;
        let label = row.label;
        self.alive[label.kind as usize][label.verb as usize] += 1;
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

    /// All rows, dead ones included.
    pub(super) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// The columns of a row.
    pub(super) fn cells(&self, row: &Row) -> Cells<'_> {
        row.cells(&self.buffers[row.stage as usize])
    }

    /// A column of a row; `None` if it is NULL.
    pub(super) fn cell(&self, row: &Row, column: usize) -> Option<&[u8]> {
        row.cell(&self.buffers[row.stage as usize], column)
    }

    /// The put of a uri that is alive, by its place in the batch.
    pub fn put_of(&self, uri: &str) -> Option<u32> {
        let uri = uri.as_bytes();
        let is_it = |slot: &Slot| slot.uri(&self.rows, &self.buffers) == uri;
        self.slots.find(self.keys.hash_one(uri), is_it)?.put
    }

    /// The rows of a stage that are alive, with their places in the batch.
    pub(super) fn alive_in(&self, stage: Stage) -> impl Iterator<Item = (usize, &Row)> {
        let alive = move |(_, row): &(usize, &Row)| row.stage == stage && !row.is_dead;
        self.rows.iter().enumerate().filter(alive)
    }

    /// What is copied to a stage, by uri: all but what goes straight in. `None` if that is nothing.
    pub fn copy(&self, stage: Stage, straight: &Straight) -> Option<TableCopy<'_>> {
        let copy = self.sorted(stage, |index, _| !straight.has(index));
        (!copy.is_empty()).then_some(copy)
    }

    /// Some columns, ascending, of each row of a kind that goes straight in, with its place.
    pub fn cells_of<const N: usize>(
        &self,
        kind: Kind,
        straight: &Straight,
        columns: [usize; N],
    ) -> impl Iterator<Item = (u32, [Option<&[u8]>; N])> {
        self.alive_in(kind.stage())
            .filter(move |(index, row)| row.label.kind == kind && straight.has(*index))
            .map(move |(index, row)| {
                let mut cells = self.cells(row);
                let mut next = 0;
                let cells = columns.map(|column| {
                    let cell = cells.nth(column - next).flatten();
                    next = column + 1;
                    cell
                });
                (u32::try_from(index).unwrap_or(u32::MAX), cells)
            })
    }

    /// The rows of a kind that go straight in, by uri, as they are staged.
    pub fn straight_of(&self, kind: Kind, straight: &Straight) -> TableCopy<'_> {
        self.sorted(kind.stage(), |index, row| {
            row.label.kind == kind && straight.has(index)
        })
    }

    fn sorted(&self, stage: Stage, is_wanted: impl Fn(usize, &Row) -> bool) -> TableCopy<'_> {
        let buffer = &self.buffers[stage as usize];
        let wanted = |(index, row): &(usize, &Row)| is_wanted(*index, row);
        let mut rows: Vec<([u64; 2], &Row)> = self
            .alive_in(stage)
            .filter(wanted)
            .map(|(_, row)| (row.sort_key(buffer), row))
            .collect();
        rows.sort_unstable_by(|(a, this), (b, other)| {
            a.cmp(b)
                .then_with(|| this.uri(buffer).cmp(other.uri(buffer)))
        });
        let rows = rows.iter().map(|(_, row)| row.place()).collect();
        TableCopy::new(stage, buffer, rows)
    }

    /// Forgets all rows, keeping the memory.
    pub fn clear(&mut self) {
        self.buffers.iter_mut().for_each(Vec::clear);
        self.rows.clear();
        self.slots.clear();
        self.alive = Default::default();
        (self.rows_alive, self.bytes, self.superseded) = (0, 0, 0);
        (self.oldest, self.newest, self.has_ties) = (None, None, false);
    }
}

impl Slot {
    /// Any row will do: all rows of a slot have its uri.
    fn uri<'b>(&self, rows: &[Row], buffers: &'b [Vec<u8>]) -> &'b [u8] {
        self.put
            .or(self.delete)
            .map_or(&[], |index| uri_of(index, rows, buffers))
    }
}

fn uri_of<'b>(index: u32, rows: &[Row], buffers: &'b [Vec<u8>]) -> &'b [u8] {
    let row = rows.get(index as usize);
    row.map_or(&[], |row| row.uri(&buffers[row.stage as usize]))
}

/// What a new row does to the others of its uri.
#[derive(Clone, Copy, Debug, Default)]
struct Verdict {
    dead: [Option<u32>; 2],
    again: Option<u32>,
}

/// Lets the new row and the others of its uri decide who stands.
fn decide(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    match rows[new as usize].label.verb {
        Verb::Put => decide_put(slot, new, rows),
        Verb::Delete => decide_delete(slot, new, rows),
    }
}

fn decide_put(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    let at = |row: u32| rows[row as usize].label.position;
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
    std::iter::successors(ended(&delete), ended)
        .find(|&row| rows[row as usize].label.position < entry)
}

fn decide_delete(slot: &mut Slot, new: u32, rows: &[Row]) -> Verdict {
    let at = |row: u32| rows[row as usize].label.position;
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
