//! Dead letters: what could not be stored, in a form from which it can be put back on the stream.
//!
//! It cuts the failed op out of its commit byte for byte, so that a replay meets exactly what
//! failed, in the dialect in which it came. It does not know why an op failed, beyond the words
//! that it is given, nor where the letter is kept.

use crate::decode::{envelope, json, span};
use crate::entry::Entry;
use crate::position::StreamId;
use crate::reject::Reject;
use sonic_rs::{JsonValueTrait, Value};
use std::borrow::Cow;
use std::collections::HashMap;

/// What is kept at most of data that is no commit (CONTRACT §1).
const FOREIGN_BYTES_MAX: usize = 1 << 20;

/// What of a commit is kept beside the failed op, as it came. Beyond it only what decides what the
/// op becomes is kept: of 10,000 bad ops each would else carry megabytes that say nothing.
const FRAME_BYTES_MAX: usize = 4 << 10;
/// The members that decide it. Of the optional ones, what is too long for any column is left out.
const FRAME_MEMBERS: [&str; 3] = ["repo", "rev", "time"];

/// The reason of an entry that ended the process.
pub const CRASHED: &str = "crashed";

/// An op, or a whole entry, that could not be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The id that decides its position when it is replayed: the first that the entry ever had.
    pub id: StreamId,
    /// The id under which the entry came this time.
    pub entry_id: StreamId,
    /// Which of the commit's ops, counted from 0; `None` for the entry as a whole.
    pub op: Option<usize>,
    /// The entry's `type`.
    pub kind: String,
    /// The commit with nothing but the failed op in `ops`; whatever is no commit as it came.
    pub data: Vec<u8>,
    /// `data` is only the first MiB.
    pub truncated: bool,
    /// The entry's `seq`.
    pub seq: String,
    /// How often Redis had delivered the entry.
    pub deliveries: u32,
    /// A stable text: `missing:subject`, `not_json`, or what the server said.
    pub reason: Cow<'static, str>,
    /// The column that refused it, as `table.column`, where that is known.
    pub column: Option<Cow<'static, str>>,
    /// The server's SQLSTATE, if it was the server that refused.
    pub sqlstate: Option<String>,
    /// What an operator can do about it.
    pub remedy: Cow<'static, str>,
}

/// The uri of each op of a commit, in their order; empty where it has no path. Nothing for what is no
/// commit that can be taken apart: such an entry can only be stored or dead-lettered whole.
#[must_use]
pub fn uris_of_ops(entry: &Entry) -> Vec<String> {
    if *entry.kind != *b"commit" {
        return Vec::new();
    }
    let Some(parsed) = entry.data.as_deref().and_then(json::parse) else {
        return Vec::new();
    };
    let Ok(commit) = envelope::commit(&parsed.value) else {
        return Vec::new();
    };
    let uri = |op: &Value| match op.get("path").and_then(|path| path.as_str()) {
        Some(path) => format!("at://{}/{path}", commit.repo),
        None => String::new(),
    };
    commit.ops.iter().map(uri).collect()
}

