//! What a worker serves over HTTP: metrics, health, and its manners.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime};

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::types::FromSql;

use super::convergence::generated;
use super::support::http::{get, request, samples};
use super::support::log::{self, HTTP, Logged};
use super::support::proxy::{Line, Proxy};
use super::support::servers::{connect, or_fail};
use super::support::stream::{GROUP, KEY, Stream};
use super::support::{Bed, child, cluster, give, tools, wait};
use forebay::exposition::{OWN, Type};
use forebay::generate::Options;
use forebay::local::Mode;

/// What a server's going may take to be known.
const SOON: Duration = Duration::from_secs(2);

/// A worker that serves HTTP, and where.
async fn worker(bed: &Bed, flags: &[&str]) -> (Logged, String) {
    let worker = log::run(bed, &[&HTTP[..], flags].concat());
    let address = worker.http().await;
    (worker, address)
}

async fn until_ready(address: &str) {
    wait::until("the worker is ready", async || {
        get(address, "/readyz").await.code == 200
    })
    .await;
}

/// Waits for all entries so far to be acknowledged.
async fn until_done(bed: &Bed, address: &str) {
    wait::until("all is acknowledged", async || {
        let group = bed.stream.group().await.unwrap_or_default();
        let acked = samples(&get(address, "/metrics").await.body)["forebay_entries_acked_total"];
        group.lag == Some(0) && group.pending == 0 && acked > 0.0
    })
    .await;
}

/// Type and labels by family, of a scrape.
fn families(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut families = BTreeMap::new();
    for line in text.lines() {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, of_type) = typed.split_once(' ').unwrap();
            families.insert(name.to_owned(), (of_type.to_owned(), BTreeSet::new()));
        }
    }
    for sample in samples(text).into_keys() {
        let (name, labels) = sample.split_once('{').unwrap_or((&sample, ""));
        let family = ["", "_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|end| name.strip_suffix(end))
            .find_map(|name| families.get_key_value(name).map(|(name, _)| name.clone()))
            .unwrap();
        let labels = labels.trim_end_matches('}').split("\",");
        let labels = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        let labels = labels.filter(|label| label != "le");
        families.get_mut(&family).unwrap().1.extend(labels);
    }
    families
}

/// The table of docs/metrics.md.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = include_str!("../../docs/metrics.md");
    let rows = page.lines().filter(|line| line.starts_with("| `forebay_"));
    let row = |row: &str| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let name = cells[0].trim_matches('`').to_owned();
        let labels = cells[2]
            .split(',')
            .map(|label| label.trim().trim_matches('`'));
        let labels = labels.filter(|label| !label.is_empty()).map(str::to_owned);
        assert!(cells[3].len() > 10, "{name} is not explained");
        (name, (cells[1].to_owned(), labels.collect()))
    };
    rows.map(row).collect()
}

