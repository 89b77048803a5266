//! Entries for the benches.

use forebay::entry::{Entry, Word};
use forebay::position::StreamId;

/// The id of the nth entry.
pub fn id(n: u64) -> StreamId {
    StreamId {
        ms: 1_783_175_888_000 + n,
        n: 0,
    }
}

/// The nth entry, as the reader takes it from the stream.
pub fn entry(n: u64, kind: &str, data: String) -> Entry {
    Entry {
        id: id(n),
        orig_id: None,
        kind: Word::from_slice(kind.as_bytes()),
        data: Some(data.into_bytes()),
        seq: (31_527_015_322 + n).to_string().into_bytes().into(),
        deliveries: 1,
    }
}
