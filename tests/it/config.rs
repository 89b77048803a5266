//! The program as an operator starts it: variables, passwords, servers that are away, tables that
//! do not fit.

use crate::support::servers::or_fail;
use crate::support::{Bed, Made, bed, cluster, wait};
use forebay::local::{Home, Mode, Persistence, Redis};
use std::process::{Command, Output, Stdio};

/// The program in an environment of its own.
fn forebay(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forebay"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    // Many run at a time.
    command.env("HTTP_ADDR", "");
    command.envs(variables.iter().copied());
    command
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_wrong_value_names_the_variable_the_value_and_what_is_allowed() {
    for (variable, value, allowed) in [
        ("PARALLEL_CONSUMERS", "0", "0 is not in 1..=64"),
        ("DB_POOL_SIZE", "2", "2 is not in 3..=10000"),
        ("BATCH_SIZE", "ten", "invalid digit found in string"),
        ("REDIS_MAX_DELIVERIES", "0", "0 is not in 1..="),
        ("CLAIM_IDLE_MS", "1", "1 is not in 100..="),
        (
            "LOG_LEVEL",
            "loud",
            "trace, debug, info, warning, warn, error, critical",
        ),
        ("REDIS_URL", "http://h", "must begin with redis://"),
        ("DATABASE_URL", "mysql://h", "must begin with postgresql://"),
        ("DATABASE_URL", "postgres://h/d?sslmode=on", "allow, prefer"),
        ("DATABASE_PASSWORD_FILE", "/nowhere", "No such file"),
        ("REDIS_PASSWORD_FILE", "/nowhere", "No such file"),
        ("REDIS_CA_FILE", "/nowhere", "rediss://"),
        ("HTTP_ADDR", "9600", "must be host:port"),
        ("LOG_FORMAT", "xml", "text, json"),
        (
            "DERIVED",
            "notifications,likes",
            "\"likes\" is none of all, notifications,",
        ),
    ] {
        let mut command = forebay(&["run"], &[("DATABASE_URL", "postgres://127.0.0.1:1/none")]);
        let output = command.env(variable, value).output().unwrap();
        let said = said(&output);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{variable}={value}: {said}");
        let named = if variable == "REDIS_CA_FILE" {
            "REDIS_URL"
        } else {
            variable
        };
        assert!(said.contains(named), "{said}");
        assert!(said.contains(allowed), "{said}");
    }
    let output = forebay(&["run"], &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("DATABASE_URL (--database-url) is required"));
}

#[test]
fn every_name_of_a_log_level_will_do() {
    for name in [
        "DEBUG", "Info", "warning", "WARN", "error", "CRITICAL", "Trace",
    ] {
        // Reaches the next wrong thing.
        let output = forebay(&["run"], &[("LOG_LEVEL", name)]).output().unwrap();
        assert!(
            said(&output).contains("DATABASE_URL"),
            "{name}: {}",
            said(&output)
        );
    }
}

#[test]
fn help_shows_variables_defaults_and_units() {
    let help = said(&forebay(&["run", "--help"], &[]).output().unwrap());
    // However the lines are broken.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for line in [
        "--redis-url",
        "[env: REDIS_URL]",
        "[default: redis://localhost:6379]",
        "[env: CLAIM_IDLE_MS=]",
        "in milliseconds",
        "[env: DATABASE_PASSWORD_FILE=]",
        "[default: python-worker]",
        "[env: LOG_LEVEL=]",
        "[env: DERIVED=]",
        "[default: all]",
    ] {
        assert!(help.contains(line), "{line} in {help}");
    }
}

#[test]
fn the_version_has_the_commit() {
    let version = said(&forebay(&["--version"], &[]).output().unwrap());
    let number = concat!("forebay ", env!("CARGO_PKG_VERSION"));
    assert!(version.starts_with(number), "{version}");
    let is_checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/.git");
    if std::path::Path::new(is_checkout).exists() {
        assert!(version.contains(" ("), "{version}");
    }
}

#[tokio::test]
async fn passwords_come_from_files_and_are_never_logged() {
    let bed = Bed::new().await;
    bed.stream.xadd("commit", "no JSON", "1").await;
    let dir = tempfile::tempdir().unwrap();
    let (database_url, database_password) = without_password(&bed.database_url);
    let (redis_url, redis_password) = without_password(&bed.redis_url);
    let files = ["database", "redis"].map(|name| dir.path().join(name));
    std::fs::write(&files[0], format!("{database_password}\n")).unwrap();
    std::fs::write(&files[1], &redis_password).unwrap();
    let from_files = [
        ("DATABASE_URL", database_url.as_str()),
        ("DATABASE_PASSWORD_FILE", files[0].to_str().unwrap()),
        ("REDIS_URL", redis_url.as_str()),
        ("REDIS_PASSWORD_FILE", files[1].to_str().unwrap()),
    ];
    let in_urls = [
        ("DATABASE_URL", bed.database_url.as_str()),
        ("REDIS_URL", bed.redis_url.as_str()),
    ];
    for variables in [&from_files[..], &in_urls[..]] {
        for level in ["trace", "debug", "info", "warning", "error"] {
            let mut command = forebay(&["run", "--until-caught-up"], variables);
            let output = command.env("LOG_LEVEL", level).output().unwrap();
            let said = said(&output);
            assert_eq!(output.status.code(), Some(0), "{said}");
            assert!(!said.contains(&database_password), "{said}");
            assert!(!said.contains(&redis_password), "{said}");
            if level == "info" {
                assert!(
                    said.contains(" DATABASE_URL=postgresql://postgres"),
                    "{said}"
                );
                assert!(said.contains(" PARALLEL_CONSUMERS=5 "), "{said}");
                assert!(said.contains(" DERIVED=all "), "{said}");
            }
        }
    }
}