/// A worker that has met everything that is counted: the scrape is good by Prometheus' own checker,
/// is what the page of metrics says, and has the true numbers.
#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_are_well_formed_documented_and_true() {
    let bed = Bed::new().await;
    let (entries, _) = generated(Options {
        seed: 301,
        events: 3_000,
        users: 300,
        sdk: 0.5,
        bad: 0.02,
    });
    bed.client.batch_execute(REFUSE).await.unwrap();
    lose(&bed, LOST).await;
    let (to_postgres, database_url) = Proxy::before(&bed.database_url).await;
    let (to_redis, redis_url) = Proxy::before(&bed.redis_url).await;
    let servers = ["--database-url", &database_url, "--redis-url", &redis_url];
    // Small batches: lanes that stand still must not take in all that there is.
    let others = ["--consumer-id", CONSUMER, "--flush-rows", "100"];
    let (worker, address) = worker(&bed, &[&servers[..], &others].concat()).await;
    until_ready(&address).await;
    // While lanes stand still there is a backlog, and entries are pending.
    let other = bed.connect().await;
    let hold = "begin; lock table follows in access exclusive mode";
    other.batch_execute(hold).await.unwrap();
    give::give(&bed, &entries).await;
    wait::until("entries are seen to wait", async || {
        let samples = samples(&get(&address, "/metrics").await.body);
        let waiting = |name| samples.get(name).is_some_and(|entries| *entries > 0.0);
        waiting("forebay_backlog_entries") && waiting("forebay_pending_entries")
    })
    .await;
    other.batch_execute("commit").await.unwrap();
    until_done(&bed, &address).await;
    let before = samples(&get(&address, "/metrics").await.body);
    // What only happens when servers are away.
    to_postgres.set(Line::Cut);
    bed.stream.xadd("commit", MIXED, "1").await;
    let has = async |sample: &str| {
        let samples = samples(&get(&address, "/metrics").await.body);
        samples.keys().any(|name| name.starts_with(sample))
    };
    wait::until("a batch is tried again", async || {
        has("forebay_retries_total{").await
    })
    .await;
    to_postgres.set(Line::Up);
    to_redis.set(Line::Cut);
    wait::until("Redis is missed", async || {
        has("forebay_redis_errors_total{").await
    })
    .await;
    to_redis.set(Line::Up);
    wait::until("the op is refused", async || {
        has("forebay_refused_total{").await
    })
    .await;
    bed.stream.xadd("strange", "{}", "").await;
    wait::until("all has been seen", async || {
        let text = get(&address, "/metrics").await.body;
        let served = families(&text);
        documented().keys().all(|name| served.contains_key(name))
            && samples(&text)["forebay_ready"] == 1.0
    })
    .await;
    until_done(&bed, &address).await;
    // The last looks at the servers are some seconds old.
    let mut answer = get(&address, "/metrics").await;
    wait::until("it is seen that nothing is left", async || {
        answer = get(&address, "/metrics").await;
        let samples = samples(&answer.body);
        samples.get("forebay_stream_entries") == Some(&(entries.len() as f64 + 2.0))
            && LEFT.iter().all(|name| samples.get(*name) == Some(&0.0))
    })
    .await;

    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4");
    assert_eq!(tools::promtool(&answer.body).await, "");
    let served = families(&answer.body);
    let ours: BTreeMap<_, _> = served
        .iter()
        .filter(|(name, _)| name.starts_with("forebay_"))
        .collect();
    assert_eq!(ours, documented().iter().collect());
    for (name, of_type, labels) in OWN {
        let of_type = match of_type {
            Type::Counter => "counter",
            Type::Gauge => "gauge",
        };
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(served[*name], (of_type.to_owned(), labels), "{name}");
    }
    let after = samples(&answer.body);
    // In whole seconds, of which this worker may not have used one.
    assert!(after["process_cpu_seconds_total"] >= 0.0);
    for name in [
        "resident_memory_bytes",
        "virtual_memory_bytes",
        "open_fds",
        "max_fds",
        "threads",
        "start_time_seconds",
    ] {
        assert!(after[&format!("process_{name}")] > 0.0, "{name}");
    }
    assert_true(&bed, &after, &entries).await;
    assert_counted_mixed(&before, &after);
    assert_flushes(&after);
    assert_built_from(&address, &after).await;
    worker.stop().await;
}

/// What is zero once all is done.
const LEFT: [&str; 4] = [
    "forebay_backlog_entries",
    "forebay_pending_entries",
    "forebay_lag_seconds",
    r#"forebay_consumer_pending_entries{consumer="a \"b\\c"}"#,
];
/// With what has to be escaped.
const CONSUMER: &str = r#"a "b\c"#;
const LOST: usize = 3;

/// Entries that this consumer was given, and that are trimmed before it stores them.
async fn lose(bed: &Bed, entries: usize) {
    for at in 1..=entries {
        let id = format!("1-{at}");
        bed.stream.xadd_at(&id, "identity", "{}", "1").await;
    }
    let group = ["XGROUP", "CREATE", KEY, GROUP, "0"];
    bed.stream.run::<String>(&group).await;
    bed.stream.read_and_die(CONSUMER, entries).await;
    let trim = ["XTRIM", KEY, "MAXLEN", "0"];
    bed.stream.run::<i64>(&trim).await;
}

