//! How far sources have come, as the database keeps it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Handle;

use crate::error::{DbError, Verdict};
use crate::flush::Mark;
use crate::position::Micros;
use crate::retry::Backoff;
use crate::sql::backfill as sql;

use super::chunk::{Form, Taken};
use super::feed::shares_of;
use super::load::Sequence;
use super::patience;
use super::reader::Broken;

/// Whether what was come to before counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// It does.
    No,
    /// Sources begin anew.
    Yes,
}

/// Where progress is kept.
pub enum Ledger {
    /// In the database.
    Kept {
        /// Its connections.
        pool: Pool,
        /// Whether what is there counts.
        restart: Restart,
        /// What else makes two runs over one source different: then it begins anew.
        options: String,
    },
    /// Nowhere: nothing is written at all.
    Dry,
}

impl Ledger {
    /// Takes a source up, however long the database is away. Blocks.
    ///
    /// # Errors
    ///
    /// The setup is broken, or it was told to stop.
    pub fn take(
        &self,
        name: String,
        form: Form,
        content: &str,
        stop: &AtomicBool,
    ) -> Result<Taken, Broken> {
        let shares = shares_of(form);
        let Ledger::Kept {
            pool,
            restart,
            options,
        } = self
        else {
            return Ok(Taken {
                id: 0,
                name,
                begun: BTreeMap::new(),
                form,
            });
        };
        let content = format!("{content} {options}");
        let mut backoff = Backoff::new();
        loop {
            let took = take(pool, &name, &content, shares, *restart);
            let error = match Handle::current().block_on(took) {
                Ok((id, begun)) => {
                    return Ok(Taken {
                        id,
                        name,
                        begun,
                        form,
                    });
                }
                Err(error) => error,
            };
            if error.verdict() == Verdict::Fatal {
                return Err(error.into());
            }
            patience::wait(&mut backoff, &error, stop)?;
        }
    }
}

type Begun = BTreeMap<i16, Mark>;

async fn take(
    pool: &Pool,
    name: &str,
    content: &str,
    shares: i32,
    restart: Restart,
) -> Result<(i64, Begun), DbError> {
    const WHAT: &str = "taking up a source of a backfill";
    let client = pool.get().await?;
    let row = client
        .query_one(sql::SOURCE_PUT, &[&name, &content, &shares])
        .await
        .map_err(DbError::during(WHAT))?;
    let (id, is_other): (i64, bool) = (row.get(0), row.get(1));
    if is_other || restart == Restart::Yes {
        client
            .execute(sql::SOURCE_FORGET, &[&id, &content, &shares])
            .await
            .map_err(DbError::during(WHAT))?;
        return Ok((id, Begun::new()));
    }
    let rows = client
        .query(sql::PROGRESS, &[&id])
        .await
        .map_err(DbError::during(WHAT))?;
    let mark = |row: &tokio_postgres::Row| {
        let mark = Mark {
            offset: row.get::<_, &str>(1).parse().unwrap_or_default(),
            is_end: row.get(2),
            records: row.get(3),
            filtered: row.get(4),
            rejected: row.get(5),
        };
        (row.get(0), mark)
    };
    Ok((id, rows.iter().map(mark).collect()))
}

/// The lock of which there is one backfill at a time. The server keeps it as long as the connection
/// lives, so that the connection does not go back to its pool.
pub struct Lock(Option<Object>);

impl Lock {
    /// Whether the connection, and the lock with it, is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.0.as_ref().is_none_or(|client| client.is_closed())
    }

    /// Lets go of it.
    pub fn release(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.release();
    }
}

/// Takes the lock; nothing if somebody else has it.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn lock(pool: &Pool) -> Result<Option<Lock>, DbError> {
    const WHAT: &str = "locking out other backfills";
    let client = pool.get().await?;
    let row = client.query_one(sql::LOCK, &[]).await;
    let is_ours: bool = row
        .and_then(|row| row.try_get(0))
        .map_err(DbError::during(WHAT))?;
    Ok(is_ours.then_some(Lock(Some(client))))
}

/// The same, with some patience: the server may not have noticed yet that the last one has ended.
///
/// # Errors
///
/// As [`lock`].
pub async fn lock_soon(pool: &Pool) -> Result<Option<Lock>, DbError> {
    const TRIES: u32 = 30;
    const TRY_EVERY: Duration = Duration::from_millis(100);
    for _ in 1..TRIES {
        if let Some(locked) = lock(pool).await? {
            return Ok(Some(locked));
        }
        tokio::time::sleep(TRY_EVERY).await;
    }
    lock(pool).await
}

/// Up to where tombstones may be gone.
///
/// # Errors
///
/// As [`lock`].
pub async fn horizon(pool: &Pool) -> Result<Option<Micros>, DbError> {
    const WHAT: &str = "asking which tombstones are kept";
    let client = pool.get().await?;
    let row = client.query_one(sql::HORIZON, &[]).await;
    row.and_then(|row| row.try_get(0))
        .map_err(DbError::during(WHAT))
}

/// Returns when everything that was committed is on disk.
///
/// # Errors
///
/// As [`lock`].
pub async fn settle(pool: &Pool) -> Result<(), DbError> {
    const WHAT: &str = "making sure of the log";
    let client = pool.get().await?;
    client
        .execute(sql::SETTLE, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    Ok(())
}

/// Whether what lanes have committed is there: their commits did not wait for the disk, and a server
/// that crashed may have lost the last of them.
///
/// # Errors
///
/// [`DbError::Lost`] if something is not; else as [`lock`].
pub async fn verify(pool: &Pool, lanes: &[Arc<Sequence>]) -> Result<(), DbError> {
    const WHAT: &str = "making sure of what was committed";
    let client = pool.get().await?;
    for lane in lanes.iter().filter(|lane| lane.committed() > 0) {
        let run: &str = &lane.run;
        let row = client
            .query_one(sql::LANE, &[&lane.lane, &run, &lane.committed()])
            .await;
        let is_there: bool = row
            .and_then(|row| row.try_get(0))
            .map_err(DbError::during(WHAT))?;
        if !is_there {
            return Err(DbError::Lost);
        }
    }
    Ok(())
}

/// What a source of a backfill has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// It is at its end.
    pub is_ended: bool,
    /// Entries taken.
    pub records: i64,
    /// What a filter left out.
    pub filtered: i64,
    /// What could not be stored or read.
    pub rejected: i64,
    /// When it began, and when it last came further.
    pub times: [String; 2],
}

/// What all sources have come to.
///
/// # Errors
///
/// As [`lock`].
pub async fn status(pool: &Pool) -> Result<Vec<Line>, DbError> {
    const WHAT: &str = "asking how far backfills have come";
    let client = pool.get().await?;
    let rows = client
        .query(sql::STATUS, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let line = |row: &tokio_postgres::Row| Line {
        name: row.get(0),
        is_ended: row.get(1),
        records: row.get(2),
        filtered: row.get(3),
        rejected: row.get(4),
        times: [row.get(5), row.get(6)],
    };
    Ok(rows.iter().map(line).collect())
}
