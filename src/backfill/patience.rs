//! Waiting for a server that is away, on a reader's thread.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::warn;

use super::feed::Over;
use crate::retry::Backoff;

/// Waits before something is tried again, and says so the first time.
///
/// # Errors
///
/// [`Over`]: it was told to stop.
pub fn wait(backoff: &mut Backoff, error: &dyn Display, stop: &AtomicBool) -> Result<(), Over> {
    let pause = backoff.pause();
    if backoff.attempts() == 1 {
        warn!("waiting: {error}");
    }
    std::thread::sleep(pause);
    if stop.load(Ordering::Relaxed) {
        return Err(Over);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_to_stop_does_not_wait_for_ever() {
        let stop = AtomicBool::new(false);
        let mut backoff = Backoff::new();
        assert!(wait(&mut backoff, &"away", &stop).is_ok());
        stop.store(true, Ordering::Relaxed);
        assert!(wait(&mut backoff, &"away", &stop).is_err());
        assert_eq!(backoff.attempts(), 2);
    }
}