/// The ops of an entry by their uris, as these first come; an op without one stands for itself. The
/// ops on one uri belong together: all have the entry's position, so that a delete tried before the
/// create that follows it would keep that away.
#[must_use]
pub fn ops_by_uri(uris: Vec<String>) -> Vec<(String, Vec<usize>)> {
    let mut pieces: Vec<(String, Vec<usize>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (op, uri) in uris.into_iter().enumerate() {
        let next = pieces.len();
        let place = if uri.is_empty() {
            next
        } else {
            *places.entry(uri.clone()).or_insert(next)
        };
        match pieces.get_mut(place) {
            Some((_, ops)) => ops.push(op),
            None => pieces.push((uri, vec![op])),
        }
    }
    pieces
}

/// A commit as one entry for each uri, so that one that is refused does not hold up the others; what
/// cannot be taken apart as it is.
#[must_use]
pub fn taken_apart(entry: Entry) -> Vec<Entry> {
    let by_uri = ops_by_uri(uris_of_ops(&entry));
    if by_uri.len() < 2 {
        return vec![entry];
    }
    let parts = Parts::of(&entry);
    let pieces = by_uri.iter().map(|(_, ops)| parts.with_only(ops));
    let Some(pieces) = pieces.collect::<Option<Vec<Vec<u8>>>>() else {
        return vec![entry];
    };
    let piece = |data| Entry {
        data: Some(data),
        ..entry.clone()
    };
    pieces.into_iter().map(piece).collect()
}

/// The letter for what the server refused.
#[must_use]
pub fn letter(
    entry: &Entry,
    op: Option<usize>,
    reason: impl Into<Cow<'static, str>>,
    column: Option<Cow<'static, str>>,
    sqlstate: Option<String>,
    remedy: impl Into<Cow<'static, str>>,
) -> DeadLetter {
    let (data, truncated) = Parts::of(entry).data(op);
    DeadLetter {
        id: entry.origin(),
        entry_id: entry.id,
        op,
        kind: text(&entry.kind),
        data,
        truncated,
        seq: text(&entry.seq),
        deliveries: entry.deliveries,
        reason: reason.into(),
        column,
        sqlstate,
        remedy: remedy.into(),
    }
}

/// The letter for what was found before the server saw it.
#[must_use]
pub fn rejected(
    entry: &Entry,
    parts: &Parts<'_>,
    op: Option<usize>,
    reject: &Reject,
) -> DeadLetter {
    let (data, truncated) = parts.data(op);
    DeadLetter {
        id: entry.origin(),
        entry_id: entry.id,
        op,
        kind: text(&entry.kind),
        data,
        truncated,
        seq: text(&entry.seq),
        deliveries: entry.deliveries,
        reason: reject.reason(),
        column: reject.column.map(Cow::Borrowed),
        sqlstate: None,
        remedy: Cow::Borrowed(reject.problem.remedy()),
    }
}

/// The letter for what ended the process each time that it was tried with nothing else in hand. The
/// data is not looked into.
#[must_use]
pub fn crashed(entry: &Entry) -> DeadLetter {
    const REMEDY: &str = "The worker ended twice while this entry was all that it had in hand. Report it as a defect with the entry's data; replay it with a version that mends it.";
    let whole = Parts {
        data: entry.data.as_deref().unwrap_or_default(),
        ops: None,
    };
    let (data, truncated) = whole.data(None);
    DeadLetter {
        id: entry.origin(),
        entry_id: entry.id,
        op: None,
        kind: text(&entry.kind),
        data,
        truncated,
        seq: text(&entry.seq),
        deliveries: entry.deliveries,
        reason: Cow::Borrowed(CRASHED),
        column: None,
        sqlstate: None,
        remedy: Cow::Borrowed(REMEDY),
    }
}

/// A field as the letter's columns can hold it: one NUL in it would have the letter refused, and
/// with it the whole batch, for ever.
fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).replace('\0', "\u{fffd}")
}

/// An entry's data taken apart once, for however many letters are made of it.
#[derive(Debug)]
pub struct Parts<'a> {
    data: &'a [u8],
    ops: Option<Ops<'a>>,
}

/// The ops of a commit, and what stands around them in a letter.
#[derive(Debug)]
struct Ops<'a> {
    before: Cow<'a, [u8]>,
    after: &'a [u8],
    /// Where each op lies.
    elements: Vec<span::Span>,
}

impl<'a> Ops<'a> {
    fn of(data: &'a [u8]) -> Option<Self> {
        let array = span::last_member(data, "ops")?;
        let (before, after) = (data.get(..array.start)?, data.get(array.end..)?);
        let is_ballast = before.len() + after.len() > FRAME_BYTES_MAX;
        Some(Ops {
            before: if is_ballast {
                Cow::Owned(frame(data))
            } else {
                Cow::Borrowed(before)
            },
            after: if is_ballast { b"}" } else { after },
            elements: span::elements(data, array),
        })
    }
}

/// What is kept of a commit that has too much beside its ops, up to these.
fn frame(data: &[u8]) -> Vec<u8> {
    let mut frame = b"{".to_vec();
    let values = span::last_members(data, FRAME_MEMBERS);
    for (name, value) in FRAME_MEMBERS.iter().zip(values) {
        let value = value.and_then(|value| data.get(value));
        if let Some(value) = value.filter(|value| value.len() <= FRAME_BYTES_MAX) {
            let member = [b"\"", name.as_bytes(), b"\":", value, b","];
            frame.extend_from_slice(&member.concat());
        }
    }
    frame.extend_from_slice(b"\"ops\":");
    frame
}

impl<'a> Parts<'a> {
    /// Finds the parts of an entry's data.
    #[must_use]
    pub fn of(entry: &'a Entry) -> Self {
        let data = entry.data.as_deref().unwrap_or_default();
        let ops = Ops::of(data);
        Parts { data, ops }
    }

    /// The data of a letter, and whether it is cut.
    fn data(&self, op: Option<usize>) -> (Vec<u8>, bool) {
        match op.and_then(|op| self.with_only(&[op])) {
            Some(data) => (data, false),
            None => (
                self.data[..self.data.len().min(FOREIGN_BYTES_MAX)].to_vec(),
                self.data.len() > FOREIGN_BYTES_MAX,
            ),
        }
    }

