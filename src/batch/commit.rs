//! What is done with a commit: one op after the other is routed and encoded.
//!
//! It knows in which order an op is looked at, and so what still counts when it is refused: the
//! action, then the owner's users row, then the path, then the one that it points at, then the
//! record.

use super::Batch;
use super::dids::Named;
use super::row::{Label, Novelty, Verb};
use super::take::Scope;
use crate::decode::dialect::{Dialect, Node};
use crate::decode::{datetime, envelope};
use crate::derived::Derived;
use crate::encode::RowWriter;
use crate::entry::Entry;
use crate::letter::{self, Parts};
use crate::partition;
use crate::position::Position;
use crate::reject::{Problem, Reject};
use crate::route::{self, Target};
use crate::rows::{self, Cells, Outcome, Source, Stamp};
use crate::stage::{Kind, Stage};
use crate::tally::{Action, Repair};
use crate::widths::Column;
use sonic_rs::{JsonValueTrait, Value};

impl Batch {
    pub(super) fn commit(
        &mut self,
        entry: &Entry,
        data: &Value,
        scope: Scope<'_>,
    ) -> Result<(), Reject> {
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
            if let Err(reject) = self.op(commit.repo, &stamp, op, novelty(entry)) {
                let parts = parts.get_or_insert_with(|| Parts::of(entry));
                self.bury(letter::rejected(entry, parts, Some(index), &reject));
            }
        }
        Ok(())
    }

    /// What the commit says about itself. What is of another type is no reason to lose a record
    /// and becomes NULL, counted; whether it fits is for each row to say.
    fn stamp<'a>(&mut self, entry: &'a Entry, commit: &envelope::Commit<'a>) -> Stamp<'a> {
        let seq = std::str::from_utf8(&entry.seq).ok();
        let rev = commit.rev.and_then(|rev| rev.as_str());
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
        novelty: Novelty,
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
                if action != Action::Delete {
                    record(&op, path.collection)?;
                }
                self.tally.unstored(what);
                return Ok(());
            }
        };
        if action != Action::Delete {
            self.mention(kind, &op, stamp.position);
        }
        self.tally.op(kind, action);
        self.set_uri(&["at://", repo, "/", path.whole]);
        let label = Label {
            kind,
            verb: Verb::Put,
            position: stamp.position,
            novelty,
        };
        let again = Label {
            novelty: Novelty::Again,
            ..label
        };
        match action {
            Action::Delete => self.delete(kind, stamp.position),
            Action::Create => self.put(label, repo, &path, &op, stamp)?,
            Action::Update => self.put(again, repo, &path, &op, stamp)?,
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

    pub(super) fn set_uri(&mut self, parts: &[&str]) {
        self.uri.clear();
        parts.iter().for_each(|part| self.uri.push_str(part));
    }

    fn put(
        &mut self,
        label: Label,
        repo: &str,
        path: &envelope::Path<'_>,
        op: &envelope::RawOp<'_>,
        stamp: &Stamp<'_>,
    ) -> Result<(), Reject> {
        let kind = label.kind;
        let (value, record) = record(op, path.collection)?;
        let cid = match op.cid() {
            Err(_) if !rows::keeps_cid(kind) => {
                self.tally.repaired(Repair::WrongType, 1);
                None
            }
            cid => cid?,
        };
        // A like's own CID is for its notification alone.
        let is_idle = kind == Kind::Likes && !self.derived.has(Derived::Notifications);
        let cid = cid.filter(|_| !is_idle);
        let outcome = self.row(label, |uri, cells| {
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
    pub(super) fn row(
        &mut self,
        label: Label,
        write: impl FnOnce(&str, &mut Cells<'_>) -> Result<Outcome, Reject>,
    ) -> Result<Outcome, Reject> {
        let (out, begun) = self.staged.begin(label.kind.stage());
        let mut cells = Cells::begin(label.kind, out, &self.widths, &mut self.tally);
        let outcome = write(&self.uri, &mut cells);
        if let Ok(Outcome::Row) = outcome {
            cells.finish();
            self.staged.keep(begun, label);
        } else {
            self.staged.cancel(begun);
        }
        outcome
    }

    pub(super) fn delete(&mut self, kind: Kind, position: Position) {
        let (out, begun) = self.staged.begin(Stage::Deletes);
        let mut row = RowWriter::begin(out, Stage::Deletes.width());
        row.text(&self.uri);
        row.text(kind.name());
        row.timestamp(position.at);
        row.int8(position.tie);
        let label = Label {
            kind,
            verb: Verb::Delete,
            position,
            novelty: Novelty::New,
        };
        self.staged.keep(begun, label);
    }
}

/// What an entry tells by having been delivered before.
fn novelty(entry: &Entry) -> Novelty {
    if entry.deliveries > 1 {
        Novelty::Again
    } else {
        Novelty::New
    }
}

/// The record, which must be of the collection in which it stands (CONTRACT §3), stored or not.
fn record<'a>(op: &envelope::RawOp<'a>, collection: &str) -> Result<(&'a Value, Node<'a>), Reject> {
    let value = envelope::needed(op.record, "record")?;
    let record =
        Node::of(value, Dialect::Lexicon).ok_or(Reject::new(Problem::WrongType, "record"))?;
    let [kind] = record.fields(["$type"]);
    if kind.and_then(|kind| kind.as_str()) == Some(collection) {
        Ok((value, record))
    } else {
        Err(Reject::new(Problem::TypeMismatch, "$type"))
    }
}
