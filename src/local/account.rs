//! The user that PostgreSQL runs under: this process's own, or as root another one, because
//! PostgreSQL refuses root.

use super::error::{Doing as _, LocalError};
use nix::unistd::{Uid, User};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Preferred first. The distribution's package makes `postgres`.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// Who runs a server.
#[derive(Clone, Debug)]
pub(super) enum Account {
    /// The user of this process.
    Own,
    /// Another one; only root has the choice.
    Other {
        /// Its name, for messages.
        name: String,
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// The account for PostgreSQL.
    pub(super) fn for_postgres() -> Result<Account, LocalError> {
        if !Uid::effective().is_root() {
            return Ok(Account::Own);
        }
        for name in USERS {
            let user = User::from_name(name)
                .map_err(io::Error::from)
                .doing(|| format!("look up user {name}"))?;
            if let Some(user) = user {
                return Ok(Account::Other {
                    name: user.name,
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                });
            }
        }
        Err(LocalError::NoUser)
    }

    /// Makes a command run under this account, without root's supplementary groups (the standard
    /// library drops them when the uid changes).
    pub(super) fn apply(&self, command: &mut Command) {
        if let Account::Other { uid, gid, .. } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives a file or directory (not what is in it) to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), LocalError> {
        match self {
            Account::Own => Ok(()),
            Account::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .doing(|| format!("give {} to PostgreSQL's user", path.display())),
        }
    }

    /// Checks that every directory above `path` lets this account through. They are the
    /// operator's own, and stay as they are: opening `/root`, say, is not ours to decide.
    pub(super) fn can_reach(&self, path: &Path) -> Result<(), LocalError> {
        let Account::Other { name, uid, .. } = self else {
            return Ok(());
        };
        for above in path.ancestors().skip(1) {
            let meta = above
                .metadata()
                .doing(|| format!("read {}", above.display()))?;
            let owned = std::os::unix::fs::MetadataExt::uid(&meta) == *uid;
            let needed = if owned { 0o100 } else { 0o001 };
            if meta.permissions().mode() & needed == 0 {
                return Err(LocalError::Closed {
                    user: name.clone(),
                    path: above.to_owned(),
                });
            }
        }
        Ok(())
    }
}
