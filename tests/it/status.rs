//! `/status`, and `forebay status` at a terminal.

use serde_json::Value;

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

#[tokio::test(flavor = "multi_thread")]
async fn the_status_has_everything_and_the_terminal_shows_it() {
    let bed = Bed::new().await;
    let (worker, address) = worker(&bed, &["--consumer-id", "one\u{1b}[31m"]).await;
    let entries = ingest(&bed, &address, 311).await;
    wait::until("it has been looked at", async || {
        let status = status(&address).await;
        status["consumers"][0]["name"].is_string()
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
    let letters = bed
        .number("select count(*) from forebay.dead_letters")
        .await;
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

    let (code, shown, log) = child::output(forebay(&bed, &address, &[])).await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(log, "", "the terminal is for the table");
    for text in [
        "ready",
        "PostgreSQL   up",
        "acknowledged",
        "2,000",
        "likes",
        "lane",
        "consumer",
        "letter ",
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
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = silent.local_addr().unwrap().to_string();
    let (code, _, log) = child::output(forebay(
        &bed,
        &bed.redis_url[bed.redis_url.rfind("127").unwrap()..],
        &[],
    ))
    .await;
    assert_eq!(code, 4, "Redis is no worker: {log}");
    // It takes the connection and says nothing.
    let (code, _, log) = child::output(forebay(&bed, &nobody, &[])).await;
    assert_eq!(code, 4, "{log}");
    assert!(
        log.contains(&format!(
            "no worker answers at {nobody}: no answer within 5 s"
        )),
        "{log}"
    );
    drop(silent);
    let (code, shown, log) = child::output(forebay(&bed, &nobody, &["--json"])).await;
    assert_eq!((code, shown.as_str()), (4, ""));
    assert!(
        log.contains("Connection refused") && log.contains("remedy: check that a worker runs"),
        "{log}"
    );
    let (code, _, log) = child::output(forebay(&bed, "", &[])).await;
    assert_eq!(code, 2, "{log}");

    let (worker, address) = worker(&bed, &[]).await;
    bed.redis.kill().await.unwrap();
    wait::until("it is not ready", async || {
        get(&address, "/readyz").await.body.contains("Redis: ")
    })
    .await;
    let mut command = child::bare(&["status", "--addr", &address]);
    command.kill_on_drop(true);
    let (code, shown, log) = child::output(command).await;
    assert_eq!(code, 1, "{log}");
    assert!(
        shown.contains("NOT READY") && shown.contains("  Redis: "),
        "{shown}"
    );
    bed.redis.restart().await.unwrap();
    worker.stop().await;
}

fn acknowledged(entries: &str) -> String {
    format!("{:<14}{entries:>20}", "acknowledged")
}

/// It goes on while the worker is away, and shows the next.
#[tokio::test(flavor = "multi_thread")]
async fn watching_goes_on_over_a_restart() {
    let bed = Bed::new().await;
    let (first, address) = worker(&bed, &[]).await;
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
