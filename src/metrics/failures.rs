//! What the servers refused, by their own codes.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::counts::Counts;
use crate::error::{DbError, RedisError};

/// Stands for the code where the server did not answer.
const NO_ANSWER: &str = "none";

/// Counters of errors.
#[derive(Debug, Default)]
pub struct Failures(Mutex<Refusals>);

/// The counters.
#[derive(Clone, Debug, Default)]
pub struct Refusals {
    /// Batches that PostgreSQL did not take, by class of SQLSTATE and verdict.
    pub database: Counts<2>,
    /// Batches tried again, by class of SQLSTATE.
    pub retries: Counts<1>,
    /// Calls that Redis refused, by the first word of its answer.
    pub redis: Counts<1>,
}

impl Failures {
    /// PostgreSQL did not take a batch.
    pub fn database(&self, error: &DbError) {
        let verdict = Cow::Borrowed(error.verdict().name());
        self.lock().database.add([class(error), verdict], 1);
    }

    /// A batch is tried again.
    pub fn retry(&self, error: &DbError) {
        self.lock().retries.add([class(error)], 1);
    }

    /// Redis refused, or did not answer.
    pub fn redis(&self, error: &RedisError) {
        let code = match error.code() {
            Some(code) => Cow::Owned(code.to_owned()),
            None => Cow::Borrowed(NO_ANSWER),
        };
        self.lock().redis.add([code], 1);
    }

    /// How often a batch was tried again.
    pub fn retries(&self) -> u64 {
        self.lock().retries.sum()
    }

    /// The counters as they are now.
    pub fn so_far(&self) -> Refusals {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Refusals> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn class(error: &DbError) -> Cow<'static, str> {
    let class = error.sqlstate().and_then(|state| state.code().get(..2));
    class.map_or(Cow::Borrowed(NO_ANSWER), |class| {
        Cow::Owned(class.to_owned())
    })
}
