//! Who is told of a record, as far as the record itself says.
//!
//! What is decided here for rows that go straight into their tables is decided by `sql/notifications_*`
//! for all others.

use super::table_copy::Columns;
use crate::decode::uri::author_of_post;

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// The actor in this column.
    Actor(usize),
    /// The author of the post whose uri is in this column.
    AuthorOf(usize),
}

/// Which rows become rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// All of them.
    All,
    /// Those that tell someone else than their author, in a notification that its table can hold.
    Told {
        /// Who that is.
        recipient: Recipient,
        /// The author's column.
        author: usize,
        /// What is put behind the record's uri.
        suffix: &'static str,
    },
}

/// Characters of a DID and of a uri, both ASCII, in the table of notifications.
const DID_MOST: usize = 255;
const URI_MOST: usize = 512;

/// The column of a record's uri.
const URI: usize = 0;

impl Recipient {
    /// The column that says it.
    #[must_use]
    pub fn column(self) -> usize {
        match self {
            Recipient::Actor(at) | Recipient::AuthorOf(at) => at,
        }
    }

    /// The DID, if there is one: a uri may name its author by a handle.
    pub(super) fn of<'r>(self, row: &Columns<'r>) -> Option<&'r str> {
        let text = row.text(self.column())?;
        let did = match self {
            Recipient::Actor(_) => text,
            Recipient::AuthorOf(_) => author_of_post(text)?,
        };
        did.starts_with("did:").then_some(did)
    }
}

impl Only {
    /// The last column that is looked at.
    pub(super) fn last(self) -> usize {
        match self {
            Only::All => URI,
            Only::Told {
                recipient, author, ..
            } => recipient.column().max(author),
        }
    }

    pub(super) fn has(self, row: &Columns<'_>) -> bool {
        match self {
            Only::All => true,
            Only::Told {
                recipient,
                author,
                suffix,
            } => recipient.of(row).is_some_and(|did| {
                let uri = row.text(URI).map_or(0, str::len);
                did.len() <= DID_MOST
                    && uri + suffix.len() <= URI_MOST
                    && row.text(author) != Some(did)
            }),
        }
    }
}
