//! A worker as a process, whose log is read while it runs.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use nix::sys::signal::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::{Bed, child, wait};

/// The process; it is killed when this is dropped.
pub struct Logged {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

/// Starts a worker.
pub fn run(bed: &Bed, flags: &[&str]) -> Logged {
    let args: Vec<&str> = ["run"].iter().chain(flags).copied().collect();
    let mut child = child::command(bed, &args)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
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
