//! Repository exports made here, from records as JSON: with what a test damages.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

pub type Hash = [u8; 32];

/// Entries of a node of the tree.
const NODE: usize = 4;

/// A repository to be exported.
pub struct Repo {
    pub did: String,
    pub rev: Option<String>,
    pub records: BTreeMap<String, Value>,
}

/// Its blocks, the commit first.
pub struct Export {
    pub root: Hash,
    pub blocks: Vec<(Hash, Vec<u8>)>,
}

impl Repo {
    pub fn new(did: &str, rev: &str) -> Repo {
        Repo {
            did: did.to_owned(),
            rev: Some(rev.to_owned()),
            records: BTreeMap::new(),
        }
    }

    pub fn with(mut self, path: &str, record: Value) -> Repo {
        self.records.insert(path.to_owned(), record);
        self
    }

    pub fn export(&self) -> Export {
        let mut blocks = Vec::new();
        let leaves: Vec<(String, Hash)> = self
            .records
            .iter()
            .map(|(path, record)| (path.clone(), put(&mut blocks, cbor(record))))
            .collect();
        let data = tree(&mut blocks, &leaves);
        Export::of(&self.did, self.rev.as_deref(), data, blocks)
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.export().bytes()
    }
}

impl Export {
    /// With a tree that is there already.
    pub fn of(
        did: &str,
        rev: Option<&str>,
        data: Hash,
        mut blocks: Vec<(Hash, Vec<u8>)>,
    ) -> Export {
        let mut commit = map(if rev.is_some() { 6 } else { 5 });
        entry(&mut commit, "did", &text(did));
        if let Some(rev) = rev {
            entry(&mut commit, "rev", &text(rev));
        }
        entry(&mut commit, "sig", &bytes(&[7; 64]));
        entry(&mut commit, "data", &link(&data));
        entry(&mut commit, "prev", b"\xf6");
        entry(&mut commit, "version", b"\x03");
        let root = put(&mut blocks, commit);
        blocks.rotate_right(1);
        Export { root, blocks }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut header = map(2);
        entry(
            &mut header,
            "roots",
            &[&[0x81][..], &link(&self.root)].concat(),
        );
        entry(&mut header, "version", b"\x01");
        let mut out = section(&header);
        for (hash, content) in &self.blocks {
            out.extend(block(hash, content));
        }
        out
    }
}

/// A block as it stands in a file.
pub fn block(hash: &Hash, content: &[u8]) -> Vec<u8> {
    section(&[&cid(hash)[..], content].concat())
}

pub fn section(content: &[u8]) -> Vec<u8> {
    let mut out = varint(content.len() as u64);
    out.extend_from_slice(content);
    out
}

