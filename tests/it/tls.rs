//! TLS against real servers with a private authority: right and wrong authority, wrong name, no
//! TLS there.

use crate::support::tls::{Authority, TlsRedis, postgres, set_hba};
use crate::support::{Bed, cluster, servers::or_fail};
use deadpool_redis::redis;
use forebay::database::Address;
use forebay::error::{DbError, Verdict};
use forebay::local::Mode;
use std::process::{Command, Output, Stdio};

/// How a connection went.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    Encrypted,
    Plain,
    Refused,
}

async fn way(url: &str) -> Way {
    let address = Address::parse(url, None).unwrap_or_else(|error| panic!("{url}: {error}"));
    let (client, _) = match address.connect().await {
        Ok(connected) => connected,
        Err(error) => {
            assert_eq!(error.verdict(), Verdict::Fatal, "{url}: {error}");
            return Way::Refused;
        }
    };
    let statement = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    match client.query_one(statement, &[]).await.unwrap().get(0) {
        true => Way::Encrypted,
        false => Way::Plain,
    }
}

/// The URL with other TLS settings, under another host name.
fn url(plain: &str, host: &str, query: &str) -> String {
    let (address, _) = plain.split_once('?').unwrap();
    format!("{}?{query}", address.replace("127.0.0.1", host))
}

#[tokio::test]
async fn postgres_by_every_mode() {
    let (authority, other) = (Authority::new(), Authority::new());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let right = authority.write(dirs[0].path());
    let wrong = other.write(dirs[1].path());
    let (right, wrong) = (right.display(), wrong.display());
    let mut server = postgres(&authority).await;
    let plain = server.url(cluster::DATABASE);
    for (host, query, expected) in [
        ("127.0.0.1", "sslmode=disable".to_owned(), Way::Plain),
        ("127.0.0.1", "sslmode=allow".to_owned(), Way::Plain),
        ("127.0.0.1", "sslmode=prefer".to_owned(), Way::Encrypted),
        ("127.0.0.1", String::new(), Way::Encrypted),
        ("127.0.0.1", "sslmode=require".to_owned(), Way::Encrypted),
        ("localhost", "sslmode=require".to_owned(), Way::Encrypted),
        // With an authority, `require` asks it, as libpq does.
        (
            "localhost",
            format!("sslmode=require&sslrootcert={right}"),
            Way::Encrypted,
        ),
        (
            "127.0.0.1",
            format!("sslmode=require&sslrootcert={wrong}"),
            Way::Refused,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={right}"),
            Way::Encrypted,
        ),
        (
            "localhost",
            format!("sslmode=verify-ca&sslrootcert={right}"),
            Way::Encrypted,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca&sslrootcert={wrong}"),
            Way::Refused,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={right}"),
            Way::Encrypted,
        ),
        (
            "localhost",
            format!("sslmode=verify-full&sslrootcert={right}"),
            Way::Refused,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full&sslrootcert={wrong}"),
            Way::Refused,
        ),
        ("127.0.0.1", "sslrootcert=system".to_owned(), Way::Refused),
        // As libpq: a chain that does not fit leaves the plain way.
        (
            "127.0.0.1",
            format!("sslmode=prefer&sslrootcert={wrong}"),
            Way::Plain,
        ),
    ] {
        let url = url(&plain, host, &query);
        assert_eq!(way(&url).await, expected, "{host} {query}");
    }

    set_hba(&mut server, "hostssl all all all scram-sha-256").await;
    // The server's own check for an answer is a plain one.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), server.restart()).await;
    assert_eq!(
        way(&url(&plain, "127.0.0.1", "sslmode=allow")).await,
        Way::Encrypted
    );
    assert_eq!(
        way(&url(&plain, "127.0.0.1", "sslmode=disable")).await,
        Way::Refused
    );
    or_fail(server.stop(Mode::Fast).await);
}

#[tokio::test]
async fn postgres_without_tls() {
    let bed = Bed::new().await;
    for (query, expected) in [
        ("sslmode=disable", Way::Plain),
        ("sslmode=allow", Way::Plain),
        ("sslmode=prefer", Way::Plain),
        ("sslmode=require", Way::Refused),
        ("sslmode=verify-full", Way::Refused),
    ] {
        let url = url(&bed.database_url, "127.0.0.1", query);
        assert_eq!(way(&url).await, expected, "{query}");
    }
}

