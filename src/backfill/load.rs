//! What goes into one transaction of a backfill, kept until it is committed: the entries, where each
//! comes from, and how far their sources have come with them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::entry::Entry;
use crate::flush::{Commit, Counts, Letters, Manner, Mark, Number, Share, Terms};
use crate::position::StreamId;

use super::chunk::{Chunk, Item, Passed, Taken};

/// Counts the transactions of one lane.
#[derive(Debug)]
pub struct Sequence {
    /// The lane.
    pub lane: i32,
    /// The run.
    pub run: Arc<str>,
    committed: AtomicI64,
}

impl Sequence {
    /// Of a lane that has committed nothing yet.
    #[must_use]
    pub fn new(lane: i32, run: Arc<str>) -> Sequence {
        Sequence {
            lane,
            run,
            committed: AtomicI64::new(0),
        }
    }

    /// How many it has committed.
    #[must_use]
    pub fn committed(&self) -> i64 {
        self.committed.load(Ordering::Relaxed)
    }
}

/// The entries of one batch. The `n` of an entry's id is its place here.
#[derive(Debug, Default)]
pub struct Load {
    entries: Vec<Entry>,
    /// What comes after each entry in its source.
    offsets: Vec<u128>,
    /// What was passed over before an entry, of those before which there was any.
    passed: BTreeMap<usize, Passed>,
    origins: Arc<Vec<Share>>,
    sources: BTreeMap<i64, Arc<Taken>>,
    marks: BTreeMap<Share, Mark>,
    bytes: usize,
    /// What decides between these and what is there.
    pub manner: Manner,
    /// When counts are added up.
    pub counts: Counts,
    /// The lane's transactions.
    pub sequence: Option<Arc<Sequence>>,
}

impl Load {
    /// Takes an item; gives its entry, to be put into the batch.
    pub fn take(&mut self, source: &Arc<Taken>, item: Item) -> Option<&Entry> {
        let Item {
            mut entry,
            offset,
            share,
            passed,
        } = item;
        if passed != Passed::default() {
            self.passed.insert(self.entries.len(), passed);
        }
        entry.id = StreamId {
            ms: 0,
            n: self.entries.len() as u64,
        };
        self.bytes += size_of::<Entry>() + entry.data.as_ref().map_or(0, Vec::len);
        self.offsets.push(offset + 1);
        if let Some(origins) = Arc::get_mut(&mut self.origins) {
            origins.push((source.id, share));
        }
        self.entries.push(entry);
        self.entries.last()
    }

    /// Takes an entry that is not the source's own, and of which nothing is noted.
    pub fn take_apart(&mut self, mut entry: Entry) {
        entry.id = StreamId::default();
        self.entries = vec![entry];
    }

    /// Notes what a chunk says of its source, once all its items are taken.
    pub fn end(&mut self, chunk: &Chunk) {
        let source = &chunk.source;
        self.know(source);
        for (share, mark) in &chunk.marks {
            let noted = self.marks.entry((source.id, *share)).or_default();
            noted.offset = noted.offset.max(mark.offset);
            noted.is_end |= mark.is_end;
            noted.filtered += mark.filtered;
            noted.rejected += mark.rejected;
        }
    }

    /// Notes a source of which there are entries.
    pub fn know(&mut self, source: &Arc<Taken>) {
        self.sources.insert(source.id, Arc::clone(source));
    }

