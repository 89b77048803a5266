//! One test for each row of the design's failure table that the worker's own way covers.

use std::collections::HashSet;

use super::convergence::{assert_right, some};
use super::support::give::{self};
use super::support::stream::Stream;
use super::support::worker::{Worker, drain};
use super::support::{Bed, child, cluster, counts, servers, wait};
use forebay::error::Stop;
use forebay::local::Mode;
use tokio_postgres::Client;

async fn number(client: &Client, statement: &str) -> i64 {
    client.query_one(statement, &[]).await.unwrap().get(0)
}

async fn rows(client: &Client, table: &str) -> i64 {
    number(client, &format!("select count(*) from {table}")).await
}

/// A bed whose PostgreSQL is its own, so that it may be stopped.
pub async fn bed_on_own_cluster() -> (Bed, forebay::local::Postgres) {
    let mut bed = Bed::new().await;
    let postgres = cluster::own().await;
    bed.database_url = postgres.url(cluster::DATABASE);
    bed.client = servers::connect(&bed.database_url).await;
    (bed, postgres)
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_goes_and_comes_back() {
    let (mut bed, mut postgres) = bed_on_own_cluster().await;
    let (entries, model) = some(60, 12_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "300"]);
    let mut seen = 0;
    for mode in [Mode::Fast, Mode::Immediate] {
        wait::until("some more is in", async || {
            rows(&bed.client, "likes").await > seen + 500
        })
        .await;
        let retries = worker.metrics.retries();
        postgres.stop(mode).await.unwrap();
        wait::until("the worker notices", async || {
            worker.metrics.retries() > retries
        })
        .await;
        postgres.restart().await.unwrap();
        bed.client = servers::connect(&bed.database_url).await;
        seen = rows(&bed.client, "likes").await;
    }
    worker.end().await.unwrap();
    assert_eq!(bed.stream.pending().await, 0);
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_away_at_the_start() {
    let (mut bed, mut postgres) = bed_on_own_cluster().await;
    postgres.stop(Mode::Fast).await.unwrap();
    let (entries, model) = some(61, 500);
    give::give(&bed, &entries).await;
    let mut worker = child::run(&bed, &["--until-caught-up"]);
    assert_eq!(worker.try_wait().unwrap(), None, "it waits");
    postgres.restart().await.unwrap();
    assert_eq!(worker.wait().await.unwrap().code(), Some(0));
    bed.client = servers::connect(&bed.database_url).await;
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_terminated_again_and_again() {
    let bed = Bed::new().await;
    let (entries, model) = some(62, 8_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "300"]);
    let terminate = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where application_name like 'forebay %' and datname = current_database()
          and xact_start is not null";
    let metrics = std::sync::Arc::clone(&worker.metrics);
    for _ in 0..3 {
        wait::until("a flush is under way", async || {
            number(&bed.client, terminate).await > 0
        })
        .await;
        // A backend that was just ending its last transaction is missed by nobody.
        let acked = metrics.entries_acked();
        wait::until("the worker goes on", async || {
            metrics.entries_acked() > acked
        })
        .await;
    }
    worker.end().await.unwrap();
    assert!(metrics.retries() > 0, "no flush was cut off");
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_goes_and_comes_back_with_its_data() {
    let mut bed = Bed::new().await;
    let (entries, model) = some(63, 8_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--flush-rows", "300"]);
    wait::until("some is in", async || {
        rows(&bed.client, "likes").await > 500
    })
    .await;
    // A save at the end is what keeps the data of this Redis, which has no append-only file.
    bed.stream
        .run::<String>(&["CONFIG", "SET", "save", "3600 1"])
        .await;
    bed.redis.stop().await.unwrap();
    bed.redis.restart().await.unwrap();
    bed.stream = Stream::of(&bed.redis_url).await;
    let all = i64::try_from(entries.len()).unwrap();
    assert_eq!(bed.stream.len().await, all, "the stream came back");
    wait::until("everything is read", async || {
        bed.stream.group().await.unwrap_or_default().lag == Some(0)
    })
    .await;
    worker.stop().await.unwrap();
    // What was delivered in the moment of the stop may be pending under the same name.
    drain(&bed, &[]).await;
    assert_right(&bed, &model).await;
}

/// What the server says once and not again: the batch is tried again as it is.
#[tokio::test(flavor = "multi_thread")]
async fn transient_errors_are_retried() {
    for state in [
        "40P01", "40001", "53300", "55P03", "25006", "0A000", "58030", "57P01",
    ] {
        let bed = Bed::new().await;
        let (entries, model) = some(64, 300);
        give::give(&bed, &entries).await;
        raise(&bed, "likes", state, "nextval('raised') <= 2").await;
        let metrics = drain(&bed, &["--parallel-consumers", "1"]).await;
        assert!(
            number(&bed.client, "select last_value from raised").await > 2,
            "{state} was raised"
        );
        assert!(metrics.retries() > 0, "{state}");
        assert_eq!(
            rows(&bed.client, "forebay.dead_letters").await,
            0,
            "{state}"
        );
        assert_right(&bed, &model).await;
    }
}

/// Makes inserts into a table fail with a SQLSTATE where a condition on the new row holds.
async fn raise(bed: &Bed, table: &str, state: &str, condition: &str) {
    let statement = format!(
        "create sequence raised;
         create function fail() returns trigger language plpgsql as $$
         begin
             if {condition} then raise exception 'planted' using errcode = '{state}'; end if;
             return new;
         end $$;
         create trigger planted before insert on {table} for each row execute function fail()"
    );
    bed.client.batch_execute(&statement).await.unwrap();
}

/// The server cannot do so much at once: the batch is halved until it can.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_at_once_is_halved() {
    for state in ["57014", "53200"] {
        let bed = Bed::new().await;
        let (entries, model) = some(65, 400);
        give::give(&bed, &entries).await;
        // More than 40 likes in one transaction are too many.
        let many = "(select count(*) from likes where xmin = pg_current_xact_id()::xid) >= 40";
        raise(&bed, "likes", state, many).await;
        drain(&bed, &["--parallel-consumers", "1"]).await;
        assert!(
            rows(&bed.client, "likes").await > 100,
            "there was too much at once"
        );
        assert_eq!(rows(&bed.client, "forebay.dead_letters").await, 0);
        assert_right(&bed, &model).await;
    }
}

const LIKE: &str = r#"{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T00:00:00Z","subject":{"uri":"at://did:plc:z/app.bsky.feed.post/1","cid":"bafy"}}"#;

fn commit(repo: &str, ops: &[String]) -> String {
    format!(
        r#"{{"repo":"{repo}","rev":"3m","ops":[{}]}}"#,
        ops.join(",")
    )
}

fn create(path: &str, record: &str) -> String {
    format!(r#"{{"action":"create","path":"{path}","cid":"bafy","record":{record}}}"#)
}

/// An operator's constraint refuses one op of one commit among 300 entries.
#[tokio::test(flavor = "multi_thread")]
async fn poison_that_only_the_server_sees_is_set_aside() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute(
            "alter table likes add constraint no_thirteen check (uri not like '%/bad');
            create sequence attempts;
            create function attempt() returns trigger language plpgsql as $$
                begin perform nextval('attempts'); return null; end $$;
            create trigger attempts before insert on likes execute function attempt()",
        )
        .await
        .unwrap();
    for n in 0..300 {
        let repo = format!("did:plc:repo{n}");
        let good = create("app.bsky.feed.like/good", LIKE);
        let post = create(
            "app.bsky.feed.post/1",
            r#"{"$type":"app.bsky.feed.post","text":"x"}"#,
        );
        let mut ops = vec![good, post];
        if n == 137 {
            let bad = LIKE.replace("post/1", "post/2");
            ops.insert(1, create("app.bsky.feed.like/bad", &bad));
        }
        bed.stream.xadd("commit", commit(&repo, &ops), "7").await;
    }
    drain(&bed, &["--parallel-consumers", "1"]).await;
    // 2 · (log2(300 entries) + log2(3 ops)) halves, each tried once, and a few batches: a sequence
    // keeps what was rolled back.
    let tried = number(&bed.client, "select last_value from attempts").await;
    assert!((10..40).contains(&tried), "{tried} attempts");
    assert_eq!(rows(&bed.client, "likes").await, 300);
    assert_eq!(rows(&bed.client, "posts").await, 300);
    let letter = bed
        .client
        .query_one(r#"select op, reason, "column", sqlstate, remedy, convert_from(data, 'UTF8') from forebay.dead_letters"#, &[])
        .await
        .unwrap();
    assert_eq!(letter.get::<_, i32>(0), 1);
    assert_eq!(letter.get::<_, &str>(1), "refused");
    assert_eq!(letter.get::<_, &str>(2), "no_thirteen");
    assert_eq!(letter.get::<_, &str>(3), "23514");
    assert!(!letter.get::<_, &str>(4).is_empty());
    let data: serde_json::Value = serde_json::from_str(letter.get(5)).unwrap();
    assert_eq!(
        data["ops"].as_array().unwrap().len(),
        1,
        "only the op that failed"
    );
    assert_eq!(
        (&data["repo"], &data["rev"]),
        (&"did:plc:repo137".into(), &"3m".into())
    );
    let copies = bed.stream.dead_letters().await;
    assert_eq!(copies.len(), 1);
    assert_eq!(copies[0]["sqlstate"], "23514");
    counts::assert_equal_rows(&bed.client).await;
}

/// A good version of a record must not vanish with the poison that supersedes it in the batch.
#[tokio::test(flavor = "multi_thread")]
async fn what_poison_superseded_is_stored() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute("alter table posts add constraint no_bad check (text <> 'bad')")
        .await
        .unwrap();
    for text in ["good", "bad"] {
        let record = format!(r#"{{"$type":"app.bsky.feed.post","text":"{text}"}}"#);
        let ops = [create("app.bsky.feed.post/1", &record)];
        bed.stream
            .xadd("commit", commit("did:plc:a", &ops), "")
            .await;
    }
    drain(&bed, &[]).await;
    let row = bed
        .client
        .query_one("select text from posts", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "good");
    assert_eq!(rows(&bed.client, "forebay.dead_letters").await, 1);
}

/// A unique index that an operator added: tried once more, then set aside.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_unique_index_is_poison_after_one_more_try() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute("create unique index theirs on posts (text)")
        .await
        .unwrap();
    for rkey in ["1", "2"] {
        let record = r#"{"$type":"app.bsky.feed.post","text":"same"}"#;
        let ops = [create(&format!("app.bsky.feed.post/{rkey}"), record)];
        bed.stream
            .xadd("commit", commit("did:plc:a", &ops), "")
            .await;
    }
    drain(&bed, &[]).await;
    assert_eq!(rows(&bed.client, "posts").await, 1);
    let letter = bed
        .client
        .query_one("select sqlstate from forebay.dead_letters", &[])
        .await
        .unwrap();
    assert_eq!(letter.get::<_, &str>(0), "23505");
    counts::assert_equal_rows(&bed.client).await;
}

/// A table that goes while the worker runs, or a column: the worker ends with the remedy and acknowledges
/// nothing; mended and started again, nothing is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_setup_stops_it_and_loses_nothing() {
    let cases = [
        (
            "alter table likes rename to liked",
            "alter table liked rename to likes",
            "forebay migrate",
        ),
        (
            "alter table likes rename column via to through",
            "alter table likes rename column through to via",
            "push the AppView's schema",
        ),
    ];
    for (break_it, mend_it, remedy) in cases {
        let bed = Bed::new().await;
        let (entries, model) = some(66, 600);
        let worker = Worker::start(&bed, &["--parallel-consumers", "1"]);
        // By then the tables have been found good.
        wait::until("the worker reads", async || {
            bed.stream.group().await.is_some()
        })
        .await;
        bed.client.batch_execute(break_it).await.unwrap();
        give::give(&bed, &entries).await;
        let stop = worker.end().await.unwrap_err();
        assert_eq!(stop.exit_code(), 3, "{stop}");
        let said = stop.to_string();
        assert!(said.contains("remedy: ") && said.contains(remedy), "{said}");
        let group = bed.stream.group().await.unwrap();
        assert_eq!(
            group.pending,
            group.entries_read.unwrap(),
            "nothing is acknowledged"
        );
        assert_eq!(rows(&bed.client, "forebay.dead_letters").await, 0);
        bed.client.batch_execute(mend_it).await.unwrap();
        drain(&bed, &[]).await;
        assert_right(&bed, &model).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_stop_it_with_the_grant_that_is_needed() {
    let bed = Bed::new().await;
    let (entries, _) = some(67, 100);
    give::give(&bed, &entries).await;
    // The server goes with the tests, and the role with it.
    let role = format!("poor_{}", std::process::id());
    bed.client
        .batch_execute(&format!(
            "create role {role} login password 'poor';
             grant usage on schema public, forebay to {role};
             grant select on all tables in schema public, forebay to {role}"
        ))
        .await
        .unwrap();
    let (_, address) = bed.database_url.split_once('@').unwrap();
    let url = format!("postgresql://{role}:poor@{address}");
    let args = ["run", "--database-url", &url];
    let (code, _, log) = child::output(child::command(&bed, &args)).await;
    assert_eq!(code, 3, "{log}");
    assert!(log.contains("remedy: grant"), "{log}");
    assert_eq!(rows(&bed.client, "likes").await, 0);
}

/// The AppView pushes its schema while the worker runs: plans that were cached are made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_push_while_running_changes_nothing() {
    let bed = Bed::new().await;
    let (entries, model) = some(68, 6_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "200"]);
    for column in ["one", "two", "three"] {
        let seen = rows(&bed.client, "likes").await;
        wait::until("some more is in", async || {
            rows(&bed.client, "likes").await > seen
        })
        .await;
        let push =
            format!("alter table likes add column {column} text; create index on likes ({column})");
        bed.client.batch_execute(&push).await.unwrap();
    }
    worker.end().await.unwrap();
    bed.client
        .batch_execute("alter table likes drop column one, drop column two, drop column three")
        .await
        .unwrap();
    assert_right(&bed, &model).await;
}

/// Invariant 1: where no commit succeeds, nothing is acknowledged and nothing can be seen.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_commit_nothing_is_acknowledged() {
    let bed = Bed::new().await;
    let (entries, model) = some(69, 300);
    give::give(&bed, &entries).await;
    bed.client
        .batch_execute(
            "create sequence raised;
             create function fail() returns trigger language plpgsql as $$
             begin
                 perform nextval('raised');
                 raise exception 'planted' using errcode = '40001';
             end $$;
             create constraint trigger planted after insert on likes
                 deferrable initially deferred for each row execute function fail()",
        )
        .await
        .unwrap();
    let worker = Worker::start(&bed, &["--parallel-consumers", "1"]);
    wait::until("three commits have failed", async || {
        worker.metrics.retries() >= 3
    })
    .await;
    assert!(number(&bed.client, "select last_value from raised").await >= 3);
    let group = bed.stream.group().await.unwrap();
    assert_eq!(
        group.pending,
        group.entries_read.unwrap(),
        "nothing is acknowledged"
    );
    assert_eq!(rows(&bed.client, "likes").await, 0);
    bed.client
        .batch_execute("drop trigger planted on likes")
        .await
        .unwrap();
    wait::until("everything is acknowledged", async || {
        let group = bed.stream.group().await.unwrap();
        group.lag == Some(0) && group.pending == 0
    })
    .await;
    worker.stop().await.unwrap();
    assert_right(&bed, &model).await;
}

