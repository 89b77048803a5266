//! Rows of a batch on their way into a table, as a binary COPY stream.
//!
//! The rows lie in the order in which they came and go out in the order of their uris: the server
//! then writes its indexes in their own order without sorting whole rows first. What goes straight
//! into a table of the AppView is put together from the cells of a staged row.

use super::told::{Only, Recipient};
use crate::encode::{COLUMN_COUNT, HEADER, RowWriter, TRAILER};
use crate::stage::Stage;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Bytes that go out together: enough that a message costs nothing, and little memory.
const CHUNK_BYTES: usize = 64 << 10;

/// What a usual row may take beyond that, so that a chunk is not moved for its last one.
const SPARE_BYTES: usize = 4 << 10;

/// Rows that are brought into the processor's caches together.
const TOGETHER: usize = 16;

/// Bytes of a line of these caches, as nearly all processors have them.
const LINE_BYTES: usize = 64;

/// Lines of each row that are brought in: a kilobyte. Of longer rows the processor itself fetches the
/// rest ahead, and sixteen very long ones would push each other out.
const LINES_MOST: usize = 16;

/// Where a column of the AppView's table comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// These columns of the staged row, one after the other.
    Columns(usize, usize),
    /// The same text for all.
    Text(&'static str),
    /// Whether there is a gate: 0 of threads, 1 of quotes.
    Gate(usize),
    /// The text of this column, with something put behind it.
    Suffixed(usize, &'static str),
    /// The CID of this column; NULL where none came, or one that no column holds.
    Cid(usize),
    /// Who is told.
    Recipient(Recipient),
}

/// The gates of posts, by the posts' uris; few have one.
pub type Gates = FxHashMap<String, [bool; 2]>;

/// Rows of one stage, in the order in which they are sent.
#[derive(Clone, Debug)]
pub struct TableCopy<'b> {
    /// The staging table.
    pub stage: Stage,
    bytes: &'b [u8],
    rows: Vec<Range<usize>>,
}

impl<'b> TableCopy<'b> {
    /// Rows of a stage's buffer.
    pub(super) fn new(stage: Stage, bytes: &'b [u8], rows: Vec<Range<usize>>) -> TableCopy<'b> {
        TableCopy { stage, bytes, rows }
    }

    /// There is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A whole binary COPY stream into the staging table, header to trailer, in chunks.
    pub fn chunks(&self) -> impl Iterator<Item = Bytes> + Send + '_ {
        chunks(self.rows(), |row, out| out.extend_from_slice(row))
    }

    /// The same into a table of the AppView, with these columns.
    pub fn chunks_of<'c>(
        &'c self,
        cells: &'c [Cell],
        only: Only,
        gates: &'c Gates,
    ) -> impl Iterator<Item = Bytes> + Send + 'c {
        let width = cells.iter().map(Cell::width).sum();
        let last = cells.iter().filter_map(Cell::last);
        let last = last.chain([only.last()]).max().unwrap_or(0);
        chunks(self.rows(), move |row, out| {
            let row = Columns::of(row, last);
            if !only.has(&row) {
                return;
            }
            let mut writer = RowWriter::begin(out, width);
            for cell in cells {
                cell.write(&row, gates, &mut writer);
            }
        })
    }

    fn rows(&self) -> impl Iterator<Item = &'b [u8]> + '_ {
        let row = |row: &Range<usize>| self.bytes.get(row.clone()).unwrap_or_default();
        self.rows.chunks(TOGETHER).flat_map(move |some| {
            touch(self.bytes, some);
            some.iter().map(row)
        })
    }
}

/// Brings rows into the processor's caches, all at once: they lie in no order, and one by one each
/// would be waited for by itself, which took longer than all that is done with them.
fn touch(bytes: &[u8], rows: &[Range<usize>]) {
    let lines = |row: &Range<usize>| row.clone().step_by(LINE_BYTES).take(LINES_MOST);
    let lines = rows.iter().flat_map(lines);
    let seen = lines.fold(0, |seen, at| seen ^ bytes.get(at).copied().unwrap_or(0));
    std::hint::black_box(seen);
}

fn has_gate(row: &Columns<'_>, which: usize, gates: &Gates) -> bool {
    !gates.is_empty()
        && row
            .text(URI)
            .and_then(|uri| gates.get(uri))
            .is_some_and(|gates| gates[which])
}

impl Cell {
    fn width(&self) -> i16 {
        match self {
            Cell::Columns(first, last) => (last + 1 - first) as i16,
            _ => 1,
        }
    }

    fn last(&self) -> Option<usize> {
        match self {
            Cell::Columns(_, last) => Some(*last),
            Cell::Suffixed(at, _) | Cell::Cid(at) => Some(*at),
            Cell::Recipient(recipient) => Some(recipient.column()),
            Cell::Text(_) | Cell::Gate(_) => None,
        }
    }

