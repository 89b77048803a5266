//! What a batch is written under beside its rows. The stream's batches know one set of terms; a
//! backfill has others.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use deadpool_postgres::Transaction;

use super::statement::{query, run};
use crate::error::DbError;
use crate::letter::DeadLetter;
use crate::position::Micros;
use crate::sql;

/// What decides between a staged row and the one that is there.
#[derive(Clone, Debug, Default)]
pub enum Manner {
    /// Their positions.
    #[default]
    ByPosition,
    /// The one that is there stays, whatever its position.
    Fill(Fill),
}

/// For rows without a position of their own, whose stamps decide nothing against other writers'.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    /// Versions of rows that this very source has written: among these, position decides. `None` where
    /// a source has a record once.
    pub own: Option<Range<Micros>>,
    /// The moments as of which repositories are known: a tombstone from then on ends a record. Of others
    /// nothing is known, and any tombstone does.
    pub as_of: Arc<BTreeMap<String, Micros>>,
}

/// What becomes of ops that cannot be stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// They become dead letters, to be put back on the stream.
    #[default]
    Written,
    /// They are told: their source is there still.
    Told,
}

/// When a commit returns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    /// When its log is on disk: what is acknowledged must not be lost.
    #[default]
    Flushed,
    /// Before: progress lies in the same log, so that what is lost is done again.
    Later,
}

/// When counts are added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counts {
    /// In the transaction of their rows.
    #[default]
    Kept,
    /// Once, when all rows are there; nobody else may write meanwhile.
    AtTheEnd,
}

/// How far a source has come when a batch is committed, as to the repositories of one share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// Everything before this is dealt with.
    pub offset: u128,
    /// That is all that there is.
    pub is_end: bool,
    /// Entries that the batch has taken.
    pub records: i64,
    /// What a filter left out.
    pub filtered: i64,
    /// What cannot be stored, or read.
    pub rejected: i64,
}

/// The number of a lane's transaction, among those of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// The lane.
    pub lane: i32,
    /// The run.
    pub run: Arc<str>,
    /// From 1.
    pub seq: i64,
}

/// A source's number and a share of its repositories.
pub type Share = (i64, i16);

/// All terms.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// What decides.
    pub manner: Manner,
    /// What becomes of what cannot be stored.
    pub letters: Letters,
    /// When the commit returns.
    pub commit: Commit,
    /// When counts are added up.
    pub counts: Counts,
    /// What is noted with the rows.
    pub marks: BTreeMap<Share, Mark>,
    /// By which it is noticed that an earlier transaction was lost: its commit did not wait.
    pub number: Option<Number>,
    /// Where each entry comes from, by the `n` of its id; empty for the stream's.
    pub origins: Arc<Vec<Share>>,
}

impl Terms {
    /// Says what kind of commit the transaction is to have.
    pub(super) async fn begin(&self, transaction: &Transaction<'_>) -> Result<(), DbError> {
        if self.commit == Commit::Later {
            run(transaction, "beginning a batch", sql::COMMIT_LATER, &[]).await?;
        }
        Ok(())
    }

    /// Notes how far sources have come, in the transaction of their rows.
    pub(super) async fn note(
        &self,
        transaction: &Transaction<'_>,
        letters: &[DeadLetter],
    ) -> Result<(), DbError> {
        if let Some(Number { lane, run, seq }) = &self.number {
            const WHAT: &str = "counting a backfill's transactions";
            let run: &str = run;
            let counted = sql::backfill::LANE_PUT;
            if query(transaction, WHAT, counted, &[lane, &run, seq])
                .await?
                .is_empty()
            {
                return Err(DbError::Lost);
            }
        }
        if self.marks.is_empty() {
            return Ok(());
        }
        let marks = self.with_rejected(letters);
        fn each<T>(marks: &BTreeMap<Share, Mark>, column: impl Fn((&Share, &Mark)) -> T) -> Vec<T> {
            marks.iter().map(column).collect()
        }
        run(
            transaction,
            "noting how far a backfill has come",
            sql::backfill::PROGRESS_PUT,
            &[
                &each(&marks, |(share, _)| share.0),
                &each(&marks, |(share, _)| share.1),
                &each(&marks, |(_, mark)| mark.offset.to_string()),
                &each(&marks, |(_, mark)| mark.is_end),
                &each(&marks, |(_, mark)| mark.records),
                &each(&marks, |(_, mark)| mark.filtered),
                &each(&marks, |(_, mark)| mark.rejected),
            ],
        )
        .await?;
        Ok(())
    }

    fn with_rejected(&self, letters: &[DeadLetter]) -> BTreeMap<Share, Mark> {
        let mut marks = self.marks.clone();
        for letter in letters {
            let entry = usize::try_from(letter.entry_id.n).unwrap_or(usize::MAX);
            let share = self.origins.get(entry);
            if let Some(mark) = share.and_then(|share| marks.get_mut(share)) {
                mark.rejected += 1;
            }
        }
        marks
    }
}
