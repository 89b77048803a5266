//! Redis fails over to its replica: the one that was written to only reads, and the name that the
//! worker knows leads to another server.

use super::convergence::some;
use super::model::Model;
use super::network::ends_right;
use super::support::give::{self};
use super::support::proxy::Proxy;
use super::support::stream::Stream;
use super::support::worker::Worker;
use super::support::{Bed, wait};
use forebay::local::{Home, Persistence, Redis};

fn password_and_port(url: &str) -> (String, String) {
    let (user, address) = url.rsplit_once('@').unwrap();
    let port = address.rsplit_once(':').unwrap().1.trim_end_matches('/');
    let password = user.rsplit_once(':').unwrap().1;
    (password.to_owned(), port.to_owned())
}

/// A replica of the bed's Redis, with the same password, that has all of it.
async fn replica(bed: &Bed) -> (Redis, Stream) {
    let redis = Redis::start(Home::Temporary, Persistence::None)
        .await
        .unwrap();
    let stream = Stream::of(&redis.url()).await;
    let (password, port) = password_and_port(&bed.redis_url);
    for name in ["requirepass", "masterauth"] {
        let set = ["CONFIG", "SET", name, &password];
        stream.run::<String>(&set).await;
        bed.stream.run::<String>(&set).await;
    }
    let follow = ["REPLICAOF", "127.0.0.1", &port];
    stream.run::<String>(&follow).await;
    wait::until("the replica has everything", async || {
        // Before its first copy both offsets are 0.
        is_linked(&stream).await
            && offset(&stream, "slave_repl_offset").await
                >= offset(&bed.stream, "master_repl_offset").await
    })
    .await;
    assert_eq!(stream.len().await, bed.stream.len().await);
    (redis, stream)
}

/// How much of the log of writes a server has; -1 before it knows.
async fn offset(stream: &Stream, name: &str) -> i64 {
    let info: String = stream.run(&["INFO", "replication"]).await;
    let value = |line: &str| {
        line.strip_prefix(name)?
            .strip_prefix(':')?
            .trim()
            .parse()
            .ok()
    };
    info.lines().find_map(value).unwrap_or(-1)
}

/// A worker in the middle of its work on a Redis that has a replica.
struct Replicated {
    bed: Bed,
    redis: Redis,
    stream: Stream,
    proxy: Proxy,
    worker: Worker,
    model: Model,
}

impl Replicated {
    async fn under_way(seed: u64) -> Replicated {
        let bed = Bed::new().await;
        let (entries, model) = some(seed, 8_000);
        give::give(&bed, &entries).await;
        let (redis, stream) = replica(&bed).await;
        let (proxy, url) = Proxy::before(&bed.redis_url).await;
        let flags = [
            "--until-caught-up",
            "--flush-rows",
            "200",
            "--redis-url",
            &url,
        ];
        let worker = Worker::start(&bed, &flags);
        until_under_way(&worker).await;
        Replicated {
            bed,
            redis,
            stream,
            proxy,
            worker,
            model,
        }
    }
}

async fn until_under_way(worker: &Worker) {
    let acked = worker.metrics.entries_acked();
    wait::until("it is under way", async || {
        worker.metrics.entries_acked() > acked + 1_000
    })
    .await;
}

/// The operator's way: the replica is let catch up, and takes over. Until the name leads to it the
/// worker is told READONLY.
#[tokio::test(flavor = "multi_thread")]
async fn a_replica_takes_over_in_good_order() {
    let Replicated {
        mut bed,
        redis,
        stream,
        proxy,
        worker,
        model,
    } = Replicated::under_way(91).await;
    bed.stream.run::<String>(&["FAILOVER"]).await;
    wait::until("the servers have changed places", async || {
        is_master(&stream).await
    })
    .await;
    let errors: String = bed.stream.run(&["INFO", "errorstats"]).await;
    wait::until("the worker was told so", async || {
        let now: String = bed.stream.run(&["INFO", "errorstats"]).await;
        now.contains("errorstat_READONLY") && now != errors
    })
    .await;
    proxy.turn_to(&redis.url());
    bed.stream = stream;
    ends_right(&bed, worker, &model).await;
}

async fn is_master(stream: &Stream) -> bool {
    says(stream, "role:master").await
}

async fn is_linked(stream: &Stream) -> bool {
    says(stream, "master_link_status:up").await
}

async fn says(stream: &Stream, what: &str) -> bool {
    let info: String = stream.run(&["INFO", "replication"]).await;
    info.lines().any(|line| line.trim() == what)
}
