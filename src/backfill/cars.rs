//! Reading repository exports.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Seek as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::car::{Car, Commit, Problem, ReadAt, Record, root};
use crate::entry::{Entry, Word};
use crate::partition;
use crate::position::{Micros, StreamId};

use super::chunk::{Form, Rule, Sweep};
use super::feed::{At, Feed};
use super::reader::{Authority, Broken, Reader, STALE};
use super::source::Source;
use super::stamp;

const BUFFER: usize = 256 << 10;

struct CarFile<'f>(&'f File);

impl ReadAt for CarFile<'_> {
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(into, offset)
    }
}

/// Goes through an export.
pub(super) fn read(reader: &Reader, path: &Path, source: &Source) -> Result<(), Broken> {
    let unreadable = |_| reader.refuse(source, "file", Problem::Unreadable.name());
    let Ok(file) = File::open(path).map_err(unreadable) else {
        return Ok(());
    };
    // The commit's CID is in the header: an export that was taken need not be gone through for it. A
    // file that was cut has the same one, and another length.
    let content = match root(BufReader::with_capacity(BUFFER, &file)) {
        Ok(root) => format!("{root} {}", source.bytes()),
        Err(problem) => {
            reader.refuse(source, "header", problem.name());
            return Ok(());
        }
    };
    let Some(taken) = reader.take(source, Form::Car, &content)? else {
        reader.shared.meter.bytes(source.bytes());
        return Ok(());
    };
    let mut from_the_start = &file;
    if from_the_start.rewind().is_err() {
        reader.refuse(source, "file", Problem::Unreadable.name());
        return Ok(());
    }
    let mut wrong = Wrong::default();
    let mut seen = 0;
    let opened = Car::open(
        BufReader::with_capacity(BUFFER, &file),
        CarFile(&file),
        |problem, offset| wrong.note(problem, offset),
        |offset| {
            reader.shared.meter.bytes(offset - seen);
            seen = offset;
        },
    );
    let car = match opened {
        Ok(car) => car,
        Err(problem) => {
            reader.refuse(source, "file", problem.name());
            return Ok(());
        }
    };
    let commit = car.commit().clone();
    let as_of = reader.clocks.as_of(commit.made_at());
    if let Some(reason) = refusal(reader, &commit, as_of) {
        reader.refuse(source, &commit.did, reason);
        return Ok(());
    }
    let share = i16::from(partition::of(&commit.did));
    let mut feed = Feed::new(&reader.shared, taken, vec![share]);
    let is_whole = wrong.told.is_empty();
    wrong.tell(&mut feed)?;
    if !reader.filter.has_did(&commit.did) {
        feed.filter(0)?;
        feed.end(None)?;
        reader.shared.report.ended();
        return Ok(());
    }
    let export = Export {
        reader,
        commit: &commit,
        as_of,
    };
    let all_read = export.records(car, &mut feed)?;
    feed.end(export.sweep(is_whole && all_read))?;
    reader.shared.report.ended();
    Ok(())
}

fn refusal(reader: &Reader, commit: &Commit, as_of: Option<Micros>) -> Option<&'static str> {
    if reader.authority == Authority::Repository && commit.made_at().is_none() {
        return Some("its revision has no time, so it cannot be authoritative");
    }
    (reader.filter.has_did(&commit.did) && reader.is_stale(as_of)).then_some(STALE)
}

/// Blocks that are wrong: a file can have as many as bytes.
#[derive(Default)]
struct Wrong {
    told: Vec<(Problem, u64)>,
    /// Of those beyond, how many there are of each.
    more: BTreeMap<&'static str, u64>,
}

impl Wrong {
    /// Those that are told with their places.
    const TOLD_MAX: usize = 1_000;

    fn note(&mut self, problem: Problem, offset: u64) {
        if self.told.len() < Self::TOLD_MAX {
            self.told.push((problem, offset));
        } else {
            *self.more.entry(problem.name()).or_default() += 1;
        }
    }

