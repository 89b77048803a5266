//! The task that works on purges beside the lanes, one at a time in a database.

use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{Job, Removed, done, remove, to_do};
use crate::apply::Applier;
use crate::batch::Rules;
use crate::error::{DbError, Verdict};
use crate::retry::Backoff;
use crate::source::Redis;
use crate::sql::purge as sql;

/// The task's own needs.
pub struct Purger {
    /// A connection comes from here while there is something to do.
    pub pool: Pool,
    /// Told how many rows went.
    pub redis: Redis,
    /// How entries become rows.
    pub rules: Rules,
    /// Turns true when the worker is to stop.
    pub stop: watch::Receiver<bool>,
}

/// How things stand after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// Nothing is to be done.
    Clear,
    /// Another process is at it.
    Elsewhere,
    /// Some records would not go.
    Left,
}

impl Purger {
    /// How soon an event's purge begins.
    const EVERY: Duration = Duration::from_secs(1);
    /// Until records that would not go are tried again.
    const LEFT_EVERY: Duration = Duration::from_secs(300);

    /// Runs until told to stop, wherever it stands then: the next goes on.
    pub async fn run(self) {
        let mut backoff = Backoff::new();
        let mut stop = self.stop.clone();
        loop {
            let pause = match self.pass().await {
                Ok(Pass::Left) => Self::LEFT_EVERY,
                Ok(Pass::Clear | Pass::Elsewhere) => {
                    backoff = Backoff::new();
                    Self::EVERY
                }
                Err(refused) => {
                    let pause = backoff.pause();
                    if backoff.attempts() == 1 {
                        warn!("purges wait, trying again until the database takes them: {refused}");
                    }
                    pause.max(Self::EVERY)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Does all that is to be done, for a worker that ends when it has caught up.
    ///
    /// # Errors
    ///
    /// The setup is broken.
    pub async fn finish(&self) -> Result<(), DbError> {
        /// Another process's purge is waited for.
        const LOOK_EVERY: Duration = Duration::from_millis(200);
        let mut backoff = Backoff::new();
        while !*self.stop.borrow() {
            let pause = match self.pass().await {
                Ok(Pass::Clear | Pass::Left) => return Ok(()),
                Ok(Pass::Elsewhere) => LOOK_EVERY,
                Err(error) if error.verdict() == Verdict::Fatal => return Err(error),
                Err(_) => backoff.pause(),
            };
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    async fn pass(&self) -> Result<Pass, DbError> {
        let jobs = to_do(&self.pool.get().await?).await?;
        if jobs.is_empty() {
            return Ok(Pass::Clear);
        }
        let mut applier = Applier::new(self.pool.clone(), self.rules.clone());
        if !applier
            .connection()
            .await?
            .ask("locking", sql::LOCK)
            .await?
        {
            return Ok(Pass::Elsewhere);
        }
        let mut pass = Pass::Clear;
        for job in jobs {
            if self.purge(&mut applier, &job).await? == Pass::Left {
                pass = Pass::Left;
            }
        }
        Ok(pass)
    }

    async fn purge(&self, applier: &mut Applier, job: &Job) -> Result<Pass, DbError> {
        let Removed { records, left } = remove(applier, &self.redis, job, |_, _| {}).await?;
        let removed: u64 = records.iter().map(|(_, records)| records).sum();
        if let Some(because) = &left.because {
            error!(
                did = %job.did,
                removed,
                left = left.records,
                reason = %because.reason,
                sqlstate = because.sqlstate.as_deref(),
                "some records of a deleted account would not go; they are tried again every 5 minutes"
            );
            return Ok(Pass::Left);
        }
        if left.records > 0 {
            warn!(did = %job.did, left = left.records, "rows of a deleted account stay that others wrote, of collections that forebay does not keep in those tables: delete them by hand");
        }
        done(&self.pool.get().await?, job).await?;
        info!(did = %job.did, removed, "the records of a deleted account are purged");
        Ok(Pass::Clear)
    }
}
