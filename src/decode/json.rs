//! From bytes to a JSON value that is safe to walk, whatever the bytes.
//!
//! The parser recurses, so nesting is bounded before it starts: 100,000 brackets would otherwise
//! overflow the stack, which nothing can catch. It mends what is not UTF-8 and lone surrogates,
//! and says so; it does not know what the value means.

use crate::decode::span;
use serde::Deserialize;
use sonic_rs::{Deserializer, Value};
use std::borrow::Cow;

/// Nesting that the parser is given at most. More than twice what jsonb columns take (128), so
/// that what is cut here is still seen as too deep there.
const PARSED_DEPTH_MAX: usize = 256;

/// A JSON value, and what had to be mended for it.
#[derive(Debug)]
pub struct Parsed {
    /// The value. Its numbers are kept as they were written.
    pub value: Value,
    /// Some bytes were not UTF-8 and became U+FFFD.
    pub was_not_utf8: bool,
    /// How many `\u` escapes were halves of a surrogate pair and became U+FFFD.
    pub lone_surrogates: u64,
}

/// Parses one JSON value with nothing behind it but white space; `None` if it is not that.
#[must_use]
pub fn parse(data: &[u8]) -> Option<Parsed> {
    let text = match simdutf8::basic::from_utf8(data) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(data),
    };
    let was_not_utf8 = matches!(text, Cow::Owned(_));
    let shallow = bound_depth(&text)?;
    let mut parser = Deserializer::from_str(&shallow)
        .use_rawnumber()
        .utf8_lossy();
    let value = Value::deserialize(&mut parser).ok()?;
    parser.end().ok()?;
    Some(Parsed {
        value,
        was_not_utf8,
        lone_surrogates: lone_surrogates(shallow.as_bytes()),
    })
}

/// The text with every container below [`PARSED_DEPTH_MAX`] emptied. Without this a few hundred
/// kilobytes of brackets would end the process.
fn bound_depth(text: &str) -> Option<Cow<'_, str>> {
    if text.len() <= 2 * PARSED_DEPTH_MAX || openings(text.as_bytes()) <= PARSED_DEPTH_MAX {
        return Some(Cow::Borrowed(text));
    }
    let deep = deep_containers(text.as_bytes())?;
    if deep.is_empty() {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for container in deep {
        out.push_str(text.get(from..container.start)?);
        out.push_str("[]");
        from = container.end;
    }
    out.push_str(text.get(from..)?);
    Some(Cow::Owned(out))
}

/// How many brackets open; an upper bound of the depth, at memory speed.
fn openings(text: &[u8]) -> usize {
    let count = |chunk: &[u8]| {
        chunk
            .iter()
            .map(|&byte| u8::from(byte == b'{') + u8::from(byte == b'['))
            .sum::<u8>()
    };
    text.chunks(128)
        .map(|chunk| usize::from(count(chunk)))
        .sum()
}

/// The outermost containers that lie deeper than [`PARSED_DEPTH_MAX`]; `None` if a string or a
/// container does not end.
fn deep_containers(text: &[u8]) -> Option<Vec<span::Span>> {
    let mut found = Vec::new();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = span::skip_string(text, at)?;
                continue;
            }
            b'{' | b'[' if depth == PARSED_DEPTH_MAX => {
                let end = span::skip_container(text, at)?;
                found.push(at..end);
                at = end;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Some(found)
}

/// Counts `\u` escapes that are half of a surrogate pair. The parser replaces them without saying
/// so, and what is changed is counted.
fn lone_surrogates(text: &[u8]) -> u64 {
    let (mut count, mut at) = (0, 0);
    while let Some(hit) = memchr::memchr(b'\\', &text[at..]) {
        let escape = at + hit;
        at = escape + 2;
        match surrogate(text, escape) {
            Some(0xD800..=0xDBFF)
                if matches!(surrogate(text, escape + 6), Some(0xDC00..=0xDFFF)) =>
            {
                at = escape + 12
            }
            Some(_) => count += 1,
            None => {}
        }
        at = at.min(text.len());
    }
    count
}

