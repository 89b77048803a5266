//! Free ports of 127.0.0.1.

use super::random;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Below Linux's range for outgoing connections (32768…), so that a server that is stopped for a
/// while finds its port free again: in that range any client's connection may have taken it.
const FIRST: u16 = 15_000;
const COUNT: u16 = 16_000;
const TRIES: usize = 100;

/// A port that was free a moment ago. Another process may take it first: whoever starts a server
/// on it must be ready to try another.
pub(super) fn free() -> io::Result<u16> {
    for _ in 0..TRIES {
        let port = FIRST + u16::from_le_bytes(random::bytes()?) % COUNT;
        if is_free(port) {
            return Ok(port);
        }
    }
    Err(io::Error::from(io::ErrorKind::AddrInUse))
}

/// Whether nobody listens there.
pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
