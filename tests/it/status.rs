//! `/status`, and `forebay status` at a terminal.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use super::convergence::generated;
use super::support::http::get;
use super::support::log::{self, HTTP, Logged};
use super::support::{Bed, child, give, wait};
use forebay::generate::Options;

async fn worker(bed: &Bed, flags: &[&str]) -> (Logged, String) {
    let worker = log::run(bed, &[&HTTP[..], flags].concat());
    let address = worker.http().await;
    wait::until("it is ready", async || {
        get(&address, "/readyz").await.code == 200
    })
    .await;
    (worker, address)
}

async fn status(address: &str) -> Value {
    serde_json::from_str(&get(address, "/status").await.body).unwrap()
}

async fn ingest(bed: &Bed, address: &str, seed: u64) -> usize {
    let (entries, _) = generated(Options {
        seed,
        events: 2_000,
        users: 200,
        sdk: 0.5,
        bad: 0.02,
    });
    give::give(bed, &entries).await;
    wait::until("all is in", async || {
        status(address).await["entries_acked"] == entries.len()
    })
    .await;
    entries.len()
}

fn forebay(bed: &Bed, address: &str, flags: &[&str]) -> tokio::process::Command {
    child::command(bed, &[&["status", "--addr", address], flags].concat())
}

async fn letters(bed: &Bed) -> i64 {
    bed.number("select count(*) from forebay.dead_letters")
        .await
}

