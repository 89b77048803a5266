//! A flood of rows that only the server refuses, one in ten: is the worker still above one that
//! writes row by row?
//!
//! `cargo bench --bench poison`. Private servers, default durability; in one run, alternating,
//! medians of three. The row-by-row side is the baseline of `forebay bench`: what is refused costs it
//! one rolled-back transaction, as it always does.

// A bench that fails shall say where, and nobody reads its documentation but here.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use clap::Parser;
use deadpool_redis::redis;
use forebay::cli::bench::rowwise::{self, PIPELINES};
use forebay::cli::bench::stream;
use forebay::cli::work;
use forebay::config::RunConfig;
use forebay::database::Address;
use forebay::generate::Event;
use forebay::local::{Home, System};
use futures::future::join_all;
use tokio::sync::watch;
use tokio_postgres::{Client, NoTls};

const EVENTS: usize = 20_000;
const ONE_IN: usize = 10;
const ROUNDS: usize = 3;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    run: RunConfig,
}

fn actor(n: usize) -> String {
    format!("did:plc:actor{}", n % 2_000)
}

/// No actor likes a post twice.
fn post(n: usize) -> String {
    let post = (n % 2_000 * 3 + n / 2_000 * 97) % 4_000;
    format!("at://did:plc:author/app.bsky.feed.post/{post}")
}

/// The record key of the nth like: every tenth is one that the server refuses.
fn rkey(n: usize) -> String {
    let kind = if n % ONE_IN == 3 { "bad" } else { "good" };
    format!("{kind}{n}")
}

async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A database with the tables, in which a trigger refuses.
async fn database(system: &System, name: &str) -> String {
    let url = system.postgres.database(name).await.unwrap();
    let mut client = connect(&url).await;
    forebay::migrate::migrate(&mut client).await.unwrap();
    let refuse = "create function refuse() returns trigger language plpgsql as $$
        begin
            if new.uri like '%/bad%' then raise exception 'not here'; end if;
            return new;
        end $$;
        create trigger refuse before insert on likes for each row execute function refuse()";
    client.batch_execute(refuse).await.unwrap();
    url
}

async fn row_by_row(url: &str) -> Duration {
    let pool = Address::parse(url, None).unwrap().pool(PIPELINES).unwrap();
    let clients = join_all((0..PIPELINES).map(|_| pool.get())).await;
    let start = Instant::now();
    let write = clients
        .into_iter()
        .enumerate()
        .map(|(pipeline, client)| async move {
            let mut client = client.unwrap();
            for n in (pipeline..EVENTS).step_by(PIPELINES) {
                rowwise::write(&mut client, "commit", &commit(n)).await;
            }
        });
    join_all(write).await;
    start.elapsed()
}

/// The nth entry: a like.
fn commit(n: usize) -> String {
    format!(
        r#"{{"repo":"{}","ops":[{{"action":"create","path":"app.bsky.feed.like/{}","cid":"bafy","record":{{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T00:00:00Z","subject":{{"uri":"{}","cid":"bafy"}}}}}}]}}"#,
        actor(n),
        rkey(n),
        post(n)
    )
}

async fn by_forebay(system: &System, url: &str) -> Duration {
    let redis_url = system.redis.url();
    let mut connection = stream::connect(&redis_url).await.unwrap();
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let events = (0..EVENTS).map(|n| Event {
        kind: "commit",
        data: commit(n),
        seq: n.to_string(),
    });
    let filled = stream::fill(&mut connection, "firehose:events", events, |_| {});
    filled.await.unwrap();
    let line = [
        "forebay",
        "--database-url",
        url,
        "--redis-url",
        &redis_url,
        "--until-caught-up",
    ];
    let (_stop, stopped) = watch::channel(false);
    let Ok(pipeline) = work::pipeline(Line::parse_from(line).run, stopped) else {
        unreachable!("the configuration is right");
    };
    let start = Instant::now();
    pipeline.run().await.unwrap();
    start.elapsed()
}

/// All good likes are there, and each bad one is a letter where letters are kept.
async fn check(url: &str, letters: usize) {
    let client = connect(url).await;
    let counts = "select (select count(*) from likes), (select count(*) from forebay.dead_letters)";
    let row = client.query_one(counts, &[]).await.unwrap();
    let bad = EVENTS / ONE_IN;
    let number = |count: usize| i64::try_from(count).unwrap();
    assert_eq!(
        (row.get::<_, i64>(0), row.get::<_, i64>(1)),
        (number(EVENTS - bad), number(letters))
    );
}

fn per_second(mut took: Vec<Duration>) -> f64 {
    took.sort();
    EVENTS as f64 / took[ROUNDS / 2].as_secs_f64()
}

#[tokio::main]
async fn main() {
    let system = System::start(Home::Temporary).await.unwrap();
    let (mut rows, mut batches) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let url = database(&system, &format!("rows_{round}")).await;
        rows.push(row_by_row(&url).await);
        check(&url, 0).await;
        let url = database(&system, &format!("batches_{round}")).await;
        batches.push(by_forebay(&system, &url).await);
        check(&url, EVENTS / ONE_IN).await;
    }
    let (rows, batches) = (per_second(rows), per_second(batches));
    println!(
        "one in {ONE_IN} refused: row by row {rows:.0} events/s, forebay {batches:.0} events/s, ratio {:.2}",
        batches / rows
    );
    system.stop().await.unwrap();
}
