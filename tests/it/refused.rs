//! Rows that only the server refuses: what an operator's own constraints and triggers do.

use std::collections::HashMap;

use super::support::worker::drain;
use super::support::{Bed, counts};
use tokio_postgres::Row;

const FOLLOW: &str = "app.bsky.graph.follow";

fn create_follow(rkey: &str, subject: &str) -> String {
    format!(
        r#"{{"action":"create","path":"{FOLLOW}/{rkey}","cid":"bafy","record":
            {{"$type":"{FOLLOW}","subject":"{subject}","createdAt":"2026-07-04T00:00:00Z"}}}}"#
    )
}

fn commit(repo: &str, ops: &[String]) -> String {
    format!(r#"{{"repo":"{repo}","ops":[{}]}}"#, ops.join(","))
}

/// An entry of `good` follows, and between them `bad` ones, of repo number `n`.
async fn give(bed: &Bed, n: usize, good: usize, bad: usize) {
    let subject = |m: usize| format!("did:plc:of{n}x{m}");
    let mut ops: Vec<String> = (0..good)
        .map(|m| create_follow(&format!("good{m}"), &subject(m)))
        .collect();
    for m in 0..bad {
        let op = create_follow(&format!("bad{m}"), &subject(100_000 + m));
        ops.insert(ops.len() / 2, op);
    }
    let repo = format!("did:plc:repo{n}");
    bed.stream.xadd("commit", commit(&repo, &ops), "7").await;
}

/// A trigger on follows: what it does with a bad row.
async fn refuse(bed: &Bed, kind: &str, on_bad: &str) {
    let (trigger, when) = match kind {
        "deferred" => (
            "constraint trigger",
            "after insert on follows deferrable initially deferred",
        ),
        _ => ("trigger", "before insert on follows"),
    };
    let statement = format!(
        "create sequence refusals minvalue 0 start 0;
         create function refuse() returns trigger language plpgsql as $$
         begin
             if new.uri like '%/bad%' then {on_bad} end if;
             return new;
         end $$;
         create {trigger} refuse {when} for each row execute function refuse()"
    );
    bed.client.batch_execute(&statement).await.unwrap();
}

async fn rows(bed: &Bed, table: &str) -> i64 {
    bed.number(&format!("select count(*) from {table}")).await
}

async fn letters(bed: &Bed) -> Vec<Row> {
    let statement = "select op, sqlstate, reason, remedy, convert_from(data, 'UTF8')
        from forebay.dead_letters order by entry_id, op";
    bed.client.query(statement, &[]).await.unwrap()
}

/// Every DID that a create names has its row, whatever became of the record.
async fn assert_users(bed: &Bed, expected: usize) {
    let users = rows(bed, "users").await;
    assert_eq!(users, i64::try_from(expected).unwrap());
    let counted: HashMap<String, i64> = bed.stream.run(&["HGETALL", "db:record_counts"]).await;
    assert_eq!(counted["users"], users, "what the AppView is told");
    assert_eq!(counted["follows"], rows(bed, "follows").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trigger_refuses_is_set_aside_alone() {
    let bed = Bed::new().await;
    refuse(&bed, "at once", "raise exception 'not here';").await;
    for n in 0..50 {
        give(&bed, n, 3, usize::from(n == 31)).await;
    }
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_eq!(rows(&bed, "follows").await, 150);
    let [letter] = &letters(&bed).await[..] else {
        panic!("one letter");
    };
    assert_eq!(
        (letter.get::<_, i32>(0), letter.get::<_, &str>(1)),
        (1, "P0001")
    );
    assert!(letter.get::<_, &str>(3).contains("trigger"), "a remedy");
    let data: &str = letter.get(4);
    assert!(data.contains("bad0") && !data.contains("good"), "{data}");
    assert_users(&bed, 50 + 150 + 1).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// It speaks only at the commit, when it is too late to say which row it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_deferred_constraint_refuses_is_set_aside_alone() {
    let bed = Bed::new().await;
    let on_bad = "raise exception 'not here' using errcode = '23514', constraint = 'theirs';";
    refuse(&bed, "deferred", on_bad).await;
    for n in 0..20 {
        give(&bed, n, 2, usize::from(n == 5 || n == 6)).await;
    }
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_eq!(rows(&bed, "follows").await, 40);
    let letters = letters(&bed).await;
    let states: Vec<&str> = letters.iter().map(|letter| letter.get(1)).collect();
    assert_eq!(states, ["23514", "23514"]);
    assert_users(&bed, 20 + 40 + 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_of_which_nothing_can_be_stored_is_done_with() {
    let bed = Bed::new().await;
    refuse(&bed, "at once", "raise exception 'not here';").await;
    give(&bed, 0, 0, 5).await;
    drain(&bed, &[]).await;
    assert_eq!(rows(&bed, "follows").await, 0);
    let letters = letters(&bed).await;
    let ops: Vec<i32> = letters.iter().map(|letter| letter.get(0)).collect();
    assert_eq!(ops, [0, 1, 2, 3, 4]);
    assert_eq!(rows(&bed, "users").await, 6);
}

/// One commit in ten has a bad op, on three lanes at once, whose batches are isolated side by side.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refused_rows_ends_and_takes_no_good_one_with_it() {
    let bed = Bed::new().await;
    refuse(&bed, "at once", "raise exception 'not here';").await;
    for n in 0..400 {
        give(&bed, n, 2, usize::from(n % 10 == 3)).await;
    }
    drain(&bed, &["--parallel-consumers", "3", "--flush-rows", "60"]).await;
    assert_eq!(rows(&bed, "follows").await, 800);
    assert_eq!(letters(&bed).await.len(), 40);
    assert_eq!(bed.stream.dead_letters().await.len(), 40);
    assert_users(&bed, 400 + 800 + 40).await;
    counts::assert_equal_rows(&bed.client).await;
}

/// The connection ends while the bad row is looked for: the search begins again, and nothing of
/// the first is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_is_cut_short_begins_again() {
    let bed = Bed::new().await;
    let on_bad = "if nextval('refusals') in (2, 5) then
            perform pg_terminate_backend(pg_backend_pid());
        end if;
        raise exception 'not here';";
    refuse(&bed, "at once", on_bad).await;
    for n in 0..40 {
        give(&bed, n, 2, usize::from(n == 17)).await;
    }
    let metrics = drain(&bed, &["--parallel-consumers", "1"]).await;
    assert!(bed.number("select last_value from refusals").await > 5);
    assert_eq!(metrics.retries(), 2, "it was cut short twice");
    assert_eq!(rows(&bed, "follows").await, 80);
    assert_eq!(letters(&bed).await.len(), 1);
    assert_eq!(bed.stream.dead_letters().await.len(), 1);
    assert_users(&bed, 40 + 80 + 1).await;
}

/// At most two attempts for each halving, of the entries and then of the commit's ops.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_op_among_many_is_found_by_halving() {
    let bed = Bed::new().await;
    let on_bad = "perform nextval('refusals'); raise exception 'not here';";
    refuse(&bed, "at once", on_bad).await;
    for n in 0..256 {
        give(&bed, n, 3, usize::from(n == 200)).await;
    }
    drain(&bed, &["--parallel-consumers", "1", "--batch-size", "500"]).await;
    // The batch as a whole, 8 halvings of 256 entries, 2 of 4 ops, and the commit before these.
    let refusals = bed.number("select last_value from refusals").await;
    assert!((8..=12).contains(&refusals), "{refusals} refusals");
    assert_eq!(rows(&bed, "follows").await, 768);
}

/// Several ops on one path beside poison, or the poison among them: of those that the server takes
/// the last stands, as ever.
#[tokio::test(flavor = "multi_thread")]
async fn ops_on_one_path_stay_in_order_beside_poison() {
    let bed = Bed::new().await;
    refuse(&bed, "at once", "raise exception 'not here';").await;
    let delete = |rkey: &str| format!(r#"{{"action":"delete","path":"{FOLLOW}/{rkey}"}}"#);
    let put = |rkey: &str, subject: &str| create_follow(rkey, &format!("did:plc:{subject}"));
    let with_poison = |mut ops: Vec<String>| {
        ops.insert(1, put("bad", "bad"));
        ops
    };
    let commits = [
        // A record that is made anew in one commit.
        with_poison(vec![delete("1"), put("1", "s1")]),
        // One that goes again at once.
        with_poison(vec![put("1", "s1"), delete("1")]),
        with_poison(vec![put("1", "s1"), delete("1"), put("1", "s2")]),
    ];
    for (n, ops) in commits.iter().enumerate() {
        let repo = format!("did:plc:repo{n}");
        bed.stream.xadd("commit", commit(&repo, ops), "7").await;
    }
    drain(&bed, &["--parallel-consumers", "1"]).await;
    let stored =
        "select string_agg(follower_did || ' ' || following_did, ', ' order by uri) from follows";
    let stored = bed.client.query_one(stored, &[]).await.unwrap();
    assert_eq!(
        stored.get::<_, &str>(0),
        "did:plc:repo0 did:plc:s1, did:plc:repo2 did:plc:s2"
    );
    let letters: Vec<i32> = letters(&bed)
        .await
        .iter()
        .map(|letter| letter.get(0))
        .collect();
    assert_eq!(letters, [1, 1, 1]);
    counts::assert_equal_rows(&bed.client).await;
}

/// Half of everything is refused, so that rows are tried one by one: what is found is what is bad, in
/// a table with a second key, in posts, and by a constraint that is checked late.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_many_kinds() {
    let bed = Bed::new().await;
    refuse(&bed, "deferred", "raise exception 'not here';").await;
    bed.client
        .batch_execute("alter table posts add check (text <> 'bad')")
        .await
        .unwrap();
    let post = |rkey: &str, text: &str| {
        format!(
            r#"{{"action":"create","path":"app.bsky.feed.post/{rkey}","cid":"bafy","record":
                {{"$type":"app.bsky.feed.post","text":"{text}"}}}}"#
        )
    };
    for n in 0..200 {
        let text = if n % 3 == 0 { "bad" } else { "good" };
        let ops = [
            create_follow("good1", "did:plc:one"),
            create_follow(if n % 4 == 0 { "bad1" } else { "good2" }, "did:plc:two"),
            post("1", text),
        ];
        let repo = format!("did:plc:repo{n}");
        bed.stream.xadd("commit", commit(&repo, &ops), "7").await;
    }
    drain(&bed, &["--parallel-consumers", "1", "--flush-rows", "300"]).await;
    assert_eq!(rows(&bed, "follows").await, 400 - 50);
    assert_eq!(rows(&bed, "posts").await, 200 - 67);
    assert_eq!(letters(&bed).await.len(), 50 + 67);
    counts::assert_equal_rows(&bed.client).await;
}

