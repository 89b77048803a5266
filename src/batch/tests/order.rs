//! Which rows of one uri stand, compared with a model that looks at all of them at once.

use super::*;
use crate::stage::Stage;

/// xorshift64: the same sequence for the same seed, everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below the limit")
    }
}

const PATH: &str = "app.bsky.feed.like/x";

/// What is alive: positions of puts, positions of deletes.
fn alive(batch: &mut Batch) -> (Vec<Micros>, Vec<Micros>) {
    let puts = rows_of(batch, Stage::Likes)
        .iter()
        .map(|row| time(&row[6]))
        .collect();
    let deletes = rows_of(batch, Stage::Deletes)
        .iter()
        .map(|row| time(&row[2]))
        .collect();
    (puts, deletes)
}

/// Each letter an op of one entry: `p` a put, `d` a delete.
fn ops(letters: &str) -> String {
    let op = |letter| {
        if letter == 'p' {
            like("x")
        } else {
            delete(PATH)
        }
    };
    letters.chars().map(op).collect::<Vec<_>>().join(",")
}

fn after(entries: &[(u64, &str)]) -> (Vec<Micros>, Vec<Micros>) {
    let entries: Vec<_> = entries
        .iter()
        .map(|(ms, letters)| commit(*ms, &ops(letters)))
        .collect();
    alive(&mut pushed(&entries))
}

#[test]
fn within_an_entry_the_last_op_stands() {
    assert_eq!(after(&[(5, "pp")]), (vec![5_000], vec![]));
    assert_eq!(after(&[(5, "pd")]), (vec![], vec![5_000]));
    assert_eq!(after(&[(5, "dp")]), (vec![5_000], vec![]));
    assert_eq!(after(&[(5, "dpdp")]), (vec![5_000], vec![]));
}

#[test]
fn between_entries_position_decides() {
    assert_eq!(after(&[(5, "p"), (6, "p")]), (vec![6_000], vec![]));
    assert_eq!(after(&[(6, "p"), (5, "p")]), (vec![6_000], vec![]));
    assert_eq!(after(&[(5, "p"), (6, "d")]), (vec![], vec![6_000]));
    assert_eq!(after(&[(6, "d"), (5, "p")]), (vec![], vec![6_000]));
    assert_eq!(after(&[(5, "d"), (6, "p")]), (vec![6_000], vec![5_000]));
    assert_eq!(after(&[(6, "p"), (5, "d")]), (vec![6_000], vec![5_000]));
    assert_eq!(after(&[(5, "d"), (6, "d")]), (vec![], vec![6_000]));
    assert_eq!(after(&[(5, "p"), (5, "p")]), (vec![5_000], vec![]));
}

#[test]
fn a_delete_that_its_own_entry_takes_back_ends_nothing() {
    assert_eq!(after(&[(5, "d"), (6, "dp")]), (vec![6_000], vec![5_000]));
    assert_eq!(
        after(&[(5, "d"), (6, "dp"), (6, "dp")]),
        (vec![6_000], vec![5_000])
    );
    assert_eq!(after(&[(5, "d"), (6, "ddp")]), (vec![6_000], vec![5_000]));
    assert_eq!(
        after(&[(6, "dp"), (5, "d"), (6, "dp")]),
        (vec![6_000], vec![5_000])
    );
}

/// Of all ops of one entry the last; of those the latest put if nothing is later, and the latest
/// delete.
fn model(entries: &[(u64, String)]) -> (Vec<Micros>, Vec<Micros>) {
    let mut last = BTreeMap::new();
    for (ms, letters) in entries {
        last.insert(*ms, letters.chars().last().expect("an op"));
    }
    let micros = |ms: &u64| Micros::try_from(ms * 1_000).expect("small");
    let newest = last.iter().next_back().filter(|(_, verb)| **verb == 'p');
    let deleted = last.iter().rfind(|(_, verb)| **verb == 'd');
    (
        newest.iter().map(|(ms, _)| micros(ms)).collect(),
        deleted.iter().map(|(ms, _)| micros(ms)).collect(),
    )
}

