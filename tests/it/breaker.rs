//! The database refuses what it should take: the worker stops instead of draining the stream into
//! the dead letters.

use super::support::worker::{Worker, drain};
use super::support::{Bed, counts, wait};
use forebay::error::Stop;

const LIKE: &str = "app.bsky.feed.like";
const OPS: usize = 50;

/// Likes in entries of fifty; those of an entry numbered in `bad` carry a uri that says so.
async fn give(bed: &Bed, entries: std::ops::Range<usize>, is_bad: impl Fn(usize) -> bool) {
    for n in entries {
        let name = if is_bad(n) { "bad" } else { "good" };
        let ops: Vec<String> = (0..OPS)
            .map(|m| {
                format!(
                    r#"{{"action":"create","path":"{LIKE}/{name}{m}","cid":"bafy","record":{{"$type":"{LIKE}",
                    "createdAt":"2026-07-04T00:00:00Z","subject":{{"uri":"at://did:plc:z/app.bsky.feed.post/{n}x{m}","cid":"bafy"}}}}}}"#
                )
            })
            .collect();
        let data = format!(r#"{{"repo":"did:plc:repo{n}","ops":[{}]}}"#, ops.join(","));
        bed.stream.xadd("commit", data, "7").await;
    }
}

async fn push(bed: &Bed, statement: &str) {
    bed.client.batch_execute(statement).await.unwrap();
}

async fn letters(bed: &Bed) -> i64 {
    let letters = bed
        .number("select count(*) from forebay.dead_letters")
        .await;
    let copies = bed.stream.dead_letters().await.len();
    assert_eq!(i64::try_from(copies).unwrap(), letters);
    letters
}

/// It stopped with exit code 3, and this was said.
fn assert_said(stop: &Stop, parts: &[&str]) {
    let said = stop.to_string();
    assert_eq!(stop.exit_code(), 3, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part} in: {said}");
    }
}

async fn assert_untouched(bed: &Bed) {
    let group = bed.stream.group().await.unwrap();
    let delivered = group.entries_read.unwrap();
    assert!(delivered > 0, "something was read");
    assert_eq!(group.pending, delivered, "nothing is acknowledged");
    assert_eq!(letters(bed).await, 0, "nothing is set aside");
}

/// The mended database takes all that was held back.
async fn assert_taken(bed: &Bed, likes: i64) {
    drain(bed, &[]).await;
    assert_eq!(bed.number("select count(*) from likes").await, likes);
    assert_eq!(letters(bed).await, 0);
    counts::assert_equal_rows(&bed.client).await;
}

/// The first row that is refused is enough: the tables themselves tell that no row can be taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_nobody_fills_stops_a_running_worker_at_its_first_row() {
    for table in ["likes", "users", "post_aggregations"] {
        let bed = Bed::new().await;
        let worker = Worker::start(&bed, &[]);
        wait::until("the worker reads", async || {
            bed.stream.group().await.is_some()
        })
        .await;
        push(
            &bed,
            &format!("alter table {table} add new_one text not null"),
        )
        .await;
        give(&bed, 0..1, |_| false).await;
        let stop = worker.end().await.unwrap_err();
        let column = format!("public.{table}.new_one is NOT NULL without a default");
        assert_said(&stop, &[&column, "remedy: give the column a default"]);
        assert_untouched(&bed).await;
        assert_eq!(bed.number("select count(*) from likes").await, 0);
        push(
            &bed,
            &format!("alter table {table} alter new_one set default ''"),
        )
        .await;
        assert_taken(&bed, 50).await;
    }
}

const CHECK: &str = "alter table likes add constraint no_more check (uri is null) not valid";
const UNCHECK: &str = "alter table likes drop constraint no_more";

