//! The two dialects of records: reads fields by their lexicon names, and writes any value in
//! lexicon form.
//!
//! The dialect is a property of each object (CONTRACT §1). It knows keys, nulls and blob refs; it
//! does not know collections, nor which fields a record needs.

use crate::decode::{cid, names, number};
use sonic_rs::{Array, JsonContainerTrait, JsonType, JsonValueTrait, Object, Value};
use std::collections::HashMap;

/// Who wrote an object's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As the lexicons say; stored as it came.
    Lexicon,
    /// As the Python SDK writes: snake_case, `py_type`, nulls for what is unset.
    Sdk,
}

/// An object together with its dialect.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    object: &'a Object,
    dialect: Dialect,
}

impl<'a> Node<'a> {
    /// The object that `value` is, inside an object of dialect `around`; `None` if it is none.
    #[must_use]
    pub fn of(value: &'a Value, around: Dialect) -> Option<Self> {
        let object = value.as_object()?;
        Some(Node {
            object,
            dialect: dialect_of(object, around),
        })
    }

    /// The dialect, which is what lies inside has unless it says otherwise.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        self.dialect
    }

    /// The members of these lexicon names. A null counts as absent. Members are taken in order and
    /// a later one of the same lexicon name replaces an earlier one, so of `createdAt` and
    /// `created_at` in one SDK object the last that is not null counts.
    #[must_use]
    pub fn fields<const N: usize>(self, wanted: [&str; N]) -> [Option<&'a Value>; N] {
        match self.dialect {
            Dialect::Lexicon => super::pick(self.object, wanted),
            Dialect::Sdk => self.sdk_fields(wanted),
        }
    }

    fn sdk_fields<const N: usize>(self, wanted: [&str; N]) -> [Option<&'a Value>; N] {
        let mut found: [Option<(&str, &'a Value)>; N] = [None; N];
        for (key, value) in self.object.iter() {
            let name = sdk_name(key);
            let Some(index) = wanted.iter().position(|wanted| *wanted == name) else {
                continue;
            };
            let held = found[index].map(|(key, _)| key);
            if value.is_null() {
                found[index] = found[index].filter(|(held, _)| *held != key);
            } else if key != "$type" || held != Some("py_type") {
                found[index] = Some((key, value));
            }
        }
        found.map(|member| member.map(|(_, value)| value))
    }
}

fn dialect_of(object: &Object, around: Dialect) -> Dialect {
    let mut dialect = around;
    for (key, _) in object.iter() {
        match key {
            "py_type" => return Dialect::Sdk,
            "$type" => dialect = Dialect::Lexicon,
            _ => {}
        }
    }
    dialect
}

/// The lexicon's name of a key in an SDK object.
fn sdk_name(key: &str) -> &str {
    if key == "py_type" {
        "$type"
    } else {
        names::to_lexicon(key)
    }
}

/// Nesting that a jsonb column is given at most (DESIGN, "Failure").
pub const DEPTH_MAX: usize = 128;

/// Digits that the numbers of one jsonb value may have together: eight megabytes as PostgreSQL keeps
/// them. `1e131071` is eight bytes of JSON and 64 KiB of jsonb, so that a record of a few megabytes
/// could ask the server for gigabytes.
pub const DIGITS_MAX: usize = 1 << 24;

/// Bytes that PostgreSQL allows in one string of a jsonb value (JENTRY_OFFLENMASK in jsonb.h).
const JSONB_STRING_MAX: usize = 268_435_455;

/// What jsonb would refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unstorable {
    /// Nesting over [`DEPTH_MAX`].
    TooDeep,
    /// A number beyond `numeric`, or numbers that together have over [`DIGITS_MAX`] digits.
    BadNumber,
    /// A string or key longer than jsonb can hold.
    TooLong,
}

/// Appends the lexicon form of a value that lies in an object of dialect `around` to `out`, as JSON
/// text that jsonb takes. Gives how many NULs became U+FFFD.
///
/// # Errors
///
/// Where jsonb would refuse the value; `out` then ends with a part of it.
pub fn write_lexicon(value: &Value, around: Dialect, out: &mut Vec<u8>) -> Result<u64, Unstorable> {
    let mut writer = Writer {
        out,
        depth: 0,
        nuls: 0,
        digits: 0,
    };
    writer.value(value, around)?;
    Ok(writer.nuls)
}

