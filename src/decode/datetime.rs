//! Dates as records write them, as microseconds since 1970.
//!
//! RFC 3339, and leniently what clients of the network also write (CONTRACT §3). It knows no
//! clock: what to put in the place of a date that it cannot read is the caller's decision.

use crate::position::Micros;
use jiff::civil::Date;

/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
const FIRST: Micros = -62_135_596_800_000_000;
const LAST: Micros = 253_402_300_799_999_999;
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads a date: RFC 3339; also a space for `T`, any number of fraction digits (cut at
/// microseconds), no offset (UTC), or a date alone (midnight UTC). `None` for anything else and
/// for what lies outside years 1 to 9999 UTC.
#[must_use]
pub fn parse(text: &str) -> Option<Micros> {
    let text = text.as_bytes();
    let days = date(text.get(..10)?)?;
    let micros = match text.get(10..)? {
        [] => 0,
        [b'T' | b't' | b' ', time @ ..] => time_of_day(time)?,
        _ => return None,
    };
    let at = days * SECONDS_PER_DAY * MICROS_PER_SECOND + micros;
    (FIRST..=LAST).contains(&at).then_some(at)
}

/// `YYYY-MM-DD` as days since 1970.
fn date(text: &[u8]) -> Option<i64> {
    if text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = i16::try_from(number(&text[..4])?).ok()?;
    let month = i8::try_from(number(&text[5..7])?).ok()?;
    let day = i8::try_from(number(&text[8..])?).ok()?;
    let date = Date::new(year, month, day).ok()?;
    Some(date.duration_since(Date::constant(1970, 1, 1)).as_secs() / SECONDS_PER_DAY)
}

/// `hh:mm:ss`, fraction and offset, as microseconds since midnight UTC (so it may be negative).
fn time_of_day(text: &[u8]) -> Option<Micros> {
    let (clock, rest) = text.split_at_checked(8)?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let hour = number(&clock[..2]).filter(|&hour| hour < 24)?;
    let minute = number(&clock[3..5]).filter(|&minute| minute < 60)?;
    // 60 is a leap second: the first moment of the next minute.
    let second = number(&clock[6..]).filter(|&second| second <= 60)?;
    let (fraction, rest) = fraction(rest)?;
    let seconds = hour * 3600 + minute * 60 + second - offset(rest)?;
    Some(seconds * MICROS_PER_SECOND + fraction)
}

/// The fraction in microseconds, what is finer cut off, and what follows it.
fn fraction(text: &[u8]) -> Option<(Micros, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = digits
        .iter()
        .take_while(|digit| digit.is_ascii_digit())
        .count();
    let (digits, rest) = digits.split_at(length);
    let micros = (0..6).fold(0, |sum, index| {
        sum * 10
            + digits
                .get(index)
                .map_or(0, |digit| Micros::from(digit - b'0'))
    });
    (length > 0).then_some((micros, rest))
}

/// Seconds east of UTC: `Z`, nothing or `+hh:mm`. RFC 3339 has no other form, and a guess at one
/// would store a wrong time where the stream's is nearly right.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let [a, b, b':', c, d] = digits else {
        return None;
    };
    let (hours, minutes) = (number(&[*a, *b])?, number(&[*c, *d])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = 1_783_166_400_000_000; // 2026-07-04T12:00:00Z

    #[test]
    fn reads_rfc_3339() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-07-04T12:00:00Z"), Some(NOON));
        assert_eq!(parse("2026-07-04t12:00:00.123456z"), Some(NOON + 123_456));
        assert_eq!(parse("2026-07-04T14:00:00+02:00"), Some(NOON));
        assert_eq!(parse("2026-07-04T06:30:00-05:30"), Some(NOON));
        assert_eq!(parse("2026-07-05T00:00:00+12:00"), Some(NOON));
        assert_eq!(parse("2026-07-04T11:59:60Z"), Some(NOON));
        assert_eq!(parse("2024-02-29T00:00:00Z"), Some(1_709_164_800_000_000));
    }

    #[test]
    fn reads_leniently_what_clients_write() {
        assert_eq!(parse("2026-07-04 12:00:00"), Some(NOON));
        assert_eq!(parse("2026-07-04T12:00:00.1"), Some(NOON + 100_000));
        assert_eq!(
            parse("2026-07-04T12:00:00.1234569999Z"),
            Some(NOON + 123_456)
        );
        assert_eq!(parse("2026-07-04"), Some(NOON - 43_200_000_000));
    }

    #[test]
    fn holds_to_years_1_to_9999() {
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(FIRST));
        assert_eq!(parse("9999-12-31T23:59:59.999999Z"), Some(LAST));
        assert_eq!(parse("0001-01-01T00:00:00+00:01"), None);
        assert_eq!(parse("9999-12-31T23:59:59-00:01"), None);
        assert_eq!(parse("0000-01-01T00:00:00Z"), None);
        assert_eq!(parse("9999-12-31T23:59:60Z"), None);
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "now",
            "2026",
            "2026-07",
            "2026-7-4",
            "2026-13-01",
            "2026-02-30",
            "2026-07-04T",
            "2026-07-04T12",
            "2026-07-04T12:00",
            "2026-07-04T24:00:00Z",
            "2026-07-04T12:60:00Z",
            "2026-07-04T12:00:61Z",
            "2026-07-04T12:00:00.Z",
            "2026-07-04T12:00:00ZZ",
            "2026-07-04T12:00:00+2",
            "2026-07-04T12:00:00+02",
            "2026-07-04T12:00:00+0200",
            "2026-07-04T12:00:00+25:00",
            "12026-07-04T12:00:00Z",
            "-026-07-04",
            "2026-07-04Z",
            "2026-07-04T12:00:00é",
            "２０26-07-04",
            " 2026-07-04",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
