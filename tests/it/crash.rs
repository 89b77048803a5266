//! The worker is killed (SIGKILL) at a moment that has a name, again and again; what its successors
//! make of it is right.
//!
//! The moments are messages between the worker and its servers, which a proxy holds: the program
//! itself knows of none of this.

use super::convergence::{assert_right, generated};
use super::model::Model;
use super::support::give;
use super::support::proxy::{Hold, Moment, Proxy};
use super::support::worker::drain;
use super::support::{Bed, child, wait};
use forebay::generate::Options;
use nix::sys::signal::Signal;

/// The messages by which a moment is known (PostgreSQL manual, "Message Formats").
const BEGIN: &[u8] = b"START TRANSACTION\0";
const COPY_TRAILER_AND_DONE: &[u8] = b"\xff\xffc\0\0\0\x04";
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
const SAVEPOINT: &[u8] = b"SAVEPOINT part\0";
const SYNC: &[u8] = b"S\0\0\0\x04";
const XADD_LETTER: &[u8] = b"XADD\r\n$21\r\nfirehose:dead-letters";

/// A worker's first commit makes users rows, its second is a batch's.
const BATCH: usize = 2;

const fn before(bytes: &'static [u8], nth: usize) -> Moment {
    let hold = Hold::Message;
    Moment { hold, bytes, nth }
}

/// The server has done it and the worker does not know.
const fn after(bytes: &'static [u8], nth: usize) -> Moment {
    let hold = Hold::Answer;
    Moment { hold, bytes, nth }
}

#[derive(Clone, Copy, Debug)]
enum At {
    PostgreSql(Moment),
    Redis(Moment),
}

/// What the servers hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    pending: i64,
    acked: i64,
    rows: i64,
    letters: i64,
    copies: i64,
}

impl State {
    async fn of(bed: &Bed) -> State {
        let group = bed.stream.group().await.unwrap_or_default();
        State {
            pending: group.pending,
            acked: group.entries_read.unwrap_or_default() - group.pending,
            rows: bed
                .number("select (select count(*) from likes) + (select count(*) from posts)")
                .await,
            letters: bed
                .number("select count(*) from forebay.dead_letters")
                .await,
            copies: i64::try_from(bed.stream.dead_letters().await.len()).unwrap(),
        }
    }

    fn is_acked_since(self, before: State) -> bool {
        self.acked > before.acked
    }
}

/// A worker behind two proxies.
struct Scene {
    bed: Bed,
    postgres: Proxy,
    redis: Proxy,
    urls: [String; 2],
}

impl Scene {
    async fn new() -> Scene {
        let bed = Bed::new().await;
        let (postgres, database_url) = Proxy::before(&bed.database_url).await;
        let (redis, redis_url) = Proxy::before(&bed.redis_url).await;
        Scene {
            bed,
            postgres,
            redis,
            urls: [database_url, redis_url],
        }
    }

    async fn state(&self) -> State {
        State::of(&self.bed).await
    }

    /// Starts a worker and kills it at a moment: what the servers held before, and at that moment.
    async fn kill_at(&self, at: At, flags: &[&str]) -> (State, State) {
        let before = self.state().await;
        let proxy = match at {
            At::PostgreSql(moment) => {
                self.postgres.hold_at(moment);
                &self.postgres
            }
            At::Redis(moment) => {
                self.redis.hold_at(moment);
                &self.redis
            }
        };
        let [database, redis] = &self.urls;
        let flags = [flags, &["--database-url", database, "--redis-url", redis]].concat();
        let mut worker = child::run(&self.bed, &flags);
        proxy.moment().await;
        // What the server is still doing of what came through is part of the moment.
        let mut held = self.state().await;
        wait::until("the servers are at rest", async || {
            let last = std::mem::replace(&mut held, self.state().await);
            held == last
        })
        .await;
        let status = child::end_by(&mut worker, Signal::SIGKILL).await;
        assert_eq!(status.code(), None, "it ended by itself");
        (before, held)
    }
}

/// Entries of which one in ten has something wrong.
async fn some(bed: &Bed, seed: u64) -> Model {
    let (entries, model) = generated(Options {
        seed,
        events: 3_000,
        users: 200,
        sdk: 0.5,
        bad: 0.1,
    });
    give::give(bed, &entries).await;
    model
}

const ONE_LANE: [&str; 4] = ["--parallel-consumers", "1", "--flush-rows", "150"];

/// Kills three workers at a moment, of which the second has another name; then all is stored. How
/// the servers stand is told of the first: the others find much that is stored already.
async fn assert_survives(seed: u64, at: At, is_there: impl Fn(State, State) -> bool) {
    let scene = Scene::new().await;
    let model = some(&scene.bed, seed).await;
    for (n, name) in ["one", "two", "one"].into_iter().enumerate() {
        let names = ["--consumer-id", name, "--claim-idle-ms", "300"];
        let (before, held) = scene.kill_at(at, &[&ONE_LANE[..], &names].concat()).await;
        assert!(n > 0 || is_there(before, held), "{before:#?}\n{held:#?}");
    }
    drain(
        &scene.bed,
        &["--consumer-id", "two", "--claim-idle-ms", "300"],
    )
    .await;
    assert_right(&scene.bed, &model).await;
    assert_letters_copied(&scene.bed, &model).await;
}

