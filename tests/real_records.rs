//! Records as a relay, the Python reader and Jetstream gave them on one day, against each other.
//!
//! The data are not part of this repository: they are looked for at `FOREBAY_TEST_DATA`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use forebay::decode::{dialect, json};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;

fn data() -> Option<PathBuf> {
    let Some(dir) = std::env::var_os("FOREBAY_TEST_DATA") else {
        println!("skipped: no data");
        return None;
    };
    Some(PathBuf::from(dir).join("relay-2026-07-04"))
}

fn lines(dir: &std::path::Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(dir.join(name)).expect("the data set");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Uri to record, as Jetstream served it.
fn expected(dir: &std::path::Path) -> HashMap<String, Value> {
    let uri = |line: &Value| {
        let commit = &line["commit"];
        format!(
            "at://{}/{}/{}",
            line["did"].as_str().unwrap(),
            commit["collection"].as_str().unwrap(),
            commit["rkey"].as_str().unwrap()
        )
    };
    let lines = lines(dir, "jetstream_expected.jsonl");
    lines
        .iter()
        .filter(|line| line["commit"]["record"].is_object())
        .map(|line| (uri(line), line["commit"]["record"].clone()))
        .collect()
}

fn converted(record: &str) -> Value {
    let parsed = json::parse(record.as_bytes()).expect("JSON");
    serde_json::from_str(&dialect::to_lexicon(&parsed.value).expect("storable")).expect("JSON")
}

/// Takes out the `$type`s that `reference` has not: the SDK adds them to nested objects.
fn without_added_types(mut value: Value, reference: &Value) -> Value {
    match (&mut value, reference) {
        (Value::Object(fields), Value::Object(wanted)) => {
            if !wanted.contains_key("$type") {
                fields.remove("$type");
            }
            for (key, field) in fields.iter_mut() {
                let wanted = wanted.get(key).unwrap_or(&Value::Null);
                *field = without_added_types(field.take(), wanted);
            }
        }
        (Value::Array(items), Value::Array(wanted)) => {
            for (item, wanted) in items.iter_mut().zip(wanted) {
                *item = without_added_types(item.take(), wanted);
            }
        }
        _ => {}
    }
    value
}

#[test]
fn the_python_readers_records_become_what_jetstream_served() {
    let Some(dir) = data() else { return };
    let expected = expected(&dir);
    let mut compared = 0;
    for line in lines(&dir, "wire_python_reader.jsonl") {
        let commit: Value = serde_json::from_str(line["data"].as_str().unwrap()).expect("JSON");
        for op in commit["ops"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|op| op["record"].is_object())
        {
            let uri = format!(
                "at://{}/{}",
                commit["repo"].as_str().unwrap(),
                op["path"].as_str().unwrap()
            );
            let reference = &expected[&uri];
            let got = converted(&op["record"].to_string());
            assert_eq!(
                &without_added_types(got.clone(), reference),
                reference,
                "{uri}"
            );
            assert_eq!(got["$type"], reference["$type"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 145);
}

#[test]
fn lexicon_records_stay_exactly_as_they_are() {
    let Some(dir) = data() else { return };
    for (uri, record) in expected(&dir) {
        assert_eq!(converted(&record.to_string()), record, "{uri}");
    }
}
