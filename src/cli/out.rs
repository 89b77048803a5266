//! What a command says on standard output.

use std::io::{ErrorKind, Write as _};

use super::Failure;

/// Whether anybody reads on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// As far as can be known.
    There,
    /// It has gone (`| head`), and has seen enough.
    Gone,
}

/// Says a text. A reader that has gone is no failure.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn say(text: &str) -> Result<(), Failure> {
    say_on(text).map(|_| ())
}

/// The same for who would go on.
///
/// # Errors
///
/// As [`say`].
pub fn say_on(text: &str) -> Result<Reader, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error.into()),
    }
}
