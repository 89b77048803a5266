//! The counts of posts, and what rows that went straight in change in others.
//!
//! What is merged from staging leaves its changes in `stage_deltas`; rows that went straight in are
//! counted here. Both are added up here too, so that the server neither groups nor sorts them.

use super::changes::Table;
use super::merging::Merging;
use super::reactions::is_post;
use super::replies;
use super::statement::query;
use super::straight::{URI, texts};
use crate::batch::{Columns, Count, Deltas};
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql;
use crate::stage::Kind;

/// Notes the likes that went straight in of what is no post, for the own counts of generators and
/// labelers.
pub async fn note_others(merging: &Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "counting likes";
    let likes = sql::added().iter().find(|added| added.kind == Kind::Likes);
    let Some((column, _)) = likes.and_then(|likes| likes.counts) else {
        return Ok(());
    };
    let liked = texts(merging.batch, Kind::Likes, &merging.straight, column);
    let liked: Vec<&str> = liked.filter(|uri| !is_post(uri)).collect();
    if !liked.is_empty() {
        merging.run_with(WHAT, sql::DELTAS_PUT, &[&liked]).await?;
    }
    Ok(())
}

/// Adds what changed to the posts' counts.
pub async fn add(merging: &mut Merging<'_>) -> Result<(), DbError> {
    const WHAT: &str = "adding up counts";
    let mut deltas = straight(merging);
    for row in query(merging.transaction, WHAT, sql::DELTAS_OF_POSTS, &[]).await? {
        let read = || {
            let count = |at| row.try_get(at);
            let counts = [count(1)?, count(2)?, count(3)?, count(4)?, count(5)?];
            Ok((row.try_get(0)?, counts))
        };
        let (uri, counts) = read().map_err(DbError::during(WHAT))?;
        deltas.add_all(uri, counts);
    }
    let Columns { uris, counts } = deltas.sorted();
    if uris.is_empty() {
        return Ok(());
    }
    let [likes, reposts, replies, bookmarks, quotes] = &counts;
    let added = merging
        .ask_with(
            WHAT,
            sql::POST_AGGREGATIONS_PUT,
            &[&uris, likes, reposts, replies, bookmarks, quotes],
        )
        .await?;
    merging.note(Table::PostAggregations, added);
    Ok(())
}

/// What rows that went straight in change: the counts of what they point at; each post has a row of
/// counts; and that of a thread's root is held while its replies are judged.
fn straight<'b>(merging: &Merging<'b>) -> Deltas<'b> {
    let mut deltas = Deltas::default();
    let batch = merging.batch;
    for added in sql::added() {
        let kind = added.kind;
        let mut each = |column, count: Option<Count>| {
            let uris = texts(batch, kind, &merging.straight, column);
            uris.filter(|uri| is_post(uri)).for_each(|uri| match count {
                Some(count) => deltas.add(uri, count),
                None => deltas.touch(uri),
            });
        };
        if kind == Kind::Posts {
            each(URI, None);
        }
        if let Some((column, count)) = added.counts {
            each(column, Some(count));
        }
    }
    if batch.derived().has(Derived::GateViolations) {
        let roots = replies::straight(merging).into_iter();
        let roots = roots.map(|reply| reply.root);
        roots
            .filter(|root| is_post(root))
            .for_each(|root| deltas.touch(root));
    }
    deltas
}
