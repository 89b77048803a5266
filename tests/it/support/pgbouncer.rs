//! A PgBouncer of a test's own, in front of the shared server.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::wait;

/// The proxy; it ends when this is dropped.
pub struct PgBouncer {
    child: Child,
    _dir: TempDir,
    /// How the database is reached through it.
    pub url: String,
}

impl PgBouncer {
    /// Starts one before the server of this URL. Where the program is missing the test fails and
    /// says what to install.
    pub async fn before(url: &str, pool_mode: &str) -> PgBouncer {
        let config: tokio_postgres::Config = url.parse().unwrap();
        let tokio_postgres::config::Host::Tcp(host) = &config.get_hosts()[0] else {
            panic!("{url}");
        };
        let (port, user) = (config.get_ports()[0], config.get_user().unwrap());
        let password = std::str::from_utf8(config.get_password().unwrap()).unwrap();
        let own = free_port();
        let dir = tempfile::Builder::new()
            .prefix("forebay-pgbouncer")
            .tempdir_in("/tmp")
            .unwrap();
        let file = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let users = file("users.txt", format!("\"{user}\" \"{password}\"\n"));
        let settings = file(
            "pgbouncer.ini",
            format!(
                "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {own}\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\n\
                 pool_mode = {pool_mode}\ndefault_pool_size = 20\nmax_client_conn = 100\n",
                users.display()
            ),
        );
        let mut command = Command::new(program());
        command
            .arg("-q")
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if nix::unistd::Uid::effective().is_root() {
            // It refuses to run as root.
            let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
            let (uid, gid) = (nobody.uid.as_raw(), nobody.gid.as_raw());
            for path in [dir.path(), &users, &settings] {
                chown(path, Some(uid), Some(gid)).unwrap();
            }
            std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).unwrap();
            command.uid(uid).gid(gid);
        }
        let child = command.spawn().unwrap();
        let url = url.replace(&format!(":{port}/"), &format!(":{own}/"));
        wait::until("PgBouncer takes connections", async || {
            tokio::net::TcpStream::connect(("127.0.0.1", own))
                .await
                .is_ok()
        })
        .await;
        PgBouncer {
            child,
            _dir: dir,
            url,
        }
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin")])
        .map(|dir| dir.join("pgbouncer"))
        .find(|program| program.exists())
        .expect("PgBouncer: install Debian's package pgbouncer (`make deps-test`)")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
