//! A worker as a process, whose log is read while it runs.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::{Bed, child, wait};

/// The process; it is killed when this is dropped.
pub struct Logged {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

/// The flags of a worker that serves HTTP on a free port.
pub const HTTP: [&str; 2] = ["--http-addr", "127.0.0.1:0"];

/// Starts a worker.
pub fn run(bed: &Bed, flags: &[&str]) -> Logged {
    let args: Vec<&str> = ["run"].iter().chain(flags).copied().collect();
    of(child::command(bed, &args))
}

/// Starts what a command says.
pub fn of(mut command: Command) -> Logged {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = child.stderr.take().unwrap();
    keeping(child, log)
}

/// The same for what it prints.
pub fn of_output(mut command: Command) -> Logged {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    keeping(child, out)
}

fn keeping(child: Child, from: impl AsyncRead + Send + Unpin + 'static) -> Logged {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let mut log = BufReader::new(from).lines();
    let kept = Arc::clone(&lines);
    tokio::spawn(async move {
        while let Ok(Some(line)) = log.next_line().await {
            kept.lock().unwrap().push(line);
        }
    });
    Logged { child, lines }
}

impl Logged {
    /// The lines so far in which a text stands.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines
            .iter()
            .filter(|line| line.contains(text))
            .cloned()
            .collect()
    }

    /// Everything so far.
    pub fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Where it serves HTTP, as `host:port`; it must have been given `HTTP`.
    pub async fn http(&self) -> String {
        const SAID: &str = "metrics, health and page are at http://";
        self.until_it_says(SAID).await;
        let line = self.lines_with(SAID).pop().unwrap();
        let (_, address) = line.split_once(SAID).unwrap();
        address.split('/').next().unwrap().to_owned()
    }

    /// Waits for the first of them.
    pub async fn until_it_says(&self, text: &str) {
        wait::until(&format!("the log says {text:?}"), async || {
            !self.lines_with(text).is_empty()
        })
        .await;
    }

    /// Ends it in order.
    pub async fn stop(mut self) {
        let status = child::end_by(&mut self.child, Signal::SIGTERM).await;
        assert_eq!(status.code(), Some(0));
    }
}
