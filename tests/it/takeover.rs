//! Taking over a database that other workers filled, and a stream that they left half read.

use std::time::Duration;

use super::generated;
use super::model;
use super::support::stream::{GROUP, KEY, New};
use super::support::worker::{Worker, drain};
use super::support::{Bed, Made, child, counts, wait};
use clap::Parser;
use deadpool_redis::redis;
use forebay::audit::{self, Repair};
use forebay::cli::takeover::TakeoverConfig;
use forebay::cli::work;
use forebay::config::ServersConfig;
use forebay::derived::DerivedSet;
use forebay::generate::{Event, Options};
use forebay::progress::Progress;
use forebay::takeover::{self, Origin, Refusal, Report};
use serde_json::{Value, json};

const SOME: Options = Options {
    seed: 11,
    events: 5_000,
    users: 250,
    sdk: 0.5,
    bad: 0.01,
};
/// How many of them the incumbents had seen.
const SEEN: usize = 3_500;

const BRISK: takeover::Options = takeover::Options {
    idle_least: Duration::ZERO,
    range_rows: 100,
};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    servers: ServersConfig,
}

/// The bed's servers, as a command line names them.
pub fn servers(bed: &Bed) -> (deadpool_postgres::Pool, forebay::source::Redis) {
    let flags = [
        "forebay",
        "--redis-url",
        &bed.redis_url,
        "--database-url",
        &bed.database_url,
    ];
    let line = Line::try_parse_from(flags).unwrap();
    work::servers(&line.servers).unwrap_or_else(|failure| panic!("{failure}"))
}

async fn take_over(bed: &Bed, options: takeover::Options) -> Result<Report, Refusal> {
    let (pool, redis) = servers(bed);
    takeover::take_over(&pool, &redis, options, &Progress::hidden()).await
}

/// Audits and mends; fails if something is left.
async fn mend(bed: &Bed) -> audit::Report {
    let (pool, redis) = servers(bed);
    let report = audit::audit(
        &pool,
        &redis,
        Repair::Yes,
        DerivedSet::ALL,
        &Progress::hidden(),
    )
    .await;
    let report = report.unwrap();
    assert_eq!(report.unmended(), 0, "{report}");
    report
}

fn as_new((id, event): &(String, Event)) -> New {
    New {
        id: Some(id.clone()),
        kind: event.kind.to_owned(),
        data: event.data.clone().into_bytes(),
        seq: event.seq.clone(),
    }
}

/// What the incumbents made of an entry: they took no update, and let deletes be overtaken.
fn as_incumbents_saw((id, event): &(String, Event)) -> Option<New> {
    let mut data: Value = serde_json::from_str(&event.data).ok()?;
    if let Some(ops) = data.get_mut("ops").and_then(Value::as_array_mut) {
        ops.retain(|op| op["action"] == "create");
    }
    Some(New {
        id: Some(id.clone()),
        kind: event.kind.to_owned(),
        data: data.to_string().into_bytes(),
        seq: event.seq.clone(),
    })
}

/// Puts stamps as they had them, and their faults, upon rows that are right otherwise.
const DISTORTED: &str = r#"
    -- Of two records of one pair they took the one that came to hand.
    with other as (
        select distinct on (d.key1, d.key2) d.key1, d.key2, d.uri from forebay.duplicates d
        where d.kind = 'likes' and not exists (select from likes l where l.uri = d.uri)
        order by d.key1, d.key2, d.position
    )
    update likes l set uri = o.uri from other o where l.user_did = o.key1 and l.post_uri = o.key2;
    -- Stamps: the Python worker's, and a client's clock.
    do $$ declare t record; begin
        for t in select table_name, column_name from information_schema.columns
                 where table_schema = 'public' and (column_name = 'indexed_at'
                    or (table_name, column_name) in (('thread_gates', 'updated_at'), ('post_gates', 'created_at')))
                   and table_name not in ('notifications')
        loop
            execute format($x$update %I set %I = case when hashtext(%I::text) %% 2 = 0
                then now() + interval '5 hours' else '2030-01-01' end$x$, t.table_name, t.column_name, t.column_name);
        end loop;
    end $$;
    -- Counted again on redelivery, and lost where the like came first.
    update post_aggregations set like_count = like_count * 2, reply_count = 0
    where hashtext(post_uri) % 3 = 0;
    delete from post_aggregations where hashtext(post_uri) % 7 = 0;
    update feed_generators set like_count = 99;
    delete from quotes where hashtext(uri) % 5 = 0;
    update posts set has_post_gate = not has_post_gate where hashtext(uri) % 5 = 0;
    update users set handle = 'stale.invalid' where did in (select did from forebay.handles);
