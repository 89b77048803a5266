//! Storing entries that come from no stream: letters that are replayed, deletes of a purge.
//!
//! The same decoding, batches and flush as the worker's, at the entries' own positions. Each entry has
//! the ops of one uri. Nothing here can be acknowledged, and nothing becomes a dead letter: what is
//! refused goes back to whoever asked.

use std::time::Duration;

use deadpool_postgres::Pool;

use crate::batch::{Batch, Rules};
use crate::entry::Entry;
use crate::error::{DbError, Verdict};
use crate::flush::{Changes, Connection, Connector, Known, Terms, Unreported, flush};
use crate::letter::DeadLetter;
use crate::retry::Backoff;
use crate::split;

/// What became of some entries.
#[derive(Debug, Default)]
pub struct Applied {
    /// What was added to and removed from the tables that the AppView counts.
    pub changes: Changes,
    /// The places of the entries that were refused, ascending, each with the reason.
    pub refused: Vec<(usize, DeadLetter)>,
}

/// A way into the database for whoever is not a lane.
pub struct Applier {
    connector: Connector,
    known: Known,
    users: Unreported,
    rules: Rules,
}

impl Applier {
    /// How often a flush that may succeed by itself (a lock, a failover) is tried: some seconds.
    const TRIES: u64 = 6;

    /// Opens no connection yet.
    #[must_use]
    pub fn new(pool: Pool, rules: Rules) -> Self {
        Applier {
            connector: Connector::new(pool),
            known: Known::new(),
            users: Unreported::default(),
            rules,
        }
    }

    /// The connection over which it writes, made ready.
    ///
    /// # Errors
    ///
    /// None was to be had.
    pub async fn connection(&mut self) -> Result<&mut Connection, DbError> {
        self.connector.get().await
    }

    /// Stores entries in one transaction, or in halves where some are refused.
    ///
    /// # Errors
    ///
    /// The database is away or the setup is broken. Some may then be stored; the same again is
    /// harmless.
    pub async fn apply(&mut self, entries: &[Entry]) -> Result<Applied, DbError> {
        let mut applied = Applied::default();
        let (good, refused) = self.screen(entries);
        applied.refused = refused;
        let mut parts = vec![good];
        while let Some(part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match self.flush(entries, &part).await {
                Ok(changes) => applied.changes.add(&changes),
                Err(error) if part.len() > 1 && can_be_halved(&error) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.push(second.to_vec());
                    parts.push(first.to_vec());
                }
                Err(error) if error.is_row_local() => {
                    let letter = split::refusal(&entries[part[0]], Some(0), &error);
                    applied.refused.push((part[0], letter));
                }
                Err(error) => return Err(error),
            }
        }
        applied.refused.sort_unstable_by_key(|(at, _)| *at);
        Ok(applied)
    }

    /// The places of those that can be decoded, and of the others with the reason.
    fn screen(&self, entries: &[Entry]) -> (Vec<usize>, Vec<(usize, DeadLetter)>) {
        let mut scratch = Batch::new(self.rules.clone());
        let (mut good, mut refused) = (Vec::new(), Vec::new());
        for (at, entry) in entries.iter().enumerate() {
            scratch.push(entry);
            match scratch.dead().first() {
                Some(letter) => refused.push((at, letter.clone())),
                None => good.push(at),
            }
            scratch.clear();
        }
        (good, refused)
    }

    async fn flush(&mut self, entries: &[Entry], part: &[usize]) -> Result<Changes, DbError> {
        let mut batch = Batch::new(self.rules.clone());
        for at in part {
            batch.push(&entries[*at]);
        }
        let mut backoff = Backoff::new();
        loop {
            let connection = self.connector.get().await?;
            let error = match flush(
                connection,
                &batch,
                &self.known,
                &mut self.users,
                &Terms::default(),
            )
            .await
            {
                Ok((durable, _)) => return Ok(*durable.changes()),
                Err(error) => error,
            };
            let again = match error.verdict() {
                Verdict::Retry | Verdict::Halve => backoff.attempts() < Self::TRIES,
                Verdict::RetryOnce => backoff.attempts() == 0,
                Verdict::Poison | Verdict::Fatal => false,
            };
            let pause = backoff.pause().max(Duration::from_millis(200));
            if !again || (part.len() > 1 && can_be_halved(&error)) {
                return Err(error);
            }
            self.connector.discard();
            self.known.forget();
            tokio::time::sleep(pause).await;
        }
    }
}

/// Whether fewer entries at once may be taken.
fn can_be_halved(error: &DbError) -> bool {
    error.is_row_local() || error.verdict() == Verdict::Halve
}
