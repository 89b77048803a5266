//! The order in which locks are taken: nobody waits in a circle.

use super::super::histories::{empty, like, put};
use super::super::model::Model;
use super::super::property::history::History;
use super::super::support::give::Given;
use super::super::support::random::Random;
use super::super::support::wait;
use super::{Case, Lock, Scene, store};
use forebay::flush::{Connector, Known};
use forebay::partition;

const SESSIONS: usize = 4;

/// Each session stores its share of the batches, all at once; what was refused, and the sessions.
async fn store_at_once(
    sessions: Vec<Connector>,
    batches: &[&[Given]],
) -> (Vec<String>, Vec<Connector>) {
    let share = |n: usize| batches.iter().skip(n).step_by(SESSIONS);
    let stores: Vec<_> = sessions
        .into_iter()
        .enumerate()
        .map(|(n, mut session)| {
            let batches: Vec<Vec<Given>> = share(n).map(|batch| batch.to_vec()).collect();
            tokio::spawn(async move {
                let (known, mut refused) = (Known::new(), Vec::new());
                for batch in batches {
                    refused.extend(store(&mut session, &batch, &known).await);
                }
                (refused, session)
            })
        })
        .collect();
    let (mut refused, mut sessions) = (Vec::new(), Vec::new());
    for stored in stores {
        let (also_refused, session) = stored.await.unwrap();
        refused.extend(also_refused);
        sessions.push(session);
    }
    (refused, sessions)
}

/// Four sessions, entries in any order and in batches of any size, all of the same few repos.
#[tokio::test(flavor = "multi_thread")]
async fn no_schedule_deadlocks() {
    let scene = Scene::new().await;
    let mut sessions = (0..SESSIONS).map(|_| scene.connector("session")).collect();
    for seed in 1_000..1_015 {
        let mut random = Random::of(seed);
        let history = History::of(&mut random);
        empty(&scene.bed).await;
        if let Some(did) = &history.opted_out {
            scene.bed.opt_out(did).await;
        }
        let mut entries = history.entries;
        random.shuffle(&mut entries);
        let size = 1 + random.below(20);
        let batches: Vec<&[Given]> = entries.chunks(size).collect();
        let refused;
        (refused, sessions) = store_at_once(sessions, &batches).await;
        assert!(refused.is_empty(), "seed {seed}: {refused:#?}");
        let differences = scene.differences(&history.model).await;
        assert!(differences.is_empty(), "seed {seed}: {differences:#?}");
    }
    assert_eq!(deadlocks(&scene).await, 0);
}

async fn deadlocks(scene: &Scene) -> i64 {
    let statement = "select deadlocks from pg_stat_database where datname = current_database()";
    scene.bed.number(statement).await
}

/// Two batches of different repos like the same two posts, in opposite orders.
fn hot_posts() -> Case {
    assert_ne!(partition::of("did:plc:b"), partition::of("did:plc:c"));
    let one = "at://did:plc:a/app.bsky.feed.post/1";
    let two = "at://did:plc:a/app.bsky.feed.post/2";
    Case::of(
        vec![
            put("b", "app.bsky.feed.like/1", like(one)),
            put("b", "app.bsky.feed.like/2", like(two)),
            put("c", "app.bsky.feed.like/1", like(two)),
            put("c", "app.bsky.feed.like/2", like(one)),
        ],
        &[],
    )
    .batches(&[0, 1], &[2, 3])
}

/// Nothing but the posts' own rows lies between them.
#[tokio::test(flavor = "multi_thread")]
async fn the_counts_of_a_hot_post() {
    for scene in [Scene::new().await, Scene::without(Lock::Tail).await] {
        let played = scene.play(&hot_posts()).await;
        played.assert_in_turn_by_a_row();
    }
}

/// Someone who takes the posts in the other order: the batch is the one that is broken off, and it
/// is stored all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_with_someone_elses_transaction() {
    let scene = Scene::new().await;
    let Case { history, .. } = hot_posts();
    let model = super::super::histories::model_of(&history, Model::new());
    scene.store("before", history[..2].to_vec()).await;
    // Time enough for the circle to be closed before the batch looks for one.
    let patient = "do $$ begin execute format(
        'alter database %I set deadlock_timeout = %L', current_database(), '5s');
    end $$";
    scene.bed.client.batch_execute(patient).await.unwrap();
    let other = scene.bed.connect().await;
    let take = |post: &str| {
        format!("update post_aggregations set updated_at = now() where post_uri like '%/{post}'")
    };
    // The server breaks off who first finds the circle: the other looks only after a minute.
    let begin = format!("set deadlock_timeout = '60s'; begin; {}", take("2"));
    other.batch_execute(&begin).await.unwrap();
    let batch = tokio::spawn(scene.store("second", history[2..].to_vec()));
    wait::until(
        "the batch has the first post and waits for the second",
        async || scene.waits_for("second").await.as_deref() == Some("transactionid"),
    )
    .await;
    other.batch_execute(&take("1")).await.unwrap();
    other.batch_execute("commit").await.unwrap();
    let refused = batch.await.unwrap();
    assert!(refused[0].contains("deadlock"), "{refused:#?}");
    assert_eq!(scene.differences(&model).await, Vec::<String>::new());
}
