//! The model's reading of dates (CONTRACT §3), by hand.

/// Microseconds since 1970, for what CONTRACT §3 takes for a date.
pub fn parse(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, month, day) = (
        digits(date.get(..4)?)?,
        digits(date.get(5..7)?)?,
        digits(date.get(8..)?)?,
    );
    if date.get(4..5) != Some("-") || date.get(7..8) != Some("-") {
        return None;
    }
    let days = days(year, month, day)?;
    let micros = if rest.is_empty() { 0 } else { time(rest)? };
    let at = days * 86_400_000_000 + micros;
    let first = days_from_civil(1, 1, 1) * 86_400_000_000;
    let end = days_from_civil(10_000, 1, 1) * 86_400_000_000;
    (first..end).contains(&at).then_some(at)
}

fn digits(text: &str) -> Option<i64> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    (1..=length)
        .contains(&day)
        .then(|| days_from_civil(year, month, day))
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// `T14:38:08.123456789+09:00` and its shorter forms, as microseconds from the day's beginning.
fn time(text: &str) -> Option<i64> {
    let text = text.strip_prefix(['T', 't', ' '])?;
    let (clock, rest) = text.split_at_checked(8)?;
    let (hour, minute, second) = (
        digits(&clock[..2])?,
        digits(clock.get(3..5)?)?,
        digits(&clock[6..])?,
    );
    if &clock[2..3] != ":" || &clock[5..6] != ":" || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = fraction(rest)?;
    let seconds = hour * 3600 + minute * 60 + second - offset(zone)?;
    Some(seconds * 1_000_000 + fraction)
}

/// The fraction in microseconds, cut; and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(text) = text.strip_prefix('.') else {
        return Some((0, text));
    };
    let end = text
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(text.len());
    let (fraction, zone) = text.split_at(end);
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    if fraction.is_empty() {
        None
    } else {
        Some((digits(&six)?, zone))
    }
}

/// Seconds east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone == "Z" || zone == "z" {
        return Some(0);
    }
    if zone.len() != 6 || !zone.is_ascii() || &zone[3..4] != ":" {
        return None;
    }
    let (hours, minutes) = (digits(&zone[1..3])?, digits(&zone[4..])?);
    let sign = match &zone[..1] {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn all_that_the_contract_takes() {
        let same = 1_783_175_888_123_456;
        for text in [
            "2026-07-04T14:38:08.123456Z",
            "2026-07-04 14:38:08.123456",
            "2026-07-04T23:38:08.123456+09:00",
            "2026-07-04T09:08:08.123456999-05:30",
        ] {
            assert_eq!(parse(text), Some(same), "{text}");
        }
        assert_eq!(
            parse("2026-07-04T14:37:60Z"),
            parse("2026-07-04T14:38:00Z"),
            "a leap second"
        );
        assert_eq!(parse("2026-07-04"), Some(1_783_123_200_000_000));
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(-62_135_596_800_000_000));
    }

    #[test]
    fn nothing_else() {
        for text in [
            "",
            "yesterday",
            "0000-01-01T00:00:00Z",
            "2026-02-29",
            "2026-13-01",
            "2026-07-04T24:00:00Z",
            "2026-07-04T14:38",
            "0001-01-01T00:00:00+09:00",
            "9999-12-31T23:59:59-01:00",
            "12026-07-04",
            "2026-07-04T14:38:08.Z",
            "２０２６-07-04",
            "2026-07-04T14:38:08+0900",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
