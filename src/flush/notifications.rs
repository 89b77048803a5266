//! Notifications: what records tell actors, in the transaction of the records.
//!
//! Each has its record's uri in its own, so that it belongs to the record's repo and lies under its lock:
//! no two transactions write the same one. Most come with records that go straight into their tables, and
//! go the same way. What is here is for all other records: those that were added from staging, that are
//! contested, that changed or went. It knows nothing of readers, and leaves to them what they have read.

use super::changes::Table;
use super::merging::Merging;
use super::statement::Params;
use crate::derived::Derived;
use crate::error::DbError;
use crate::sql::notifications::{self as sql, Put, Told};
use crate::stage::Kind;

const WHAT: &str = "notifying";

fn told(merging: &Merging<'_>, kind: Kind) -> Option<&'static Told> {
    merging
        .keeps(Derived::Notifications)
        .then(|| sql::told(kind))
        .flatten()
}

/// Removes those of records that were deleted.
pub async fn deleted(merging: &mut Merging<'_>, kind: Kind) -> Result<(), DbError> {
    match told(merging, kind) {
        Some(told) => remove(merging, &told.delete).await,
        None => Ok(()),
    }
}

/// Adds those of staged records that were simply added.
pub async fn added(merging: &mut Merging<'_>, kind: Kind) -> Result<(), DbError> {
    let Some(told) = told(merging, kind) else {
        return Ok(());
    };
    // One that is there under such a uri is of a record that was gone.
    let [clear, add] = &told.added;
    remove(merging, clear).await?;
    let (added, _) = merging.ask_two(WHAT, add).await?;
    merging.note(Table::Notifications, added);
    Ok(())
}

/// Keeps what only they know of the holders of contested keys, which are about to leave.
pub async fn held(merging: &Merging<'_>, kind: Kind) -> Result<(), DbError> {
    // Of a repost the feed item knows it.
    if let Some(told) = told(merging, kind).filter(|_| kind != Kind::Reposts) {
        merging.run(WHAT, &told.hold).await?;
    }
    Ok(())
}

/// Settles those of contested records, once the right ones are seated.
pub async fn settled(merging: &mut Merging<'_>, kind: Kind) -> Result<(), DbError> {
    match told(merging, kind) {
        Some(told) => {
            remove(merging, &told.withdraw).await?;
            put(merging, &told.seated).await
        }
        None => Ok(()),
    }
}

/// Removes those of posts that are about to be deleted: afterwards nobody knows whom they mentioned.
pub async fn of_posts_that_go(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if merging.keeps(Derived::Notifications) {
        remove(merging, &sql::POSTS_DELETE).await?;
    }
    Ok(())
}

/// Removes those of older versions of staged posts that the newer do not make.
pub async fn of_posts_revised(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if merging.keeps(Derived::Notifications) {
        remove(merging, &sql::POSTS_WITHDRAW).await?;
    }
    Ok(())
}

/// Adds those of staged posts, as merged.
pub async fn of_posts(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if merging.keeps(Derived::Notifications) {
        put(merging, &sql::POSTS_PUT).await?;
    }
    Ok(())
}

/// Adds mentions in posts that went straight in; their replies went with them.
pub async fn mentions(merging: &mut Merging<'_>) -> Result<(), DbError> {
    if !merging.keeps(Derived::Notifications) || merging.straight.count(Kind::Posts) == 0 {
        return Ok(());
    }
    let batch = merging.batch;
    let posts: Vec<&str> = batch.mentioning(&merging.straight).collect();
    if posts.is_empty() {
        return Ok(());
    }
    put_with(merging, &sql::MENTIONS_PUT, &[&posts]).await
}

async fn remove(merging: &mut Merging<'_>, text: &str) -> Result<(), DbError> {
    let gone = merging.run(WHAT, text).await?;
    merging.note(Table::Notifications, -gone.cast_signed());
    Ok(())
}

async fn put(merging: &mut Merging<'_>, put: &Put) -> Result<(), DbError> {
    put_with(merging, put, &[]).await
}

async fn put_with(merging: &mut Merging<'_>, put: &Put, params: Params<'_>) -> Result<(), DbError> {
    let (added, there) = merging.ask_two_with(WHAT, &put.add, params).await?;
    merging.note(Table::Notifications, added);
    if there > 0 {
        merging.run_with(WHAT, &put.revise, params).await?;
    }
    Ok(())
}
