//! The worker, run in the test's own process on a bed.

use super::Bed;
use clap::Parser;
use forebay::cli::Failure;
use forebay::cli::work;
use forebay::config::RunConfig;
use forebay::metrics::Metrics;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    run: RunConfig,
}

/// The configuration that these flags give on a bed.
pub fn config(bed: &Bed, flags: &[&str]) -> RunConfig {
    let servers = [
        ("--redis-url", bed.redis_url.as_str()),
        ("--database-url", bed.database_url.as_str()),
        // Many run at a time.
        ("--http-addr", ""),
    ];
    let missing = servers.iter().filter(|(flag, _)| !flags.contains(flag));
    let missing = missing.flat_map(|(flag, url)| [*flag, *url]);
    let line = ["forebay"].into_iter().chain(missing);
    Line::try_parse_from(line.chain(flags.iter().copied()))
        .unwrap()
        .run
}

/// A worker that runs.
pub struct Worker {
    pub metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), forebay::error::Stop>>,
}

impl Worker {
    pub fn start(bed: &Bed, flags: &[&str]) -> Worker {
        Worker::of(config(bed, flags))
    }

    pub fn of(config: RunConfig) -> Worker {
        let (stop, stopped) = watch::channel(false);
        let pipeline: Result<_, Failure> = work::pipeline(config, stopped);
        let pipeline = pipeline.unwrap_or_else(|failure| panic!("{failure}"));
        Worker {
            metrics: Arc::clone(&pipeline.metrics),
            stop,
            task: tokio::spawn(pipeline.run()),
        }
    }

    /// Waits until it ends by itself.
    pub async fn end(self) -> Result<(), forebay::error::Stop> {
        self.task.await.unwrap()
    }

    /// Stops it as SIGTERM would.
    pub async fn stop(self) -> Result<(), forebay::error::Stop> {
        self.stop.send(true).unwrap();
        self.task.await.unwrap()
    }

    /// Ends it where it stands.
    pub async fn abort(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Runs a worker until the stream is drained.
pub async fn drain(bed: &Bed, flags: &[&str]) -> Arc<Metrics> {
    let flags: Vec<&str> = flags.iter().copied().chain(["--until-caught-up"]).collect();
    let worker = Worker::start(bed, &flags);
    let metrics = Arc::clone(&worker.metrics);
    if let Err(stop) = worker.end().await {
        panic!("{stop}");
    }
    assert_eq!(bed.stream.pending().await, 0, "pending at the end");
    metrics
}
