//! `forebay run`: the worker, until it is told to stop.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

use super::configuration::shown_url;
use super::{Failure, migrate, work};
use crate::config::RunConfig;
use crate::error::Stop;
use crate::local::{Home, System};
use crate::pipeline::Pipeline;

/// Its name on the command line.
const COMMAND: &str = "run";
/// The database of `--local`.
const LOCAL_DATABASE: &str = "appview";

/// Whether private servers are asked for and others named by flags. Variables are for every command, and
/// give way to `--local`: the parser's own conflicts do not tell the two apart.
///
/// # Errors
///
/// Both are.
pub fn fits(command: &mut Command, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((COMMAND, flags)) = matches.subcommand() else {
        return Ok(());
    };
    let is_given = |id: &&str| flags.value_source(id) == Some(ValueSource::CommandLine);
    let named = ["database_url", "redis_url"].into_iter().find(is_given);
    match named {
        Some(id) if is_given(&"local") => {
            let flag = id.replace('_', "-");
            let text = format!("the argument '--local <DIR>' cannot be used with '--{flag}'");
            Err(command.error(ErrorKind::ArgumentConflict, text))
        }
        _ => Ok(()),
    }
}

/// Runs the worker, on private servers where that is asked for.
pub async fn run(mut config: RunConfig) -> Result<(), Failure> {
    match config.local.take() {
        Some(dir) => run_locally(config, dir).await,
        None => run_until_stopped(config).await,
    }
}

async fn run_locally(mut config: RunConfig, dir: PathBuf) -> Result<(), Failure> {
    let system = System::start(Home::Kept(dir)).await?;
    let url = system.postgres.database(LOCAL_DATABASE).await?;
    config.servers.redis.redis_url = system.redis.url();
    config.servers.database.database_url = Some(url);
    // Passwords of other servers mean nothing here.
    config.servers.redis.redis_password_file = None;
    config.servers.redis.redis_ca_file = None;
    config.servers.database.database_password_file = None;
    migrate::at(&work::address(&config.servers.database)?).await?;
    info!(
        redis = %shown_url(&config.servers.redis.redis_url),
        postgres = %config.servers.database.database_url.as_deref().map(shown_url).unwrap_or_default(),
        "private servers run; their passwords are in the files `password` of their directories"
    );
    let ended = run_until_stopped(config).await;
    system.stop().await?;
    ended
}

async fn run_until_stopped(config: RunConfig) -> Result<(), Failure> {
    let patience = Duration::from_millis(config.shutdown_timeout_ms);
    let (stop, stopped) = watch::channel(false);
    let mut signals = Signals::new()?;
    let mut worker = tokio::spawn(run_pipeline(work::pipeline(config, stopped)?));
    let ended = tokio::select! {
        ended = &mut worker => Some(ended),
        () = signals.next() => None,
    };
    let ended = match ended {
        Some(ended) => Some(ended),
        None => {
            info!("stopping: what was read is written and acknowledged first");
            // The receiver is the worker's, and the worker runs.
            let _ = stop.send(true);
            tokio::select! {
                ended = &mut worker => Some(ended),
                () = tokio::time::sleep(patience) => None,
                () = signals.next() => None,
            }
        }
    };
    match ended {
        Some(ended) => ended.map_err(|ended| Stop::broken_off(&ended))?,
        None => {
            warn!("stopped before all was written: what was not acknowledged comes again");
            Ok(())
        }
    }
}

async fn run_pipeline(pipeline: Pipeline) -> Result<(), Failure> {
    let metrics = std::sync::Arc::clone(&pipeline.metrics);
    pipeline.run().await?;
    info!(
        entries = metrics.entries_acked(),
        "all that was read is acknowledged"
    );
    Ok(())
}

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they no longer end the process by themselves.
    ///
    /// # Errors
    ///
    /// The system does not allow it.
    pub fn new() -> Result<Signals, std::io::Error> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
