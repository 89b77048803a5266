//! This program, started as a worker on what is being measured.

use std::process::Stdio;

use clap::Args as _;
use tokio::process::Command;

use super::ground::Ground;
use crate::cli::Failure;
use crate::config::RunConfig;

/// A command of this program on a database, with the default of every setting: whatever the
/// environment says is meant for another worker. It ends with this process.
///
/// # Errors
///
/// The system does not say where this program is.
pub fn command(ground: &Ground, database: &str, command: &str) -> Result<Command, Failure> {
    let mut worker = Command::new(std::env::current_exe()?);
    for argument in RunConfig::augment_args(clap::Command::new("run")).get_arguments() {
        if let Some(variable) = argument.get_env() {
            worker.env_remove(variable);
        }
    }
    worker
        .args(["--log-level=warn", command])
        .env("DATABASE_URL", ground.url_of(database))
        .env("REDIS_URL", &ground.redis_url)
        // Nobody looks, and several run at a time.
        .env("HTTP_ADDR", "")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    Ok(worker)
}
