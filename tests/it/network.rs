//! The network between the worker and its servers: cut, stalled, and a commit's answer lost.

use super::convergence::{assert_right, some};
use super::model::Model;
use super::support::give::{self};
use super::support::proxy::{Hold, Line, Moment, Proxy};
use super::support::stream::Stream;
use super::support::worker::Worker;
use super::support::{Bed, wait};
use forebay::local::{Home, Persistence, Redis};
use std::time::{Duration, Instant};

async fn likes(bed: &Bed) -> i64 {
    bed.number("select count(*) from likes").await
}

/// A worker that reaches its database by a proxy.
async fn by_proxy_to_postgres(bed: &Bed, flags: &[&str]) -> (Proxy, Worker) {
    let (proxy, url) = Proxy::before(&bed.database_url).await;
    let flags = [flags, &["--database-url", &url]].concat();
    (proxy, Worker::start(bed, &flags))
}

/// A worker that reaches its Redis by a proxy.
async fn by_proxy_to_redis(bed: &Bed, flags: &[&str]) -> (Proxy, Worker) {
    let (proxy, url) = Proxy::before(&bed.redis_url).await;
    let flags = [flags, &["--redis-url", &url]].concat();
    (proxy, Worker::start(bed, &flags))
}

/// It ends by itself, nothing is pending, and the tables are the model's.
pub async fn ends_right(bed: &Bed, worker: Worker, model: &Model) {
    if let Err(stop) = worker.end().await {
        panic!("{stop}");
    }
    assert_eq!(bed.stream.pending().await, 0, "pending at the end");
    assert_right(bed, model).await;
}

