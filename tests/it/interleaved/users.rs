//! Users rows, which whoever is first to name a DID makes.

use std::sync::Arc;

use super::super::histories::{Op, put};
use super::{Case, Scene};
use forebay::flush::Known;
use serde_json::json;

const PROFILE: &str = "app.bsky.actor.profile/self";

fn profile() -> Op {
    put("b", PROFILE, json!({"displayName": "Bee"}))
}

fn block(repo: &'static str, rkey: &'static str, subject: &str) -> Op {
    put(repo, rkey, json!({"subject": subject}))
}

/// Another repo's batch has made the row and not committed it. The profile's own stub waits for
/// that; without it the profile finds no row to be written to, and is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_stub_and_the_profile() {
    let case = Case::of(
        vec![block("a", "app.bsky.graph.block/1", "did:plc:b"), profile()],
        &["public.users did:plc:b display_name"],
    )
    .batches(&[0], &[1]);
    let scene = Scene::new().await;
    let played = scene.play_as("stubs", &case, &Arc::default()).await;
    played.assert_in_turn_by_a_row();
    // A worker that knows the row before it is there makes no stub.
    let known = Arc::new(Known::new());
    scene
        .store_knowing("before", case.batch(&case.second), &known)
        .await;
    let played = scene.play_as("stubs", &case, &known).await;
    played.assert_wrong(case.wrong);
}

/// A batch that only names a user does not wait for another that is writing the user's profile:
/// the row has long been there.
#[tokio::test(flavor = "multi_thread")]
async fn a_profile_and_a_later_stub() {
    let case = Case::of(
        vec![
            block("a", "app.bsky.graph.block/1", "did:plc:b"),
            block("b", "app.bsky.graph.block/1", "did:plc:c"),
            profile(),
            block("a", "app.bsky.graph.block/2", "did:plc:b"),
        ],
        &[],
    )
    .batches(&[1, 2], &[3]);
    let scene = Scene::new().await;
    let played = scene.play(&case).await;
    assert_eq!(played.held_up, None, "{played:#?}");
    played.assert_right();
}
