//! What is done with an entry that is pushed, and the two types of entries that are not commits.
//!
//! It knows that nothing that is in an entry may cost its id: whatever cannot be stored becomes a
//! dead letter.

use super::dids::Named;
use super::row::{Label, Novelty, Verb};
use super::{AccountDeleted, Batch, DeadLetter};
use crate::decode::{envelope, json};
use crate::entry::Entry;
use crate::letter::{self, Parts};
use crate::partition;
use crate::position::Position;
use crate::reject::{Problem, Reject};
use crate::rows::{self, Outcome, Stamp};
use crate::stage::Kind;
use crate::tally::{Event, Repair};
use sonic_rs::{JsonValueTrait, Value};

/// The status of an account that is gone for good; the others (`takendown`, `suspended`,
/// `deactivated`) may end.
const DELETED: &str = "deleted";

/// How much of an entry is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope<'o> {
    Whole,
    /// Ascending.
    Ops(&'o [usize]),
}

impl Scope<'_> {
    pub(super) fn has(self, op: usize) -> bool {
        match self {
            Scope::Whole => true,
            Scope::Ops(only) => only.binary_search(&op).is_ok(),
        }
    }
}

impl Batch {
    /// Takes an entry's id and a dead letter for it as a whole, without looking into it: it has
    /// ended the process before.
    pub fn condemn(&mut self, entry: &Entry) {
        self.ids.push(entry.id);
        self.tally.event(event(&entry.kind));
        self.bury(letter::crashed(entry));
    }

    pub(super) fn take(&mut self, entry: &Entry, scope: Scope<'_>) {
        if self.ids.last() != Some(&entry.id) {
            self.ids.push(entry.id);
        }
        let event = event(&entry.kind);
        if scope == Scope::Whole {
            self.tally.event(event);
        }
        if let Err(reject) = self.decode(entry, event, scope) {
            self.bury(letter::rejected(entry, &Parts::of(entry), None, &reject));
        }
        self.tally.set_superseded(self.staged.superseded());
    }

    pub(super) fn bury(&mut self, letter: DeadLetter) {
        self.dead_bytes += letter.data.len() + size_of::<DeadLetter>();
        self.dead.push(letter);
    }

    fn decode(&mut self, entry: &Entry, event: Event, scope: Scope<'_>) -> Result<(), Reject> {
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
        self.row(event_label(Kind::Handles, stamp.position), |key, cells| {
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
        self.row(event_label(Kind::Accounts, stamp.position), |key, cells| {
            rows::account(key, &account, &stamp, cells).map(|()| Outcome::Row)
        })?;
        let status = account.status.and_then(|status| status.as_str());
        if status == Some(DELETED) && self.account_deleted == AccountDeleted::Purge {
            // Under a uri that no record has: what the account was told later does not end it.
            self.set_uri(&["at://", account.did]);
            self.delete(Kind::Accounts, stamp.position);
        }
        self.partitions |= 1 << partition::of(account.did);
        Ok(())
    }
}

fn event(kind: &[u8]) -> Event {
    match kind {
        b"commit" => Event::Commit,
        b"identity" => Event::Identity,
        b"account" => Event::Account,
        _ => Event::Unknown,
    }
}

fn event_label(kind: Kind, position: Position) -> Label {
    Label {
        kind,
        verb: Verb::Put,
        position,
        novelty: Novelty::Again,
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