/// The surrogate that the escape at `at` stands for, if it is one.
fn surrogate(text: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', hex @ ..] = text.get(at..at + 6)? else {
        return None;
    };
    let unit = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sonic_rs::{JsonContainerTrait, JsonValueTrait};

    fn text(data: &str) -> (String, u64) {
        let parsed = parse(data.as_bytes()).expect("JSON");
        (
            parsed.value.as_str().expect("a string").to_owned(),
            parsed.lone_surrogates,
        )
    }

    #[test]
    fn accepts_json_and_nothing_else() {
        for data in ["{}", " [1 , 2]\n", "null", "-0", "[1e5]", "\"\\u00e9\""] {
            assert!(parse(data.as_bytes()).is_some(), "{data}");
        }
        for data in [
            "",
            " ",
            "{",
            "{}x",
            "{} {}",
            "[1,]",
            "{\"a\":1,}",
            "[01]",
            "[NaN]",
            "[1.]",
            "'a'",
            "\u{feff}{}",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\uZZZZ\"",
            "[1",
            "nul",
        ] {
            assert!(parse(data.as_bytes()).is_none(), "{data}");
        }
    }

    #[test]
    fn mends_bytes_that_are_not_utf8() {
        let parsed = parse(b"[\"a\xff\"]").expect("JSON");
        assert!(parsed.was_not_utf8);
        assert_eq!(
            parsed.value.as_array().expect("array")[0].as_str(),
            Some("a\u{fffd}")
        );
        assert!(parse(b"\xff").is_none());
    }

    #[test]
    fn mends_and_counts_lone_surrogates() {
        assert_eq!(text(r#""\ud83d\ude04""#), ("😄".to_owned(), 0));
        assert_eq!(text(r#""a\ud800b""#), ("a\u{fffd}b".to_owned(), 1));
        assert_eq!(text(r#""\udc00""#), ("\u{fffd}".to_owned(), 1));
        assert_eq!(
            text(r#""\ud800\ud83d\ude04""#),
            ("\u{fffd}😄".to_owned(), 1)
        );
        assert_eq!(text(r#""\uD800\u0041""#), ("\u{fffd}A".to_owned(), 1));
        assert_eq!(text(r#""\\ud800""#), ("\\ud800".to_owned(), 0));
        assert_eq!(text(r#""\ud800""#), ("\u{fffd}".to_owned(), 1));
        assert_eq!(text(r#""\u0000""#), ("\0".to_owned(), 0));
    }

    #[test]
    fn keeps_numbers_as_written() {
        let parsed = parse(b"[1.10, 123456789012345678901234567890]").expect("JSON");
        let raw = |index: usize| {
            parsed.value.as_array().expect("array")[index]
                .as_raw_number()
                .expect("number")
                .as_str()
                .to_owned()
        };
        assert_eq!(
            (raw(0).as_str(), raw(1).as_str()),
            ("1.10", "123456789012345678901234567890")
        );
    }

    #[test]
    fn survives_any_depth_in_linear_time() {
        for depth in [256, 257, 1_000, 100_000, 1_000_000] {
            let data = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(parse(data.as_bytes()).is_some(), "{depth}");
            assert!(parse(&data.as_bytes()[..data.len() - 1]).is_none());
            assert!(parse("[".repeat(depth).as_bytes()).is_none());
            assert!(parse("{\"a\":".repeat(depth).as_bytes()).is_none());
        }
        let wide = format!("[{}0]", "[[]],".repeat(100_000));
        let parsed = parse(wide.as_bytes()).expect("JSON");
        assert_eq!(
            parsed.value.as_array().map(|array| array.len()),
            Some(100_001)
        );
    }

    #[test]
    fn what_lies_beside_the_deep_part_is_kept() {
        let data = format!(
            r#"{{"x":{}{},"y":"z"}}"#,
            "[".repeat(9_000),
            "]".repeat(9_000)
        );
        let parsed = parse(data.as_bytes()).expect("JSON");
        assert_eq!(parsed.value.get("y").as_str(), Some("z"));
    }
}
