//! What a batch has seen, mended and left out, in numbers.
//!
//! Plain counters that can be added up. It does not know where the numbers are shown, nor whether
//! the batch was committed: that is for whoever adds them to a total.

use crate::stage::Kind;

/// The types of stream entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `commit`.
    Commit,
    /// `identity`.
    Identity,
    /// `account`.
    Account,
    /// Any other: acknowledged and nothing else.
    Unknown,
}

/// What an op does to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A new record.
    Create,
    /// Another state of a record.
    Update,
    /// The record is gone.
    Delete,
}

/// Collections that are counted and not stored (CONTRACT §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstored {
    /// app.bsky.actor.status.
    ActorStatus,
    /// app.bsky.notification.declaration.
    NotificationDeclaration,
    /// chat.bsky.actor.declaration.
    ChatDeclaration,
    /// A profile whose record key is not `self`.
    ProfileNotSelf,
}

/// What was changed in a value so that it could be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repair {
    /// Data that was not UTF-8: U+FFFD put in.
    NotUtf8,
    /// Halves of surrogate pairs: U+FFFD in their place.
    LoneSurrogate,
    /// NULs in text: U+FFFD in their place.
    Nul,
    /// A creation date that is missing or cannot be read: the stream time stored.
    CreatedAt,
    /// A commit's time that cannot be read: NULL stored.
    CommitTime,
    /// A sequence number or revision that its column does not take: NULL stored.
    CommitMeta,
    /// A text cut at its column's length.
    Cut,
    /// A record without CID where the column needs one: `''` stored.
    Cid,
    /// An optional field of another JSON type: NULL stored, or the part left out.
    WrongType,
}

/// Things seen that have no place in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A row of the batch replaced by another of the same uri before it was sent.
    Superseded,
    /// A thread or post gate whose `post` is not the post of its record key.
    GatePostMismatch,
    /// A thread gate's follower rule, for which there is no column.
    FollowerRule,
}

const EVENTS: [&str; 4] = ["commit", "identity", "account", "unknown_type"];
const ACTIONS: [&str; 3] = ["ops_created", "ops_updated", "ops_deleted"];
const UNSTORED: [&str; 4] = [
    "app.bsky.actor.status",
    "app.bsky.notification.declaration",
    "chat.bsky.actor.declaration",
    "app.bsky.actor.profile/not-self",
];
const REPAIRS: [&str; 9] = [
    "not_utf8",
    "lone_surrogate",
    "nul",
    "created_at",
    "commit_time",
    "commit_meta",
    "cut",
    "cid",
    "wrong_type",
];
const ODDITIES: [&str; 3] = ["superseded", "gate_post_mismatch", "follower_rule"];

/// The counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    events: [u64; EVENTS.len()],
    ops: [[u64; Kind::ALL.len()]; ACTIONS.len()],
    unstored: [u64; UNSTORED.len()],
    repairs: [u64; REPAIRS.len()],
    oddities: [u64; ODDITIES.len()],
}

impl Tally {
    /// Counts an entry.
    pub fn event(&mut self, event: Event) {
        self.events[event as usize] += 1;
    }

    /// Counts an op of a collection that is stored, whatever becomes of it.
    pub fn op(&mut self, kind: Kind, action: Action) {
        self.ops[action as usize][kind as usize] += 1;
    }

    /// Counts an op that is not stored.
    pub fn unstored(&mut self, what: Unstored) {
        self.unstored[what as usize] += 1;
    }

    /// Counts repairs of one kind.
    pub fn repaired(&mut self, what: Repair, times: u64) {
        self.repairs[what as usize] += times;
    }

    /// Counts something odd.
    pub fn odd(&mut self, what: Oddity) {
        self.oddities[what as usize] += 1;
    }

    /// Sets how many rows were replaced: a row that was can come to stand again.
    pub fn set_superseded(&mut self, rows: u64) {
        self.oddities[Oddity::Superseded as usize] = rows;
    }

    /// How many entries of this type there were.
    #[must_use]
    pub fn events(&self, event: Event) -> u64 {
        self.events[event as usize]
    }

    /// How many ops of this kind and action there were.
    #[must_use]
    pub fn ops(&self, kind: Kind, action: Action) -> u64 {
        self.ops[action as usize][kind as usize]
    }

    /// How many ops were left out for this.
    #[must_use]
    pub fn unstored_count(&self, what: Unstored) -> u64 {
        self.unstored[what as usize]
    }

    /// How many repairs of this kind there were.
    #[must_use]
    pub fn repairs(&self, what: Repair) -> u64 {
        self.repairs[what as usize]
    }

    /// How often this was seen.
    #[must_use]
    pub fn oddities(&self, what: Oddity) -> u64 {
        self.oddities[what as usize]
    }

    /// Adds another's counters to these.
    pub fn add(&mut self, other: &Tally) {
        let pairs = self.counters_mut().zip(other.counters());
        pairs.for_each(|(mine, (_, _, theirs))| *mine += theirs);
    }

    /// Every counter as name, label and value, zeros too, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        self.counters()
    }

    fn counters(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> + '_ {
        let ops = ACTIONS.iter().zip(&self.ops).flat_map(|(name, kinds)| {
            Kind::ALL
                .iter()
                .zip(kinds)
                .map(|(kind, value)| (*name, kind.name(), *value))
        });
        labelled("events", &EVENTS, &self.events)
            .chain(ops)
            .chain(labelled("ops_not_stored", &UNSTORED, &self.unstored))
            .chain(labelled("repaired", &REPAIRS, &self.repairs))
            .chain(labelled("odd", &ODDITIES, &self.oddities))
    }

    fn counters_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        self.events
            .iter_mut()
            .chain(self.ops.iter_mut().flatten())
            .chain(&mut self.unstored)
            .chain(&mut self.repairs)
            .chain(&mut self.oddities)
    }
}

fn labelled<'a>(
    name: &'static str,
    labels: &'a [&'static str],
    values: &'a [u64],
) -> impl Iterator<Item = (&'static str, &'static str, u64)> + 'a {
    labels
        .iter()
        .zip(values)
        .map(move |(label, value)| (name, *label, *value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_and_lists() {
        let mut a = Tally::default();
        a.event(Event::Commit);
        a.op(Kind::Likes, Action::Create);
        a.unstored(Unstored::ChatDeclaration);
        a.repaired(Repair::WrongType, 3);
        a.odd(Oddity::FollowerRule);
        let mut b = a.clone();
        b.add(&a);
        let listed: Vec<_> = b.iter().filter(|(_, _, value)| *value > 0).collect();
        assert_eq!(
            listed,
            [
                ("events", "commit", 2),
                ("ops_created", "likes", 2),
                ("ops_not_stored", "chat.bsky.actor.declaration", 2),
                ("repaired", "wrong_type", 6),
                ("odd", "follower_rule", 2),
            ]
        );
        assert_eq!(b.ops(Kind::Likes, Action::Create), 2);
    }
}
