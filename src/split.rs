//! Finding the op that the server will not take, and storing all the others.
//!
//! Halving by savepoints in one transaction: at most two attempts for each halving of the entries
//! and then of one commit's ops. Where that has found several, many more are likely, and the rows of
//! a part are tried one by one first. It decides nothing but which part to try next.

use std::collections::HashSet;
use std::sync::Arc;

use crate::batch::Batch;
use crate::breaker::Trial;
use crate::entry::Entry;
use crate::error::DbError;
use crate::flush::{Connection, Durable, Isolation, Unreported, Unsplit, make_users};
use crate::letter::{DeadLetter, letter, ops_by_path, uris_of_ops};
use crate::position::StreamId;
use crate::widths::Widths;

/// So many ops found by halving mean a flood.
const FLOOD: usize = 4;
/// A part of so many pieces is worth trying its rows first.
const PROBED_LEAST: usize = 8;

/// What is tried at once.
#[derive(Clone)]
enum Piece<'e> {
    Entry(&'e Entry),
    /// Ops on one path, in their order. They stay together: all have the entry's position, so that
    /// a delete tried before the create that follows it would keep that away.
    Ops(&'e Entry, Vec<usize>),
}

impl<'e> Piece<'e> {
    fn put_into(&self, batch: &mut Batch) {
        match self {
            Piece::Entry(entry) => batch.push(entry),
            Piece::Ops(entry, ops) => ops.iter().for_each(|op| batch.push_op(entry, *op)),
        }
    }

    /// The paths of an entry that has several ops; of a path that has several, those before its
    /// last op, and that one. Nothing for what cannot be taken apart.
    fn parts(&self) -> Vec<Piece<'e>> {
        match self {
            Piece::Entry(entry) => {
                let paths = ops_by_path(entry);
                let one = paths.len() == 1 && paths[0].len() == 1;
                let piece = |ops| Piece::Ops(entry, ops);
                if one {
                    Vec::new()
                } else {
                    paths.into_iter().map(piece).collect()
                }
            }
            Piece::Ops(entry, ops) => match ops.split_last() {
                Some((last, before)) if !before.is_empty() => vec![
                    Piece::Ops(entry, before.to_vec()),
                    Piece::Ops(entry, vec![*last]),
                ],
                _ => Vec::new(),
            },
        }
    }

    /// Whether one of its ops is on one of these uris.
    fn is_among(&self, uris: &HashSet<String>) -> bool {
        match self {
            Piece::Entry(entry) => uris_of_ops(entry).iter().any(|uri| uris.contains(uri)),
            Piece::Ops(entry, ops) => {
                let all = uris_of_ops(entry);
                let mut own = ops.iter().filter_map(|op| all.get(*op));
                own.any(|uri| uris.contains(uri))
            }
        }
    }

    /// Where it is one op, that op.
    fn op(&self) -> (&'e Entry, Option<usize>) {
        match self {
            Piece::Entry(entry) => {
                let paths = ops_by_path(entry);
                (entry, (paths.len() == 1).then_some(0))
            }
            Piece::Ops(entry, ops) => (entry, ops.last().copied()),
        }
    }
}

/// Stores all that the server takes of entries that it refused together, and dead-letters the ops
/// that it does not.
///
/// # Errors
///
/// Nothing is then stored; act on the error's verdict, which is never poison. Nor is anything
/// stored when the trial shows that the setup is broken.
pub async fn isolate(
    connection: &mut Connection,
    widths: &Arc<Widths>,
    entries: &[Entry],
    users: &mut Unreported,
    trial: &mut Trial,
) -> Result<Durable, Unsplit> {
    // They were fit at the start, but a schema push may be why rows are refused: then no row is to
    // blame, not even the first.
    let found = connection.findings().await?;
    if !found.is_empty() {
        return Err(Unsplit::Unfit(found));
    }
    // Ops that will be refused name users too, and they get their rows all the same.
    make_users(connection, &batch_of(widths, &whole(entries)), users, trial).await?;
    let mut isolation = Isolation::begin(connection).await?;
    // The whole has just failed, so that its halves come first.
    let mut found = 0;
    let mut stack = halves(whole(entries));
    while let Some(pieces) = stack.pop() {
        let mut part = batch_of(widths, &pieces);
        match isolation.attempt(&mut part).await {
            Ok(()) => trial.stored(&part),
            Err(refused) if refused.is_row_local() => {
                let smaller = if found >= FLOOD && pieces.len() >= PROBED_LEAST {
                    set_suspects_apart(&mut isolation, &mut part, pieces.clone()).await?
                } else {
                    take_apart(&pieces)
                };
                if smaller.is_empty() {
                    found += 1;
                    if let Some(fault) = refused.fault() {
                        trial.refused(&part, fault)?;
                    }
                    for piece in pieces {
                        let (entry, op) = piece.op();
                        isolation.bury(refusal(entry, op, &refused)).await?;
                    }
                }
                stack.extend(smaller);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if trial.is_doubtful() {
        return Err(Unsplit::Doubtful);
    }
    let ids: Vec<StreamId> = entries.iter().map(|entry| entry.id).collect();
    isolation.done_with(&ids);
    Ok(isolation.commit(users).await?)
}

fn whole(entries: &[Entry]) -> Vec<Piece<'_>> {
    entries.iter().map(Piece::Entry).collect()
}

fn batch_of(widths: &Arc<Widths>, pieces: &[Piece<'_>]) -> Batch {
    let mut batch = Batch::new(Arc::clone(widths));
    for piece in pieces {
        piece.put_into(&mut batch);
    }
    batch
}

/// Smaller pieces to try, the first on top; none if this is a single op.
fn take_apart<'e>(pieces: &[Piece<'e>]) -> Vec<Vec<Piece<'e>>> {
    match pieces {
        [one] => halves(one.parts()),
        many => halves(many.to_vec()),
    }
}

/// The pieces whose rows are refused one by one each for itself, and the others together on top;
/// halves, where no row is.
async fn set_suspects_apart<'e>(
    isolation: &mut Isolation<'_>,
    part: &mut Batch,
    pieces: Vec<Piece<'e>>,
) -> Result<Vec<Vec<Piece<'e>>>, DbError> {
    let refused = isolation.probe(part).await?;
    let (suspects, others): (Vec<_>, Vec<_>) = pieces
        .into_iter()
        .partition(|piece| piece.is_among(&refused));
    if suspects.is_empty() {
        return Ok(halves(others));
    }
    let mut stack: Vec<_> = suspects.into_iter().rev().map(|one| vec![one]).collect();
    if !others.is_empty() {
        stack.push(others);
    }
    Ok(stack)
}

/// Both halves, the first last, for a stack. One piece is its own half.
fn halves(mut pieces: Vec<Piece<'_>>) -> Vec<Vec<Piece<'_>>> {
    match pieces.len() {
        0 => Vec::new(),
        1 => vec![pieces],
        many => {
            let second = pieces.split_off(many / 2);
            vec![second, pieces]
        }
    }
}

fn refusal(entry: &Entry, op: Option<usize>, refused: &DbError) -> DeadLetter {
    const REMEDY: &str = "The database refused this row: look at the constraint or trigger that the server named, change it or the record, and replay the letter.";
    letter(
        entry,
        op,
        "refused",
        refused.column().map(Into::into),
        refused.sqlstate().map(|state| state.code().to_owned()),
        REMEDY,
    )
}