#[tokio::test]
async fn the_reason_is_said() {
    let (authority, other) = (Authority::new(), Authority::new());
    let dir = tempfile::tempdir().unwrap();
    let wrong = other.write(dir.path());
    let mut server = postgres(&authority).await;
    let query = format!("sslmode=verify-ca&sslrootcert={}", wrong.display());
    let url = url(&server.url(cluster::DATABASE), "127.0.0.1", &query);
    let address = Address::parse(&url, None).unwrap();
    let Err(error) = address.connect().await else {
        panic!("a stranger was believed");
    };
    assert!(matches!(error, DbError::Pool { .. }));
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    assert!(error.remedy().contains("sslrootcert"), "{}", error.remedy());
    or_fail(server.stop(Mode::Fast).await);
}

/// The worker, until the stream is drained.
fn run(database_url: &str, redis_url: &str, ca: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command
        .args(["run", "--until-caught-up"])
        .env_clear()
        .env("DATABASE_URL", database_url)
        .env("REDIS_URL", redis_url)
        .env("HTTP_ADDR", "")
        .stdin(Stdio::null());
    if let Some(ca) = ca {
        command.env("REDIS_CA_FILE", ca);
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn the_whole_way_over_tls() {
    let authority = Authority::new();
    let dir = tempfile::tempdir().unwrap();
    let ca = authority.write(dir.path());
    let ca = ca.to_str().unwrap();
    let mut server = postgres(&authority).await;
    let store = TlsRedis::start(&authority).await;
    add_identity(&store, ca).await;

    let query = format!("sslmode=verify-full&sslrootcert={ca}");
    let database_url = url(&server.url(cluster::DATABASE), "127.0.0.1", &query);
    // `migrate` goes the same way.
    let migrated = Command::new(env!("CARGO_BIN_EXE_forebay"))
        .args(["migrate", "--database-url", &database_url])
        .output()
        .unwrap();
    assert!(migrated.status.success(), "{}", said(&migrated));
    let output = run(&database_url, &store.url("127.0.0.1"), Some(ca));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let client = crate::support::servers::connect(&server.url(cluster::DATABASE)).await;
    let row = client
        .query_one("select handle from users where did = 'did:plc:tls'", &[])
        .await;
    assert_eq!(row.unwrap().get::<_, &str>(0), "over.tls");
    or_fail(server.stop(Mode::Fast).await);
}

async fn add_identity(store: &TlsRedis, ca: &str) {
    let url = format!("{}?ssl_ca_certs={ca}", store.url("127.0.0.1"));
    let address = forebay::source::parse_address(&url, None, None).unwrap();
    let mut connection = redis::Client::open(address)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let mut xadd = redis::cmd("XADD");
    xadd.arg("firehose:events")
        .arg("*")
        .arg("type")
        .arg("commit")
        .arg("data");
    let data = r#"{"repo":"did:plc:tls","ops":[{"action":"create","path":"app.bsky.actor.profile/self","cid":"bafy","record":{"$type":"app.bsky.actor.profile"}}]}"#;
    xadd.arg(data).arg("seq").arg("");
    xadd.exec_async(&mut connection).await.unwrap();
    let mut xadd = redis::cmd("XADD");
    xadd.arg("firehose:events")
        .arg("*")
        .arg("type")
        .arg("identity")
        .arg("data");
    xadd.arg(r#"{"did":"did:plc:tls","handle":"over.tls"}"#)
        .arg("seq")
        .arg("");
    xadd.exec_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn redis_by_authority_name_and_none() {
    let bed = Bed::new().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let right = authority.write(dirs[0].path());
    let wrong = other.write(dirs[1].path());
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    let store = TlsRedis::start(&authority).await;
    let plain = bed.redis_url.replace("redis://", "rediss://");
    for (url, ca, code, word) in [
        (store.url("127.0.0.1"), Some(right), 0, ""),
        (
            format!("{}?ssl_ca_certs={right}", store.url("127.0.0.1")),
            None,
            0,
            "",
        ),
        (store.url("127.0.0.1"), Some(wrong), 3, "UnknownIssuer"),
        (store.url("127.0.0.1"), None, 3, "UnknownIssuer"),
        (store.url("localhost"), Some(right), 3, "not valid for name"),
        (
            format!("{}?ssl_check_hostname=False", store.url("localhost")),
            Some(right),
            0,
            "",
        ),
        (
            format!("{}?ssl_cert_reqs=none", store.url("localhost")),
            None,
            0,
            "",
        ),
        (plain, Some(right), 3, "speaks no TLS"),
    ] {
        let output = run(&bed.database_url, &url, ca);
        assert_eq!(output.status.code(), Some(code), "{url}: {}", said(&output));
        assert!(said(&output).contains(word), "{url}: {}", said(&output));
    }
}
