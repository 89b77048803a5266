//! One server process under a shell that ends it when this process ends.
//!
//! It knows processes, signals and a pipe, and nothing of what the server is. The shell is
//! `guard.sh`.

use super::account::Account;
use super::error::{Doing as _, LocalError};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const SCRIPT: &str = include_str!("guard.sh");
const POLL: Duration = Duration::from_millis(5);
/// How long a server may take to end: a fast shutdown of PostgreSQL writes all dirty buffers.
const ENDING: Duration = Duration::from_secs(60);

/// What to run and how to end it.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    /// The server's name, for messages.
    pub(super) server: &'static str,
    /// Program and arguments.
    pub(super) command: Vec<OsString>,
    /// The signal that ends the server when its owner ends.
    pub(super) at_owners_end: Signal,
    /// The user that it runs under.
    pub(super) account: &'a Account,
    /// Where it runs, and writes `log`.
    pub(super) dir: &'a Path,
    /// What goes with the owner.
    pub(super) remove: Option<&'a Path>,
}

/// A running server. Dropping it ends the server, without waiting for that.
#[derive(Debug)]
pub(super) struct Guard {
    server: &'static str,
    pid: i32,
    /// The shell; `None` once it is left to the reaper.
    shell: Option<Child>,
    /// Closing it ends the server.
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// Starts the server; it may end at once, which [`Guard::has_ended`] tells.
    pub(super) fn launch(launch: &Launch<'_>) -> Result<Guard, LocalError> {
        let mut shell = shell(launch)
            .spawn()
            .doing(|| format!("start {} by /bin/sh", launch.server))?;
        let pipe = shell.stdin.take();
        let pid = read_pid(&mut shell).doing(|| format!("start {}", launch.server))?;
        Ok(Guard {
            server: launch.server,
            pid,
            shell: Some(shell),
            pipe,
        })
    }

    /// The server's own process id.
    pub(super) fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether the server has ended, by itself or told to.
    pub(super) fn has_ended(&mut self) -> bool {
        self.shell
            .as_mut()
            .is_none_or(|shell| !matches!(shell.try_wait(), Ok(None)))
    }

    /// Sends the server a signal and waits until it has ended.
    ///
    /// # Errors
    /// [`LocalError::NotEnded`] after a minute; the server has been killed then.
    pub(super) async fn end(mut self, signal: Signal) -> Result<(), LocalError> {
        if let Some(pipe) = self.pipe.as_mut() {
            let name = signal.as_str().trim_start_matches("SIG");
            // Fails if the server has ended already: then there is nothing to do.
            let _ = writeln!(pipe, "{name}");
        }
        let until = Instant::now() + ENDING;
        while !self.has_ended() {
            if Instant::now() > until {
                let _ = killpg(Pid::from_raw(self.group()), Signal::SIGKILL);
                return Err(LocalError::NotEnded {
                    server: self.server,
                    seconds: ENDING.as_secs(),
                });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    fn group(&self) -> i32 {
        let shell = self.shell.as_ref().map_or(0, Child::id);
        i32::try_from(shell).unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        if let Some(mut shell) = self.shell.take() {
            // Waits elsewhere, so that neither a zombie is left nor the caller held up.
            thread::spawn(move || shell.wait());
        }
    }
}

fn shell(launch: &Launch<'_>) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", SCRIPT, "forebay-guard"])
        .arg(launch.at_owners_end.as_str().trim_start_matches("SIG"))
        .arg(launch.remove.unwrap_or(Path::new("")))
        .arg(launch.dir.join("log"))
        .args(&launch.command)
        .current_dir(launch.dir)
        // PGPORT and its like must not reach the server.
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // A terminal's Ctrl-C is for the owner, who still needs the servers to finish its work.
        .process_group(0);
    launch.account.apply(&mut shell);
    shell
}

fn read_pid(shell: &mut Child) -> io::Result<i32> {
    let mut line = String::new();
    if let Some(out) = shell.stdout.take() {
        BufReader::new(out).read_line(&mut line)?;
    }
    line.trim()
        .parse()
        .map_err(|_| io::Error::other("the shell gave no process id"))
}