    fn write(&self, row: &Columns<'_>, gates: &Gates, writer: &mut RowWriter<'_>) {
        match self {
            Cell::Columns(first, last) => writer.raw(row.raw(*first, *last)),
            Cell::Text(text) => writer.text(text),
            Cell::Gate(which) => writer.opt_bool(Some(has_gate(row, *which, gates))),
            Cell::Suffixed(at, suffix) => {
                writer.texts(row.text(*at).unwrap_or_default(), suffix);
            }
            Cell::Cid(at) => writer.opt_text(row.text(*at).filter(|cid| is_cid(cid))),
            Cell::Recipient(recipient) => writer.opt_text(recipient.of(row)),
        }
    }
}

/// Whether a text is one that a column of CIDs holds.
fn is_cid(text: &str) -> bool {
    const CHARS_MOST: usize = 255;
    !text.is_empty() && (text.len() <= CHARS_MOST || text.chars().count() <= CHARS_MOST)
}

/// The column of a record's uri.
const URI: usize = 0;

/// Columns of a staged row at most.
const WIDEST: usize = Stage::Posts.columns().len();

/// A staged row, with the places of its columns up to some last one.
pub struct Columns<'r> {
    row: &'r [u8],
    ends: [u32; WIDEST + 1],
}

impl<'r> Columns<'r> {
    fn of(row: &'r [u8], last: usize) -> Columns<'r> {
        Columns {
            row,
            ends: ends(row, last),
        }
    }

    /// Some columns as they stand, lengths and all.
    fn raw(&self, first: usize, last: usize) -> &'r [u8] {
        let range = self.ends.get(first).zip(self.ends.get(last + 1));
        let range = range.map(|(start, end)| *start as usize..*end as usize);
        range
            .and_then(|range| self.row.get(range))
            .unwrap_or_default()
    }

    /// A column of text; `None` if it is NULL.
    pub fn text(&self, at: usize) -> Option<&'r str> {
        let (length, text) = self.raw(at, at).split_first_chunk::<4>()?;
        let is_null = i32::from_be_bytes(*length) < 0;
        if is_null {
            return None;
        }
        std::str::from_utf8(text).ok()
    }
}

/// Where the columns of a row up to `last` begin, the first ends, and so on.
fn ends(row: &[u8], last: usize) -> [u32; WIDEST + 1] {
    let mut ends = [0; WIDEST + 1];
    let mut at = COLUMN_COUNT;
    ends[0] = at as u32;
    for end in ends.iter_mut().skip(1).take(last + 1) {
        let Some(length) = row.get(at..).and_then(|rest| rest.first_chunk::<4>()) else {
            break;
        };
        at += 4 + usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        *end = at as u32;
    }
    ends
}

/// A whole binary COPY stream of what `write` makes of each item.
pub fn chunks<T>(
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) -> impl Iterator<Item = Bytes> {
    let mut items = items.peekable();
    let new = || Vec::with_capacity(CHUNK_BYTES + SPARE_BYTES);
    let mut chunk: Vec<u8> = new();
    chunk.extend_from_slice(&HEADER);
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        while let Some(item) = items.next_if(|_| chunk.len() < CHUNK_BYTES) {
            write(item, &mut chunk);
        }
        if items.peek().is_none() {
            chunk.extend_from_slice(&TRAILER);
            ended = true;
        }
        let next = if ended { Vec::new() } else { new() };
        Some(Bytes::from(std::mem::replace(&mut chunk, next)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(rows: Vec<Range<usize>>, bytes: &'static [u8]) -> Vec<Bytes> {
        TableCopy::new(Stage::Likes, bytes, rows).chunks().collect()
    }

    #[test]
    fn sends_the_rows_in_the_order_given() {
        let chunks = sent(vec![4..6, 0..2], b"aabbcc");
        assert_eq!(chunks.concat(), [&HEADER[..], b"ccaa", &TRAILER].concat());
        assert_eq!(
            sent(Vec::new(), b"").concat(),
            [&HEADER[..], &TRAILER].concat()
        );
    }

    #[test]
    fn sends_large_batches_in_pieces() {
        static LARGE: [u8; CHUNK_BYTES] = [7; CHUNK_BYTES];
        let chunks = sent(vec![0..CHUNK_BYTES; 3], &LARGE);
        assert_eq!(chunks.len(), 4 - 1);
        let whole = HEADER.len() + 3 * CHUNK_BYTES + TRAILER.len();
        assert_eq!(chunks.concat().len(), whole);
    }

    #[test]
    fn puts_rows_together_from_cells() {
        let row: &'static [u8] = b"\0\x03\0\0\0\x01u\xff\xff\xff\xff\0\0\0\x02ab";
        let whole = 0..row.len();
        let copy = TableCopy::new(Stage::Likes, row, vec![whole]);
        let cells = [
            Cell::Columns(1, 2),
            Cell::Text("t"),
            Cell::Columns(0, 0),
            Cell::Gate(1),
            Cell::Gate(0),
        ];
        let gates = Gates::from_iter([("u".to_owned(), [false, true])]);
        let whole = copy
            .chunks_of(&cells, Only::All, &gates)
            .collect::<Vec<_>>()
            .concat();
        let expected: &[u8] =
            b"\0\x06\xff\xff\xff\xff\0\0\0\x02ab\0\0\0\x01t\0\0\0\x01u\0\0\0\x01\x01\0\0\0\x01\0";
        assert_eq!(whole, [&HEADER[..], expected, &TRAILER].concat());
    }
}
