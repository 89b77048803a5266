//! One batch, one transaction: copy to staging, merge, commit.
//!
//! What comes out is a [`Durable`], the only thing that can be acknowledged. It knows nothing of
//! Redis, nor what to do when it fails: the error carries that.

mod changes;
mod connection;
mod copy;
mod counts;
mod effects;
mod fill;
mod flags;
mod known;
mod label_events;
mod letters;
mod merge;
mod merging;
mod notifications;
mod pairs;
mod posts;
mod probe;
mod reactions;
mod replies;
mod seen;
mod statement;
mod straight;
mod strike;
mod stubs;
mod tail;
mod terms;
mod thread_contexts;
mod viewer_states;

pub use changes::{Changes, Table, Unwritten};
pub use connection::{Connection, Connector};
pub use effects::Effects;
pub use known::Known;
pub use merge::lock_partitions;
pub use probe::Refusal;
pub use statement::timestamp as statement_timestamp;
pub use stubs::Unreported;
pub use terms::{Commit, Counts, Fill, Letters, Manner, Mark, Number, Share, Terms};

use std::collections::HashMap;
use std::time::{Duration, Instant};

use deadpool_postgres::Transaction;

use crate::batch::{Batch, Straight};
use crate::breaker::{Broken, Trial};
use crate::contract::Finding;
use crate::error::DbError;
use crate::letter::DeadLetter;
use crate::position::StreamId;
use crate::sql;
use connection::Way;
use merging::Merged;

/// A batch that is committed: its entries may be acknowledged.
///
/// Nothing outside this module can make one, so that no entry is acknowledged whose rows could
/// still be lost.
#[derive(Debug)]
pub struct Durable {
    ids: Vec<StreamId>,
    letters: Vec<DeadLetter>,
    changes: Changes,
    effects: Effects,
}

impl Durable {
    /// The entries that it is made of.
    #[must_use]
    pub fn ids(&self) -> &[StreamId] {
        &self.ids
    }

    /// What it added to and removed from the tables.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// What it merged.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// The dead letters that were committed with it.
    #[must_use]
    pub fn letters(&self) -> &[DeadLetter] {
        &self.letters
    }
}

/// How long the parts of a flush took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Users rows, waiting for locks, and COPY into staging.
    pub copy: Duration,
    /// Merging, and COPY of what goes straight into its table.
    pub merge: Duration,
    /// COMMIT.
    pub commit: Duration,
}

impl Times {
    /// All of it.
    #[must_use]
    pub fn whole(&self) -> Duration {
        self.copy + self.merge + self.commit
    }
}

/// Writes a batch in one transaction.
///
/// Whatever happened before (a commit whose answer was lost, another worker's write), doing it
/// again is harmless: the merges converge.
///
/// # Errors
///
/// Nothing is then written, or the commit's answer was lost; [`DbError::verdict`] says what to do
/// with the batch, which is as it was.
pub async fn flush(
    connection: &mut Connection,
    batch: &Batch,
    known: &Known,
    users: &mut Unreported,
    terms: &Terms,
) -> Result<(Durable, Times), DbError> {
    let mut times = Times::default();
    let mut changes = Changes::default();
    let has_rows = batch.rows() > 0 || batch.stubs().next().is_some();
    if has_rows || !batch.dead().is_empty() || !terms.marks.is_empty() {
        changes = write(connection, batch, (known, users), terms, &mut times).await?;
    }
    let durable = Durable {
        ids: batch.ids().to_vec(),
        letters: batch.dead().to_vec(),
        changes,
        effects: Effects::of(batch),
    };
    Ok((durable, times))
}

async fn write(
    connection: &mut Connection,
    batch: &Batch,
    (known, users): (&Known, &mut Unreported),
    terms: &Terms,
    times: &mut Times,
) -> Result<Changes, DbError> {
    let start = Instant::now();
    let way = connection.way;
    let stubs = known.unknown_of(batch);
    let mut hints = known.pairs().hints(batch);
    users.add(stubs::make(connection, &stubs).await?);
    let transaction = connection.begin().await?;
    terms.begin(&transaction).await?;
    merge::lock_partitions(&transaction, &batch.partitions()).await?;
    let struck = strike::look_up(&transaction, batch, terms).await?;
    let straight = match way {
        Way::Straight => std::mem::take(&mut hints.straight),
        Way::Staged => Straight::default(),
    };
    let straight = straight::judge(&transaction, batch, straight, &struck, terms).await?;
    copy::stage(&transaction, &batch.copies(&straight)).await?;
    times.copy = start.elapsed();
    let start = Instant::now();
    let Merged {
        mut changes,
        collided,
        is_surprised,
    } = merge::merge(&transaction, batch, straight, &struck, terms).await?;
    letters::write(&transaction, batch.dead(), terms.letters).await?;
    terms.note(&transaction, batch.dead()).await?;
    times.merge = start.elapsed();
    let start = Instant::now();
    transaction
        .commit()
        .await
        .map_err(DbError::during("committing a batch"))?;
    times.commit = start.elapsed();
    known.learn(&stubs);
    known.pairs().learn(hints);
    known.pairs().refuted(&collided);
    if is_surprised {
        known.pairs().surprised();
    }
    changes.note(Table::Users, users.take());
    Ok(changes)
}

/// Why entries could not be taken apart.
#[derive(Debug, thiserror::Error)]
pub enum Unsplit {
    /// A failure that is no row's; act on its verdict.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The tables are not what the merges need: no row is to blame.
    #[error("the tables are not as they have to be")]
    Unfit(Vec<Finding>),
    /// Too many rows are refused to go by this lane alone: hear the others first.
    #[error("most rows of a kind are refused for one reason")]
    Doubtful,
    /// They are, and yet refuse row after row.
    #[error("{0}")]
    Refused(Broken),
}