/// The rows are there and the worker cannot know it: it writes them again, which changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_harmless() {
    const LOST: usize = 12;
    let bed = Bed::new().await;
    let (entries, model) = some(80, 4_000);
    give::give(&bed, &entries).await;
    let flags = ["--until-caught-up", "--flush-rows", "200"];
    let (proxy, worker) = by_proxy_to_postgres(&bed, &flags).await;
    wait::until("some is in", async || likes(&bed).await > 200).await;
    proxy.lose_commits(LOST);
    wait::until("commits are lost", async || proxy.commits_lost() == LOST).await;
    assert!(worker.metrics.retries() > 0);
    ends_right(&bed, worker, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_to_postgresql_is_cut_again_and_again() {
    let bed = Bed::new().await;
    let (entries, model) = some(81, 6_000);
    give::give(&bed, &entries).await;
    let flags = ["--until-caught-up", "--flush-rows", "200"];
    let (proxy, worker) = by_proxy_to_postgres(&bed, &flags).await;
    for _ in 0..4 {
        let seen = likes(&bed).await;
        wait::until("more is in", async || likes(&bed).await > seen).await;
        let (cut, retries) = (proxy.connections_cut(), worker.metrics.retries());
        proxy.set(Line::Cut);
        wait::until("the worker notices", async || {
            proxy.connections_cut() > cut && worker.metrics.retries() > retries
        })
        .await;
        proxy.set(Line::Up);
    }
    ends_right(&bed, worker, &model).await;
}

/// Stalls the line when a transaction is under way on it, idle or in the midst of a COPY. A stall may
/// as well fall between two of them: then there is nothing to see, and it is made again.
async fn stall_a_transaction(bed: &Bed, proxy: &Proxy) {
    const STANDING: &str = "select count(*) from pg_stat_activity
        where application_name like 'forebay %' and datname = current_database()
          and xact_start is not null and wait_event = 'ClientRead'
          and now() - state_change > '300 ms'";
    wait::until("a transaction stands", async || {
        let held = proxy.messages_held();
        proxy.set(Line::Stalled);
        wait::until("messages are held", async || proxy.messages_held() > held).await;
        let since = Instant::now();
        while since.elapsed() < Duration::from_secs(1) {
            if bed.number(STANDING).await > 0 {
                return true;
            }
        }
        proxy.set(Line::Up);
        false
    })
    .await;
}

/// A server that says nothing for a while, with locks held, and then is gone: whoever comes after
/// gets the locks.
#[tokio::test(flavor = "multi_thread")]
async fn the_line_to_postgresql_stalls_and_is_cut() {
    let bed = Bed::new().await;
    let (entries, model) = some(82, 10_000);
    give::give(&bed, &entries).await;
    let flags = ["--until-caught-up", "--flush-rows", "200"];
    let (proxy, worker) = by_proxy_to_postgres(&bed, &flags).await;
    for after in [Line::Up, Line::Cut, Line::Up] {
        let seen = likes(&bed).await;
        wait::until("more is in", async || likes(&bed).await > seen).await;
        stall_a_transaction(&bed, &proxy).await;
        proxy.set(after);
        if after == Line::Cut {
            wait::until("the worker notices", async || worker.metrics.retries() > 0).await;
            proxy.set(Line::Up);
        }
    }
    ends_right(&bed, worker, &model).await;
}

/// What was delivered and never came is read again without a restart.
/// A worker that stands still with its locks held, not even cut off: the server ends its transaction,
/// and until then others wait for seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_holder_of_locks_that_stands_still_is_waited_for_no_longer_than_seconds() {
    const WAITS: &str = "select count(*) from pg_stat_activity
        where application_name = 'forebay free' and datname = current_database()
          and wait_event = 'advisory'";
    let bed = Bed::new().await;
    let (entries, model) = some(88, 3_000);
    give::give(&bed, &entries).await;
    let (proxy, url) = Proxy::before(&bed.database_url).await;
    // Its first commit makes users rows.
    proxy.hold_at(Moment {
        hold: Hold::Message,
        bytes: b"COMMIT\0",
        nth: 2,
    });
    let one = ["--parallel-consumers", "1", "--flush-rows", "300"];
    let names = ["--consumer-id", "stuck", "--database-url", &url];
    let stuck = Worker::start(&bed, &[&one[..], &names].concat());
    proxy.moment().await;
    let free = Worker::start(&bed, &[&one[..], &["--consumer-id", "free"]].concat());
    wait::until("the other waits for its locks", async || {
        bed.number(WAITS).await > 0
    })
    .await;
    let since = Instant::now();
    wait::until("the other has its locks", async || {
        free.metrics.entries_acked() > 0
    })
    .await;
    assert!(
        since.elapsed() < Duration::from_secs(30),
        "{:?}",
        since.elapsed()
    );
    wait::until("all is done", async || {
        let group = bed.stream.group().await.unwrap_or_default();
        group.lag == Some(0) && group.pending == 0
    })
    .await;
    assert!(stuck.metrics.retries() > 0, "it was not cut off");
    for worker in [stuck, free] {
        worker.stop().await.unwrap();
    }
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_to_redis_is_cut_again_and_again() {
    let bed = Bed::new().await;
    let (entries, model) = some(83, 12_000);
    give::give(&bed, &entries).await;
    let flags = ["--until-caught-up", "--flush-rows", "200"];
    let (proxy, worker) = by_proxy_to_redis(&bed, &flags).await;
    for _ in 0..5 {
        let acked = worker.metrics.entries_acked();
        wait::until("more is acknowledged", async || {
            worker.metrics.entries_acked() > acked
        })
        .await;
        let cut = proxy.connections_cut();
        proxy.set(Line::Cut);
        wait::until("connections are cut", async || {
            proxy.connections_cut() > cut + 1
        })
        .await;
        proxy.set(Line::Up);
    }
    ends_right(&bed, worker, &model).await;
}

/// An answer with entries in it is on its way when the line is cut: they are pending with the
/// worker, which has never seen them.
#[tokio::test(flavor = "multi_thread")]
async fn entries_that_were_lost_on_the_way_are_read_again() {
    let bed = Bed::new().await;
    let (entries, model) = some(84, 600);
    let (proxy, worker) = by_proxy_to_redis(&bed, &[]).await;
    wait::until("the worker reads", async || {
        bed.stream.group().await.is_some()
    })
    .await;
    let mut given = 0;
    let read = || worker.metrics.entries_read();
    let mut chunks = entries.chunks(30);
    loop {
        let held = proxy.messages_held();
        proxy.set(Line::Stalled);
        let some = chunks.next().expect("an answer that can be lost");
        give::give(&bed, some).await;
        wait::until("an answer or a question is held", async || {
            proxy.messages_held() > held
        })
        .await;
        assert_eq!(read(), given, "it came through");
        if bed.stream.pending().await > 0 {
            break;
        }
        // It was the answer that nothing came in time.
        proxy.set(Line::Up);
        given += some.len() as u64;
        wait::until("they are in", async || {
            worker.metrics.entries_acked() == given
        })
        .await;
    }
    proxy.set(Line::Cut);
    wait::until("the line is cut", async || proxy.connections_cut() > 0).await;
    proxy.set(Line::Up);
    for some in chunks {
        give::give(&bed, some).await;
    }
    wait::until("all are in", async || {
        worker.metrics.entries_acked() == entries.len() as u64
    })
    .await;
    worker.stop().await.unwrap();
    assert_eq!(bed.stream.pending().await, 0);
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_to_redis_stalls() {
    let bed = Bed::new().await;
    let (entries, model) = some(85, 6_000);
    give::give(&bed, &entries).await;
    let flags = ["--until-caught-up", "--flush-rows", "200"];
    let (proxy, worker) = by_proxy_to_redis(&bed, &flags).await;
    for _ in 0..3 {
        let acked = worker.metrics.entries_acked();
        wait::until("more is acknowledged", async || {
            worker.metrics.entries_acked() > acked
        })
        .await;
        let held = proxy.messages_held();
        proxy.set(Line::Stalled);
        wait::until("messages are held", async || {
            proxy.messages_held() > held + 1
        })
        .await;
        proxy.set(Line::Up);
    }
    ends_right(&bed, worker, &model).await;
}

async fn with_append_only_redis() -> Bed {
    let mut bed = Bed::new().await;
    bed.redis = Redis::start(Home::Temporary, Persistence::Aof)
        .await
        .unwrap();
    bed.redis_url = bed.redis.url();
    bed.stream = Stream::of(&bed.redis_url).await;
    bed
}

/// Killed, not stopped: what it wrote to its append-only file is there again.
#[tokio::test(flavor = "multi_thread")]
async fn redis_is_killed_and_started_again() {
    let mut bed = with_append_only_redis().await;
    let (entries, model) = some(86, 8_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--flush-rows", "200"]);
    for _ in 0..2 {
        let acked = worker.metrics.entries_acked();
        wait::until("more is acknowledged", async || {
            worker.metrics.entries_acked() > acked + 500
        })
        .await;
        bed.redis.kill().await.unwrap();
        bed.redis.restart().await.unwrap();
    }
    bed.stream = Stream::of(&bed.redis_url).await;
    let all = i64::try_from(entries.len()).unwrap();
    assert_eq!(bed.stream.len().await, all, "the stream came back");
    wait::until("everything is acknowledged", async || {
        let group = bed.stream.group().await.unwrap_or_default();
        group.last_delivered_id == entries[entries.len() - 1].id && group.pending == 0
    })
    .await;
    worker.stop().await.unwrap();
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_is_away_at_the_start() {
    let mut bed = with_append_only_redis().await;
    let (entries, model) = some(87, 500);
    give::give(&bed, &entries).await;
    bed.redis.stop().await.unwrap();
    let (proxy, url) = Proxy::before(&bed.redis_url).await;
    proxy.set(Line::Cut);
    let worker = Worker::start(&bed, &["--until-caught-up", "--redis-url", &url]);
    wait::until("the worker has tried", async || proxy.connections_cut() > 0).await;
    assert_eq!(worker.metrics.entries_read(), 0);
    bed.redis.restart().await.unwrap();
    proxy.set(Line::Up);
    bed.stream = Stream::of(&bed.redis_url).await;
    ends_right(&bed, worker, &model).await;
}
