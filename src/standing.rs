//! How the group stands to its stream, worked out from Redis' own counters.
//!
//! Pure arithmetic on one look at both. It knows what the counters mean (Redis 7.0 counts what was
//! trimmed unread as if it still had to be read), and neither who looks nor what is then said.

use std::time::Duration;

use crate::position::StreamId;

/// The stream's counters (XINFO STREAM).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// Entries that it holds.
    pub length: u64,
    /// Entries that were ever added.
    pub added: u64,
    /// The oldest that it holds.
    pub first: Option<StreamId>,
    /// The last id that it gave.
    pub last: StreamId,
    /// The greatest id that was removed by XDEL; trimming leaves it alone.
    pub deleted_most: StreamId,
}

/// The group's counters (XINFO GROUPS, XPENDING).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounters {
    /// The last id that it gave out.
    pub delivered: StreamId,
    /// How many of the entries ever added it has given out; `None` where Redis does not know.
    pub read: Option<u64>,
    /// How many it has still to give out, by Redis' reckoning; `None` where it does not know.
    pub lag: Option<u64>,
    /// Given out and not acknowledged.
    pub pending: u64,
    /// The least of these.
    pub pending_least: Option<StreamId>,
}

/// Both at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// The stream's.
    pub stream: StreamCounters,
    /// The group's.
    pub group: GroupCounters,
}

/// How many of the entries ever added the group's counter does not cover although they are not to
/// come any more: they were trimmed before anyone read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Exactly so many since the group was made: nothing is left to read.
    Exactly(u64),
    /// So many by now: there is a gap before the next entry, and it may widen.
    AtLeast(u64),
}

/// How far behind the worker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Entries that the stream holds.
    pub length: u64,
    /// Entries not given out yet; `None` where Redis does not know.
    pub backlog: Option<u64>,
    /// Given out and not acknowledged.
    pub pending: u64,
    /// How much older the oldest entry that is not stored is than the stream's last, by the
    /// stream's own clock.
    pub lag: Duration,
}

impl Look {
    fn is_drained(&self) -> bool {
        self.group.delivered >= self.stream.last
    }

    /// The group's next entry is the stream's first, so that everything before that is over.
    fn is_before_first(&self) -> bool {
        self.stream
            .first
            .is_none_or(|first| self.group.delivered < first)
    }

    /// What was trimmed unread; `None` while that cannot be told.
    ///
    /// XDEL makes the counters useless while what it removed lies ahead.
    #[must_use]
    pub fn unread(&self) -> Option<Unread> {
        let StreamCounters { added, length, .. } = self.stream;
        let read = self.group.read?;
        if self.is_drained() {
            return Some(Unread::Exactly(added.saturating_sub(read)));
        }
        if self.is_before_first() && self.stream.deleted_most <= self.group.delivered {
            let over = added.saturating_sub(length);
            return Some(Unread::AtLeast(over.saturating_sub(read)));
        }
        None
    }

    /// How far behind the worker is, when so many are known to have been trimmed unread.
    #[must_use]
    pub fn standing(&self, unread: u64) -> Standing {
        let backlog = if self.is_drained() {
            Some(0)
        } else if self.is_before_first() {
            Some(self.stream.length)
        } else {
            self.group.lag.map(|lag| lag.saturating_sub(unread))
        };
        Standing {
            length: self.stream.length,
            backlog,
            pending: self.group.pending,
            lag: Duration::from_millis(self.stream.last.ms.saturating_sub(self.oldest().ms)),
        }
    }

    fn oldest(&self) -> StreamId {
        let next = if self.is_before_first() && !self.is_drained() {
            self.stream.first.unwrap_or(self.stream.last)
        } else {
            self.group.delivered
        };
        self.group
            .pending_least
            .map_or(next, |least| least.min(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> StreamId {
        StreamId { ms, n: 0 }
    }

    fn look(added: u64, length: u64, delivered: u64, read: Option<u64>) -> Look {
        Look {
            stream: StreamCounters {
                length,
                added,
                first: (length > 0).then(|| id(added - length + 1)),
                last: id(added),
                deleted_most: StreamId::default(),
            },
            group: GroupCounters {
                delivered: id(delivered),
                read,
                lag: read.map(|read| added - read),
                ..GroupCounters::default()
            },
        }
    }

    #[test]
    fn a_gap_before_the_next_entry_is_what_was_trimmed_unread() {
        let gap = look(1_000, 100, 300, Some(300));
        assert_eq!(gap.unread(), Some(Unread::AtLeast(600)));
        assert_eq!(gap.standing(600).backlog, Some(100));
        let all = look(1_000, 0, 300, Some(300));
        assert_eq!(all.unread(), Some(Unread::AtLeast(700)));
        assert_eq!(all.standing(700).backlog, Some(0));
    }

    #[test]
    fn redis_goes_on_counting_what_was_trimmed() {
        let read_on = look(1_000, 100, 950, Some(350));
        assert_eq!(read_on.unread(), None);
        assert_eq!(read_on.standing(600).backlog, Some(50));
        let drained = look(1_000, 100, 1_000, Some(400));
        assert_eq!(drained.unread(), Some(Unread::Exactly(600)));
        assert_eq!(drained.standing(600).backlog, Some(0));
    }

    #[test]
    fn unknown_stays_unknown() {
        let unknown = look(1_000, 500, 700, None);
        assert_eq!(unknown.unread(), None);
        assert_eq!(unknown.standing(0).backlog, None);
        let mut deleted = look(1_000, 100, 300, Some(300));
        deleted.stream.deleted_most = id(800);
        assert_eq!(deleted.unread(), None);
    }

    #[test]
    fn lag_is_the_age_of_the_oldest_that_is_not_stored() {
        let mut behind = look(1_000, 600, 700, Some(700));
        assert_eq!(behind.standing(0).lag, Duration::from_millis(300));
        behind.group.pending_least = Some(id(650));
        assert_eq!(behind.standing(0).lag, Duration::from_millis(350));
        assert_eq!(
            look(1_000, 600, 1_000, Some(1_000)).standing(0).lag,
            Duration::ZERO
        );
    }
}
