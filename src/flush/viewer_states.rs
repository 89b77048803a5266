//! What each viewer has done to each post: `post_viewer_states`.
//!
//! A row is its viewer's repo's, and so under the lock of its partition. Its flags are the AppView's
//! and stay.
//!
//! Most reactions are the first of their actor to their post, and so are their rows new: they go in by
//! COPY. Of the others hints know, or the server is asked. Should one be there that is not known of, the
//! COPY is undone.

use rustc_hash::FxHashSet;

use super::changes::Table;
use super::copy;
use super::merging::Merging;
use super::reactions::{self, Reaction};
use super::statement::list;
use crate::batch;
use crate::derived::Derived;
use crate::encode::RowWriter;
use crate::error::DbError;
use crate::sql::{self, settled};
use crate::stage::Kind;

const WHAT: &str = "settling viewer states";

/// Reactions of one viewer to one post.
#[derive(Clone, Copy, Debug)]
struct State<'b> {
    post: &'b str,
    viewer: &'b str,
    like: Option<&'b str>,
    repost: Option<&'b str>,
    is_bookmarked: bool,
}

impl<'b> State<'b> {
    fn of(kind: Kind, reaction: &Reaction<'b>) -> State<'b> {
        let uri = |of| (kind == of).then_some(reaction.uri);
        State {
            post: reaction.post,
            viewer: reaction.actor,
            like: uri(Kind::Likes),
            repost: uri(Kind::Reposts),
            is_bookmarked: kind == Kind::Bookmarks,
        }
    }

    fn pair(&self) -> (&'b str, &'b str) {
        (self.post, self.viewer)
    }

    /// Takes in what another says of the same pair.
    fn add(&mut self, other: &State<'b>) {
        self.like = self.like.or(other.like);
        self.repost = self.repost.or(other.repost);
        self.is_bookmarked |= other.is_bookmarked;
    }
}

/// Settles the rows of all pairs of the batch. `is_touched`: pairs were gathered.
pub async fn settle(merging: &mut Merging<'_>, is_touched: bool) -> Result<(), DbError> {
    if !merging.keeps(Derived::ViewerStates) {
        return Ok(());
    }
    add_straight(merging).await?;
    if !is_touched {
        return Ok(());
    }
    let statements = &*settled::VIEWER_STATES;
    let (added, left) = merging.ask_two(WHAT, &statements.put).await?;
    merging.note(Table::PostViewerStates, added);
    if left > 0 {
        let removed = merging.run(WHAT, &statements.remove).await?;
        merging.note(Table::PostViewerStates, -removed.cast_signed());
        merging.run(WHAT, &statements.clear).await?;
    }
    Ok(())
}

/// Adds what went straight in.
async fn add_straight(merging: &mut Merging<'_>) -> Result<(), DbError> {
    let (mut known, mut new) = apart(merging);
    if merging.straight.is_doubted() {
        recognise(merging, &mut known, &mut new).await?;
    }
    if !copy(merging, &mut new).await? {
        merging.is_surprised = true;
        recognise(merging, &mut known, &mut new).await?;
        if !copy(merging, &mut new).await? {
            known.append(&mut new);
        }
    }
    merging.note(Table::PostViewerStates, length(&new));
    add(merging, known).await
}

fn length(states: &[State<'_>]) -> i64 {
    i64::try_from(states.len()).unwrap_or(i64::MAX)
}

/// Those of which there may be a row, and the others, by the hints. No pair is twice among the others.
fn apart<'b>(merging: &Merging<'b>) -> (Vec<State<'b>>, Vec<State<'b>>) {
    let (mut known, mut new) = (Vec::new(), Vec::new());
    for kind in reactions::KINDS {
        if merging.straight.count(kind) == 0 {
            continue;
        }
        for reaction in reactions::straight(merging, kind) {
            let state = State::of(kind, &reaction);
            if merging.straight.has_met(reaction.row) {
                known.push(state);
            } else {
                new.push(state);
            }
        }
    }
    (known, new)
}

/// Asks the server which of the new ones are there, and moves these.
async fn recognise<'b>(
    merging: &Merging<'_>,
    known: &mut Vec<State<'b>>,
    new: &mut Vec<State<'b>>,
) -> Result<(), DbError> {
    if new.is_empty() {
        return Ok(());
    }
    let (posts, viewers): (Vec<&str>, Vec<&str>) = new.iter().map(State::pair).unzip();
    let there = settled::VIEWER_STATES_KNOWN;
    let there: Vec<i32> = list(merging.transaction, WHAT, there, &[&posts, &viewers]).await?;
    let there: FxHashSet<i32> = there.into_iter().collect();
    let mut place = 0;
    let (known_too, still_new) = std::mem::take(new).into_iter().partition(|_| {
        place += 1;
        there.contains(&place)
    });
    *new = still_new;
    known.extend::<Vec<State<'b>>>(known_too);
    Ok(())
}

/// Copies rows that are new, in the order of the index on their posts; says whether none collided.
async fn copy(merging: &Merging<'_>, new: &mut [State<'_>]) -> Result<bool, DbError> {
    const COLUMNS: i16 = 5;
    if new.is_empty() {
        return Ok(true);
    }
    new.sort_unstable_by_key(State::pair);
    merging.run(WHAT, sql::STRAIGHT_BEGIN).await?;
    let chunks = batch::chunks(new.iter(), |state, out| {
        let mut row = RowWriter::begin(out, COLUMNS);
        row.text(state.post);
        row.text(state.viewer);
        row.opt_text(state.like);
        row.opt_text(state.repost);
        row.opt_bool(Some(state.is_bookmarked));
    });
    let sent = copy::send(
        merging.transaction,
        WHAT,
        &settled::VIEWER_STATES_COPY,
        chunks,
    );
    match sent.await {
        Ok(_) => {
            merging.run(WHAT, sql::STRAIGHT_END).await?;
            Ok(true)
        }
        Err(refused) if refused.is_row_local() => {
            merging.run(WHAT, sql::STRAIGHT_UNDO).await?;
            Ok(false)
        }
        Err(failed) => Err(failed),
    }
}

/// Adds to rows that may be there.
async fn add(merging: &mut Merging<'_>, mut states: Vec<State<'_>>) -> Result<(), DbError> {
    if states.is_empty() {
        return Ok(());
    }
    states.sort_unstable_by_key(State::pair);
    states.dedup_by(|next, kept| {
        let is_same = next.pair() == kept.pair();
        if is_same {
            kept.add(next);
        }
        is_same
    });
    fn each<'s, 'b, T>(states: &'s [State<'b>], column: impl Fn(&'s State<'b>) -> T) -> Vec<T> {
        states.iter().map(column).collect()
    }
    let added = merging
        .ask_with(
            WHAT,
            settled::VIEWER_STATES_ADD,
            &[
                &each(&states, |state| state.post),
                &each(&states, |state| state.viewer),
                &each(&states, |state| state.like),
                &each(&states, |state| state.repost),
                &each(&states, |state| state.is_bookmarked),
            ],
        )
        .await?;
    merging.note(Table::PostViewerStates, added);
    Ok(())
}