/// The lexicon form of a record, as JSON text.
///
/// # Errors
///
/// Where jsonb would refuse it.
pub fn to_lexicon(record: &Value) -> Result<String, Unstorable> {
    let mut out = Vec::new();
    write_lexicon(record, Dialect::Lexicon, &mut out)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Appends a JSON string to `out`. Gives how many NULs became U+FFFD, because jsonb has no NUL.
pub fn write_string(text: &str, out: &mut Vec<u8>) -> u64 {
    out.push(b'"');
    let bytes = text.as_bytes();
    let (mut from, mut nuls) = (0, 0);
    for (at, &byte) in bytes.iter().enumerate() {
        if ESCAPED[usize::from(byte)] {
            out.extend_from_slice(&bytes[from..at]);
            nuls += u64::from(byte == 0);
            write_escaped(byte, out);
            from = at + 1;
        }
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
    nuls
}

const ESCAPED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    table[b'"' as usize] = true;
    table[b'\\' as usize] = true;
    table
};

fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    match byte {
        0 => out.extend_from_slice("\u{fffd}".as_bytes()),
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    depth: usize,
    nuls: u64,
    digits: usize,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, around: Dialect) -> Result<(), Unstorable> {
        match value.get_type() {
            JsonType::String => self.string(value.as_str().unwrap_or_default()),
            JsonType::Object => value
                .as_object()
                .map_or(Ok(()), |object| self.object(object, around)),
            JsonType::Array => value
                .as_array()
                .map_or(Ok(()), |array| self.array(array, around)),
            JsonType::Number => self.number(value),
            JsonType::Boolean if value.is_true() => self.literal(b"true"),
            JsonType::Boolean => self.literal(b"false"),
            JsonType::Null => self.literal(b"null"),
        }
    }

    fn literal(&mut self, text: &[u8]) -> Result<(), Unstorable> {
        self.out.extend_from_slice(text);
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<(), Unstorable> {
        if text.len() > JSONB_STRING_MAX {
            return Err(Unstorable::TooLong);
        }
        self.nuls += write_string(text, self.out);
        Ok(())
    }

    fn number(&mut self, value: &Value) -> Result<(), Unstorable> {
        let number = value.as_raw_number().ok_or(Unstorable::BadNumber)?;
        self.digits += number::digits_of(number.as_str()).ok_or(Unstorable::BadNumber)?;
        if self.digits > DIGITS_MAX {
            return Err(Unstorable::BadNumber);
        }
        self.literal(number.as_str().as_bytes())
    }

    fn enter(&mut self) -> Result<(), Unstorable> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            Err(Unstorable::TooDeep)
        } else {
            Ok(())
        }
    }

    fn array(&mut self, array: &Array, around: Dialect) -> Result<(), Unstorable> {
        self.enter()?;
        self.out.push(b'[');
        for (index, value) in array.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.value(value, around)?;
        }
        self.out.push(b']');
        self.depth -= 1;
        Ok(())
    }

    fn object(&mut self, object: &Object, around: Dialect) -> Result<(), Unstorable> {
        self.enter()?;
        self.out.push(b'{');
        let start = self.out.len();
        let shape = Shape::of(object, around);
        for (index, (key, value)) in object.iter().enumerate() {
            let Some(name) = shape.name(index, key, value) else {
                continue;
            };
            if self.out.len() > start {
                self.out.push(b',');
            }
            self.string(name)?;
            self.out.push(b':');
            self.member(name, value, &shape)?;
        }
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    fn member(&mut self, name: &str, value: &Value, shape: &Shape<'_>) -> Result<(), Unstorable> {
        let link = if shape.is_blob && name == "ref" {
            cid::of_ref(value)
        } else {
            None
        };
        match link {
            Some(cid) => self.link(&cid),
            None => self.value(value, shape.dialect),
        }
    }

    fn link(&mut self, cid: &str) -> Result<(), Unstorable> {
        self.enter()?;
        self.literal(b"{\"$link\":")?;
        self.string(cid)?;
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }
}

