//! Waiting for what another process does and nobody signals.

use std::time::Duration;
use tokio::time::{Instant, interval};

/// How long anything may take: a minute and a half, which a loaded machine may need. With broken
/// engines (`make mutants`) less will do: `FOREBAY_WAIT_S`.
pub fn limit() -> Duration {
    let seconds = std::env::var("FOREBAY_WAIT_S").ok();
    Duration::from_secs(seconds.map_or(90, |seconds| seconds.parse().unwrap()))
}

const EVERY: Duration = Duration::from_millis(10);

/// Waits until `done` says so; fails the test after [`limit`].
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + limit();
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
