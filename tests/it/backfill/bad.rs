//! What is wrong in sources is told and counted, and the rest goes in.

use super::super::support::{Bed, child};
use super::car::{Export, Hash, Repo, block, node, put, rev, section, tree, varint};
use super::{DAY_BEFORE, Files, backfill, post, sum};
use forebay::car::{Car, Problem};
use serde_json::json;

const DID: &str = "did:plc:damaged";

fn repo(records: usize) -> Repo {
    let mut repo = Repo::new(DID, &rev(DAY_BEFORE));
    for n in 0..records {
        repo = repo.with(
            &format!("app.bsky.feed.post/{n:04}"),
            post(&n.to_string(), "2024-01-01T00:00:00Z"),
        );
    }
    repo
}

/// How many records can be read, and what is wrong with the others.
fn read(content: &[u8]) -> Result<(usize, Vec<Problem>), Problem> {
    let mut wrong = Vec::new();
    let mut car = Car::open(content, content, |problem, _| wrong.push(problem), |_| {})?;
    let mut records = 0;
    while let Some(next) = car.next(&mut Vec::new()) {
        match next {
            Ok(_) => records += 1,
            Err((problem, _)) => wrong.push(problem),
        }
    }
    Ok((records, wrong))
}

#[test]
fn a_whole_repository_is_read_whole() {
    for records in [0, 1, 5, 100, 2_000] {
        assert_eq!(
            read(&repo(records).bytes()),
            Ok((records, Vec::new())),
            "{records}"
        );
    }
}

/// Cut anywhere: what is told is that it is cut, and what is missing for it.
#[test]
fn a_file_may_end_anywhere() {
    let whole = repo(40).bytes();
    for end in 0..whole.len() {
        let Ok((records, wrong)) = read(&whole[..end]) else {
            continue;
        };
        assert!(
            records < 40 && !wrong.is_empty(),
            "{end}: {records} {wrong:?}"
        );
    }
}

/// One byte wrong anywhere.
#[test]
fn no_damage_goes_unnoticed() {
    let repo = repo(12);
    let whole = repo.bytes();
    let header = whole.len() - {
        let export = repo.export();
        export
            .blocks
            .iter()
            .map(|(hash, content)| block(hash, content).len())
            .sum::<usize>()
    };
    for at in header..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        if let Ok((records, wrong)) = read(&damaged) {
            assert!(
                records < 12 && !wrong.is_empty(),
                "{at}: {records} {wrong:?}"
            );
        }
    }
}

#[test]
fn wrong_blocks_cost_what_they_hold() {
    let mut export = repo(30).export();
    let at = export.blocks.len() - 1;
    // Of the blocks the records' come first, behind the commit.
    export.blocks[3].1.push(0);
    export.blocks.remove(7);
    assert!(at > 30);
    let (records, wrong) = read(&export.bytes()).unwrap();
    assert_eq!(records, 28);
    assert_eq!(
        wrong,
        [
            Problem::WrongHash,
            Problem::MissingBlock,
            Problem::MissingBlock
        ]
    );
}

