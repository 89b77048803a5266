//! `forebay backfill`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, Subcommand};
use tracing::info;

use super::out::say;
use super::run::Signals;
use super::{Failure, work};
use crate::backfill::{
    self, Authority, BackfillError, BadSource, Bulk, Filter, Options, Restart, Servers, Source,
    Stale, Sums,
};
use crate::config::{DatabaseConfig, DerivedConfig, ServersConfig};
use crate::decode::datetime;
use crate::position::Micros;

/// What a backfill can be told.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackfillConfig {
    /// Repository exports (.car), lines of Jetstream or of stream entries (.jsonl, .gz, .zst, or - for
    /// standard input), directories of these, or a span of a stream: redis:KEY?from=ID&to=ID
    #[arg(required = true)]
    pub source: Vec<String>,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub servers: ServersConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub taking: TakingConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub flow: BackfillFlow,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub derived: DerivedConfig,
    #[command(subcommand)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub what: Option<What>,
}

/// What else there is to do about backfills.
#[derive(Subcommand, Clone, Debug)]
pub enum What {
    /// List all sources and how far each has come
    Status(StatusConfig),
}

/// Where the database is.
#[derive(Args, Clone, Debug)]
pub struct StatusConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub database: DatabaseConfig,
}

/// What is taken, and what it may replace.
#[derive(Args, Clone, Debug)]
pub struct TakingConfig {
    /// Only records of these collections, separated by commas; app.bsky.graph.* stands for several
    #[arg(long, value_delimiter = ',')]
    pub collections: Vec<String>,
    /// Only these repositories: DIDs separated by commas, or @FILE with one a line
    #[arg(long, value_delimiter = ',')]
    pub dids: Vec<String>,
    /// Only what is from this time on, such as 2026-07-04T14:38:00Z: by an event's time, or a record's
    /// createdAt
    #[arg(long, value_parser = moment)]
    pub since: Option<Micros>,
    /// An export stands for its repository as of its revision: older rows are replaced, and those that
    /// are not in it removed
    #[arg(long, conflicts_with = "since")]
    pub authoritative: bool,
    /// Take exports that are older than the oldest tombstone kept too: deleted records may come back
    #[arg(long)]
    pub allow_stale: bool,
    /// The exports were made at this time or later; without it they count as made at their revision
    #[arg(long, value_parser = moment)]
    pub exported_at: Option<Micros>,
    /// Begin with the sources anew, wherever they were left
    #[arg(long)]
    pub restart: bool,
    /// Read and count, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// By how much other clocks may be ahead of the stream's, in milliseconds: Jetstream's times and
    /// revisions are taken to be that much earlier
    #[arg(long, env, default_value_t = 60_000, value_parser = RangedU64ValueParser::<u64>::new().range(0..=86_400_000))]
    pub clock_margin_ms: u64,
}

/// How it goes about it.
#[derive(Args, Clone, Debug)]
pub struct BackfillFlow {
    /// For an empty or quiesced database: indexes that are not unique are taken away and made again at the
    /// end, and counts are added up once
    #[arg(long, conflicts_with = "authoritative")]
    pub bulk: bool,
    /// Records a second at most
    #[arg(long, env = "BACKFILL_RATE_LIMIT", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1 << 40))]
    pub rate_limit: Option<u64>,
    /// Lanes: batches that are written at the same time
    #[arg(long, env, default_value_t = 2, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub backfill_lanes: usize,
    /// Rows of a batch at most
    #[arg(long, env, default_value_t = 50_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1 << 40))]
    pub backfill_rows: usize,
    /// Rows of a batch at most while workers are at work: they wait for its locks
    #[arg(long, env, default_value_t = 2_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1 << 40))]
    pub backfill_rows_beside_live: usize,
    /// Memory for buffers of all lanes, in bytes
    #[arg(long, env, default_value_t = 256 << 20, value_parser = RangedU64ValueParser::<usize>::new().range(1 << 20..=1 << 40))]
    pub backfill_buffer_bytes: usize,
}

fn moment(text: &str) -> Result<Micros, String> {
    datetime::parse(text).ok_or_else(|| "not a time such as 2026-07-04T14:38:00Z".to_owned())
}

/// Backfills, or says what that would take.
///
/// # Errors
///
/// [`Failure::Found`] if something could not be stored, or it was stopped.
pub async fn backfill(config: BackfillConfig) -> Result<(), Failure> {
    if let Some(What::Status(config)) = &config.what {
        return status(config).await;
    }
    let sources = backfill::sources(&config.source)?;
    let options = options(&config)?;
    let stop = Arc::new(AtomicBool::new(false));
    stop_by_signal(&stop)?;
    let sums = take(&config, sources, &options, &stop).await?;
    print!("{sums}");
    verdict(&sums, &stop)
}

