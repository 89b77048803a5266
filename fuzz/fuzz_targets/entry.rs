//! The entry decoder: any bytes are JSON for the engine exactly if they are for another parser,
//! and the parts that it finds without parsing are those that parsing finds.
#![no_main]

use forebay::batch::uris_of_ops;
use forebay::decode::{dialect, json, span};
use forebay::partition;
use forebay_fuzz::{depth, entry, is_json};
use libfuzzer_sys::fuzz_target;
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

fuzz_target!(|data: &[u8]| {
    for kind in ["commit", "identity", "account", "sync"] {
        let _ = partition::hint(kind.as_bytes(), data);
    }
    let parsed = json::parse(data);
    if let Ok(text) = std::str::from_utf8(data) {
        judge(text, parsed.is_some());
    }
    if let Some(parsed) = parsed {
        parts(data, &parsed.value);
    }
});

/// What lies deeper than the engine looks is not read at all.
fn judge(text: &str, taken: bool) {
    if depth(text.as_bytes()) <= 256 {
        assert_eq!(taken, is_json(text.as_bytes()), "{text:?}");
    } else if is_json(text.as_bytes()) {
        assert!(taken, "{text:?}");
    }
}

/// The spans of a commit's repo and ops are what parsing gives for them.
fn parts(data: &[u8], value: &sonic_rs::Value) {
    let uris = uris_of_ops(&entry("commit", data));
    if uris.is_empty() {
        return;
    }
    let object = value.as_object().expect("a commit");
    let [repo, ops] = forebay::decode::pick(object, ["repo", "ops"]);
    let ops = ops.and_then(|ops| ops.as_array()).expect("ops");
    let array = span::last_member(data, "ops").expect("the span of the ops");
    let spans = span::elements(data, array);
    assert_eq!((uris.len(), spans.len()), (ops.len(), ops.len()));
    for (op, span) in ops.iter().zip(spans) {
        let alone = json::parse(&data[span]).expect("an op is JSON");
        // Alone it may nest deeper: what is cut is cut elsewhere.
        if depth(data) <= 256 {
            assert_eq!(dialect::to_lexicon(op), dialect::to_lexicon(&alone.value));
        }
    }
    let repo = repo.and_then(|repo| repo.as_str()).expect("a repo");
    let found = span::last_member(data, "repo").and_then(|raw| span::string(&data[raw]));
    assert_eq!(found.as_deref(), Some(repo));
}
