//! Generated events of which one value, or some characters, were damaged: whatever is wrong with it, the tables and
//! the dead letters are the model's.

use super::convergence::{assert_right, generated};
use super::model::{EntryLike, Model};
use super::support::Bed;
use super::support::give::{self, Given};
use super::support::random::Random;
use forebay::generate::Options;
use serde_json::Value;

/// The share of entries that are damaged: one in this many.
const ONE_IN: usize = 3;

/// What is put in the place of a value.
fn odd_values() -> Vec<Value> {
    let long = |begin: &str, length: usize| Value::from(format!("{begin}{}", "l".repeat(length)));
    let mut values: Vec<Value> = [
        "null",
        "true",
        "7",
        "-1.5",
        "1e400000",
        "1e-20000",
        "[]",
        "{}",
        "[null, 5]",
        "[{}]",
        r#"{"$type": "x.y.z"}"#,
        r#"{"py_type": "x.y.z", "created_at": "2026-07-04", "z": null}"#,
        r#"{"uri": 5, "cid": []}"#,
        r#"{"uri": "at://did:plc:x/app.bsky.feed.post/1"}"#,
        r#"{"mimeType": "image/jpeg", "ref": {"$link": "bafkreia"}}"#,
        r#"{"cid": "bafkreia", "mimeType": "image/jpeg"}"#,
        r#""""#,
        r#"" ""#,
        r#""x""#,
        r#""a\u0000b""#,
        r#""ä😄""#,
        r#""did:plc:other""#,
        r#""did:PLC:other""#,
        r#""did:plc:other:""#,
        r#""at://did:plc:x/app.bsky.feed.post/1""#,
        r#""at://x""#,
        r#""at://x.y""#,
        r#""at://did:plc:x/""#,
        r#""https://example.com/""#,
        r#""2026-07-04T14:38:08+0900""#,
        r#""2026-07-04T14:38:08+09""#,
        r#""2026-07-04T14:38:08-09:30""#,
        r#""0001-01-01T00:00:00+09:00""#,
        r#""9999-12-31T23:59:59.9999999Z""#,
        r#""2026-02-29""#,
        r#""2026-07-04T24:00:00Z""#,
    ]
    .iter()
    .map(|text| serde_json::from_str(text).unwrap())
    .collect();
    values.extend([
        long("", 300),
        long("", 70),
        long("did:plc:", 300),
        long("at://did:plc:x/app.bsky.feed.post/", 600),
        (0..130).fold(Value::from(1), |inner, _| Value::Array(vec![inner])),
    ]);
    values
}

/// Where in a value something can be put, deepest last.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside = |key: &str| format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            found.push(inside(key));
            places(value, &inside(key), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, value)| {
            found.push(inside(&index.to_string()));
            places(value, &inside(&index.to_string()), found);
        }),
        _ => {}
    }
}

fn damage(data: &str, odd: &[Value], random: &mut Random) -> String {
    let mut data: Value = serde_json::from_str(data).unwrap();
    let mut found = Vec::new();
    places(&data, "", &mut found);
    let place = &found[random.below(found.len())];
    let (parent, key) = place.rsplit_once('/').unwrap();
    match data.pointer_mut(parent) {
        Some(Value::Object(map)) if random.below(5) == 0 => drop(map.remove(key)),
        _ => *data.pointer_mut(place).unwrap() = odd[random.below(odd.len())].clone(),
    }
    data.to_string()
}

/// Some characters of the text itself, among those that mean something in JSON.
fn damage_text(data: &str, random: &mut Random) -> String {
    let mut bytes = data.as_bytes().to_vec();
    for _ in 0..1 + random.below(2) {
        let at = random.below(bytes.len());
        // Letters of two bytes stay whole: what is no UTF-8 is another test's.
        if bytes[at].is_ascii() {
            bytes[at] = *random.pick(br#""\{}[],:0-9.eEtnu/a "#);
        }
    }
    String::from_utf8(bytes).unwrap()
}

type Damage<'d> = &'d mut dyn FnMut(&str, &mut Random) -> String;

fn damaged(seed: u64, damage: Damage<'_>) -> (Vec<Given>, Model) {
    let (mut entries, _) = generated(Options {
        seed,
        events: 3_000,
        users: 100,
        sdk: 0.5,
        bad: 0.0,
    });
    let mut random = Random::of(seed);
    let mut model = Model::new();
    for entry in &mut entries {
        // One fault an entry: of two, either may be the one that is named.
        if random.below(ONE_IN) == 0 {
            entry.data = damage(&entry.data, &mut random);
        } else if random.below(100) == 0 {
            entry.seq = "9".repeat(33);
        }
        model.apply(&EntryLike {
            id: &entry.id,
            kind: &entry.kind,
            data: entry.data.as_bytes(),
            seq: &entry.seq,
        });
    }
    (entries, model)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_value_of_many_entries() {
    let odd = odd_values();
    for seed in 100..110 {
        let (entries, model) = damaged(seed, &mut |data, random| damage(data, &odd, random));
        assert!(model.rejected().len() > 100, "few are bad enough");
        let bed = Bed::new().await;
        give::once(&bed, &entries).await;
        // Shown only if it fails.
        println!("seed {seed}");
        assert_right(&bed, &model).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_value_of_many_entries_in_reverse() {
    let odd = odd_values();
    let (entries, model) = damaged(200, &mut |data, random| damage(data, &odd, random));
    let bed = Bed::new().await;
    give::in_reverse(&bed, &entries).await;
    assert_right(&bed, &model).await;
}

/// What is JSON still, PostgreSQL takes and gives back as the model reads it.
#[tokio::test(flavor = "multi_thread")]
async fn characters_of_many_entries() {
    for seed in 300..304 {
        let (entries, model) = damaged(seed, &mut damage_text);
        assert!(model.rejected().len() > 100, "few are bad enough");
        let bed = Bed::new().await;
        give::once(&bed, &entries).await;
        println!("seed {seed}");
        assert_right(&bed, &model).await;
    }
}
