//! Entries that were delivered and not acknowledged: who takes them up again, when, and that
//! nobody holds their number of deliveries against them.

use std::time::Duration;

use deadpool_redis::redis;

use super::convergence::{assert_right, generated};
use super::model;
use super::support::give::{self, Given};
use super::support::stream::{DEAD_LETTERS, GROUP, KEY};
use super::support::worker::{Worker, config, drain};
use super::support::{Bed, child, cluster, counts, log, servers, wait};
use forebay::generate::Options;
use forebay::local::Mode;
use nix::sys::signal::Signal;

const ALONE: &str = "forebay:alone:firehose:events:firehose-processors";

fn options(seed: u64, events: u64) -> Options {
    Options {
        seed,
        events,
        users: 300,
        sdk: 0.5,
        bad: 0.0,
    }
}

async fn make_group(bed: &Bed) {
    let command = ["XGROUP", "CREATE", KEY, GROUP, "0", "MKSTREAM"];
    bed.stream.run::<String>(&command).await;
}

/// Makes it look as if an entry had been delivered so often, all to consumers that died.
async fn deliver_often(bed: &Bed, id: &str, times: u32) {
    let times = times.to_string();
    let command = [
        "XCLAIM",
        KEY,
        GROUP,
        "dead",
        "0",
        id,
        "IDLE",
        "3600000",
        "RETRYCOUNT",
        &times,
        "FORCE",
        "JUSTID",
    ];
    bed.stream.run::<Vec<String>>(&command).await;
}

async fn consumers(bed: &Bed) -> Vec<String> {
    let found: Vec<std::collections::HashMap<String, redis::Value>> =
        bed.stream.run(&["XINFO", "CONSUMERS", KEY, GROUP]).await;
    found
        .into_iter()
        .map(|mut consumer| redis::from_redis_value(consumer.remove("name").unwrap()).unwrap())
        .collect()
}

async fn until_all_is_acknowledged(bed: &Bed, entries: &[Given]) {
    let last = &entries.last().unwrap().id;
    wait::until("all is acknowledged", async || {
        let group = bed.stream.group().await;
        group.is_some_and(|group| group.last_delivered_id == *last && group.pending == 0)
    })
    .await;
}

/// The incumbent's consumers were named so; nobody of that name will ever come back.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_consumers_entries_are_claimed_and_it_is_removed() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(61, 2_000));
    make_group(&bed).await;
    give::give(&bed, &entries).await;
    bed.stream.read_and_die("python-worker-0", 700).await;
    bed.stream.read_and_die("python-worker-1", 1).await;
    bed.stream.read_and_die("python-worker", 300).await;
    let worker = Worker::start(&bed, &["--claim-idle-ms", "200"]);
    until_all_is_acknowledged(&bed, &entries).await;
    assert_right(&bed, &model).await;
    wait::until("the dead consumers are removed", async || {
        consumers(&bed).await == ["python-worker"]
    })
    .await;
    worker.stop().await.unwrap();
}

