//! One line of a file: an event as Jetstream serves it, or the fields of a stream's entry.
//!
//! The parts are cut out of the line as they stand and put together as an entry's data, so that a
//! record comes to the decoder in the very bytes in which it was written. It knows shapes and no
//! rules: what is missing is for the decoder to refuse.

use std::borrow::Cow;

use crate::decode::span::{elements, last_member, last_members, member, string};
use crate::decode::{json, span};
use crate::entry::Word;
use crate::position::{Micros, StreamId};

use super::filter::Filter;

/// The clock of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The id of a stream's entry.
    Stream(StreamId),
    /// Jetstream's `time_us`.
    Elsewhere(Micros),
    /// None.
    None,
}

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    /// The entry's `type`.
    pub kind: Word,
    /// The entry's `data`.
    pub data: Vec<u8>,
    /// The entry's `seq`.
    pub seq: Word,
    /// When it was.
    pub clock: Clock,
}

/// Why a line is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// It is no JSON.
    NotJson,
    /// It is neither of the two forms.
    NotAnEvent,
}

impl BadLine {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            BadLine::NotJson => "not_json",
            BadLine::NotAnEvent => "not_an_event",
        }
    }
}

/// Reads a line.
///
/// # Errors
///
/// It is no event; its parts are not looked at.
pub fn read(line: &[u8]) -> Result<Event, BadLine> {
    let names = [
        "type", "data", "seq", "id", "origId", "kind", "did", "commit", "identity", "account",
        "time_us",
    ];
    // In one pass, though a line has the names of one form only: a line is long.
    let [kind, data, seq, id, first, parts @ .., time] = members(line, names);
    let found = match time {
        Some(time) => jetstream(line, time, parts),
        None => entry([kind, data, seq, id, first]),
    };
    match found {
        // What was cut out is parsed where every entry's data is.
        Some(event) if line.trim_ascii_end().ends_with(b"}") => Ok(event),
        None if json::parse(line).is_some() => Err(BadLine::NotAnEvent),
        _ => Err(BadLine::NotJson),
    }
}

fn jetstream(line: &[u8], time: &[u8], parts: [Option<&[u8]>; 5]) -> Option<Event> {
    let [kind, did, commit, identity, account] = parts;
    let kind = string(kind?)?;
    let time: Micros = std::str::from_utf8(time).ok()?.parse().ok()?;
    let (data, seq) = match kind.as_ref() {
        "commit" => (self::commit(did, commit?), Word::new()),
        "identity" => with_seq(identity?),
        "account" => with_seq(account?),
        // Counted like any other unknown type.
        _ => (line.to_vec(), Word::new()),
    };
    Some(Event {
        kind: Word::from_slice(kind.as_bytes()),
        data,
        seq,
        clock: Clock::Elsewhere(time),
    })
}

fn with_seq(data: &[u8]) -> (Vec<u8>, Word) {
    let [seq] = members(data, ["seq"]);
    (data.to_vec(), Word::from_slice(seq.unwrap_or_default()))
}

fn commit(did: Option<&[u8]>, commit: &[u8]) -> Vec<u8> {
    let names = ["rev", "operation", "cid", "record", "collection", "rkey"];
    let [rev, operation, cid, record, collection, rkey] = members(commit, names);
    let mut data = Vec::with_capacity(commit.len() + did.map_or(0, <[u8]>::len) + 64);
    data.push(b'{');
    put(&mut data, "repo", did);
    put(&mut data, "rev", rev);
    data.extend_from_slice(b"\"ops\":[{");
    put(&mut data, "action", operation);
    put(&mut data, "cid", cid);
    put(&mut data, "record", record);
    let inner = |quoted: Option<&'_ [u8]>| {
        let inner = quoted?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(inner.to_vec())
    };
    if let (Some(collection), Some(rkey)) = (inner(collection), inner(rkey)) {
        data.extend_from_slice(b"\"path\":\"");
        data.extend_from_slice(&collection);
        data.push(b'/');
        data.extend_from_slice(&rkey);
        data.extend_from_slice(b"\",");
    }
    end(&mut data);
    data.extend_from_slice(b"}]}");
    data
}

