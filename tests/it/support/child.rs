//! The program itself, as a process of its own.

use std::process::{ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use super::Bed;

/// The program with a bed's servers and these arguments, and no other setting.
pub fn command(bed: &Bed, args: &[&str]) -> Command {
    let mut command = bare(args);
    command
        .env("REDIS_URL", &bed.redis_url)
        .env("DATABASE_URL", &bed.database_url);
    command
}

/// The program with these arguments and no setting at all.
pub fn bare(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command
        .args(args)
        .env_clear()
        // Many run at a time.
        .env("HTTP_ADDR", "")
        .envs(std::env::vars().filter(|(name, _)| name == "PATH" || name.starts_with("FOREBAY_")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts a worker; its log is not shown.
pub fn run(bed: &Bed, args: &[&str]) -> Child {
    let args: Vec<&str> = ["run"].iter().chain(args).copied().collect();
    command(bed, &args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Runs a command to its end.
pub async fn output(mut command: Command) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// Sends a signal and waits for the end.
pub async fn end_by(child: &mut Child, signal: Signal) -> ExitStatus {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill(Pid::from_raw(pid), signal).unwrap();
    child.wait().await.unwrap()
}
