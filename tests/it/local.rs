//! Private servers: that they start, keep what they should, and end with their owner.

use crate::support::servers::{connect, or_fail};
use crate::support::stream::Stream;
use crate::support::{cluster, wait};
use forebay::local::{Home, LocalError, Mode, Persistence, Postgres, Redis, System};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Tells this binary, run again, to be the owner of servers until it is killed.
const OWNER: &str = "FOREBAY_TEST_OWNER";

#[tokio::test]
async fn temporary_servers_leave_nothing_when_stopped() {
    let system = or_fail(System::start(Home::Temporary).await);
    let traces = Traces::of(&system);
    assert!(traces.pids.iter().all(|pid| runs(*pid)));
    or_fail(system.stop().await);
    traces.are_gone().await;
}

#[tokio::test]
async fn dropped_servers_leave_nothing() {
    let system = or_fail(System::start(Home::Temporary).await);
    let traces = Traces::of(&system);
    drop(system);
    traces.are_gone().await;
}

#[tokio::test]
async fn servers_end_when_their_owner_is_killed() {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "local::owns_servers_when_told", "--nocapture"])
        .env(OWNER, "yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(owner.stdout.take().unwrap());
    let line = out
        .lines()
        .map(Result::unwrap)
        .find(|line| line.starts_with("servers "));
    let traces = Traces::parse(&line.expect("the owner names its servers"));
    assert!(traces.pids.iter().all(|pid| runs(*pid)));

    owner.kill().unwrap(); // SIGKILL: it can do nothing more
    owner.wait().unwrap();
    traces.are_gone().await;
}

/// The owner of the test above; passes at once when it is run as a test.
#[tokio::test]
async fn owns_servers_when_told() {
    if std::env::var_os(OWNER).is_none() {
        return;
    }
    let system = or_fail(System::start(Home::Temporary).await);
    println!("\nservers {}", Traces::of(&system).line());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_kept_directory_keeps_data_password_and_port() {
    let dir = reachable_dir();
    let kept = || Home::Kept(dir.path().join("system"));

    let system = or_fail(System::start(kept()).await);
    let (postgres_url, redis_url) = (system.postgres.url("forebay"), system.redis.url());
    assert_eq!(
        or_fail(system.postgres.database("forebay").await),
        postgres_url
    );
    connect(&postgres_url)
        .await
        .batch_execute("create table kept ()")
        .await
        .unwrap();
    Stream::of(&redis_url)
        .await
        .xadd("identity", "{}", "7")
        .await;
    or_fail(system.stop().await);

    let system = or_fail(System::start(kept()).await);
    assert_eq!(system.postgres.url("forebay"), postgres_url);
    assert_eq!(system.redis.url(), redis_url);
    connect(&postgres_url)
        .await
        .batch_execute("select from kept")
        .await
        .unwrap();
    assert_eq!(Stream::of(&redis_url).await.len().await, 1);
    or_fail(system.stop().await);
}

#[tokio::test]
async fn a_second_start_takes_over_from_a_killed_owner() {
    let dir = reachable_dir();
    let kept = || Home::Kept(dir.path().join("postgres"));
    drop(or_fail(Postgres::start(kept()).await)); // does not wait for the end
    let mut postgres = or_fail(Postgres::start(kept()).await);
    or_fail(postgres.stop(Mode::Fast).await);
}

#[tokio::test]
async fn postgres_comes_back_from_a_crash_on_the_same_port() {
    let mut postgres = cluster::own().await;
    let url = postgres.url(cluster::DATABASE);
    let client = connect(&url).await;
    client
        .batch_execute("insert into users (did, handle) values ('did:plc:a', 'a.test')")
        .await
        .unwrap();

    or_fail(postgres.stop(Mode::Immediate).await);
    assert_eq!(postgres.pid(), None);
    assert!(client.batch_execute("select").await.is_err());

    or_fail(postgres.restart().await);
    let row = connect(&url)
        .await
        .query_one("select handle from users", &[])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "a.test");
    or_fail(postgres.stop(Mode::Fast).await);
}

