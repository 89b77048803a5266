//! Finding the op that the server will not take, and storing all the others.
//!
//! Halving by savepoints in one transaction: at most two attempts for each halving of the entries
//! and then of one commit's ops. Where that has found several, many more are likely, and the rows of
//! a part are tried one by one first. It decides nothing but which part to try next.

use std::collections::HashMap;
use std::sync::Arc;

use crate::batch::{Batch, Rules};
use crate::breaker::Trial;
use crate::entry::Entry;
use crate::error::DbError;
use crate::flush::{
    Connection, Durable, Isolation, Refusal, Terms, Unreported, Unsplit, make_users,
};
use crate::letter::{DeadLetter, letter, ops_by_uri, uris_of_ops};
use crate::position::StreamId;

/// So many ops found by halving mean a flood.
const FLOOD: usize = 4;
/// A part of so many pieces is worth trying its rows first.
const PROBED_LEAST: usize = 8;

/// The reason of an op that the server refused.
pub const REFUSED: &str = "refused";

/// What is tried at once.
#[derive(Clone)]
enum Piece<'e> {
    Entry(&'e Entry),
    /// Ops of an entry on one uri, in their order. They stay together: all have the entry's
    /// position, so that a delete tried before the create that follows it would keep that away.
    Ops(&'e Entry, Arc<str>, Vec<usize>),
}

impl<'e> Piece<'e> {
    /// The uris of an entry that has several ops; of a uri that has several, those before its last
    /// op, and that one. Nothing for what cannot be taken apart.
    fn parts(&self) -> Vec<Piece<'e>> {
        match self {
            Piece::Entry(entry) => match uris_of_ops(entry) {
                uris if uris.len() > 1 => by_uri(entry, uris),
                _ => Vec::new(),
            },
            Piece::Ops(entry, uri, ops) => match ops.split_last() {
                Some((last, before)) if !before.is_empty() => [before, &[*last]]
                    .map(|ops| Piece::Ops(entry, Arc::clone(uri), ops.to_vec()))
                    .into(),
                _ => Vec::new(),
            },
        }
    }

    /// The uris that its ops are on.
    fn uris(&self) -> Vec<String> {
        match self {
            Piece::Entry(entry) => uris_of_ops(entry),
            Piece::Ops(_, uri, _) => vec![uri.to_string()],
        }
    }

    fn entry(&self) -> &'e Entry {
        match self {
            Piece::Entry(entry) | Piece::Ops(entry, ..) => entry,
        }
    }

    /// Where it is one op, that op.
    fn op(&self) -> Option<usize> {
        match self {
            Piece::Entry(entry) => (uris_of_ops(entry).len() == 1).then_some(0),
            Piece::Ops(_, _, ops) => ops.last().copied(),
        }
    }
}

/// An entry's ops, uri after uri as they first come.
fn by_uri<'e>(entry: &'e Entry, uris: Vec<String>) -> Vec<Piece<'e>> {
    let piece = |(uri, ops): (String, Vec<usize>)| Piece::Ops(entry, uri.into(), ops);
    ops_by_uri(uris).into_iter().map(piece).collect()
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
    rules: &Rules,
    entries: &[Entry],
    users: &mut Unreported,
    trial: &mut Trial,
    terms: &Terms,
) -> Result<Durable, Unsplit> {
    // They were fit at the start, but a schema push may be why rows are refused: then no row is to
    // blame, not even the first.
    let found = connection.findings(rules.derived).await?;
    if !found.is_empty() {
        return Err(Unsplit::Unfit(found));
    }
    // Ops that will be refused name users too, and they get their rows all the same.
    make_users(connection, &batch_of(rules, &whole(entries)), users, trial).await?;
    let mut search = Search {
        isolation: Isolation::begin(connection, terms).await?,
        rules,
        trial,
        found: 0,
    };
    search.run(entries).await?;
    if search.trial.is_doubtful() {
        return Err(Unsplit::Doubtful);
    }
    let ids: Vec<StreamId> = entries.iter().map(|entry| entry.id).collect();
    search.isolation.done_with(&ids);
    Ok(search.isolation.commit(users).await?)
}

/// A search under way.
struct Search<'a, 't> {
    isolation: Isolation<'a>,
    rules: &'t Rules,
    trial: &'t mut Trial,
    /// Ops that were found.
    found: usize,
}

