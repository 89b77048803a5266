//! CARs: whatever the bytes, the way through the tree ends, paths come in order and once, and each record
//! is JSON. Random bytes never have the right hashes, so the same bytes also become blocks that do, and
//! whose links lead to each other.
#![no_main]

use forebay::car::Car;
use forebay_fuzz::car::{Export, Hash, put};
use forebay_fuzz::is_json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    walk(data);
    let mut blocks = Vec::new();
    let mut known: Vec<Hash> = Vec::new();
    // The first byte of each part is its length; links lead to parts before it.
    let mut rest = data;
    while let Some((&length, content)) = rest.split_first() {
        let (part, behind) = content.split_at(usize::from(length).min(content.len()));
        let mut part = part.to_vec();
        link(&mut part, &known);
        known.push(put(&mut blocks, part));
        rest = behind;
    }
    let Some(root) = known.last().copied() else {
        return;
    };
    walk(&Export::of("did:plc:fuzzed", Some("3mptbypluud2a"), root, blocks).bytes());
});

/// Makes every link lead to a block that is there.
fn link(part: &mut [u8], known: &[Hash]) {
    const LINK: &[u8] = b"\xd8\x2a\x58\x25\0\x01\x71\x12\x20";
    let mut at = 0;
    while let Some(found) = part[at..]
        .windows(LINK.len())
        .position(|bytes| bytes == LINK)
    {
        at += found + LINK.len();
        let Some(digest) = part.get_mut(at..at + 32) else {
            return;
        };
        if !known.is_empty() {
            digest.copy_from_slice(&known[usize::from(digest[0]) % known.len()]);
        }
    }
}

fn walk(data: &[u8]) {
    let Ok(mut car) = Car::open(data, data, |_, _| {}, |_| {}) else {
        return;
    };
    let mut json = Vec::new();
    let mut last = String::new();
    for _ in 0..=data.len() {
        json.clear();
        match car.next(&mut json) {
            None => return,
            Some(Ok(record)) => {
                assert!(record.path > last, "{last} before {}", record.path);
                assert!(is_json(&json));
                last = record.path;
            }
            Some(Err(_)) => assert!(json.is_empty(), "what is not read leaves nothing"),
        }
    }
    panic!("there are more steps than bytes");
}