#[test]
fn any_order_and_any_redelivery_gives_what_the_model_says() {
    let mut random = Random(0x5eed);
    for round in 0..3_000 {
        let kinds: Vec<String> = (0..6)
            .map(|_| {
                (0..=random.below(3))
                    .map(|_| if random.below(2) == 0 { 'p' } else { 'd' })
                    .collect()
            })
            .collect();
        let entries: Vec<(u64, String)> = (0..=random.below(10))
            .map(|_| {
                let which = random.below(kinds.len());
                (5 + which as u64, kinds[which].clone())
            })
            .collect();
        let pushed_entries: Vec<_> = entries
            .iter()
            .map(|(ms, letters)| commit(*ms, &ops(letters)))
            .collect();
        let mut batch = pushed(&pushed_entries);
        assert_eq!(
            alive(&mut batch),
            model(&entries),
            "round {round}: {entries:?}"
        );
        let count = |verb| {
            if verb == 'p' {
                batch.puts(Kind::Likes)
            } else {
                batch.deletes(Kind::Likes)
            }
        };
        let (puts, deletes) = model(&entries);
        assert_eq!((count('p'), count('d')), (puts.len(), deletes.len()));
        let ops: usize = entries.iter().map(|(_, letters)| letters.len()).sum();
        let superseded = batch.tally().oddities(crate::tally::Oddity::Superseded);
        assert_eq!(superseded as usize + batch.rows(), ops);
    }
}

#[test]
fn rows_go_out_by_their_uris() {
    let of = |did: &str, rkey: &str| {
        let data = format!(r#"{{"repo":"{did}","ops":[{}]}}"#, like(rkey));
        entry(5, "commit", &data)
    };
    let mut batch = pushed(&[]);
    for (did, rkey) in [
        ("did:plc:zzzzzzzzzzzz", "a"),
        ("did:plc:cccccccccccc", "3lbsv2hjqdk2d"),
        ("did:plc:cccccccccccc", "3lbsv2hjqdk2c"),
        ("did:plc:cccccccccccc", "3lbrv2hjqdk2d"),
        ("did:plc:bbbbbbbbbbbb", "c"),
        ("did:plc:aaaaaaaaaaaa", "z"),
        ("did:plc:bbbbbbbbbbbb", "b"),
    ] {
        batch.push(&of(did, rkey));
    }
    let uris: Vec<_> = rows_of(&mut batch, Stage::Likes)
        .iter()
        .map(|row| text(&row[0]).to_owned())
        .collect();
    assert_eq!(uris.len(), 7);
    assert!(uris.is_sorted(), "{uris:?}");
}

#[test]
fn many_uris_do_not_mix() {
    let entries: Vec<_> = (0..5_000_u64)
        .map(|n| commit(5 + n % 7, &like(&format!("r{}", n % 2_000))))
        .collect();
    let mut batch = pushed(&entries);
    assert_eq!(batch.puts(Kind::Likes), 2_000);
    let uris: std::collections::HashSet<_> = rows_of(&mut batch, Stage::Likes)
        .iter()
        .map(|row| text(&row[0]).to_owned())
        .collect();
    assert_eq!(uris.len(), 2_000);
    batch.clear();
    batch.push(&commit(4, &like("r1")));
    assert_eq!(batch.puts(Kind::Likes), 1);
}

#[test]
fn superseded_ops_still_make_their_users() {
    let batch = pushed(&[
        commit(6, &follow("x", "did:plc:new")),
        commit(5, &follow("x", "did:plc:old")),
    ]);
    assert_eq!(batch.puts(Kind::Follows), 1);
    let mut stubs: Vec<_> = batch.stubs().map(|(did, _)| did.to_owned()).collect();
    stubs.sort();
    assert_eq!(stubs, ["did:plc:new", "did:plc:old", DID]);
}
