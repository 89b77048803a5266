//! Which replies the author of their thread's root likes: `thread_contexts`.
//!
//! A reply and its like are of two repos, and so may be merged at once by two transactions that do not
//! see each other. But both hold the reply's row of counts by now: whoever came second waited there for
//! the first's commit, and sees it from then on.

use super::changes::Table;
use super::merging::Merging;
use super::{reactions, replies};
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql::settled as sql;
use crate::stage::Kind;

const WHAT: &str = "settling thread contexts";

/// Settles the rows of the batch's replies, and of those that were liked. `is_touched`: reactions were
/// gathered.
pub async fn settle(merging: &mut Merging<'_>, is_touched: bool) -> Result<(), DbError> {
    if !merging.keeps(Derived::ThreadContexts) {
        return Ok(());
    }
    let is_staged = merging.staged(Kind::Posts) > 0;
    put(merging, is_staged).await?;
    if is_staged || merging.batch.deletes(Kind::Posts) > 0 {
        let removed = merging.run(WHAT, sql::THREAD_CONTEXTS_REMOVE).await?;
        merging.note(Table::ThreadContexts, -removed.cast_signed());
    }
    liked(merging, is_touched).await
}

async fn put(merging: &mut Merging<'_>, is_staged: bool) -> Result<(), DbError> {
    let replies = replies::straight(merging);
    if replies.is_empty() && !is_staged {
        return Ok(());
    }
    let uris: Vec<&str> = replies.iter().map(|reply| reply.uri).collect();
    let authors: Vec<&str> = replies.iter().map(replies::Reply::root_author).collect();
    let added = merging
        .ask_with(WHAT, sql::THREAD_CONTEXTS_PUT, &[&uris, &authors])
        .await?;
    merging.note(Table::ThreadContexts, added);
    Ok(())
}

async fn liked(merging: &Merging<'_>, is_touched: bool) -> Result<(), DbError> {
    let (posts, dids) = likes(merging);
    if posts.is_empty() && !is_touched {
        return Ok(());
    }
    merging
        .run_with(WHAT, &sql::THREAD_CONTEXTS_LIKED, &[&posts, &dids])
        .await?;
    Ok(())
}

/// The posts of likes that went straight in, and who likes each, with spaces around every DID.
fn likes<'b>(merging: &Merging<'b>) -> (Vec<&'b str>, Vec<String>) {
    let (mut posts, mut dids): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    if merging.straight.count(Kind::Likes) == 0 {
        return (posts, dids);
    }
    let likes = reactions::straight(merging, Kind::Likes);
    let mut likes: Vec<(&str, &str)> = likes.map(|like| (like.post, like.actor)).collect();
    likes.sort_unstable_by_key(|(post, _)| *post);
    for (post, actor) in likes {
        if posts.last() != Some(&post) {
            posts.push(post);
            dids.push(" ".to_owned());
        }
        if let Some(dids) = dids.last_mut() {
            dids.push_str(actor);
            dids.push(' ');
        }
    }
    (posts, dids)
}
