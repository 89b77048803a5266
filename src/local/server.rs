//! What both servers have in common: a directory, a password, a port, and a life that ends with
//! its owner's.
//!
//! It knows how to start on a free port, to wait for an answer and to end, and nothing of what
//! runs.

use super::account::Account;
use super::error::{Doing as _, LocalError};
use super::guard::{Guard, Launch};
use super::home::{Dir, Home};
use super::port;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Ports tried before giving up: between finding a port and binding it another may take it.
const STARTS: usize = 5;
const POLL: Duration = Duration::from_millis(5);

/// One kind of server.
pub(super) trait Program {
    /// Its name, for messages.
    const NAME: &'static str;
    /// The signal that ends it in order.
    const ORDERLY: Signal;
    /// The signal that ends it at once, when what it leaves is to be removed anyway.
    const ABRUPT: Signal;
    /// How long it may take to answer.
    const PATIENCE: Duration;

    /// Program and arguments; writes what configuration they need.
    fn command(&self, place: &Place) -> Result<Vec<OsString>, LocalError>;

    /// Whether it answers. Another server on the same port does not know the password.
    async fn answers(&self, place: &Place) -> bool;
}

/// Where a server is.
#[derive(Debug)]
pub(super) struct Place {
    /// Its directory.
    pub(super) dir: Dir,
    /// Who it runs as, and owns its files.
    pub(super) account: Account,
    /// Random, and its own.
    pub(super) password: String,
    /// On 127.0.0.1; 0 before it has one.
    pub(super) port: u16,
}

impl Place {
    /// Makes the directory and the password. `name` goes into a temporary directory's name.
    pub(super) fn make(home: Home, account: Account, name: &str) -> Result<Place, LocalError> {
        let dir = Dir::make(home, &account, name)?;
        let password = dir.password(&account)?;
        let port = dir.last_port()?.unwrap_or(0);
        Ok(Place {
            dir,
            account,
            password,
            port,
        })
    }

    fn find_port(&mut self) -> Result<(), LocalError> {
        if self.port == 0 || !port::is_free(self.port) {
            self.port = port::free().doing(|| "find a free port".to_owned())?;
        }
        Ok(())
    }
}

/// A server. Dropping it ends it, without waiting for that.
#[derive(Debug)]
pub(super) struct Server<P: Program> {
    /// What runs.
    pub(super) program: P,
    /// Where it runs.
    pub(super) place: Place,
    guard: Option<Guard>,
}

impl<P: Program> Server<P> {
    /// Starts it, on the port of the last run or another one, and waits until it answers.
    pub(super) async fn start(program: P, place: Place) -> Result<Self, LocalError> {
        let mut server = Server {
            program,
            place,
            guard: None,
        };
        server.start_on_a_free_port().await?;
        let Place {
            dir, account, port, ..
        } = &server.place;
        dir.write("port", &port.to_string(), account)?;
        Ok(server)
    }

    /// The server's process id; `None` while it is stopped.
    pub(super) fn pid(&self) -> Option<i32> {
        self.guard.as_ref().map(Guard::pid)
    }

    /// Ends it by a signal and waits for that; nothing to do when it is stopped.
    pub(super) async fn end(&mut self, signal: Signal) -> Result<(), LocalError> {
        match self.guard.take() {
            Some(guard) => guard.end(signal).await,
            None => Ok(()),
        }
    }

    /// Ends it in order if it runs, and starts it on the same port and data.
    pub(super) async fn restart(&mut self) -> Result<(), LocalError> {
        self.end(P::ORDERLY).await?;
        self.launch()?;
        self.until_ready().await
    }

    async fn start_on_a_free_port(&mut self) -> Result<(), LocalError> {
        for _ in 1..STARTS {
            match self.try_to_start().await {
                Err(LocalError::Ended { .. }) => self.place.port = 0,
                other => return other,
            }
        }
        self.try_to_start().await
    }

    async fn try_to_start(&mut self) -> Result<(), LocalError> {
        self.place.find_port()?;
        self.launch()?;
        self.until_ready().await
    }

    fn launch(&mut self) -> Result<(), LocalError> {
        let command = self.program.command(&self.place)?;
        let remove = self.place.dir.to_remove();
        self.guard = Some(Guard::launch(&Launch {
            server: P::NAME,
            command,
            at_owners_end: remove.map_or(P::ORDERLY, |_| P::ABRUPT),
            account: &self.place.account,
            dir: self.place.dir.path(),
            remove,
        })?);
        Ok(())
    }

    async fn until_ready(&mut self) -> Result<(), LocalError> {
        let until = Instant::now() + P::PATIENCE;
        while !self.program.answers(&self.place).await {
            if self.has_ended() {
                self.guard = None;
                return Err(LocalError::Ended {
                    server: P::NAME,
                    log: self.place.dir.log_tail(),
                });
            }
            if Instant::now() > until {
                return Err(LocalError::NotReady {
                    server: P::NAME,
                    seconds: P::PATIENCE.as_secs(),
                    log: self.place.dir.log_tail(),
                });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    fn has_ended(&mut self) -> bool {
        self.guard.as_mut().is_none_or(Guard::has_ended)
    }
}

impl<P: Program> Drop for Server<P> {
    fn drop(&mut self) {
        // Of a running server the guard removes the directory, after the server's end.
        if self.has_ended() {
            self.place.dir.remove_if_temporary();
        }
    }
}