    /// The entries.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// There is nothing to write or to note.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.marks.is_empty()
    }

    /// A transaction of these was committed.
    pub fn committed(&self) {
        if let Some(sequence) = &self.sequence {
            sequence.committed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Entries once more.
    #[must_use]
    pub fn again(&self, ids: &[StreamId]) -> Vec<Entry> {
        let entry = |id: &StreamId| self.entries.get(usize::try_from(id.n).ok()?);
        ids.iter().filter_map(entry).cloned().collect()
    }

    /// An entry, its source and where it stands in it.
    #[must_use]
    pub fn origin(&self, id: StreamId) -> Option<(&Entry, &Taken, u128)> {
        let at = usize::try_from(id.n).ok()?;
        let (source, _) = self.origins.get(at)?;
        let offset = self.offsets.get(at)?.saturating_sub(1);
        Some((self.entries.get(at)?, self.sources.get(source)?, offset))
    }

    /// What a batch of these, or a part of one, is written under. A part that is not the last notes no
    /// more than its own entries.
    #[must_use]
    pub fn terms(&self, ids: &[StreamId]) -> Terms {
        let at = |id: Option<&StreamId>| id.and_then(|id| usize::try_from(id.n).ok());
        let first = at(ids.first()).unwrap_or(0);
        let end = at(ids.last()).map_or(0, |last| last + 1);
        let mut marks: BTreeMap<Share, Mark> = BTreeMap::new();
        for n in first..end.min(self.entries.len()) {
            if let (Some(share), Some(offset)) = (self.origins.get(n), self.offsets.get(n)) {
                let mark = marks.entry(*share).or_default();
                mark.offset = mark.offset.max(*offset);
                mark.records += 1;
                let passed = self.passed.get(&n).copied().unwrap_or_default();
                mark.filtered += passed.filtered;
                mark.rejected += passed.rejected;
            }
        }
        if end == self.entries.len() {
            for (share, last) in &self.marks {
                let mark = marks.entry(*share).or_default();
                mark.offset = mark.offset.max(last.offset);
                mark.is_end = last.is_end;
                mark.filtered += last.filtered;
                mark.rejected += last.rejected;
            }
        }
        Terms {
            manner: self.manner.clone(),
            letters: Letters::Told,
            commit: Commit::Later,
            counts: self.counts,
            marks,
            number: self.sequence.as_ref().map(|sequence| Number {
                lane: sequence.lane,
                run: Arc::clone(&sequence.run),
                seq: sequence.committed() + 1,
            }),
            origins: Arc::clone(&self.origins),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Load {
        let mut load = Load::default();
        for (id, offset, share, filtered) in
            [(1, 4, 0, 2), (1, 5, 7, 0), (2, 0, 7, 0), (1, 9, 0, 4)]
        {
            let source = Arc::new(Taken::for_tests(id));
            let entry = Entry::empty(StreamId::default());
            load.take(
                &source,
                Item {
                    entry,
                    offset,
                    share,
                    passed: Passed {
                        filtered,
                        rejected: 0,
                    },
                },
            );
        }
        let mut chunk = Chunk::of(Arc::new(Taken::for_tests(1)));
        let mark = Mark {
            offset: 20,
            filtered: 3,
            ..Mark::default()
        };
        chunk.marks.insert(0, mark);
        load.end(&chunk);
        load
    }

    fn ids(range: std::ops::Range<u64>) -> Vec<StreamId> {
        range.map(|n| StreamId { ms: 0, n }).collect()
    }

    #[test]
    fn the_whole_notes_all_and_a_part_its_own() {
        let load = load();
        let offsets = |ids: &[StreamId]| {
            let marks = load.terms(ids).marks.into_iter();
            marks
                .map(|(share, mark)| (share, mark.offset, mark.records, mark.filtered))
                .collect::<Vec<_>>()
        };
        let whole = [((1, 0), 20, 2, 9), ((1, 7), 6, 1, 0), ((2, 7), 1, 1, 0)];
        assert_eq!(offsets(&ids(0..4)), whole);
        assert_eq!(offsets(&ids(0..2)), [((1, 0), 5, 1, 2), ((1, 7), 6, 1, 0)]);
        assert_eq!(offsets(&ids(2..4)), [((1, 0), 20, 1, 7), ((2, 7), 1, 1, 0)]);
        assert_eq!(load.again(&ids(1..3)).len(), 2);
    }
}
