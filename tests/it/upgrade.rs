//! Schema forebay at another version than the program's: workers of two versions side by side, and an
//! old program that faces a newer schema.

use super::convergence::{assert_right, some};
use super::support::give;
use super::support::worker::{Worker, drain};
use super::support::{Bed, child, wait};
use forebay::migrate::{latest, migrate};

/// A later version's migration that only adds: a table, a column, an index.
const LATER: &str = "
    create table forebay.later (id int primary key, note text);
    alter table forebay.tombstones add column later text;
    alter table forebay.dead_letters add column later int not null default 0;
    create index later_by_position on forebay.duplicates (position);
    insert into forebay.migrations select version + 1, 'later', applied_on, checksum
    from forebay.migrations order by version desc limit 1;";

/// As in its file: no worker from before it can work with it.
const SHUTS_OUT: &str =
    "update forebay.compatible set oldest = (select max(version) from forebay.migrations)";

async fn likes(bed: &Bed) -> i64 {
    bed.number("select count(*) from likes").await
}

/// Among its entries some are refused, so that the worker looks at the tables again on its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_goes_on_while_a_later_migration_only_adds() {
    let bed = Bed::new().await;
    let (entries, model) = some(141, 8_000);
    give::give(&bed, &entries).await;
    let worker = Worker::start(&bed, &["--until-caught-up", "--flush-rows", "200"]);
    wait::until("some is in", async || likes(&bed).await > 300).await;
    bed.client.batch_execute(LATER).await.unwrap();
    let before = likes(&bed).await;
    wait::until("the worker stores more after it", async || {
        likes(&bed).await > before + 500
    })
    .await;
    worker.end().await.unwrap();
    assert_right(&bed, &model).await;

    // Isolating what is refused looks at the schema once more.
    let poison = "alter table likes add constraint odd check (post_uri not like '%odd') not valid";
    bed.client.batch_execute(poison).await.unwrap();
    let like = |n: usize, post: &str| {
        format!(
            r#"{{"repo":"did:plc:odd","ops":[{{"action":"create","path":"app.bsky.feed.like/{n}","cid":"c","record":
                {{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T00:00:00Z","subject":{{"uri":"at://did:plc:a/app.bsky.feed.post/{post}","cid":"c"}}}}}}]}}"#
        )
    };
    for (n, post) in ["odd", "even"].iter().enumerate() {
        bed.stream.xadd("commit", like(n, post), "1").await;
    }
    drain(&bed, &[]).await;
    let stored = "select count(*) from likes where user_did = 'did:plc:odd'";
    assert_eq!(bed.number(stored).await, 1);
    let letters = "select count(*) from forebay.dead_letters where later = 0";
    assert_eq!(bed.number(letters).await, 1);
}

/// Two workers share the group across the migration, one started before it and one after.
#[tokio::test(flavor = "multi_thread")]
async fn workers_from_before_and_after_work_side_by_side() {
    let bed = Bed::new().await;
    let (entries, model) = some(142, 8_000);
    let (first, second) = entries.split_at(4_000);
    let before = Worker::start(&bed, &["--consumer-id", "before", "--flush-rows", "100"]);
    give::give(&bed, first).await;
    wait::until("the first works", async || likes(&bed).await > 100).await;
    bed.client.batch_execute(LATER).await.unwrap();
    let after = Worker::start(&bed, &["--consumer-id", "after", "--flush-rows", "100"]);
    wait::until("both are in the group", async || {
        bed.stream
            .group()
            .await
            .is_some_and(|group| group.consumers == 2)
    })
    .await;
    give::give(&bed, second).await;
    wait::until("everything is acknowledged", async || {
        let group = bed.stream.group().await.unwrap();
        group.lag == Some(0) && group.pending == 0
    })
    .await;
    for worker in [before, after] {
        let metrics = std::sync::Arc::clone(&worker.metrics);
        worker.stop().await.unwrap();
        assert!(metrics.entries_acked() > 0, "one worker did it all");
    }
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_program_works_with_a_newer_schema_that_says_so() {
    let bed = Bed::new().await;
    bed.client.batch_execute(LATER).await.unwrap();
    let (code, out, err) = child::output(child::command(&bed, &["migrate"])).await;
    assert_eq!(
        (code, out.as_str()),
        (0, "everything is there already\n"),
        "{err}"
    );
    let (entries, model) = some(143, 500);
    give::give(&bed, &entries).await;
    let (code, _, err) = child::output(child::command(&bed, &["run", "--until-caught-up"])).await;
    assert_eq!(code, 0, "{err}");
    assert_right(&bed, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_program_that_is_shut_out_says_what_to_do() {
    let bed = Bed::new().await;
    bed.client.batch_execute(LATER).await.unwrap();
    bed.client.batch_execute(SHUTS_OUT).await.unwrap();
    give::give(&bed, &some(144, 100).0).await;
    let known = latest();
    for command in [
        &["run", "--until-caught-up"][..],
        &["migrate"],
        &["purge", "did:plc:x"],
    ] {
        let (code, _, err) = child::output(child::command(&bed, command)).await;
        assert_eq!(code, 3, "{command:?}: {err}");
        for said in [
            &format!(
                "schema forebay was made by a newer forebay: it is at version {}",
                known + 1
            ),
            &format!("this one knows {known}"),
            "run the forebay that made schema forebay",
        ] {
            assert!(err.contains(said), "{command:?}: {said}: {err}");
        }
    }
    assert_eq!(bed.stream.pending().await, 0, "nothing was read");
    assert_eq!(likes(&bed).await, 0);
}

/// A schema of an older version: the program says what to do, and migrating keeps what is in it.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_brought_up_with_what_it_holds() {
    let mut bed = Bed::new().await;
    bed.client
        .batch_execute(
            "drop table forebay.purges, forebay.compatible, forebay.backfill_progress,
                 forebay.backfill_sources, forebay.backfill_lanes, forebay.pruned,
                 forebay.bulk_indexes, forebay.bulk;
             delete from forebay.migrations where version >= 4;
             insert into forebay.tombstones (uri, position) values ('at://x/y/z', now())",
        )
        .await
        .unwrap();
    let (code, _, err) = child::output(child::command(&bed, &["run"])).await;
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("run `forebay migrate`"), "{err}");
    let report = migrate(&mut bed.client).await.unwrap();
    assert_eq!(report.forebay, ["V4__accounts", "V5__backfill"]);
    assert_eq!(
        bed.number("select count(*) from forebay.tombstones").await,
        1
    );
    let (entries, _) = some(145, 300);
    give::give(&bed, &entries).await;
    drain(&bed, &[]).await;
}
