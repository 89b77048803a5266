//! A group, a stream or a whole Redis that is gone, entries that were trimmed, and a server that
//! refuses for a while.

use std::collections::HashMap;
use std::time::Duration;

use deadpool_redis::redis;

use super::convergence::{assert_right, generated};
use super::model::{self, Model};
use super::support::give::{self, Given};
use super::support::servers::or_fail;
use super::support::stream::{GROUP, KEY, Stream};
use super::support::worker::{Worker, drain};
use super::support::{Bed, log, wait};
use forebay::generate::Options;

fn options(seed: u64, events: u64) -> Options {
    Options {
        seed,
        events,
        users: 300,
        sdk: 0.5,
        bad: 0.0,
    }
}

async fn until_all_is_acknowledged(stream: &Stream, entries: &[Given]) {
    let last = &entries.last().unwrap().id;
    wait::until("all is acknowledged", async || {
        let group = stream.group().await;
        group.is_some_and(|group| group.last_delivered_id == *last && group.pending == 0)
    })
    .await;
}

/// How often a command was called.
async fn calls(bed: &Bed, command: &str) -> u64 {
    let stats: String = bed.stream.run(&["INFO", "commandstats"]).await;
    let of_it = stats
        .lines()
        .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    let count = of_it.and_then(|rest| rest.split(',').next());
    count.map_or(0, |count| count.parse().unwrap())
}

/// Each way in which the group can go, and then new entries.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_gone_is_made_again_and_said_once() {
    const SAID: &str = "the consumer group was gone";
    let ways: [&[&str]; 3] = [
        &["XGROUP", "DESTROY", KEY, GROUP],
        &["DEL", KEY],
        &["FLUSHALL"],
    ];
    let bed = Bed::new().await;
    let (entries, model) = generated(options(71, 2_000));
    let worker = log::run(&bed, &[]);
    let parts: Vec<&[Given]> = entries.chunks(500).collect();
    give::give(&bed, parts[0]).await;
    until_all_is_acknowledged(&bed.stream, parts[0]).await;
    for (way, part) in ways.iter().zip(&parts[1..]) {
        let said = worker.lines_with(SAID).len();
        bed.stream.run::<String>(&["CONFIG", "RESETSTAT"]).await;
        bed.stream.run::<redis::Value>(way).await;
        wait::until("the group is back", async || {
            bed.stream.group().await.is_some()
        })
        .await;
        wait::pass(Duration::from_secs(1)).await;
        let (reads, makes) = (
            calls(&bed, "xreadgroup").await,
            calls(&bed, "xgroup|create").await,
        );
        assert!(
            reads <= 30 && makes <= 3,
            "{way:?}: {reads} reads, {makes} makes"
        );
        // Soon after the last time it is said with how often it came again.
        wait::until("it is said once", async || {
            worker.lines_with(SAID).len() == said + 1
        })
        .await;
        give::give(&bed, part).await;
        until_all_is_acknowledged(&bed.stream, part).await;
    }
    assert_right(&bed, &model).await;
    worker.stop().await;
}

/// A group that somebody removes again and again must not make the worker spin.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_goes_again_and_again_is_no_hot_loop() {
    let bed = Bed::new().await;
    let worker = Worker::start(&bed, &[]);
    wait::until("the group is made", async || {
        bed.stream.group().await.is_some()
    })
    .await;
    bed.stream.run::<String>(&["CONFIG", "RESETSTAT"]).await;
    let end = tokio::time::Instant::now() + Duration::from_secs(3);
    wait::until("it was removed for three seconds", async || {
        bed.stream.run::<redis::Value>(&["DEL", KEY]).await;
        tokio::time::Instant::now() >= end
    })
    .await;
    let makes = calls(&bed, "xgroup|create").await;
    assert!((1..150).contains(&makes), "{makes} times made");
    bed.stream
        .xadd("account", r#"{"did":"did:plc:a","active":true}"#, "")
        .await;
    wait::until("it works again", async || {
        worker.metrics.entries_acked() == 1
    })
    .await;
    worker.stop().await.unwrap();
}