/// Ops of each action, of which the database refuses one; a date that cannot be read; a collection that
/// has no table.
const MIXED: &str = r#"{"repo":"did:plc:mixed","ops":[
    {"action":"create","path":"app.bsky.graph.follow/1","cid":"bafy",
        "record":{"$type":"app.bsky.graph.follow","subject":"did:plc:refused","createdAt":"2026-07-04T00:00:00Z"}},
    {"action":"create","path":"app.bsky.graph.follow/2","cid":"bafy",
        "record":{"$type":"app.bsky.graph.follow","subject":"did:plc:two","createdAt":"2026-07-04T00:00:00Z"}},
    {"action":"create","path":"app.bsky.graph.follow/3","cid":"bafy",
        "record":{"$type":"app.bsky.graph.follow","subject":"did:plc:three","createdAt":"yesterday"}},
    {"action":"update","path":"app.bsky.graph.follow/4","cid":"bafy",
        "record":{"$type":"app.bsky.graph.follow","subject":"did:plc:four","createdAt":"2026-07-04T00:00:00Z"}},
    {"action":"delete","path":"app.bsky.graph.follow/5"},
    {"action":"create","path":"chat.bsky.actor.declaration/self","cid":"bafy",
        "record":{"$type":"chat.bsky.actor.declaration","allowIncoming":"none"}}]}"#;
/// And a table whose column gives out fewer numbers than its sequence.
const REFUSE: &str =
    "alter table follows add constraint no check (following_did <> 'did:plc:refused');
    create table counted (n int2 generated by default as identity);
    select setval('counted_n_seq', 16384)";

