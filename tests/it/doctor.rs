//! Each fault that the doctor knows, made for real where a private server can be made to have it;
//! the others are judged in the unit tests beside the checks.

use super::convergence::{assert_right, some};
use super::faults::bed_on_own_cluster;
use super::support::pgbouncer::PgBouncer;
use super::support::worker::{config, drain};
use super::support::{Bed, Made, child, give, servers};
use super::takeover::servers as servers_of;
use forebay::doctor::{Level, Report, Settings, examine};
use serde_json::Value;

const SETTINGS: Settings = Settings {
    derived: forebay::derived::DerivedSet::ALL,
    stream_maxlen: 1_000,
    claim_idle_ms: 100,
    connections: 7,
};

async fn report(bed: &Bed) -> Report {
    let (pool, redis) = servers_of(bed);
    examine(&pool, &redis, SETTINGS).await
}

/// The worst of the checks of this name, and all that they say.
fn of(report: &Report, name: &str) -> (Level, String) {
    let checks = report.checks.iter().filter(|check| check.name == name);
    let said = |said: String, check: &forebay::doctor::Check| {
        let remedy = check.remedy.as_deref().unwrap_or_default();
        format!("{said}{}; {remedy}\n", check.seen)
    };
    let level = checks.clone().map(|check| check.level).max();
    let level = level.unwrap_or_else(|| panic!("no check {name}: {report:?}"));
    (level, checks.fold(String::new(), said))
}

/// Expects a level of one check, and a text in what it says.
fn expect(report: &Report, name: &str, level: Level, text: &str) {
    let (found, said) = of(report, name);
    assert_eq!(found, level, "{name}: {said}");
    assert!(said.contains(text), "{name}: {said}");
    for check in &report.checks {
        assert_eq!(
            check.level > Level::Ok,
            check.remedy.is_some(),
            "a finding has a remedy: {check:?}"
        );
    }
}

async fn set(bed: &Bed, name: &str, value: &str) {
    let _: String = bed.stream.run(&["CONFIG", "SET", name, value]).await;
}

