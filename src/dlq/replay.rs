//! Putting letters back: each at the position that its entry had first.
//!
//! Nothing goes over the stream: what happened since has a later position and stands, because the
//! merges see to it. A letter keeps the tombstones that it could meet from being pruned
//! (`housekeeping`), so that a record that was deleted since does not come back, however old the
//! letter is.

use super::{Kept, Page, Selection, delete, page};
use crate::apply::Applier;
use crate::database;
use crate::entry::Entry;
use crate::error::DbError;
use crate::flush::Changes;
use crate::letter::{DeadLetter, taken_apart};
use deadpool_postgres::Pool;

/// A letter that stays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The letter.
    pub id: i64,
    /// Why it cannot be stored now.
    pub reason: String,
    /// What can be done about that.
    pub remedy: String,
}

/// What a replay did.
#[derive(Debug, Default)]
pub struct Replayed {
    /// Letters that are dealt with and gone.
    pub stored: u64,
    /// Letters that stay.
    pub refused: Vec<Refused>,
    /// Rows added and removed.
    pub changes: Changes,
}

/// Letters in one transaction at most.
const LETTERS_AT_ONCE: i64 = 64;
/// What is longer is replayed alone: together they must not fill the memory.
const BYTES_AT_ONCE: i32 = 1 << 20;
const TRUNCATED: &str = "only the first MiB of it was kept: it cannot be replayed";

/// Replays the letters of a selection; `told` hears of each page.
///
/// # Errors
///
/// The database is away or refuses. What was stored by then is stored, and its letters are gone or
/// may be replayed again.
pub async fn replay(
    pool: &Pool,
    applier: &mut Applier,
    selection: &Selection,
    mut told: impl FnMut(&Replayed),
) -> Result<Replayed, DbError> {
    let client = database::administer(pool).await?;
    let mut replayed = Replayed::default();
    let mut after = 0;
    loop {
        let next = Page {
            after,
            letters_most: LETTERS_AT_ONCE,
            data_bytes_most: BYTES_AT_ONCE,
        };
        let letters = page(&client, selection, next).await?;
        let Some(last) = letters.last() else {
            return Ok(replayed);
        };
        after = last.id;
        // A whole entry may be a commit of thousands of ops.
        let (ops, whole): (Vec<Kept>, Vec<Kept>) = letters
            .into_iter()
            .partition(|letter| letter.op.is_some() && letter.raw.is_some());
        let mut stored = store(applier, &ops, &mut replayed).await?;
        for letter in whole {
            let letters = match letter.raw {
                Some(_) => vec![letter],
                None => page(&client, &Selection::of(letter.id), Page::WHOLE).await?,
            };
            stored.extend(store(applier, &letters, &mut replayed).await?);
        }
        replayed.stored += delete(&client, &stored).await?;
        told(&replayed);
    }
}

/// Stores what can be stored of some letters; the ids of those of which all is.
async fn store(
    applier: &mut Applier,
    letters: &[Kept],
    replayed: &mut Replayed,
) -> Result<Vec<i64>, DbError> {
    let mut entries: Vec<Entry> = Vec::new();
    // Whose each entry is.
    let mut owners: Vec<i64> = Vec::new();
    for letter in letters {
        match letter.entry().filter(|_| !letter.truncated) {
            Some(entry) => {
                entries.extend(taken_apart(entry));
                owners.resize(entries.len(), letter.id);
            }
            None => replayed.refused.push(Refused {
                id: letter.id,
                reason: TRUNCATED.to_owned(),
                remedy: "purge it".to_owned(),
            }),
        }
    }
    let applied = applier.apply(&entries).await?;
    replayed.changes.add(&applied.changes);
    let mut stored = owners.clone();
    stored.dedup();
    for of_one in applied
        .refused
        .chunk_by(|(one, _), (next, _)| owners[*one] == owners[*next])
    {
        let id = owners[of_one[0].0];
        stored.retain(|stored| *stored != id);
        let records = owners.iter().filter(|owner| **owner == id).count();
        replayed.refused.push(refused(id, of_one, records));
    }
    Ok(stored)
}

/// What is said of a letter of so many records, by what was refused of it.
fn refused(id: i64, letters: &[(usize, DeadLetter)], records: usize) -> Refused {
    let (_, first) = &letters[0];
    let mut reason = match &first.sqlstate {
        Some(state) => format!("{} (SQLSTATE {state})", first.reason),
        None => first.reason.to_string(),
    };
    if records > 1 {
        reason += &format!(
            "; {} of its {records} records are refused, the others are stored",
            letters.len()
        );
    }
    Refused {
        id,
        reason,
        remedy: first.remedy.to_string(),
    }
}
