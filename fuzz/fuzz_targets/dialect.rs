//! Both dialects: what is written of any value is what the tests' own conversion makes of it, and
//! is not changed by being converted again.
#![no_main]

use forebay::decode::dialect::{self, Unstorable};
use forebay::decode::{json, names};
use forebay_fuzz::{depth, json as oracle, lexicon};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let (Ok(text), Some(parsed)) = (std::str::from_utf8(data), json::parse(data)) else {
        return;
    };
    if depth(data) > 256 {
        return;
    }
    let record = oracle::parse(text).expect("the engine takes it for JSON");
    let written = dialect::to_lexicon(&parsed.value);
    if ambiguous(&record) {
        return;
    }
    let expected = lexicon::form(&record);
    match written {
        Ok(written) => {
            let found = oracle::parse(&written).expect("what is written is JSON");
            assert!(oracle::same(&expected, &found), "{expected}\n{written}");
            let again = json::parse(written.as_bytes()).expect("what is written is JSON");
            assert_eq!(dialect::to_lexicon(&again.value).as_deref(), Ok(written.as_str()));
        }
        Err(Unstorable::TooDeep) => assert!(depth(data) >= 128),
        Err(why) => assert!(!oracle::is_numeric(&record), "{why:?}: {text}"),
    }
});

/// An SDK object with both forms of a key: which one counts is a matter of their order, which the
/// oracle's maps do not keep.
fn ambiguous(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            let both = |key: &String| {
                let name = names::to_lexicon(key);
                name != key && map.contains_key(name)
            };
            map.keys().any(both) || map.values().any(ambiguous)
        }
        Value::Array(items) => items.iter().any(ambiguous),
        _ => false,
    }
}
