//! Which position an entry of a backfill has (DESIGN, "Position").
//!
//! Pure arithmetic on clocks that are given. What it costs to be wrong: a stamp that is too late wins
//! over a live write, one that is too early only loses to it. So everything whose clock is not the
//! stream's is stamped earlier than it says.

use std::ops::Range;

use crate::position::{Micros, Position, StreamId};

/// 2016-01-01T00:00:00Z: before anything of this network was. Lines that have no clock at all are
/// stamped from here on, in their order, where no stream's entry can be stamped.
const BEFORE_ALL: Micros = 1_451_606_400_000_000;
/// Bits of a line's number.
const LINE_BITS: u32 = 32;
/// Sources that have ranges of their own: until 2020.
const RANGES: i64 = 1 << 15;

/// The clocks.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// Just before the stream's first entry: every entry that can still come is later.
    pub boundary: Micros,
    /// By how much other clocks may be ahead of the stream's.
    pub margin: Micros,
    /// Now, by the stream's clock.
    pub now: Micros,
    /// When the sources were made at the earliest, where that is known better than by themselves.
    pub exported_at: Option<Micros>,
}

impl Clocks {
    /// The stamp of a record of which only its `createdAt` is known, which its writer chose.
    #[must_use]
    pub fn unknown(&self, created_at: Option<Micros>) -> Micros {
        let at = created_at.unwrap_or(self.boundary);
        at.min(self.boundary).max(0)
    }

    /// The stamp of what another clock says.
    #[must_use]
    pub fn elsewhere(&self, at: Micros) -> Micros {
        at.min(self.now).saturating_sub(self.margin).max(0)
    }

    /// The moment as of which a repository's export is known to be right.
    #[must_use]
    pub fn as_of(&self, made_at: Option<Micros>) -> Option<Micros> {
        let at = made_at.max(self.exported_at)?;
        Some(self.elsewhere(at))
    }
}

/// The stamps of one source's lines without a clock.
#[must_use]
pub fn lines(source: i64) -> Range<Micros> {
    let start = BEFORE_ALL + (source.rem_euclid(RANGES) << LINE_BITS);
    start..start + (1 << LINE_BITS)
}

/// The stamp of a line without a clock.
#[must_use]
pub fn line(source: i64, number: u128) -> Micros {
    let range = lines(source);
    let number = Micros::try_from(number).unwrap_or(Micros::MAX);
    range.start.saturating_add(number).min(range.end - 1)
}

/// The id whose position is a stamp.
#[must_use]
pub fn id(at: Micros) -> StreamId {
    let at = at.max(0).unsigned_abs();
    StreamId {
        ms: at / 1_000,
        n: at % 1_000,
    }
}

/// The stamp of a stream's id.
#[must_use]
pub fn of_id(id: StreamId) -> Micros {
    Position::from(id).at
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCKS: Clocks = Clocks {
        boundary: 1_000_000,
        margin: 100,
        now: 2_000_000,
        exported_at: None,
    };

    #[test]
    fn no_stamp_without_a_clock_reaches_the_stream() {
        assert_eq!(CLOCKS.unknown(Some(500)), 500);
        assert_eq!(CLOCKS.unknown(Some(1_500_000)), 1_000_000);
        assert_eq!(CLOCKS.unknown(Some(-5)), 0);
        assert_eq!(CLOCKS.unknown(None), 1_000_000);
    }

    #[test]
    fn other_clocks_are_believed_less_a_margin_and_not_beyond_now() {
        assert_eq!(CLOCKS.elsewhere(1_500_000), 1_499_900);
        assert_eq!(CLOCKS.elsewhere(9_000_000), 1_999_900);
        assert_eq!(CLOCKS.elsewhere(5), 0);
        assert_eq!(CLOCKS.as_of(None), None);
        let exported = Clocks {
            exported_at: Some(1_700_000),
            ..CLOCKS
        };
        assert_eq!(exported.as_of(Some(5_000)), Some(1_699_900));
        assert_eq!(exported.as_of(None), Some(1_699_900));
    }

    #[test]
    fn stamps_are_ids_and_back() {
        for at in [0, 1, 999, 1_000, 1_783_175_888_085_434] {
            assert_eq!(of_id(id(at)), at);
        }
    }

    #[test]
    fn lines_of_two_sources_never_meet() {
        assert_eq!(line(1, 5), lines(1).start + 5);
        assert_eq!(lines(1).end, lines(2).start);
        assert_eq!(line(1, u128::MAX), lines(1).end - 1);
        assert!(lines(RANGES - 1).end < 1_600_000_000_000_000);
    }
}
