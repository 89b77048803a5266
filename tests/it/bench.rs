//! `forebay bench`: what it writes, and that it leaves a user's servers as they were.

use std::path::Path;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::convergence::generated;
use super::support::{Bed, child, counts, wait};
use forebay::cli::bench::rowwise;
use forebay::database::Address;
use forebay::generate::{Generator, Options};
use forebay::sql;

/// All parts, so small that they take seconds; the figures mean nothing.
const SMALL: [&str; 15] = [
    "bench",
    "--part=end-to-end,floor,row-by-row,latency,backlog,growth,lanes,backfill,derived",
    "--events=2000",
    "--rounds=1",
    "--row-events=200",
    "--rates=100,300",
    "--latency-s=2",
    "--backlog-events=3000",
    "--likes=0,5000",
    "--lanes=1,5",
    "--seed=3",
    "--parallel-consumers=2",
    "--buffer-bytes=8388608",
    "--log-level=warn",
    "--json",
];

#[tokio::test(flavor = "multi_thread")]
async fn it_writes_its_figures_and_its_page() {
    let dir = tempfile::tempdir().unwrap();
    let (json, page) = (dir.path().join("a.json"), dir.path().join("page.md"));
    let marked = "by hand\n<!-- bench: begin -->\n<!-- bench: end -->\nthis too\n<!-- growth: begin -->\n<!-- growth: end -->\n";
    std::fs::write(&page, marked).unwrap();
    let files = [json.to_str().unwrap(), "--page", page.to_str().unwrap()];
    let args: Vec<&str> = SMALL.into_iter().chain(files).collect();
    let (code, shown, log) = child::output(child::bare(&args)).await;
    assert_eq!(code, 0, "{shown}{log}");
    assert_sane(&serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap());
    assert_page(&page);
    for figure in ["end to end / floor", "p99", "met", "5 lanes"] {
        assert!(shown.contains(figure), "{figure}: {shown}");
    }
}

fn assert_sane(report: &Value) {
    let figures = &report["figures"];
    let number = |pointer: &str| {
        let number = figures.pointer(pointer).and_then(Value::as_f64);
        number.unwrap_or_else(|| panic!("{pointer}: {figures:#}"))
    };
    for (pointer, events) in [
        ("/rounds/0/pass/events", 2000.0),
        ("/rounds/0/row_by_row/events", 200.0),
        ("/backlog/events", 3000.0),
        ("/growth/1/likes", 5000.0),
        ("/growth/1/pass/events", 2000.0),
        ("/lanes/1/pass/events", 2000.0),
        ("/backfill/0/events", 2000.0),
        ("/derived/0/all/events", 2000.0),
        ("/derived/0/none/events", 2000.0),
        ("/rounds/0/row_by_row/refused", 0.0),
    ] {
        assert_eq!(number(pointer), events, "{pointer}");
    }
    for pointer in [
        "/rounds/0/pass/seconds",
        "/rounds/0/pass/engine_cpu_s",
        "/rounds/0/pass/peak_memory_bytes",
        "/rounds/0/floor_s",
        "/growth/1/floor/seconds",
        "/latency/0/markers",
        "/backfill/0/backfill_s",
        "/backfill/0/bulk_s",
        "/latency/0/p50_ms",
    ] {
        assert!(number(pointer) > 0.0, "{pointer}");
    }
    // Not what was filled in, and not what the migrations have put in.
    let floors = [0, 1].map(|at| number(&format!("/growth/{at}/floor/rows")));
    assert!(
        floors[1] > 1000.0 && (0.0..20.0).contains(&(floors[0] - floors[1])),
        "{floors:?}"
    );
    let latency = |which: &str| number(&format!("/latency/1/{which}"));
    assert_eq!(latency("events"), 600.0);
    assert!(latency("p50_ms") <= latency("p99_ms") && latency("p99_ms") <= latency("max_ms"));
    assert!(report["machine"]["cores"].as_u64() > Some(0));
    let command = report["command"].as_str().unwrap();
    assert!(command.starts_with("forebay bench") && !command.contains("json"));
}

