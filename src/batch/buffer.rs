//! The COPY buffer of one staging table, with rows in it that are dead.
//!
//! It knows byte ranges and nothing of what stands in them. Rows are appended while the batch
//! fills; once it is handed out it is frozen, so that a batch can be sent again without a copy.

use bytes::Bytes;
use rustc_hash::FxHashSet;
use std::ops::Range;

/// Rows of one staging table in the form of binary COPY.
#[derive(Debug, Default)]
pub struct Buffer {
    filling: Vec<u8>,
    frozen: Option<Bytes>,
    dead: Vec<Range<usize>>,
}

impl Buffer {
    /// The bytes to which a row is appended.
    pub fn open(&mut self) -> &mut Vec<u8> {
        if let Some(frozen) = self.frozen.take() {
            self.filling = thaw(frozen);
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

    /// All bytes, to be shared; no row is copied.
    pub fn freeze(&mut self) -> Bytes {
        let filling = &mut self.filling;
        self.frozen
            .get_or_insert_with(|| Bytes::from(std::mem::take(filling)))
            .clone()
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

    #[test]
    fn knows_the_dead() {
        let mut buffer = Buffer::default();
        buffer.open().extend_from_slice(b"aabbcc");
        buffer.kill(4..6);
        buffer.kill(0..2);
        buffer.revive(4..6);
        assert_eq!(buffer.dead(), FxHashSet::from_iter([0]));
        buffer.clear();
        assert!(buffer.dead().is_empty());
    }

    #[test]
    fn can_be_sent_again_written_on_and_used_again() {
        let mut buffer = Buffer::default();
        buffer.open().extend_from_slice(b"ab");
        let held = buffer.freeze();
        assert_eq!(held, buffer.freeze());
        buffer.open().extend_from_slice(b"cd");
        assert_eq!(buffer.freeze(), &b"abcd"[..]);
        drop(held);
        let capacity = buffer.open().capacity();
        buffer.freeze();
        buffer.clear();
        assert!(buffer.bytes().is_empty());
        assert!(buffer.open().capacity() >= capacity);
    }
}