fn put(data: &mut Vec<u8>, name: &str, value: Option<&[u8]>) {
    if let Some(value) = value {
        data.push(b'"');
        data.extend_from_slice(name.as_bytes());
        data.extend_from_slice(b"\":");
        data.extend_from_slice(value);
        data.push(b',');
    }
}

/// Takes back a comma after which nothing came.
fn end(data: &mut Vec<u8>) {
    if data.last() == Some(&b',') {
        data.pop();
    }
}

/// The fields of an entry, as whoever read it from the stream wrote them down.
fn entry([kind, data, seq, id, first]: [Option<&[u8]>; 5]) -> Option<Event> {
    let kind = string(kind?)?;
    // As a text, as it is on the stream; or as what the text says.
    let data = match data?.first() {
        Some(b'"') => string(data?)?.into_owned().into_bytes(),
        _ => data?.to_vec(),
    };
    let id = first.or(id).and_then(string).and_then(|id| id.parse().ok());
    let seq = seq.unwrap_or_default();
    Some(Event {
        kind: Word::from_slice(kind.as_bytes()),
        data,
        seq: string(seq).map_or_else(
            || Word::from_slice(seq),
            |seq| Word::from_slice(seq.as_bytes()),
        ),
        clock: id.map_or(Clock::None, Clock::Stream),
    })
}

/// Members of an object, as they are written; a null is as good as none.
fn members<'l, const N: usize>(text: &'l [u8], names: [&str; N]) -> [Option<&'l [u8]>; N] {
    last_members(text, names).map(|value| {
        let value = text.get(value?)?;
        (value != b"null").then_some(value)
    })
}

/// Whose event it is; empty where it does not say.
#[must_use]
pub fn owner<'d>(kind: &[u8], data: &'d [u8]) -> Cow<'d, str> {
    let name = match kind {
        b"commit" => "repo",
        b"identity" | b"account" => "did",
        _ => return Cow::Borrowed(""),
    };
    // The first will do: who names it twice is put into some lane, and the batch knows better.
    let owner = member(data, name).and_then(|owner| data.get(owner));
    owner.and_then(string).unwrap_or_default()
}

/// What of an event a filter leaves of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Left {
    /// All.
    All,
    /// A commit with fewer ops.
    Some(Vec<u8>),
    /// Nothing.
    Nothing,
}