/// What one pass over an object's keys tells about how to write it.
struct Shape<'a> {
    dialect: Dialect,
    is_blob: bool,
    has_py_type: bool,
    /// SDK only: the last place where each key stands with a null.
    nulls: Nulls<'a>,
}

impl<'a> Shape<'a> {
    fn of(object: &'a Object, around: Dialect) -> Self {
        let dialect = dialect_of(object, around);
        let mut shape = Shape {
            dialect,
            is_blob: false,
            has_py_type: false,
            nulls: Nulls::default(),
        };
        for (index, (key, value)) in object.iter().enumerate() {
            match key {
                "mimeType" | "mime_type" => shape.is_blob = true,
                "py_type" => shape.has_py_type = !value.is_null(),
                _ => {}
            }
            if dialect == Dialect::Sdk && value.is_null() {
                shape.nulls.push(index, key);
            }
        }
        shape
    }

    /// The name under which a member is written; `None` if it is left out.
    fn name<'k>(&self, index: usize, key: &'k str, value: &Value) -> Option<&'k str> {
        if self.dialect == Dialect::Lexicon {
            return Some(key);
        }
        let replaced = self.has_py_type && key == "$type";
        let dropped = value.is_null() || replaced || self.nulls.has_later(index, key);
        (!dropped).then(|| sdk_name(key))
    }
}

/// The keys of an SDK object that are null. Of a key that stands twice the last counts, so a null
/// takes away what the same key said before it.
#[derive(Default)]
struct Nulls<'a> {
    few: Vec<(usize, &'a str)>,
    many: HashMap<&'a str, usize>,
}

/// Up to here looking through all is faster than hashing; beyond it, it would be quadratic.
const FEW: usize = 16;

impl<'a> Nulls<'a> {
    fn push(&mut self, index: usize, key: &'a str) {
        if self.few.len() < FEW {
            self.few.push((index, key));
        } else {
            self.many.insert(key, index);
        }
    }