/// A system with nothing to find; the command says so, in words and as JSON.
#[tokio::test(flavor = "multi_thread")]
async fn a_healthy_system_has_nothing() {
    let (bed, _postgres) = bed_on_own_cluster().await;
    set(&bed, "appendonly", "yes").await;
    for setting in ["fsync", "full_page_writes"] {
        let turn_on = format!("alter system set {setting} = on");
        bed.client.batch_execute(&turn_on).await.unwrap();
    }
    bed.number("select pg_reload_conf()::int::bigint").await;
    give::give(&bed, &some(90, 500).0).await;
    drain(&bed, &[]).await;
    let doctor = async |args: &[&str]| {
        child::output(child::command(&bed, &[&["doctor"], args].concat())).await
    };
    let (code, out, err) = doctor(&[]).await;
    assert_eq!(code, 0, "{out}{err}");
    for name in [
        "redis.version",
        "redis.persistence",
        "redis.eviction",
        "redis.maxmemory",
        "redis.stream",
        "redis.group",
        "redis.lag",
        "redis.consumers",
        "postgres.proxy",
        "postgres.version",
        "postgres.durability",
        "postgres.timezone",
        "postgres.collation",
        "postgres.wraparound",
        "postgres.autovacuum",
        "postgres.connections",
        "postgres.tables",
        "postgres.rights",
        "postgres.hot_updates",
        "postgres.sequences",
        "postgres.dead_rows",
        "forebay.takeover",
        "forebay.dead_letters",
        "forebay.purges",
    ] {
        assert!(out.contains(&format!("ok    {name} ")), "{name}: {out}");
    }
    set(&bed, "maxmemory-policy", "allkeys-lru").await;
    let (code, out, err) = doctor(&["--json"]).await;
    assert_eq!(code, 1, "{err}");
    let shown: Value = serde_json::from_str(&out).unwrap();
    let eviction = shown["checks"].as_array().unwrap().iter();
    let eviction = eviction
        .clone()
        .find(|check| check["name"] == "redis.eviction");
    assert_eq!(eviction.unwrap()["level"], "warn");
    assert!(
        eviction.unwrap()["remedy"]
            .as_str()
            .unwrap()
            .contains("noeviction")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_keeps_and_throws_away() {
    let bed = Bed::new().await;
    expect(
        &report(&bed).await,
        "redis.persistence",
        Level::Bad,
        "appendonly",
    );
    set(&bed, "save", "3600 1").await;
    expect(
        &report(&bed).await,
        "redis.persistence",
        Level::Warn,
        "appendonly",
    );
    set(&bed, "appendonly", "yes").await;
    expect(
        &report(&bed).await,
        "redis.persistence",
        Level::Ok,
        "append-only",
    );

    expect(
        &report(&bed).await,
        "redis.eviction",
        Level::Ok,
        "noeviction",
    );
    set(&bed, "maxmemory-policy", "allkeys-lru").await;
    expect(
        &report(&bed).await,
        "redis.eviction",
        Level::Warn,
        "noeviction",
    );
    set(&bed, "maxmemory", "1gb").await;
    let found = report(&bed).await;
    expect(&found, "redis.eviction", Level::Bad, "noeviction");
    expect(&found, "redis.maxmemory", Level::Ok, "of 1024 MiB");
    set(&bed, "maxmemory-policy", "noeviction").await;
    let used: String = bed.stream.run(&["INFO", "memory"]).await;
    let used: u64 = used
        .lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    set(&bed, "maxmemory", &(used * 5 / 4).to_string()).await;
    expect(
        &report(&bed).await,
        "redis.maxmemory",
        Level::Warn,
        "raise maxmemory",
    );
    set(&bed, "maxmemory", &(used * 20 / 19).to_string()).await;
    expect(&report(&bed).await, "redis.maxmemory", Level::Bad, "XADD");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_and_who_reads_it() {
    let bed = Bed::new().await;
    expect(
        &report(&bed).await,
        "redis.stream",
        Level::Bad,
        "REDIS_STREAM_KEY",
    );
    let (entries, _) = some(91, 900);
    give::give(&bed, &entries).await;
    let found = report(&bed).await;
    expect(&found, "redis.stream", Level::Ok, "900 entries");
    expect(&found, "redis.group", Level::Warn, "forebay run");
    let make = [
        "XGROUP",
        "CREATE",
        "firehose:events",
        "firehose-processors",
        "0",
    ];
    bed.stream.run::<String>(&make).await;
    expect(&report(&bed).await, "redis.lag", Level::Bad, "MAXLEN");
    bed.stream.read_and_die("dead", 400).await;
    let more = ["XTRIM", "firehose:events", "MAXLEN", "850"];
    bed.stream.run::<i64>(&more).await;
    let found = report(&bed).await;
    expect(&found, "redis.lag", Level::Bad, "400 pending");
    // Idle for four times CLAIM_IDLE_MS.
    super::support::wait::until("a dead consumer is told", async || {
        of(&report(&bed).await, "redis.consumers").0 == Level::Warn
    })
    .await;
    expect(
        &report(&bed).await,
        "redis.consumers",
        Level::Warn,
        "dead (400 pending",
    );
    drain(&bed, &["--claim-idle-ms", "100"]).await;
    let found = report(&bed).await;
    expect(
        &found,
        "redis.lag",
        Level::Ok,
        "0 entries to read and 0 pending",
    );
    expect(&found, "redis.consumers", Level::Ok, "in the group");
    // Nobody trims it.
    give::give_as_replays(&bed, entries.iter().chain(&entries)).await;
    expect(
        &report(&bed).await,
        "redis.stream",
        Level::Warn,
        "STREAM_MAXLEN",
    );

    let other = Bed::new().await;
    let _: i64 = other.stream.run(&["LPUSH", "firehose:events", "x"]).await;
    expect(
        &report(&other).await,
        "redis.stream",
        Level::Bad,
        "names a stream",
    );
}

/// What a statement does to a bed's database, and the check that tells it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_database() {
    let faults = [
        ("alter table likes drop column via", "postgres.tables", Level::Bad, "public.likes.via"),
        (
            "select setval('notifications_id_seq', 1800000000)",
            "postgres.sequences",
            Level::Bad,
            "83 % of the numbers that notifications.id",
        ),
        (
            "select setval('notifications_id_seq', 1200000000)",
            "postgres.sequences",
            Level::Warn,
            "`alter table notifications alter column id type bigint; alter sequence notifications_id_seq as bigint`",
        ),
        (
            "alter table likes set (autovacuum_enabled = false)",
            "postgres.dead_rows",
            Level::Bad,
            "reset (autovacuum_enabled)",
        ),
        (
            "insert into posts (uri, cid, author_did, text, created_at) values ('at://x/y/z', '', 'did:plc:x', '', now())",
            "forebay.takeover",
            Level::Bad,
            "forebay takeover",
        ),
        (
            "insert into forebay.takeover (first_id, boundary) values ('1-0', now())",
            "forebay.takeover",
            Level::Bad,
            "goes on where it was",
        ),
        (
            "insert into forebay.dead_letters (entry_id, orig_id, op, type, data, truncated, seq, deliveries, reason, remedy, written_at)
             values ('1-0', '1-0', 0, 'commit', '', false, '', 1, 'x', 'x', now() - interval '9 days')",
            "forebay.dead_letters",
            Level::Warn,
            "1, the oldest 9 days old",
        ),
        (
            "insert into forebay.purges (did, position, tie, written_at) values ('did:plc:x', now(), 0, now() - interval '11 minutes')",
            "forebay.purges",
            Level::Warn,
            "1 accounts",
        ),
        ("drop schema forebay cascade", "postgres.tables", Level::Bad, "forebay migrate"),
    ];
    for (fault, name, level, text) in faults {
        let bed = Bed::new().await;
        bed.client.batch_execute(fault).await.unwrap();
        expect(&report(&bed).await, name, level, text);
    }
}

/// What the remedy says between its first ticks is SQL, and helps.
#[tokio::test(flavor = "multi_thread")]
async fn the_remedy_for_a_sequence_is_one() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute("select setval('notifications_id_seq', 2147483647)")
        .await
        .unwrap();
    let found = report(&bed).await;
    expect(&found, "postgres.sequences", Level::Bad, "100 %");
    let (_, said) = of(&found, "postgres.sequences");
    let remedy = said.split('`').nth(1).unwrap();
    bed.client.batch_execute(remedy).await.unwrap();
    expect(&report(&bed).await, "postgres.sequences", Level::Ok, "far");
    let next = "select nextval('notifications_id_seq')";
    assert_eq!(bed.number(next).await, 2_147_483_648);
}

/// A lock that somebody holds, or a look that takes too long, keeps one check from its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_table_is_told_and_the_rest_is_looked_at() {
    let bed = Bed::new().await;
    let mut other = bed.connect().await;
    let held = other.transaction().await.unwrap();
    held.batch_execute("lock table likes in access exclusive mode")
        .await
        .unwrap();
    let found = tokio::time::timeout(super::support::wait::limit(), report(&bed)).await;
    let found = found.expect("an answer while the lock is held");
    expect(&found, "forebay.takeover", Level::Warn, "pg_blocking_pids");
    for well in ["postgres.tables", "postgres.dead_rows", "forebay.purges"] {
        expect(&found, well, Level::Ok, "");
    }
    held.rollback().await.unwrap();
    expect(&report(&bed).await, "forebay.takeover", Level::Ok, "");
}

