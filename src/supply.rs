//! Where a batch's entries come from: how they are had once more when it must be taken apart, and what
//! it is written under.

use std::sync::Arc;

use crate::backfill::Load;
use crate::error::RedisError;
use crate::flush::Terms;
use crate::position::StreamId;
use crate::source::{Redis, Reread, reread};

/// Where they come from.
pub enum Supply {
    /// The stream, which is asked again.
    Stream(Box<Redis>),
    /// A backfill, which keeps them as long as their batch is under way.
    Backfill(Arc<Load>),
}

impl Supply {
    /// Entries once more, by their ids.
    ///
    /// # Errors
    ///
    /// Redis is away or refuses; act on the error's verdict.
    pub async fn again(&self, ids: &[StreamId]) -> Result<Reread, RedisError> {
        match self {
            Supply::Stream(redis) => reread(redis, ids).await,
            Supply::Backfill(load) => Ok(Reread {
                entries: load.again(ids),
                gone: Vec::new(),
            }),
        }
    }

    /// What a batch, or a part of one, with these ids is written under.
    #[must_use]
    pub fn terms(&self, ids: &[StreamId]) -> Terms {
        match self {
            Supply::Stream(_) => Terms::default(),
            Supply::Backfill(load) => load.terms(ids),
        }
    }

    /// A batch, or a part of one, was committed.
    pub fn committed(&self) {
        if let Supply::Backfill(load) = self {
            load.committed();
        }
    }
}
