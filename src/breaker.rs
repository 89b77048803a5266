//! Telling a broken setup from bad rows: when more than half of the last 1,000 rows of one kind are
//! refused for one reason, the reason is the database's.
//!
//! A constraint that a schema push has added would otherwise drain the whole stream into the dead
//! letters. It counts outcomes and knows nothing of transactions: what an isolation finds is tried
//! on a copy, and counts only once its transaction is committed.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::Batch;
use crate::stage::Kind;

/// How many rows of a kind are remembered.
const REMEMBERED: usize = 1_000;
/// With more of them refused for one reason, the setup is broken.
const TOLERATED: usize = REMEMBERED / 2;
/// With so many rows refused for one reason, and no more stored, an isolation is suspicious.
const SUSPICIOUS: usize = 20;

/// What the server blames for a refusal. Never a value: records stay out of logs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Its SQLSTATE.
    pub sqlstate: String,
    /// The table, where it names one: a post may fail by its feed item.
    pub table: Option<String>,
    /// The constraint or column, where it names one.
    pub blamed: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SQLSTATE {}", self.sqlstate)?;
        if let Some(table) = &self.table {
            write!(f, ", table {table}")?;
        }
        if let Some(blamed) = &self.blamed {
            write!(f, ", constraint or column {blamed}")?;
        }
        Ok(())
    }
}

/// A kind of row that the database no longer takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The kind.
    pub kind: Kind,
    /// Why.
    pub fault: Fault,
    /// How many of the last 1,000 rows were refused for it.
    pub refused: usize,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken {
            kind,
            fault,
            refused,
        } = self;
        let kind = kind.name();
        write!(
            f,
            "the database refuses {kind}: {refused} of the last {REMEMBERED} for one reason ({fault})"
        )
    }
}

impl Broken {
    /// What an operator can do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self.fault.sqlstate.get(..2) {
            Some("P0" | "38" | "27") => {
                "a trigger refuses the rows, the server's log says which: change or drop it, then start again"
            }
            Some("23") => {
                "a constraint or a NOT NULL column does not fit the AppView's records, perhaps since a schema push: change or drop it, then start again"
            }
            _ => {
                "something in the database refuses the rows, the server's log says what: mend it, then start again"
            }
        }
    }
}

/// The last outcomes of one kind; what was stored is `None`.
#[derive(Clone, Debug, Default)]
struct Window {
    last: VecDeque<Option<Arc<Fault>>>,
    refused: HashMap<Arc<Fault>, usize>,
}

impl Window {
    fn add(&mut self, outcome: Option<&Arc<Fault>>) {
        if self.last.len() == REMEMBERED {
            self.forget_one();
        }
        if let Some(fault) = outcome {
            *self.refused.entry(Arc::clone(fault)).or_default() += 1;
        }
        self.last.push_back(outcome.cloned());
    }

    fn forget_one(&mut self) {
        let Some(fault) = self.last.pop_front().flatten() else {
            return;
        };
        if let Some(count) = self.refused.get_mut(&fault) {
            *count -= 1;
            if *count == 0 {
                self.refused.remove(&fault);
            }
        }
    }

    fn refused_for(&self, fault: &Fault) -> usize {
        self.refused.get(fault).copied().unwrap_or(0)
    }
}

type Windows = HashMap<Kind, Window>;

/// What happened to rows of one kind.
type Outcome = (Kind, usize, Option<Arc<Fault>>);

fn note(windows: &mut Windows, (kind, rows, fault): &Outcome) {
    let window = windows.entry(*kind).or_default();
    for _ in 0..(*rows).min(REMEMBERED) {
        window.add(fault.as_ref());
    }
}

fn stored(batch: &Batch) -> impl Iterator<Item = Outcome> + '_ {
    Kind::ALL
        .into_iter()
        .map(|kind| (kind, batch.puts(kind), None))
        .filter(|(_, rows, _)| *rows > 0)
}

/// The last outcomes of every kind, of all lanes together.
#[derive(Debug, Default)]
pub struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    windows: Windows,
    /// What isolations found that were undone because they were suspicious.
    suspected: HashMap<u64, Vec<Outcome>>,
    suspicions: u64,
}

