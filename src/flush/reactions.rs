//! Reactions to posts: likes, reposts and bookmarks, of which other rows follow than their own.

use super::merging::Merging;
use crate::decode::uri::author_of_post;
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql::settled as sql;
use crate::stage::{Kind, Stage};

/// The kinds.
pub const KINDS: [Kind; 3] = [Kind::Likes, Kind::Reposts, Kind::Bookmarks];

/// The others of these, if it is one.
pub fn others(kind: Kind) -> impl Iterator<Item = Kind> {
    let is_one = KINDS.contains(&kind);
    KINDS
        .into_iter()
        .filter(move |other| is_one && *other != kind)
}

/// Whether a uri is a post's, by its collection.
pub fn is_post(uri: &str) -> bool {
    author_of_post(uri).is_some()
}

/// A reaction to a post.
#[derive(Clone, Copy, Debug)]
pub struct Reaction<'b> {
    /// Its place in the batch.
    pub row: u32,
    /// The record.
    pub uri: &'b str,
    /// Whose it is.
    pub actor: &'b str,
    /// What it is to.
    pub post: &'b str,
}

/// The columns of a reaction's uri, actor and target.
const fn columns(kind: Kind) -> [usize; 3] {
    match kind.stage() {
        Stage::Likes => [0, 1, 2],
        _ => [0, 2, 3],
    }
}

/// The reactions of a kind to posts that went straight in.
pub fn straight<'b>(merging: &Merging<'b>, kind: Kind) -> impl Iterator<Item = Reaction<'b>> {
    let rows = merging
        .batch
        .cells_of(kind, &merging.straight, columns(kind));
    let text = |cell: Option<&'b [u8]>| std::str::from_utf8(cell?).ok();
    let reaction = move |(row, [uri, actor, post]): (u32, [Option<&'b [u8]>; 3])| {
        Some(Reaction {
            row,
            uri: text(uri)?,
            actor: text(actor)?,
            post: text(post)?,
        })
    };
    rows.filter_map(reaction)
        .filter(|reaction| is_post(reaction.post))
}

/// Gathers the pairs of actor and post whose reactions may have changed in other ways; says whether
/// there are any.
pub async fn touched(merging: &Merging<'_>) -> Result<bool, DbError> {
    const WHAT: &str = "gathering reactions";
    let derived = merging.batch.derived();
    let is_wanted = derived.has(Derived::ViewerStates) || derived.has(Derived::ThreadContexts);
    let is_any = |kind: &Kind| merging.staged(*kind) > 0 || merging.batch.deletes(*kind) > 0;
    if !(is_wanted && KINDS.iter().any(is_any)) {
        return Ok(false);
    }
    merging.ask(WHAT, sql::REACTIONS_TOUCHED).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_where_they_are_looked_for() {
        for kind in KINDS {
            let names = columns(kind).map(|at| kind.stage().columns()[at]);
            assert_eq!(names, ["uri", "key1", "key2"]);
        }
    }
}
