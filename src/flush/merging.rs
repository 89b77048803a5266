//! What the merges of one transaction share: the transaction, the batch, and what has changed.

use deadpool_postgres::Transaction;
use tokio_postgres::types::FromSqlOwned;

use super::changes::{Changes, Table};
use super::statement::{Params, query_one, run};
use super::terms::Terms;
use crate::batch::{Batch, Straight};
use crate::derived::Derived;
use crate::error::DbError;
use crate::stage::{Kind, Stage};

/// What a merge did.
pub struct Merged {
    /// What was added and removed.
    pub changes: Changes,
    /// Kinds of which a row collided that no hint spoke of.
    pub collided: Vec<Kind>,
    /// Whether a viewer state was there that no hint spoke of.
    pub is_surprised: bool,
}

/// A merge under way.
pub struct Merging<'t> {
    /// What is to be committed.
    pub transaction: &'t Transaction<'t>,
    /// Whose rows are merged.
    pub batch: &'t Batch,
    /// Which of its rows are not staged, but go straight into their tables.
    pub straight: Straight,
    /// What it is written under.
    pub terms: &'t Terms,
    /// What was added and removed so far.
    pub changes: Changes,
    /// Kinds of which a row collided that no hint spoke of.
    pub collided: Vec<Kind>,
    /// Whether a viewer state was there that no hint spoke of.
    pub is_surprised: bool,
    /// Posts that went straight in and whose threads have a gate.
    pub gated: Vec<String>,
    /// Staged records, other than posts and pairs, of which nothing is known yet.
    records: u64,
}

impl<'t> Merging<'t> {
    /// Begins; nothing has changed yet.
    pub fn new(
        transaction: &'t Transaction<'t>,
        batch: &'t Batch,
        straight: Straight,
        terms: &'t Terms,
    ) -> Self {
        let records = Kind::ALL
            .into_iter()
            .filter(|kind| kind.stage() == Stage::Records);
        Merging {
            records: records.map(|kind| batch.puts(kind) as u64).sum(),
            terms,
            transaction,
            batch,
            straight,
            changes: Changes::default(),
            collided: Vec::new(),
            is_surprised: false,
            gated: Vec::new(),
        }
    }

    /// How many creates and updates of a kind are staged.
    pub fn staged(&self, kind: Kind) -> usize {
        self.batch.puts(kind) - self.straight.count(kind)
    }

    /// Whether the batch holds anything of a kind.
    pub fn holds(&self, kind: Kind) -> bool {
        self.batch.puts(kind) > 0 || self.batch.deletes(kind) > 0
    }

    /// Whether this is kept of what follows from records.
    pub fn keeps(&self, one: Derived) -> bool {
        self.batch.derived().has(one)
    }

    /// Notes staged rows that were taken out before they were merged.
    pub fn struck(&mut self, stage: Stage, rows: u64) {
        if stage == Stage::Records {
            self.records = self.records.saturating_sub(rows);
        }
    }

    /// Notes records, other than posts and pairs, that were written.
    pub fn written(&mut self, rows: u64) {
        self.records = self.records.saturating_sub(rows);
    }

    /// What it did, with what of the batch was there already.
    pub fn end(mut self) -> Merged {
        self.changes.unwritten.present += self.records;
        Merged {
            changes: self.changes,
            collided: self.collided,
            is_surprised: self.is_surprised,
        }
    }

    /// Notes rows added to a table, or removed if negative.
    pub fn note(&mut self, table: Table, rows: i64) {
        self.changes.note(table, rows);
    }

    /// Notes rows added to a kind's table, if that is one whose rows are counted.
    pub fn added(&mut self, kind: Kind, rows: i64) {
        if let Some(table) = Table::named(kind.name()) {
            self.note(table, rows);
        }
    }

    /// The same for rows that were removed.
    pub fn removed(&mut self, kind: Kind, rows: i64) {
        self.added(kind, -rows);
    }

    /// Runs a statement and says how many rows it wrote.
    pub async fn run(&self, what: &'static str, text: &str) -> Result<u64, DbError> {
        run(self.transaction, what, text, &[]).await
    }

    /// The same with parameters.
    pub async fn run_with(
        &self,
        what: &'static str,
        text: &str,
        params: Params<'_>,
    ) -> Result<u64, DbError> {
        run(self.transaction, what, text, params).await
    }

    /// Runs a statement that answers with one value.
    pub async fn ask<T: FromSqlOwned>(&self, what: &'static str, text: &str) -> Result<T, DbError> {
        self.ask_with(what, text, &[]).await
    }

    /// The same with parameters.
    pub async fn ask_with<T: FromSqlOwned>(
        &self,
        what: &'static str,
        text: &str,
        params: Params<'_>,
    ) -> Result<T, DbError> {
        let row = query_one(self.transaction, what, text, params).await?;
        row.try_get(0).map_err(DbError::during(what))
    }

    /// Runs a statement that answers with two numbers.
    pub async fn ask_two(&self, what: &'static str, text: &str) -> Result<(i64, i64), DbError> {
        self.ask_two_with(what, text, &[]).await
    }

    /// The same with parameters.
    pub async fn ask_two_with(
        &self,
        what: &'static str,
        text: &str,
        params: Params<'_>,
    ) -> Result<(i64, i64), DbError> {
        let row = query_one(self.transaction, what, text, params).await?;
        let number = |column| row.try_get(column).map_err(DbError::during(what));
        Ok((number(0)?, number(1)?))
    }
}
