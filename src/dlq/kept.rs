//! One kept letter, as it is shown and as the entry that it was.

use serde::Serialize;
use tokio_postgres::Row;

use crate::entry::{Entry, Word};
use crate::letter::uris_of_ops;
use crate::position::StreamId;

/// A row of `forebay.dead_letters`. Its names are those of the JSON form.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    /// Names the letter.
    pub id: i64,
    /// The id of the entry that it was cut from.
    pub entry_id: String,
    /// The id that the entry had first: its position.
    pub orig_id: String,
    /// Which op of the commit; none for a whole entry.
    pub op: Option<i32>,
    /// The entry's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The relay's sequence number, or empty.
    pub seq: String,
    /// How often the entry had been delivered.
    pub deliveries: i32,
    /// Why it could not be stored.
    pub reason: String,
    /// The column or constraint that refused it.
    pub column: Option<String>,
    /// What the server said, where the server refused.
    pub sqlstate: Option<String>,
    /// What can be done.
    pub remedy: String,
    /// Only the first MiB of the data is kept.
    pub truncated: bool,
    /// When it was written, RFC 3339.
    pub written_at: String,
    /// How long ago that is, in seconds.
    pub age_s: i64,
    /// The record, where the letter is about one.
    pub uri: Option<String>,
    /// Length of the data.
    pub data_bytes: i32,
    /// The data as text; none where it was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The same as it came.
    #[serde(skip)]
    pub raw: Option<Vec<u8>>,
}

impl Kept {
    pub(super) fn of(row: &Row) -> Kept {
        let op: i32 = row.get(3);
        let raw: Option<Vec<u8>> = row.get(15);
        let mut kept = Kept {
            id: row.get(0),
            entry_id: row.get(1),
            orig_id: row.get(2),
            op: (op >= 0).then_some(op),
            kind: row.get(4),
            seq: row.get(5),
            deliveries: row.get(6),
            reason: row.get(7),
            column: row.get(8),
            sqlstate: row.get(9),
            remedy: row.get(10),
            truncated: row.get(11),
            written_at: row.get(12),
            age_s: row.get(13),
            uri: None,
            data_bytes: row.get(14),
            data: raw
                .as_deref()
                .map(|data| String::from_utf8_lossy(data).into_owned()),
            raw,
        };
        kept.uri = kept.entry().and_then(|entry| {
            let uris = uris_of_ops(&entry);
            let [uri] = &uris[..] else { return None };
            (!uri.is_empty()).then(|| uri.clone())
        });
        kept
    }

    /// Without its data, for a list.
    #[must_use]
    pub fn without_data(self) -> Kept {
        Kept {
            data: None,
            raw: None,
            ..self
        }
    }

    /// The entry that it was, at its first position; none where its data was left out or it does not
    /// say where it stood.
    #[must_use]
    pub fn entry(&self) -> Option<Entry> {
        let id: StreamId = self.orig_id.parse().ok()?;
        Some(Entry {
            id,
            orig_id: Some(id),
            kind: Word::from_slice(self.kind.as_bytes()),
            data: Some(self.raw.clone()?),
            seq: Word::from_slice(self.seq.as_bytes()),
            deliveries: 1,
        })
    }
}
