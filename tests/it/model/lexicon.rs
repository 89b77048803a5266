//! The model's conversion of the SDK's dialect to the lexicon form, from CONTRACT §1 alone.

use serde_json::{Map, Value, json};

/// Fields of a record's lexicon whose snake_case the SDK writes; from the 26 record lexicons.
const CAMEL: [&str; 40] = [
    "accentForeground",
    "acceptsInteractions",
    "adultOnly",
    "allowGroupInvites",
    "allowIncoming",
    "allowSubscriptions",
    "aspectRatio",
    "associatedRefs",
    "basicTheme",
    "bskyPostRef",
    "byteEnd",
    "byteStart",
    "contentMode",
    "continuityProofs",
    "coverImage",
    "createdAt",
    "currentKey",
    "defaultSetting",
    "descriptionFacets",
    "detachedEmbeddingUris",
    "displayName",
    "durationMinutes",
    "embeddingRules",
    "hiddenReplies",
    "hideFromAlgorithmicRecommendations",
    "joinedViaStarterPack",
    "keyPackage",
    "labelValueDefinitions",
    "labelValues",
    "messageMe",
    "messageMeUrl",
    "pinnedPost",
    "publishedAt",
    "reasonTypes",
    "showButtonTo",
    "showInDiscover",
    "subjectCollections",
    "subjectTypes",
    "textContent",
    "updatedAt",
];

#[derive(Clone, Copy, PartialEq)]
enum Dialect {
    Sdk,
    Lexicon,
}

/// The record as its lexicon has it, whichever dialect its objects are in.
pub fn form(record: &Value) -> Value {
    convert(record, Dialect::Lexicon)
}

fn convert(value: &Value, around: Dialect) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| convert(item, around)).collect(),
        Value::Object(map) => match dialect(map, around) {
            Dialect::Sdk => Value::Object(sdk_object(map)),
            Dialect::Lexicon => {
                let each = |(key, value): (&String, &Value)| {
                    let value = match link_of(map, key, value) {
                        Some(link) => json!({ "$link": link }),
                        None => convert(value, Dialect::Lexicon),
                    };
                    (key.clone(), value)
                };
                Value::Object(map.iter().map(each).collect())
            }
        },
        other => other.clone(),
    }
}

fn dialect(map: &Map<String, Value>, around: Dialect) -> Dialect {
    if map.contains_key("py_type") {
        Dialect::Sdk
    } else if map.contains_key("$type") {
        Dialect::Lexicon
    } else {
        around
    }
}

fn sdk_object(map: &Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let value = match link_of(map, key, value) {
            Some(link) => json!({ "$link": link }),
            None => convert(value, Dialect::Sdk),
        };
        out.insert(name(key), value);
    }
    out
}

fn name(key: &str) -> String {
    if key == "py_type" {
        return "$type".to_owned();
    }
    let known = CAMEL
        .iter()
        .chain(&["mimeType"])
        .find(|camel| snake(camel) == key);
    known.map_or(key, |camel| *camel).to_owned()
}

fn snake(camel: &str) -> String {
    let mut out = String::new();
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The CID of a member, if it is a blob's `ref`: in an object of either dialect with a MIME type.
fn link_of(map: &Map<String, Value>, key: &str, value: &Value) -> Option<String> {
    let is_blob = map.contains_key("mimeType") || map.contains_key("mime_type");
    if is_blob && key == "ref" {
        blob_link(value)
    } else {
        None
    }
}

/// The CID of a blob's `ref`, in whichever form it came.
pub fn blob_link(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(hex_cid(text).map_or_else(|| text.clone(), base32)),
        Value::Object(map) => blob_link(
            map.get("$link")
                .or(map.get("link"))
                .filter(|link| link.is_string())?,
        ),
        _ => None,
    }
}

/// The hex digits of a CID of version 1, without the zero that CBOR puts before it: a version, a
/// codec, a hash's code and its length, each a number of seven bits a byte, and as many bytes.
fn hex_cid(text: &str) -> Option<&str> {
    let even = text.is_ascii() && text.len().is_multiple_of(2) && text.len() <= 512;
    let is_hex = even && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let cid = text.strip_prefix("00").unwrap_or(text);
    let byte = |at: usize| u8::from_str_radix(cid.get(2 * at..2 * at + 2)?, 16).ok();
    let mut at = 0;
    let mut number = || {
        let mut number: u64 = 0;
        for place in 0..9 {
            let digit = byte(at)?;
            at += 1;
            number += u64::from(digit % 128) << (7 * place);
            if digit < 128 {
                return Some(number);
            }
        }
        None
    };
    if !is_hex || number()? != 1 {
        return None;
    }
    let (_codec, _hash, length) = (number()?, number()?, number()?);
    let digest = cid.len() / 2 - at;
    (digest > 0 && length == digest as u64).then_some(cid)
}

/// `b` and the base32 of bytes that are given in hex.
fn base32(hex: &str) -> String {
    let digits = hex.chars().map(|digit| digit.to_digit(16).expect("hex"));
    let mut bits: String = digits.map(|digit| format!("{digit:04b}")).collect();
    while !bits.len().is_multiple_of(5) {
        bits.push('0');
    }
    let letter = |at: usize| {
        let five = u8::from_str_radix(&bits[at..at + 5], 2).expect("five bits");
        char::from(b"abcdefghijklmnopqrstuvwxyz234567"[usize::from(five)])
    };
    std::iter::once('b')
        .chain((0..bits.len()).step_by(5).map(letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_has_its_own_dialect() {
        let record = json!({
            "py_type": "a.b", "$type": "a.b", "created_at": "x", "via": null, "record_type": null,
            "signing_key": "01551220",
            "embed": { "$type": "c.d", "created_at": null, "inner": { "byte_end": 1 } },
            "index": { "byte_end": 3, "other_key": [null, { "alt": null, "mime_type": "x" }] },
        });
        let expected = json!({
            "$type": "a.b", "createdAt": "x", "signing_key": "01551220",
            "embed": { "$type": "c.d", "created_at": null, "inner": { "byte_end": 1 } },
            "index": { "byteEnd": 3, "other_key": [null, { "mimeType": "x" }] },
        });
        assert_eq!(form(&record), expected);
    }

    #[test]
    fn blob_refs_of_every_form() {
        let cid = "bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e";
        let hex = "0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1";
        for given in [
            json!(hex),
            json!(cid),
            json!({ "link": cid }),
            json!({ "$link": cid }),
        ] {
            let blob = json!({ "py_type": "blob", "mime_type": "image/jpeg", "ref": given });
            let expected =
                json!({ "$type": "blob", "mimeType": "image/jpeg", "ref": { "$link": cid } });
            assert_eq!(form(&blob), expected);
        }
        let no_blob = json!({ "py_type": "a.b", "ref": hex });
        assert_eq!(form(&no_blob), json!({ "$type": "a.b", "ref": hex }));
    }
}
