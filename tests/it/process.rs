//! The program as users run it: how it begins, how it ends, and what an end by force leaves.

use std::os::unix::process::ExitStatusExt;

use super::convergence::{assert_right, generated};
use super::support::give;
use super::support::{Bed, child, counts, wait};
use forebay::generate::Options;
use nix::sys::signal::Signal;

async fn rows(bed: &Bed, table: &str) -> i64 {
    bed.client
        .query_one(&format!("select count(*) from {table}"), &[])
        .await
        .unwrap()
        .get(0)
}

/// Killed three times on its way through 50,000 events, each time in the middle of its work, and
/// started again under the same name.
#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_it_loses_and_repeats_nothing() {
    let bed = Bed::new().await;
    let options = Options {
        seed: 50,
        events: 50_000,
        users: 5_000,
        ..Options::default()
    };
    let (entries, model) = generated(options);
    give::give(&bed, &entries).await;
    let flags = ["--flush-rows", "1500", "--consumer-id", "one"];
    let mut seen = 0;
    for kill in 1..=3 {
        let mut worker = child::run(&bed, &flags);
        wait::until("some more likes are in", async || {
            rows(&bed, "likes").await > seen + 2_000
        })
        .await;
        let status = child::end_by(&mut worker, Signal::SIGKILL).await;
        assert_eq!(status.signal(), Some(9));
        assert!(
            bed.stream.pending().await > 0,
            "kill {kill} was in the middle of nothing"
        );
        seen = rows(&bed, "likes").await;
    }
    assert!(
        seen < i64::try_from(model.count("public.likes")).unwrap(),
        "all was in before the end"
    );
    let last: Vec<&str> = ["run", "--until-caught-up"]
        .iter()
        .chain(&flags)
        .copied()
        .collect();
    let (code, _, log) = child::output(child::command(&bed, &last)).await;
    assert_eq!(code, 0, "{log}");
    assert_eq!(bed.stream.pending().await, 0);
    assert_right(&bed, &model).await;
}

/// What was read is written and acknowledged before the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_it_with_nothing_half_done() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let bed = Bed::new().await;
        let options = Options {
            seed: 51,
            events: 20_000,
            users: 2_000,
            ..Options::default()
        };
        let (entries, _) = generated(options);
        give::give(&bed, &entries).await;
        let mut worker = child::run(&bed, &["--flush-rows", "500"]);
        wait::until("rows are coming in", async || rows(&bed, "likes").await > 0).await;
        let status = child::end_by(&mut worker, signal).await;
        assert_eq!(status.code(), Some(0));
        let group = bed.stream.group().await.unwrap();
        assert_eq!(group.pending, 0, "what was read is acknowledged");
        assert!(group.lag > Some(0), "it was stopped on its way");
        counts::assert_equal_rows(&bed.client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_ends_with_2_and_says_what_is_allowed() {
    let cases: [(&[&str], &str); 6] = [
        (&["run"], "DATABASE_URL"),
        (&["run", "--no-such-flag"], "--no-such-flag"),
        (&["run", "--parallel-consumers", "0"], "0 is not in 1..=64"),
        (&["run", "--database-url", "nonsense://"], "DATABASE_URL"),
        (
            &["run", "--local", "/nowhere", "--redis-url", "redis://h"],
            "'--local <DIR>' cannot be used with '--redis-url'",
        ),
        (
            &["run", "--database-url=postgres://h/d", "--local=/nowhere"],
            "'--local <DIR>' cannot be used with '--database-url'",
        ),
    ];
    for (args, said) in cases {
        let (code, _, log) = child::output(child::bare(args)).await;
        assert_eq!(code, 2, "{args:?}: {log}");
        assert!(log.contains(said), "{args:?}: {log}");
    }
}

/// One command gives a whole system, and the next start finds what it kept.
#[tokio::test(flavor = "multi_thread")]
async fn local_servers_keep_what_they_have() {
    let dir = tempfile::Builder::new()
        .prefix("forebay-local")
        .tempdir_in("/tmp")
        .unwrap();
    // PostgreSQL runs as another user, who has to get there.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let home = dir.path().join("home");
    let args = [
        "run",
        "--local",
        home.to_str().unwrap(),
        "--until-caught-up",
    ];
    // Variables that name other servers are for other commands.
    let others = [
        ("DATABASE_URL", "postgresql://127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1"),
    ];
    for variables in [&[][..], &others] {
        let mut command = child::bare(&args);
        command.envs(variables.iter().copied());
        let (code, _, log) = child::output(command).await;
        assert_eq!(code, 0, "{log}");
        assert!(log.contains("private servers run"), "{log}");
    }
    assert!(home.join("postgres").is_dir() && home.join("redis").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_its_figures_in_plain_lines() {
    let (code, shown, log) = child::output(child::bare(&["demo", "--events", "3000"])).await;
    assert_eq!(code, 0, "{log}");
    for figure in [
        "events/s",
        "flushes by reason",
        "p50",
        "p99",
        "peak memory",
        "rows per table",
        "counts equal rows: yes",
    ] {
        assert!(shown.contains(figure), "{figure}: {shown}");
    }
    assert!(
        !shown.contains('\u{1b}') && !log.contains('\u{1b}'),
        "{shown}{log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_says_what_it_made() {
    let url = super::support::bed::empty_database().await;
    let args = ["migrate", "--database-url", &url];
    let (code, first, log) = child::output(child::bare(&args)).await;
    assert_eq!(code, 0, "{log}");
    assert!(
        first.contains("V1__forebay") && first.contains("posts"),
        "{first}"
    );
    let (code, second, _) = child::output(child::bare(&args)).await;
    assert_eq!(
        (code, second.as_str()),
        (0, "everything is there already\n")
    );
}
