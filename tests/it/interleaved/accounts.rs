//! A purge and what its account did before it: the partition locks.

use std::sync::Arc;

use super::super::histories::{POST_1, history, like, put};
use super::super::support::give::Given;
use super::super::support::wait;
use super::super::takeover::servers;
use super::{Lock, Scene};
use forebay::apply::Applier;
use forebay::batch::Rules;
use forebay::purge::{done, remove, to_do};
use forebay::widths::Widths;

/// Does what is noted by now.
async fn purge(scene: &Scene) {
    let (pool, redis) = servers(&scene.bed);
    let client = pool.get().await.unwrap();
    let rules = Rules::from(Arc::new(Widths::contract()));
    let mut applier = Applier::new(pool.clone(), rules);
    for job in to_do(&client, &[]).await.unwrap() {
        let removed = remove(&mut applier, &redis, &job, |_, _| {}).await.unwrap();
        assert_eq!(removed.left.records, 0);
        done(&client, &job).await.unwrap();
    }
}

/// A create merges and stands before its commit while a later event has its account purged. Without
/// the lock the event's note is there at once, the purge finds nothing, and the create, which looked
/// for a note before there was one, is there for good.
#[tokio::test(flavor = "multi_thread")]
async fn a_purge_and_an_older_create() {
    for (scene, left) in [
        (Scene::without(Lock::Partitions).await, 1),
        (Scene::new().await, 0),
    ] {
        let create = history(vec![put("b", "app.bsky.feed.like/1", like(POST_1))]);
        let event = Given {
            id: "1783175889000-0".to_owned(),
            kind: "account".to_owned(),
            data: r#"{"did":"did:plc:b","active":false,"status":"deleted"}"#.to_owned(),
            seq: String::new(),
        };
        scene.shut().await;
        let first = tokio::spawn(scene.store("first", create));
        wait::until("the create stands before its commit", async || {
            scene.waits_for("first").await.as_deref() == Some("advisory")
        })
        .await;
        let second = tokio::spawn(scene.store("second", vec![event]));
        wait::until("the event is held up or through", async || {
            scene.waits_for("second").await.is_some() || second.is_finished()
        })
        .await;
        purge(&scene).await;
        scene.open().await;
        assert!(first.await.unwrap().is_empty() && second.await.unwrap().is_empty());
        purge(&scene).await;
        assert_eq!(scene.bed.number("select count(*) from likes").await, left);
    }
}
