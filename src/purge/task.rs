//! The task that works on purges beside the lanes, one at a time in a database.

use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::{Job, Removed, done, is_locked, remove, to_do};
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
    /// Nothing is to be done, but for what would not go.
    Clear,
    /// Another process is at it.
    Elsewhere,
    /// Something was done, or tried.
    Worked,
}

/// The accounts of which some records would not go. They must not keep the others waiting.
struct Stuck {
    dids: Vec<String>,
    since: Instant,
}

impl Stuck {
    /// Until records that would not go are tried again.
    const LEFT_EVERY: Duration = Duration::from_secs(300);

    fn none() -> Self {
        Stuck {
            dids: Vec::new(),
            since: Instant::now(),
        }
    }

    /// Those that are to wait still.
    fn dids(&mut self) -> &[String] {
        if self.since.elapsed() >= Self::LEFT_EVERY {
            *self = Stuck::none();
        }
        &self.dids
    }
}

/// What became of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purged {
    Whole,
    /// The server would not let some records go: to be tried again.
    InPart,
}

impl Purger {
    /// How soon an event's purge begins.
    const EVERY: Duration = Duration::from_secs(1);

    /// Runs until told to stop, wherever it stands then: the next goes on.
    pub async fn run(self) {
        let mut backoff = Backoff::new();
        let mut stuck = Stuck::none();
        let mut stop = self.stop.clone();
        loop {
            let pause = match self.pass(&mut stuck).await {
                Ok(_) => {
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
        let mut stuck = Stuck::none();
        while !*self.stop.borrow() {
            let pause = match self.pass(&mut stuck).await {
                Ok(Pass::Clear) => return Ok(()),
                Ok(Pass::Worked) => continue,
                Ok(Pass::Elsewhere) => LOOK_EVERY,
                Err(error) if error.verdict() == Verdict::Fatal => return Err(error),
                Err(_) => backoff.pause(),
            };
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// The lock goes with the applier's connection, which is renewed now and then: two processes may
    /// then be at the same work, which is harmless.
    async fn pass(&self, stuck: &mut Stuck) -> Result<Pass, DbError> {
        let client = self.pool.get().await?;
        let jobs = to_do(&client, stuck.dids()).await?;
        if jobs.is_empty() {
            return Ok(Pass::Clear);
        }
        if is_locked(&client).await? {
            return Ok(Pass::Elsewhere);
        }
        drop(client);
        let mut applier = Applier::new(self.pool.clone(), self.rules.clone());
        if !applier
            .connection()
            .await?
            .ask("locking", sql::LOCK)
            .await?
        {
            return Ok(Pass::Elsewhere);
        }
        for job in jobs {
            if self.purge(&mut applier, &job).await? == Purged::InPart {
                stuck.dids.push(job.did);
            }
        }
        Ok(Pass::Worked)
    }

    async fn purge(&self, applier: &mut Applier, job: &Job) -> Result<Purged, DbError> {
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
            return Ok(Purged::InPart);
        }
        if left.records > 0 {
            warn!(did = %job.did, left = left.records, "rows of a deleted account stay that others wrote, under uris that a delete does not reach: delete them by hand");
        }
        done(&self.pool.get().await?, job).await?;
        info!(did = %job.did, removed, "the records of a deleted account are purged");
        Ok(Purged::Whole)
    }
}
