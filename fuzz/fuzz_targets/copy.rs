//! From JSON to COPY bytes: whatever the entry, its rows are what PostgreSQL can read, and what is
//! not stored is in a dead letter that fails in the same way when it is replayed.
#![no_main]

use forebay::batch::{Batch, DeadLetter, uris_of_ops};
use forebay::entry::Entry;
use forebay::widths::Widths;
use forebay_fuzz::{copy, entry};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

/// Ops of a commit that are also taken one by one.
const OPS_MAX: usize = 16;

fuzz_target!(|data: &[u8]| {
    for kind in ["commit", "identity", "account"] {
        whole(&entry(kind, data));
    }
});

fn batch() -> Batch {
    static WIDTHS: LazyLock<Arc<Widths>> = LazyLock::new(|| Arc::new(Widths::contract()));
    Batch::new(Arc::clone(&WIDTHS))
}

fn whole(entry: &Entry) {
    let mut all = batch();
    all.push(entry);
    let rows = copy::rows(&mut all);
    assert_eq!(rows, copy::rows(&mut all), "a batch can be sent again");
    all.dead().iter().for_each(|letter| replay(entry, letter));
    let count = uris_of_ops(entry).len();
    if count <= OPS_MAX {
        one_by_one(entry, count, &all);
    }
    all.push(entry);
    assert_eq!(copy::rows(&mut all).len(), rows.len(), "redelivered");
}

/// Each op alone is refused for the same reason as among the others.
fn one_by_one(entry: &Entry, count: usize, all: &Batch) {
    let mut refused = Vec::new();
    for op in 0..count {
        let mut alone = batch();
        alone.push_ops(entry, &[op]);
        copy::rows(&mut alone);
        refused.extend_from_slice(alone.dead());
    }
    if count > 0 {
        assert_eq!(refused, all.dead());
    }
}

fn replay(entry: &Entry, letter: &DeadLetter) {
    assert!(letter.reason.len() > 3 && letter.remedy.len() > 20);
    assert!(!letter.kind.contains('\0') && !letter.seq.contains('\0'));
    if letter.truncated {
        return;
    }
    let mut again = entry.clone();
    again.data = Some(letter.data.clone());
    let mut batch = batch();
    batch.push(&again);
    let reasons: Vec<_> = batch.dead().iter().map(|again| &again.reason).collect();
    assert_eq!(reasons, [&letter.reason]);
    assert_eq!(batch.dead()[0].data, letter.data, "nothing is lost by a replay");
}
