//! A backfill of the stream's own events, against the worker that takes them from the stream.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use super::ground::Ground;
use super::worker;
use crate::cli::Failure;
use crate::generate::Event;

/// The events as lines, in a file that is gone when this is.
pub struct Lines(PathBuf);

impl Lines {
    /// Writes them, one a millisecond.
    ///
    /// # Errors
    ///
    /// The system has no room for them.
    pub fn write(events: impl Iterator<Item = Event>) -> Result<Lines, Failure> {
        const FIRST_MS: u64 = 1_783_175_888_000;
        let name = format!("forebay-bench-{}.jsonl", std::process::id());
        let lines = Lines(std::env::temp_dir().join(name));
        let mut file = BufWriter::new(std::fs::File::create(&lines.0)?);
        for (ms, event) in (FIRST_MS..).zip(events) {
            let data = sonic_rs::to_string(&event.data).map_err(std::io::Error::other)?;
            let (kind, seq) = (event.kind, &event.seq);
            writeln!(
                file,
                "{{\"id\":\"{ms}-0\",\"type\":\"{kind}\",\"seq\":\"{seq}\",\"data\":{data}}}"
            )?;
        }
        file.flush()?;
        Ok(lines)
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        // What is left of it is in a directory for such things.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Backfills them, from the start of the program to its end; seconds.
///
/// # Errors
///
/// It cannot be started, or failed; it has said why.
pub async fn measure(
    ground: &Ground,
    database: &str,
    lines: &Lines,
    flags: &[&str],
) -> Result<f64, Failure> {
    let start = Instant::now();
    let status = worker::command(ground, database, "backfill")?
        .arg(lines.path())
        .args(flags)
        .stdout(Stdio::null())
        .status()
        .await?;
    if !status.success() {
        return Err(Failure::Found(format!("the backfill ended: {status}")));
    }
    Ok(start.elapsed().as_secs_f64())
}
