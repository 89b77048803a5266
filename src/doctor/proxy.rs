//! Whether a proxy gives one server session to several clients in turn.
//!
//! PgBouncer with `pool_mode` transaction or statement, and its like. forebay cannot work behind one:
//! what it sets for its session, its staging tables and its prepared statements would be found by
//! others, and it would find theirs.

use deadpool_postgres::{Object, Pool};
use tokio_postgres::SimpleQueryMessage;

use crate::error::DbError;

/// Whether two connections that are open at once are the same session of the server.
///
/// Only simple queries: behind such a proxy a prepared one may fail, or be another client's.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn shares_sessions(pool: &Pool) -> Result<bool, DbError> {
    /// Other clients of the proxy may take the session in between, but hardly each time.
    const LOOKS: usize = 5;
    let (one, other) = (pool.get().await?, pool.get().await?);
    let mut ones = Vec::new();
    for _ in 0..LOOKS {
        ones.push(session(&one).await?);
        let others = session(&other).await?;
        if ones.contains(&others) || ones.first() != ones.last() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the server calls the session.
async fn session(client: &Object) -> Result<String, DbError> {
    let answer = client
        .simple_query("select pg_backend_pid()")
        .await
        .map_err(DbError::during("asking for the session"))?;
    let pid = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(pid.unwrap_or_default().to_owned())
}
