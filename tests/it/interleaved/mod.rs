//! Two transactions at once: what the locks rule out, made to happen at the exact place.
//!
//! Each case has two batches. The first has merged and not committed while the second merges. With
//! one class of locks taken away the tables then differ from the model; with all of them the second
//! waits, and they do not. Nothing in the engine knows of this: the database's own functions and
//! triggers do it.

mod accounts;
mod order;
mod repos;
mod settled;
mod shared;
mod users;

use std::sync::Arc;

use super::histories::{Op, empty, history, model_of};
use super::model::Model;
use super::support::give::Given;
use super::support::{Bed, counts, wait};
use forebay::batch::{AccountDeleted, Batch, Rules};
use forebay::database::Address;
use forebay::entry::Entry;
use forebay::flush::{Connector, Known, Terms, Unreported, flush};
use forebay::widths::Widths;

/// A class of locks, by its first key.
#[derive(Clone, Copy, Debug)]
pub enum Lock {
    /// What keeps two transactions from one repo.
    Partitions = 1_718_579_813,
    /// What keeps two transactions from a table that many repos write.
    Tail = 1_952_540_012,
}

/// Two batches of one history.
pub struct Case {
    /// In stream order. What neither batch has is in before they begin.
    history: Vec<Given>,
    first: Vec<usize>,
    second: Vec<usize>,
    /// What is found to be wrong without the lock, one after the other.
    wrong: &'static [&'static str],
}

impl Case {
    pub fn of(ops: Vec<Op>, wrong: &'static [&'static str]) -> Case {
        Case {
            history: history(ops),
            first: Vec::new(),
            second: Vec::new(),
            wrong,
        }
    }

    /// Which entries the batch has that merges first, and which the one that merges while that one
    /// stands before its commit.
    pub fn batches(mut self, first: &[usize], second: &[usize]) -> Case {
        self.first = first.to_vec();
        self.second = second.to_vec();
        self
    }

    fn before(&self) -> Vec<usize> {
        let later = |at: &usize| self.first.contains(at) || self.second.contains(at);
        (0..self.history.len()).filter(|at| !later(at)).collect()
    }

    fn batch(&self, of: &[usize]) -> Vec<Given> {
        of.iter().map(|at| self.history[*at].clone()).collect()
    }
}

/// What came of a case.
#[derive(Debug)]
pub struct Played {
    /// Between the tables and the model, and between counts and rows.
    pub differences: Vec<String>,
    /// What the second waited for, before the first committed.
    pub held_up: Option<String>,
    /// What the server refused; it was tried again.
    pub refused: Vec<String>,
}

impl Played {
    /// The second waited for a lock of forebay's own, and everything is right.
    pub fn assert_in_turn(&self) {
        assert_eq!(self.held_up.as_deref(), Some("advisory"), "{self:#?}");
        self.assert_right();
    }

    /// The second waited for a row of the first's, and everything is right.
    pub fn assert_in_turn_by_a_row(&self) {
        assert_eq!(self.held_up.as_deref(), Some("transactionid"), "{self:#?}");
        self.assert_right();
    }

    pub fn assert_right(&self) {
        let all = self.differences.iter().chain(&self.refused);
        assert_eq!(all.count(), 0, "{self:#?}");
    }

    pub fn assert_wrong(&self, wrong: &[&str]) {
        for wrong in wrong {
            let is_there = self.differences.iter().any(|found| found.contains(wrong));
            assert!(is_there, "{wrong} was to be among {self:#?}");
        }
    }
}

/// A database with a gate.
pub struct Scene {
    pub bed: Bed,
}

impl Scene {
    /// With all locks.
    pub async fn new() -> Scene {
        let bed = Bed::new().await;
        let gate = include_str!("gate.sql");
        bed.client.batch_execute(gate).await.unwrap();
        Scene { bed }
    }

    /// Without one class of them.
    pub async fn without(lock: Lock) -> Scene {
        let scene = Scene::new().await;
        let class = (lock as i32).to_string();
        let without = include_str!("without_lock.sql").replace("{class}", &class);
        scene.bed.client.batch_execute(&without).await.unwrap();
        scene
    }

    pub async fn shut(&self) {
        let shut = "select pg_advisory_lock(7, 7)";
        self.bed.client.batch_execute(shut).await.unwrap();
    }

    pub async fn open(&self) {
        let open = "select pg_advisory_unlock(7, 7)";
        self.bed.client.batch_execute(open).await.unwrap();
    }