#[tokio::test]
async fn postgres_is_durable_and_of_the_collation_that_was_measured() {
    // Not the one that tests share: it is told not to be durable.
    let postgres = crate::support::cluster::own().await;
    let client = connect(&postgres.url("postgres")).await;
    let row = client
        .query_one(
            "select concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'),
                              datcollate, datctype, pg_encoding_to_char(encoding))
             from pg_database where datname = current_database()",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(row.get::<_, &str>(0), "on on C C.UTF-8 UTF8");
}

#[tokio::test]
async fn redis_keeps_what_its_persistence_says() {
    for (persistence, kept) in [(Persistence::None, 0), (Persistence::Aof, 1)] {
        let mut redis = or_fail(Redis::start(Home::Temporary, persistence).await);
        let url = redis.url();
        Stream::of(&url).await.xadd("identity", "{}", "").await;
        or_fail(redis.kill().await);
        assert_eq!(redis.pid(), None);
        or_fail(redis.restart().await);
        assert_eq!(redis.url(), url);
        assert_eq!(Stream::of(&url).await.len().await, kept, "{persistence:?}");
        or_fail(redis.stop().await);
    }
}

#[tokio::test]
async fn a_stranger_without_the_password_is_refused() {
    let redis = or_fail(Redis::start(Home::Temporary, Persistence::None).await);
    let port = redis.url().rsplit(':').next().unwrap().to_owned();
    let client = deadpool_redis::redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let answer: Result<String, _> = deadpool_redis::redis::cmd("PING")
        .query_async(&mut connection)
        .await;
    assert_eq!(answer.unwrap_err().code(), Some("NOAUTH"));
}

#[test]
fn a_test_without_server_programs_says_what_to_install() {
    for (variable, sentence) in [
        (
            "FOREBAY_PG_BIN",
            "PostgreSQL's server programs (initdb, postgres) not found (looked at FOREBAY_PG_BIN=/nowhere): run `make deps`, or install the package postgresql",
        ),
        (
            "FOREBAY_REDIS_SERVER",
            "Redis's server program (redis-server) not found (looked at FOREBAY_REDIS_SERVER=/nowhere): run `make deps`, or install the package redis-server",
        ),
    ] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "local::dropped_servers_leave_nothing"])
            .env(variable, "/nowhere")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success());
        assert!(said.contains(sentence), "{said}");
    }
}

#[tokio::test]
async fn a_directory_that_postgres_cannot_enter_is_named() {
    if !nix::unistd::Uid::effective().is_root() {
        return; // no other user is needed
    }
    let dir = dir_with_mode(0o700);
    let home = Home::Kept(dir.path().join("postgres"));
    match Postgres::start(home).await {
        Err(LocalError::Closed { path, .. }) => assert_eq!(path, dir.path()),
        other => panic!("{other:?}"),
    }
}

/// By which servers can be found after their owner is gone.
struct Traces {
    pids: [i32; 2],
    dirs: [PathBuf; 2],
}

impl Traces {
    fn of(system: &System) -> Traces {
        Traces {
            pids: [system.postgres.pid().unwrap(), system.redis.pid().unwrap()],
            dirs: [
                system.postgres.dir().to_owned(),
                system.redis.dir().to_owned(),
            ],
        }
    }

    fn line(&self) -> String {
        let Traces { pids, dirs } = self;
        format!(
            "{} {} {} {}",
            pids[0],
            pids[1],
            dirs[0].display(),
            dirs[1].display()
        )
    }

    fn parse(line: &str) -> Traces {
        let words: Vec<&str> = line.split(' ').collect();
        Traces {
            pids: [words[1].parse().unwrap(), words[2].parse().unwrap()],
            dirs: [words[3].into(), words[4].into()],
        }
    }

    async fn are_gone(&self) {
        for pid in self.pids {
            wait::until(&format!("process {pid} is gone"), async || !runs(pid)).await;
        }
        for dir in &self.dirs {
            wait::until(&format!("{} is gone", dir.display()), async || {
                !dir.exists()
            })
            .await;
        }
    }
}

fn runs(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok() && !is_zombie(pid)
}

fn is_zombie(pid: i32) -> bool {
    std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"))
        .is_ok_and(|stat| stat.contains(") Z "))
}

/// A temporary directory that PostgreSQL's own user can enter.
fn reachable_dir() -> tempfile::TempDir {
    dir_with_mode(0o711)
}

fn dir_with_mode(mode: u32) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    dir
}
