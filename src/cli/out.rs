//! What a command says on standard output.

use std::io::{ErrorKind, Write as _};

use super::Failure;

/// Says a text. A reader that has gone (`| head`) has seen enough: that is no failure.
///
/// # Errors
///
/// Standard output cannot be written to.
pub fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        said => Ok(said?),
    }
}
