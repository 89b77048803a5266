//! PostgreSQL's binary COPY format, written straight into a buffer.
//!
//! One row at a time, one column after the other. It knows the wire forms of the few types that
//! the staging tables have, and nothing of which column is which.
//!
//! Source: PostgreSQL manual, COPY, "Binary Format"; the send functions of the types.

use crate::position::Micros;

/// What a COPY stream begins with: signature, no flags, no extension.
pub const HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What a COPY stream ends with.
pub const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();

/// Microseconds from 1970 to 2000, where PostgreSQL's timestamps begin.
const EPOCH: Micros = 946_684_800_000_000;

/// The length that stands for NULL.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// The version byte that stands before the text of a jsonb value.
const JSONB_VERSION: u8 = 1;

/// Bytes of the number of columns, which stands before them.
pub const COLUMN_COUNT: usize = 2;

/// Writes one row to the end of a buffer.
///
/// Text is made safe here and nowhere else: a NUL, which PostgreSQL's text cannot hold, becomes
/// U+FFFD and is counted. One that slipped through would fail the whole COPY.
#[derive(Debug)]
pub struct RowWriter<'b> {
    out: &'b mut Vec<u8>,
    /// NULs replaced so far.
    pub nuls: u64,
}

impl<'b> RowWriter<'b> {
    /// Begins a row of so many columns. All of them must then be written, in their order.
    pub fn begin(out: &'b mut Vec<u8>, columns: i16) -> Self {
        out.extend_from_slice(&columns.to_be_bytes());
        RowWriter { out, nuls: 0 }
    }

    /// NULL.
    pub fn null(&mut self) {
        self.out.extend_from_slice(&NULL);
    }

    /// A text column.
    pub fn text(&mut self, text: &str) {
        if memchr::memchr(0, text.as_bytes()).is_some() {
            self.text_with_nuls(text);
        } else {
            self.sized(text.as_bytes());
        }
    }

    #[cold]
    fn text_with_nuls(&mut self, text: &str) {
        self.nuls += memchr::memchr_iter(0, text.as_bytes()).count() as u64;
        self.sized(text.replace('\0', "\u{fffd}").as_bytes());
    }

    /// A text column, or NULL.
    pub fn opt_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Two texts as one column; neither has a NUL.
    pub fn texts(&mut self, text: &str, more: &str) {
        let length = i32::try_from(text.len() + more.len()).unwrap_or(i32::MAX);
        self.out.extend_from_slice(&length.to_be_bytes());
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(more.as_bytes());
    }

    /// A column as it stands in another row, its length before it.
    pub fn raw(&mut self, column: &[u8]) {
        self.out.extend_from_slice(column);
    }

    /// A bigint column.
    pub fn int8(&mut self, value: i64) {
        self.sized(&value.to_be_bytes());
    }

    /// A timestamp column, from microseconds since 1970 in the years that PostgreSQL knows.
    pub fn timestamp(&mut self, at: Micros) {
        self.int8(at.saturating_sub(EPOCH));
    }

    /// A timestamp column, or NULL.
    pub fn opt_timestamp(&mut self, at: Option<Micros>) {
        match at {
            Some(at) => self.timestamp(at),
            None => self.null(),
        }
    }

    /// A boolean column, or NULL.
    pub fn opt_bool(&mut self, value: Option<bool>) {
        match value {
            Some(value) => self.sized(&[u8::from(value)]),
            None => self.null(),
        }
    }

    /// A jsonb column from whatever `write` appends as JSON text; it gives the NULs it replaced.
    ///
    /// # Errors
    ///
    /// Those of `write`. The row is then incomplete, and the buffer must be cut back to where it
    /// began.
    pub fn jsonb<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<u64, E>,
    ) -> Result<(), E> {
        let length_at = self.out.len();
        self.out.extend_from_slice(&[0, 0, 0, 0, JSONB_VERSION]);
        self.nuls += write(self.out)?;
        let length = length_of(self.out.len() - length_at - 4);
        self.out[length_at..length_at + 4].copy_from_slice(&length);
        Ok(())
    }

    fn sized(&mut self, content: &[u8]) {
        self.out.extend_from_slice(&length_of(content.len()));
        self.out.extend_from_slice(content);
    }
}

/// A column's length. Redis bounds an entry at 512 MiB, so none exceeds what 31 bits hold.
fn length_of(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: i16, write: impl FnOnce(&mut RowWriter<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut RowWriter::begin(&mut out, columns));
        out
    }

    #[test]
    fn writes_each_type_as_postgresql_reads_it() {
        assert_eq!(row(1, |w| w.text("ab")), b"\0\x01\0\0\0\x02ab");
        assert_eq!(row(1, |w| w.opt_text(None)), b"\0\x01\xff\xff\xff\xff");
        assert_eq!(row(1, |w| w.int8(1)), b"\0\x01\0\0\0\x08\0\0\0\0\0\0\0\x01");
        assert_eq!(
            row(1, |w| w.timestamp(EPOCH + 1)),
            b"\0\x01\0\0\0\x08\0\0\0\0\0\0\0\x01"
        );
        assert_eq!(row(1, |w| w.opt_bool(Some(true))), b"\0\x01\0\0\0\x01\x01");
        let json = row(1, |w| {
            w.jsonb(|out| {
                out.extend_from_slice(b"{}");
                Ok::<_, ()>(0)
            })
            .expect("written");
        });
        assert_eq!(json, b"\0\x01\0\0\0\x03\x01{}");
    }

    #[test]
    fn a_nul_never_gets_through() {
        let mut out = Vec::new();
        let mut writer = RowWriter::begin(&mut out, 1);
        writer.text("a\0b\0");
        assert_eq!(writer.nuls, 2);
        assert_eq!(&out[6..], "a\u{fffd}b\u{fffd}".as_bytes());
        assert_eq!(out[5], 8);
    }
}