/// Without the right to make a group the setup is broken: it says so and stops.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_may_not_be_made_stops_it() {
    let bed = Bed::new().await;
    let worker = Worker::start(&bed, &[]);
    wait::until("the group is made", async || {
        bed.stream.group().await.is_some()
    })
    .await;
    let forbid = ["ACL", "SETUSER", "default", "-xgroup|create"];
    bed.stream.run::<String>(&forbid).await;
    let destroy = ["XGROUP", "DESTROY", KEY, GROUP];
    bed.stream.run::<i64>(&destroy).await;
    assert_eq!(worker.end().await.unwrap_err().exit_code(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_came_back_empty() {
    let mut bed = Bed::new().await;
    let (entries, model) = generated(options(72, 1_000));
    let (before, after) = entries.split_at(400);
    let worker = Worker::start(&bed, &[]);
    give::give(&bed, before).await;
    until_all_is_acknowledged(&bed.stream, before).await;
    or_fail(bed.redis.kill().await);
    or_fail(bed.redis.restart().await);
    bed.stream = Stream::of(&bed.redis_url).await;
    give::give(&bed, after).await;
    until_all_is_acknowledged(&bed.stream, after).await;
    worker.stop().await.unwrap();
    assert_right(&bed, &model).await;
}

/// As in a failover: the server that is asked has become a replica, and is a master again later.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_only_reads_is_asked_again_until_it_writes() {
    let bed = Bed::new().await;
    let (entries, model) = generated(options(73, 6_000));
    let worker = Worker::start(&bed, &["--flush-rows", "50"]);
    give::give(&bed, &entries).await;
    wait::until("it is under way", async || {
        worker.metrics.entries_acked() > 300
    })
    .await;
    let before: HashMap<String, u64> = connections(&bed).await;
    // Nobody listens there, so that its data stays.
    bed.stream
        .run::<String>(&["REPLICAOF", "127.0.0.1", "1"])
        .await;
    bed.stream.run::<String>(&["CONFIG", "RESETSTAT"]).await;
    wait::pass(Duration::from_secs(2)).await;
    let (reads, acks) = (calls(&bed, "xreadgroup").await, calls(&bed, "exec").await);
    assert!(reads < 60 && acks < 200, "{reads} reads, {acks} acks");
    let during = connections(&bed).await;
    assert!(
        during["total_connections_received"] > 0,
        "{before:?} {during:?}"
    );
    bed.stream.run::<String>(&["REPLICAOF", "NO", "ONE"]).await;
    until_all_is_acknowledged(&bed.stream, &entries).await;
    worker.stop().await.unwrap();
    assert_right(&bed, &model).await;
    let counted: u64 = bed
        .stream
        .run(&["HGET", "cluster:metrics", "totalEvents"])
        .await;
    assert_eq!(counted, 6_000, "no delta was lost meanwhile");
}

async fn connections(bed: &Bed) -> HashMap<String, u64> {
    let stats: String = bed.stream.run(&["INFO", "stats"]).await;
    let number = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().parse().ok()?))
    };
    stats.lines().filter_map(number).collect()
}

fn model_of(entries: &[Given]) -> Model {
    let mut model = Model::new();
    for entry in entries {
        model.apply(&model::EntryLike {
            id: &entry.id,
            kind: &entry.kind,
            data: entry.data.as_bytes(),
            seq: &entry.seq,
        });
    }
    model
}

/// Read by the worker's own name and by another, and trimmed before either could store them.
#[tokio::test(flavor = "multi_thread")]
async fn pending_entries_without_a_body_are_lost_and_acknowledged() {
    let bed = Bed::new().await;
    let (entries, _) = generated(options(74, 300));
    let group = ["XGROUP", "CREATE", KEY, GROUP, "0", "MKSTREAM"];
    bed.stream.run::<String>(&group).await;
    give::give(&bed, &entries).await;
    for (consumer, count) in [("python-worker", "40"), ("dead", "60")] {
        let command = [
            "XREADGROUP",
            "GROUP",
            GROUP,
            consumer,
            "COUNT",
            count,
            "STREAMS",
            KEY,
            ">",
        ];
        bed.stream.run::<redis::Value>(&command).await;
    }
    bed.stream
        .run::<i64>(&["XTRIM", KEY, "MAXLEN", "200"])
        .await;
    wait::pass(Duration::from_millis(150)).await;
    let metrics = drain(&bed, &["--claim-idle-ms", "100"]).await;
    assert_eq!(metrics.entries_lost(), 100);
    assert_right(&bed, &model_of(&entries[100..])).await;
}

