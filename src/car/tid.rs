//! The time in a TID: what revisions of a repository are (atproto.com/specs/tid).

use crate::position::Micros;

const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 13;
/// Below the time stand ten bits that tell clocks apart.
const CLOCK_BITS: u32 = 10;

/// The time that a TID was made at, in microseconds since 1970; `None` for what is no TID.
#[must_use]
pub fn micros(tid: &str) -> Option<Micros> {
    if tid.len() != LENGTH {
        return None;
    }
    let mut value = 0_u64;
    for byte in tid.bytes() {
        let digit = DIGITS.iter().position(|&digit| digit == byte)? as u64;
        // The first digit holds four bits: with five the number would not fit.
        if value >> 59 != 0 {
            return None;
        }
        value = value << 5 | digit;
    }
    Micros::try_from(value >> CLOCK_BITS).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_time() {
        // 2026-07-04T14:38:07.8Z, of a revision of that moment.
        let at = micros("3mptbypluud2a").expect("a TID");
        assert_eq!(at / 1_000_000, 1_783_175_887);
        assert_eq!(micros("2222222222222"), Some(0));
    }

    #[test]
    fn refuses_what_is_none() {
        for text in [
            "",
            "3mptbypluud2",
            "3mptbypluud2aa",
            "3mptbypluud21",
            "zzzzzzzzzzzzz",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
