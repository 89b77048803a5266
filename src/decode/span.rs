//! Where the parts of a JSON text lie, found without parsing it.
//!
//! For the two things that want the bytes as they came: the peek that chooses a lane, and dead
//! letters, which keep an op exactly as it was written. It does not know whether the text is
//! valid: on what is not JSON it gives nothing or nonsense, but it never panics, never recurses
//! and reads each byte a bounded number of times.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes of a JSON text.
pub type Span = Range<usize>;

/// The value of the root object's first member called `name`.
#[must_use]
pub fn member(text: &[u8], name: &str) -> Option<Span> {
    members(text)
        .find(|member| member.is(text, name))
        .map(|member| member.value)
}

/// The value of the root object's last member called `name`: the one that counts.
#[must_use]
pub fn last_member(text: &[u8], name: &str) -> Option<Span> {
    members(text)
        .filter(|member| member.is(text, name))
        .last()
        .map(|member| member.value)
}

/// The values of the root object's last members of these names, found in one pass.
#[must_use]
pub fn last_members<const N: usize>(text: &[u8], names: [&str; N]) -> [Option<Span>; N] {
    let mut found = [const { None }; N];
    for member in members(text) {
        let key = text.get(member.key).and_then(string);
        let at = names.iter().position(|name| key.as_deref() == Some(name));
        if let Some(at) = at {
            found[at] = Some(member.value);
        }
    }
    found
}

/// The elements of the array that `text[array]` is, in their order.
#[must_use]
pub fn elements(text: &[u8], array: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = opened(text, array.start, b'[');
    while let Some(start) = at.filter(|&start| text.get(start).is_some_and(|&byte| byte != b']')) {
        let Some(end) = skip_value(text, start) else {
            break;
        };
        found.push(start..end);
        at = after_comma(text, end);
    }
    found
}

/// The string that `raw` is, quotes and escapes taken off; `None` if it is not one.
#[must_use]
pub fn string(raw: &[u8]) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    sonic_rs::from_slice::<String>(raw).ok().map(Cow::Owned)
}

struct Member {
    key: Span,
    value: Span,
}

impl Member {
    fn is(&self, text: &[u8], name: &str) -> bool {
        text.get(self.key.clone())
            .and_then(string)
            .is_some_and(|key| key == name)
    }
}

fn members(text: &[u8]) -> impl Iterator<Item = Member> + '_ {
    let mut at = opened(text, skip_space(text, 0), b'{');
    std::iter::from_fn(move || {
        let key_start = at.filter(|&start| text.get(start) == Some(&b'"'))?;
        let key_end = skip_string(text, key_start)?;
        let colon = skip_space(text, key_end);
        let value_start = (text.get(colon) == Some(&b':')).then(|| skip_space(text, colon + 1))?;
        let value_end = skip_value(text, value_start)?;
        at = after_comma(text, value_end);
        Some(Member {
            key: key_start..key_end,
            value: value_start..value_end,
        })
    })
}

/// The first byte inside the container that opens at `at` with `bracket`.
fn opened(text: &[u8], at: usize, bracket: u8) -> Option<usize> {
    (text.get(at) == Some(&bracket)).then(|| skip_space(text, at + 1))
}

fn after_comma(text: &[u8], at: usize) -> Option<usize> {
    let comma = skip_space(text, at);
    (text.get(comma) == Some(&b',')).then(|| skip_space(text, comma + 1))
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while text
        .get(at)
        .is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
    {
        at += 1;
    }
    at
}

/// The end of the string whose opening quote stands at `at`.
///
/// Where one escape is, others are near: JSON within JSON has them every few bytes. There it is
/// quicker to go byte by byte than to look far ahead for each.
pub(super) fn skip_string(text: &[u8], at: usize) -> Option<usize> {
    const NEAR: usize = 64;
    let mut from = at + 1;
    loop {
        let mut at = from + memchr::memchr2(b'"', b'\\', text.get(from..)?)?;
        let near = at + NEAR;
        while at < near {
            match text.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        from = at;
    }
}

/// The end of the value that begins at `at`.
fn skip_value(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => skip_string(text, at),
        b'{' | b'[' => skip_container(text, at),
        _ => Some(skip_scalar(text, at)).filter(|&end| end > at),
    }
}

/// The end of the object or array that opens at `at`, however deep it nests.
pub(super) fn skip_container(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = skip_string(text, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn skip_scalar(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str, span: Option<Span>) -> &str {
        span.map_or("-", |span| &text[span])
    }

    #[test]
    fn finds_members_and_elements() {
        let text = r#" { "a" : [1, {"x":"]"}, "\"", [[]], true ] , "b":-1e5,"a" : null}"#;
        let first = member(text.as_bytes(), "a").expect("a member");
        assert_eq!(raw(text, last_member(text.as_bytes(), "a")), "null");
        assert_eq!(raw(text, member(text.as_bytes(), "b")), "-1e5");
        let parts: Vec<_> = elements(text.as_bytes(), first)
            .into_iter()
            .map(|s| &text[s])
            .collect();
        assert_eq!(parts, ["1", r#"{"x":"]"}"#, r#""\"""#, "[[]]", "true"]);
    }

    #[test]
    fn finds_several_members_at_once() {
        let text = r#"{"a":1,"b":[2],"a":{"b":3},"c":4}"#;
        let found = last_members(text.as_bytes(), ["b", "a", "x"]);
        let [b, a, x] = found.map(|span| raw(text, span));
        assert_eq!([b, a, x], ["[2]", r#"{"b":3}"#, "-"]);
    }

    #[test]
    fn knows_escaped_names() {
        let text = r#"{"\u006fps":[],"x":"}"}"#;
        assert_eq!(raw(text, member(text.as_bytes(), "ops")), "[]");
        assert_eq!(raw(text, member(text.as_bytes(), "op")), "-");
    }

    #[test]
    fn empty_containers_have_no_parts() {
        assert!(elements(b"[]", 0..2).is_empty());
        assert!(elements(b"[ ]", 0..3).is_empty());
        assert!(member(b"{ }", "a").is_none());
    }

    #[test]
    fn depth_is_no_matter() {
        let text = format!(
            r#"{{"x":{}{},"y":1}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(raw(&text, member(text.as_bytes(), "y")), "1");
    }

    #[test]
    fn nonsense_gives_nothing() {
        for text in [
            "",
            "{",
            "[",
            "{\"",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"",
            "{\"a\":[",
            "{a:1}",
            "{\"a\":}",
            "]",
            "\"\\",
        ] {
            assert!(member(text.as_bytes(), "b").is_none(), "{text}");
            let _ = elements(text.as_bytes(), 0..text.len());
        }
    }
}
