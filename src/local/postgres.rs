//! A private PostgreSQL cluster: made by `initdb`, started on a free port of 127.0.0.1, ended with
//! its owner.
//!
//! It listens nowhere else, and asks for a password that is random and its own. Durability is
//! PostgreSQL's default, so that what is measured here is what an operator gets.

use super::account::Account;
use super::error::{Doing as _, LocalError};
use super::find;
use super::home::Home;
use super::server::{Place, Program, Server};
use nix::sys::signal::Signal;
use nix::unistd::{SysconfVar, sysconf};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// The cluster's superuser.
const USER: &str = "postgres";

/// What differs from PostgreSQL's defaults, with the reason.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=", // a socket's path is limited to 107 bytes; a directory's is not
    "max_wal_size=4GB",         // catching up must not checkpoint every few seconds
    "max_connections=100",
    "logging_collector=off", // the log is the process's standard error, in our directory
    "log_timezone=UTC",
    "timezone=UTC",
    "cluster_name=forebay",
];

/// How the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Connections are cut, transactions rolled back, everything is written.
    Fast,
    /// As after a crash: the next start recovers from the WAL.
    Immediate,
}

/// A private cluster. Dropping it ends the server without waiting for that.
#[derive(Debug)]
pub struct Postgres(Server<Cluster>);

#[derive(Debug)]
struct Cluster {
    bin: PathBuf,
}

impl Postgres {
    /// Finds the programs, makes the cluster where there is none, starts it and waits until it
    /// answers.
    ///
    /// # Errors
    /// A sentence for the operator: programs missing, directory in use or closed to PostgreSQL's
    /// user, or what the server's log said last.
    pub async fn start(home: Home) -> Result<Postgres, LocalError> {
        let cluster = Cluster {
            bin: find::postgres_bin()?,
        };
        let place = Place::make(home, Account::for_postgres()?, "postgres")?;
        place
            .dir
            .wait_until_free("data/postmaster.pid", "postgres")
            .await?;
        cluster.make(&place)?;
        Server::start(cluster, place).await.map(Postgres)
    }

    /// The libpq URL of a database, as the superuser.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(&self.0.place, database)
    }

    /// The URL of a database, which is made where it is missing.
    ///
    /// # Errors
    /// Whatever PostgreSQL says, but for its being there already.
    pub async fn database(&self, name: &str) -> Result<String, LocalError> {
        let client = connect(&self.url("postgres")).await?;
        let statement = format!("create database \"{}\"", name.replace('"', "\"\""));
        match client.batch_execute(&statement).await {
            Err(error) if error.code() != Some(&SqlState::DUPLICATE_DATABASE) => Err(error.into()),
            _ => Ok(self.url(name)),
        }
    }

    /// The cluster's directory; its files are in `data`, its log in `log`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.0.place.dir.path()
    }

    /// The directory with the programs; Debian has `pg_dump` there too.
    #[must_use]
    pub fn bin(&self) -> &Path {
        &self.0.program.bin
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.place.port
    }

    /// The postmaster's process id; `None` while it is stopped.
    #[must_use]
    pub fn pid(&self) -> Option<i32> {
        self.0.pid()
    }

    /// Ends the server and waits for it; nothing to do when it is stopped.
    ///
    /// # Errors
    /// [`LocalError::NotEnded`]: it has been killed.
    pub async fn stop(&mut self, mode: Mode) -> Result<(), LocalError> {
        let signal = match mode {
            Mode::Fast => Signal::SIGINT,
            Mode::Immediate => Signal::SIGQUIT,
        };
        self.0.end(signal).await
    }

    /// Starts the server again, on the same port and data; ends it first if it runs.
    ///
    /// # Errors
    /// As [`Postgres::start`] and [`Postgres::stop`].
    pub async fn restart(&mut self) -> Result<(), LocalError> {
        self.0.restart().await
    }
}

impl Cluster {
    fn make(&self, place: &Place) -> Result<(), LocalError> {
        let data = place.dir.path().join("data");
        if data.join("PG_VERSION").exists() {
            return Ok(());
        }
        // Made beside and renamed: what an initdb that was cut short left must not pass for one.
        let new = place.dir.path().join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).doing(|| format!("remove {}", new.display()))?;
        }
        self.initdb(place, &new)?;
        fs::rename(&new, &data).doing(|| format!("make {}", data.display()))
    }

    fn initdb(&self, place: &Place, data: &Path) -> Result<(), LocalError> {
        let mut initdb = Command::new(self.bin.join("initdb"));
        initdb
            .args(["--username", USER, "--encoding=UTF8"])
            .args(["--locale=C", "--lc-ctype=C.UTF-8"])
            .args(["--auth=scram-sha-256", "--pwfile"])
            .arg(place.dir.path().join("password"))
            .arg("--pgdata")
            .arg(data)
            .current_dir(place.dir.path())
            .env("LC_ALL", "C")
            .stdin(Stdio::null());
        place.account.apply(&mut initdb);
        let output = initdb.output().doing(|| "run initdb".to_owned())?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(LocalError::Initdb(said))
    }
}

impl Program for Cluster {
    const NAME: &'static str = "PostgreSQL";
    const ORDERLY: Signal = Signal::SIGINT;
    const ABRUPT: Signal = Signal::SIGQUIT;
    /// Recovery after a crash may replay `max_wal_size` of WAL.
    const PATIENCE: Duration = Duration::from_secs(120);

    fn command(&self, place: &Place) -> Result<Vec<OsString>, LocalError> {
        let mut command: Vec<OsString> = vec![self.bin.join("postgres").into()];
        command.extend(["-D".into(), place.dir.path().join("data").into()]);
        let port = format!("port={}", place.port);
        let buffers = format!("shared_buffers={}MB", shared_buffers_mib());
        let computed = [port.as_str(), buffers.as_str()];
        for setting in SETTINGS.iter().copied().chain(computed) {
            command.extend(["-c".into(), setting.into()]);
        }
        Ok(command)
    }

    async fn answers(&self, place: &Place) -> bool {
        connect(&url(place, "postgres")).await.is_ok()
    }
}

/// A sixteenth of the machine's memory, within reason. PostgreSQL's manual recommends a quarter for a
/// machine of its own; this one is shared with whoever started it. The default, 128 MB, is for the
/// smallest machines: with it, tables that have grown past it cost a third more to write.
fn shared_buffers_mib() -> u64 {
    let pages = sysconf(SysconfVar::_PHYS_PAGES).ok().flatten();
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    let bytes = pages.zip(size).map_or(0, |(pages, size)| pages * size);
    let mebibytes = u64::try_from(bytes).unwrap_or(0) >> 20;
    (mebibytes / 16).clamp(128, 1024)
}

fn url(place: &Place, database: &str) -> String {
    let Place { password, port, .. } = place;
    format!("postgresql://{USER}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends with the client; what it says of a broken connection the client says too.
    tokio::spawn(connection);
    Ok(client)
}
