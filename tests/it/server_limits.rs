//! What a PostgreSQL server refuses for a while, made on purpose and for real.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::convergence::{assert_right, some};
use super::faults::bed_on_own_cluster;
use super::support::give;
use super::support::worker::Worker;
use super::support::{Bed, cluster, servers, wait};
use tokio_postgres::error::SqlState;

async fn likes(bed: &Bed) -> i64 {
    bed.number("select count(*) from likes").await
}

/// The name leads to a standby for a while, which takes no writes (25006), and is then promoted.
#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_waited_for_until_it_is_promoted() {
    let (mut bed, mut postgres) = bed_on_own_cluster().await;
    let (entries, model) = some(95, 4_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "200"]);
    wait::until("some is in", async || likes(&bed).await > 300).await;
    cluster::make_a_standby(&mut postgres).await;
    bed.client = servers::connect(&bed.database_url).await;
    let refused = bed.client.batch_execute("create temp table t ()").await;
    let state = refused.unwrap_err().code().cloned();
    assert_eq!(state, Some(SqlState::READ_ONLY_SQL_TRANSACTION));
    let (before, retries) = (likes(&bed).await, worker.metrics.retries());
    wait::until("the worker is refused again and again", async || {
        worker.metrics.retries() >= retries + 3
    })
    .await;
    assert_eq!(likes(&bed).await, before);
    bed.number("select pg_promote()::int::bigint").await;
    worker.end().await.unwrap();
    assert_eq!(bed.stream.pending().await, 0);
    assert_right(&bed, &model).await;
}

/// As by a statement timeout (57014): the batch is halved and tried again. They wait for a lock when
/// they are cancelled, so that the cancelling cannot miss them.
#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_cancelled_are_tried_again() {
    const WAITING: &str = "select max(query_start)::text from pg_stat_activity
        where application_name like 'forebay %' and datname = current_database()
          and wait_event_type = 'Lock'";
    const CANCEL: &str = "select count(pg_cancel_backend(pid)) from pg_stat_activity
        where application_name like 'forebay %' and datname = current_database()
          and wait_event_type = 'Lock' and query_start::text = $1";
    let bed = Bed::new().await;
    let (entries, model) = some(96, 4_000);
    give::give(&bed, &entries).await;
    let other = bed.connect().await;
    let hold = "begin; lock table likes in access exclusive mode";
    other.batch_execute(hold).await.unwrap();
    let flags = [
        "--until-caught-up",
        "--flush-rows",
        "400",
        "--parallel-consumers",
        "1",
    ];
    let worker = Worker::start(&bed, &flags);
    let waiting =
        async || -> Option<String> { bed.client.query_one(WAITING, &[]).await.unwrap().get(0) };
    for _ in 0..3 {
        let mut since = None;
        wait::until("a statement waits", async || {
            since = waiting().await;
            since.is_some()
        })
        .await;
        let cancelled = bed.client.query_one(CANCEL, &[&since]).await.unwrap();
        assert_eq!(cancelled.get::<_, i64>(0), 1);
        wait::until("it waits no longer", async || waiting().await != since).await;
    }
    other.batch_execute("commit").await.unwrap();
    worker.end().await.unwrap();
    assert_eq!(
        bed.number("select count(*) from forebay.dead_letters")
            .await,
        0
    );
    assert_right(&bed, &model).await;
}

/// A file system of a size of its own; `None`, and said so, where this user may not mount any.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path, owner: &Path) -> Option<Small> {
        std::fs::create_dir(at).unwrap();
        let mounted = run("mount", &["-t", "tmpfs", "-o", "size=600k", "tmpfs"], at);
        if !mounted {
            println!("skipped: no file system can be mounted here");
            return None;
        }
        let owner = std::fs::metadata(owner).unwrap();
        chown(at, Some(owner.uid()), Some(owner.gid())).unwrap();
        Some(Small(at.to_owned()))
    }

    fn grow(&self) {
        assert!(run("mount", &["-o", "remount,size=200m"], &self.0));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        run("umount", &["-l"], &self.0);
    }
}

fn run(program: &str, args: &[&str], at: &Path) -> bool {
    let status = Command::new(program).args(args).arg(at).status();
    status.is_ok_and(|status| status.success())
}

/// The disk is full (53100) until somebody makes room.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_waited_for() {
    let (bed, postgres) = bed_on_own_cluster().await;
    let at = postgres.dir().join("small");
    let Some(small) = Small::mount(&at, &postgres.dir().join("data")) else {
        return;
    };
    let tablespace = format!("create tablespace small location '{}'", at.display());
    bed.client.batch_execute(&tablespace).await.unwrap();
    let move_there = "alter table likes set tablespace small";
    bed.client.batch_execute(move_there).await.unwrap();
    let (entries, model) = some(97, 12_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "300"]);
    wait::until("the worker is refused again and again", async || {
        worker.metrics.retries() >= 3
    })
    .await;
    let more = "insert into likes (uri, user_did, post_uri, created_at, indexed_at)
        select 'at://x/' || n, 'x', n::text, now(), now() from generate_series(1, 9999) n";
    let refused = bed.client.batch_execute(more).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::DISK_FULL), "{refused}");
    assert!(likes(&bed).await > 0, "some was in before");
    small.grow();
    worker.end().await.unwrap();
    assert_eq!(bed.stream.pending().await, 0);
    assert_right(&bed, &model).await;
}
