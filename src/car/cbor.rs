//! From DAG-CBOR to lexicon JSON (atproto.com/specs/data-model), written straight to the end of a
//! buffer: links become `{"$link": CID}`, bytes `{"$bytes": base64}`.
//!
//! The decoder bounds the nesting (128 levels) and does not believe a length beyond what is there. It
//! is told to be lenient about the order of keys: what hashes to its CID is what was signed, and a
//! record is not lost for how it was written.

use std::convert::Infallible;
use std::fmt;

use data_encoding::BASE64_NOPAD;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_ipld_dagcbor::DecodeError;
use serde_ipld_dagcbor::de::Deserializer as Cbor;

use crate::decode::{cid, datetime};
use crate::position::Micros;

/// Why bytes are no record.
pub type BadCbor = DecodeError<Infallible>;

/// What was seen while a record was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its `createdAt`, where that can be read.
    pub created_at: Option<Micros>,
}

/// Appends the JSON of a record to `out`.
///
/// # Errors
///
/// It is no DAG-CBOR, or nests too deep; `out` then ends with a part of it.
pub fn to_lexicon(cbor: &[u8], out: &mut Vec<u8>) -> Result<Facts, BadCbor> {
    let mut facts = Facts::default();
    let mut decoder = Cbor::from_slice(cbor);
    let value = Value {
        out,
        facts: &mut facts,
        place: Place::Top,
    };
    value.deserialize(&mut decoder)?;
    decoder.end()?;
    Ok(facts)
}

/// Where a value stands, as far as that matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    CreatedAt,
    Within,
}

/// A value to be written.
struct Value<'o, 'f> {
    out: &'o mut Vec<u8>,
    facts: &'f mut Facts,
    place: Place,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the data model")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.out.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.out.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_i128<E>(self, value: i128) -> Result<(), E> {
        self.out.extend_from_slice(value.to_string().as_bytes());
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        sonic_rs::to_writer(self.out, &value).map_err(E::custom)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        if self.place == Place::CreatedAt {
            self.facts.created_at = datetime::parse(text);
        }
        string(text, self.out)
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<(), E> {
        self.out.extend_from_slice(b"{\"$bytes\":\"");
        let text = BASE64_NOPAD.encode(bytes);
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\"}");
        Ok(())
    }

    /// The only such struct is a CID.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_bytes(Link(self.out))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Value { out, facts, .. } = self;
        out.push(b'[');
        let start = out.len();
        loop {
            let before = out.len();
            if before > start {
                out.push(b',');
            }
            let item = Value {
                out,
                facts,
                place: Place::Within,
            };
            if items.next_element_seed(item)?.is_none() {
                out.truncate(before);
                out.push(b']');
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Value { out, facts, place } = self;
        out.push(b'{');
        let start = out.len();
        while let Some(key) = members.next_key::<std::borrow::Cow<'_, str>>()? {
            if out.len() > start {
                out.push(b',');
            }
            string(&key, out)?;
            out.push(b':');
            let within = match place {
                Place::Top if key == "createdAt" => Place::CreatedAt,
                _ => Place::Within,
            };
            members.next_value_seed(Value {
                out,
                facts,
                place: within,
            })?;
        }
        out.push(b'}');
        Ok(())
    }
}

struct Link<'o>(&'o mut Vec<u8>);

impl Visitor<'_> for Link<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CID")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        let checked = ::cid::Cid::try_from(bytes).map_err(E::custom)?;
        let text = match checked.version() {
            ::cid::Version::V1 => cid::of_bytes(bytes),
            ::cid::Version::V0 => checked.to_string(),
        };
        self.0.extend_from_slice(b"{\"$link\":\"");
        self.0.extend_from_slice(text.as_bytes());
        self.0.extend_from_slice(b"\"}");
        Ok(())
    }
}

/// NULs stay: what is done about them is counted where it is done.
fn string<E: serde::de::Error>(text: &str, out: &mut Vec<u8>) -> Result<(), E> {
    sonic_rs::to_writer(out, text).map_err(E::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(cbor: &[u8]) -> Result<String, BadCbor> {
        let mut out = Vec::new();
        to_lexicon(cbor, &mut out)?;
        Ok(String::from_utf8(out).expect("UTF-8"))
    }

    #[test]
    fn writes_every_kind_of_value() {
        let cases: [(&[u8], &str); 12] = [
            (b"\xf6", "null"),
            (b"\xf5", "true"),
            (b"\x18\x2a", "42"),
            (b"\x29", "-10"),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616"),
            (b"\xfb\x3f\xf8\0\0\0\0\0\0", "1.5"),
            (b"\x63a\"\0", "\"a\\\"\\u0000\""),
            (b"\x42\x01\x02", "{\"$bytes\":\"AQI\"}"),
            (b"\x80", "[]"),
            (b"\x82\x01\xa0", "[1,{}]"),
            (b"\xa2\x61b\x01\x61a\x81\x02", "{\"b\":1,\"a\":[2]}"),
            (
                b"\xd8\x2a\x58\x25\0\x01\x55\x12\x20\x12\xfb\xae\x18\xfa\x56\x95\x0c\x61\x09\x93\x6c\x1e\xe2\x01\x88\xe2\x72\x0e\xdf\x96\xdd\x22\xb9\xb7\xc6\xc9\xe0\x5e\x2b\xca\xd1",
                "{\"$link\":\"bafkreias7oxbr6swsuggccmtnqpoeami4jza5x4w3urltn6gzhqf4k6k2e\"}",
            ),
        ];
        for (cbor, expected) in cases {
            assert_eq!(json(cbor).expect("a value"), expected);
        }
    }

    #[test]
    fn sees_when_a_record_was_created() {
        let mut out = Vec::new();
        let cbor = b"\xa2\x61a\xa1\x69createdAt\x6a2001-01-01\x69createdAt\x6a2023-01-02";
        let facts = to_lexicon(cbor, &mut out).expect("a record");
        assert_eq!(facts.created_at, datetime::parse("2023-01-02"));
    }

    #[test]
    fn refuses_bombs_and_nonsense() {
        let deep = [[0x81].repeat(100_000), vec![0x80]].concat();
        let wide = b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        let long = b"\x7b\x00\xff\xff\xff\xff\xff\xff\xffabc";
        let endless = b"\x9f\x01\xff";
        let not_utf8 = b"\x62\xff\xfe";
        let trailing = b"\x01\x01";
        let no_cid = b"\xd8\x2a\x42\x00\x01";
        let cases: [&[u8]; 8] = [&deep, wide, long, endless, not_utf8, trailing, no_cid, b""];
        for cbor in cases {
            assert!(json(cbor).is_err(), "{:x?}", &cbor[..cbor.len().min(16)]);
        }
    }

    #[test]
    fn nests_as_deep_as_any_column_takes() {
        let depth = crate::decode::dialect::DEPTH_MAX - 1;
        let cbor = [[0x81].repeat(depth), vec![0x80]].concat();
        assert!(json(&cbor).is_ok());
    }
}
