//! Which of many rows the server refuses, each tried by itself and undone.
//!
//! Where many are bad, halving tries nearly every row alone, with all its merges. A bare insert
//! costs a hundredth of that, and the tries are sent without waiting for each other's answers. What
//! it misses (an update, another table) is found by halving.

use std::collections::HashMap;

use deadpool_postgres::Transaction;
use futures::future::{join, join_all};
use tokio_postgres::{Error, Statement};

use super::merging::Merging;
use super::statement::{Params, query, run};
use super::strike;
use super::terms::Terms;
use crate::batch::{Batch, Straight};
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

const WHAT: &str = "trying rows one by one";

/// Tries on their way at once.
const AT_ONCE: usize = 256;

/// How the server refuses a row that is tried by itself.
#[derive(Debug)]
pub enum Refusal {
    /// As it would in the merge, which adds a pair by the same insert.
    Certain(DbError),
    /// The merge may pass the row over: it has to be tried.
    Likely,
}

/// The staged pairs and posts that the server refuses, by their uris. The transaction, or savepoint,
/// is for nothing else: the caller undoes it.
pub async fn refused(
    transaction: &Transaction<'_>,
    part: &Batch,
    terms: &Terms,
) -> Result<HashMap<String, Refusal>, DbError> {
    // What the merge would not look at either is not tried.
    let struck = strike::look_up(transaction, part, terms).await?;
    let mut merging = Merging::new(transaction, part, Straight::default(), terms);
    strike::strike(&mut merging, &struck).await?;
    // A deferred constraint speaks at once, or it would not be heard here.
    run(transaction, WHAT, sql::CONSTRAINTS_NOW, &[]).await?;
    send(transaction, sql::PROBE_BEGIN).await?;
    let mut found = HashMap::new();
    for pair in sql::every_pair().filter(|pair| part.puts(pair.kind) > 0) {
        let staged = staged(transaction, &pair.staged).await?;
        let refused = each(transaction, &pair.probe, staged).await?;
        found.extend(refused.map(|(uri, error)| (uri, Refusal::Certain(error))));
    }
    if part.puts(Kind::Posts) > 0 {
        let staged = staged(transaction, sql::POSTS_STAGED).await?;
        let refused = each(transaction, sql::POSTS_PROBE, staged).await?;
        found.extend(refused.map(|(uri, _)| (uri, Refusal::Likely)));
    }
    Ok(found)
}

async fn send(transaction: &Transaction<'_>, text: &str) -> Result<(), DbError> {
    let sent = transaction.batch_execute(text).await;
    sent.map_err(DbError::during(WHAT))
}

async fn staged(transaction: &Transaction<'_>, text: &str) -> Result<Vec<String>, DbError> {
    let rows = query(transaction, WHAT, text, &[]).await?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(DbError::during(WHAT)))
        .collect()
}

/// Which of these the server refuses, and how.
async fn each(
    transaction: &Transaction<'_>,
    text: &str,
    uris: Vec<String>,
) -> Result<impl Iterator<Item = (String, DbError)>, DbError> {
    let statement = transaction.prepare_cached(text).await;
    let statement = statement.map_err(DbError::during(WHAT))?;
    let mut refused = Vec::new();
    for some in uris.chunks(AT_ONCE) {
        let tries = some.iter().map(|uri| try_one(transaction, &statement, uri));
        for (uri, tried) in some.iter().zip(join_all(tries).await) {
            match tried.map_err(DbError::during(WHAT)) {
                Ok(()) => {}
                Err(error) if error.is_row_local() => refused.push((uri.clone(), error)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(refused.into_iter())
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
