//! A lane's filling half: decodes and encodes chunks into one batch while the one before is written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, timeout_at};

use crate::batch::Batch;
use crate::flush::{Fill, Manner};

use super::chunk::{Chunk, Rule};
use super::load::Load;

/// When a batch is full.
pub struct Limits {
    /// Rows at most; fewer beside live workers, which wait for its locks.
    pub rows: AtomicUsize,
    /// Bytes at most of one batch and its entries.
    pub bytes: usize,
}

/// The longest that entries wait for others, where a source is slow.
const AGE: Duration = Duration::from_secs(1);

/// What is to be written.
pub enum Due {
    /// A batch.
    Load(Box<(Batch, Load)>),
    /// The end of an export that stands for its repository; the chunk has no items.
    Sweep(Chunk),
}

/// The writing half is gone.
struct Gone;

/// The filling half.
pub struct Filler {
    /// Chunks of this lane's repositories.
    pub chunks: Receiver<Chunk>,
    /// Batches that are empty.
    pub spares: Receiver<Batch>,
    /// What is to be written.
    pub due: Sender<Due>,
    /// When a batch is full.
    pub limits: Arc<Limits>,
}

impl Filler {
    /// Runs until there are no more chunks and the last batch is handed over, or the writing half is
    /// gone.
    pub async fn run(mut self) {
        // Whoever is gone has said why.
        let _ = self.fill().await;
    }

    async fn fill(&mut self) -> Result<(), Gone> {
        let mut batch = self.spares.recv().await.ok_or(Gone)?;
        let mut load = Load::default();
        let mut deadline = Instant::now() + AGE;
        loop {
            let next = if load.is_empty() {
                let next = self.chunks.recv().await;
                deadline = Instant::now() + AGE;
                next
            } else if let Ok(next) = timeout_at(deadline, self.chunks.recv()).await {
                next
            } else {
                self.hand_over(&mut batch, &mut load).await?;
                continue;
            };
            let Some(mut chunk) = next else {
                return self.hand_over(&mut batch, &mut load).await;
            };
            if !fits(&load, &chunk) {
                self.hand_over(&mut batch, &mut load).await?;
            }
            self.take(&mut batch, &mut load, &mut chunk).await?;
            if chunk.sweep.is_some() {
                self.hand_over(&mut batch, &mut load).await?;
                self.due.send(Due::Sweep(chunk)).await.map_err(|_| Gone)?;
            } else if self.is_full(&batch, &load) {
                self.hand_over(&mut batch, &mut load).await?;
            }
        }
    }

    /// Takes a chunk's items, and its marks unless something has to be done before those. The batch is
    /// handed over whenever it is full, also in the middle of a chunk.
    async fn take(
        &mut self,
        batch: &mut Batch,
        load: &mut Load,
        chunk: &mut Chunk,
    ) -> Result<(), Gone> {
        begin(load, chunk);
        for item in std::mem::take(&mut chunk.items) {
            if self.is_full(batch, load) {
                self.hand_over(batch, load).await?;
                begin(load, chunk);
            }
            if let Some(entry) = load.take(&chunk.source, item) {
                batch.push(entry);
            }
        }
        if chunk.sweep.is_none() {
            load.end(chunk);
        }
        Ok(())
    }

    fn is_full(&self, batch: &Batch, load: &Load) -> bool {
        batch.rows() >= self.limits.rows.load(Ordering::Relaxed)
            || batch.bytes() + load.bytes() >= self.limits.bytes
    }

    async fn hand_over(&mut self, batch: &mut Batch, load: &mut Load) -> Result<(), Gone> {
        if load.is_empty() {
            return Ok(());
        }
        let spare = self.spares.recv().await.ok_or(Gone)?;
        let full = std::mem::replace(batch, spare);
        let load = std::mem::take(load);
        let due = Due::Load(Box::new((full, load)));
        self.due.send(due).await.map_err(|_| Gone)
    }
}

/// Has a chunk's items decided by its rule, and its source known.
fn begin(load: &mut Load, chunk: &Chunk) {
    if load.is_empty() {
        load.manner = match &chunk.rule {
            Rule::Position => Manner::ByPosition,
            Rule::Fill(own) => Manner::Fill(Fill {
                own: own.clone(),
                as_of: Arc::default(),
            }),
        };
    }
    if let (Manner::Fill(fill), Some((did, as_of))) = (&mut load.manner, &chunk.as_of) {
        let known: &mut BTreeMap<_, _> = Arc::make_mut(&mut fill.as_of);
        known.insert(did.clone(), *as_of);
    }
    load.know(&chunk.source);
}

/// Whether a chunk can go into the batch that is being filled: one rule decides for all of it.
fn fits(load: &Load, chunk: &Chunk) -> bool {
    if load.is_empty() {
        return true;
    }
    match (&load.manner, &chunk.rule) {
        (Manner::ByPosition, Rule::Position) => true,
        (Manner::Fill(fill), Rule::Fill(own)) => {
            let agrees = |(did, as_of)| fill.as_of.get(did).is_none_or(|known| known == as_of);
            let known = chunk.as_of.as_ref().map(|(did, as_of)| (did, as_of));
            fill.own == *own && known.is_none_or(agrees)
        }
        _ => false,
    }
}
