//! Batches as a whole: entries in, COPY bytes out, read back by a reader of its own.

mod fuzz;
mod gates;
mod kinds;
mod order;
mod others;
mod values;
mod wrong;

use super::*;
use crate::entry::Word;
use crate::partition;
use crate::position::Micros;
use crate::tally::Repair;
use std::collections::BTreeMap;

const DID: &str = "did:plc:wq4aajammjtxdomz3e23667t";
const POST: &str = "at://did:plc:r2zybk6op3ymzpz6jhqpkoy5/app.bsky.feed.post/3mpsjbtci2c2o";
const DATE: &str = "2026-07-04T12:00:00Z";
const NOON: Micros = 1_783_166_400_000_000;

fn batch() -> Batch {
    Batch::new(Arc::new(Widths::contract()))
}

fn entry(ms: u64, kind: &str, data: &str) -> Entry {
    Entry {
        id: StreamId { ms, n: 0 },
        orig_id: None,
        kind: Word::from_slice(kind.as_bytes()),
        data: Some(data.as_bytes().to_vec()),
        seq: Word::from_slice(b"31527015322"),
        deliveries: 1,
    }
}

fn commit(ms: u64, ops: &str) -> Entry {
    entry(
        ms,
        "commit",
        &format!(r#"{{"repo":"{DID}","ops":[{ops}],"rev":"3mptbypluud2a","time":"{DATE}"}}"#),
    )
}

fn create(path: &str, record: &str) -> String {
    format!(r#"{{"action":"create","path":"{path}","cid":"bafyrei","record":{record}}}"#)
}

fn delete(path: &str) -> String {
    format!(r#"{{"action":"delete","path":"{path}"}}"#)
}

/// A record of a collection, with a date and these fields.
fn record(collection: &str, fields: &str) -> String {
    format!(r#"{{"$type":"{collection}","createdAt":"{DATE}",{fields}}}"#)
}

fn put(collection: &str, rkey: &str, fields: &str) -> String {
    create(&format!("{collection}/{rkey}"), &record(collection, fields))
}

fn like(rkey: &str) -> String {
    put(
        "app.bsky.feed.like",
        rkey,
        &format!(r#""subject":{{"uri":"{POST}","cid":"bafysubject"}}"#),
    )
}

fn repost(rkey: &str) -> String {
    put(
        "app.bsky.feed.repost",
        rkey,
        &format!(r#""subject":{{"uri":"{POST}","cid":"bafysubject"}}"#),
    )
}

fn follow(rkey: &str, subject: &str) -> String {
    put(
        "app.bsky.graph.follow",
        rkey,
        &format!(r#""subject":"{subject}""#),
    )
}

fn uri(path: &str) -> String {
    format!("at://{DID}/{path}")
}

/// A cell as its bytes; NULL is none.
type Row = Vec<Option<Vec<u8>>>;

fn rows_of(batch: &mut Batch, stage: Stage) -> Vec<Row> {
    let copies = batch.copies(&Straight::default());
    let Some(copy) = copies.iter().find(|copy| copy.stage == stage) else {
        return Vec::new();
    };
    read_copy(&copy.chunks().collect::<Vec<_>>().concat(), stage.width())
}

fn read_copy(stream: &[u8], columns: i16) -> Vec<Row> {
    let mut rest = stream
        .strip_prefix(&crate::encode::HEADER)
        .expect("a header");
    let mut rows = Vec::new();
    loop {
        let (count, after) = rest.split_first_chunk::<2>().expect("a count");
        rest = after;
        if i16::from_be_bytes(*count) == -1 {
            assert!(rest.is_empty(), "nothing behind the trailer");
            return rows;
        }
        assert_eq!(i16::from_be_bytes(*count), columns);
        rows.push((0..columns).map(|_| read_cell(&mut rest)).collect());
    }
}

fn read_cell(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, after) = rest.split_first_chunk::<4>().expect("a length");
    *rest = after;
    let length = usize::try_from(i32::from_be_bytes(*length)).ok()?;
    let (cell, after) = rest.split_at(length);
    *rest = after;
    Some(cell.to_vec())
}

fn text(cell: &Option<Vec<u8>>) -> &str {
    cell.as_deref()
        .map_or("NULL", |cell| std::str::from_utf8(cell).expect("text"))
}

fn json_text(cell: &Option<Vec<u8>>) -> &str {
    cell.as_deref().map_or("NULL", |cell| {
        assert_eq!(cell[0], 1, "jsonb's version");
        std::str::from_utf8(&cell[1..]).expect("text")
    })
}

fn number(cell: &Option<Vec<u8>>) -> i64 {
    i64::from_be_bytes(
        cell.as_deref()
            .expect("a value")
            .try_into()
            .expect("eight bytes"),
    )
}

fn time(cell: &Option<Vec<u8>>) -> Micros {
    number(cell) + 946_684_800_000_000
}

fn flag(cell: &Option<Vec<u8>>) -> Option<bool> {
    cell.as_deref().map(|cell| cell == [1])
}

fn pushed(entries: &[Entry]) -> Batch {
    let mut batch = batch();
    entries.iter().for_each(|entry| batch.push(entry));
    batch
}

fn only(ops: &str, stage: Stage) -> Row {
    let mut batch = pushed(&[commit(5, ops)]);
    assert!(batch.dead().is_empty(), "{:?}", batch.dead());
    let mut rows = rows_of(&mut batch, stage);
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

fn reasons(batch: &Batch) -> Vec<String> {
    batch
        .dead()
        .iter()
        .map(|letter| letter.reason.to_string())
        .collect()
}

fn reason_of(op: &str) -> String {
    let mut batch = pushed(&[commit(5, op)]);
    assert!(
        Stage::ALL
            .iter()
            .all(|&stage| rows_of(&mut batch, stage).is_empty())
    );
    reasons(&batch).join(" ")
}

#[test]
fn a_repost_becomes_a_pair() {
    let row = only(&repost("3k"), Stage::Pairs);
    let texts: Vec<_> = row[..6].iter().map(text).collect();
    assert_eq!(
        texts,
        [
            &uri("app.bsky.feed.repost/3k"),
            "reposts",
            DID,
            POST,
            "bafyrei",
            "bafysubject"
        ]
    );
    assert_eq!((text(&row[6]), text(&row[7])), ("NULL", "NULL"));
    assert_eq!(
        (time(&row[8]), time(&row[9]), number(&row[10])),
        (NOON, 5_000, 0)
    );
    assert_eq!(
        (time(&row[11]), text(&row[12]), text(&row[13])),
        (NOON, "31527015322", "3mptbypluud2a")
    );
}

#[test]
fn a_like_leaves_out_what_its_table_has_no_column_for() {
    let row = only(&like("3k"), Stage::Likes);
    let pair = only(&repost("3k"), Stage::Pairs);
    assert_eq!(text(&row[0]), uri("app.bsky.feed.like/3k"));
    assert_eq!(row[1..3], pair[2..4]);
    assert_eq!(row[3..5], pair[5..7]);
    assert_eq!(row[5..11], pair[8..]);
}

/// Most of the memory of batches is likes'.
#[test]
fn a_like_has_its_own_cid_where_it_is_told_of() {
    assert_eq!(
        only(&like("3k"), Stage::Likes)[11],
        only(&repost("3k"), Stage::Pairs)[4]
    );
    let mut batch = Batch::new(Rules {
        derived: DerivedSet::NONE,
        ..Rules::from(Arc::new(Widths::contract()))
    });
    batch.push(&commit(5, &like("3k")));
    assert_eq!(rows_of(&mut batch, Stage::Likes)[0][11], None);
}

#[test]
fn a_batch_says_what_it_touches() {
    let mut batch = pushed(&[
        commit(5, &like("a")),
        commit(6, &follow("b", "did:plc:x")),
        commit(7, &delete("app.bsky.feed.post/p")),
    ]);
    assert_eq!(
        batch.ids().iter().map(|id| id.ms).collect::<Vec<_>>(),
        [5, 6, 7]
    );
    assert_eq!(batch.rows(), 3);
    assert_eq!(
        (
            batch.puts(Kind::Likes),
            batch.puts(Kind::Follows),
            batch.deletes(Kind::Posts)
        ),
        (1, 1, 1)
    );
    assert_eq!(batch.partitions(), [i32::from(partition::of(DID))]);
    assert_eq!(batch.owners().collect::<Vec<_>>(), [DID]);
    let stubs: BTreeMap<_, _> = batch
        .stubs()
        .map(|(did, at)| (did.to_owned(), at.at))
        .collect();
    assert_eq!(
        stubs,
        BTreeMap::from([(DID.to_owned(), 5_000), ("did:plc:x".to_owned(), 6_000)])
    );
    assert_eq!(
        (
            batch.oldest().map(|at| at.at),
            batch.newest().map(|at| at.at)
        ),
        (Some(5_000), Some(7_000))
    );
    assert!(!batch.has_ties() && batch.bytes() > 0);
    assert_eq!(batch.copies(&Straight::default()).len(), 3);
    batch.clear();
    assert!(
        batch.is_empty() && batch.copies(&Straight::default()).is_empty() && batch.bytes() == 0
    );
    assert_eq!(
        (
            batch.rows(),
            batch.stubs().count(),
            batch.partitions().len()
        ),
        (0, 0, 0)
    );
    assert_eq!((batch.oldest(), batch.tally()), (None, &Tally::default()));
}

#[test]
fn deletes_and_empty_commits_make_no_users() {
    let batch = pushed(&[commit(5, &delete("app.bsky.feed.like/3k")), commit(6, "")]);
    assert_eq!(batch.stubs().count(), 0);
    assert_eq!((batch.rows(), batch.ids().len()), (1, 2));
    let batch = pushed(&[commit(5, &delete("app.bsky.actor.status/self"))]);
    assert_eq!((batch.rows(), batch.ids().len()), (0, 1));
}

#[test]
fn a_delete_row_names_uri_kind_and_position() {
    let row = only(&delete("app.bsky.graph.listblock/3k"), Stage::Deletes);
    assert_eq!(
        (text(&row[0]), text(&row[1])),
        (uri("app.bsky.graph.listblock/3k").as_str(), "list_blocks")
    );
    assert_eq!((time(&row[2]), number(&row[3])), (5_000, 0));
}

#[test]
fn ties_are_kept() {
    let mut tied = commit(5, &like("a"));
    tied.id.n = 1_500;
    let mut batch = pushed(&[tied]);
    assert!(batch.has_ties());
    let row = rows_of(&mut batch, Stage::Likes).remove(0);
    assert_eq!((time(&row[6]), number(&row[7])), (5_999, 1_500));
}

#[test]
fn a_replayed_letter_has_its_first_position() {
    let mut replayed = commit(9, &like("a"));
    replayed.orig_id = Some(StreamId { ms: 4, n: 0 });
    let mut batch = pushed(&[replayed, commit(5, &delete("app.bsky.feed.like/a"))]);
    assert_eq!(batch.ids()[0].ms, 9);
    assert!(rows_of(&mut batch, Stage::Likes).is_empty());
}

fn repairs(batch: &Batch, what: Repair) -> u64 {
    batch.tally().repairs(what)
}

fn post(fields: &str) -> String {
    put("app.bsky.feed.post", "p", fields)
}

/// The texts of a records row between kind and flags, then flags, body and extra.
fn shape(row: &Row) -> String {
    let texts: Vec<_> = row[1..10].iter().map(text).collect();
    let flags: Vec<_> = row[10..13]
        .iter()
        .map(|cell| flag(cell).map_or("-", |flag| if flag { "t" } else { "f" }))
        .collect();
    format!(
        "{} | {} | {} | {}",
        texts.join(" "),
        flags.concat(),
        json_text(&row[13]),
        json_text(&row[14])
    )
}

fn record_row(op: &str) -> Row {
    only(op, Stage::Records)
}
