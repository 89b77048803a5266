//! What can go wrong with private servers, as sentences that say what to do.

use std::io;
use std::path::PathBuf;

/// Why a private server could not be started, reached or ended.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// A server's program is not on this machine.
    #[error(
        "{what} not found (looked at {looked}): run `make deps`, or install the package {package}"
    )]
    Missing {
        /// The program, and whose it is.
        what: &'static str,
        /// Where it was looked for.
        looked: String,
        /// Debian's package that has it.
        package: &'static str,
    },
    /// A file, a directory or a process could not be made or used.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done, with the path.
        doing: String,
        /// The system's answer.
        source: io::Error,
    },
    /// As root, PostgreSQL runs under another user, who cannot reach the directory.
    #[error(
        "user {user} cannot enter {}: choose a directory that every user can reach, or make it executable for all (chmod o+x)",
        path.display()
    )]
    Closed {
        /// The user that PostgreSQL runs under.
        user: String,
        /// The ancestor that is closed.
        path: PathBuf,
    },
    /// As root, there is no user to run PostgreSQL under.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor `nobody`: make one, or run as another user"
    )]
    NoUser,
    /// Another process's server uses the directory.
    #[error("{} is in use by process {pid}: end it, or choose another directory", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The server's process id.
        pid: i32,
    },
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    Initdb(String),
    /// The server ended instead of becoming ready, on every port that was tried.
    #[error("{server} ended while starting; the end of its log: {log}")]
    Ended {
        /// Which one.
        server: &'static str,
        /// The last lines of its log.
        log: String,
    },
    /// The server runs but did not answer in time.
    #[error("{server} did not become ready in {seconds} s; the end of its log: {log}")]
    NotReady {
        /// Which one.
        server: &'static str,
        /// How long it was given.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// The server did not end in time and was killed.
    #[error("{server} did not end in {seconds} s and was killed")]
    NotEnded {
        /// Which one.
        server: &'static str,
        /// How long it was given.
        seconds: u64,
    },
    /// A statement on the private cluster failed.
    #[error("private PostgreSQL: {0}")]
    Statement(#[from] tokio_postgres::Error),
}

/// Gives an I/O error the sentence that it lacks.
pub(super) trait Doing<T> {
    /// `what` says what was being done, with the path.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, LocalError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, LocalError> {
        self.map_err(|source| LocalError::Io {
            doing: what(),
            source,
        })
    }
}
