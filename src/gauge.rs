//! Looks at the stream every second: how far behind the worker is, what was trimmed before anyone
//! read it, and whether that is about to happen.
//!
//! It counts losses and says so; it can prevent none.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, error, warn};

use crate::error::RedisError;
use crate::metrics::Metrics;
use crate::source::{Redis, look, note_unread};
use crate::standing::{Standing, Unread};

const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The task's own needs, and what it remembers from look to look.
pub struct Gauge {
    redis: Redis,
    metrics: Arc<Metrics>,
    /// Entries that the stream's writer lets it hold.
    maxlen: u64,
    unread: Option<Unread>,
    near: Near,
}

/// Whether the stream's limit is near.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Near {
    No,
    /// It was said.
    Yes,
}

impl Gauge {
    /// Has not looked yet.
    #[must_use]
    pub fn new(redis: Redis, metrics: Arc<Metrics>, maxlen: u64) -> Self {
        Gauge {
            redis,
            metrics,
            maxlen,
            unread: None,
            near: Near::No,
        }
    }

    /// Runs until the worker is done, and looks a last time then.
    pub async fn run(mut self, mut done: watch::Receiver<bool>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let last = tokio::select! {
                _ = looks.tick() => false,
                _ = done.changed() => true,
            };
            self.look().await;
            if last {
                return;
            }
        }
    }

    /// Looks once.
    pub async fn look(&mut self) {
        if let Err(error) = self.try_look().await {
            debug!("how the worker stands to the stream is not known: {error}");
            self.metrics.set_standing(None);
        }
    }

    async fn try_look(&mut self) -> Result<(), RedisError> {
        let Some(look) = look(&self.redis).await? else {
            self.metrics.set_standing(None);
            return Ok(());
        };
        if let Some(unread) = look.unread() {
            self.note(unread).await?;
        }
        let known = match self.unread {
            Some(Unread::Exactly(entries) | Unread::AtLeast(entries)) => entries,
            None => 0,
        };
        let standing = look.standing(known);
        self.metrics.set_standing(Some(standing));
        self.warn_before_loss(standing);
        Ok(())
    }

    async fn note(&mut self, unread: Unread) -> Result<(), RedisError> {
        if self.unread == Some(unread) {
            return Ok(());
        }
        let lost = note_unread(&self.redis, unread).await?;
        self.unread = Some(unread);
        if lost > 0 {
            self.metrics
                .lost(usize::try_from(lost).unwrap_or(usize::MAX));
            error!(
                entries = lost,
                "entries were trimmed from the stream before anyone read them: lost; raise the writer's MAXLEN, or run more workers"
            );
        }
        Ok(())
    }

    /// What is not stored yet lies at the stream's end; when that is nearly all that the stream may
    /// hold, the writer is about to trim it.
    fn warn_before_loss(&mut self, standing: Standing) {
        let Some(backlog) = standing.backlog else {
            return;
        };
        let waiting = backlog.saturating_add(standing.pending);
        let near = nears(self.near, waiting, self.maxlen);
        if near == Near::Yes && self.near == Near::No {
            warn!(
                backlog,
                pending = standing.pending,
                limit = self.maxlen,
                "the backlog nears the stream's length limit: what is trimmed unread is lost; raise the writer's MAXLEN, or run more workers"
            );
        }
        self.near = near;
    }
}

/// Said at four fifths of the limit, and again only after it was below seven tenths.
fn nears(before: Near, waiting: u64, limit: u64) -> Near {
    let tenths = |tenths: u64| limit / 10 * tenths + limit % 10 * tenths / 10;
    match before {
        Near::No if waiting >= tenths(8) => Near::Yes,
        Near::Yes if waiting < tenths(7) => Near::No,
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warns_once_a_crossing() {
        let levels = [0, 799, 800, 1_000, 790, 700, 800, 699, 799, 801];
        let mut near = Near::No;
        let mut said = Vec::new();
        for waiting in levels {
            let now = nears(near, waiting, 1_000);
            if now == Near::Yes && near == Near::No {
                said.push(waiting);
            }
            near = now;
        }
        assert_eq!(said, [800, 801]);
        assert_eq!(nears(Near::No, 12, 15), Near::Yes);
    }
}
