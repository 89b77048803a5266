//! Redis' answers, as entries.
//!
//! Fields are taken in any order and by name; what else an entry has is passed over.

use deadpool_redis::redis::Value;

use crate::entry::{Entry, Word};
use crate::position::StreamId;

/// One element of a stream answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Element {
    /// An entry.
    Entry(Entry),
    /// An id whose entry the stream no longer has.
    Gone(StreamId),
}

/// The elements of one stream's answer: `[[id, [field, value, …]], …]`, a nil in place of the
/// fields of an entry that is gone.
pub fn elements(answer: Value) -> Vec<Element> {
    items(answer).filter_map(element).collect()
}

/// The elements of an XREADGROUP answer on one stream: `[[key, elements]]`, or nil for none; a
/// map in RESP3.
pub fn first_stream(answer: Value) -> Vec<Element> {
    match answer {
        Value::Map(streams) => streams
            .into_iter()
            .next()
            .map(|(_, entries)| elements(entries))
            .unwrap_or_default(),
        other => items(other)
            .next()
            .and_then(|stream| items(stream).nth(1))
            .map(elements)
            .unwrap_or_default(),
    }
}

/// An XAUTOCLAIM answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Where to go on; the smallest id at the end.
    pub next: StreamId,
    /// What was claimed.
    pub elements: Vec<Element>,
    /// Ids that Redis took off the pending list because their entries are gone.
    pub deleted: Vec<StreamId>,
}

/// The parts of an XAUTOCLAIM answer: `[next, elements, deleted ids]`. Before Redis 7 there is no
/// third part.
pub fn claimed(answer: Value) -> Claimed {
    let mut parts = items(answer);
    let next = parts.next().and_then(id);
    Claimed {
        next: next.unwrap_or(StreamId { ms: 0, n: 0 }),
        elements: parts.next().map(elements).unwrap_or_default(),
        deleted: parts
            .next()
            .map(|ids| items(ids).filter_map(id).collect())
            .unwrap_or_default(),
    }
}

fn id(value: Value) -> Option<StreamId> {
    std::str::from_utf8(&bytes(value)?).ok()?.parse().ok()
}

fn items(value: Value) -> impl Iterator<Item = Value> {
    match value {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
    .into_iter()
}

fn element(value: Value) -> Option<Element> {
    let mut parts = items(value);
    let id = id(parts.next()?)?;
    Some(match parts.next() {
        Some(Value::Array(fields)) => Element::Entry(entry(id, fields)),
        _ => Element::Gone(id),
    })
}

fn entry(id: StreamId, fields: Vec<Value>) -> Entry {
    let mut entry = Entry::empty(id);
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        let (Some(name), Some(value)) = (bytes(name), bytes(value)) else {
            continue;
        };
        take_field(&mut entry, &name, &value);
    }
    entry
}

/// Puts a field where it belongs. Of a name that stands twice the last counts.
pub fn take_field(entry: &mut Entry, name: &[u8], value: &[u8]) {
    match name {
        b"type" => entry.kind = Word::from_slice(value),
        b"data" => entry.data = Some(value.to_vec()),
        b"seq" => entry.seq = Word::from_slice(value),
        b"origId" => {
            entry.orig_id = std::str::from_utf8(value)
                .ok()
                .and_then(|id| id.parse().ok())
        }
        _ => {}
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn takes_the_fields_by_name_whatever_else_there_is() {
        let fields = [
            "more", "x", "seq", "7", "data", "{}", "origId", "4-1", "type", "commit",
        ];
        let answer = Value::Array(vec![Value::Array(vec![
            bulk("5-0"),
            Value::Array(fields.map(bulk).to_vec()),
        ])]);
        let [Element::Entry(entry)] = &elements(answer)[..] else {
            panic!("one entry");
        };
        assert_eq!(*entry.kind, *b"commit");
        assert_eq!(entry.data.as_deref(), Some(&b"{}"[..]));
        assert_eq!(*entry.seq, *b"7");
        assert_eq!(entry.origin().to_string(), "4-1");
    }

    #[test]
    fn knows_an_entry_that_is_gone() {
        let answer = Value::Array(vec![Value::Array(vec![bulk("5-0"), Value::Nil])]);
        assert_eq!(elements(answer), [Element::Gone(StreamId { ms: 5, n: 0 })]);
    }

    #[test]
    fn takes_a_claim_apart() {
        let gone = Value::Array(vec![bulk("4-0")]);
        let answer = Value::Array(vec![bulk("7-1"), Value::Array(vec![]), gone]);
        let expected = Claimed {
            next: StreamId { ms: 7, n: 1 },
            elements: Vec::new(),
            deleted: vec![StreamId { ms: 4, n: 0 }],
        };
        assert_eq!(claimed(answer), expected);
    }

    #[test]
    fn reads_both_protocols() {
        let entries = || Value::Array(vec![Value::Array(vec![bulk("5-0"), Value::Array(vec![])])]);
        let resp2 = Value::Array(vec![Value::Array(vec![bulk("key"), entries()])]);
        let resp3 = Value::Map(vec![(bulk("key"), entries())]);
        assert_eq!(first_stream(resp2), first_stream(resp3));
        assert_eq!(first_stream(Value::Nil), []);
    }
}
