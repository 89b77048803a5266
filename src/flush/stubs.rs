//! Users rows for every DID that a batch names, in a transaction of their own.
//!
//! They are wanted by all lanes at once, and whoever inserts a row that another transaction has
//! just inserted waits for its end. So they are committed before the batch's transaction begins:
//! that takes milliseconds, and a batch then never waits for another's users.

use std::time::SystemTime;

use tracing::warn;

use super::Unsplit;
use super::connection::Connection;
use super::statement::{run, timestamp};
use crate::breaker::Trial;
use crate::error::DbError;
use crate::position::Position;
use crate::sql;
use crate::stage::Kind;

/// A DID that gets a users row, and the position at which it was first named.
pub type Stub<'a> = (&'a str, Position);

const WHAT: &str = "making users rows";

/// Users rows that are committed and that no durable batch has reported yet: a batch that has to be
/// tried again has made its users already.
#[derive(Debug, Default)]
pub struct Unreported(u64);

impl Unreported {
    /// Notes rows that were made.
    pub(super) fn add(&mut self, made: u64) {
        self.0 += made;
    }

    /// Hands all of them to a batch that is committed.
    pub(super) fn take(&mut self) -> i64 {
        std::mem::take(&mut self.0).cast_signed()
    }
}

/// Makes the rows that are missing; says how many were.
pub async fn make(connection: &mut Connection, stubs: &[Stub<'_>]) -> Result<u64, DbError> {
    if stubs.is_empty() {
        return Ok(0);
    }
    let dids: Vec<&str> = stubs.iter().map(|(did, _)| *did).collect();
    let positions: Vec<SystemTime> = stubs
        .iter()
        .map(|(_, position)| timestamp(position.at))
        .collect();
    let transaction = connection.begin().await?;
    // The batch's commit, which comes later in the log, is waited for; this one need not be.
    run(&transaction, WHAT, sql::COMMIT_LATER, &[]).await?;
    let made = run(&transaction, WHAT, sql::USERS_STUB, &[&dids, &positions]).await?;
    transaction.commit().await.map_err(DbError::during(WHAT))?;
    Ok(made)
}

/// Makes the rows one by one, leaving out those that the server refuses; says how many were made.
pub async fn make_each(
    connection: &mut Connection,
    stubs: &[Stub<'_>],
    trial: &mut Trial,
) -> Result<u64, Unsplit> {
    let mut all = 0;
    for stub in stubs {
        match make(connection, std::slice::from_ref(stub)).await {
            Err(refused) if refused.is_row_local() => {
                // Whose it is stands in a record, and records stay out of logs.
                warn!("a users row is refused and left out: {refused}");
                if let Some(fault) = refused.fault() {
                    trial.refused_of(Kind::Users, fault)?;
                }
            }
            made => {
                all += made?;
                trial.stored_of(Kind::Users);
            }
        }
    }
    Ok(all)
}
