//! DAG-CBOR: whatever the bytes, what is written is JSON, no larger than they can ask for and no deeper
//! than is allowed.
#![no_main]

use forebay::car::to_lexicon;
use forebay_fuzz::{depth, is_json};
use libfuzzer_sys::fuzz_target;

/// A byte of CBOR is at most an empty byte string: `{"$bytes":""},`.
const GROWTH: usize = 16;
/// What the decoder allows, and what a link or bytes add.
const DEPTH: usize = 128 + 1;

fuzz_target!(|data: &[u8]| {
    let mut out = b"before".to_vec();
    if to_lexicon(data, &mut out).is_ok() {
        let json = out.strip_prefix(b"before").expect("what was there stays");
        assert!(is_json(json), "{}", String::from_utf8_lossy(json));
        assert!(json.len() <= GROWTH * data.len());
        assert!(depth(json) <= DEPTH);
    }
});
