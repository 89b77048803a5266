//! What the fuzz targets share: an entry made of bytes, a reader of COPY streams, and the tests'
//! own reading of JSON, which uses nothing of the engine, and their writer of CARs.

#[path = "../../tests/it/backfill/car.rs"]
pub mod car;
pub mod copy;
#[path = "../../tests/it/model/json.rs"]
pub mod json;
#[path = "../../tests/it/model/lexicon.rs"]
pub mod lexicon;

use forebay::entry::Entry;
use forebay::position::StreamId;

/// An entry of this type with these bytes for data.
pub fn entry(kind: &str, data: &[u8]) -> Entry {
    Entry {
        id: StreamId {
            ms: 1_783_175_888_000,
            n: 5,
        },
        orig_id: None,
        kind: kind.as_bytes().to_vec(),
        data: Some(data.to_vec()),
        seq: b"31527015322".to_vec(),
        deliveries: 1,
    }
}

/// Whether `data` is one JSON value, in the judgement of a parser that does not recurse.
pub fn is_json(data: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

/// The deepest nesting of a JSON text.
pub fn depth(data: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in data {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