pub fn varint(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// Adds a block; its hash.
pub fn put(blocks: &mut Vec<(Hash, Vec<u8>)>, content: Vec<u8>) -> Hash {
    let hash = Sha256::digest(&content).into();
    blocks.push((hash, content));
    hash
}

/// A tree of these leaves.
pub fn tree(blocks: &mut Vec<(Hash, Vec<u8>)>, leaves: &[(String, Hash)]) -> Hash {
    if leaves.len() <= NODE {
        let entries: Vec<_> = leaves
            .iter()
            .map(|(path, hash)| (path.as_str(), *hash, None))
            .collect();
        return put(blocks, node(None, &entries));
    }
    let share = leaves.len().div_ceil(NODE);
    let mut parts = leaves.chunks(share);
    let left = parts.next().map(|part| tree(blocks, part));
    let mut entries = Vec::new();
    for part in parts {
        let right = (part.len() > 1).then(|| tree(blocks, &part[1..]));
        entries.push((part[0].0.as_str(), part[0].1, right));
    }
    put(blocks, node(left, &entries))
}

/// A node of the tree.
pub fn node(left: Option<Hash>, entries: &[(&str, Hash, Option<Hash>)]) -> Vec<u8> {
    let optional = |hash: Option<Hash>| hash.map_or(b"\xf6".to_vec(), |hash| link(&hash));
    let mut out = map(2);
    let mut list = head(4, entries.len() as u64);
    let mut before = "";
    for (path, record, right) in entries {
        let shared = before
            .bytes()
            .zip(path.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let mut item = map(4);
        entry(&mut item, "k", &bytes(&path.as_bytes()[shared..]));
        entry(&mut item, "p", &head(0, shared as u64));
        entry(&mut item, "t", &optional(*right));
        entry(&mut item, "v", &link(record));
        list.extend(item);
        before = path;
    }
    entry(&mut out, "e", &list);
    entry(&mut out, "l", &optional(left));
    out
}

/// A CID's bytes.
pub fn cid(hash: &Hash) -> Vec<u8> {
    [&[1, 0x71, 0x12, 32], &hash[..]].concat()
}

pub fn cid_text(hash: &Hash) -> String {
    cid::Cid::try_from(cid(hash)).unwrap().to_string()
}

/// A record as DAG-CBOR.
pub fn cbor(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => b"\xf6".to_vec(),
        Value::Bool(false) => b"\xf4".to_vec(),
        Value::Bool(true) => b"\xf5".to_vec(),
        Value::Number(number) => match number.as_i64() {
            Some(number) if number < 0 => head(1, (-1 - number).unsigned_abs()),
            Some(number) => head(0, number.unsigned_abs()),
            None => panic!("{number} is not for a record"),
        },
        Value::String(text) => self::text(text),
        Value::Array(items) => {
            let mut out = head(4, items.len() as u64);
            items.iter().for_each(|item| out.extend(cbor(item)));
            out
        }
        Value::Object(members) => object(members),
    }
}

fn object(members: &Map<String, Value>) -> Vec<u8> {
    if let (1, Some(Value::String(text))) = (members.len(), members.get("$link")) {
        let cid = text.parse::<cid::Cid>().unwrap().to_bytes();
        return [b"\xd8\x2a".to_vec(), bytes(&[&[0], &cid[..]].concat())].concat();
    }
    let mut keys: Vec<&String> = members.keys().collect();
    keys.sort_by_key(|key| (key.len(), *key));
    let mut out = map(members.len() as u64);
    for key in keys {
        entry(&mut out, key, &cbor(&members[key]));
    }
    out
}

fn head(major: u8, number: u64) -> Vec<u8> {
    let major = major << 5;
    match number {
        0..24 => vec![major | number as u8],
        24..0x100 => vec![major | 24, number as u8],
        0x100..0x1_0000 => [vec![major | 25], (number as u16).to_be_bytes().to_vec()].concat(),
        0x1_0000..0x1_0000_0000 => {
            [vec![major | 26], (number as u32).to_be_bytes().to_vec()].concat()
        }
        _ => [vec![major | 27], number.to_be_bytes().to_vec()].concat(),
    }
}

fn map(members: u64) -> Vec<u8> {
    head(5, members)
}

fn text(text: &str) -> Vec<u8> {
    [head(3, text.len() as u64), text.as_bytes().to_vec()].concat()
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [head(2, content.len() as u64), content.to_vec()].concat()
}

fn link(hash: &Hash) -> Vec<u8> {
    [
        b"\xd8\x2a".to_vec(),
        bytes(&[&[0], &cid(hash)[..]].concat()),
    ]
    .concat()
}

fn entry(map: &mut Vec<u8>, key: &str, value: &[u8]) {
    map.extend(text(key));
    map.extend_from_slice(value);
}

/// The revision of a moment in microseconds since 1970.
pub fn rev(micros: u64) -> String {
    const DIGITS: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
    let value = micros << 10;
    (0..13)
        .rev()
        .map(|n| char::from(DIGITS[(value >> (5 * n) & 31) as usize]))
        .collect()
}
