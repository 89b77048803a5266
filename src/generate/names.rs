//! DIDs, record keys, CIDs and dates that look like the network's own.
//!
//! All are made from small numbers, so that the generator remembers numbers and not text. It knows
//! nothing of records.

use super::random::mix;

/// Microseconds since 1970 at which the generated day begins: 2026-07-04T14:38:08Z.
pub(super) const BASE: u64 = 1_783_175_888_000_000;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// The alphabet of TIDs, which sorts as their numbers do (atproto.com/specs/tid).
const SORTABLE: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// What a CID names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// A record: `dag-cbor`, `bafyrei…`.
    Record = 0x71,
    /// A blob: `raw`, `bafkrei…`.
    Blob = 0x55,
}

/// Appends `did:plc:` and 24 letters that follow from the user's number.
pub(super) fn push_did(out: &mut String, seed: u64, user: u32) {
    out.push_str("did:plc:");
    let mut bits = mix(seed ^ u64::from(user));
    for i in 0..24 {
        if i == 12 {
            bits = mix(bits ^ (u64::from(user) << 16) ^ seed.rotate_left(8));
        }
        out.push(char::from(BASE32[(bits & 31) as usize]));
        bits >>= 5;
    }
}

/// Appends a TID: 13 letters.
pub(super) fn push_tid(out: &mut String, tid: u64) {
    for i in (0..13).rev() {
        out.push(char::from(SORTABLE[((tid >> (5 * i)) & 31) as usize]));
    }
}

/// The TID of a moment in microseconds and a clock's number below 1024.
pub(super) fn tid(micros: u64, clock: u32) -> u64 {
    ((micros << 10) | u64::from(clock & 1023)) & (u64::MAX >> 1)
}

/// The 36 bytes of a CIDv1: version, codec, sha2-256, length and a digest that follows from `seed`.
fn cid_bytes(codec: Codec, seed: u64) -> [u8; 36] {
    let mut bytes = [0u8; 36];
    bytes[..4].copy_from_slice(&[0x01, codec as u8, 0x12, 0x20]);
    let mut word = seed;
    for chunk in bytes[4..].chunks_exact_mut(8) {
        word = mix(word);
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// Appends a CID in base32, 59 letters.
pub(super) fn push_cid(out: &mut String, codec: Codec, seed: u64) {
    out.push('b');
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in cid_bytes(codec, seed) {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(BASE32[((buffer >> bits) & 31) as usize]));
        }
        buffer &= (1 << bits) - 1;
    }
    out.push(char::from(BASE32[((buffer << (5 - bits)) & 31) as usize]));
}

/// Appends a CID's bytes in hex, as the SDK writes a blob's `ref`.
pub(super) fn push_cid_hex(out: &mut String, codec: Codec, seed: u64) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in cid_bytes(codec, seed) {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// How a date is written; all are met on the network.
#[derive(Clone, Copy)]
pub(super) enum DateStyle {
    /// `…T14:38:08.123Z`, by far the most.
    Millis,
    /// `…T14:38:08.123456Z`
    Micros,
    /// `…T14:38:08Z`
    Seconds,
    /// `…T14:38:08.123456+00:00`
    ZeroOffset,
    /// The same moment at nine hours east of Greenwich.
    East,
}

/// Appends the moment as text.
pub(super) fn push_date(out: &mut String, micros: u64, style: DateStyle) {
    const NINE_HOURS: u64 = 9 * 3600 * 1_000_000;
    let (micros, digits, zone) = match style {
        DateStyle::Millis => (micros, 3, "Z"),
        DateStyle::Micros => (micros, 6, "Z"),
        DateStyle::Seconds => (micros, 0, "Z"),
        DateStyle::ZeroOffset => (micros, 6, "+00:00"),
        DateStyle::East => (micros + NINE_HOURS, 3, "+09:00"),
    };
    let seconds = micros / 1_000_000;
    let (year, month, day) = civil(seconds / 86_400);
    push_padded(out, year, 4);
    out.push('-');
    push_padded(out, month, 2);
    out.push('-');
    push_padded(out, day, 2);
    out.push('T');
    push_padded(out, seconds / 3600 % 24, 2);
    out.push(':');
    push_padded(out, seconds / 60 % 60, 2);
    out.push(':');
    push_padded(out, seconds % 60, 2);
    push_fraction(out, micros % 1_000_000, digits);
    out.push_str(zone);
}

fn push_fraction(out: &mut String, micros: u64, digits: usize) {
    match digits {
        0 => {}
        3 => {
            out.push('.');
            push_padded(out, micros / 1000, 3);
        }
        _ => {
            out.push('.');
            push_padded(out, micros, 6);
        }
    }
}

fn push_padded(out: &mut String, value: u64, width: u32) {
    for i in (0..width).rev() {
        let digit = value / 10u64.pow(i) % 10;
        out.push(char::from(b'0' + digit as u8));
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(push: impl Fn(&mut String)) -> String {
        let mut out = String::new();
        push(&mut out);
        out
    }

    #[test]
    fn dates_are_the_calendars() {
        let at = |style| text(|out| push_date(out, BASE + 123_456, style));
        assert_eq!(at(DateStyle::Millis), "2026-07-04T14:38:08.123Z");
        assert_eq!(
            at(DateStyle::ZeroOffset),
            "2026-07-04T14:38:08.123456+00:00"
        );
        assert_eq!(at(DateStyle::East), "2026-07-04T23:38:08.123+09:00");
        let leap = text(|out| push_date(out, 1_709_208_000_000_000, DateStyle::Seconds));
        assert_eq!(leap, "2024-02-29T12:00:00Z");
    }

    #[test]
    fn cids_have_their_prefix_and_length() {
        let record = text(|out| push_cid(out, Codec::Record, 7));
        assert!(
            record.starts_with("bafyrei") && record.len() == 59,
            "{record}"
        );
        let blob = text(|out| push_cid(out, Codec::Blob, 7));
        assert!(blob.starts_with("bafkrei") && blob.len() == 59, "{blob}");
        let hex = text(|out| push_cid_hex(out, Codec::Blob, 7));
        assert!(hex.starts_with("01551220") && hex.len() == 72, "{hex}");
    }

    #[test]
    fn tids_sort_as_their_moments() {
        let early = text(|out| push_tid(out, tid(BASE, 5)));
        let late = text(|out| push_tid(out, tid(BASE + 1, 4)));
        assert!(
            early < late && early.len() == 13 && early.starts_with("3mp"),
            "{early}"
        );
    }
}
