//! A PostgreSQL of a test's own, for tests that stop it: a copy of a prepared cluster, because
//! `initdb` takes longer than a copy.

use super::servers::{connect, or_fail, postgres};
use forebay::local::{Home, Mode, Postgres};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

/// The migrated database in it.
pub const DATABASE: &str = "forebay";

static PREPARED: OnceCell<PathBuf> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Starts a cluster with a migrated database [`DATABASE`]. Its files lie within the shared
/// server's temporary directory, and go with it at the end of the process.
pub async fn own() -> Postgres {
    let prepared = PREPARED.get_or_init(prepare).await;
    let copy = prepared.with_file_name(format!("own-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    copy_all(prepared, &copy);
    or_fail(Postgres::start(Home::Kept(copy)).await)
}

/// Starts it again as a standby, which can be read and takes no writes, until `pg_promote`.
pub async fn make_a_standby(postgres: &mut Postgres) {
    use std::os::unix::fs::MetadataExt as _;
    or_fail(postgres.stop(Mode::Fast).await);
    let data = postgres.dir().join("data");
    let signal = data.join("standby.signal");
    std::fs::write(&signal, "").unwrap();
    let owner = std::fs::metadata(&data).unwrap();
    chown(&signal, Some(owner.uid()), Some(owner.gid())).unwrap();
    or_fail(postgres.restart().await);
}

async fn prepare() -> PathBuf {
    let dir = postgres().await.dir().join("prepared");
    let mut cluster = or_fail(Postgres::start(Home::Kept(dir.clone())).await);
    let url = or_fail(cluster.database(DATABASE).await);
    let mut client = connect(&url).await;
    forebay::migrate::migrate(&mut client).await.unwrap();
    drop(client);
    or_fail(cluster.stop(Mode::Fast).await);
    // Each copy finds a port of its own.
    std::fs::remove_file(dir.join("port")).unwrap();
    dir
}

fn copy_all(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .args([from, to])
        .status()
        .unwrap();
    assert!(
        status.success(),
        "cp -a {} {}",
        from.display(),
        to.display()
    );
}
