//! One stage's part of a batch, on its way to the server.
//!
//! The rows lie in the order in which they came and go out in the order of their uris: the server
//! then writes its indexes in their own order without sorting whole rows first.

use crate::encode::{HEADER, TRAILER};
use crate::stage::Stage;
use bytes::{Bytes, BytesMut};
use std::ops::Range;

/// Bytes that go out together: enough that a message costs nothing, and little memory.
const CHUNK_BYTES: usize = 64 << 10;

/// The rows of one staging table.
#[derive(Clone, Debug)]
pub struct StageCopy {
    /// The staging table.
    pub stage: Stage,
    /// What the rows lie in, shared with the batch.
    pub(super) bytes: Bytes,
    /// Where, in the order in which they are sent.
    pub(super) rows: Vec<Range<usize>>,
}

impl StageCopy {
    /// A whole binary COPY stream, header to trailer, in chunks.
    pub fn chunks(&self) -> impl Iterator<Item = Bytes> + '_ {
        let mut rows = self.rows.iter().peekable();
        let mut chunk = BytesMut::from(&HEADER[..]);
        let mut ended = false;
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            while let Some(row) = rows.next_if(|_| chunk.len() < CHUNK_BYTES) {
                chunk.extend_from_slice(self.bytes.get(row.clone()).unwrap_or_default());
            }
            if rows.peek().is_none() {
                chunk.extend_from_slice(&TRAILER);
                ended = true;
            }
            Some(std::mem::take(&mut chunk).freeze())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(rows: Vec<Range<usize>>, bytes: &'static [u8]) -> Vec<Bytes> {
        let bytes = Bytes::from_static(bytes);
        let copy = StageCopy {
            stage: Stage::Likes,
            bytes,
            rows,
        };
        copy.chunks().collect()
    }

    #[test]
    fn sends_the_rows_in_the_order_given() {
        let chunks = sent(vec![4..6, 0..2], b"aabbcc");
        assert_eq!(chunks.concat(), [&HEADER[..], b"ccaa", &TRAILER].concat());
        assert_eq!(
            sent(Vec::new(), b"").concat(),
            [&HEADER[..], &TRAILER].concat()
        );
    }

    #[test]
    fn sends_large_batches_in_pieces() {
        static LARGE: [u8; CHUNK_BYTES] = [7; CHUNK_BYTES];
        let chunks = sent(vec![0..CHUNK_BYTES; 3], &LARGE);
        assert_eq!(chunks.len(), 4 - 1);
        let whole = HEADER.len() + 3 * CHUNK_BYTES + TRAILER.len();
        assert_eq!(chunks.concat().len(), whole);
    }
}
