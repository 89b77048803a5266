//! A batch: the rows of many entries as COPY bytes, and the ids to acknowledge once they are
//! committed.
//!
//! Entries are decoded, routed and encoded as they are pushed; no row exists in any other form. It
//! does not know when it is full, nor what the database holds already.

mod buffer;
mod dids;
mod staged;
#[cfg(test)]
mod tests;

pub use crate::letter::{DeadLetter, letter, op_count};

use crate::decode::dialect::{Dialect, Node};
use crate::decode::{datetime, envelope, json};
use crate::encode::RowWriter;
use crate::entry::Entry;
use crate::letter::{self, Parts};
use crate::partition;
use crate::position::{Position, StreamId};
use crate::reject::{Problem, Reject};
use crate::route::{self, Target};
use crate::rows::{self, Cells, Outcome, Source, Stamp};
use crate::stage::{Kind, Stage};
use crate::tally::{Action, Event, Oddity, Repair, Tally};
use crate::widths::{Column, Widths};
use bytes::Bytes;
use dids::{Dids, Named};
use sonic_rs::{JsonValueTrait, Value};
use staged::{Staged, Verb};
use std::sync::Arc;

/// One stage's part of a batch.
#[derive(Clone, Debug)]
pub struct StageCopy {
    /// The staging table.
    pub stage: Stage,
    /// A whole binary COPY stream, header to trailer, in order.
    pub chunks: Vec<Bytes>,
}

/// The rows of many entries, their ids, and what could not be stored of them.
#[derive(Debug)]
pub struct Batch {
    widths: Arc<Widths>,
    ids: Vec<StreamId>,
    staged: Staged,
    dids: Dids,
    partitions: u64,
    tally: Tally,
    dead: Vec<DeadLetter>,
    dead_bytes: usize,
    /// The uri of the row being written; kept to spare an allocation for each.
    uri: String,
}

/// How much of an entry is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Whole,
    OneOp(usize),
    /// Only the users rows that the op names.
    StubsOf(usize),
}

impl Scope {
    fn has(self, op: usize) -> bool {
        match self {
            Scope::Whole => true,
            Scope::OneOp(only) | Scope::StubsOf(only) => only == op,
        }
    }
}

impl Batch {
    /// An empty batch.
    #[must_use]
    pub fn new(widths: Arc<Widths>) -> Self {
        Batch {
            widths,
            ids: Vec::new(),
            staged: Staged::default(),
            dids: Dids::default(),
            partitions: 0,
            tally: Tally::default(),
            dead: Vec::new(),
            dead_bytes: 0,
            uri: String::new(),
        }
    }

    /// Takes an entry: its id in any case, its rows if they can be stored, and a dead letter for
    /// each op that cannot.
    pub fn push(&mut self, entry: &Entry) {
        self.take(entry, Scope::Whole);
    }

    /// The same for one op alone, when poison is isolated. The entry is not counted again among
    /// the events.
    pub fn push_op(&mut self, entry: &Entry, op: usize) {
        self.take(entry, Scope::OneOp(op));
    }

    /// Takes only the users rows that an op names: for one that the server refused.
    pub fn push_stubs(&mut self, entry: &Entry, op: usize) {
        self.take(entry, Scope::StubsOf(op));
    }

    /// The ids of the entries taken, each once if pushed in a row, in their order.
    #[must_use]
    pub fn ids(&self) -> &[StreamId] {
        &self.ids
    }