    /// What a session waits for, if it waits for another.
    pub async fn waits_for(&self, session: &str) -> Option<String> {
        const WAITS: &str = "select max(wait_event) from pg_stat_activity
            where application_name = $1 and datname = current_database()
              and wait_event_type = 'Lock'";
        let waits = self.bed.client.query_one(WAITS, &[&session]).await;
        waits.unwrap().get(0)
    }

    /// Plays a case from an empty database.
    pub async fn play(&self, case: &Case) -> Played {
        self.play_as("first", case, &Arc::default()).await
    }

    /// The same, the first batch's session being of this name, which decides where the gate is,
    /// and the second's worker knowing these users.
    pub async fn play_as(&self, held: &'static str, case: &Case, known: &Arc<Known>) -> Played {
        empty(&self.bed).await;
        self.store("before", case.batch(&case.before())).await;
        self.shut().await;
        let first = tokio::spawn(self.store(held, case.batch(&case.first)));
        wait::until("the first stands before its commit", async || {
            self.waits_for(held).await.as_deref() == Some("advisory")
        })
        .await;
        let second = self.store_knowing("second", case.batch(&case.second), known);
        let second = tokio::spawn(second);
        let mut held_up = None;
        wait::until("the second is held up or through", async || {
            held_up = self.waits_for("second").await;
            held_up.is_some() || second.is_finished()
        })
        .await;
        self.open().await;
        let mut refused = first.await.unwrap();
        refused.extend(second.await.unwrap());
        let model = model_of(&case.history, Model::new());
        Played {
            differences: self.differences(&model).await,
            held_up,
            refused,
        }
    }

    pub async fn differences(&self, model: &Model) -> Vec<String> {
        let tables = model.compare(&self.bed.client).await;
        let tables = tables.iter().map(ToString::to_string);
        let counts = counts::differences(&self.bed.client).await;
        tables.chain(counts).collect()
    }

    /// Stores a batch as a worker that knows nobody would, from a session of this name; says what
    /// was refused on the way.
    fn store(
        &self,
        session: &str,
        entries: Vec<Given>,
    ) -> impl Future<Output = Vec<String>> + use<> {
        self.store_knowing(session, entries, &Arc::default())
    }

    /// The same by a worker that knows these users.
    pub fn store_knowing(
        &self,
        session: &str,
        entries: Vec<Given>,
        known: &Arc<Known>,
    ) -> impl Future<Output = Vec<String>> + use<> {
        let (mut connector, known) = (self.connector(session), Arc::clone(known));
        async move { store(&mut connector, &entries, &known).await }
    }

    /// Gives a session of this name.
    pub fn connector(&self, session: &str) -> Connector {
        let url = format!("{}&application_name={session}", self.bed.database_url);
        Connector::new(Address::parse(&url, None).unwrap().pool(1).unwrap())
    }
}

/// Stores a batch, if need be again; says what was refused on the way.
pub async fn store(connector: &mut Connector, entries: &[Given], known: &Known) -> Vec<String> {
    const TRIES: usize = 5;
    let mut refused = Vec::new();
    while refused.len() < TRIES {
        let connection = connector.get().await.unwrap();
        let mut users = Unreported::default();
        match flush(
            connection,
            &batch_of(entries),
            known,
            &mut users,
            &Terms::default(),
        )
        .await
        {
            Ok(_) => return refused,
            Err(error) => refused.push(error.to_string()),
        }
    }
    panic!("refused again and again: {refused:#?}");
}

fn batch_of(entries: &[Given]) -> Batch {
    let mut batch = Batch::new(Rules {
        account_deleted: AccountDeleted::Purge,
        ..Rules::from(Arc::new(Widths::contract()))
    });
    for given in entries {
        batch.push(&Entry {
            id: given.id.parse().unwrap(),
            orig_id: None,
            kind: given.kind.clone().into_bytes().into(),
            data: Some(given.data.clone().into_bytes()),
            seq: given.seq.clone().into_bytes().into(),
            deliveries: 1,
        });
    }
    assert!(batch.dead().is_empty(), "{:#?}", batch.dead());
    batch
}

/// Plays cases without a class of locks, where each goes wrong as it says, and with all locks, where
/// the second batch waits for the first and nothing is wrong.
pub async fn assert_needs(lock: Lock, cases: &[Case]) {
    let (kept, taken) = (Scene::new().await, Scene::without(lock).await);
    for case in cases {
        taken.play(case).await.assert_wrong(case.wrong);
        kept.play(case).await.assert_in_turn();
    }
}
