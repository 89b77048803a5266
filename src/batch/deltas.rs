//! What rows that were added change in counts: by uri, on its way to the server.

use super::table_copy;
use crate::encode::RowWriter;
use bytes::Bytes;
use hashbrown::HashMap;
use std::hash::RandomState;

/// A count, as a column of `stage_deltas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// `likes`.
    Likes,
    /// `reposts`.
    Reposts,
    /// `replies`.
    Replies,
    /// `bookmarks`.
    Bookmarks,
}

/// Columns of `stage_deltas` behind the uri that are written here: those of [`Count`], in its order.
const COUNTS: usize = 4;

/// Changes of counts by uri. Its hash is keyed, because uris come from strangers.
#[derive(Debug, Default)]
pub struct Deltas<'b> {
    by_uri: HashMap<&'b [u8], [i32; COUNTS], RandomState>,
}

impl<'b> Deltas<'b> {
    /// Makes sure that a uri is there.
    pub fn touch(&mut self, uri: &'b [u8]) {
        self.by_uri.entry(uri).or_default();
    }

    /// One more of a count.
    pub fn add(&mut self, uri: &'b [u8], count: Count) {
        self.by_uri.entry(uri).or_default()[count as usize] += 1;
    }

    /// Nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_uri.is_empty()
    }

    /// A whole binary COPY stream into `stage_deltas`: uri, likes, reposts, replies, bookmarks.
    pub fn chunks(&self) -> impl Iterator<Item = Bytes> + Send + '_ {
        table_copy::chunks(self.by_uri.iter(), |(uri, counts), out| {
            let mut row = RowWriter::begin(out, 1 + COUNTS as i16);
            row.bytes(uri);
            counts.iter().for_each(|count| row.int4(*count));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::{HEADER, TRAILER};

    #[test]
    fn adds_up_by_uri() {
        let mut deltas = Deltas::default();
        assert!(deltas.is_empty());
        deltas.touch(b"u");
        deltas.add(b"u", Count::Replies);
        deltas.add(b"u", Count::Replies);
        let sent = deltas.chunks().collect::<Vec<_>>().concat();
        let row = b"\0\x05\0\0\0\x01u\0\0\0\x04\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x04\0\0\0\x02\0\0\0\x04\0\0\0\0";
        assert_eq!(sent, [&HEADER[..], row, &TRAILER].concat());
    }
}