    /// The data with these ops alone.
    fn with_only(&self, ops: &[usize]) -> Option<Vec<u8>> {
        let all = self.ops.as_ref()?;
        let op = |op: &usize| self.data.get(all.elements.get(*op)?.clone());
        let ops = ops.iter().map(op).collect::<Option<Vec<&[u8]>>>()?;
        let ops = ops.join(b",".as_slice());
        Some([&all.before, b"[".as_slice(), &ops, b"]", all.after].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Word;

    fn entry(kind: &str, data: &[u8]) -> Entry {
        Entry {
            id: StreamId { ms: 7, n: 1 },
            orig_id: Some(StreamId { ms: 5, n: 0 }),
            kind: Word::from_slice(kind.as_bytes()),
            data: Some(data.to_vec()),
            seq: Word::from_slice(b"42"),
            deliveries: 3,
        }
    }

    #[test]
    fn keeps_the_commit_with_only_the_failed_op() {
        let data = br#"{"repo": "did:plc:a", "ops": [], "rev":"3k", "ops": [ {"a": 1.10} , {"b":"\u0000]"},{}], "time" : "t"}"#;
        let letter = letter(
            &entry("commit", data),
            Some(1),
            "refused",
            None,
            Some("22021".to_owned()),
            "do",
        );
        assert_eq!(
            String::from_utf8_lossy(&letter.data),
            r#"{"repo": "did:plc:a", "ops": [], "rev":"3k", "ops": [{"b":"\u0000]"}], "time" : "t"}"#
        );
        assert_eq!(
            (letter.id.ms, letter.entry_id.ms, letter.deliveries),
            (5, 7, 3)
        );
        assert!(!letter.truncated);
        assert_eq!(
            (letter.kind.as_str(), letter.seq.as_str()),
            ("commit", "42")
        );
    }

    #[test]
    fn leaves_a_commits_ballast_out() {
        let ballast = "x".repeat(FRAME_BYTES_MAX);
        let data = format!(
            r#"{{"repo":"did:plc:a","x":"{ballast}","time":"{ballast}","ops":[{{}},7],"rev": "3k"}}"#
        );
        let letter = letter(
            &entry("commit", data.as_bytes()),
            Some(1),
            "",
            None,
            None,
            "",
        );
        assert_eq!(
            String::from_utf8_lossy(&letter.data),
            r#"{"repo":"did:plc:a","rev":"3k","ops":[7]}"#
        );
        assert!(!letter.truncated);
    }

    #[test]
    fn keeps_a_mebibyte_of_what_is_no_commit() {
        let long = vec![b'x'; FOREIGN_BYTES_MAX + 1];
        let cut = letter(&entry("commit", &long), None, "not_json", None, None, "");
        assert_eq!((cut.data.len(), cut.truncated), (FOREIGN_BYTES_MAX, true));
        let whole = letter(
            &entry("commit", &long[1..]),
            None,
            "not_json",
            None,
            None,
            "",
        );
        assert!(!whole.truncated);
        let no_such_op = letter(
            &entry("commit", b"{\"ops\":[]}"),
            Some(4),
            "",
            None,
            None,
            "",
        );
        assert_eq!(no_such_op.data, b"{\"ops\":[]}");
    }

    #[test]
    fn knows_the_uris_of_a_commits_ops_only() {
        let uris = |kind, data: &str| uris_of_ops(&entry(kind, data.as_bytes()));
        let ops = r#"{"repo":"did:plc:a","ops":[{"path":"a/1"},5,{"path":7}]}"#;
        assert_eq!(uris("commit", ops), ["at://did:plc:a/a/1", "", ""]);
        assert!(uris("identity", ops).is_empty());
        assert!(uris("commit", r#"{"repo":"x","ops":[{},5]}"#).is_empty());
        assert!(uris("commit", "{").is_empty());
    }

    #[test]
    fn takes_a_commit_apart_by_uri() {
        let apart = |data: &str| -> Vec<String> {
            let pieces = taken_apart(entry("commit", data.as_bytes()));
            assert!(
                pieces
                    .iter()
                    .all(|piece| piece.orig_id == entry("", b"").orig_id)
            );
            let text = |piece: &Entry| {
                String::from_utf8_lossy(piece.data.as_deref().unwrap_or_default()).into_owned()
            };
            pieces.iter().map(text).collect()
        };
        assert_eq!(
            apart(
                r#"{"repo":"did:plc:r","ops":[{"path":"a/1","n":1},{"path":"a/2"},{},{"path":"a/1","n":2}]}"#
            ),
            [
                r#"{"repo":"did:plc:r","ops":[{"path":"a/1","n":1},{"path":"a/1","n":2}]}"#,
                r#"{"repo":"did:plc:r","ops":[{"path":"a/2"}]}"#,
                r#"{"repo":"did:plc:r","ops":[{}]}"#,
            ]
        );
        for whole in [
            r#"{"repo":"did:plc:r","ops":[{"path":"a/1"}]}"#,
            "{",
            r#"{"repo":"did:plc:r","ops":5}"#,
        ] {
            assert_eq!(apart(whole), [whole]);
        }
    }
}
