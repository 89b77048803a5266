//! A private Redis: started on a free port of 127.0.0.1, ended with its owner.
//!
//! It listens nowhere else, and asks for a password that is random and its own. It never evicts:
//! a stream that loses entries to memory pressure is no stream to test against.

use super::account::Account;
use super::error::LocalError;
use super::find;
use super::home::Home;
use super::server::{Place, Program, Server};
use deadpool_redis::redis;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What survives the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// Nothing.
    None,
    /// All but the last second: an append-only file, synced every second.
    Aof,
}

/// A private Redis. Dropping it ends the server without waiting for that.
#[derive(Debug)]
pub struct Redis(Server<RedisServer>);

#[derive(Debug)]
struct RedisServer {
    program: PathBuf,
    persistence: Persistence,
}

impl Redis {
    /// Finds the program, starts it and waits until it answers a PING.
    ///
    /// # Errors
    /// A sentence for the operator: program missing, directory in use, or what the server's log
    /// said last.
    pub async fn start(home: Home, persistence: Persistence) -> Result<Redis, LocalError> {
        let program = find::redis_server()?;
        let place = Place::make(home, Account::Own, "redis")?;
        place.dir.wait_until_free("pid", "redis-server").await?;
        let server = RedisServer {
            program,
            persistence,
        };
        Server::start(server, place).await.map(Redis)
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> String {
        url(&self.0.place)
    }

    /// The server's process id; `None` while it is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.0.pid()
    }

    /// Where its files are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.0.place.dir.path()
    }

    /// Ends the server in order and waits for it; nothing to do when it is stopped.
    ///
    /// # Errors
    /// [`LocalError::NotEnded`]: it has been killed.
    pub async fn stop(&mut self) -> Result<(), LocalError> {
        self.0.end(Signal::SIGTERM).await
    }

    /// Kills the server (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// [`LocalError::NotEnded`].
    pub async fn kill(&mut self) -> Result<(), LocalError> {
        self.0.end(Signal::SIGKILL).await
    }

    /// Starts the server again on the same port, with what its persistence kept; ends it first if
    /// it runs.
    ///
    /// # Errors
    /// As [`Redis::start`] and [`Redis::stop`].
    pub async fn restart(&mut self) -> Result<(), LocalError> {
        self.0.restart().await
    }
}

impl Program for RedisServer {
    const NAME: &'static str = "Redis";
    const ORDERLY: Signal = Signal::SIGTERM;
    const ABRUPT: Signal = Signal::SIGKILL;
    /// Reading an append-only file may take a while; until then it answers LOADING.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn command(&self, place: &Place) -> Result<Vec<OsString>, LocalError> {
        // A file, not arguments: those are for everyone to see.
        let text = config(place, self.persistence);
        let config = place.dir.write("redis.conf", &text, &place.account)?;
        Ok(vec![self.program.clone().into(), config.into()])
    }

    async fn answers(&self, place: &Place) -> bool {
        ping(&url(place)).await.is_ok()
    }
}

/// Paths are relative to the directory that the server runs in, so that none needs quoting.
fn config(place: &Place, persistence: Persistence) -> String {
    let append_only = match persistence {
        Persistence::None => "no",
        Persistence::Aof => "yes",
    };
    format!(
        "bind 127.0.0.1\nport {}\nrequirepass {}\ndaemonize no\npidfile ./pid\n\
         save \"\"\nappendonly {append_only}\nappendfsync everysec\n\
         maxmemory-policy noeviction\n",
        place.port, place.password
    )
}

fn url(place: &Place) -> String {
    format!("redis://:{}@127.0.0.1:{}", place.password, place.port)
}

async fn ping(url: &str) -> redis::RedisResult<()> {
    let client = redis::Client::open(url)?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    redis::cmd("PING").exec_async(&mut connection).await
}