/// Whoever looks between two commits sees counts that equal rows.
#[tokio::test(flavor = "multi_thread")]
async fn counts_equal_rows_after_every_commit() {
    let bed = Bed::new().await;
    let (entries, model) = some(70, 15_000);
    give::give(&bed, &entries).await;
    let mut other = bed.connect().await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "60"]);
    let metrics = std::sync::Arc::clone(&worker.metrics);
    let mut states = HashSet::new();
    while metrics.entries_acked() < 14_000 {
        let snapshot = other
            .build_transaction()
            .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
            .start()
            .await
            .unwrap();
        let differences = counts::differences(&snapshot).await;
        assert!(differences.is_empty(), "{differences:#?}");
        let state =
            "select concat_ws(' ', (select count(*) from likes), (select count(*) from posts))";
        let state = snapshot.query_one(state, &[]).await.unwrap();
        states.insert(state.get::<_, String>(0));
    }
    assert!(states.len() >= 20, "{} states looked at", states.len());
    worker.end().await.unwrap();
    assert_right(&bed, &model).await;
}

/// A lock that someone else holds on a partition delays its lane and no more than that.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_held_by_another_is_waited_for() {
    let bed = Bed::new().await;
    let (entries, model) = some(71, 2_000);
    give::give(&bed, &entries).await;
    let other = bed.connect().await;
    other
        .batch_execute("select pg_advisory_lock(1718579813, 7)")
        .await
        .unwrap();
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "100"]);
    let waits = "select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = current_database()";
    wait::until("a lane waits", async || {
        number(&bed.client, waits).await > 0
    })
    .await;
    other
        .batch_execute("select pg_advisory_unlock(1718579813, 7)")
        .await
        .unwrap();
    worker.end().await.unwrap();
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_for_redis_is_a_broken_setup() {
    let bed = Bed::new().await;
    let (_, address) = bed.redis_url.split_once('@').unwrap();
    let url = format!("redis://:wrong@{address}");
    let worker = Worker::start(&bed, &["--redis-url", &url]);
    let stop: Stop = worker.end().await.unwrap_err();
    assert_eq!(stop.exit_code(), 3);
    assert!(
        stop.to_string().contains("remedy: check REDIS_URL"),
        "{stop}"
    );
}