    /// No entry was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Rows that will be copied.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.staged.rows()
    }

    /// Bytes held: rows, DIDs and dead letters.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.staged.bytes() + self.dids.bytes() + self.dead_bytes
    }

    /// The smallest position of a staged row.
    #[must_use]
    pub fn oldest(&self) -> Option<Position> {
        self.staged.oldest()
    }

    /// The greatest position of a staged row.
    #[must_use]
    pub fn newest(&self) -> Option<Position> {
        self.staged.newest()
    }

    /// Whether a staged row's position has a tie.
    #[must_use]
    pub fn has_ties(&self) -> bool {
        self.staged.has_ties()
    }

    /// The COPY streams of the stages that have rows, in the order of [`Stage::ALL`]. May be called
    /// again when the batch is sent again; the bytes are shared, not copied.
    pub fn copies(&mut self) -> Vec<StageCopy> {
        let staged = &mut self.staged;
        let copy = |stage| {
            staged
                .stream(stage)
                .map(|chunks| StageCopy { stage, chunks })
        };
        Stage::ALL.into_iter().filter_map(copy).collect()
    }

    /// How many creates and updates of a kind will be merged.
    #[must_use]
    pub fn puts(&self, kind: Kind) -> usize {
        self.staged.alive(kind, Verb::Put)
    }

    /// How many deletes of a kind will be merged.
    #[must_use]
    pub fn deletes(&self, kind: Kind) -> usize {
        self.staged.alive(kind, Verb::Delete)
    }

    /// The partitions of every repository that the batch touches, ascending.
    #[must_use]
    pub fn partitions(&self) -> Vec<i32> {
        (0..64)
            .filter(|bit| self.partitions >> bit & 1 == 1)
            .collect()
    }

    /// The owners of what was created or updated, each once: the opt-out is judged for them.
    pub fn owners(&self) -> impl Iterator<Item = &str> {
        self.dids.owners()
    }

    /// Every DID that gets a users row, each once, with the position at which it was first named.
    pub fn stubs(&self) -> impl Iterator<Item = (&str, Position)> {
        self.dids.iter()
    }

    /// What could not be stored.
    #[must_use]
    pub fn dead(&self) -> &[DeadLetter] {
        &self.dead
    }

    /// What was seen, mended and left out.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Forgets everything but the widths, keeping the memory.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.staged.clear();
        self.dids.clear();
        self.partitions = 0;
        self.tally = Tally::default();
        self.dead.clear();
        self.dead_bytes = 0;
    }

    fn take(&mut self, entry: &Entry, scope: Scope) {
        if self.ids.last() != Some(&entry.id) {
            self.ids.push(entry.id);
        }
        let event = event(&entry.kind);
        if scope == Scope::Whole {
            self.tally.event(event);
        }
        let superseded = self.staged.superseded();
        if let Err(reject) = self.decode(entry, event, scope) {
            self.bury(letter::rejected(entry, &Parts::of(entry), None, &reject));
        }
        (superseded..self.staged.superseded()).for_each(|_| self.tally.odd(Oddity::Superseded));
    }

    fn bury(&mut self, letter: DeadLetter) {
        self.dead_bytes += letter.data.len() + size_of::<DeadLetter>();
        self.dead.push(letter);
    }

    fn decode(&mut self, entry: &Entry, event: Event, scope: Scope) -> Result<(), Reject> {
        if event == Event::Unknown {
            return Ok(());
        }
        let data = entry
            .data
            .as_deref()
            .ok_or(Reject::new(Problem::Missing, "data"))?;
        let parsed = json::parse(data).ok_or(Reject::new(Problem::NotJson, "data"))?;
        self.tally
            .repaired(Repair::NotUtf8, u64::from(parsed.was_not_utf8));
        self.tally
            .repaired(Repair::LoneSurrogate, parsed.lone_surrogates);
        match event {
            Event::Commit => self.commit(entry, &parsed.value, scope),
            Event::Identity => self.identity(entry, &parsed.value),
            Event::Account => self.account(entry, &parsed.value),
            Event::Unknown => Ok(()),
        }
    }

    fn commit(&mut self, entry: &Entry, data: &Value, scope: Scope) -> Result<(), Reject> {
        let commit = envelope::commit(data)?;
        if !self.widths.holds(Column::UsersDid, commit.repo) {
            return Err(Reject::too_long("repo", Column::UsersDid));
        }
        let stamp = self.stamp(entry, &commit);
        let mut parts = None;
        for (index, op) in commit
            .ops
            .iter()
            .enumerate()
            .filter(|(index, _)| scope.has(*index))
        {
            if let Err(reject) = self.op(commit.repo, &stamp, op, scope) {
                let parts = parts.get_or_insert_with(|| Parts::of(entry));
                self.bury(letter::rejected(entry, parts, Some(index), &reject));
            }
        }
        Ok(())
    }

    /// What the commit says about itself. None of it is worth losing a record for: what a column
    /// does not take becomes NULL, counted.
    fn stamp<'a>(&mut self, entry: &'a Entry, commit: &envelope::Commit<'a>) -> Stamp<'a> {
        let seq = std::str::from_utf8(&entry.seq).ok();
        let seq = seq.filter(|seq| {
            COMMIT_SEQ
                .iter()
                .all(|&column| self.widths.holds(column, seq))
        });
        let rev = commit.rev.and_then(|rev| rev.as_str());
        let rev = rev.filter(|rev| {
            COMMIT_REV
                .iter()
                .all(|&column| self.widths.holds(column, rev))
        });
        let time = commit
            .time
            .and_then(|time| time.as_str())
            .and_then(datetime::parse);
        let lost = u64::from(seq.is_none()) + u64::from(commit.rev.is_some() && rev.is_none());
        self.tally.repaired(Repair::CommitMeta, lost);
        self.tally.repaired(
            Repair::CommitTime,
            u64::from(commit.time.is_some() && time.is_none()),
        );
        let position = entry.origin().into();
        Stamp {
            position,
            time,
            seq: seq.filter(|seq| !seq.is_empty()),
            rev,
        }
    }

    fn op(
        &mut self,
        repo: &str,
        stamp: &Stamp<'_>,
        op: &Value,
        scope: Scope,
    ) -> Result<(), Reject> {
        let op = envelope::op(op)?;
        let action = op.action()?;
        self.partitions |= 1 << partition::of(repo);
        if action != Action::Delete {
            self.dids.add(repo, Named::Owner, stamp.position);
        }
        let path = op.path()?;
        let kind = match route::target(path.collection, path.rkey) {
            Target::Stored(kind) => kind,
            Target::NotStored(what) => {
                self.tally.unstored(what);
                return Ok(());
            }
        };
        if action != Action::Delete {
            self.mention(kind, &op, stamp.position);
        }
        if matches!(scope, Scope::StubsOf(_)) {
            return Ok(());
        }
        self.tally.op(kind, action);
        self.set_uri(&["at://", repo, "/", path.whole]);
        match action {
            Action::Delete => self.delete(kind, stamp.position),
            Action::Create | Action::Update => self.put(kind, repo, &path, &op, stamp)?,
        }
        Ok(())
    }

    /// Notes the DID that the op's record points at, if users can hold it.
    fn mention(&mut self, kind: Kind, op: &envelope::RawOp<'_>, at: Position) {
        if let Some(did) = rows::mentioned(kind, op.record)
            && self.widths.holds(Column::UsersDid, did)
        {
            self.dids.add(did, Named::Subject, at);
        }
    }

    fn set_uri(&mut self, parts: &[&str]) {
        self.uri.clear();
        parts.iter().for_each(|part| self.uri.push_str(part));
    }

    fn put(
        &mut self,
        kind: Kind,
        repo: &str,
        path: &envelope::Path<'_>,
        op: &envelope::RawOp<'_>,
        stamp: &Stamp<'_>,
    ) -> Result<(), Reject> {
        let value = envelope::needed(op.record, "record")?;
        let record =
            Node::of(value, Dialect::Lexicon).ok_or(Reject::new(Problem::WrongType, "record"))?;
        check_type(record, path.collection)?;
        let cid = op.cid()?;
        let outcome = self.row(kind, stamp.position, |uri, cells| {
            let source = Source {
                repo,
                uri,
                collection: path.collection,
                rkey: path.rkey,
                cid: cid.as_deref(),
                value,
                record,
                stamp,
            };
            rows::write(kind, &source, cells)
        })?;
        if outcome == Outcome::Delete {
            self.delete(kind, stamp.position);
        }
        Ok(())
    }

    /// Writes one row, and keeps it only if it is whole.
    fn row(
        &mut self,
        kind: Kind,
        position: Position,
        write: impl FnOnce(&str, &mut Cells<'_>) -> Result<Outcome, Reject>,
    ) -> Result<Outcome, Reject> {
        let (out, begun) = self.staged.begin(kind.stage());
        let mut cells = Cells::begin(kind, out, &self.widths, &mut self.tally);
        let outcome = write(&self.uri, &mut cells);
        if let Ok(Outcome::Row) = outcome {
            cells.finish();
            self.staged.keep(begun, kind, Verb::Put, position);
        } else {
            self.staged.cancel(begun);
        }
        outcome
    }

    fn delete(&mut self, kind: Kind, position: Position) {
        let (out, begun) = self.staged.begin(Stage::Deletes);
        let mut row = RowWriter::begin(out, Stage::Deletes.columns());
        row.text(&self.uri);
        row.text(kind.name());
        row.timestamp(position.at);
        row.int8(position.tie);
        self.staged.keep(begun, kind, Verb::Delete, position);
    }

    fn identity(&mut self, entry: &Entry, data: &Value) -> Result<(), Reject> {
        let identity = envelope::identity(data)?;
        let Some(handle) = identity.handle else {
            return Ok(());
        };
        let Some(handle) = handle.as_str().filter(|handle| !handle.is_empty()) else {
            self.tally.repaired(Repair::WrongType, 1);
            return Ok(());
        };
        let stamp = event_stamp(entry);
        self.set_uri(&["identity:", identity.did]);
        self.row(Kind::Handles, stamp.position, |key, cells| {
            rows::handle(key, identity.did, handle, &stamp, cells).map(|()| Outcome::Row)
        })?;
        self.dids.add(identity.did, Named::Subject, stamp.position);
        self.partitions |= 1 << partition::of(identity.did);
        Ok(())
    }

    fn account(&mut self, entry: &Entry, data: &Value) -> Result<(), Reject> {
        let account = envelope::account(data)?;
        let stamp = event_stamp(entry);
        self.set_uri(&["account:", account.did]);
        self.row(Kind::Accounts, stamp.position, |key, cells| {
            rows::account(key, &account, &stamp, cells).map(|()| Outcome::Row)
        })?;
        self.partitions |= 1 << partition::of(account.did);
        Ok(())
    }
}