/// A consumer with pending entries must never be removed: they would go with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_with_pending_entries_stays() {
    let bed = Bed::new().await;
    let address = forebay::source::parse_address(&bed.redis_url, None, None).unwrap();
    let redis = forebay::source::Redis::new(address, KEY, GROUP, "me").unwrap();
    make_group(&bed).await;
    for n in 0..3 {
        bed.stream
            .xadd("account", r#"{"did":"did:plc:a"}"#, &n.to_string())
            .await;
    }
    bed.stream.read_and_die("full", 2).await;
    bed.stream.read_and_die("me", 1).await;
    bed.stream
        .run::<i64>(&["XGROUP", "CREATECONSUMER", KEY, GROUP, "empty"])
        .await;
    let dismissed = forebay::source::dismiss_idle(&redis, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(dismissed, ["empty"]);
    let too_soon = forebay::source::dismiss_idle(&redis, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(too_soon, [""; 0]);
    assert_eq!(bed.stream.pending().await, 3);
}

/// Away for ten idle times, while two workers hold entries that nobody can store.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_condemns_nothing() {
    const IDLE_MS: u64 = 300;
    let bed = Bed::new().await;
    let mut postgres = cluster::own().await;
    let (entries, model) = generated(options(62, 4_000));
    let (first, rest) = entries.split_at(1_000);
    let start = |id| {
        let idle = IDLE_MS.to_string();
        let mut config = config(
            &bed,
            &[
                "--consumer-id",
                id,
                "--claim-idle-ms",
                &idle,
                "--redis-max-deliveries",
                "2",
                "--flush-rows",
                "100",
                "--parallel-consumers",
                "2",
            ],
        );
        config.servers.database.database_url = Some(postgres.url(cluster::DATABASE));
        Worker::of(config)
    };
    let workers = [start("one"), start("two")];
    give::give(&bed, first).await;
    until_all_is_acknowledged(&bed, first).await;
    servers::or_fail(postgres.stop(Mode::Immediate).await);
    give::give(&bed, rest).await;
    wait::until("entries are held", async || {
        bed.stream.pending().await > 500
    })
    .await;
    wait::pass(Duration::from_millis(10 * IDLE_MS)).await;
    assert!(bed.stream.pending().await > 500);
    servers::or_fail(postgres.restart().await);
    until_all_is_acknowledged(&bed, &entries).await;
    for worker in workers {
        worker.stop().await.unwrap();
    }
    let client = servers::connect(&postgres.url(cluster::DATABASE)).await;
    model::assert_same(&model, &client).await;
    model::assert_same_rejected(&model, &client).await;
    counts::assert_equal_rows(&client).await;
    assert_eq!(bed.stream.run::<i64>(&["XLEN", DEAD_LETTERS]).await, 0);
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", ALONE]).await, 0);
}

/// What is renewed is never idle long enough for anyone else to take it, and is not delivered again.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_hand_is_renewed() {
    const IDLE_MS: u64 = 1_500;
    let bed = Bed::new().await;
    let mut postgres = cluster::own().await;
    let mut config = config(&bed, &["--claim-idle-ms", &IDLE_MS.to_string()]);
    config.servers.database.database_url = Some(postgres.url(cluster::DATABASE));
    let worker = Worker::of(config);
    let (entries, _) = generated(options(63, 500));
    let (first, rest) = entries.split_at(100);
    give::give(&bed, first).await;
    until_all_is_acknowledged(&bed, first).await;
    servers::or_fail(postgres.stop(Mode::Immediate).await);
    give::give(&bed, rest).await;
    wait::until("entries are held", async || {
        bed.stream.pending().await == 400
    })
    .await;
    let mut delivered = Vec::new();
    for _ in 0..20 {
        wait::pass(Duration::from_millis(IDLE_MS / 5)).await;
        let pending: Vec<(String, String, i64, i64)> = bed
            .stream
            .run(&[
                "XPENDING",
                KEY,
                GROUP,
                "IDLE",
                &IDLE_MS.to_string(),
                "-",
                "+",
                "1000",
            ])
            .await;
        assert!(pending.is_empty(), "{} are stale", pending.len());
        let pending: Vec<(String, String, i64, i64)> = bed
            .stream
            .run(&["XPENDING", KEY, GROUP, "-", "+", "1000"])
            .await;
        delivered = pending.into_iter().map(|entry| entry.3).collect();
    }
    assert_eq!(delivered, vec![1; 400]);
    servers::or_fail(postgres.restart().await);
    until_all_is_acknowledged(&bed, &entries).await;
    worker.stop().await.unwrap();
}

/// Correct all the same, and said once.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_under_one_name() {
    const WARNING: &str = "another process runs under this consumer name";
    let bed = Bed::new().await;
    let (entries, model) = generated(options(64, 3_000));
    let flags = ["--claim-idle-ms", "300", "--flush-rows", "50"];
    let worker = Worker::start(&bed, &flags);
    give::give(&bed, &entries[..1_000]).await;
    until_all_is_acknowledged(&bed, &entries[..1_000]).await;
    let other = log::run(&bed, &flags);
    give::give(&bed, &entries[1_000..]).await;
    other.until_it_says(WARNING).await;
    until_all_is_acknowledged(&bed, &entries).await;
    wait::pass(Duration::from_secs(1)).await;
    assert_eq!(other.lines_with(WARNING).len(), 1);
    other.stop().await;
    worker.stop().await.unwrap();
    assert_right(&bed, &model).await;
}

