//! Which of many rows the server refuses, each tried by itself and undone.
//!
//! Where many are bad, halving tries nearly every row alone, with all its merges. A bare insert
//! costs a hundredth of that, and the tries are sent without waiting for each other's answers. It
//! only says where to look: whatever it finds is merged alone after it, and what it misses (an
//! update, another table) is found by halving.

use std::collections::HashSet;

use deadpool_postgres::Transaction;
use futures::future::{join, join_all};
use tokio_postgres::{Error, Statement};

use super::statement::{Params, query, run};
use crate::batch::Batch;
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

const WHAT: &str = "trying rows one by one";

/// Tries on their way at once.
const AT_ONCE: usize = 256;

/// The uris of staged pairs and posts that the server refuses. The transaction, or savepoint, is
/// for nothing else: the caller undoes it.
pub async fn refused(
    transaction: &Transaction<'_>,
    part: &Batch,
) -> Result<HashSet<String>, DbError> {
    // A deferred constraint speaks at once, or it would not be heard here.
    run(transaction, WHAT, sql::CONSTRAINTS_NOW, &[]).await?;
    send(transaction, sql::PROBE_BEGIN).await?;
    let mut found = HashSet::new();
    for pair in sql::every_pair().filter(|pair| part.puts(pair.kind) > 0) {
        let staged = staged(transaction, sql::PAIRS_STAGED, &[&pair.kind.name()]).await?;
        found.extend(each(transaction, &pair.probe, staged).await?);
    }
    if part.puts(Kind::Posts) > 0 {
        let staged = staged(transaction, sql::POSTS_STAGED, &[]).await?;
        found.extend(each(transaction, sql::POSTS_PROBE, staged).await?);
    }
    Ok(found)
}

async fn send(transaction: &Transaction<'_>, text: &str) -> Result<(), DbError> {
    let sent = transaction.batch_execute(text).await;
    sent.map_err(DbError::during(WHAT))
}

async fn staged(
    transaction: &Transaction<'_>,
    text: &str,
    params: Params<'_>,
) -> Result<Vec<String>, DbError> {
    let rows = query(transaction, WHAT, text, params).await?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(DbError::during(WHAT)))
        .collect()
}

/// Which of these the server refuses.
async fn each(
    transaction: &Transaction<'_>,
    text: &str,
    uris: Vec<String>,
) -> Result<Vec<String>, DbError> {
    let statement = transaction.prepare_cached(text).await;
    let statement = statement.map_err(DbError::during(WHAT))?;
    let mut refused = Vec::new();
    for some in uris.chunks(AT_ONCE) {
        let tries = some.iter().map(|uri| try_one(transaction, &statement, uri));
        for (uri, tried) in some.iter().zip(join_all(tries).await) {
            match tried.map_err(DbError::during(WHAT)) {
                Ok(()) => {}
                Err(error) if error.is_row_local() => refused.push(uri.clone()),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(refused)
}

/// Both are sent at once: what is polled first goes first.
async fn try_one(
    transaction: &Transaction<'_>,
    statement: &Statement,
    uri: &str,
) -> Result<(), Error> {
    let params: Params<'_> = &[&uri];
    let tried = transaction.execute(statement, params);
    let (tried, undone) = join(tried, transaction.batch_execute(sql::PROBE_UNDO)).await;
    undone?;
    tried.map(|_| ())
}