impl Search<'_, '_> {
    async fn run(&mut self, entries: &[Entry]) -> Result<(), Unsplit> {
        // The whole has just failed, so that its halves come first.
        let mut stack = halves(whole(entries));
        while let Some(pieces) = stack.pop() {
            let part = batch_of(self.rules, &pieces);
            match self.isolation.attempt(&part).await {
                Ok(()) => self.trial.stored(&part),
                Err(refused) if refused.is_row_local() => {
                    stack.extend(self.narrow(pieces, part, &refused).await?);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Smaller pieces of what was refused to try, the first on top; none when it is a single op,
    /// which is set aside.
    async fn narrow<'e>(
        &mut self,
        pieces: Vec<Piece<'e>>,
        part: Batch,
        refused: &DbError,
    ) -> Result<Vec<Vec<Piece<'e>>>, Unsplit> {
        if self.found >= FLOOD && pieces.len() >= PROBED_LEAST {
            let refusals = self.isolation.probe(&part).await?;
            return self.sort_out(pieces, refusals);
        }
        let smaller = take_apart(&pieces);
        if smaller.is_empty() {
            for piece in pieces {
                self.set_aside(&piece, refused)?;
            }
        }
        Ok(smaller)
    }

    /// Sets aside what is certain to be refused. Of the rest, what may be is tried each for itself,
    /// and the others together first; halves, where nothing is found.
    fn sort_out<'e>(
        &mut self,
        pieces: Vec<Piece<'e>>,
        mut refusals: HashMap<String, Refusal>,
    ) -> Result<Vec<Vec<Piece<'e>>>, Unsplit> {
        // Of several pieces on one uri only the last was tried.
        let mut pieces_on: HashMap<String, usize> = HashMap::new();
        let uris: Vec<Vec<String>> = pieces.iter().map(Piece::uris).collect();
        for uri in uris.iter().flatten() {
            *pieces_on.entry(uri.clone()).or_default() += 1;
        }
        let (mut suspects, mut others) = (Vec::new(), Vec::new());
        let found = self.found;
        for (piece, uris) in pieces.into_iter().zip(uris) {
            let is_alone = piece.parts().is_empty() && uris.iter().all(|uri| pieces_on[uri] == 1);
            if !uris.iter().any(|uri| refusals.contains_key(uri)) {
                others.push(piece);
            } else if let [uri] = &uris[..]
                && is_alone
                && let Some(Refusal::Certain(refused)) = refusals.remove(uri)
            {
                self.set_aside(&piece, &refused)?;
            } else {
                suspects.push(vec![piece]);
            }
        }
        if suspects.is_empty() && self.found == found {
            return Ok(halves(others));
        }
        suspects.reverse();
        if !others.is_empty() {
            suspects.push(others);
        }
        Ok(suspects)
    }

    fn set_aside(&mut self, piece: &Piece<'_>, refused: &DbError) -> Result<(), Unsplit> {
        self.found += 1;
        if let Some(fault) = refused.fault() {
            let part = batch_of(self.rules, std::slice::from_ref(piece));
            self.trial.refused(&part, fault)?;
        }
        let letter = refusal(piece.entry(), piece.op(), refused);
        self.isolation.bury(letter);
        Ok(())
    }
}

fn whole(entries: &[Entry]) -> Vec<Piece<'_>> {
    entries.iter().map(Piece::Entry).collect()
}

fn batch_of(rules: &Rules, pieces: &[Piece<'_>]) -> Batch {
    let mut batch = Batch::new(rules.clone());
    // Of one entry all ops at once: it is decoded for each push, and may have thousands.
    for of_entry in pieces.chunk_by(|one, next| std::ptr::eq(one.entry(), next.entry())) {
        match ops_of(of_entry) {
            None => batch.push(of_entry[0].entry()),
            Some(ops) => batch.push_ops(of_entry[0].entry(), &ops),
        }
    }
    batch
}

/// The ops of one entry's pieces, ascending; none where a piece is the whole of it.
fn ops_of(pieces: &[Piece<'_>]) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Entry(_) => return None,
            Piece::Ops(_, _, ops) => all.extend_from_slice(ops),
        }
    }
    all.sort_unstable();
    Some(all)
}

/// Smaller pieces to try, the first on top; none if this is a single op.
fn take_apart<'e>(pieces: &[Piece<'e>]) -> Vec<Vec<Piece<'e>>> {
    match pieces {
        [one] => halves(one.parts()),
        many => halves(many.to_vec()),
    }
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

/// The letter for an op that the server refuses.
pub fn refusal(entry: &Entry, op: Option<usize>, refused: &DbError) -> DeadLetter {
    const REMEDY: &str = "The database refused this row: look at the constraint or trigger that the server named, change it or the record, and replay the letter.";
    letter(
        entry,
        op,
        REFUSED,
        refused.column().map(Into::into),
        refused.sqlstate().map(|state| state.code().to_owned()),
        REMEDY,
    )
}
