//! What readers hand to lanes: entries of one source in their order, and what may be noted of it once
//! they are stored.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::entry::Entry;
use crate::flush::Mark;
use crate::position::Micros;

/// An entry, and where it stands.
#[derive(Debug)]
pub struct Item {
    /// The entry; its id says nothing, its original id is its position.
    pub entry: Entry,
    /// Its place in its source, counted from 0, or what its stream's id makes.
    pub offset: u128,
    /// The partition of its repository.
    pub share: i16,
    /// What was passed over before it and is noted with its share.
    pub passed: Passed,
}

/// What of a source no entry was made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What a filter left out.
    pub filtered: i64,
    /// What cannot be read.
    pub rejected: i64,
}

/// What decides between a chunk's rows and those that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Positions.
    #[default]
    Position,
    /// Who is there stays, but for what this source has written itself.
    Fill(Option<Range<Micros>>),
}

/// The end of a repository's export that stands for all of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The repository.
    pub did: String,
    /// What is older goes.
    pub as_of: Micros,
    /// Nothing of the export was found wrong.
    pub is_whole: bool,
}

/// A source that is being gone through.
#[derive(Debug)]
pub struct Taken {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What was dealt with before, by share.
    pub begun: BTreeMap<i16, Mark>,
    /// Whether a place in it is a line's number.
    pub form: Form,
}

/// What sources are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Records of one repository.
    Car,
    /// Lines.
    Lines,
    /// Entries of a stream.
    Span,
}

impl Taken {
    /// Where a share begins now.
    #[must_use]
    pub fn start(&self, share: i16) -> u128 {
        self.begun.get(&share).map_or(0, |mark| mark.offset)
    }

    /// Records of it that were rejected before.
    #[must_use]
    pub fn rejected_before(&self) -> i64 {
        self.begun.values().map(|mark| mark.rejected).sum()
    }

    #[cfg(test)]
    pub(super) fn for_tests(id: i64) -> Taken {
        Taken {
            id,
            name: format!("source {id}"),
            begun: BTreeMap::new(),
            form: Form::Lines,
        }
    }
}

/// Items of one source for one lane.
#[derive(Debug)]
pub struct Chunk {
    /// The source.
    pub source: Arc<Taken>,
    /// Its next entries of this lane's repositories.
    pub items: Vec<Item>,
    /// How far the lane's shares of it have come behind them.
    pub marks: BTreeMap<i16, Mark>,
    /// What decides.
    pub rule: Rule,
    /// As of when this repository is known.
    pub as_of: Option<(String, Micros)>,
    /// What is to be done behind them, before the marks are noted.
    pub sweep: Option<Sweep>,
}

impl Chunk {
    /// Nothing yet.
    #[must_use]
    pub fn of(source: Arc<Taken>) -> Chunk {
        Chunk {
            source,
            items: Vec::new(),
            marks: BTreeMap::new(),
            rule: Rule::Position,
            as_of: None,
            sweep: None,
        }
    }
}