#[test]
fn what_is_no_repository_is_told() {
    for (content, problem) in [
        (&b""[..], Problem::NotACar),
        (b"\x05hello", Problem::NotACar),
        (b"\x0a\xa1\x67version\x02", Problem::NotACar),
        (b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f", Problem::NotACar),
    ] {
        assert_eq!(read(content), Err(problem));
    }
    let mut blocks = Vec::new();
    let root = put(&mut blocks, super::car::cbor(&json!({"no": "commit"})));
    assert_eq!(
        read(&Export { root, blocks }.bytes()),
        Err(Problem::NotACommit)
    );
    let gone = Export {
        root: [1; 32],
        blocks: Vec::new(),
    };
    assert_eq!(read(&gone.bytes()), Err(Problem::MissingBlock));
    let of = |did: &str| {
        let mut blocks = Vec::new();
        let data = tree(&mut blocks, &[]);
        Export::of(did, None, data, blocks).bytes()
    };
    assert_eq!(read(&of("nobody")), Err(Problem::NotACommit));
    assert_eq!(read(&of(DID)), Ok((0, Vec::new())));
}

fn with_tree(make: impl FnOnce(&mut Vec<(Hash, Vec<u8>)>) -> Hash) -> Vec<u8> {
    let mut blocks = Vec::new();
    let data = make(&mut blocks);
    Export::of(DID, Some(&rev(DAY_BEFORE)), data, blocks).bytes()
}

/// A hash cannot be its own, but a tree can lead to one part again and again: two to the thirtieth times.
#[test]
fn a_tree_that_leads_to_itself_ends() {
    let content = with_tree(|blocks| {
        let record = put(blocks, super::car::cbor(&post("x", "2024-01-01T00:00:00Z")));
        let mut below = put(blocks, node(None, &[("a.b.c/1", record, None)]));
        for _ in 0..30 {
            below = put(
                blocks,
                node(Some(below), &[("a.b.c/2", record, Some(below))]),
            );
        }
        below
    });
    let (records, wrong) = read(&content).unwrap();
    // The lowest, and of each level what comes in order: one.
    assert_eq!(records, 2);
    assert!(
        wrong
            .iter()
            .all(|problem| matches!(problem, Problem::Cycle | Problem::BadPath)),
        "{wrong:?}"
    );
    assert_eq!(
        wrong
            .iter()
            .filter(|problem| **problem == Problem::Cycle)
            .count(),
        30
    );
}

#[test]
fn a_tree_has_a_bottom() {
    let deep = |levels: usize| {
        with_tree(|blocks| {
            let record = put(blocks, super::car::cbor(&post("x", "2024-01-01T00:00:00Z")));
            let mut below = put(blocks, node(None, &[("a.b.c/0", record, None)]));
            for n in 1..levels {
                below = put(
                    blocks,
                    node(Some(below), &[(&format!("a.b.c/{n:06}"), record, None)]),
                );
            }
            below
        })
    };
    assert_eq!(read(&deep(20)), Ok((20, Vec::new())));
    let (records, wrong) = read(&deep(100_000)).unwrap();
    assert_eq!((records, wrong), (64, vec![Problem::TooDeep]));
}

#[test]
fn paths_come_in_order_and_are_no_bombs() {
    let content = with_tree(|blocks| {
        let record = put(blocks, super::car::cbor(&post("x", "2024-01-01T00:00:00Z")));
        let long = "x".repeat(900);
        put(
            blocks,
            node(
                None,
                &[
                    ("a.b.c/2", record, None),
                    ("a.b.c/1", record, None),
                    ("a.b.c/3", record, None),
                    (&long, record, None),
                ],
            ),
        )
    });
    assert_eq!(
        read(&content),
        Ok((2, vec![Problem::BadPath, Problem::BadPath]))
    );
}

/// Records that are bombs, or nonsense: each costs itself.
#[test]
fn bad_records_cost_themselves() {
    let bombs: [Vec<u8>; 5] = [
        [vec![0x81; 100_000], vec![0x80]].concat(),
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01".to_vec(),
        b"\xbb\x00\x00\x00\xff\xff\xff\xff\xff\x61a\x01".to_vec(),
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xffabc".to_vec(),
        b"nonsense".to_vec(),
    ];
    let content = with_tree(|blocks| {
        let good = put(blocks, super::car::cbor(&post("x", "2024-01-01T00:00:00Z")));
        let mut leaves = vec![("a.b.c/good".to_owned(), good)];
        for (n, bomb) in bombs.iter().enumerate() {
            leaves.push((format!("a.b.c/x{n}"), put(blocks, bomb.clone())));
        }
        tree(blocks, &leaves)
    });
    assert_eq!(read(&content), Ok((1, vec![Problem::BadRecord; 5])));
}

/// A block that says that it has a gigabyte, with and without it.
#[test]
fn a_block_has_a_bound() {
    let whole = repo(3).bytes();
    let huge = [whole.clone(), section(&vec![0; 5 << 20]), section(b"")].concat();
    let (records, wrong) = read(&huge).unwrap();
    assert_eq!(
        (records, wrong),
        (3, vec![Problem::BlockTooLarge, Problem::BadCid])
    );
    let promised = [whole, varint(1 << 60)].concat();
    assert_eq!(read(&promised), Ok((3, vec![Problem::Truncated])));
}

/// Everything at once: what is good of it goes in, and each wrong thing has a line with its place.
#[tokio::test(flavor = "multi_thread")]
async fn the_rest_goes_in() {
    let (bed, files) = (Bed::new().await, Files::new());
    let mut export = repo(10).export();
    export.blocks.remove(4);
    let bytes = export.bytes();
    files.put("cut.car", [&bytes[..], &varint(100), b"abc"].concat());
    files.put("none.car", "no car at all");
    let good = json!({"did": "did:plc:b", "time_us": 1_783_175_888_000_000_u64, "kind": "commit", "commit": {
        "operation": "create", "collection": "app.bsky.feed.post", "rkey": "1", "cid": "bafy", "record": post("good", "2024-01-01T00:00:00Z")}});
    let mut bad = good.clone();
    bad["commit"]["collection"] = json!("com.example.other");
    let long = "x".repeat((16 << 20) + 1);
    files.put(
        "lines.jsonl",
        format!("{good}\nnonsense\n{{}}\n{long}\n{bad}\n\n"),
    );
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut gz, &vec![b' '; 300 << 20]).unwrap();
    files.put("bomb.gz", gz.finish().unwrap());
    let dir = files.path();
    let (code, out, error) = backfill(&bed, &[&dir]).await;
    assert_eq!(code, 1, "{out}{error}");
    assert!(
        bed.number("select count(*) from posts where author_did = 'did:plc:damaged'")
            .await
            >= 9
    );
    assert_eq!(
        bed.number("select count(*) from posts where author_did = 'did:plc:b'")
            .await,
        1
    );
    for place in [
        "none.car: header: not_a_car",
        "lines.jsonl: line 2: not_json",
        "lines.jsonl: line 3: not_an_event",
        "lines.jsonl: line 4: line_too_long",
        "lines.jsonl: line 5: at://did:plc:b/com.example.other/1: type_mismatch",
        "bomb.gz: line 1: inflates_too_much",
        "missing_block",
        "truncated",
    ] {
        assert!(error.contains(place), "{place} is not in\n{error}");
        let reason = place.rsplit(": ").next().unwrap();
        assert!(
            out.contains(&format!("rejected: {reason}")),
            "{reason} is not in\n{out}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_stops_the_start() {
    let bed = Bed::new().await;
    let (code, _, error) = backfill(&bed, &["/nowhere/at/all.car"]).await;
    assert_eq!(code, 2, "{error}");
    assert!(error.contains("/nowhere/at/all.car"), "{error}");
    let (code, _, error) = child::output(child::command(&bed, &["backfill"])).await;
    assert_eq!(code, 2, "{error}");
}

/// As a disk leaves it after a loss of power: each zero is a block that is none. The first thousand are
/// told one by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_tail_of_zeros_is_told_in_few_lines() {
    const ZEROS: usize = 200_000;
    let (bed, files) = (Bed::new().await, Files::new());
    let content = [repo(5).bytes(), vec![0; ZEROS]].concat();
    let path = files.put("repo.car", content);
    let (code, out, error) = backfill(&bed, &[&path]).await;
    assert_eq!((code, sum(&out, "stored")), (1, 5), "{out}");
    assert!(
        error.lines().count() < 1_100 && error.contains("199000 more blocks"),
        "{}",
        &error[..error.len().min(2_000)]
    );
    assert!(out.contains(&format!("{ZEROS} rejected")), "{out}");
}
