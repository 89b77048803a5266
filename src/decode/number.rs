//! Whether a JSON number fits into PostgreSQL's `numeric`, which is what jsonb keeps numbers as.
//!
//! Pure arithmetic on the number's text. It matters before COPY, because the server refuses the
//! whole COPY for one number that does not fit.

/// Most digits before the point (PostgreSQL manual, "Numeric Types").
const DIGITS_BEFORE_POINT_MAX: i64 = 131_072;
/// Most digits after the point (the same).
const DIGITS_AFTER_POINT_MAX: i64 = 16_383;
/// The exponent at which `numeric_in` gives up before it looks at the digits.
const EXPONENT_MAX: i64 = (i32::MAX / 2) as i64;

/// How many digits `text`, a number as JSON writes it, has in a jsonb value, where `1e9` has ten;
/// `None` if jsonb does not take it.
#[must_use]
pub fn digits_of(text: &str) -> Option<usize> {
    let short = text.len() <= 1_000;
    if short && !text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        return Some(text.len());
    }
    exactly(text)
}

fn exactly(text: &str) -> Option<usize> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = small_exponent(exponent)?;
    let mantissa = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let scale = digits(fraction.len()) - exponent;
    let first = whole
        .bytes()
        .chain(fraction.bytes())
        .position(|digit| digit != b'0');
    let before = first.map_or(0, |zeros| digits(whole.len()) - digits(zeros) + exponent);
    if scale > DIGITS_AFTER_POINT_MAX || before > DIGITS_BEFORE_POINT_MAX {
        return None;
    }
    usize::try_from(before.max(0) + scale.max(0)).ok()
}

fn small_exponent(text: &str) -> Option<i64> {
    let exponent: i64 = text.parse().ok()?;
    (exponent.abs() < EXPONENT_MAX).then_some(exponent)
}

fn digits(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_numeric_takes() {
        let long = "9".repeat(131_072);
        let fine = format!("0.{}", "1".repeat(16_383));
        for text in [
            "0",
            "-0",
            "1.5",
            "1e5",
            "1E+5",
            "-1e-5",
            "1e131071",
            "0e200000",
            "1.5e-16382",
            &long,
            &fine,
        ] {
            assert!(digits_of(text).is_some(), "{}", &text[..text.len().min(30)]);
        }
    }

    #[test]
    fn counts_what_an_exponent_stands_for() {
        let counts = [
            ("12", 2),
            ("1e9", 10),
            ("-1.5e3", 4),
            ("1.5e-3", 4),
            ("0e9", 0),
        ];
        for (text, count) in counts {
            assert_eq!(digits_of(text), Some(count), "{text}");
        }
        assert_eq!(digits_of("1e131071"), Some(131_072));
    }

    #[test]
    fn refuses_what_numeric_refuses() {
        let long = "9".repeat(131_073);
        let fine = format!("0.{}", "1".repeat(16_384));
        for text in [
            "1e131072",
            "1e-16384",
            "0e-16384",
            "1e1073741823",
            "0e99999999999999999999",
            "10e131071",
            &long,
            &fine,
        ] {
            assert!(digits_of(text).is_none(), "{}", &text[..text.len().min(30)]);
        }
    }
}
