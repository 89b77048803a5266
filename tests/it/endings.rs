//! How the program ends when its servers hold it up, and what it leaves behind.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::convergence::{assert_right, generated};
use super::support::stream::Stream;
use super::support::worker::drain;
use super::support::{Bed, child, cluster, give, servers, wait};
use forebay::generate::Options;
use forebay::local::Mode;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

fn some(seed: u64) -> Options {
    Options {
        seed,
        events: 2_000,
        users: 300,
        ..Options::default()
    }
}

/// Starts a program whose log is read.
fn start(mut command: Command) -> (Child, Lines<BufReader<ChildStderr>>) {
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, log)
}

/// Reads the log as far as a line that has this text.
async fn logged(log: &mut Lines<BufReader<ChildStderr>>, text: &str) {
    let found = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if line.contains(text) {
                return;
            }
        }
        panic!("the log ends without: {text}");
    };
    let limit = Duration::from_secs(60);
    timeout(limit, found).await.expect(text);
}

fn tell(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id().unwrap()).unwrap();
    kill(Pid::from_raw(pid), signal).unwrap();
}

/// A directory that PostgreSQL's own user can enter.
fn reachable_dir() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    dir
}

/// All repos are locked by another, so that no batch can be written: the first signal waits for
/// that, the second does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_it_at_once() {
    let bed = Bed::new().await;
    let (entries, model) = generated(some(90));
    give::give(&bed, &entries).await;
    let other = bed.connect().await;
    let locks = "select count(pg_advisory_lock(1718579813, n)) from generate_series(0, 63) as n";
    other.query(locks, &[]).await.unwrap();
    let flags = ["run", "--shutdown-timeout-ms", "600000"];
    let (mut worker, mut log) = start(child::command(&bed, &flags));
    let waits = "select count(*) from pg_stat_activity
        where wait_event = 'advisory' and datname = current_database()";
    wait::until("a lane waits", async || {
        let row = bed.client.query_one(waits, &[]).await.unwrap();
        row.get::<_, i64>(0) > 0
    })
    .await;
    tell(&worker, Signal::SIGTERM);
    logged(&mut log, "stopping").await;
    assert_eq!(worker.try_wait().unwrap(), None, "the first signal waits");
    tell(&worker, Signal::SIGINT);
    let ended = timeout(Duration::from_secs(10), worker.wait()).await;
    assert_eq!(ended.expect("an end at once").unwrap().code(), Some(0));
    assert!(bed.stream.pending().await > 0, "it was in the middle");
    drop(other);
    drain(&bed, &[]).await;
    assert_right(&bed, &model).await;
}

/// A stop does not wait for a server that is away, and what was not written comes again.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_postgresql_is_away_ends_in_time() {
    let mut bed = Bed::new().await;
    let mut postgres = cluster::own().await;
    bed.database_url = postgres.url(cluster::DATABASE);
    let (mut worker, mut log) = start(child::command(
        &bed,
        &["run", "--shutdown-timeout-ms", "300"],
    ));
    logged(&mut log, "forebay runs").await;
    postgres.stop(Mode::Fast).await.unwrap();
    let (entries, model) = generated(some(91));
    give::give(&bed, &entries).await;
    logged(&mut log, "does not take a batch").await;
    tell(&worker, Signal::SIGTERM);
    let ended = timeout(Duration::from_secs(10), worker.wait()).await;
    assert_eq!(ended.expect("an end in time").unwrap().code(), Some(0));
    assert!(bed.stream.pending().await > 0, "nothing was acknowledged");
    postgres.restart().await.unwrap();
    bed.client = servers::connect(&bed.database_url).await;
    drain(&bed, &[]).await;
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_variable_is_named_with_what_is_allowed() {
    for (name, value, allowed) in [
        ("PARALLEL_CONSUMERS", "0", "1..=64"),
        ("BATCH_SIZE", "many", "invalid digit"),
        ("LOG_LEVEL", "loud", "warning"),
    ] {
        let mut command = child::bare(&["run", "--database-url", "postgresql://localhost/x"]);
        command.env(name, value);
        let (code, _, log) = child::output(command).await;
        assert_eq!(code, 2, "{log}");
        for said in [name, value, allowed] {
            assert!(log.contains(said), "{said}: {log}");
        }
    }
}

/// The whole of it in one command: what is put on its Redis arrives in its PostgreSQL, and is
/// there at the next start.
#[tokio::test(flavor = "multi_thread")]
async fn local_servers_are_a_whole_system() {
    let dir = reachable_dir();
    let home = dir.path().join("home");
    let args = ["run", "--local", home.to_str().unwrap()];
    for start_number in 1..=2 {
        let (mut worker, mut log) = start(child::bare(&args));
        logged(&mut log, "forebay runs").await;
        let stream = Stream::of(&url(&home, "redis", "redis://:", "")).await;
        let data = format!(r#"{{"did":"did:plc:start{start_number}","handle":"a.test"}}"#);
        stream.xadd("identity", &data, "1").await;
        let database = url(&home, "postgres", "postgresql://postgres:", "/appview");
        let client = servers::connect(&database).await;
        wait::until("every start's user is there", async || {
            let row = client.query_one("select count(*) from users", &[]).await;
            row.unwrap().get::<_, i64>(0) == start_number
        })
        .await;
        assert_eq!(stream.len().await, start_number);
        tell(&worker, Signal::SIGTERM);
        assert_eq!(worker.wait().await.unwrap().code(), Some(0));
        wait::until("its servers are gone", async || {
            at_work_in(&home).is_empty()
        })
        .await;
    }
}

/// Where a private server is, by what it keeps in its directory.
fn url(home: &Path, server: &str, user: &str, path: &str) -> String {
    let read = |file| std::fs::read_to_string(home.join(server).join(file)).unwrap();
    let (password, port) = (read("password"), read("port"));
    format!("{user}{password}@127.0.0.1:{port}{path}")
}

/// Processes that run in a directory.
fn at_work_in(dir: &Path) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let works = processes.filter(|process| {
        std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir))
    });
    let names =
        works.filter_map(|process| std::fs::read_to_string(process.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_leaves_nothing_behind() {
    let dir = reachable_dir();
    let mut command = child::bare(&["demo", "--events", "5000"]);
    command.env("TMPDIR", dir.path()).stdout(Stdio::null());
    let mut demo = command.spawn().unwrap();
    wait::until("its servers run", async || {
        let names = at_work_in(dir.path());
        let runs = |name: &str| names.iter().any(|runs| runs == name);
        runs("postgres") && runs("redis-server")
    })
    .await;
    assert_eq!(demo.wait().await.unwrap().code(), Some(0));
    assert_eq!(at_work_in(dir.path()), Vec::<String>::new());
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert!(files.is_empty(), "{files:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_no_terminal_has_no_colours() {
    let bed = Bed::new().await;
    let (code, _, log) = child::output(child::command(&bed, &["run", "--until-caught-up"])).await;
    assert_eq!(code, 0, "{log}");
    assert!(
        log.contains("forebay runs") && !log.contains('\u{1b}'),
        "{log}"
    );
}
