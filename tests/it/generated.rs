//! The generator and the model against each other: two authors' readings of the contract, before
//! any engine comes in.

use super::model::{EntryLike, Model};
use forebay::generate::{Generator, Options};
use serde_json::Value;

/// The generated events as entries, one a millisecond.
pub fn entries(options: Options) -> Vec<(String, forebay::generate::Event)> {
    let id = |n: usize| format!("{}-0", 1_783_175_888_000 + n);
    Generator::new(options)
        .enumerate()
        .map(|(n, event)| (id(n), event))
        .collect()
}

pub fn model_of<'a>(
    entries: impl Iterator<Item = &'a (String, forebay::generate::Event)>,
) -> Model {
    let mut model = Model::new();
    for (id, event) in entries {
        let data = event.data.as_bytes();
        model.apply(&EntryLike {
            id,
            kind: event.kind,
            data,
            seq: &event.seq,
        });
    }
    model
}

/// Without nested `$type`s, which the SDK adds, and without what only one dialect's commits have.
fn content(model: &Model) -> Value {
    let mut tables = model.as_json();
    for rows in tables.as_object_mut().expect("tables").values_mut() {
        for row in rows.as_object_mut().expect("rows").values_mut() {
            let row = row.as_object_mut().expect("a row");
            row.retain(|column, _| !column.starts_with("commit_"));
            row.values_mut().for_each(strip_types);
        }
    }
    tables
}

fn strip_types(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("$type");
            map.values_mut().for_each(strip_types);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_types),
        _ => {}
    }
}

pub fn some(sdk: f64) -> Options {
    Options {
        events: 20_000,
        users: 3000,
        sdk,
        ..Options::default()
    }
}

#[test]
fn both_dialects_say_the_same() {
    let [lexicon, sdk] = [0.0, 1.0].map(|sdk| content(&model_of(entries(some(sdk)).iter())));
    for (table, rows) in lexicon.as_object().expect("tables") {
        for (key, row) in rows.as_object().expect("rows") {
            assert_eq!(row, &sdk[table][key], "{table} {key}");
        }
    }
    assert_eq!(lexicon, sdk);
}

#[test]
fn every_generated_record_is_stored() {
    let model = model_of(entries(some(0.5)).iter());
    assert!(
        model.rejected().is_empty(),
        "{:?}",
        model.rejected().iter().next()
    );
    for (table, rows) in model.as_json().as_object().expect("tables") {
        let count = rows.as_object().expect("rows").len();
        assert!(count > 0, "{table} is empty");
    }
}

#[test]
fn the_models_order_does_not_matter() {
    let entries = entries(some(0.5));
    let there = model_of(entries.iter());
    let back = model_of(entries.iter().rev().chain(entries.iter()));
    assert_eq!(there.as_json(), back.as_json());
}

#[test]
fn every_bad_event_is_refused_or_repaired_beside_good_ops() {
    let options = Options {
        bad: 1.0,
        ..some(0.0)
    };
    let entries: Vec<_> = entries(options).into_iter().take(2000).collect();
    let model = model_of(entries.iter());
    assert!(model.rejected().len() > 1000);
    // The two good follows of each commit stand.
    assert!(model.count("public.follows") > 3000);
}
