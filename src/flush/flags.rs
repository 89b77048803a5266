//! What posts' flags say of gates: whether a post has any, and whether it breaks the rules of another's.
//!
//! A post, and the gate and root that it is judged by, are of two repos, and so may be merged at once by
//! two transactions that do not see each other. But both hold the root's, or the quoted post's, row of
//! counts by now: whoever came second waited there for the first's commit, and sees it from then on.
//!
//! The flag that a gate turns stands in another repo's row. Who turns flags holds their lock, after which
//! it waits for nothing; a row that is being changed by its own repo's transaction is passed over, since
//! that one judges it itself, later.

use super::merging::Merging;
use super::replies;
use super::statement::{Params, list};
use super::tail;
use super::terms::Counts;
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql::TailLock;
use crate::sql::settled::{self as sql, Violation};
use crate::stage::Kind;

const WHAT: &str = "flagging posts by gates";

/// Posts, and the statement that sets a flag of theirs.
type Wrong<'s> = (&'s str, Vec<String>);

/// Has the rows of counts locked that staged posts and gates are judged by; those of what goes straight
/// in are added where it is counted.
pub async fn touch(merging: &Merging<'_>) -> Result<(), DbError> {
    let is_any = merging.staged(Kind::Posts) > 0 || holds_gates(merging);
    if is_any && merging.keeps(Derived::GateViolations) {
        merging.run(WHAT, sql::VIOLATIONS_TOUCHED).await?;
    }
    Ok(())
}

fn holds_gates(merging: &Merging<'_>) -> bool {
    merging.holds(Kind::ThreadGates) || merging.holds(Kind::PostGates)
}

/// Settles the flags of the batch's posts, and of those that its gates and roots are for.
pub async fn settle(merging: &Merging<'_>) -> Result<(), DbError> {
    let mut wrong = Vec::new();
    if holds_gates(merging) {
        wrong.push((
            sql::POSTS_GATED,
            find(merging, sql::POSTS_GATED_FIND, &[]).await?,
        ));
    }
    let is_judged = merging.keeps(Derived::GateViolations);
    if is_judged && merging.terms.counts == Counts::Kept {
        wrong.extend(replies_against_gates(merging).await?);
        wrong.extend(quotes_against_gates(merging).await?);
    }
    set(merging, wrong).await
}

async fn find(
    merging: &Merging<'_>,
    text: &str,
    params: Params<'_>,
) -> Result<Vec<String>, DbError> {
    list(merging.transaction, WHAT, text, params).await
}

async fn replies_against_gates(merging: &Merging<'_>) -> Result<Option<Wrong<'static>>, DbError> {
    let replies = replies::straight(merging);
    let others = merging.staged(Kind::Posts) + merging.batch.deletes(Kind::Posts);
    if replies.is_empty()
        && others == 0
        && merging.gated.is_empty()
        && !merging.holds(Kind::ThreadGates)
    {
        return Ok(None);
    }
    let uris: Vec<&str> = replies.iter().map(|reply| reply.uri).collect();
    let roots: Vec<&str> = replies.iter().map(|reply| reply.root).collect();
    let Violation { find: text, flip } = &*sql::VIOLATIONS_OF_THREAD;
    let wrong = find(merging, text, &[&uris, &roots, &merging.gated]).await?;
    Ok(Some((flip.as_str(), wrong)))
}

/// A post that quotes another is always staged.
async fn quotes_against_gates(merging: &Merging<'_>) -> Result<Option<Wrong<'static>>, DbError> {
    if merging.staged(Kind::Posts) == 0 && !merging.holds(Kind::PostGates) {
        return Ok(None);
    }
    let Violation { find: text, flip } = &*sql::VIOLATIONS_OF_EMBEDDING;
    Ok(Some((flip.as_str(), find(merging, text, &[]).await?)))
}

/// Few batches have any.
async fn set(merging: &Merging<'_>, mut wrong: Vec<Wrong<'_>>) -> Result<(), DbError> {
    wrong.retain(|(_, posts)| !posts.is_empty());
    if !wrong.is_empty() {
        tail::lock(merging, TailLock::Flags).await?;
    }
    for (text, posts) in wrong {
        merging.run_with(WHAT, text, &[&posts]).await?;
    }
    Ok(())
}