    fn has_later(&self, index: usize, key: &str) -> bool {
        self.few.iter().any(|&(at, null)| at > index && null == key)
            || self.many.get(key).is_some_and(|&at| at > index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json;

    fn lexicon(text: &str) -> String {
        to_lexicon(&json::parse(text.as_bytes()).expect("JSON").value).expect("storable")
    }

    #[test]
    fn refuses_numbers_that_would_fill_the_server() {
        let numbers = |count| format!("[{}0]", "1e131071,".repeat(count));
        let parse = |text: &str| json::parse(text.as_bytes()).expect("JSON");
        assert!(to_lexicon(&parse(&numbers(127)).value).is_ok());
        let many = to_lexicon(&parse(&numbers(128)).value);
        assert_eq!(many, Err(Unstorable::BadNumber));
    }

    #[test]
    fn leaves_lexicon_objects_as_they_came() {
        let text = r#"{"$type":"a.b.c","created_at":null,"x":[1.10,true,null,{"py":"\n\u0001"}],"r":{"link":"x"}}"#;
        assert_eq!(lexicon(text), text);
    }

    #[test]
    fn turns_sdk_objects_into_lexicon_form() {
        assert_eq!(
            lexicon(
                r#"{"created_at":"t","via":null,"record_type":"x","py_type":"a.b.c","$type":"a.b.c"}"#
            ),
            r#"{"createdAt":"t","record_type":"x","$type":"a.b.c"}"#
        );
    }

    #[test]
    fn dialect_is_a_property_of_each_object() {
        assert_eq!(
            lexicon(
                r#"{"py_type":"a","x":{"byte_end":1},"y":{"$type":"b","byte_end":null,"z":{"byte_end":2}},"l":[{"byte_end":3}]}"#
            ),
            r#"{"$type":"a","x":{"byteEnd":1},"y":{"$type":"b","byte_end":null,"z":{"byte_end":2}},"l":[{"byteEnd":3}]}"#
        );
        assert_eq!(
            lexicon(r#"{"$type":"a","x":{"py_type":"b","byte_end":1,"n":null}}"#),
            r#"{"$type":"a","x":{"$type":"b","byteEnd":1}}"#
        );
    }

    #[test]
    fn blob_refs_become_links() {
        const HEX: &str =
            "0155122012fbae18fa56950c6109936c1ee20188e2720edf96dd22b9b7c6c9e05e2bcad1";
        const CID: &str = "bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e";
        let link = format!(r#"{{"$link":"{CID}"}}"#);
        for reference in [
            format!("\"{HEX}\""),
            format!(r#"{{"link":"{CID}"}}"#),
            format!("\"{CID}\""),
            link.clone(),
        ] {
            assert_eq!(
                lexicon(&format!(
                    r#"{{"py_type":"blob","mime_type":"image/png","ref":{reference},"hex":"{HEX}"}}"#
                )),
                format!(r#"{{"$type":"blob","mimeType":"image/png","ref":{link},"hex":"{HEX}"}}"#)
            );
            assert_eq!(
                lexicon(&format!(
                    r#"{{"$type":"blob","mimeType":"image/png","ref":{reference}}}"#
                )),
                format!(r#"{{"$type":"blob","mimeType":"image/png","ref":{link}}}"#)
            );
        }
        assert_eq!(
            lexicon(&format!(r#"{{"ref":"{HEX}"}}"#)),
            format!(r#"{{"ref":"{HEX}"}}"#)
        );
        assert_eq!(
            lexicon(r#"{"mimeType":"x","ref":null}"#),
            r#"{"mimeType":"x","ref":null}"#
        );
    }

    #[test]
    fn a_null_takes_away_only_its_own_key() {
        assert_eq!(
            lexicon(r#"{"py_type":"a","x":1,"x":null,"y":null,"y":2}"#),
            r#"{"$type":"a","y":2}"#
        );
        assert_eq!(
            lexicon(r#"{"py_type":"a","createdAt":1,"created_at":null}"#),
            r#"{"$type":"a","createdAt":1}"#
        );
        let many: String = (0..40)
            .map(|n| format!(r#""k{n}":1,"k{n}":null,"#))
            .collect();
        assert_eq!(
            lexicon(&format!(r#"{{{many}"py_type":"a"}}"#)),
            r#"{"$type":"a"}"#
        );
        assert_eq!(
            lexicon(r#"{"py_type":null,"$type":"a","x":null}"#),
            r#"{"$type":"a"}"#
        );
    }

    #[test]
    fn nuls_become_replacement_characters_in_values_and_keys() {
        let value = json::parse(br#"{"a\u0000":["\u0000b\u0000"]}"#)
            .expect("JSON")
            .value;
        let mut out = Vec::new();
        assert_eq!(write_lexicon(&value, Dialect::Lexicon, &mut out), Ok(3));
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "{\"a\u{fffd}\":[\"\u{fffd}b\u{fffd}\"]}"
        );
        assert_eq!(lexicon(r#""\\u0000""#), r#""\\u0000""#);
    }

    #[test]
    fn refuses_what_jsonb_refuses() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let write = |text: &str| to_lexicon(&json::parse(text.as_bytes()).expect("JSON").value);
        assert!(write(&nested(128)).is_ok());
        assert_eq!(write(&nested(129)), Err(Unstorable::TooDeep));
        assert_eq!(write(&nested(100_000)), Err(Unstorable::TooDeep));
        assert_eq!(write("[1e200000]"), Err(Unstorable::BadNumber));
        assert!(write("[[],[],{}]").is_ok());
    }

    #[test]
    fn fields_are_read_by_their_lexicon_names() {
        let parsed = json::parse(br#"{"created_at":"a","createdAt":null,"x":1,"x":null,"py_type":"p","$type":"q","text":"t"}"#).expect("JSON");
        let node = Node::of(&parsed.value, Dialect::Lexicon).expect("object");
        let [created, x, kind, text, none] =
            node.fields(["createdAt", "x", "$type", "text", "none"]);
        assert_eq!(created.and_then(|v| v.as_str()), Some("a"));
        assert!(x.is_none() && none.is_none());
        assert_eq!(kind.and_then(|v| v.as_str()), Some("p"));
        assert_eq!(text.and_then(|v| v.as_str()), Some("t"));
        assert_eq!(node.dialect(), Dialect::Sdk);
    }
}
