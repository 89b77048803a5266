//! The forms in which a blob's CID comes, and the one in which it is kept.
//!
//! The Python reader writes a CID's bytes in hex; records have it in base32 with multibase prefix
//! `b` (atproto.com/specs/data-model, "Link and CID formats"). It knows CIDs of version 1 and
//! leaves every other text as it is.

use crate::decode::pick;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};
use std::borrow::Cow;

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The CID that a blob's `ref` names: text, `{"$link": text}` or `{"link": text}`.
#[must_use]
pub fn of_ref(reference: &Value) -> Option<Cow<'_, str>> {
    if let Some(text) = reference.as_str() {
        return Some(in_base32(text));
    }
    let [typed, plain] = pick(reference.as_object()?, ["$link", "link"]);
    typed.or(plain)?.as_str().map(in_base32)
}

/// A CID in hex as base32; any other text as it is.
#[must_use]
pub fn in_base32(text: &str) -> Cow<'_, str> {
    match bytes_of_hex(text)
        .as_deref()
        .and_then(without_multibase_prefix)
    {
        Some(cid) => Cow::Owned(base32(cid)),
        None => Cow::Borrowed(text),
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let looks_so = text.starts_with('0') && text.len().is_multiple_of(2) && text.len() <= 512;
    if !looks_so {
        return None;
    }
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(nibble(pair[0])? << 4 | nibble(pair[1])?))
        .collect()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// The CID itself, if `bytes` are one of version 1: in DAG-CBOR a zero byte stands before it.
fn without_multibase_prefix(bytes: &[u8]) -> Option<&[u8]> {
    let cid = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    is_version_1(cid).then_some(cid)
}

fn is_version_1(cid: &[u8]) -> bool {
    let whole = || {
        let (version, rest) = varint(cid)?;
        let (_codec, rest) = varint(rest)?;
        let (_hash, rest) = varint(rest)?;
        let (length, digest) = varint(rest)?;
        Some(version == 1 && usize::try_from(length).ok()? == digest.len() && !digest.is_empty())
    };
    whole().unwrap_or(false)
}

/// An unsigned LEB128 number, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// The text of a CID of version 1, from its bytes; whoever has them has checked them.
#[must_use]
pub fn of_bytes(cid: &[u8]) -> String {
    base32(cid)
}

/// Multibase base32: lower case, no padding (RFC 4648, section 6), prefix `b`.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(1 + bytes.len().div_ceil(5) * 8);
    out.push('b');
    let (mut held, mut bits) = (0_u16, 0_u32);
    for &byte in bytes {
        held = (held << 8) | u16::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(digit(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        out.push(digit(held << (5 - bits)));
    }
    out
}

fn digit(five_bits: u16) -> char {
    char::from(BASE32[usize::from(five_bits & 31)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1";
    const TEXT: &str = "bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e";

    #[test]
    fn turns_hex_into_base32() {
        assert_eq!(in_base32(HEX), TEXT);
        assert_eq!(in_base32(&HEX.to_uppercase()), TEXT);
        assert_eq!(in_base32(&format!("00{HEX}")), TEXT);
    }

    #[test]
    fn leaves_what_is_no_hex_cid() {
        for text in [
            TEXT,
            "",
            "0",
            "01",
            "0155",
            &HEX[2..],
            &HEX[..70],
            "QmX",
            "0zz5",
        ] {
            assert_eq!(in_base32(text), text);
        }
    }

    #[test]
    fn reads_every_form_of_a_ref() {
        for json in [
            format!("\"{HEX}\""),
            format!("\"{TEXT}\""),
            format!("{{\"$link\":\"{TEXT}\"}}"),
            format!("{{\"link\":\"{HEX}\"}}"),
            format!("{{\"link\":\"{TEXT}\"}}"),
        ] {
            let value: Value = sonic_rs::from_str(&json).expect("JSON");
            assert_eq!(of_ref(&value).as_deref(), Some(TEXT), "{json}");
        }
        for json in ["5", "null", "{}", "[]", "{\"link\":5}"] {
            let value: Value = sonic_rs::from_str(json).expect("JSON");
            assert_eq!(of_ref(&value), None, "{json}");
        }
    }
}
