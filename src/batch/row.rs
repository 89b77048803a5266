//! One row as it lies in its buffer, and the cells of it that are read again.

use crate::encode::COLUMN_COUNT;
use crate::position::Position;
use crate::stage::{Kind, Stage};
use std::ops::Range;

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// A create or update.
    Put,
    /// A delete.
    Delete,
}

/// Whether a record may be there already, as far as its entry tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// A create that is delivered for the first time.
    New,
    /// An update, or an entry that was delivered before.
    Again,
}

/// What is known of a row beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// What it becomes.
    pub kind: Kind,
    /// What it does.
    pub verb: Verb,
    /// Its version.
    pub position: Position,
    /// Whether it may be there already.
    pub novelty: Novelty,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub stage: Stage,
    pub label: Label,
    pub start: usize,
    pub end: usize,
    /// The delete that this row ended.
    pub ended: Option<u32>,
    /// Another row of its uri stands for it.
    pub is_dead: bool,
}

impl Row {
    /// Where it lies.
    pub fn place(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its columns.
    pub fn cells<'b>(&self, bytes: &'b [u8]) -> Cells<'b> {
        Cells::of(bytes.get(self.place()).unwrap_or_default())
    }

    /// Its uri, which is its first column.
    pub fn uri<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        self.cells(bytes).next().flatten().unwrap_or_default()
    }

    /// A column's content; `None` if it is NULL.
    pub fn cell<'b>(&self, bytes: &'b [u8], column: usize) -> Option<&'b [u8]> {
        self.cells(bytes).nth(column).flatten()
    }

    /// Orders rows of one collection as their uris do, but for few: what follows `at://did:plc:`, where
    /// nearly all begin alike, then the first of the thirteen characters that keys of records have at
    /// the end. Other rows come in some order of their own; nothing but speed depends on it.
    pub fn sort_key(&self, bytes: &[u8]) -> [u64; 2] {
        const ALIKE: usize = "at://did:plc:".len();
        const RKEY: usize = "3lbsv2hjqdk2c".len();
        let uri = self.uri(bytes);
        let rkey = uri.len().saturating_sub(RKEY);
        [ALIKE, rkey].map(|at| {
            let differing = uri.get(at..).unwrap_or_default();
            differing
                .first_chunk()
                .map_or(0, |bytes| u64::from_be_bytes(*bytes))
        })
    }
}

/// The columns of a row, in order; `None` is NULL.
#[derive(Clone)]
pub struct Cells<'b>(&'b [u8]);

impl<'b> Cells<'b> {
    /// Those of a whole row.
    pub fn of(row: &'b [u8]) -> Cells<'b> {
        Cells(row.get(COLUMN_COUNT..).unwrap_or_default())
    }
}

impl<'b> Iterator for Cells<'b> {
    type Item = Option<&'b [u8]>;

    fn next(&mut self) -> Option<Option<&'b [u8]>> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.0 = rest;
            return Some(None);
        };
        let (cell, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some(cell))
    }
}