    fn tell(self, feed: &mut Feed<'_>) -> Result<(), Broken> {
        for (problem, offset) in self.told {
            feed.problem(At::Beginning, &format!("byte {offset}"), problem.name())?;
        }
        for (reason, number) in self.more {
            let place = format!("{number} more blocks");
            feed.problems(At::Beginning, &place, reason, number)?;
        }
        Ok(())
    }
}

struct Export<'r> {
    reader: &'r Reader,
    commit: &'r Commit,
    as_of: Option<Micros>,
}

impl Export<'_> {
    /// Hands all records on; whether all could be read.
    fn records<B: ReadAt>(&self, mut car: Car<B>, feed: &mut Feed<'_>) -> Result<bool, Broken> {
        self.rule(feed)?;
        let frame = Frame::of(self.commit);
        let mut all_read = true;
        let mut offset = 0;
        let mut json = Vec::new();
        while let Some(next) = car.next(&mut json) {
            match next {
                Ok(record) => self.record(offset, &record, &frame, &json, feed)?,
                Err((problem, path)) => {
                    all_read = false;
                    let place = format!("at://{}/{path}", self.commit.did);
                    feed.problem(At::Offset(offset), &place, problem.name())?;
                }
            }
            json.clear();
            offset += 1;
        }
        Ok(all_read)
    }

    fn rule(&self, feed: &mut Feed<'_>) -> Result<(), Broken> {
        match self.reader.authority {
            Authority::Repository => feed.under(Rule::Position, None)?,
            Authority::None => {
                let did = self.commit.did.clone();
                feed.under(Rule::Fill(None), self.as_of.map(|as_of| (did, as_of)))?;
            }
        }
        Ok(())
    }

    fn record(
        &self,
        offset: u128,
        record: &Record,
        frame: &Frame,
        json: &[u8],
        feed: &mut Feed<'_>,
    ) -> Result<(), Broken> {
        let created_at = record.facts.created_at;
        let filter = &self.reader.filter;
        if !filter.has_path(&record.path) || !filter.has_time(created_at) {
            return Ok(feed.filter(offset)?);
        }
        let at = match (self.reader.authority, self.as_of) {
            (Authority::Repository, Some(as_of)) => as_of,
            _ => self.reader.clocks.unknown(created_at),
        };
        let entry = Entry {
            kind: Word::from_slice(b"commit"),
            data: Some(frame.around(record, json)),
            ..Entry::empty(StreamId::default())
        };
        Ok(feed.entry(offset, &self.commit.did, stamp::id(at), entry)?)
    }

    fn sweep(&self, is_whole: bool) -> Option<Sweep> {
        match (self.reader.authority, self.as_of) {
            (Authority::Repository, Some(as_of)) => Some(Sweep {
                did: self.commit.did.clone(),
                as_of,
                is_whole,
            }),
            _ => None,
        }
    }
}

/// What stands around a record in an entry's data.
struct Frame {
    before: Vec<u8>,
}

impl Frame {
    fn of(commit: &Commit) -> Frame {
        let text = |text: &str| sonic_rs::to_string(text).unwrap_or_default();
        let mut before = format!("{{\"repo\":{}", text(&commit.did));
        if let Some(rev) = &commit.rev {
            before.push_str(&format!(",\"rev\":{}", text(rev)));
        }
        before.push_str(",\"ops\":[{\"action\":\"create\",\"path\":");
        Frame {
            before: before.into_bytes(),
        }
    }

    fn around(&self, record: &Record, json: &[u8]) -> Vec<u8> {
        let path = sonic_rs::to_string(&record.path).unwrap_or_default();
        let parts = [
            &self.before,
            path.as_bytes(),
            b",\"cid\":\"",
            record.cid.as_bytes(),
            b"\",\"record\":",
            json,
            b"}]}",
        ];
        parts.concat()
    }
}