impl Breaker {
    /// As it was left by a worker that stopped for these: until rows of the kind are stored, one
    /// more refusal is enough. Otherwise whatever restarts the worker would drain the stream in
    /// small pieces.
    #[must_use]
    pub fn warned(before: impl IntoIterator<Item = (Kind, Fault)>) -> Breaker {
        let mut windows = Windows::new();
        for (kind, fault) in before {
            note(&mut windows, &(kind, TOLERATED, Some(Arc::new(fault))));
        }
        let state = State {
            windows,
            ..State::default()
        };
        Breaker {
            state: Mutex::new(state),
        }
    }

    /// A batch was stored as it was.
    pub fn stored(&self, batch: &Batch) {
        let mut state = self.state();
        for outcome in stored(batch) {
            note(&mut state.windows, &outcome);
        }
    }

    /// A copy to try an isolation on, with what other lanes suspect. Without a suspicion of its own
    /// the isolation must not be committed before it has raised one.
    #[must_use]
    pub fn trial(&self, own: Option<&Suspicion<'_>>) -> Trial {
        let state = self.state();
        let own = own.map(|own| own.number);
        let mut windows = state.windows.clone();
        let others = state.suspected.iter().filter(|(of, _)| Some(**of) != own);
        for outcome in others.flat_map(|(_, outcomes)| outcomes) {
            note(&mut windows, outcome);
        }
        Trial {
            windows,
            outcomes: Vec::new(),
            doubt: match own {
                None => Doubt::Open,
                Some(_) => Doubt::Raised,
            },
        }
    }

    /// A suspicious isolation was undone; other lanes are told as long as the answer lives.
    #[must_use]
    pub fn suspect(&self, trial: Trial) -> Suspicion<'_> {
        let mut state = self.state();
        state.suspicions += 1;
        let number = state.suspicions;
        state.suspected.insert(number, trial.outcomes);
        Suspicion {
            breaker: self,
            number,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An isolation was committed: what it found counts.
    pub fn learn(&self, trial: &Trial) {
        let mut state = self.state();
        for outcome in &trial.outcomes {
            note(&mut state.windows, outcome);
        }
    }
}

/// What a lane suspects, told to the others as long as it lives: when a constraint comes, each lane
/// holds a part of the rows that show it, and none alone enough of them.
#[derive(Debug)]
pub struct Suspicion<'b> {
    breaker: &'b Breaker,
    number: u64,
}

impl Drop for Suspicion<'_> {
    fn drop(&mut self) {
        self.breaker.state().suspected.remove(&self.number);
    }
}

/// Whether a lane has told the others what it suspects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    Open,
    Raised,
}

/// What an isolation finds, as long as it may still be undone.
#[derive(Debug)]
pub struct Trial {
    windows: Windows,
    outcomes: Vec<Outcome>,
    doubt: Doubt,
}

