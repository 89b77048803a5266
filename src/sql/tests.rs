//! What holds for all statements.

use super::pairs::PAIRS;
use super::*;
use crate::batch::Cell;
use crate::derived::DerivedSet;
use crate::stage::Kind;

/// A name left unfilled would be a syntax error at run time, in a statement seldom run.
#[test]
fn no_name_is_left_unfilled() {
    let mut all: Vec<&str> = Vec::new();
    for pair in PAIRS.iter() {
        all.extend([
            pair.delete.as_str(),
            &pair.delete_duplicates,
            &pair.put,
            &pair.settled,
            &pair.contest,
            &pair.hold,
            &pair.claim,
            &pair.vacate,
            &pair.seat,
            &pair.settle,
            &pair.audit.find,
            &pair.audit.targets,
            &pair.audit.contest,
        ]);
    }
    for record in RECORDS.iter().chain(GATES.iter()) {
        all.extend([record.put, record.delete.as_str()]);
    }
    for own in OWN_COUNTS.iter() {
        all.extend([own.add.as_str(), &own.recount, &own.record.delete]);
    }
    for table in takeover::TABLES.iter() {
        all.extend([table.range.as_str(), &table.restamp, &table.due]);
    }
    for source in purge::SOURCES.iter() {
        all.extend([source.page.as_str(), &source.count]);
    }
    all.extend(PURGES_STRIKE.iter().map(String::as_str));
    let judged = [audit::Judged::Once, audit::Judged::Anew];
    let checks = judged.map(|judged| audit::checks(DerivedSet::ALL, judged));
    for check in checks.iter().flatten() {
        all.extend([check.next.as_str(), &check.find]);
        all.extend(check.targets.as_deref());
        all.extend(check.mend.iter().map(|step| match step {
            audit::Step::Keys(text) | audit::Step::Plain(text) => text.as_str(),
        }));
    }
    all.extend(TIES_YIELD.iter().map(|(_, text)| text.as_str()));
    for fill in backfill::FILLS.iter() {
        all.extend([fill.puts.as_str(), &fill.known, &fill.deletes]);
    }
    all.extend(backfill::FILL_ENDED.iter().map(|(_, text)| text.as_str()));
    for told in [Kind::Likes, Kind::Reposts, Kind::Follows].map(notifications::told) {
        let told = told.unwrap();
        all.extend([told.delete.as_str(), &told.hold, &told.withdraw]);
        all.extend([told.seated.add.as_str(), &told.seated.revise]);
        all.extend(told.added.iter().map(String::as_str));
    }
    all.extend([
        notifications::POSTS_DELETE.as_str(),
        &notifications::POSTS_WITHDRAW,
        &notifications::POSTS_PUT.add,
        &notifications::POSTS_PUT.revise,
        &notifications::MENTIONS_PUT.add,
        &notifications::MENTIONS_PUT.revise,
    ]);
    all.extend(bulk::OWN.iter().map(String::as_str));
    let states = &*settled::VIEWER_STATES;
    all.extend([&states.put, &states.remove, &states.clear].map(String::as_str));
    for violation in [
        &*settled::VIOLATIONS_OF_THREAD,
        &*settled::VIOLATIONS_OF_EMBEDDING,
    ] {
        all.extend([violation.find.as_str(), &violation.flip]);
    }
    all.extend([
        settled::VIEWER_STATES_COPY.as_str(),
        &settled::THREAD_CONTEXTS_LIKED,
        PROFILES_DELETE.as_str(),
        &POSTS_DELETE,
        &POSTS_UNFEED,
        &REPOSTS_UNFEED,
    ]);
    let fills = bench::fills(1000);
    all.extend(fills.iter().map(String::as_str));
    let deletes = &*bench::ROW_DELETES;
    let deletes = deletes.like.iter().chain(&deletes.repost);
    all.extend(deletes.map(String::as_str));
    all.extend([
        bench::ROW_LIKE.as_str(),
        &bench::ROW_REPOST,
        &bench::ROW_FOLLOW,
        &bench::ROW_BLOCK,
    ]);
    all.extend(added().iter().flat_map(|added| {
        let copies = added.targets.iter();
        copies.map(|target| target.copy.as_str())
    }));
    for text in all {
        let code: String = text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect();
        assert!(!code.contains('{'), "{text}");
    }
}

/// A column that its stage does not have would be one of another row.
#[test]
fn what_goes_straight_in_is_staged() {
    for added in added() {
        let columns = added.kind.stage().columns().len();
        let counted = added.counts.iter().map(|(column, _)| *column);
        let copied = added.targets.iter().flat_map(|target| &target.cells);
        let copied = copied.filter_map(|cell| match cell {
            Cell::Columns(first, last) => Some(*last.max(first)),
            Cell::Suffixed(at, _) | Cell::Cid(at) => Some(*at),
            Cell::Recipient(recipient) => Some(recipient.column()),
            Cell::Text(_) | Cell::Gate(_) => None,
        });
        assert!(copied.chain(counted).all(|column| column < columns));
    }
}

#[test]
fn shared_tables_are_locked_in_order() {
    let locks = shared_pairs().map(|(lock, _)| lock);
    assert!(locks.is_sorted());
    assert!(locks.iter().all(|lock| *lock < TailLock::OwnCounts));
}