/// As after an upgrade of the system under the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_collation_of_another_version_is_told() {
    let bed = Bed::new().await;
    if bed
        .number("select current_setting('server_version_num')::int8")
        .await
        < 150_000
    {
        println!("skipped: PostgreSQL 14 keeps no version of a database's collation");
        return;
    }
    expect(&report(&bed).await, "postgres.collation", Level::Ok, "UTF8");
    bed.client
        .batch_execute(
            "update pg_database set datcollversion = '0.1' where datname = current_database()",
        )
        .await
        .unwrap();
    let found = report(&bed).await;
    expect(
        &found,
        "postgres.collation",
        Level::Bad,
        "was of version 0.1",
    );
    expect(
        &found,
        "postgres.collation",
        Level::Bad,
        "refresh collation version",
    );
}

/// Dead rows and indexes are told by the server's statistics.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_statistics_tell() {
    let bed = Bed::new().await;
    bed.client
        .batch_execute(
            "alter table post_aggregations set (autovacuum_vacuum_threshold = 2000000000);
             insert into post_aggregations (post_uri) select 'at://x/app.bsky.feed.post/' || n from generate_series(1, 60000) n;
             update post_aggregations set like_count = 1;
             update post_aggregations set like_count = 2;",
        )
        .await
        .unwrap();
    super::support::wait::until("the statistics have arrived", async || {
        bed.number("select 1::bigint").await;
        of(&report(&bed).await, "postgres.hot_updates").0 == Level::Warn
    })
    .await;
    let found = report(&bed).await;
    expect(
        &found,
        "postgres.hot_updates",
        Level::Warn,
        "idx_post_aggregations_like_count",
    );
    expect(
        &found,
        "postgres.dead_rows",
        Level::Warn,
        "autovacuum_vacuum_scale_factor",
    );
    bed.client
        .batch_execute("set enable_seqscan = off; set enable_bitmapscan = off")
        .await
        .unwrap();
    for column in ["like", "repost", "reply", "bookmark", "quote"] {
        let read = format!(
            "select count(*) from (select from post_aggregations order by {column}_count limit 1) x"
        );
        bed.number(&read).await;
    }
    super::support::wait::until("the indexes are known to be read", async || {
        // Before PostgreSQL 15 a session that rests keeps its figures to itself.
        bed.number("select 1::bigint").await;
        of(&report(&bed).await, "postgres.hot_updates").0 == Level::Ok
    })
    .await;
}

