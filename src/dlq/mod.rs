//! The dead letters that are kept: looking at them, putting them back, throwing them away.
//!
//! A letter goes only after its op is committed, or when its id was read and named. It knows rows of
//! `forebay.dead_letters`; why an op failed stands in its letter.

mod kept;
mod replay;

pub use kept::Kept;
pub use replay::{Refused, Replayed, replay};

use deadpool_postgres::Object;

use crate::error::DbError;
use crate::sql;

/// Which letters are meant. All conditions must hold; none means all letters.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// One of these ids.
    pub ids: Option<Vec<i64>>,
    /// This reason, or one that begins with it and a colon.
    pub reason: Option<String>,
    /// At least so old, in seconds.
    pub age_s_least: Option<i64>,
    /// At most so old, in seconds.
    pub age_s_most: Option<i64>,
}

impl Selection {
    /// One letter.
    #[must_use]
    pub fn of(id: i64) -> Selection {
        Selection {
            ids: Some(vec![id]),
            ..Selection::default()
        }
    }
}

/// A piece of a selection.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// The id after which it begins; 0 for the first.
    pub after: i64,
    /// Letters at most.
    pub letters_most: i64,
    /// Data that is longer is left out.
    pub data_bytes_most: i32,
}

impl Page {
    /// For one letter, with all of its data.
    pub const WHOLE: Page = Page {
        after: i64::MIN,
        letters_most: 1,
        data_bytes_most: i32::MAX,
    };
}

/// The letters of a page, by id.
///
/// # Errors
///
/// The database is away or refuses.
pub async fn page(
    client: &Object,
    selection: &Selection,
    page: Page,
) -> Result<Vec<Kept>, DbError> {
    let rows = client
        .query(
            sql::DEAD_LETTERS_SELECT,
            &[
                &selection.ids,
                &selection.reason,
                &selection.age_s_least,
                &selection.age_s_most,
                &page.after,
                &page.letters_most,
                &page.data_bytes_most,
            ],
        )
        .await
        .map_err(DbError::during("reading dead letters"))?;
    Ok(rows.iter().map(Kept::of).collect())
}

/// How many letters a selection has.
///
/// # Errors
///
/// As [`page`].
pub async fn count(client: &Object, selection: &Selection) -> Result<i64, DbError> {
    let row = client
        .query_one(
            sql::DEAD_LETTERS_SELECTED,
            &[
                &selection.ids,
                &selection.reason,
                &selection.age_s_least,
                &selection.age_s_most,
            ],
        )
        .await
        .map_err(DbError::during("counting dead letters"))?;
    Ok(row.get(0))
}

/// Throws the letters of a selection away; how many. A letter that comes meanwhile was not looked at
/// and stays.
///
/// # Errors
///
/// As [`page`]; none is gone then.
pub async fn purge(client: &Object, selection: &Selection) -> Result<u64, DbError> {
    client
        .execute(
            sql::DEAD_LETTERS_PURGE,
            &[
                &selection.ids,
                &selection.reason,
                &selection.age_s_least,
                &selection.age_s_most,
            ],
        )
        .await
        .map_err(DbError::during("purging dead letters"))
}

async fn delete(client: &Object, ids: &[i64]) -> Result<u64, DbError> {
    client
        .execute(sql::DEAD_LETTERS_DELETE, &[&ids])
        .await
        .map_err(DbError::during("removing dead letters"))
}
