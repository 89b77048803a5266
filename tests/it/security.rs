//! The least-privileged role of docs/security.md, as it stands there: enough for everything that is
//! promised, and for nothing else.

use super::convergence::{assert_right, generated};
use super::faults::bed_on_own_cluster;
use super::histories::{crowd, model_of};
use super::model::Model;
use super::support::worker::drain;
use super::support::{Bed, child, cluster, give, servers};
use forebay::generate::Options;
use tokio_postgres::error::SqlState;

/// The statements of the page.
fn statements() -> String {
    let page = include_str!("../../docs/security.md");
    let sql = page.split("```sql\n").nth(1).unwrap();
    let sql = sql.split("```").next().unwrap();
    assert!(sql.contains("create role forebay_worker login password 'change me'"));
    sql.replace(
        "database appview",
        &format!("database {}", cluster::DATABASE),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_runs_under_the_least_privileged_role() {
    let (mut bed, _postgres) = bed_on_own_cluster().await;
    bed.client
        .batch_execute(&format!(
            "revoke temporary, connect on database {} from public; revoke create on schema public from public",
            cluster::DATABASE
        ))
        .await
        .unwrap();
    bed.client.batch_execute(&statements()).await.unwrap();
    let (_, address) = bed.database_url.split_once('@').unwrap();
    bed.database_url = format!("postgresql://forebay_worker:change%20me@{address}");

    let (entries, model) = generated(Options {
        seed: 131,
        events: 5_000,
        users: 200,
        bad: 0.05,
        ..Options::default()
    });
    give::give_as_replays(&bed, entries.iter().rev()).await;
    // Small batches, poison that only the server finds, and a flood of it.
    bed.client
        .batch_execute(
            "alter table likes add constraint odd check (hashtext(uri) % 10 <> 3) not valid",
        )
        .await
        .unwrap();
    drain(&bed, &["--flush-rows", "300"]).await;
    let refused = "select count(*) from forebay.dead_letters where reason = 'refused'";
    assert!(bed.number(refused).await > 0, "nothing was refused");
    bed.client
        .batch_execute("alter table likes drop constraint odd")
        .await
        .unwrap();

    let run = async |args: &[&str]| child::output(child::command(&bed, args)).await;
    let (code, out, err) = run(&["dlq", "replay", "--reason", "refused"]).await;
    assert_eq!(code, 0, "{out}{err}");
    assert_right(&bed, &model).await;
    let (code, out, err) = run(&["audit", "--repair"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (_, out, err) = run(&["doctor"]).await;
    for check in ["postgres.rights", "postgres.sequences", "postgres.tables"] {
        assert!(
            out.contains(&format!("ok    {check} ")),
            "{check}: {out}{err}"
        );
    }
    let did = "select did from users where profile_record is not null limit 1";
    let did: String = bed.client.query_one(did, &[]).await.unwrap().get(0);
    let (code, out, err) = run(&["purge", &did]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = run(&["dlq", "purge", "--all"]).await;
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, err) = run(&["takeover", "--claim-idle-ms", "100"]).await;
    assert_eq!(code, 0, "{out}{err}");
}

/// COPY is refused where row-level security applies, an insert is not.
#[tokio::test(flavor = "multi_thread")]
async fn that_role_writes_tables_with_row_level_security() {
    let (mut bed, _postgres) = bed_on_own_cluster().await;
    bed.client.batch_execute(&statements()).await.unwrap();
    for table in ["likes", "posts", "feed_items", "follows"] {
        let secure = format!(
            "alter table {table} enable row level security;
             create policy everything on {table} using (true) with check (true)"
        );
        bed.client.batch_execute(&secure).await.unwrap();
    }
    let (_, address) = bed.database_url.split_once('@').unwrap();
    bed.database_url = format!("postgresql://forebay_worker:change%20me@{address}");
    let crowd = crowd();
    give::give_as_replays(&bed, crowd.iter()).await;
    drain(&bed, &["--parallel-consumers", "1"]).await;
    assert_right(&bed, &model_of(&crowd, Model::new())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn that_role_can_do_nothing_else() {
    let (bed, _postgres) = bed_on_own_cluster().await;
    // As the page says for PostgreSQL 14.
    let revoke = "revoke create on schema public from public";
    bed.client.batch_execute(revoke).await.unwrap();
    bed.client.batch_execute(&statements()).await.unwrap();
    let (_, address) = bed.database_url.split_once('@').unwrap();
    let client = servers::connect(&format!(
        "postgresql://forebay_worker:change%20me@{address}"
    ))
    .await;
    for forbidden in [
        "create table public.mine ()",
        "create table forebay.mine ()",
        "alter table likes add column mine text",
        "drop table likes",
        "truncate likes",
        "drop schema forebay",
        "insert into user_settings (user_did) values ('did:plc:x')",
        "select * from firehose_cursor",
        "insert into firehose_cursor (service) values ('')",
        "update forebay.compatible set oldest = 0",
        "delete from forebay.migrations",
        "select nextval('firehose_cursor_id_seq')",
        "select setval('notifications_id_seq', 1)",
        "select rolpassword from pg_authid",
        "create role another",
        "create database another",
    ] {
        let refused = client.batch_execute(forbidden).await.unwrap_err();
        assert_eq!(
            refused.code(),
            Some(&SqlState::INSUFFICIENT_PRIVILEGE),
            "{forbidden}: {refused:?}"
        );
    }
}

/// The Redis user of the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_runs_under_the_redis_user_of_the_page() {
    let page = include_str!("../../docs/security.md");
    let line = page
        .lines()
        .find(|line| line.starts_with("ACL SETUSER"))
        .unwrap();
    let mut bed = Bed::new().await;
    let words: Vec<&str> = line.split(' ').collect();
    bed.stream.run::<String>(&words).await;
    let (_, address) = bed.redis_url.split_once('@').unwrap();
    let own = format!("redis://forebay:change-me@{address}");
    let administrator = std::mem::replace(&mut bed.redis_url, own);
    let (entries, model) = generated(Options {
        seed: 132,
        events: 2_000,
        users: 100,
        bad: 0.05,
        ..Options::default()
    });
    give::give(&bed, &entries).await;
    drain(&bed, &["--flush-rows", "100"]).await;
    assert_right(&bed, &model).await;
    let told: i64 = bed.stream.run(&["HGET", "db:record_counts", "posts"]).await;
    assert_eq!(told, bed.number("select count(*) from posts").await);
    assert!(!bed.stream.dead_letters().await.is_empty());
    let (_, out, err) = child::output(child::command(&bed, &["doctor"])).await;
    assert!(out.contains("ok    redis.reach"), "{out}{err}");
    bed.redis_url = administrator;
}
