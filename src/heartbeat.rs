//! What says to Redis that this process lives: it renews what is in hand and keeps its name.
//!
//! It also dismisses consumers that are gone. Each beat is left out when Redis is away and made up
//! for by the next; nothing here can lose an entry, only let another worker do it a second time.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use crate::error::RedisError;
use crate::held::Held;
use crate::source::{Name, Redis, dismiss_idle, keep_name, leave_name, renew};

/// Beats in one idle time: what is in hand is then never older than two thirds of it.
const BEATS_PER_IDLE: u32 = 3;
/// A consumer that has not been seen for so many idle times is gone.
const GONE_AFTER_IDLES: u32 = 10;
/// How many beats a name is seen to be another's before it is said. A note that a process of that
/// name left when it was killed has ended by then.
const BEATS_OF_DOUBT: u32 = BEATS_PER_IDLE + 2;

/// The task's own needs.
pub struct Heartbeat {
    /// Where the stream is.
    pub redis: Redis,
    /// What this process has in hand.
    pub held: Arc<Held>,
    /// After how long others may claim what is not renewed.
    pub idle: Duration,
}

/// What is known of the name from beat to beat.
struct Naming {
    token: String,
    others: u32,
}

impl Heartbeat {
    /// Runs until it is aborted: what is in hand has to be renewed to the very end.
    pub async fn run(self, token: String) {
        let mut beats = interval(self.idle / BEATS_PER_IDLE);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut naming = Naming { token, others: 0 };
        for beat in 0_u32.. {
            beats.tick().await;
            let renewed = renew(&self.redis, &self.held.to_renew()).await;
            tell("entries in hand are not renewed", renewed);
            tell(
                "the consumer's name is not noted",
                self.keep_name(&mut naming).await,
            );
            if beat % BEATS_PER_IDLE == 0 {
                tell(
                    "consumers that are gone stay in the group",
                    self.dismiss().await,
                );
            }
        }
    }

    async fn keep_name(&self, naming: &mut Naming) -> Result<(), RedisError> {
        match keep_name(&self.redis, &naming.token, self.idle).await? {
            Name::Ours => naming.others = 0,
            Name::Others => naming.others = naming.others.saturating_add(1),
        }
        if naming.others == BEATS_OF_DOUBT {
            warn!(
                consumer = %self.redis.consumer,
                "another process runs under this consumer name: nothing is lost or counted twice by it, but work is done twice; give each process its own CONSUMER_ID"
            );
        }
        Ok(())
    }

    async fn dismiss(&self) -> Result<(), RedisError> {
        for name in dismiss_idle(&self.redis, self.idle * GONE_AFTER_IDLES).await? {
            info!(consumer = %name, "a consumer that is gone and has nothing pending is removed from the group");
        }
        Ok(())
    }
}

fn tell(what: &str, beat: Result<(), RedisError>) {
    if let Err(error) = beat {
        debug!("{what} this time: {error}");
    }
}

/// What stands for this process in notes: random, so that no two have the same.
#[must_use]
pub fn token() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{}-{:016x}{:016x}", std::process::id(), part(), part())
}

/// Leaves the name to whoever comes next.
pub async fn leave(redis: &Redis, token: &str) {
    tell(
        "the consumer's name stays noted",
        leave_name(redis, token).await,
    );
}