/// Each at least once: a worker that is killed between the copy and the ack copies it again.
async fn assert_letters_copied(bed: &Bed, model: &Model) {
    let copies = bed.stream.dead_letters().await;
    let mut ops: Vec<(&str, &str)> = copies
        .iter()
        .map(|letter| (letter["origId"].as_str(), letter["op"].as_str()))
        .collect();
    ops.sort_unstable();
    ops.dedup();
    assert_eq!(ops.len(), model.rejected().len());
}

fn nothing_is_stored(before: State, held: State) -> bool {
    held.rows == before.rows && held.letters == before.letters && !held.is_acked_since(before)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_read() {
    let at = At::PostgreSql(before(BEGIN, 1));
    assert_survives(1, at, |before, held| {
        held.pending > 0 && nothing_is_stored(before, held)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_copy() {
    let at = At::PostgreSql(before(COPY_TRAILER_AND_DONE, 1));
    assert_survives(2, at, nothing_is_stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_copy() {
    let at = At::PostgreSql(after(COPY_TRAILER_AND_DONE, 1));
    assert_survives(3, at, nothing_is_stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_merge_before_the_commit() {
    let at = At::PostgreSql(before(COMMIT, BATCH));
    assert_survives(4, at, nothing_is_stored).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_commit_whose_answer_is_on_its_way() {
    let at = At::PostgreSql(after(COMMIT, BATCH));
    assert_survives(5, at, |before, held| {
        held.rows > before.rows && !held.is_acked_since(before)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_commit_before_the_ack() {
    let at = At::Redis(before(b"XACK", 1));
    assert_survives(6, at, |before, held| {
        held.rows > before.rows && !held.is_acked_since(before)
    })
    .await;
}

/// Some batches are acknowledged and one is not, of which Redis has half the transaction.
#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_the_acks() {
    let at = At::Redis(before(b"XACK", 3));
    assert_survives(7, at, |before, held| {
        held.is_acked_since(before) && held.pending > 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_ack_whose_answer_is_on_its_way() {
    let at = At::Redis(after(b"XACK", 1));
    assert_survives(8, at, |before, held| {
        held.rows > before.rows && held.is_acked_since(before)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_dead_letters_committed_and_not_copied() {
    let at = At::Redis(before(XADD_LETTER, 1));
    assert_survives(9, at, |before, held| {
        held.letters > before.letters
            && held.copies == before.copies
            && !held.is_acked_since(before)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_some_dead_letters_copied() {
    let at = At::Redis(before(XADD_LETTER, 3));
    assert_survives(10, at, |before, held| {
        held.letters > before.letters && held.copies > before.copies
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_dead_letters_copied_and_not_acknowledged() {
    let at = At::Redis(before(b"XACK", 1));
    assert_survives(11, at, |before, held| {
        held.letters > before.letters && held.copies > before.copies && !held.is_acked_since(before)
    })
    .await;
}

/// While the op that the server refuses is looked for, and when it has been found.
#[tokio::test(flavor = "multi_thread")]
async fn while_poison_is_isolated() {
    let scene = Scene::new().await;
    let bed = &scene.bed;
    let (entries, model) = super::convergence::some(12, 1_500);
    // Of people who have rows anyhow.
    let known = entries
        .iter()
        .find(|entry| entry.data.contains("feed.like"))
        .unwrap();
    let known: serde_json::Value = serde_json::from_str(&known.data).unwrap();
    let bad = serde_json::json!({"repo": known["repo"], "ops": [{"action": "create", "path": "com.example.bad/1",
        "cid": "bafy", "record": {"$type": "com.example.bad"}}]});
    bed.client
        .batch_execute("alter table generic_records add check (uri not like '%/com.example.bad/%')")
        .await
        .unwrap();
    bed.stream
        .xadd_at("1-0", "commit", bad.to_string(), "1")
        .await;
    give::give(bed, &entries).await;
    for moment in [
        before(SAVEPOINT, 1),
        before(SAVEPOINT, 4),
        before(b"ROLLBACK TO", 1),
        // The users' and the isolation's: the batch's own never came.
        before(COMMIT, 3),
        after(COMMIT, 3),
    ] {
        let at = At::PostgreSql(moment);
        let (before, held) = scene.kill_at(at, &ONE_LANE).await;
        assert!(!held.is_acked_since(before), "{moment:?}");
        assert_eq!(
            held.letters > before.letters,
            moment.hold == Hold::Answer,
            "{moment:?}"
        );
    }
    let at = At::Redis(before(XADD_LETTER, 1));
    let (_, held) = scene.kill_at(at, &ONE_LANE).await;
    assert_eq!((held.letters, held.copies), (1, 0));
    drain(bed, &[]).await;
    super::model::assert_same(&model, &bed.client).await;
    assert_eq!(
        bed.number("select count(*) from forebay.dead_letters")
            .await,
        1
    );
    assert_eq!(bed.stream.dead_letters().await.len(), 1);
}

/// At any round trip, three lanes at once.
#[tokio::test(flavor = "multi_thread")]
async fn anywhere() {
    let scene = Scene::new().await;
    let model = some(&scene.bed, 13).await;
    let mut random = super::support::random::Random::of(13);
    for _ in 0..12 {
        let at = At::PostgreSql(before(SYNC, 10 + random.below(150)));
        let flags = [
            "--parallel-consumers",
            "3",
            "--flush-rows",
            "20",
            "--redis-max-deliveries",
            "100",
        ];
        scene.kill_at(at, &flags).await;
    }
    assert!(
        scene.state().await.pending > 0,
        "all was done before the last was killed"
    );
    drain(&scene.bed, &[]).await;
    assert_right(&scene.bed, &model).await;
    assert_letters_copied(&scene.bed, &model).await;
}
