//! What a check says.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, and will not for ever, or not as it could.
    Warn,
    /// Entries may be lost, or the worker cannot work.
    Bad,
}

impl Level {
    /// As it is shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Bad => "bad",
        }
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name: `redis.eviction`.
    pub name: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// All checks, in their order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    /// Notes that all is well.
    pub(super) fn ok(&mut self, name: &'static str, seen: impl Into<String>) {
        self.checks.push(Check {
            name,
            level: Level::Ok,
            seen: seen.into(),
            remedy: None,
        });
    }

    /// Notes what is wrong.
    pub(super) fn found(
        &mut self,
        name: &'static str,
        level: Level,
        seen: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.checks.push(Check {
            name,
            level,
            seen: seen.into(),
            remedy: Some(remedy.into()),
        });
    }

    /// How many are not well.
    #[must_use]
    pub fn findings(&self) -> usize {
        let found = |check: &&Check| check.level > Level::Ok;
        self.checks.iter().filter(found).count()
    }
}