/// Where a commit's sequence number goes, and where its revision.
const COMMIT_SEQ: [Column; 5] = [
    Column::LikesCommitSeq,
    Column::PostsCommitSeq,
    Column::RepostsCommitSeq,
    Column::FollowsCommitSeq,
    Column::BlocksCommitSeq,
];
const COMMIT_REV: [Column; 5] = [
    Column::LikesCommitRev,
    Column::PostsCommitRev,
    Column::RepostsCommitRev,
    Column::FollowsCommitRev,
    Column::BlocksCommitRev,
];

fn event(kind: &[u8]) -> Event {
    match kind {
        b"commit" => Event::Commit,
        b"identity" => Event::Identity,
        b"account" => Event::Account,
        _ => Event::Unknown,
    }
}

fn event_stamp(entry: &Entry) -> Stamp<'static> {
    Stamp {
        position: entry.origin().into(),
        time: None,
        seq: None,
        rev: None,
    }
}

/// A record must be of the collection in which it stands (CONTRACT §3).
fn check_type(record: Node<'_>, collection: &str) -> Result<(), Reject> {
    let [kind] = record.fields(["$type"]);
    if kind.and_then(|kind| kind.as_str()) == Some(collection) {
        Ok(())
    } else {
        Err(Reject::new(Problem::TypeMismatch, "$type"))
    }
}
