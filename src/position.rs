//! Where an event stands in the stream, and the version that its row carries for it.
//!
//! Pure arithmetic: it knows neither Redis nor PostgreSQL, only how the one's stream ids become
//! the other's timestamps. Everything that converges does so by comparing these values.

use std::fmt;
use std::str::FromStr;

/// A Redis stream id, `ms-n`: milliseconds since 1970 and a sequence number within them.
///
/// Ordered as Redis orders them (Redis manual, "Streams", entry ids).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds since 1970-01-01 UTC.
    pub ms: u64,
    /// Sequence number within the millisecond.
    pub n: u64,
}

/// Text that is not a stream id.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a stream id (milliseconds-sequence)")]
pub struct NotAStreamId(String);

impl FromStr for StreamId {
    type Err = NotAStreamId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAStreamId(text.to_owned());
        let (ms, n) = text.split_once('-').ok_or_else(wrong)?;
        Ok(StreamId {
            ms: ms.parse().map_err(|_| wrong())?,
            n: n.parse().map_err(|_| wrong())?,
        })
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.n)
    }
}

/// Microseconds since 1970-01-01 UTC: the clock of `timestamp` columns.
pub type Micros = i64;

/// The version of a row: the entry's stream id as PostgreSQL can hold it.
///
/// `at` is the id's milliseconds plus `min(n, 999)` microseconds, so that it grows with the id and
/// never reaches the next millisecond. Ids whose `n` exceeds 999 share one `at`; `tie` keeps their
/// whole `n` and is 0 for every other id. Compare both, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// What stands in `indexed_at`, microseconds since 1970.
    pub at: Micros,
    /// `n` where it exceeds 999, else 0.
    pub tie: i64,
}

/// The latest millisecond that a position can hold: the end of year 9999. Ids that are later (only
/// a hand-written XADD makes one) share it, and are ordered by `tie` alone.
const LAST_MS: u64 = 253_402_300_799_999;

/// The greatest `n` that fits into a millisecond's microseconds.
const LAST_N_IN_TIMESTAMP: u64 = 999;

impl From<StreamId> for Position {
    fn from(id: StreamId) -> Self {
        let ms = id.ms.min(LAST_MS);
        let micros = ms * 1000 + id.n.min(LAST_N_IN_TIMESTAMP);
        let tie = if id.n > LAST_N_IN_TIMESTAMP { id.n } else { 0 };
        Position {
            at: Micros::try_from(micros).unwrap_or(Micros::MAX),
            tie: i64::try_from(tie).unwrap_or(i64::MAX),
        }
    }
}

impl From<Position> for StreamId {
    /// An id at this position: the one that it came from, but for those after the year 9999.
    fn from(position: Position) -> Self {
        let micros = u64::try_from(position.at).unwrap_or_default();
        let n = match u64::try_from(position.tie) {
            Ok(tie) if tie > 0 => tie,
            _ => micros % 1000,
        };
        StreamId {
            ms: micros / 1000,
            n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        text.parse::<StreamId>().expect("a stream id").into()
    }

    #[test]
    fn grows_with_the_stream_id() {
        let ids = [
            "5-0", "5-1", "5-998", "5-999", "5-1000", "5-70000", "6-0", "6-1",
        ];
        for pair in ids.windows(2) {
            assert!(position(pair[0]) < position(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn never_reaches_the_next_millisecond() {
        assert_eq!(position("5-4000").at, 5_999);
        assert_eq!(position("5-4000").tie, 4_000);
        assert_eq!(position("5-999").tie, 0);
    }

    #[test]
    fn leads_back_to_an_id() {
        for text in ["0-0", "5-0", "5-999", "5-1000", "1783175888000-70000"] {
            let id: StreamId = text.parse().expect("a stream id");
            assert_eq!(StreamId::from(Position::from(id)), id);
        }
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "",
            "5",
            "5-",
            "-1",
            "a-1",
            "5-1-2",
            "18446744073709551616-0",
        ] {
            assert!(text.parse::<StreamId>().is_err(), "{text}");
        }
    }
}
