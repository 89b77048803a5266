//! `forebay demo`: a generated firehose through private servers, with figures.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;
use tokio_postgres::NoTls;

use super::bench::{stream, usage};
use super::{Failure, migrate, work};
use crate::batch::AccountDeleted;
use crate::config::{
    DEFAULT_FLUSH_INTERVAL_MS, DatabaseConfig, DerivedConfig, FlowConfig, HttpAddr, RedisConfig,
    RunConfig, ServersConfig,
};
use crate::generate::{Generator, Options};
use crate::local::{Home, System};
use crate::metrics::{Metrics, Reason};
use crate::sql;

/// The demo's own flags.
#[derive(Args)]
pub struct DemoConfig {
    /// Events to generate
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Accounts that they come from
    #[arg(long, default_value_t = 50_000)]
    users: u32,
    /// Seed: the same seed gives the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Lanes
    #[arg(long, default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    parallel_consumers: usize,
    /// Memory for buffers, in bytes
    #[arg(long, default_value_t = 32 << 20)]
    buffer_bytes: usize,
    #[command(flatten)]
    derived: DerivedConfig,
}

/// Runs the demo and takes its servers down again.
pub async fn demo(config: DemoConfig) -> Result<(), Failure> {
    println!("starting private servers");
    let system = System::start(Home::Temporary).await?;
    let shown = show(&config, &system).await;
    system.stop().await?;
    shown
}

async fn show(config: &DemoConfig, system: &System) -> Result<(), Failure> {
    let url = system.postgres.database("demo").await?;
    let run = run_config(config, url.clone(), system.redis.url());
    let report = migrate::at(&work::address(&run.servers.database)?).await?;
    println!("made {} tables", report.tables.len());
    fill(config, &run.servers.redis).await?;
    let (_stop, stopped) = watch::channel(false);
    let pipeline = work::pipeline(run, stopped)?;
    let metrics = Arc::clone(&pipeline.metrics);
    let start = Instant::now();
    let watched = tokio::spawn(watch_progress(config.events, Arc::clone(&metrics)));
    pipeline.run().await?;
    let took = start.elapsed();
    watched.abort();
    print_figures(&metrics, took);
    print_tables(&url).await
}

fn run_config(config: &DemoConfig, database_url: String, redis_url: String) -> RunConfig {
    RunConfig {
        servers: ServersConfig {
            redis: RedisConfig {
                redis_url,
                redis_password_file: None,
                redis_ca_file: None,
                redis_stream_key: "firehose:events".to_owned(),
                redis_consumer_group: "firehose-processors".to_owned(),
                consumer_id: "demo".to_owned(),
                redis_max_deliveries: 10,
                redis_dead_letter_maxlen: 10_000,
                // Nothing trims it here.
                stream_maxlen: 1 << 40,
                claim_idle_ms: 30_000,
            },
            database: DatabaseConfig {
                database_url: Some(database_url),
                database_password_file: None,
                db_pool_size: 20.max(config.parallel_consumers + FlowConfig::OTHERS),
            },
        },
        flow: FlowConfig {
            batch_size: 10,
            parallel_consumers: config.parallel_consumers,
            flush_interval_ms: DEFAULT_FLUSH_INTERVAL_MS,
            flush_rows: 50_000,
            buffer_bytes: config.buffer_bytes,
        },
        derived: config.derived,
        // Nobody looks, so nothing is gathered.
        http_addr: HttpAddr::Off,
        shutdown_timeout_ms: 30_000,
        tombstone_retention_h: 24,
        account_deleted: AccountDeleted::Keep,
        until_caught_up: true,
        local: None,
    }
}

/// Puts the generated firehose on the stream.
async fn fill(config: &DemoConfig, to: &RedisConfig) -> Result<(), Failure> {
    let events = Generator::new(Options {
        seed: config.seed,
        events: config.events,
        users: config.users,
        ..Options::default()
    });
    let bar = bar("filling the stream", config.events);
    let mut connection = stream::connect(&to.redis_url).await?;
    stream::fill(&mut connection, &to.redis_stream_key, events, |added| {
        bar.inc(added);
    })
    .await?;
    bar.finish_and_clear();
    println!("{} events are on the stream", config.events);
    Ok(())
}

fn bar(what: &'static str, length: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length)
        .with_style(style)
        .with_message(what)
}

/// A bar on a terminal, else a line every two seconds.
async fn watch_progress(events: u64, metrics: Arc<Metrics>) {
    if std::io::stderr().is_terminal() {
        let bar = bar("ingesting", events);
        loop {
            bar.set_position(metrics.entries_acked());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        println!("ingested {} of {events}", metrics.entries_acked());
    }
}

fn print_figures(metrics: &Metrics, took: Duration) {
    let acked = metrics.entries_acked();
    let per_second = acked as f64 / took.as_secs_f64();
    println!(
        "\n{acked} events in {:.2} s: {per_second:.0} events/s",
        took.as_secs_f64()
    );
    let batches = metrics.batches();
    let reasons: Vec<String> = Reason::ALL
        .iter()
        .zip(batches.by_reason)
        .map(|(reason, count)| format!("{} {count}", reason.name()))
        .collect();
    println!("flushes by reason: {}", reasons.join(", "));
    let quantile = |q| batches.flush_micros.value_at_quantile(q) as f64 / 1000.0;
    println!(
        "flush time: p50 {:.1} ms, p99 {:.1} ms",
        quantile(0.5),
        quantile(0.99)
    );
    println!(
        "summed over lanes: copy {:.2} s, merge {:.2} s, commit {:.2} s",
        batches.times.copy.as_secs_f64(),
        batches.times.merge.as_secs_f64(),
        batches.times.commit.as_secs_f64()
    );
    println!("dead letters: {}", batches.dead());
    if let Some(peak) = usage::own_peak_memory() {
        println!("peak memory: {} MiB", peak >> 20);
    }
}

/// Rows per table, and whether counts equal rows.
async fn print_tables(url: &str) -> Result<(), Failure> {
    let failed = |error: tokio_postgres::Error| Failure::Unreachable(error.to_string());
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.map_err(failed)?;
    tokio::spawn(connection);
    println!("\nrows per table:");
    for row in client.query(sql::DEMO_ROWS, &[]).await.map_err(failed)? {
        let (table, rows): (&str, i64) = (row.get(0), row.get(1));
        println!("  {table:<20} {rows:>9}");
    }
    let wrong: i64 = client
        .query_one(sql::DEMO_COUNTS, &[])
        .await
        .map_err(failed)?
        .get(0);
    if wrong > 0 {
        return Err(Failure::Found(format!(
            "{wrong} posts' counts differ from their rows"
        )));
    }
    println!("counts equal rows: yes");
    Ok(())
}