"#;

/// Nothing of forebay's was there.
const WITHOUT_OURS: &str =
    "truncate forebay.tombstones, forebay.ties, forebay.handles, forebay.accounts,
    forebay.duplicates, forebay.dead_letters, forebay.origin";

/// A bed as the incumbents left it: rows of the first entries, the rest unread, some pending.
async fn left_by_incumbents(entries: &[(String, Event)]) -> Bed {
    let bed = Bed::on(Made::FromTsv).await;
    let seen: Vec<New> = entries[..SEEN]
        .iter()
        .filter_map(as_incumbents_saw)
        .collect();
    bed.stream.xadd_all(&seen).await;
    drain(&bed, &[]).await;
    bed.client.batch_execute(DISTORTED).await.unwrap();
    bed.client.batch_execute(WITHOUT_OURS).await.unwrap();
    let _: i64 = bed.stream.run(&["DEL", KEY, "db:record_counts"]).await;
    let new: Vec<New> = entries.iter().map(as_new).collect();
    bed.stream.xadd_all(&new).await;
    let (seen, _) = &entries[SEEN - 100];
    let _: String = bed
        .stream
        .run(&["XGROUP", "CREATE", KEY, GROUP, seen])
        .await;
    let _: redis::Value = bed
        .stream
        .run(&[
            "XREADGROUP",
            "GROUP",
            GROUP,
            "python-worker-0",
            "COUNT",
            "100",
            "STREAMS",
            KEY,
            ">",
        ])
        .await;
    bed
}