/// The ops of one large commit are taken apart without its being decoded for each of them.
#[tokio::test(flavor = "multi_thread")]
async fn poison_in_a_commit_of_ten_thousand_ops() {
    let bed = Bed::new().await;
    refuse(&bed, "at once", "raise exception 'not here';").await;
    give(&bed, 0, 9_900, 100).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_eq!(rows(&bed, "follows").await, 9_900);
    assert_eq!(letters(&bed).await.len(), 100);
    counts::assert_equal_rows(&bed.client).await;
}

/// Where rows are tried one by one, a bad version of a record takes no good one with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_leaves_what_it_superseded() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute("alter table follows add check (following_did <> 'did:plc:bad')")
        .await
        .unwrap();
    let give = async |n: usize, subject: &str| {
        let ops = [create_follow("1", subject)];
        let repo = format!("did:plc:repo{n}");
        bed.stream.xadd("commit", commit(&repo, &ops), "7").await;
    };
    for n in 0..150 {
        if n % 5 != 0 {
            give(n, "did:plc:good").await;
        }
        if n % 3 == 0 {
            give(n, "did:plc:bad").await;
        }
    }
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_eq!(rows(&bed, "follows").await, 120);
    assert_eq!(letters(&bed).await.len(), 50);
    counts::assert_equal_rows(&bed.client).await;
}
