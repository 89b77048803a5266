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

/// Letters in one transaction at most; of 1 MiB each, they must not fill the memory either.
const LETTERS_AT_ONCE: i64 = 64;
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
            data_bytes_most: i32::MAX,
        };
        let letters = page(&client, selection, next).await?;
        let Some(last) = letters.last() else {
            return Ok(replayed);
        };
        after = last.id;
        let stored = replay_page(applier, &letters, &mut replayed).await?;
        replayed.stored += delete(&client, &stored).await?;
        told(&replayed);
    }
}

/// Stores what can be stored of a page; the ids of what is.
async fn replay_page(
    applier: &mut Applier,
    letters: &[Kept],
    replayed: &mut Replayed,
) -> Result<Vec<i64>, DbError> {
    let mut ids: Vec<i64> = Vec::new();
    let mut entries: Vec<Entry> = Vec::new();
    for letter in letters {
        match letter.entry().filter(|_| !letter.truncated) {
            Some(entry) => {
                ids.push(letter.id);
                entries.push(entry);
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
    let mut stored = ids.clone();
    for (at, letter) in &applied.refused {
        let id = ids[*at];
        stored.retain(|stored| *stored != id);
        replayed.refused.push(Refused {
            id,
            reason: match &letter.sqlstate {
                Some(state) => format!("{} (SQLSTATE {state})", letter.reason),
                None => letter.reason.to_string(),
            },
            remedy: letter.remedy.to_string(),
        });
    }
    Ok(stored)
}