const REFUSE: &str = "alter table follows add constraint no check (following_did <> 'did:plc:no')";
const REFUSED: &str = r#"{"repo":"did:plc:refused","ops":[{"action":"create","path":"app.bsky.graph.follow/1","cid":"bafy",
    "record":{"$type":"app.bsky.graph.follow","subject":"did:plc:no","createdAt":"2026-07-04T00:00:00Z"}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_status_has_everything_and_the_terminal_shows_it() {
    let bed = Bed::new().await;
    bed.client.batch_execute(REFUSE).await.unwrap();
    let (worker, address) = worker(&bed, &["--consumer-id", "one\u{1b}[31m"]).await;
    let entries = ingest(&bed, &address, 311).await;
    bed.stream.xadd("commit", REFUSED, "1").await;
    let entries = entries + 1;
    wait::until("it has been looked at", async || {
        let status = status(&address).await;
        status["entries_acked"] == entries
            && status["backlog_entries"] == 0
            && status["pending_entries"] == 0
            && status["lag_s"] == 0.0
            && status["dead_letters_stored"] == letters(&bed).await
            && status["consumers"][0]["name"].is_string()
            && status["latest_dead_letters"]
                .as_array()
                .is_some_and(|letters| letters.len() == 10)
            && status["history"]
                .as_array()
                .is_some_and(|history| !history.is_empty())
            && status["servers"][1]["version"].is_string()
    })
    .await;
    let json = status(&address).await;
    assert_eq!(json["ready"], true);
    assert_eq!(json["entries_read"], entries);
    assert_eq!(
        (
            &json["entries_lost"],
            &json["backlog_entries"],
            &json["lag_s"]
        ),
        (&0.into(), &0.into(), &0.0.into())
    );
    assert_eq!(json["lanes"].as_array().unwrap().len(), 5);
    let likes = json["tables"]
        .as_array()
        .unwrap()
        .iter()
        .find(|table| table["table"] == "likes");
    let added =
        likes.unwrap()["added"].as_i64().unwrap() - likes.unwrap()["removed"].as_i64().unwrap();
    assert_eq!(added, bed.number("select count(*) from likes").await);
    let letters = letters(&bed).await;
    let counted: i64 = json["dead_letters"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_i64().unwrap())
        .sum();
    assert_eq!(counted, letters);
    let version: String = bed
        .client
        .query_one("show server_version", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(json["servers"][0]["version"], version.as_str());
    let info: String = bed.stream.run(&["INFO", "server"]).await;
    let redis = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"));
    assert_eq!(json["servers"][1]["version"].as_str(), redis);
    assert_eq!(json["errors"]["database"]["23 poison"], 1);

    let (code, shown, log) = child::output(forebay(&bed, &address, &[])).await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(log, "", "the terminal is for the table");
    for text in [
        ", ready, ",
        &format!("PostgreSQL   up, {version}\n"),
        &format!("Redis        up, {}\n", redis.unwrap()),
        &acknowledged("2,001"),
        &line("backlog", "0"),
        &line("lag", "0.0 s"),
        &line("pending", "0"),
        &line("dead letters", &letters.to_string()),
        "\nlikes ",
        "\n4     idle ",
        "\nreader live, flushes by ",
        "\nPostgreSQL errors: 23 poison 1\n",
        "\nrepaired: ",
        " refused 23514\n",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(
        !shown.contains('\u{1b}') && shown.contains("one\u{fffd}[31m"),
        "{shown}"
    );
    let (code, shown, _) = child::output(forebay(&bed, &address, &["--json"])).await;
    assert_eq!(code, 0);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["tables"], json["tables"]);
    // By the variable that the worker has, too.
    let mut command = child::command(&bed, &["status"]);
    command.env("HTTP_ADDR", &address);
    assert_eq!(child::output(command).await.0, 0);
    worker.stop().await;
}

/// Exit codes: 4 where no worker answers, 2 where nothing could, 1 of one that is not ready.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_in_vain_is_told_so() {
    let mut bed = Bed::new().await;
    let (_, redis) = bed.redis_url.rsplit_once('@').unwrap();
    let (code, _, log) = child::output(forebay(&bed, redis, &[])).await;
    assert_eq!(code, 4, "Redis is no worker: {log}");
    // It takes the connection and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let (code, _, log) = child::output(forebay(&bed, &address, &[])).await;
    assert_eq!(code, 4, "{log}");
    assert!(
        log.contains(&format!(
            "no worker answers at {address}: no answer within 5 s"
        )),
        "{log}"
    );
    let nobody = Reserved::new();
    let (code, shown, log) = child::output(forebay(&bed, &nobody.address, &["--json"])).await;
    assert_eq!((code, shown.as_str()), (4, ""));
    assert!(
        log.contains("Connection refused") && log.contains("remedy: check that a worker runs"),
        "{log}"
    );
    let (code, _, log) = child::output(forebay(&bed, "", &[])).await;
    assert_eq!(code, 2, "{log}");

    let (worker, address) = worker(&bed, &[]).await;
    bed.redis.kill().await.unwrap();
    wait::until(
        "Redis is missed by the probe and by the reader",
        async || {
            let status = status(&address).await;
            let errors = status["errors"]["redis"].as_object().unwrap();
            status["servers"][1]["up"] == false && !errors.is_empty()
        },
    )
    .await;
    // It gives up after five seconds, which a machine under load may need for itself.
    let mut shown = String::new();
    wait::until("it is answered in time", async || {
        let command = child::bare(&["status", "--addr", &address]);
        let (code, said, log) = child::output(command).await;
        assert!(
            code == 1 || log.contains("no answer within"),
            "{code}: {log}"
        );
        shown = said;
        code == 1
    })
    .await;
    for text in [
        "NOT READY",
        "  Redis: ",
        "Redis        away",
        "Redis errors: none ",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    bed.redis.restart().await.unwrap();
    worker.stop().await;
}

/// An address at which nobody listens but who is told to, as long as this lives: the socket is bound, and
/// that is all. A port that was only found free may be another's by the time it is used.
struct Reserved {
    address: String,
    _socket: TcpSocket,
}

impl Reserved {
    fn new() -> Reserved {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_reuseaddr(true).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = socket.local_addr().unwrap().to_string();
        Reserved {
            address,
            _socket: socket,
        }
    }
}

/// What reads JSON line by line meets nothing else; of a pipe that nobody reads the watching ends.
#[tokio::test(flavor = "multi_thread")]
async fn watching_suits_a_pipe() {
    let bed = Bed::new().await;
    let nobody = Reserved::new();
    let mut watch = forebay(&bed, &nobody.address, &["--watch", "--json"]);
    let watch = watch.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut watch = watch.spawn().unwrap();
    let mut log = BufReader::new(watch.stderr.take().unwrap()).lines();
    let line = timeout(wait::limit(), log.next_line()).await;
    let line = line.expect("a line").unwrap().unwrap();
    assert!(line.contains("no worker answers at"), "{line}");
    watch.start_kill().unwrap();
    let shown = watch.wait_with_output().await.unwrap().stdout;
    assert_eq!(String::from_utf8_lossy(&shown), "");

    let mut watch = forebay(&bed, &nobody.address, &["--watch"]);
    let mut watch = watch
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(watch.stdout.take());
    let ended = timeout(wait::limit(), watch.wait_with_output()).await;
    let ended = ended.expect("an end").unwrap();
    let log = String::from_utf8_lossy(&ended.stderr);
    assert_eq!((ended.status.code(), log.as_ref()), (Some(0), ""));
}

fn line(name: &str, value: &str) -> String {
    format!("{name:<14}{value:>20}")
}

fn acknowledged(entries: &str) -> String {
    line("acknowledged", entries)
}

/// It goes on while the worker is away, and shows the next.
#[tokio::test(flavor = "multi_thread")]
async fn watching_goes_on_over_a_restart() {
    let bed = Bed::new().await;
    let place = Reserved::new();
    let address = place.address.clone();
    let first = log::run(&bed, &["--http-addr", &address]);
    first.http().await;
    let watch = log::of_output(forebay(&bed, &address, &["--watch"]));
    watch.until_it_says(&acknowledged("0")).await;
    ingest(&bed, &address, 312).await;
    watch.until_it_says(&acknowledged("2,000")).await;
    first.stop().await;
    watch.until_it_says("no worker answers at").await;
    let second = log::run(&bed, &["--http-addr", &address]);
    let shown = watch.lines_with("NOT READY").len() + watch.lines_with(", ready, ").len();
    wait::until("the next is shown", async || {
        watch.lines_with("NOT READY").len() + watch.lines_with(", ready, ").len() > shown
    })
    .await;
    assert!(
        watch.lines_with("\u{1b}").is_empty(),
        "no terminal is there to be steered"
    );
    second.stop().await;
}