/// What [`MIXED`] and nothing else added.
fn assert_counted_mixed(before: &HashMap<String, f64>, after: &HashMap<String, f64>) {
    for (sample, more) in [
        (r#"forebay_events_total{type="commit"}"#, 1.0),
        (r#"forebay_ops_total{table="follows",action="create"}"#, 3.0),
        (r#"forebay_ops_total{table="follows",action="update"}"#, 1.0),
        (r#"forebay_ops_total{table="follows",action="delete"}"#, 1.0),
        (
            r#"forebay_ops_not_stored_total{collection="chat.bsky.actor.declaration"}"#,
            1.0,
        ),
        (r#"forebay_repaired_total{reason="created_at"}"#, 1.0),
        // What the database refused is not among them.
        (r#"forebay_rows_total{table="follows",effect="put"}"#, 3.0),
        (
            r#"forebay_rows_total{table="follows",effect="delete"}"#,
            1.0,
        ),
    ] {
        assert_eq!(after[sample] - before[sample], more, "{sample}");
    }
}

/// Every flush is in every histogram.
fn assert_flushes(samples: &HashMap<String, f64>) {
    let flushes = samples["forebay_flush_rows_count"];
    assert!(flushes > 0.0);
    for family in ["forebay_flush_bytes", "forebay_flush_duration_seconds"] {
        assert_eq!(samples[&format!("{family}_count")], flushes, "{family}");
        assert!(samples[&format!("{family}_sum")] > 0.0, "{family}");
    }
    for phase in ["copy", "merge", "commit", "ack"] {
        let of = |what| {
            let family = "forebay_flush_phase_duration_seconds";
            samples[&format!("{family}_{what}{{phase=\"{phase}\"}}")]
        };
        assert!(of("sum") > 0.0, "{phase}");
        // Batches that were taken apart are acknowledged too.
        let counted = of("count") == flushes || (phase == "ack" && of("count") > flushes);
        assert!(counted, "{phase}: {} of {flushes}", of("count"));
    }
}

async fn assert_built_from(address: &str, samples: &HashMap<String, f64>) {
    let status = get(address, "/status").await.body;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let (version, commit) = (env!("CARGO_PKG_VERSION"), status["commit"].as_str());
    assert_eq!(status["version"], version);
    let info = format!(
        r#"forebay_build_info{{version="{version}",commit="{}"}}"#,
        commit.unwrap()
    );
    assert_eq!(samples.get(&info), Some(&1.0), "{info}");
}

/// The numbers are those of the stream and of the database.
async fn assert_true(bed: &Bed, samples: &HashMap<String, f64>, entries: &[give::Given]) {
    let of_kind = |kind: &str| entries.iter().filter(|entry| entry.kind == kind).count() as f64;
    let is = |name: &str, value: f64| assert_eq!(samples.get(name), Some(&value), "{name}");
    is(
        r#"forebay_events_total{type="identity"}"#,
        of_kind("identity"),
    );
    is(
        r#"forebay_events_total{type="account"}"#,
        of_kind("account"),
    );
    let known = of_kind("commit") + of_kind("identity") + of_kind("account");
    let unknown = entries.len() as f64 - known + 1.0;
    is(r#"forebay_events_total{type="unknown_type"}"#, unknown);
    is(r#"forebay_server_up{server="redis"}"#, 1.0);
    is(r#"forebay_reader_state{state="live"}"#, 1.0);
    is(r#"forebay_lane_state{lane="4",state="idle"}"#, 1.0);
    is("forebay_lost_entries_total", LOST as f64);
    is(
        r#"forebay_events_total{type="commit"}"#,
        of_kind("commit") + 1.0,
    );
    is("forebay_stream_limit_entries", 500_000.0);
    is(r#"forebay_dead_letters_total{reason="refused"}"#, 1.0);
    is(r#"forebay_refused_total{sqlstate="23514"}"#, 1.0);
    let ratio = samples[r#"forebay_sequence_used_ratio{sequence="counted_n_seq"}"#];
    assert!((ratio - 0.5).abs() < 0.001, "{ratio}");
    for table in [
        "likes",
        "follows",
        "posts",
        "feed_items",
        "post_aggregations",
        "users",
    ] {
        let effect = |effect: &str| {
            samples[&format!("forebay_counted_rows_total{{table=\"{table}\",effect=\"{effect}\"}}")]
        };
        let rows = bed.number(&format!("select count(*) from {table}")).await;
        assert_eq!(effect("added") - effect("removed"), rows as f64, "{table}");
    }
    let letters = bed
        .number("select count(*) from forebay.dead_letters")
        .await as f64;
    let sum = |name: &str| -> f64 {
        let of = samples
            .iter()
            .filter(|(sample, _)| sample.starts_with(&format!("{name}{{")));
        of.map(|(_, value)| value).sum()
    };
    assert_eq!(sum("forebay_dead_letters_total"), letters);
    assert_eq!(sum("forebay_rejected_total") + 1.0, letters);
    let flushes = samples["forebay_flush_rows_count"];
    assert!(
        flushes > 0.0 && flushes <= sum("forebay_flushes_total"),
        "{flushes}"
    );
    let rows = sum("forebay_rows_total");
    assert!(samples["forebay_flush_rows_sum"] <= rows && rows > 2_500.0);
    let last = entries
        .last()
        .unwrap()
        .id
        .split('-')
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!(samples["forebay_stored_event_timestamp_seconds"] * 1_000.0 >= last);
}

/// How long it took until `/readyz` says no with this in the reason.
async fn unready_after(address: &str, reason: &str) -> Duration {
    let since = Instant::now();
    wait::until("it is not ready", async || {
        let answer = get(address, "/readyz").await;
        answer.code == 503 && answer.body.contains(reason)
    })
    .await;
    since.elapsed()
}

/// An idle worker knows within two seconds that a server is gone, whichever and however, and when it
/// is back.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_each_server_also_when_idle() {
    let mut postgres = cluster::own().await;
    let mut bed = Bed::new().await;
    let (to_redis, redis_url) = Proxy::before(&bed.redis_url).await;
    let (to_postgres, database_url) = Proxy::before(&postgres.url(cluster::DATABASE)).await;
    let servers = ["--redis-url", &redis_url, "--database-url", &database_url];
    let (worker, address) = worker(&bed, &servers).await;
    until_ready(&address).await;
    assert_eq!(get(&address, "/readyz").await.body, "ready\n");
    wait::until("both have been looked at", async || {
        shows(&address, OF_POSTGRES).await && shows(&address, OF_REDIS).await
    })
    .await;

    or_fail(postgres.stop(Mode::Immediate).await);
    let took = unready_after(&address, "PostgreSQL: ").await;
    assert!(took <= SOON, "{took:?}");
    assert_eq!(get(&address, "/livez").await.code, 200);
    assert!(!shows(&address, OF_POSTGRES).await, "it is not known now");
    or_fail(postgres.restart().await);
    until_ready(&address).await;

    or_fail(bed.redis.kill().await);
    let took = unready_after(&address, "Redis: ").await;
    assert!(took <= SOON, "{took:?}");
    assert!(!shows(&address, OF_REDIS).await, "it is not known now");
    or_fail(bed.redis.restart().await);
    until_ready(&address).await;

    for (proxy, reason) in [
        (&to_postgres, "PostgreSQL: no answer"),
        (&to_redis, "Redis: no answer"),
    ] {
        proxy.set(Line::Stalled);
        let took = unready_after(&address, reason).await;
        assert!(took <= SOON, "{took:?}");
        if reason.starts_with("PostgreSQL") {
            goes_on_looking_at_redis(&bed, &address).await;
        }
        proxy.set(Line::Up);
        until_ready(&address).await;
    }
    worker.stop().await;
    or_fail(postgres.stop(Mode::Fast).await);
}

/// What is to be seen on Redis is seen, whatever PostgreSQL does.
async fn goes_on_looking_at_redis(bed: &Bed, address: &str) {
    // Redis was another before.
    let stream = Stream::of(&bed.redis_url).await;
    wait::until("the group is made again", async || {
        stream.group().await.is_some()
    })
    .await;
    let made = ["XGROUP", "CREATECONSUMER", KEY, GROUP, "late"];
    stream.run::<i64>(&made).await;
    wait::until("a consumer that was made now is shown", async || {
        let status = get(address, "/status").await.body;
        status.contains("\"name\":\"late\"")
    })
    .await;
}

const OF_POSTGRES: &str = "forebay_dead_letters ";
const OF_REDIS: &str = "forebay_consumer_pending_entries{";

/// Whether the metrics have a sample that begins so.
async fn shows(address: &str, sample: &str) -> bool {
    let text = get(address, "/metrics").await.body;
    text.lines().any(|line| line.starts_with(sample))
}

/// A server that answers and takes no writes will not do either.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_is_no_ready_one() {
    let mut postgres = cluster::own().await;
    let bed = Bed::new().await;
    let database_url = postgres.url(cluster::DATABASE);
    let (worker, address) = worker(&bed, &["--database-url", &database_url]).await;
    until_ready(&address).await;
    cluster::make_a_standby(&mut postgres).await;
    unready_after(&address, "PostgreSQL: it takes no writes: a standby").await;
    let client = connect(&database_url).await;
    client.execute("select pg_promote()", &[]).await.unwrap();
    until_ready(&address).await;
    worker.stop().await;
    or_fail(postgres.stop(Mode::Fast).await);
}

/// One that is only told to begin read-only will: lanes say otherwise to their sessions.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_read_only_by_default_is_written_to() {
    const SET: &str = "do $$ begin
        execute format('alter database %I set default_transaction_read_only = on', current_database());
        end $$";
    const END: &str = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()";
    let bed = Bed::new().await;
    let (worker, address) = worker(&bed, &[]).await;
    until_ready(&address).await;
    bed.client.batch_execute(SET).await.unwrap();
    assert!(bed.number(END).await > 0);
    bed.stream.xadd("commit", MIXED, "1").await;
    wait::until("it is stored", async || {
        bed.number("select count(*) from follows").await == 4
    })
    .await;
    // The probe's next session is one of those too, and it goes on asking.
    let since: SystemTime = get_one(&bed, "select clock_timestamp()").await;
    wait::until("the probe has asked again", async || {
        let asked = "select max(query_start) from pg_stat_activity
            where datname = current_database() and query like '%pg_is_in_recovery%'
                and pid <> pg_backend_pid()";
        let asked: Option<SystemTime> = get_one(&bed, asked).await;
        asked.is_some_and(|asked| asked > since)
    })
    .await;
    until_ready(&address).await;
    worker.stop().await;
}

async fn get_one<T: for<'s> FromSql<'s>>(bed: &Bed, statement: &str) -> T {
    bed.client.query_one(statement, &[]).await.unwrap().get(0)
}

/// What an operator looks at first is a start that does not come to an end.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_waits_for_its_servers_is_alive_and_says_for_what() {
    let mut postgres = cluster::own().await;
    let bed = Bed::new().await;
    let database_url = postgres.url(cluster::DATABASE);
    or_fail(postgres.stop(Mode::Fast).await);
    let (worker, address) = worker(&bed, &["--database-url", &database_url]).await;
    assert_eq!(get(&address, "/livez").await.body, "alive\n");
    unready_after(&address, "PostgreSQL: ").await;
    let answer = get(&address, "/readyz").await;
    assert!(
        answer.body.contains("the worker is starting"),
        "{}",
        answer.body
    );
    let metrics = samples(&get(&address, "/metrics").await.body);
    assert_eq!(metrics["forebay_ready"], 0.0);
    assert_eq!(metrics[r#"forebay_reader_state{state="starting"}"#], 1.0);
    assert_eq!(metrics[r#"forebay_server_up{server="postgresql"}"#], 0.0);
    or_fail(postgres.restart().await);
    until_ready(&address).await;
    worker.stop().await;
    or_fail(postgres.stop(Mode::Fast).await);
}

/// A batch that a server does not take makes the worker unready although every server answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_lane_that_tries_again_is_not_ready() {
    let bed = Bed::new().await;
    let (worker, address) = worker(&bed, &["--parallel-consumers", "1"]).await;
    until_ready(&address).await;
    // 53100, as of a full disk.
    const FULL: &str = "create function full_disk() returns trigger language plpgsql as $$
            begin raise exception using errcode = '53100'; end $$;
        create trigger full_disk before insert on follows execute function full_disk()";
    bed.client.batch_execute(FULL).await.unwrap();
    bed.stream.xadd("commit", MIXED, "1").await;
    unready_after(&address, "lane 0 tries again to store its batch").await;
    let metrics = samples(&get(&address, "/metrics").await.body);
    assert_eq!(
        metrics[r#"forebay_lane_state{lane="0",state="retrying"}"#],
        1.0
    );
    assert!(metrics[r#"forebay_retries_total{sqlstate_class="53"}"#] >= 1.0);
    assert!(
        metrics[r#"forebay_database_errors_total{sqlstate_class="53",verdict="retry"}"#] >= 1.0
    );
    bed.client
        .batch_execute("drop trigger full_disk on follows")
        .await
        .unwrap();
    until_ready(&address).await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_warned_of_and_the_worker_runs_without() {
    let bed = Bed::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    bed.stream.xadd("identity", "{}", "1").await;
    let args = ["run", "--until-caught-up", "--http-addr", &address];
    let (code, _, log) = child::output(child::command(&bed, &args)).await;
    assert_eq!(code, 0, "{log}");
    let warning = format!("WARN HTTP_ADDR={address} cannot be had");
    assert_eq!(log.matches(&warning).count(), 1, "{log}");
    assert_eq!(bed.stream.pending().await, 0);
    // The harness's own setting: empty.
    let (code, _, log) = child::output(child::command(&bed, &args[..2])).await;
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("http://"), "{log}");
    assert!(log.contains("HTTP_ADDR=\"\""), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_there_is_answered() {
    let bed = Bed::new().await;
    let (worker, address) = worker(&bed, &[]).await;
    assert_eq!(get(&address, "/nowhere").await.code, 404);
    assert_eq!(get(&address, "/metrics/").await.code, 404);
    assert_eq!(get(&address, "/livez?verbose=1").await.code, 200);
    for method in ["POST", "DELETE", "OPTIONS"] {
        let answer = request(&address, method, "/status").await;
        assert_eq!(
            (answer.code, answer.headers["allow"].as_str()),
            (405, "GET, HEAD")
        );
    }
    let (whole, head) = (
        get(&address, "/livez").await,
        request(&address, "HEAD", "/livez").await,
    );
    assert_eq!((head.code, head.body.as_str()), (200, ""));
    assert_eq!(
        head.headers["content-length"],
        whole.headers["content-length"]
    );
    let page = get(&address, "/").await;
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert!(page.headers["content-security-policy"].starts_with("default-src 'none'"));
    worker.stop().await;
}

/// Those who open connections and say nothing are shown out, and cost no more than their places.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_do_not_keep_others_out() {
    let bed = Bed::new().await;
    let (worker, address) = worker(&bed, &[]).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    assert_eq!(get(&address, "/livez").await.code, 200);
    let mut nothing = Vec::new();
    let ended = silent[0].read_to_end(&mut nothing).await;
    assert!(ended.is_err() || !String::from_utf8_lossy(&nothing).contains("200"));
    worker.stop().await;
}