impl From<Broken> for Unsplit {
    fn from(broken: Broken) -> Unsplit {
        Unsplit::Refused(broken)
    }
}

/// Makes the users rows that a batch names, whatever becomes of its records. A row that the server
/// refuses is left out: its records do not need it.
///
/// # Errors
///
/// As [`flush`], but never poison; or hardly a row is taken, and the setup is broken.
pub async fn make_users(
    connection: &mut Connection,
    batch: &Batch,
    users: &mut Unreported,
    trial: &mut Trial,
) -> Result<(), Unsplit> {
    let stubs: Vec<_> = batch.stubs().collect();
    let made = match stubs::make(connection, &stubs).await {
        Err(refused) if refused.is_row_local() => {
            stubs::make_each(connection, &stubs, trial).await?
        }
        made => made?,
    };
    users.add(made);
    Ok(())
}

/// Many small batches in one transaction, each in a savepoint of its own: how poison is isolated.
pub struct Isolation<'a> {
    transaction: Transaction<'a>,
    ids: Vec<StreamId>,
    letters: Vec<DeadLetter>,
    /// Letters that are not written yet.
    buried: Vec<DeadLetter>,
    changes: Changes,
    effects: Effects,
    terms: &'a Terms,
}

impl<'a> Isolation<'a> {
    /// Begins, and takes every partition: its parts take the tail's locks many times, and no order
    /// among them could be kept while other transactions run.
    ///
    /// # Errors
    ///
    /// As [`flush`].
    pub async fn begin(
        connection: &'a mut Connection,
        terms: &'a Terms,
    ) -> Result<Isolation<'a>, DbError> {
        let transaction = connection.begin().await?;
        terms.begin(&transaction).await?;
        let all: Vec<i32> = (0..crate::partition::PARTITIONS.cast_signed()).collect();
        merge::lock_partitions(&transaction, &all).await?;
        Ok(Isolation {
            transaction,
            ids: Vec::new(),
            letters: Vec::new(),
            buried: Vec::new(),
            changes: Changes::default(),
            effects: Effects::default(),
            terms,
        })
    }

    /// Writes a part in a savepoint; if the server refuses it, as if it had not been tried.
    ///
    /// # Errors
    ///
    /// With [`Verdict::Poison`](crate::error::Verdict) the transaction goes on without the part;
    /// with any other the transaction is lost.
    pub async fn attempt(&mut self, part: &Batch) -> Result<(), DbError> {
        const WHAT: &str = "checking deferred constraints";
        let savepoint = self
            .transaction
            .savepoint("part")
            .await
            .map_err(DbError::during("beginning a part"))?;
        let attempt = async {
            statement::run(&savepoint, WHAT, sql::CONSTRAINTS_LATER, &[]).await?;
            let straight = Straight::default();
            copy::stage(&savepoint, &part.copies(&straight)).await?;
            let struck = strike::look_up(&savepoint, part, self.terms).await?;
            let merged = merge::merge(&savepoint, part, straight, &struck, self.terms).await?;
            letters::write(&savepoint, part.dead(), self.terms.letters).await?;
            merge::unstage(&savepoint).await?;
            statement::run(&savepoint, WHAT, sql::CONSTRAINTS_NOW, &[]).await?;
            Ok(merged.changes)
        };
        match attempt.await {
            Ok(changes) => {
                savepoint
                    .commit()
                    .await
                    .map_err(DbError::during("keeping a part"))?;
                self.letters.extend_from_slice(part.dead());
                self.changes.add(&changes);
                self.effects.add(&Effects::of(part));
                Ok(())
            }
            Err(refused) => {
                savepoint
                    .rollback()
                    .await
                    .map_err(DbError::during("undoing a part"))?;
                Err(refused)
            }
        }
    }

    /// The rows of a part, refused as a whole, that the server refuses one by one, by their uris. It
    /// need not find all; nothing is written.
    ///
    /// # Errors
    ///
    /// The transaction is then lost.
    pub async fn probe(&mut self, part: &Batch) -> Result<HashMap<String, Refusal>, DbError> {
        const WHAT: &str = "probing a part";
        let savepoint = self.transaction.savepoint("probe").await;
        let savepoint = savepoint.map_err(DbError::during(WHAT))?;
        copy::stage(&savepoint, &part.copies(&Straight::default())).await?;
        let refused = probe::refused(&savepoint, part, self.terms).await?;
        let undone = savepoint.rollback().await;
        undone.map_err(DbError::during(WHAT))?;
        Ok(refused)
    }

    /// Sets an op aside that the server refused.
    pub fn bury(&mut self, letter: DeadLetter) {
        self.buried.push(letter);
    }

    /// Notes that all of these entries are dealt with.
    pub fn done_with(&mut self, ids: &[StreamId]) {
        self.ids.extend_from_slice(ids);
    }

    /// Commits all parts and letters.
    ///
    /// # Errors
    ///
    /// As [`flush`].
    pub async fn commit(mut self, users: &mut Unreported) -> Result<Durable, DbError> {
        letters::write(&self.transaction, &self.buried, self.terms.letters).await?;
        self.letters.append(&mut self.buried);
        self.terms.note(&self.transaction, &self.letters).await?;
        self.transaction
            .commit()
            .await
            .map_err(DbError::during("committing isolated parts"))?;
        self.changes.note(Table::Users, users.take());
        Ok(Durable {
            ids: self.ids,
            letters: self.letters,
            changes: self.changes,
            effects: self.effects,
        })
    }
}
