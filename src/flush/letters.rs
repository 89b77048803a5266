//! Dead letters as rows, in the transaction of the batch that they come from.

use deadpool_postgres::Transaction;

use super::statement::run;
use super::terms::Letters;
use crate::error::DbError;
use crate::letter::DeadLetter;
use crate::sql;

/// Writes dead letters; one that is there already stays.
pub async fn write(
    transaction: &Transaction<'_>,
    letters: &[DeadLetter],
    what: Letters,
) -> Result<(), DbError> {
    /// The server takes a parameter of at most 1 GiB; a letter's data has at most 1 MiB.
    const LETTERS_PER_STATEMENT: usize = 256;
    if what == Letters::Told {
        return Ok(());
    }
    for some in letters.chunks(LETTERS_PER_STATEMENT) {
        write_some(transaction, some).await?;
    }
    Ok(())
}

async fn write_some(transaction: &Transaction<'_>, letters: &[DeadLetter]) -> Result<(), DbError> {
    fn each<'l, T>(letters: &'l [DeadLetter], column: impl Fn(&'l DeadLetter) -> T) -> Vec<T> {
        letters.iter().map(column).collect()
    }
    let op = |letter: &DeadLetter| {
        letter
            .op
            .map_or(-1, |op| i32::try_from(op).unwrap_or(i32::MAX))
    };
    let deliveries = |letter: &DeadLetter| i32::try_from(letter.deliveries).unwrap_or(i32::MAX);
    run(
        transaction,
        "writing dead letters",
        sql::DEAD_LETTERS_PUT,
        &[
            &each(letters, |letter| letter.entry_id.to_string()),
            &each(letters, |letter| letter.id.to_string()),
            &each(letters, op),
            &each(letters, |letter| letter.kind.as_str()),
            &each(letters, |letter| letter.data.as_slice()),
            &each(letters, |letter| letter.truncated),
            &each(letters, |letter| letter.seq.as_str()),
            &each(letters, deliveries),
            &each(letters, |letter| letter.reason.as_ref()),
            &each(letters, |letter| letter.column.as_deref()),
            &each(letters, |letter| letter.sqlstate.as_deref()),
            &each(letters, |letter| letter.remedy.as_ref()),
        ],
    )
    .await?;
    Ok(())
}
