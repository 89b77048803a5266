//! One attempt's threads and tasks: who hands what to whom, and in which order they end.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::batch::{Batch, Rules};
use crate::error::Stop;

use super::Options;
use super::chunk::Chunk;
use super::feed::Shared;
use super::fill::{Filler, Limits};
use super::governor::Governor;
use super::meter::Meter;
use super::reader::{Broken, Reader};
use super::report::Report;
use super::source::Source;
use super::write::{Target, Writer};

/// Batches that go round in a lane.
const BATCHES_PER_LANE: usize = 2;
/// Chunks that may wait for a lane.
const CHUNKS_PER_LANE: usize = 4;

/// What a run's parts share.
pub struct Run {
    /// Turns true when it is to end early.
    pub stop: Arc<AtomicBool>,
    /// How far it is.
    pub meter: Arc<Meter>,
    /// What is told.
    pub report: Arc<Report>,
    /// When batches are full.
    pub limits: Arc<Limits>,
}

impl Run {
    /// Of these sources, none of which is read yet.
    pub fn new(sources: &[Source], options: &Options, stop: Arc<AtomicBool>) -> Run {
        let meter = Arc::new(Meter::new(sources.iter().map(Source::bytes).sum()));
        Run {
            stop,
            report: Arc::new(Report::new(Arc::clone(&meter))),
            meter,
            limits: Arc::new(Limits {
                rows: AtomicUsize::new(options.rows.min(options.rows_beside_live)),
                bytes: options.bytes / (options.lanes * BATCHES_PER_LANE),
            }),
        }
    }

    /// What readers share.
    pub fn shared(&self, lanes: Vec<mpsc::Sender<Chunk>>, options: &Options) -> Shared {
        Shared {
            lanes,
            stop: Arc::clone(&self.stop),
            report: Arc::clone(&self.report),
            meter: Arc::clone(&self.meter),
            governor: options.rate_limit.map(Governor::new),
        }
    }

    /// Starts the lanes; gives the ends that chunks are handed to.
    pub fn lanes(
        &self,
        options: &Options,
        rules: &Rules,
        tasks: &mut JoinSet<Result<(), Stop>>,
        target: impl Fn(usize) -> Result<Target, Stop>,
    ) -> Result<Vec<mpsc::Sender<Chunk>>, Stop> {
        let mut lanes = Vec::new();
        for lane in 0..options.lanes {
            let (to_lane, chunks) = mpsc::channel(CHUNKS_PER_LANE);
            let (to_writer, due) = mpsc::channel(1);
            let (to_filler, spares) = mpsc::channel(BATCHES_PER_LANE);
            for _ in 0..BATCHES_PER_LANE {
                // There is room for exactly these.
                let _ = to_filler.try_send(Batch::new(rules.clone()));
            }
            let filler = Filler {
                chunks,
                spares,
                due: to_writer,
                limits: Arc::clone(&self.limits),
            };
            let writer = Writer {
                due,
                spares: to_filler,
                report: Arc::clone(&self.report),
                target: target(lane)?,
            };
            tasks.spawn(async move {
                filler.run().await;
                Ok(())
            });
            tasks.spawn(writer.run());
            lanes.push(to_lane);
        }
        Ok(lanes)
    }

    /// Reads all sources and waits for the lanes. Exports are read side by side; lines and spans one
    /// after the other, as they were named: they may be parts of one stream.
    pub async fn read(
        &self,
        reader: Reader,
        sources: Vec<Source>,
        tasks: &mut JoinSet<Result<(), Stop>>,
    ) -> Result<(), Stop> {
        let is_car = |source: &Source| matches!(source, Source::Car(_));
        let (cars, others): (VecDeque<_>, VecDeque<_>) = sources.into_iter().partition(is_car);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let reader = Arc::new(reader);
        let cars = Arc::new(Mutex::new(cars));
        for _ in 0..threads {
            spawn(&reader, &cars, tasks);
        }
        spawn(&reader, &Arc::new(Mutex::new(others)), tasks);
        // The lanes end when the last reader has let go of them.
        drop(reader);
        let ended = wait(tasks, &self.stop).await;
        self.meter.done();
        ended
    }
}

type Queue = Arc<Mutex<VecDeque<Source>>>;

/// A thread that takes source after source.
fn spawn(reader: &Arc<Reader>, queue: &Queue, tasks: &mut JoinSet<Result<(), Stop>>) {
    let (reader, queue) = (Arc::clone(reader), Arc::clone(queue));
    tasks.spawn_blocking(move || {
        loop {
            let mut sources = queue.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(source) = sources.pop_front() else {
                return Ok(());
            };
            drop(sources);
            match reader.read(&source) {
                Ok(()) => {}
                Err(Broken::Over) => return Ok(()),
                Err(Broken::Stop(stop)) => return Err(stop),
            }
        }
    });
}

/// Waits for all tasks. The first that fails has the readers stop; what the lanes have is written.
async fn wait(tasks: &mut JoinSet<Result<(), Stop>>, stop: &AtomicBool) -> Result<(), Stop> {
    let mut first = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.unwrap_or_else(|ended| Err(Stop::broken_off(&ended)));
        if ended.is_err() {
            stop.store(true, Ordering::Relaxed);
            if first.is_ok() {
                first = ended;
            }
        }
    }
    first
}
