//! Whether the worker can do its work now, and if not, why.
//!
//! It remembers what the probes and the worker's parts have said last, and draws the conclusion. It
//! asks no server itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::metrics::{LaneState, ReaderState};

/// A server that the worker cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Where rows go.
    PostgreSql,
    /// Where entries come from.
    Redis,
}

impl Server {
    /// Both.
    pub const ALL: [Server; 2] = [Server::PostgreSql, Server::Redis];

    /// Its name in lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Server::PostgreSql => "postgresql",
            Server::Redis => "redis",
        }
    }

    /// Its name in sentences.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Server::PostgreSql => "PostgreSQL",
            Server::Redis => "Redis",
        }
    }
}

/// How far the worker is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It waits for the servers and looks at the tables.
    #[default]
    Starting,
    /// It works.
    Running,
    /// It was told to stop, or is at the end of what it was to do.
    Stopping,
}

/// What a server said to the last probe: nothing wrong, or what. `None` before the first.
pub type Probed = Option<Result<(), String>>;

/// What is known.
#[derive(Debug, Default)]
pub struct Health(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    stage: Stage,
    servers: [Probed; Server::ALL.len()],
}

impl Health {
    /// The worker is so far.
    pub fn set_stage(&self, stage: Stage) {
        self.lock().stage = stage;
    }

    /// A server was probed.
    pub fn probed(&self, server: Server, answer: Result<(), String>) {
        self.lock().servers[server as usize] = Some(answer);
    }

    /// What a server said last.
    #[must_use]
    pub fn server(&self, server: Server) -> Probed {
        self.lock().servers[server as usize].clone()
    }

    /// Whether a server answered the last probe.
    #[must_use]
    pub fn is_up(&self, server: Server) -> bool {
        matches!(self.lock().servers[server as usize], Some(Ok(())))
    }

    /// Why the worker is not ready; nothing if it is.
    #[must_use]
    pub fn reasons(
        &self,
        (reader, read): (ReaderState, Duration),
        lanes: impl Iterator<Item = (LaneState, Duration)>,
    ) -> Vec<String> {
        let known = self.lock();
        let mut reasons = Vec::new();
        match known.stage {
            Stage::Starting => reasons.push("the worker is starting".to_owned()),
            Stage::Running => {}
            Stage::Stopping => reasons.push("the worker is stopping".to_owned()),
        }
        for server in Server::ALL {
            let title = server.title();
            match &known.servers[server as usize] {
                Some(Ok(())) => {}
                Some(Err(wrong)) => reasons.push(format!("{title}: {wrong}")),
                None => reasons.push(format!("{title} has not answered yet")),
            }
        }
        if reader == ReaderState::Retrying {
            reasons.push(format!("the stream cannot be read, for {}", seconds(read)));
        }
        for (at, (state, since)) in lanes.enumerate() {
            if let LaneState::Retrying(step) = state {
                let (verb, since) = (step.verb(), seconds(since));
                reasons.push(format!(
                    "lane {at} tries again to {verb} its batch, for {since}"
                ));
            }
        }
        reasons
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Step;

    const NOW: Duration = Duration::ZERO;

    fn reasons(health: &Health, reader: ReaderState, lanes: &[LaneState]) -> Vec<String> {
        let lanes = lanes
            .iter()
            .map(|state| (*state, Duration::from_millis(1_540)));
        health.reasons((reader, NOW), lanes)
    }

    #[test]
    fn ready_is_when_nothing_is_wrong() {
        let health = Health::default();
        let (reading, flushing) = (ReaderState::Reading, [LaneState::Flushing]);
        assert_eq!(
            reasons(&health, reading, &flushing),
            [
                "the worker is starting",
                "PostgreSQL has not answered yet",
                "Redis has not answered yet"
            ]
        );
        health.set_stage(Stage::Running);
        health.probed(Server::PostgreSql, Ok(()));
        health.probed(Server::Redis, Ok(()));
        assert!(reasons(&health, reading, &flushing).is_empty());
        health.probed(Server::Redis, Err("connection refused".to_owned()));
        assert_eq!(
            reasons(
                &health,
                ReaderState::Retrying,
                &[
                    LaneState::Idle,
                    LaneState::Retrying(Step::Store),
                    LaneState::Retrying(Step::Reread),
                    LaneState::Retrying(Step::Ack)
                ]
            ),
            [
                "Redis: connection refused",
                "the stream cannot be read, for 0.0 s",
                "lane 1 tries again to store its batch, for 1.5 s",
                "lane 2 tries again to read its batch, for 1.5 s",
                "lane 3 tries again to acknowledge its batch, for 1.5 s"
            ]
        );
        health.probed(Server::Redis, Ok(()));
        health.set_stage(Stage::Stopping);
        assert_eq!(
            reasons(&health, reading, &flushing),
            ["the worker is stopping"]
        );
    }
}
