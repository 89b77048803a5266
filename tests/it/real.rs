//! The 150 real events, in both dialects, and the checks that the model alone can make of them.
//!
//! The data is never committed: it is looked for at `FOREBAY_TEST_DATA`.

use super::model::{EntryLike, Model, lexicon};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The fields of one stream entry.
#[derive(Clone, Debug)]
pub struct Fields {
    pub kind: String,
    pub data: String,
    pub seq: String,
}

fn path(name: &str) -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("FOREBAY_TEST_DATA") else {
        println!("skipped: no data");
        return None;
    };
    let path = PathBuf::from(dir).join("relay-2026-07-04").join(name);
    // Cargo runs tests in the package's directory, which is where the variable's path begins.
    if path.exists() {
        Some(path)
    } else {
        println!("skipped: no data at {}", path.display());
        None
    }
}

fn lines(name: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(path(name)?).expect("a readable file");
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect(),
    )
}

/// The 150 entries as the Python reader put them on the stream.
pub fn python() -> Option<Vec<Fields>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = |line: &Value| Fields {
        kind: text(&line["type"]),
        data: text(&line["data"]),
        seq: text(&line["seq"]),
    };
    Some(
        lines("wire_python_reader.jsonl")?
            .iter()
            .map(fields)
            .collect(),
    )
}

/// The same events in the lexicon dialect, with `rev`, from what Jetstream served: one entry a
/// commit, and the identity and the account.
pub fn jetstream() -> Option<Vec<Fields>> {
    let mut entries: Vec<(String, Value)> = Vec::new();
    for line in lines("jetstream_expected.jsonl")? {
        let kind = line["kind"].as_str().expect("a kind").to_owned();
        if kind != "commit" {
            entries.push((kind.clone(), line[&kind].clone()));
            continue;
        }
        let (op, rev) = (op(&line["commit"]), &line["commit"]["rev"]);
        match entries
            .iter_mut()
            .find(|(_, data)| data["rev"] == *rev && data["repo"] == line["did"])
        {
            Some((_, data)) => data["ops"].as_array_mut().expect("ops").push(op),
            None => entries.push((
                kind,
                json!({ "repo": line["did"], "ops": [op], "rev": rev }),
            )),
        }
    }
    let fields = |(kind, data): (String, Value)| {
        let seq = data["seq"]
            .as_number()
            .map(ToString::to_string)
            .unwrap_or_default();
        Fields {
            kind,
            data: data.to_string(),
            seq,
        }
    };
    Some(entries.into_iter().map(fields).collect())
}

fn op(commit: &Value) -> Value {
    let text = |name: &str| commit[name].as_str().expect("text");
    let mut op = json!({
        "action": commit["operation"],
        "path": format!("{}/{}", text("collection"), text("rkey")),
    });
    for name in ["cid", "record"] {
        if let Some(value) = commit.get(name) {
            op[name] = value.clone();
        }
    }
    op
}

/// The records that Jetstream served, by `repo/path`.
pub fn records() -> Option<Vec<(String, Value)>> {
    let mut records = Vec::new();
    for entry in jetstream()? {
        records.extend(records_of(&entry));
    }
    Some(records)
}

/// The records of an entry as they came, by `repo/path`.
pub fn records_of(entry: &Fields) -> Vec<(String, Value)> {
    let data: Value = serde_json::from_str(&entry.data).expect("JSON");
    let repo = data["repo"].as_str().unwrap_or_default();
    let ops = data["ops"].as_array().into_iter().flatten();
    let created = ops.filter(|op| op.get("record").is_some());
    let named = |op: &Value| {
        (
            format!("{repo}/{}", op["path"].as_str().expect("a path")),
            op["record"].clone(),
        )
    };
    created.map(named).collect()
}

/// Without the `$type`s that the SDK adds to nested objects which are no members of a union.
pub fn without_added_types(found: &Value, expected: &Value) -> Value {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => found
            .iter()
            .filter(|(key, _)| *key != "$type" || expected.contains_key("$type"))
            .map(|(key, value)| {
                (
                    key.clone(),
                    without_added_types(value, expected.get(key).unwrap_or(&Value::Null)),
                )
            })
            .collect(),
        (Value::Array(found), Value::Array(expected)) if found.len() == expected.len() => found
            .iter()
            .zip(expected)
            .map(|(found, expected)| without_added_types(found, expected))
            .collect(),
        _ => found.clone(),
    }
}

fn model_of(entries: &[Fields]) -> Model {
    let mut model = Model::new();
    for (n, Fields { kind, data, seq }) in entries.iter().enumerate() {
        let id = format!("1783175888000-{n}");
        model.apply(&EntryLike {
            id: &id,
            kind,
            data: data.as_bytes(),
            seq,
        });
    }
    model
}

fn assert_counts(model: &Model, generic: usize) {
    let counts = [
        ("public.likes", 105),
        ("public.posts", 17),
        ("public.reposts", 15),
        ("public.follows", 6),
        ("public.blocks", 1),
        ("public.feed_items", 32),
        ("public.generic_records", generic),
        ("public.lists", 0),
    ];
    for (table, count) in counts {
        assert_eq!(model.count(table), count, "{table}");
    }
    assert!(model.rejected().is_empty(), "{:?}", model.rejected());
    assert_eq!(model.ignored, 1, "the one app.bsky.actor.status");
}

#[test]
fn the_model_finds_what_the_python_reader_wrote() {
    let Some(entries) = python() else { return };
    assert_eq!(entries.len(), 150);
    assert_counts(&model_of(&entries), 0);
}

#[test]
fn the_model_finds_what_jetstream_served() {
    let Some(entries) = jetstream() else { return };
    assert_eq!(entries.len(), 150);
    assert_counts(&model_of(&entries), 1);
}

#[test]
fn the_models_lexicon_form_is_jetstreams() {
    let (Some(entries), Some(expected)) = (python(), records()) else {
        return;
    };
    let written: Vec<_> = entries.iter().flat_map(records_of).collect();
    assert_eq!((written.len(), expected.len()), (145, 146));
    for (path, record) in written {
        let (_, expected) = expected
            .iter()
            .find(|(other, _)| *other == path)
            .expect("a record");
        assert_eq!(
            without_added_types(&lexicon::form(&record), expected),
            *expected,
            "{path}"
        );
    }
}
