//! One pass of the worker over a stream, in a process of its own: its memory and its time on
//! processors are then nobody else's.

use std::sync::Arc;

use tokio::sync::watch;

use super::figures::Pass;
use super::ground::Ground;
use super::{usage, worker};
use crate::cli::{Failure, work};
use crate::config::RunConfig;
use crate::derived::DerivedSet;
use crate::metrics::Reason;

/// The command by which this program starts itself.
pub const COMMAND: &str = "bench-pass";

/// How the worker is set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Lanes.
    pub lanes: usize,
    /// Memory for buffers, in bytes.
    pub buffer_bytes: usize,
    /// What of what follows from records is kept.
    pub derived: DerivedSet,
}

/// The inner side: runs until the stream is drained and prints the figures as one line of JSON.
///
/// # Errors
///
/// As `forebay run`.
pub async fn pass(config: RunConfig) -> Result<(), Failure> {
    let (_stop, stopped) = watch::channel(false);
    let pipeline = work::pipeline(config, stopped)?;
    let metrics = Arc::clone(&pipeline.metrics);
    let before = usage::own_cpu();
    pipeline.run().await?;
    let engine_cpu = usage::own_cpu() - before;
    let batches = metrics.batches();
    let flushes = Reason::ALL
        .iter()
        .zip(batches.by_reason)
        .map(|(reason, count)| (reason.name().to_owned(), count));
    let pass = Pass {
        events: metrics.entries_acked(),
        seconds: metrics.worked().as_secs_f64(),
        engine_cpu_s: engine_cpu.as_secs_f64(),
        postgres_cpu_s: None,
        peak_memory_bytes: usage::own_peak_memory().unwrap_or(0),
        flushes: flushes.collect(),
        copy_s: batches.times.copy.as_secs_f64(),
        merge_s: batches.times.merge.as_secs_f64(),
        commit_s: batches.times.commit.as_secs_f64(),
    };
    println!(
        "{}",
        sonic_rs::to_string(&pass).map_err(std::io::Error::other)?
    );
    Ok(())
}

/// The outer side: starts the worker on a database and waits for its figures.
///
/// # Errors
///
/// The worker cannot be started, or failed; it has said why.
pub async fn measure(ground: &Ground, database: &str, with: &Settings) -> Result<Pass, Failure> {
    let before = ground.postgres_cpu();
    let output = worker::command(ground, database, COMMAND)?
        .args(["--until-caught-up", "--stream-maxlen=1000000000"])
        .arg(format!("--parallel-consumers={}", with.lanes))
        .arg(format!("--buffer-bytes={}", with.buffer_bytes))
        .arg(format!("--derived={}", with.derived))
        .output()
        .await?;
    if !output.status.success() {
        return Err(Failure::Found(format!(
            "the worker ended: {}",
            output.status
        )));
    }
    let mut pass: Pass = sonic_rs::from_slice(&output.stdout).map_err(std::io::Error::other)?;
    let used = ground.postgres_cpu().zip(before);
    pass.postgres_cpu_s = used.map(|(after, before)| (after - before).as_secs_f64());
    Ok(pass)
}
