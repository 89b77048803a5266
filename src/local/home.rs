//! The directory of one server: kept between runs, or temporary and gone with the server.

use super::account::Account;
use super::error::{Doing as _, LocalError};
use super::random;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Where a server keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// This directory, made if missing and kept: the next start finds the same data, password and
    /// if it is still free the same port.
    Kept(PathBuf),
    /// A new directory under the system's temporary one, removed when the server ends.
    Temporary,
}

/// How long a server that is on its way out of a kept directory is waited for.
const LEAVING: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);
/// Of a log, in a message.
const TAIL_LINES: usize = 12;

/// A server's directory, made.
#[derive(Debug)]
pub(super) struct Dir {
    path: PathBuf,
    temporary: bool,
}

impl Dir {
    /// Makes it, owned by `account`; nobody else can read what is in it.
    pub(super) fn make(home: Home, account: &Account, server: &str) -> Result<Dir, LocalError> {
        let dir = match home {
            Home::Kept(path) => Dir::keep(&path)?,
            Home::Temporary => Dir::temporary(server)?,
        };
        account.can_reach(&dir.path)?;
        account.own(&dir.path)?;
        fs::set_permissions(&dir.path, Permissions::from_mode(0o700))
            .doing(|| format!("close {} to others", dir.path.display()))?;
        Ok(dir)
    }

    fn keep(path: &Path) -> Result<Dir, LocalError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(path)
            .and_then(|()| path.canonicalize())
            .map(|path| Dir {
                path,
                temporary: false,
            })
            .doing(|| format!("make {}", path.display()))
    }

    fn temporary(server: &str) -> Result<Dir, LocalError> {
        let name = random::word().doing(|| "read /dev/urandom".to_owned())?;
        let path = std::env::temp_dir().join(format!("forebay-{server}-{name}"));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .doing(|| format!("make {}", path.display()))?;
        Ok(Dir {
            path,
            temporary: true,
        })
    }

    /// Its absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is to be removed when the server ends for good.
    pub(super) fn to_remove(&self) -> Option<&Path> {
        self.temporary.then_some(self.path.as_path())
    }

    /// Reads a small file of ours, if it is there.
    pub(super) fn read(&self, name: &str) -> Result<Option<String>, LocalError> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).doing(|| format!("read {}", path.display())),
        }
    }

    /// Writes a small file of ours, readable by its owner alone.
    pub(super) fn write(
        &self,
        name: &str,
        text: &str,
        owner: &Account,
    ) -> Result<PathBuf, LocalError> {
        let path = self.path.join(name);
        let open = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path);
        open.and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
            .doing(|| format!("write {}", path.display()))?;
        owner.own(&path)?;
        Ok(path)
    }

    /// The password of the server here, made on first use.
    pub(super) fn password(&self, owner: &Account) -> Result<String, LocalError> {
        if let Some(password) = self.read("password")?.filter(|text| !text.is_empty()) {
            return Ok(password);
        }
        let password = random::word().doing(|| "read /dev/urandom".to_owned())?;
        self.write("password", &password, owner)?;
        Ok(password)
    }

    /// The port of the last run.
    pub(super) fn last_port(&self) -> Result<Option<u16>, LocalError> {
        Ok(self.read("port")?.and_then(|text| text.parse().ok()))
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        let log = fs::read(self.path.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Waits until no server called `program` holds the directory by its pid file: a server whose
    /// owner was killed needs a moment to end, and two servers on one directory would destroy it.
    ///
    /// # Errors
    /// [`LocalError::InUse`] after half a minute.
    pub(super) async fn wait_until_free(
        &self,
        pid_file: &str,
        program: &str,
    ) -> Result<(), LocalError> {
        let until = Instant::now() + LEAVING;
        while let Some(pid) = self.holder(pid_file, program)? {
            if Instant::now() > until {
                return Err(LocalError::InUse {
                    path: self.path.clone(),
                    pid,
                });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    fn holder(&self, pid_file: &str, program: &str) -> Result<Option<i32>, LocalError> {
        let text = self.read(pid_file)?.unwrap_or_default();
        let Some(pid) = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse::<i32>().ok())
        else {
            return Ok(None);
        };
        if kill(Pid::from_raw(pid), None).is_err() {
            return Ok(None);
        }
        // The number may have gone to another program since.
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Ok((name.trim() == program).then_some(pid))
    }

    /// Removes a temporary directory whose server is stopped. One whose server runs is removed by
    /// the guard, after the server's end.
    pub(super) fn remove_if_temporary(&self) {
        if self.temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}