async fn take(
    config: &BackfillConfig,
    sources: Vec<Source>,
    options: &Options,
    stop: &Arc<AtomicBool>,
) -> Result<Sums, Failure> {
    if config.flow.bulk {
        let (pool, _) = work::servers(&config.servers)?;
        say(&format!(
            "{}\n",
            backfill::plan(&pool, options.derived).await?
        ))?;
    }
    if config.taking.dry_run {
        let redis = work::redis(&config.servers.redis)?;
        let sums = backfill::dry_run(&redis, sources, options, Arc::clone(stop)).await?;
        say("nothing is written; of what is read\n")?;
        return Ok(sums);
    }
    let (pool, redis) = work::servers(&config.servers)?;
    let servers = Servers { pool, redis };
    Ok(backfill::run(&servers, sources, options, Arc::clone(stop)).await?)
}

/// What is under way is written first; a second signal ends it where it stands, which loses nothing.
fn stop_by_signal(stop: &Arc<AtomicBool>) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let stop = Arc::clone(stop);
    tokio::spawn(async move {
        signals.next().await;
        info!("stopping: what was read is written first");
        stop.store(true, Ordering::Relaxed);
        signals.next().await;
        std::process::exit(1);
    });
    Ok(())
}

fn verdict(sums: &Sums, stop: &AtomicBool) -> Result<(), Failure> {
    let rejected = sums.rejected_in_all();
    if rejected > 0 {
        return Err(Failure::Found(format!(
            "{rejected} could not be read or stored, see above"
        )));
    }
    if stop.load(Ordering::Relaxed) {
        return Err(Failure::Found(
            "stopped before the end; the same command goes on from there".to_owned(),
        ));
    }
    Ok(())
}

fn options(config: &BackfillConfig) -> Result<Options, Failure> {
    let (taking, flow) = (&config.taking, &config.flow);
    Ok(Options {
        filter: Filter {
            collections: taking.collections.clone(),
            dids: dids(&taking.dids)?,
            since: taking.since,
        },
        authority: if taking.authoritative {
            Authority::Repository
        } else {
            Authority::None
        },
        stale: if taking.allow_stale {
            Stale::Allowed
        } else {
            Stale::Refused
        },
        exported_at: taking.exported_at,
        restart: if taking.restart {
            Restart::Yes
        } else {
            Restart::No
        },
        clock_margin: Duration::from_millis(taking.clock_margin_ms),
        rate_limit: flow.rate_limit,
        // One connection is the lock's, and one for whoever asks.
        lanes: flow
            .backfill_lanes
            .min(config.servers.database.db_pool_size.saturating_sub(2))
            .max(1),
        rows: flow.backfill_rows,
        rows_beside_live: flow.backfill_rows_beside_live,
        bytes: flow.backfill_buffer_bytes,
        bulk: if flow.bulk { Bulk::Yes } else { Bulk::No },
        derived: config.derived.derived,
    })
}

fn dids(named: &[String]) -> Result<HashSet<String>, Failure> {
    let mut dids = HashSet::new();
    for name in named {
        match name.strip_prefix('@') {
            None => {
                dids.insert(name.clone());
            }
            Some(file) => {
                let path = PathBuf::from(file);
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| Failure::Usage(format!("--dids @{file}: {error}")))?;
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                dids.extend(lines.map(str::to_owned));
            }
        }
    }
    Ok(dids)
}

async fn status(config: &StatusConfig) -> Result<(), Failure> {
    let pool = work::address(&config.database)?
        .named("forebay backfill status")
        .pool(config.database.db_pool_size)
        .map_err(|error| crate::error::Stop::Broken(error.to_string()))?;
    let lines = backfill::status(&pool).await?;
    if lines.is_empty() {
        say("no backfill was begun\n")?;
    }
    for line in lines {
        let how = if line.is_ended { "done" } else { "under way" };
        let [began, last] = &line.times;
        say(&format!(
            "{how:<9} {:>12} records {:>10} filtered {:>8} rejected  {began}  {last}  {}\n",
            line.records, line.filtered, line.rejected, line.name
        ))?;
    }
    Ok(())
}

impl From<BackfillError> for Failure {
    fn from(error: BackfillError) -> Self {
        match error {
            BackfillError::UnderWay | BackfillError::NotQuiet => {
                Failure::Refused(error.to_string())
            }
            BackfillError::Stop(stop) => stop.into(),
            BackfillError::Database(error) => error.into(),
            BackfillError::Redis(error) => error.into(),
        }
    }
}

impl From<BadSource> for Failure {
    fn from(error: BadSource) -> Self {
        Failure::Usage(error.to_string())
    }
}
