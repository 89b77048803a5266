//! A lane's writing half: makes batches durable and tells what became of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender};
use tracing::warn;

use crate::ack;
use crate::batch::Batch;
use crate::error::Stop;
use crate::flush::Counts;
use crate::source::Redis;
use crate::store::Store;
use crate::supply::Supply;

use super::chunk::Chunk;
use super::fill::Due;
use super::filter::Filter;
use super::load::{Load, Sequence};
use super::report::Report;
use super::sweep;

/// The writing half.
pub struct Writer {
    /// What is to be written.
    pub due: Receiver<Due>,
    /// Batches that are empty.
    pub spares: Sender<Batch>,
    /// What is told.
    pub report: Arc<Report>,
    /// Where it is written to.
    pub target: Target,
}

/// Where batches go.
pub enum Target {
    /// Into the database.
    Database(Box<Database>),
    /// Nowhere: they are decoded and counted.
    Nowhere,
}

/// The way into the database.
pub struct Database {
    /// The lane's own.
    pub store: Store,
    /// Where the AppView is told how many rows there are.
    pub redis: Redis,
    /// Of exports that stand for their repository only what is taken goes.
    pub filter: Arc<Filter>,
    /// Sources of which something could not be stored.
    pub blemished: BTreeSet<i64>,
    /// When counts are added up.
    pub counts: Counts,
    /// The lane's transactions.
    pub sequence: Arc<Sequence>,
}

impl Writer {
    /// Runs until the filling half is gone and everything is written.
    ///
    /// # Errors
    ///
    /// The setup is broken.
    pub async fn run(mut self) -> Result<(), Stop> {
        while let Some(due) = self.due.recv().await {
            match due {
                Due::Load(due) => {
                    let (mut batch, load) = *due;
                    self.load(&mut batch, load).await?;
                    batch.clear();
                    // The filling half may be gone already; then nobody needs the batch.
                    let _ = self.spares.send(batch).await;
                }
                Due::Sweep(chunk) => self.sweep(chunk).await?,
            }
        }
        Ok(())
    }

    async fn load(&mut self, batch: &mut Batch, load: Load) -> Result<(), Stop> {
        match &mut self.target {
            Target::Nowhere => self.report.letters(&load, batch.dead()),
            Target::Database(database) => database.write(batch, load, &self.report).await?,
        }
        self.report.decoded(batch);
        Ok(())
    }

    async fn sweep(&mut self, chunk: Chunk) -> Result<(), Stop> {
        match &mut self.target {
            Target::Nowhere => Ok(()),
            Target::Database(database) => sweep::sweep(database, chunk, &self.report).await,
        }
    }
}

impl Database {
    /// Makes a batch durable, and tells.
    pub(super) async fn write(
        &mut self,
        batch: &mut Batch,
        mut load: Load,
        report: &Report,
    ) -> Result<(), Stop> {
        load.counts = self.counts;
        load.sequence = Some(Arc::clone(&self.sequence));
        let load = Arc::new(load);
        self.store.supply = Supply::Backfill(Arc::clone(&load));
        let stored = self.store.store(batch).await?;
        for durable in &stored.durable {
            report.committed(durable.changes());
            report.letters(&load, durable.letters());
            for letter in durable.letters() {
                let source = load.origin(letter.entry_id).map(|(_, source, _)| source.id);
                self.blemished.extend(source);
            }
            if let Err(error) = ack::tell_record_counts(&self.redis, durable.changes()).await {
                warn!("db:record_counts is off now, `forebay audit --repair` mends it: {error}");
            }
        }
        Ok(())
    }
}
