//! A lane's connection: from the pool, made ready once, renewed now and then.

use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool, Transaction};

use super::statement::Params;
use crate::contract::{self, Finding};
use crate::derived::DerivedSet;
use crate::error::DbError;
use crate::sql;

/// How new records get into their tables on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By COPY, past staging.
    Straight,
    /// All by staging: with row-level security COPY is refused, an insert is not (PostgreSQL manual,
    /// COPY, "Notes"). It is asked for beforehand, since the driver loses its place in the protocol
    /// over a COPY that is refused before it begins.
    Staged,
}

/// A connection with its session set and its staging tables made.
pub struct Connection {
    client: Object,
    since: Instant,
    /// What the tables allow. Where that has changed meanwhile, the connection fails and the next
    /// one knows.
    pub(super) way: Way,
}

impl Connection {
    /// Temporary tables hold back the database's oldest transaction id as long as their session
    /// lives (PostgreSQL manual, "Routine Vacuuming"), so none lives much longer than this.
    const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

    /// A client that is made ready only in part goes: given back to the pool it would have some
    /// staging tables already.
    async fn ready(client: Object) -> Result<Connection, DbError> {
        let mut connection = Connection {
            client,
            since: Instant::now(),
            way: Way::Staged,
        };
        match connection.prepare().await {
            Ok(()) => Ok(connection),
            Err(error) => {
                retire(connection);
                Err(error)
            }
        }
    }

    async fn prepare(&mut self) -> Result<(), DbError> {
        const WHAT: &str = "preparing a connection";
        for text in std::iter::once(sql::SESSION).chain(sql::STAGING) {
            self.client
                .batch_execute(text)
                .await
                .map_err(DbError::during(WHAT))?;
        }
        self.way = match self.ask(WHAT, sql::ROW_SECURITY).await? {
            true => Way::Staged,
            false => Way::Straight,
        };
        Ok(())
    }

    /// Compares the tables with what the merges need.
    ///
    /// # Errors
    ///
    /// The database is away or refuses; act on the error's verdict.
    pub async fn findings(&self, derived: DerivedSet) -> Result<Vec<Finding>, DbError> {
        contract::check(&self.client, derived).await
    }

    /// Runs a statement for the texts of its first column, planned for these parameters.
    ///
    /// # Errors
    ///
    /// The database is away or refuses; act on the error's verdict.
    pub async fn list(
        &self,
        what: &'static str,
        text: &str,
        params: Params<'_>,
    ) -> Result<Vec<String>, DbError> {
        let rows = self.client.query(text, params).await;
        let rows = rows.map_err(DbError::during(what))?;
        rows.iter()
            .map(|row| row.try_get(0).map_err(DbError::during(what)))
            .collect()
    }

    /// Runs a statement for a flag.
    ///
    /// # Errors
    ///
    /// As [`Connection::list`].
    pub async fn ask(&self, what: &'static str, text: &str) -> Result<bool, DbError> {
        let row = self.client.query_one(text, &[]).await;
        row.and_then(|row| row.try_get(0))
            .map_err(DbError::during(what))
    }

    pub(super) async fn begin(&mut self) -> Result<Transaction<'_>, DbError> {
        self.client
            .transaction()
            .await
            .map_err(DbError::during("beginning a transaction"))
    }
}

/// Where a lane's connection comes from.
pub struct Connector {
    pool: Pool,
    held: Option<Connection>,
}

impl Connector {
    /// Takes connections from a pool.
    #[must_use]
    pub fn new(pool: Pool) -> Self {
        Connector { pool, held: None }
    }

    /// The connection, made if there is none or the one there is has grown old.
    ///
    /// # Errors
    ///
    /// None was to be had; try again by the error's verdict.
    pub async fn get(&mut self) -> Result<&mut Connection, DbError> {
        let usable = self.held.take().and_then(|held| {
            if held.since.elapsed() < Connection::LONGEST_LIFE {
                Some(held)
            } else {
                retire(held);
                None
            }
        });
        let connection = match usable {
            Some(connection) => connection,
            None => Connection::ready(self.pool.get().await?).await?,
        };
        Ok(self.held.insert(connection))
    }

    /// Lets go of a connection that has failed: its session and its plans go with it.
    pub fn discard(&mut self) {
        if let Some(held) = self.held.take() {
            retire(held);
        }
    }
}

/// Ends a connection instead of giving it back: its staging tables would be there twice.
fn retire(connection: Connection) {
    drop(Object::take(connection.client));
}

impl Drop for Connector {
    fn drop(&mut self) {
        self.discard();
    }
}