async fn assert_right(bed: &Bed, entries: &[(String, Event)]) {
    let model = generated::model_of(entries.iter());
    model::assert_same(&model, &bed.client).await;
    model::assert_same_rejected(&model, &bed.client).await;
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_takeover_the_tables_equal_one_pass_over_the_stream() {
    let entries = generated::entries(SOME);
    let bed = left_by_incumbents(&entries).await;
    let (pool, redis) = servers(&bed);
    assert_eq!(takeover::origin(&pool).await.unwrap(), Origin::Foreign);

    let before = fingerprint(&bed).await;
    let told = takeover::dry_run(&pool, &redis, BRISK).await.unwrap();
    assert_eq!(fingerprint(&bed).await, before, "a dry run changes nothing");

    let done = take_over(&bed, BRISK).await.unwrap();
    assert_eq!(done, told.report);
    let likes = done.tables.iter().find(|(table, _)| *table == "likes");
    assert!(likes.unwrap().1 > 100, "{done:?}");
    assert_eq!(takeover::origin(&pool).await.unwrap(), Origin::Known);

    drain(&bed, &[]).await;
    let report = mend(&bed).await;
    assert!(report.drift() > 0);
    assert_right(&bed, &entries).await;
    assert_eq!(mend(&bed).await.drift(), 0, "nothing is left to mend");
}

/// A replay alone does not do it: the faults that the other tests plant are there.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_takeover_the_stamps_of_others_win() {
    let entries = generated::entries(SOME);
    let bed = left_by_incumbents(&entries).await;
    let _: String = bed.stream.run(&["XGROUP", "SETID", KEY, GROUP, "0"]).await;
    drain(&bed, &[]).await;
    mend(&bed).await;
    let wrong = generated::model_of(entries.iter())
        .compare(&bed.client)
        .await;
    for table in [
        "public.likes",
        "public.posts",
        "public.thread_gates",
        "public.users",
    ] {
        assert!(wrong.iter().any(|wrong| wrong.table == table), "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_side_by_side_is_taken_over_as_well() {
    let entries = generated::entries(SOME);
    let bed = Bed::new().await;
    let seen: Vec<New> = entries[..SEEN]
        .iter()
        .filter_map(as_incumbents_saw)
        .collect();
    bed.stream.xadd_all(&seen).await;
    drain(&bed, &[]).await;
    // Its tombstones, duplicates and handles stay.
    bed.client.batch_execute(DISTORTED).await.unwrap();
    let _: i64 = bed.stream.run(&["DEL", KEY]).await;
    let new: Vec<New> = entries.iter().map(as_new).collect();
    bed.stream.xadd_all(&new).await;
    take_over(&bed, BRISK).await.unwrap();
    drain(&bed, &[]).await;
    mend(&bed).await;
    assert_right(&bed, &entries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_that_is_broken_off_goes_on() {
    let entries = generated::entries(SOME);
    let bed = left_by_incumbents(&entries).await;
    bed.client
        .batch_execute(
            "create function refuse() returns trigger language plpgsql as $$ begin
                 if (select count(*) from likes where indexed_at < '2026-07-05') > 200 then
                     raise exception 'enough';
                 end if;
                 return new;
             end $$;
             create trigger refuse before update on likes for each row execute function refuse()",
        )
        .await
        .unwrap();
    let (pool, _) = servers(&bed);
    let refused = take_over(&bed, BRISK).await;
    assert!(matches!(refused, Err(Refusal::Database(_))), "{refused:?}");
    let broken_off = takeover::origin(&pool).await.unwrap();
    assert_eq!(broken_off, Origin::TakeoverBrokenOff);
    bed.client
        .batch_execute("drop trigger refuse on likes")
        .await
        .unwrap();
    let posts = progress(&bed, "posts").await;
    take_over(&bed, BRISK).await.unwrap();
    assert!(posts > 0, "posts were done before");
    drain(&bed, &[]).await;
    mend(&bed).await;
    assert_right(&bed, &entries).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_beside_an_active_consumer() {
    let bed = Bed::new().await;
    like(&bed, "1000-0", "create", "a").await;
    let worker = Worker::start(&bed, &["--consumer-id", "other"]);
    wait::until("it reads", async || worker.metrics.entries_acked() == 1).await;
    let patient = takeover::Options {
        idle_least: Duration::from_secs(30),
        ..BRISK
    };
    let refused = take_over(&bed, patient).await.unwrap_err();
    assert!(
        matches!(&refused, Refusal::Active { name, .. } if name == "other"),
        "{refused}"
    );
    let args = ["takeover", "--claim-idle-ms", "30000"];
    let (code, _, err) = child::output(child::command(&bed, &args)).await;
    assert_eq!(code, 3, "{err}");
    assert!(
        err.contains("consumer other of the group was active"),
        "{err}"
    );
    worker.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_takes_over_and_says_so() {
    let bed = Bed::new().await;
    like(&bed, "1783175888000-0", "create", "a").await;
    drain(&bed, &[]).await;
    let args = ["takeover", "--claim-idle-ms", "100", "--dry-run"];
    let mut out = String::new();
    wait::until("the worker counts as stopped", async || {
        let (code, shown, err) = child::output(child::command(&bed, &args)).await;
        assert!(
            code == 0 || err.contains("it would be refused now"),
            "{err}"
        );
        out = shown;
        code == 0
    })
    .await;
    assert!(
        out.contains("boundary 2026-07-04T14:38:07.999999Z"),
        "{out}"
    );
    let args = ["takeover", "--claim-idle-ms", "100"];
    let (code, out, err) = child::output(child::command(&bed, &args)).await;
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("likes                           1 rows re-stamped"),
        "{out}"
    );
    let group = bed.stream.group().await.unwrap();
    assert_eq!(
        (group.last_delivered_id.as_str(), group.lag),
        ("0-0", Some(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_an_empty_stream() {
    let bed = Bed::new().await;
    let refused = take_over(&bed, BRISK).await.unwrap_err();
    assert!(matches!(refused, Refusal::NoStream(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disturbed_takeover_begins_anew() {
    let bed = Bed::new().await;
    like(&bed, "2000000000000-0", "create", "a").await;
    drain(&bed, &[]).await;
    bed.client
        .batch_execute(
            "delete from forebay.origin;
             update likes set indexed_at = '2040-01-01';
             insert into forebay.takeover values (true, '2000000000000-0', '2033-05-18 03:33:19.999999', now() - interval '1 h');
             insert into forebay.takeover_progress values ('likes', 'z', 1, 0, true)",
        )
        .await
        .unwrap();
    let report = take_over(&bed, BRISK).await.unwrap();
    assert!(report.tables.contains(&("likes", 1)), "{report:?}");
}

/// Rows from before the stream stay, and a delete on the stream ends them.
#[tokio::test(flavor = "multi_thread")]
async fn rows_older_than_the_stream_stay_until_they_are_deleted() {
    let bed = Bed::new().await;
    for rkey in ["a", "b"] {
        let statement = format!(
            "insert into likes (uri, user_did, post_uri, created_at, indexed_at)
             values ('at://{REPO}/app.bsky.feed.like/{rkey}', '{REPO}', 'at://{REPO}/app.bsky.feed.post/{rkey}',
                     '2020-01-01', '2030-01-01')"
        );
        bed.client.execute(&statement, &[]).await.unwrap();
    }
    like(&bed, "1783175888000-0", "delete", "b").await;
    take_over(&bed, BRISK).await.unwrap();
    drain(&bed, &[]).await;
    let rows = "select uri, indexed_at::text from likes";
    let row = bed.client.query_one(rows, &[]).await.unwrap();
    assert!(row.get::<_, &str>(0).ends_with("/a"));
    assert_eq!(row.get::<_, &str>(1), "2026-07-04 14:38:07.999999");
    mend(&bed).await;
    counts::assert_equal_rows(&bed.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_marks_empty_tables_as_its_own() {
    let bed = Bed::new().await;
    let (pool, _) = servers(&bed);
    like(&bed, "1000-0", "create", "a").await;
    drain(&bed, &[]).await;
    assert_eq!(takeover::origin(&pool).await.unwrap(), Origin::Known);
    bed.client
        .execute("delete from forebay.origin", &[])
        .await
        .unwrap();
    assert_eq!(takeover::notice(&pool).await.unwrap(), Origin::Foreign);
}

#[test]
fn the_command_line_says_what_it_can() {
    #[derive(Parser)]
    struct Takeover {
        #[command(flatten)]
        config: TakeoverConfig,
    }
    let line = Takeover::try_parse_from(["forebay", "--dry-run"]).unwrap();
    assert!(line.config.dry_run);
    assert_eq!(line.config.servers.redis.claim_idle_ms, 30_000);
}

const REPO: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";

async fn like(bed: &Bed, id: &str, action: &str, rkey: &str) {
    let record = json!({
        "$type": "app.bsky.feed.like",
        "subject": { "uri": format!("at://{REPO}/app.bsky.feed.post/{rkey}"), "cid": "c" },
        "createdAt": "2026-07-04T00:00:00Z"
    });
    let op = json!({
        "action": action, "path": format!("app.bsky.feed.like/{rkey}"), "cid": "c", "record": record
    });
    let data = json!({ "repo": REPO, "ops": [op] }).to_string();
    bed.stream.xadd_at(id, "commit", data, "").await;
}

async fn progress(bed: &Bed, table: &str) -> i64 {
    bed.client
        .query_one(
            "select restamped from forebay.takeover_progress where table_name = $1 and done",
            &[&table],
        )
        .await
        .unwrap()
        .get(0)
}

/// All that a dry run could change.
async fn fingerprint(bed: &Bed) -> Vec<String> {
    let mut all = Vec::new();
    for table in [
        "likes",
        "posts",
        "users",
        "thread_gates",
        "forebay.takeover",
        "forebay.origin",
    ] {
        let statement = format!(
            "select md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {table} t"
        );
        all.push(bed.client.query_one(&statement, &[]).await.unwrap().get(0));
    }
    all.push(format!("{:?}", bed.stream.group().await));
    all
}
