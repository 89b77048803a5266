//! A private certificate authority, and servers that speak TLS.

use super::cluster;
use super::servers::or_fail;
use super::wait;
use forebay::local::Postgres;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // Of two authorities with one name the right one would be taken for a forger.
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("authority {number} of the tests");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A certificate for 127.0.0.1, which is not one for `localhost`, and its key.
    pub fn issue(&self) -> (String, String) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// The authority's own file.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let path = dir.join("ca.pem");
        fs::write(&path, &self.pem).unwrap();
        path
    }
}

/// A PostgreSQL of the test's own with `ssl = on`, its certificate by `authority`.
pub async fn postgres(authority: &Authority) -> Postgres {
    let mut postgres = cluster::own().await;
    let data = postgres.dir().join("data");
    let (certificate, key) = authority.issue();
    let owner = fs::metadata(&data).unwrap();
    for (name, text) in [("server.crt", certificate), ("server.key", key)] {
        let path = data.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    append(&data.join("postgresql.conf"), "ssl = on\n");
    or_fail(postgres.restart().await);
    postgres
}

/// Replaces pg_hba.conf, which takes force at the next start.
pub async fn set_hba(postgres: &mut Postgres, line: &str) {
    fs::write(postgres.dir().join("data/pg_hba.conf"), format!("{line}\n")).unwrap();
    or_fail(postgres.stop(forebay::local::Mode::Fast).await);
}

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap();
    fs::write(path, format!("{before}\n{text}")).unwrap();
}

/// A Redis that speaks TLS alone. Ends when it is dropped.
pub struct TlsRedis {
    child: Child,
    pub port: u16,
    _dir: tempfile::TempDir,
}

pub const REDIS_PASSWORD: &str = "of-the-test";

impl TlsRedis {
    pub async fn start(authority: &Authority) -> TlsRedis {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = authority.issue();
        fs::write(dir.path().join("server.crt"), certificate).unwrap();
        fs::write(dir.path().join("server.key"), key).unwrap();
        authority.write(dir.path());
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "bind 127.0.0.1\nport 0\ntls-port {port}\ntls-cert-file server.crt\n\
             tls-key-file server.key\ntls-ca-cert-file ca.pem\ntls-auth-clients no\n\
             requirepass {REDIS_PASSWORD}\nsave \"\"\nappendonly no\n"
        );
        fs::write(dir.path().join("redis.conf"), config).unwrap();
        let program = std::env::var_os("FOREBAY_REDIS_SERVER").unwrap_or("redis-server".into());
        let child = Command::new(program)
            .arg("redis.conf")
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        wait::until("Redis listens", async || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        })
        .await;
        TlsRedis {
            child,
            port,
            _dir: dir,
        }
    }

    /// Its URL under a name of this machine.
    pub fn url(&self, host: &str) -> String {
        format!("rediss://:{REDIS_PASSWORD}@{host}:{}", self.port)
    }
}

impl Drop for TlsRedis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