/// Faults of the server, or of the role that looks.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_server() {
    let (mut bed, mut postgres) = bed_on_own_cluster().await;
    bed.client
        .batch_execute("alter system set fsync = off")
        .await
        .unwrap();
    bed.client
        .batch_execute("alter system set autovacuum = off")
        .await
        .unwrap();
    bed.client
        .batch_execute("alter database forebay connection limit 5")
        .await
        .unwrap();
    // Of 100 connections 8 are left to whoever is no superuser.
    bed.client
        .batch_execute("alter system set superuser_reserved_connections = 92")
        .await
        .unwrap();
    bed.client
        .batch_execute("alter database forebay set timezone to 'America/New_York'")
        .await
        .unwrap();
    postgres.stop(forebay::local::Mode::Fast).await.unwrap();
    expect(
        &report(&bed).await,
        "postgres.reach",
        Level::Bad,
        "DATABASE_URL",
    );
    postgres.restart().await.unwrap();
    bed.client = servers::connect(&bed.database_url).await;
    let found = report(&bed).await;
    expect(&found, "postgres.durability", Level::Bad, "fsync is off");
    expect(&found, "postgres.autovacuum", Level::Bad, "autovacuum = on");
    expect(&found, "postgres.timezone", Level::Warn, "America/New_York");
    expect(
        &found,
        "postgres.connections",
        Level::Warn,
        "the database takes",
    );

    bed.client
        .batch_execute(
            "alter database forebay connection limit -1;
             create role poor login password 'poor' connection limit 5;
             revoke temporary on database forebay from public;
             grant usage on schema public, forebay to poor;
             grant select on all tables in schema public, forebay to poor;
             grant insert, update, delete on likes to poor",
        )
        .await
        .unwrap();
    let (_, address) = bed.database_url.split_once('@').unwrap();
    bed.database_url = format!("postgresql://poor:poor@{address}");
    let found = report(&bed).await;
    let (_, said) = of(&found, "postgres.rights");
    expect(
        &found,
        "postgres.rights",
        Level::Bad,
        "grant insert on public.posts to",
    );
    assert!(said.contains("temporary on database forebay"), "{said}");
    assert!(said.contains("delete on forebay.tombstones"), "{said}");
    assert!(
        !said.contains("public.likes") && !said.contains("forebay.migrations"),
        "{said}"
    );
    expect(
        &found,
        "postgres.connections",
        Level::Warn,
        "the role takes",
    );
    expect(
        &found,
        "postgres.sequences",
        Level::Warn,
        "notifications_id_seq",
    );

    bed.client
        .batch_execute("alter role poor connection limit -1")
        .await
        .unwrap();
    let found = report(&bed).await;
    expect(
        &found,
        "postgres.connections",
        Level::Warn,
        "the server takes",
    );
    expect(
        &found,
        "postgres.connections",
        Level::Warn,
        "(max_connections 100)",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_are_those_that_a_worker_can_have() {
    for lanes in ["0", "65", "99999999999999999999"] {
        let database = ["--database-url", "postgresql://x@127.0.0.1:1/x"];
        let lanes_as = ["doctor", "--parallel-consumers", lanes];
        let doctor = child::bare(&[&lanes_as[..], &database].concat());
        let (code, _, err) = child::output(doctor).await;
        assert_eq!(code, 2, "{lanes}: {err}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_away_are_told() {
    let mut bed = Bed::new().await;
    bed.redis_url = "redis://127.0.0.1:1".to_owned();
    let (code, out, err) = child::output(child::command(&bed, &["doctor"])).await;
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("bad   redis.reach"), "{out}");
    assert!(out.contains("ok    postgres.tables"), "{out}");
}

/// A database of others' making is not taken for ours by looking at it.
#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    let bed = Bed::on(Made::FromTsv).await;
    report(&bed).await;
    assert_eq!(bed.number("select count(*) from forebay.origin").await, 0);
    let keys: i64 = bed.stream.run(&["DBSIZE"]).await;
    assert_eq!(keys, 0, "no group was made");
}

/// PgBouncer by transaction or statement is refused with a sentence, before anything is done.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_pools_by_transaction_is_refused() {
    let mut bed = Bed::new().await;
    give::give(&bed, &some(92, 200).0).await;
    let direct = bed.database_url.clone();
    for mode in ["transaction", "statement"] {
        let proxy = PgBouncer::before(&direct, mode).await;
        bed.database_url = proxy.url.clone();
        expect(
            &report(&bed).await,
            "postgres.proxy",
            Level::Bad,
            "pool_mode = session",
        );
        let (code, _, log) = child::output(child::command(&bed, &["run"])).await;
        assert_eq!(code, 3, "{log}");
        assert!(
            log.contains("PgBouncer") && log.contains("pool_mode = session"),
            "{log}"
        );
        assert_eq!(bed.number("select count(*) from users").await, 0);
    }
}

/// By session it works.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_pools_by_session_works() {
    let mut bed = Bed::new().await;
    let (entries, model) = some(93, 3_000);
    give::give(&bed, &entries).await;
    let proxy = PgBouncer::before(&bed.database_url, "session").await;
    let direct = std::mem::replace(&mut bed.database_url, proxy.url.clone());
    expect(&report(&bed).await, "postgres.proxy", Level::Ok, "session");
    assert_eq!(
        config(&bed, &[]).servers.database.database_url.as_ref(),
        Some(&proxy.url)
    );
    drain(&bed, &["--flush-rows", "200"]).await;
    bed.database_url = direct;
    assert_right(&bed, &model).await;
}
