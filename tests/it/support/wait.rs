//! Waiting for what another process does and nobody signals.

use std::time::Duration;
use tokio::time::{Instant, interval};

/// A minute and a half, which a loaded machine may need.
pub const LIMIT: Duration = Duration::from_secs(90);
const EVERY: Duration = Duration::from_millis(10);

/// Waits until `done` says so; fails the test after [`LIMIT`].
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + LIMIT;
    let mut ticks = interval(EVERY);
    while !done().await {
        assert!(Instant::now() < limit, "waited in vain until {what}");
        ticks.tick().await;
    }
}

/// Lets time pass in which something must not happen.
pub async fn pass(time: Duration) {
    let end = Instant::now() + time;
    until("time has passed", async || Instant::now() >= end).await;
}