impl Trial {
    /// Whether it must be undone and suspected before it may be committed: most rows of a kind were
    /// refused for one reason, and the other lanes do not know yet.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let mut windows = Windows::new();
        for outcome in &self.outcomes {
            note(&mut windows, outcome);
        }
        let most = |window: &Window| {
            let refused = window.refused.values().copied().max().unwrap_or(0);
            refused >= SUSPICIOUS && refused * 2 > window.last.len()
        };
        self.doubt == Doubt::Open && windows.values().any(most)
    }

    /// A part was stored.
    pub fn stored(&mut self, batch: &Batch) {
        for outcome in stored(batch) {
            self.add(outcome);
        }
    }

    /// Rows of a kind, made by the way, were stored.
    pub fn stored_of(&mut self, kind: Kind) {
        self.add((kind, 1, None));
    }

    /// A single op was refused.
    ///
    /// # Errors
    ///
    /// It is the setup that is broken: undo everything, acknowledge nothing, stop.
    pub fn refused(&mut self, batch: &Batch, fault: Fault) -> Result<(), Broken> {
        let is_of = |kind: &Kind| batch.puts(*kind) + batch.deletes(*kind) > 0;
        match Kind::ALL.into_iter().find(is_of) {
            Some(kind) => self.refused_of(kind, fault),
            None => Ok(()),
        }
    }

    /// A row of a kind was refused.
    ///
    /// # Errors
    ///
    /// As [`Trial::refused`].
    pub fn refused_of(&mut self, kind: Kind, fault: Fault) -> Result<(), Broken> {
        let shared = Arc::new(fault.clone());
        self.add((kind, 1, Some(shared)));
        let window = self.windows.get(&kind);
        let refused = window.map_or(0, |window| window.refused_for(&fault));
        if refused > TOLERATED {
            return Err(Broken {
                kind,
                fault,
                refused,
            });
        }
        Ok(())
    }

    fn add(&mut self, outcome: Outcome) {
        note(&mut self.windows, &outcome);
        self.outcomes.push(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(name: &str) -> Fault {
        Fault {
            sqlstate: "23514".into(),
            table: Some("likes".into()),
            blamed: Some(name.into()),
        }
    }

    fn refuse(trial: &mut Trial, name: &str, times: usize) -> Result<(), Broken> {
        (0..times).try_for_each(|_| trial.refused_of(Kind::Likes, fault(name)))
    }

    #[test]
    fn breaks_at_more_than_half_of_the_last_thousand() {
        let breaker = Breaker::default();
        let mut trial = breaker.trial(None);
        assert_eq!(refuse(&mut trial, "a", 500), Ok(()));
        for _ in 0..500 {
            trial.stored_of(Kind::Likes);
        }
        // Each of these pushes an old refusal out.
        assert_eq!(refuse(&mut trial, "a", 10), Ok(()));
        let mut trial = breaker.trial(None);
        let broken = refuse(&mut trial, "a", 501).unwrap_err();
        assert_eq!((broken.kind, broken.refused), (Kind::Likes, 501));
    }

    #[test]
    fn different_reasons_and_kinds_do_not_add_up() {
        let mut trial = Breaker::default().trial(None);
        assert_eq!(refuse(&mut trial, "a", 400), Ok(()));
        assert_eq!(refuse(&mut trial, "b", 400), Ok(()));
        for _ in 0..400 {
            assert_eq!(trial.refused_of(Kind::Posts, fault("a")), Ok(()));
        }
    }

    #[test]
    fn only_what_is_committed_counts() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            assert_eq!(refuse(&mut breaker.trial(None), "a", 400), Ok(()));
        }
        let mut trial = breaker.trial(None);
        assert_eq!(refuse(&mut trial, "a", 400), Ok(()));
        breaker.learn(&trial);
        assert!(refuse(&mut breaker.trial(None), "a", 101).is_err());
    }

    #[test]
    fn one_refusal_is_enough_after_a_stop_and_none_once_rows_are_stored() {
        let breaker = Breaker::warned([(Kind::Likes, fault("a"))]);
        assert_eq!(refuse(&mut breaker.trial(None), "b", 1), Ok(()));
        assert!(refuse(&mut breaker.trial(None), "a", 1).is_err());
        let mut trial = breaker.trial(None);
        for _ in 0..600 {
            trial.stored_of(Kind::Likes);
        }
        assert_eq!(refuse(&mut trial, "a", 1), Ok(()));
    }

    #[test]
    fn lanes_tell_each_other_what_they_suspect() {
        let breaker = Breaker::default();
        let mut first = breaker.trial(None);
        assert_eq!(refuse(&mut first, "a", 300), Ok(()));
        assert!(first.is_doubtful());
        let suspicion = breaker.suspect(first);
        assert!(refuse(&mut breaker.trial(None), "a", 201).is_err());
        let mut again = breaker.trial(Some(&suspicion));
        assert_eq!(refuse(&mut again, "a", 300), Ok(()));
        assert!(!again.is_doubtful(), "it waits once");
        drop(suspicion);
        assert_eq!(refuse(&mut breaker.trial(None), "a", 201), Ok(()));
    }

    #[test]
    fn a_few_refusals_or_half_of_them_raise_no_suspicion() {
        let breaker = Breaker::default();
        let mut few = breaker.trial(None);
        assert_eq!(refuse(&mut few, "a", 19), Ok(()));
        assert!(!few.is_doubtful());
        let mut half = breaker.trial(None);
        assert_eq!(refuse(&mut half, "a", 40), Ok(()));
        assert!(half.is_doubtful());
        for _ in 0..40 {
            half.stored_of(Kind::Likes);
        }
        assert!(!half.is_doubtful());
    }
}