/// Its note ends with a worker, in order or not, so that its successor is not taken for a namesake.
#[tokio::test(flavor = "multi_thread")]
async fn a_successor_is_no_namesake() {
    let bed = Bed::new().await;
    let flags = ["--claim-idle-ms", "300"];
    let name = "forebay:consumer:firehose:events:firehose-processors:python-worker";
    let worker = Worker::start(&bed, &flags);
    wait::until("the name is noted", async || {
        bed.stream.run::<i64>(&["EXISTS", name]).await == 1
    })
    .await;
    worker.abort().await;
    let next = log::run(&bed, &flags);
    next.until_it_says("forebay runs").await;
    wait::pass(Duration::from_secs(2)).await;
    assert_eq!(next.lines_with("another process"), [""; 0]);
    next.stop().await;
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", name]).await, 0);
}

/// Started, stopped and killed at will, several at a time.
#[tokio::test(flavor = "multi_thread")]
async fn workers_come_and_go() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(65, 8_000));
    let start = |n: usize| {
        let id = format!("worker-{}", n % 4);
        let flags = [
            "--consumer-id",
            &id,
            "--claim-idle-ms",
            "300",
            "--flush-rows",
            "60",
            "--parallel-consumers",
            "2",
            "--redis-max-deliveries",
            "3",
        ];
        Worker::start(&bed, &flags)
    };
    let mut running = std::collections::VecDeque::new();
    for (n, some) in entries.chunks(800).enumerate() {
        give::give(&bed, some).await;
        running.push_back(start(n));
        wait::until("some of it is stored", async || {
            let acked = |worker: &Worker| worker.metrics.entries_acked();
            running.iter().map(acked).sum::<u64>() > 100
        })
        .await;
        if n % 3 == 2 {
            running.pop_front().unwrap().abort().await;
        } else if n % 3 == 1 {
            running.pop_front().unwrap().stop().await.unwrap();
        }
    }
    running.push_back(start(9));
    until_all_is_acknowledged(&bed, &entries).await;
    for worker in running {
        worker.stop().await.unwrap();
    }
    assert_right(&bed, &model).await;
}

/// Delivered over and over, for whatever reason: stored like any other, one at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_count_of_deliveries_condemns_nothing() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(66, 300));
    make_group(&bed).await;
    give::give(&bed, &entries).await;
    bed.stream.read_and_die("dead", 200).await;
    for entry in &entries[..60] {
        deliver_often(&bed, &entry.id, 12).await;
    }
    let metrics = drain(&bed, &["--claim-idle-ms", "100"]).await;
    // The others of the dead one were not stale yet, or were: either way all is stored.
    let alone = metrics.batches().by_reason[4];
    assert!(alone >= 60, "{alone} batches of their own");
    drain(&bed, &["--claim-idle-ms", "100"]).await;
    assert_right(&bed, &model).await;
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", ALONE]).await, 0);
}