/// Goes through a commit's ops; other events are of no collection.
#[must_use]
pub fn filtered(kind: &[u8], data: &[u8], filter: &Filter) -> Left {
    if filter.collections.is_empty() {
        return Left::All;
    }
    let Some(array) = (kind == b"commit")
        .then(|| last_member(data, "ops"))
        .flatten()
    else {
        return Left::Nothing;
    };
    let ops = elements(data, array.clone());
    let is_wanted = |op: &&span::Span| {
        let [path] = members(data.get((*op).clone()).unwrap_or_default(), ["path"]);
        path.and_then(string)
            .is_some_and(|path| filter.has_path(&path))
    };
    let wanted: Vec<&[u8]> = ops
        .iter()
        .filter(is_wanted)
        .filter_map(|op| data.get(op.clone()))
        .collect();
    match wanted.len() {
        0 => Left::Nothing,
        all if all == ops.len() => Left::All,
        _ => {
            let ops = wanted.join(&b","[..]);
            let parts = [&data[..array.start], b"[", &ops, b"]", &data[array.end..]];
            Left::Some(parts.concat())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(line: &str) -> String {
        String::from_utf8(read(line.as_bytes()).expect("an event").data).expect("UTF-8")
    }

    #[test]
    fn reads_what_jetstream_serves() {
        let line = r#"{"did":"did:plc:a","time_us":1783175888085434,"kind":"commit","commit":{"rev":"3m","operation":"create","collection":"app.bsky.feed.like","rkey":"3k","record":{"$type":"app.bsky.feed.like","x":1.10},"cid":"bafy"}}"#;
        let event = read(line.as_bytes()).expect("an event");
        assert_eq!(event.clock, Clock::Elsewhere(1_783_175_888_085_434));
        assert_eq!(*event.kind, *b"commit");
        assert_eq!(
            String::from_utf8_lossy(&event.data),
            r#"{"repo":"did:plc:a","rev":"3m","ops":[{"action":"create","cid":"bafy","record":{"$type":"app.bsky.feed.like","x":1.10},"path":"app.bsky.feed.like/3k"}]}"#
        );
        let delete = r#"{"did":"did:plc:a","time_us":1,"kind":"commit","commit":{"operation":"delete","collection":"c","rkey":"k"}}"#;
        assert_eq!(
            data(delete),
            r#"{"repo":"did:plc:a","ops":[{"action":"delete","path":"c/k"}]}"#
        );
        let account = r#"{"did":"did:plc:a","time_us":1,"kind":"account","account":{"active":true,"did":"did:plc:a","seq":5}}"#;
        let event = read(account.as_bytes()).expect("an event");
        assert_eq!(
            (event.kind.as_slice(), event.seq.as_slice()),
            (&b"account"[..], &b"5"[..])
        );
    }

    #[test]
    fn reads_the_fields_of_entries() {
        let text = r#"{"type": "commit", "data": "{\"repo\": \"did:plc:a\", \"ops\": []}", "seq": "31527015322"}"#;
        let event = read(text.as_bytes()).expect("an event");
        assert_eq!(event.data, br#"{"repo": "did:plc:a", "ops": []}"#);
        assert_eq!(
            (event.seq.as_slice(), event.clock),
            (&b"31527015322"[..], Clock::None)
        );
        let with_id =
            r#"{"id":"5-1","type":"commit","data":{"repo":"did:plc:a","ops":[]},"seq":7}"#;
        let event = read(with_id.as_bytes()).expect("an event");
        assert_eq!(event.clock, Clock::Stream(StreamId { ms: 5, n: 1 }));
        assert_eq!((event.data.len(), event.seq.as_slice()), (29, &b"7"[..]));
    }

    #[test]
    fn tells_what_is_none() {
        for line in [
            "",
            "{",
            "not json",
            r#"{"time_us":1,"kind":"commit"}x"#,
            "{\"type\":\"commit\",\"data\":\"{}\"",
        ] {
            assert_eq!(read(line.as_bytes()), Err(BadLine::NotJson), "{line}");
        }
        for line in [
            "{}",
            "5",
            r#"{"type":"commit"}"#,
            r#"{"time_us":1}"#,
            r#"{"time_us":"x","kind":"commit","commit":{}}"#,
        ] {
            assert_eq!(read(line.as_bytes()), Err(BadLine::NotAnEvent), "{line}");
        }
    }

    #[test]
    fn keeps_the_ops_of_wanted_collections() {
        let filter = Filter {
            collections: vec!["a.b.c".to_owned()],
            ..Filter::default()
        };
        let data = br#"{"ops":[{"path":"a.b.c/1"}, {"path":"x/1"},{"path":"a.b.c/2"}],"repo":"r"}"#;
        let left = br#"{"ops":[{"path":"a.b.c/1"},{"path":"a.b.c/2"}],"repo":"r"}"#;
        assert_eq!(
            filtered(b"commit", data, &filter),
            Left::Some(left.to_vec())
        );
        assert_eq!(filtered(b"commit", left, &filter), Left::All);
        assert_eq!(
            filtered(b"commit", br#"{"ops":[{"path":"x/1"}]}"#, &filter),
            Left::Nothing
        );
        assert_eq!(filtered(b"identity", b"{}", &filter), Left::Nothing);
        assert_eq!(filtered(b"identity", b"{}", &Filter::default()), Left::All);
    }

    #[test]
    fn knows_whose_event_it_is() {
        assert_eq!(owner(b"commit", br#"{"repo":"did:plc:a"}"#), "did:plc:a");
        assert_eq!(
            owner(b"identity", br#"{"did":"did:plc:\u0061"}"#),
            "did:plc:a"
        );
        assert_eq!(owner(b"other", br#"{"did":"did:plc:a"}"#), "");
    }
}