fn assert_page(page: &Path) {
    let text = std::fs::read_to_string(page).unwrap();
    for part in [
        "by hand\n<!-- bench: begin -->",
        "| end to end / row by row |",
        "| DERIVED=all / DERIVED= |",
        "](page/throughput.svg)",
        "<!-- bench: end -->\nthis too",
        "| into 5,000 likes / into 0 |",
        "| floor into 5,000 likes / into 0 |",
        "](page/lanes.svg)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let dir = page.with_extension("");
    let files = "bench.json growth.json throughput.svg latency.svg growth.svg lanes.svg";
    for file in files.split(' ') {
        assert!(dir.join(file).is_file(), "{file}");
    }
}

/// Run to its end, and stopped by a signal in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn on_the_users_servers_nothing_is_left() {
    let bed = Bed::new().await;
    let urls = [
        "--database-url",
        &bed.database_url,
        "--redis-url",
        &bed.redis_url,
    ];
    let args = |more: [&'static str; 3]| {
        let args = ["bench"].into_iter().chain(urls);
        args.chain(more).map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |more| {
        let args = args(more);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        child::bare(&args)
    };
    let more = [
        "--part=end-to-end,row-by-row",
        "--events=1000",
        "--rounds=1",
    ];
    let (code, _, log) = child::output(run(more)).await;
    assert_eq!(code, 0, "{log}");
    assert_nothing_left(&bed).await;

    let endless = ["--part=end-to-end", "--events=2000", "--rounds=99"];
    let mut command = run(endless);
    let mut bench = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    wait::until("it is at work", async || databases(&bed).await > 0).await;
    let status = child::end_by(&mut bench, Signal::SIGINT).await;
    assert_eq!(status.code(), Some(1));
    assert_nothing_left(&bed).await;
}

async fn databases(bed: &Bed) -> i64 {
    bed.number("select count(*) from pg_database where datname like 'forebay_bench%'")
        .await
}

async fn assert_nothing_left(bed: &Bed) {
    assert_eq!(databases(bed).await, 0);
    let keys: i64 = bed.stream.run(&["DBSIZE"]).await;
    assert_eq!(keys, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_database_that_is_not_empty_is_refused() {
    let bed = Bed::new().await;
    bed.stream.run::<String>(&["SET", "precious", "1"]).await;
    let urls = [
        "--database-url",
        &bed.database_url,
        "--redis-url",
        &bed.redis_url,
    ];
    let args: Vec<&str> = ["bench"].into_iter().chain(urls).collect();
    let (code, _, log) = child::output(child::bare(&args)).await;
    assert_eq!(code, 2, "{log}");
    assert!(
        log.contains("there are 1 keys") && log.contains("remedy"),
        "{log}"
    );
    let kept: String = bed.stream.run(&["GET", "precious"]).await;
    assert_eq!(kept, "1");
}

/// The baseline does the work that it is compared for: row by row, in order, it leaves what the
/// model leaves, but for what it is known to get wrong (duplicates, and what comes again).
#[tokio::test]
async fn the_baseline_writes_what_the_engine_writes() {
    let bed = Bed::new().await;
    let options = Options {
        events: 4000,
        users: 500,
        ..Options::default()
    };
    let (_, model) = generated(options.clone());
    let address = Address::parse(&bed.database_url, None).unwrap();
    let mut client = address.pool(1).unwrap().get().await.unwrap();
    for event in Generator::new(options) {
        let refused = rowwise::write(&mut client, event.kind, &event.data).await;
        assert_eq!(refused, 0, "{event:?}");
    }
    for table in [
        "likes",
        "posts",
        "reposts",
        "follows",
        "blocks",
        "feed_items",
    ] {
        let rows = bed.number(&format!("select count(*) from {table}")).await;
        let expected = i64::try_from(model.count(&format!("public.{table}"))).unwrap();
        let off = (rows - expected).abs();
        assert!(off <= 2 + expected / 50, "{table}: {rows}, not {expected}");
    }
}

/// A database that was filled to be grown is one that the worker could have left.
#[tokio::test]
async fn what_is_filled_in_adds_up() {
    let bed = Bed::new().await;
    let mut statements = vec![
        sql::bench::FILL_DID.to_owned(),
        sql::bench::FILL_POST.to_owned(),
    ];
    statements.extend(sql::bench::fills(6000));
    statements.push(sql::bench::FILL_FEED_ITEMS.to_owned());
    for statement in statements {
        bed.client.batch_execute(&statement).await.unwrap();
    }
    counts::assert_equal_rows(&bed.client).await;
    assert_eq!(bed.number("select count(*) from likes").await, 6000);
    let strangers = "select count(*) from likes l
        where not exists (select from posts p where p.uri = l.post_uri)
           or not exists (select from users u where u.did = l.user_did)";
    assert_eq!(bed.number(strangers).await, 0);
}
