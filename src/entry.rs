//! One entry of the stream, as Redis gave it and before anyone has looked inside.

use crate::position::StreamId;
use smallvec::SmallVec;

/// A field of a few bytes, which usually fits where it stands.
pub type Word = SmallVec<[u8; 16]>;

/// What the reader took from the stream: an id and the three fields that matter.
///
/// `data` is bytes, not text: nothing on the stream is trusted to be UTF-8, let alone JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id by which the entry is acknowledged.
    pub id: StreamId,
    /// For a replayed dead letter, the id that it had first; its position is taken from it.
    pub orig_id: Option<StreamId>,
    /// The `type` field.
    pub kind: Word,
    /// The `data` field; `None` where the entry has no such field.
    pub data: Option<Vec<u8>>,
    /// The relay's sequence number in decimal, or empty.
    pub seq: Word,
    /// How many times Redis has delivered it, where that is known; 1 for a first delivery.
    pub deliveries: u32,
}

impl Entry {
    /// An entry without fields.
    #[must_use]
    pub fn empty(id: StreamId) -> Self {
        Entry {
            id,
            orig_id: None,
            kind: Word::new(),
            data: None,
            seq: Word::new(),
            deliveries: 1,
        }
    }

    /// The id that decides who wins: the original one of a replayed dead letter.
    #[must_use]
    pub fn origin(&self) -> StreamId {
        self.orig_id.unwrap_or(self.id)
    }
}