/// A URL without its password, and the password.
fn without_password(url: &str) -> (String, String) {
    let (before, rest) = url.rsplit_once('@').unwrap();
    let (before, password) = before.rsplit_once(':').unwrap();
    (format!("{before}@{rest}"), password.to_owned())
}

#[tokio::test]
async fn waits_for_servers_and_says_so_once() {
    let mut postgres = cluster::own().await;
    let mut redis = or_fail(Redis::start(Home::Temporary, Persistence::None).await);
    let (database_url, redis_url) = (postgres.url(cluster::DATABASE), redis.url());
    or_fail(postgres.stop(Mode::Fast).await);
    or_fail(redis.stop().await);

    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let variables = [
        ("DATABASE_URL", database_url.as_str()),
        ("REDIS_URL", redis_url.as_str()),
    ];
    let mut worker = forebay(&["run", "--until-caught-up"], &variables)
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let count = |text: &str| std::fs::read_to_string(&log).unwrap().matches(text).count();
    wait::until("both are waited for", async || {
        count("waiting for Redis") == 1 && count("waiting for PostgreSQL") == 1
    })
    .await;
    or_fail(redis.restart().await);
    wait::until("Redis is found", async || count("Redis is there") == 1).await;
    or_fail(postgres.restart().await);
    wait::until("the worker has ended", async || {
        worker.try_wait().unwrap().is_some()
    })
    .await;
    assert_eq!(worker.wait().unwrap().code(), Some(0));
    assert_eq!(count("waiting for"), 2);
    or_fail(postgres.stop(Mode::Fast).await);
    or_fail(redis.stop().await);
}

#[tokio::test]
async fn tables_that_do_not_fit_stop_the_start_with_the_remedy() {
    let bed = Bed::on(Made::FromTsvOnly).await;
    let change = "alter table likes drop column via; drop index unique_like_user_post";
    bed.client.batch_execute(change).await.unwrap();
    bed.stream.xadd("identity", "{}", "1").await;
    let variables = [
        ("DATABASE_URL", bed.database_url.as_str()),
        ("REDIS_URL", bed.redis_url.as_str()),
    ];
    let output = forebay(&["run", "--until-caught-up"], &variables)
        .output()
        .unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for line in [
        "schema forebay is missing",
        "column public.likes.via is missing",
        "table public.likes has no unique key on (user_did, post_uri)",
        "remedy: run `forebay migrate`; let the AppView push its schema",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    assert_eq!(bed.stream.group().await, None, "nothing was touched");
}

#[tokio::test]
async fn a_wrong_password_stops_the_start() {
    let (_, url) = bed::database(Made::ByMigrate).await;
    let redis = or_fail(Redis::start(Home::Temporary, Persistence::None).await);
    let (redis_url, _) = without_password(&redis.url());
    let (bare, _) = without_password(&url);
    let wrong = bare.replace("@", ":wrong@");
    for (database_url, redis_url, word) in [
        (wrong.as_str(), redis.url().as_str(), "DATABASE_URL"),
        (
            url.as_str(),
            redis_url.replace("@", "").as_str(),
            "REDIS_URL",
        ),
    ] {
        let variables = [("DATABASE_URL", database_url), ("REDIS_URL", redis_url)];
        let output = forebay(&["run", "--until-caught-up"], &variables)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(word), "{}", said(&output));
    }
}

/// The three set-ups of the incumbent's README: DB_POOL_SIZE, BATCH_SIZE, PARALLEL_CONSUMERS,
/// LOG_LEVEL.
#[tokio::test]
async fn the_incumbents_set_ups_work_as_given() {
    let bed = Bed::new().await;
    for [connections, entries, lanes, level] in [
        ["50", "20", "10", "WARNING"],
        ["10", "5", "3", "ERROR"],
        ["20", "10", "5", "INFO"],
    ] {
        bed.stream.xadd("identity", "{}", "1").await;
        let variables = [
            ("DATABASE_URL", bed.database_url.as_str()),
            ("REDIS_URL", bed.redis_url.as_str()),
            ("DB_POOL_SIZE", connections),
            ("BATCH_SIZE", entries),
            ("PARALLEL_CONSUMERS", lanes),
            ("LOG_LEVEL", level),
        ];
        let mut command = forebay(&["run", "--until-caught-up"], &variables);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(!said(&output).contains("allows fewer lanes"));
        assert_eq!(bed.stream.pending().await, 0);
    }
    let group = bed.stream.group().await.unwrap();
    assert_eq!(group.entries_read, Some(3));
}