/// Counted once, by whoever looks first, and the backlog is right again afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_trimmed_unread_is_counted_once() {
    let bed = Bed::new().await;
    let (entries, _) = generated(options(75, 3_000));
    give::give(&bed, &entries[..1_000]).await;
    drain(&bed, &[]).await;
    let mut stored = entries[..1_000].to_vec();
    for part in [&entries[1_000..2_000], &entries[2_000..]] {
        give::give(&bed, part).await;
        bed.stream
            .run::<i64>(&["XTRIM", KEY, "MAXLEN", "100"])
            .await;
        let worker = log::run(&bed, &["--consumer-id", "a"]);
        worker
            .until_it_says("trimmed from the stream before anyone read them")
            .await;
        until_all_is_acknowledged(&bed.stream, part).await;
        worker.stop().await;
        let lost: u64 = bed
            .stream
            .run(&["GET", "forebay:lost:firehose:events:firehose-processors"])
            .await;
        stored.extend_from_slice(&part[900..]);
        assert_eq!(lost, 900 * (stored.len() as u64 - 1_000) / 100);
    }
    let metrics = drain(&bed, &[]).await;
    assert_eq!(metrics.entries_lost(), 0, "counted again");
    assert_eq!(metrics.standing().unwrap().backlog, Some(0));
    assert_right(&bed, &model_of(&stored)).await;
}

/// Lost between two looks of a worker that runs.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_trimmed_under_a_worker_is_counted() {
    let bed = Bed::new().await;
    let (entries, _) = generated(options(76, 500));
    let worker = Worker::start(&bed, &[]);
    give::give(&bed, &entries[..100]).await;
    until_all_is_acknowledged(&bed.stream, &entries[..100]).await;
    let script = "
        for n = 1, 200 do redis.call('XADD', KEYS[1], '*', 'type', 'account', 'data', '', 'seq', '') end
        return redis.call('XTRIM', KEYS[1], 'MAXLEN', 20)";
    bed.stream.run::<i64>(&["EVAL", script, "1", KEY]).await;
    wait::until("the loss is counted", async || {
        worker.metrics.entries_lost() == 180
    })
    .await;
    worker.stop().await.unwrap();
}

/// Before it happens.
#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_near_the_limit_is_warned_of_once() {
    const WARNING: &str = "nears the stream's length limit";
    let bed = Bed::new().await;
    let (entries, _) = generated(options(77, 90));
    let group = ["XGROUP", "CREATE", KEY, GROUP, "0", "MKSTREAM"];
    bed.stream.run::<String>(&group).await;
    give::give(&bed, &entries).await;
    let near = log::run(&bed, &["--stream-maxlen", "100"]);
    near.until_it_says(WARNING).await;
    until_all_is_acknowledged(&bed.stream, &entries).await;
    wait::pass(Duration::from_secs(2)).await;
    assert_eq!(near.lines_with(WARNING).len(), 1);
    near.stop().await;
    let (more, _) = generated(options(78, 70));
    let far = log::run(&bed, &["--stream-maxlen", "100"]);
    for Given {
        kind, data, seq, ..
    } in &more
    {
        bed.stream.xadd(kind, data, seq).await;
    }
    // Nothing is pending before it has begun, either.
    wait::until("it is stored", async || {
        let group = bed.stream.group().await.unwrap();
        group.entries_read == Some(160) && group.pending == 0
    })
    .await;
    far.stop().await;
    assert_eq!(bed.stream.len().await, 160);
}