/// The only entry in hand at two crashes: set aside, with the count; one crash is not enough.
#[tokio::test(flavor = "multi_thread")]
async fn two_crashes_alone_condemn() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(67, 100));
    make_group(&bed).await;
    give::give(&bed, &entries).await;
    bed.stream.read_and_die("dead", 100).await;
    for (at, crashes) in [(3, "2"), (4, "1")] {
        let id = entries[at].id.as_str();
        deliver_often(&bed, id, 12).await;
        bed.stream.run::<i64>(&["HSET", ALONE, id, crashes]).await;
    }
    wait::pass(Duration::from_millis(150)).await;
    drain(&bed, &["--claim-idle-ms", "100"]).await;
    let letters = bed.stream.dead_letters().await;
    let told: Vec<[&str; 3]> = letters
        .iter()
        .map(|letter| ["origId", "reason", "data"].map(|field| letter[field].as_str()))
        .collect();
    let condemned = &entries[3];
    assert_eq!(told, [[&condemned.id, "crashed", &condemned.data]]);
    assert!(letters[0]["deliveries"].parse::<u32>().unwrap() >= 12);
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", ALONE]).await, 0);
    // Replayed, it is stored as if nothing had been.
    give::give_as_replays(&bed, std::iter::once(condemned)).await;
    drain(&bed, &[]).await;
    model::assert_same(&model, &bed.client).await;
}

/// Killed twice while it had nothing but this entry in hand, it does not try a third time.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_twice_with_one_entry_in_hand_sets_it_aside() {
    let bed = Bed::new().await;
    let (entries, _) = generated(options(69, 20));
    let suspect = entries.iter().find(|entry| entry.kind == "commit").unwrap();
    make_group(&bed).await;
    give::give(&bed, std::slice::from_ref(suspect)).await;
    bed.stream.read_and_die("dead", 1).await;
    deliver_often(&bed, &suspect.id, 12).await;
    // While this is held the try hangs.
    let mut other = bed.connect().await;
    let held = other.transaction().await.unwrap();
    held.batch_execute("lock table users in access exclusive mode")
        .await
        .unwrap();
    for crashes in ["1", "2"] {
        let mut worker = child::run(&bed, &[]);
        wait::until("the try is noted", async || {
            let noted: Option<String> = bed.stream.run(&["HGET", ALONE, &suspect.id]).await;
            noted.as_deref() == Some(crashes)
        })
        .await;
        child::end_by(&mut worker, Signal::SIGKILL).await;
    }
    held.rollback().await.unwrap();
    drain(&bed, &[]).await;
    let letters = bed.stream.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["reason"], "crashed");
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", ALONE]).await, 0);
}

/// A worker that is stopped, or whose database is away, while it tries an entry alone leaves no
/// note against it.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_no_crash() {
    let bed = Bed::new().await;
    let mut postgres = cluster::own().await;
    let (entries, _) = generated(options(68, 2));
    let mut config = config(&bed, &["--claim-idle-ms", "100"]);
    config.servers.database.database_url = Some(postgres.url(cluster::DATABASE));
    make_group(&bed).await;
    // The worker has to be under way before the database goes.
    let worker = Worker::of(config);
    give::give(&bed, &entries[..1]).await;
    until_all_is_acknowledged(&bed, &entries[..1]).await;
    servers::or_fail(postgres.stop(Mode::Immediate).await);
    deliver_before_anyone(&bed, &entries[1]).await;
    wait::until("the note is taken back", async || {
        worker.metrics.retries() > 0 && bed.stream.run::<i64>(&["EXISTS", ALONE]).await == 0
    })
    .await;
    worker.abort().await;
    assert_eq!(bed.stream.run::<i64>(&["EXISTS", ALONE]).await, 0);
    servers::or_fail(postgres.restart().await);
}

/// Adds an entry and delivers it to the dead before a worker that waits for it can.
async fn deliver_before_anyone(bed: &Bed, entry: &Given) {
    let script = "
        redis.call('XADD', KEYS[1], ARGV[1], 'type', ARGV[2], 'data', ARGV[3], 'seq', ARGV[4])
        redis.call('XREADGROUP', 'GROUP', ARGV[5], 'dead', 'STREAMS', KEYS[1], '>')
        return redis.call('XCLAIM', KEYS[1], ARGV[5], 'dead', 0, ARGV[1], 'IDLE', 3600000,
                          'RETRYCOUNT', 12, 'JUSTID')";
    let command = [
        "EVAL",
        script,
        "1",
        KEY,
        &entry.id,
        &entry.kind,
        &entry.data,
        &entry.seq,
        GROUP,
    ];
    bed.stream.run::<Vec<String>>(&command).await;
}
