//! The COPY buffer of one staging table, with rows in it that are dead.
//!
//! It knows byte ranges and nothing of what stands in them. Rows are appended while the batch
//! fills; once it is handed out it is frozen, so that a batch can be sent again without a copy.

use crate::encode::{HEADER, TRAILER};
use bytes::Bytes;
use rustc_hash::FxHashSet;
use std::ops::Range;

/// Rows of one staging table as a binary COPY stream.
#[derive(Debug, Default)]
pub struct Buffer {
    filling: Vec<u8>,
    frozen: Option<Bytes>,
    dead: Vec<Range<usize>>,
}

impl Buffer {
    /// The bytes to which a row is appended; they begin with the stream's header.
    pub fn open(&mut self) -> &mut Vec<u8> {
        if let Some(frozen) = self.frozen.take() {
            self.filling = thaw(frozen);
        }
        if self.filling.is_empty() {
            self.filling.extend_from_slice(&HEADER);
        }
        &mut self.filling
    }

    /// All bytes so far, dead rows included.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.frozen.as_deref().unwrap_or(&self.filling)
    }

    /// Leaves a row out of what is sent.
    pub fn kill(&mut self, row: Range<usize>) {
        self.dead.push(row);
    }

    /// Where the rows that are left out begin.
    #[must_use]
    pub fn dead(&self) -> FxHashSet<usize> {
        self.dead.iter().map(|row| row.start).collect()
    }

    /// Puts a row that was left out in again. Nearly always the one left out last.
    pub fn revive(&mut self, row: Range<usize>) {
        if let Some(at) = self.dead.iter().rposition(|dead| *dead == row) {
            self.dead.swap_remove(at);
        }
    }

    /// The whole stream without the dead rows. No row is copied.
    pub fn stream(&mut self) -> Vec<Bytes> {
        self.dead.sort_unstable_by_key(|row| row.start);
        let all = self
            .frozen
            .get_or_insert_with(|| Bytes::from(std::mem::take(&mut self.filling)));
        let mut chunks = Vec::with_capacity(self.dead.len() + 2);
        let mut from = 0;
        for row in &self.dead {
            if from < row.start {
                chunks.push(all.slice(from..row.start));
            }
            from = row.end;
        }
        if from < all.len() {
            chunks.push(all.slice(from..));
        }
        chunks.push(Bytes::from_static(&TRAILER));
        chunks
    }

    /// Empties the buffer, keeping its memory if no one holds the stream any more.
    pub fn clear(&mut self) {
        if let Some(frozen) = self.frozen.take() {
            self.filling = frozen.try_into_mut().map(Vec::from).unwrap_or_default();
        }
        self.filling.clear();
        self.dead.clear();
    }
}

/// The bytes, to be written on; copied only if someone else still holds them.
fn thaw(frozen: Bytes) -> Vec<u8> {
    frozen
        .try_into_mut()
        .map_or_else(|held| held.to_vec(), Vec::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(buffer: &mut Buffer) -> Vec<u8> {
        buffer.stream().concat()
    }

    #[test]
    fn leaves_out_the_dead_wherever_they_lie() {
        for (dead, left) in [
            (vec![], "aabbcc"),
            (vec![0], "bbcc"),
            (vec![2, 1], "aa"),
            (vec![1], "aacc"),
            (vec![0, 1, 2], ""),
        ] {
            let mut buffer = Buffer::default();
            buffer.open().extend_from_slice(b"aabbcc");
            for row in dead {
                buffer.kill(19 + 2 * row..21 + 2 * row);
            }
            assert_eq!(
                sent(&mut buffer),
                [&HEADER[..], left.as_bytes(), &TRAILER].concat()
            );
        }
    }

    #[test]
    fn can_be_sent_again_written_on_and_used_again() {
        let mut buffer = Buffer::default();
        buffer.open().extend_from_slice(b"ab");
        let held = buffer.stream();
        assert_eq!(held.concat(), sent(&mut buffer));
        buffer.open().extend_from_slice(b"cd");
        assert_eq!(sent(&mut buffer), [&HEADER[..], b"abcd", &TRAILER].concat());
        drop(held);
        let capacity = buffer.open().capacity();
        buffer.stream();
        buffer.clear();
        assert!(buffer.bytes().is_empty());
        assert!(buffer.open().capacity() >= capacity);
    }
}
