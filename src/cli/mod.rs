//! The commands. Flags in, exit code out: `main` is the one place where an error becomes a code.
//!
//! Exit codes: 0 done; 1 done, but something was found; 2 wrong usage or configuration; 3 a broken
//! setup; 4 gave up on a server.

pub mod audit;
pub mod backfill;
pub mod bench;
mod configuration;
mod demo;
pub mod dlq;
mod doctor;
mod logging;
mod migrate;
mod out;
pub mod purge;
mod run;
mod status;
pub mod takeover;
pub mod work;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing::{error, info};

use crate::config::{LogFormat, LogLevel};
use crate::error::Stop;
use crate::local::LocalError;
use crate::migrate::MigrateError;

/// The version and the commit that it was built from; see build.rs.
const VERSION: &str = env!("FOREBAY_VERSION");

/// From a Redis stream of AT Protocol events into PostgreSQL.
#[derive(Parser)]
#[command(name = "forebay", version = VERSION, about, propagate_version = true)]
struct Cli {
    /// How much is logged
    #[arg(long, env, global = true, ignore_case = true, default_value = "info")]
    log_level: LogLevel,
    /// How it is logged
    #[arg(long, env, global = true, ignore_case = true, default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Ingest the stream: the worker
    Run(Box<crate::config::RunConfig>),
    /// Make schema forebay, and the AppView's tables where they are missing
    Migrate(crate::config::DatabaseConfig),
    /// Take over from other workers: re-stamp their rows and replay the stream
    Takeover(takeover::TakeoverConfig),
    /// Show what a running worker does
    Status(status::StatusConfig),
    /// Store history from repository exports, lines of events, or a span of a stream
    Backfill(Box<backfill::BackfillConfig>),
    /// Compare counts and what follows from records with the rows; mend them with --repair
    Audit(audit::AuditConfig),
    /// List, show, replay and purge dead letters
    #[command(subcommand)]
    Dlq(dlq::DlqCommand),
    /// Look at Redis and PostgreSQL, and say what to do about what is found
    Doctor(Box<doctor::DoctorConfig>),
    /// Remove all records of one account, as if each had been deleted now
    Purge(Box<purge::PurgeConfig>),
    /// Ingest a generated firehose on private servers and show figures
    Demo(demo::DemoConfig),
    /// Measure how fast events get from Redis into PostgreSQL
    Bench(bench::BenchConfig),
    /// One pass of the worker that is being measured
    #[command(name = bench::COMMAND, hide = true)]
    BenchPass(Box<crate::config::RunConfig>),
}

/// Why a command ends without having done its work.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration cannot be used.
    #[error("{0}")]
    Usage(String),
    /// The setup is broken.
    #[error(transparent)]
    Stop(#[from] Stop),
    /// Private servers could not be started.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The schema could not be made.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The database cannot be reached.
    #[error("{0}\n  remedy: check DATABASE_URL and that the server runs")]
    Unreachable(String),
    /// Redis cannot be reached.
    #[error("{0}\n  remedy: check REDIS_URL and that the server runs")]
    RedisAway(String),
    /// No worker answers.
    #[error(
        "{0}\n  remedy: check that a worker runs, and that --addr or HTTP_ADDR is what it logged"
    )]
    NoWorker(String),
    /// The setup does not allow it; the text has the remedy.
    #[error("{0}")]
    Refused(String),
    /// Something was found.
    #[error("{0}")]
    Found(String),
    /// The terminal or the runtime failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Failure::Found(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Stop(stop) => stop.exit_code(),
            Failure::Local(_) | Failure::Migrate(_) | Failure::Io(_) | Failure::Refused(_) => 3,
            Failure::Unreachable(_) | Failure::RedisAway(_) | Failure::NoWorker(_) => 4,
        }
    }
}

/// Reads the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    if let Err(error) = run::fits(&mut Cli::command(), &matches) {
        error.exit();
    }
    let bursts = logging::start(cli.log_level, cli.log_format);
    log_configuration(&matches);
    let done = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::Io)
        .and_then(|runtime| {
            runtime.spawn(bursts.clone().run());
            runtime.block_on(dispatch(cli.command))
        });
    bursts.end();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            last_words(cli.log_format, &failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Why it ends, in the log's own form: who reads JSON must not meet a line that is none.
fn last_words(format: LogFormat, failure: &Failure) {
    match format {
        LogFormat::Text => eprintln!("forebay: {failure}"),
        LogFormat::Json => error!(exit_code = failure.exit_code(), "{failure}"),
    }
}

async fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(config) => run::run(*config).await,
        Command::Migrate(config) => migrate::migrate(&config).await,
        Command::Takeover(config) => takeover::takeover(&config).await,
        Command::Status(config) => status::status(config).await,
        Command::Backfill(config) => backfill::backfill(*config).await,
        Command::Audit(config) => audit::audit(&config).await,
        Command::Dlq(command) => dlq::dlq(command).await,
        Command::Doctor(config) => doctor::doctor(&config).await,
        Command::Purge(config) => purge::purge(&config).await,
        Command::Demo(config) => demo::demo(config).await,
        Command::Bench(config) => bench::bench(config).await,
        Command::BenchPass(config) => bench::pass(*config).await,
    }
}

/// One line, passwords hidden: what a log must have to be understood later.
fn log_configuration(matches: &ArgMatches) {
    let mut command = Cli::command();
    command.build();
    let (mut command, mut matches) = (&command, matches);
    let mut path = String::new();
    while let Some((name, of_command)) = matches.subcommand()
        && let Some(found) = command.find_subcommand(name)
    {
        (command, matches) = (found, of_command);
        path = format!("{path} {name}");
    }
    // What `status` shows is what a worker does, not what it was asked with.
    if !path.is_empty() && command.get_name() != status::COMMAND {
        let settings = configuration::line(command, matches);
        info!("forebay {VERSION}{path}: {settings}");
    }
}
