//! Random bytes from the system, for passwords, names and ports.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};

/// `N` random bytes.
pub(super) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// 32 hexadecimal digits: fit for a URL, a file name and a configuration file as they are.
pub(super) fn word() -> io::Result<String> {
    let mut word = String::with_capacity(32);
    for byte in bytes::<16>()? {
        // Writing to a string does not fail.
        let _ = write!(word, "{byte:02x}");
    }
    Ok(word)
}
