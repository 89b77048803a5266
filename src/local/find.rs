//! Finds the servers' programs; it runs none of them.

use super::error::LocalError;
use std::env;
use std::path::{Path, PathBuf};

/// A directory with PostgreSQL's server programs, before any other place.
const PG_BIN: &str = "FOREBAY_PG_BIN";
/// The Redis server's program, before any other place.
const REDIS_SERVER: &str = "FOREBAY_REDIS_SERVER";
/// Debian's packages: one directory per major version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// The directory with `initdb` and `postgres`: `FOREBAY_PG_BIN`, else on `PATH`, else the newest
/// of `/usr/lib/postgresql/*/bin`.
pub(super) fn postgres_bin() -> Result<PathBuf, LocalError> {
    let missing = |looked: String| LocalError::Missing {
        what: "PostgreSQL's server programs (initdb, postgres)",
        looked,
        package: "postgresql",
    };
    if let Some(dir) = env::var_os(PG_BIN) {
        let dir = PathBuf::from(dir);
        return with_server_programs(&dir)
            .ok_or_else(|| missing(format!("{PG_BIN}={}", dir.display())));
    }
    on_path()
        .chain(newest_first(Path::new(DEBIAN_VERSIONS)))
        .find_map(|dir| with_server_programs(&dir))
        .ok_or_else(|| missing(format!("${PG_BIN}, PATH and {DEBIAN_VERSIONS}/*/bin")))
}

/// The directory itself, or the one that its `initdb` is a link into: there the other programs of
/// the same version are.
fn with_server_programs(dir: &Path) -> Option<PathBuf> {
    let initdb = dir.join("initdb").canonicalize().ok()?;
    let bin = initdb.parent()?;
    (is_program(&initdb) && is_program(&bin.join("postgres"))).then(|| bin.to_owned())
}

/// `redis-server`: `FOREBAY_REDIS_SERVER`, else on `PATH`.
pub(super) fn redis_server() -> Result<PathBuf, LocalError> {
    let missing = |looked: String| LocalError::Missing {
        what: "Redis's server program (redis-server)",
        looked,
        package: "redis-server",
    };
    if let Some(program) = env::var_os(REDIS_SERVER) {
        let program = PathBuf::from(program);
        return Some(program.clone())
            .filter(|program| is_program(program))
            .ok_or_else(|| missing(format!("{REDIS_SERVER}={}", program.display())));
    }
    on_path()
        .map(|dir| dir.join("redis-server"))
        .find(|program| is_program(program))
        .ok_or_else(|| missing(format!("${REDIS_SERVER} and PATH")))
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// The `bin` of every version below `root`, by number: 9 comes after 15.
fn newest_first(root: &Path) -> impl Iterator<Item = PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = root
        .read_dir()
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, bin)| bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_newest_version_by_number() {
        let root = tempfile::tempdir().expect("a directory");
        for version in ["9", "15", "14", "extra"] {
            std::fs::create_dir_all(root.path().join(version).join("bin")).expect("a directory");
        }
        let found: Vec<_> = newest_first(root.path()).collect();
        let expected = ["15", "14", "9"].map(|version| root.path().join(version).join("bin"));
        assert_eq!(found, expected);
    }

    #[test]
    fn says_what_is_missing_and_what_to_do() {
        let missing = LocalError::Missing {
            what: "Redis's server program (redis-server)",
            looked: "PATH".to_owned(),
            package: "redis-server",
        };
        assert_eq!(
            missing.to_string(),
            "Redis's server program (redis-server) not found (looked at PATH): \
             run `make deps`, or install the package redis-server"
        );
    }
}