#[tokio::test(flavor = "multi_thread")]
async fn a_constraint_that_refuses_every_row_stops_it_and_nothing_is_set_aside() {
    let bed = Bed::new().await;
    push(&bed, CHECK).await;
    give(&bed, 0..40, |_| false).await;
    let stop = Worker::start(&bed, &[]).end().await.unwrap_err();
    // How many, depends on how many lanes have told what they found.
    let said = stop.to_string();
    let refused = said.strip_prefix("the database refuses likes: ");
    let refused = refused.and_then(|rest| rest.split_once(" of the last 1000 ")?.0.parse().ok());
    assert!(
        refused.is_some_and(|refused: u32| (501..=1000).contains(&refused)),
        "{said}"
    );
    assert_said(
        &stop,
        &[
            "SQLSTATE 23514, table likes, constraint or column no_more",
            "remedy: a constraint or a NOT NULL column",
        ],
    );
    assert!(!stop.to_string().contains("did:plc"), "no record is shown");
    assert_untouched(&bed).await;
    // Started again, and its batches ever so small: it does not drain the stream bit by bit.
    for _ in 0..2 {
        let flags = ["--flush-rows", "1", "--parallel-consumers", "1"];
        let stop = Worker::start(&bed, &flags).end().await.unwrap_err();
        assert_said(&stop, &["the database refuses likes"]);
        assert_untouched(&bed).await;
    }
    push(&bed, UNCHECK).await;
    assert_taken(&bed, 2_000).await;
}

/// Users rows are made apart from the records, which do not need them; all the same, without any
/// of them the AppView shows nothing.
#[tokio::test(flavor = "multi_thread")]
async fn users_that_are_all_refused_stop_it() {
    let bed = Bed::new().await;
    push(
        &bed,
        "create function no() returns trigger language plpgsql as $$
            begin raise exception 'no %', new.did; end $$;
        create trigger no before insert on users for each row execute function no()",
    )
    .await;
    for n in 0..600 {
        let record = r#"{"$type":"app.bsky.graph.list","name":"x","purpose":"app.bsky.graph.defs#modlist","createdAt":"2026-07-04T00:00:00Z"}"#;
        let data = format!(
            r#"{{"repo":"did:plc:repo{n}","ops":[{{"action":"create","path":"app.bsky.graph.list/1","cid":"bafy","record":{record}}}]}}"#
        );
        bed.stream.xadd("commit", data, "7").await;
    }
    let flags = ["--parallel-consumers", "1", "--batch-size", "1000"];
    let stop = Worker::start(&bed, &flags).end().await.unwrap_err();
    assert_said(&stop, &["the database refuses users", "remedy: a trigger"]);
    assert_untouched(&bed).await;
    push(&bed, "drop trigger no on users").await;
    drain(&bed, &[]).await;
    assert_eq!(bed.number("select count(*) from lists").await, 600);
    assert_eq!(bed.number("select count(*) from users").await, 600);
}

/// Bad rows among good ones are no broken setup, however many there are in all.
#[tokio::test(flavor = "multi_thread")]
async fn a_third_of_bad_rows_is_set_aside_and_it_goes_on() {
    let bed = Bed::new().await;
    push(
        &bed,
        "alter table likes add constraint no_bad check (uri not like '%/bad%')",
    )
    .await;
    give(&bed, 0..48, |n| n % 3 == 1).await;
    drain(&bed, &[]).await;
    assert_eq!(bed.number("select count(*) from likes").await, 1_600);
    assert_eq!(letters(&bed).await, 800);
    counts::assert_equal_rows(&bed.client).await;
}

/// A worker that has stored many sees the constraint come in small batches: it sets at most half a
/// thousand aside before it stops.
#[tokio::test(flavor = "multi_thread")]
async fn outcomes_add_up_over_many_small_batches() {
    let bed = Bed::new().await;
    let flags = ["--parallel-consumers", "2", "--flush-rows", "50"];
    let worker = Worker::start(&bed, &flags);
    give(&bed, 0..30, |_| false).await;
    wait::until("they are in", async || {
        bed.number("select count(*) from likes").await == 1_500
    })
    .await;
    push(&bed, CHECK).await;
    give(&bed, 30..60, |_| false).await;
    let stop = worker.end().await.unwrap_err();
    assert_said(&stop, &["501 of the last 1000"]);
    let aside = letters(&bed).await;
    assert!((1..=500).contains(&aside), "{aside} set aside");
    push(&bed, UNCHECK).await;
    drain(&bed, &[]).await;
    assert_eq!(
        bed.number("select count(*) from likes").await + aside,
        3_000
    );
}
