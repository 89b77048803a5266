//! Real events, where this machine has them. They are never part of the repository.

use super::stream::New;
use serde_json::Value;
use std::path::PathBuf;

/// What the real reader put on the stream, in order; `None`, and said so, without the data.
pub fn wire_entries() -> Option<Vec<New>> {
    Some(lines("wire_python_reader.jsonl")?.iter().map(new).collect())
}

/// The same events as Jetstream served them: the reference for the records' true form.
pub fn jetstream() -> Option<Vec<Value>> {
    lines("jetstream_expected.jsonl")
}

fn lines(name: &str) -> Option<Vec<Value>> {
    let Some(data) = std::env::var_os("FOREBAY_TEST_DATA").filter(|path| !path.is_empty()) else {
        println!("skipped: no data (FOREBAY_TEST_DATA is not set)");
        return None;
    };
    let path = PathBuf::from(data).join("relay-2026-07-04").join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    Some(lines.collect())
}

fn new(fields: &Value) -> New {
    let text = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
    New {
        id: None,
        kind: text("type"),
        data: text("data").into_bytes(),
        seq: text("seq"),
    }
}
