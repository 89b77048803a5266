//! The statements of an audit: for each kind of drift how it is found, by key range, and how it is
//! mended.
//!
//! A check finds drift in one snapshot. Its mending is a row of statements, run under all
//! partition locks, each with the drifting keys for its parameter or none.

use super::fill::fill;
use super::notifications;
use super::pairs::PAIRS;
use super::{Counted, Pair, REPOSTS_FEED_CONTESTED, REPOSTS_UNFEED_CONTESTED};
use crate::derived::{Derived, DerivedSet};
use crate::stage::Kind;

mod settled;

pub(super) use settled::{thread_contexts_put, violations_mend};

statement! {
    /// What a connection of takeover and audit relies on.
    SESSION_ADMIN = "session_admin.sql";
    /// Counts posts' rows anew.
    COUNTS_MEND = "audit_counts_mend.sql";
    /// Posts whose counts are not their rows'.
    COUNTS_FIND = "audit_counts_find.sql";
    /// Counts of what is no post.
    COUNTS_UNFIT = "audit_counts_unfit.sql";
    /// Posts whose flags are not their gates'.
    GATES_FIND = "audit_gates_find.sql";
    /// Sets them.
    GATES_MEND = "audit_gates_mend.sql";
    /// Feed items that are not their records'.
    FEED_ITEMS_FIND = "audit_feed_items_find.sql";
    /// Those of no record.
    FEED_ITEMS_REMOVE = "audit_feed_items_remove.sql";
    /// Those of records.
    FEED_ITEMS_PUT = "audit_feed_items_put.sql";
    /// Labels without events.
    LABEL_EVENTS_FIND = "audit_label_events_find.sql";
    /// Their events.
    LABEL_EVENTS_PUT = "audit_label_events_put.sql";
}

/// A step of mending.
pub enum Step {
    /// With the drifting keys.
    Keys(String),
    /// Without a parameter.
    Plain(String),
}

fn keys(text: &str) -> Step {
    Step::Keys(text.to_owned())
}

/// One kind of drift.
pub struct Check {
    /// What is compared.
    pub name: String,
    /// The tables that it goes through.
    pub tables: Vec<&'static str>,
    /// Finds the end of the next key range.
    pub next: String,
    /// Finds drift in a range: key, kind, what it is.
    pub find: String,
    /// The same of what is left after mending, where some of it may have come since.
    pub left: Option<String>,
    /// What drifting keys' rows count for, before and after mending.
    pub targets: Option<String>,
    /// Mends keys.
    pub mend: Vec<Step>,
}

/// How many rows a table has.
#[must_use]
pub fn rows_of(table: &str) -> String {
    fill(
        include_str!("../../sql/audit_rows.sql"),
        &[("table", table)],
    )
}

/// Counts the likes of generators or labelers anew.
#[must_use]
pub fn own_counts_mend() -> [String; 2] {
    OWN_COUNTED.map(|table| {
        fill(
            include_str!("../../sql/audit_own_counts_mend.sql"),
            &[("table", table)],
        )
    })
}

const OWN_COUNTED: [&str; 2] = ["feed_generators", "labeler_services"];

/// Whether a reply is judged by whom its thread's owner follows, and who is on a list, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It was, when the later of reply and gate came; what has changed since is no drift.
    Once,
    /// It is judged anew.
    Anew,
}

/// All checks of what is kept. Counts come after the rows that the others mend, and what follows from
/// rows as well.
#[must_use]
pub fn checks(derived: DerivedSet, judged: Judged) -> Vec<Check> {
    let duplicates = PAIRS.iter().map(duplicates);
    let first = [gates(), quotes(), feed_items()];
    let own = OWN_COUNTED.iter().zip(own_counts_mend());
    let own = own.map(|(table, mend)| own_counts(table, mend));
    let kept = [
        (Derived::Notifications, notifications()),
        (Derived::LabelEvents, label_events()),
        (Derived::ViewerStates, settled::viewer_states()),
        (Derived::ThreadContexts, settled::thread_contexts()),
        (Derived::GateViolations, settled::violations(judged)),
    ];
    let kept = kept.into_iter().filter(|(one, _)| derived.has(*one));
    duplicates
        .chain(first)
        .chain([counts()])
        .chain(own)
        .chain(kept.map(|(_, check)| check))
        .collect()
}

/// The end of the next range over these sources: table and key.
fn next(sources: &[(&str, &str)]) -> String {
    let end = |(table, key): &(&str, &str)| {
        format!(
            "(select {key}::text from {table} where {key} > $1::text order by {key} offset $2 limit 1)"
        )
    };
    let ends: Vec<String> = sources.iter().map(end).collect();
    fill(
        include_str!("../../sql/audit_range.sql"),
        &[("ends", &ends.join(", "))],
    )
}

fn gates() -> Check {
    Check {
        name: "gates' flags".to_owned(),
        tables: vec!["posts"],
        next: next(&[("posts", "uri")]),
        find: GATES_FIND.to_owned(),
        left: None,
        targets: None,
        mend: vec![keys(GATES_MEND)],
    }
}

fn quotes() -> Check {
    let of_embeds = |file: &str| {
        let expected = include_str!("../../sql/audit_quotes_expected.sql");
        fill(file, &[("expected", expected)])
    };
    let remove = of_embeds(include_str!("../../sql/audit_quotes_remove.sql"));
    let add = of_embeds(include_str!("../../sql/audit_quotes_add.sql"));
    Check {
        name: "quotes".to_owned(),
        tables: vec!["posts"],
        next: next(&[("posts", "uri"), ("quotes", "post_uri")]),
        find: of_embeds(include_str!("../../sql/audit_quotes_find.sql")),
        left: None,
        targets: Some(of_embeds(include_str!(
            "../../sql/audit_quotes_targets.sql"
        ))),
        mend: vec![Step::Keys(remove), Step::Keys(add)],
    }
}

fn feed_items() -> Check {
    Check {
        name: "feed_items".to_owned(),
        tables: vec!["feed_items"],
        next: next(&[("feed_items", "uri"), ("posts", "uri"), ("reposts", "uri")]),
        find: FEED_ITEMS_FIND.to_owned(),
        left: None,
        targets: None,
        mend: vec![keys(FEED_ITEMS_REMOVE), keys(FEED_ITEMS_PUT)],
    }
}

fn notifications() -> Check {
    let notifications::Audited { find, mend } = notifications::audited();
    Check {
        name: "notifications".to_owned(),
        tables: vec!["notifications"],
        next: next(&[
            ("likes", "uri"),
            ("reposts", "uri"),
            ("follows", "uri"),
            ("posts", "uri"),
            ("notifications", "uri"),
        ]),
        find,
        left: None,
        targets: None,
        mend: mend.into_iter().map(Step::Keys).collect(),
    }
}

fn label_events() -> Check {
    Check {
        name: "label_events".to_owned(),
        tables: vec!["labels"],
        next: next(&[("labels", "uri")]),
        find: LABEL_EVENTS_FIND.to_owned(),
        left: None,
        targets: None,
        mend: vec![keys(LABEL_EVENTS_PUT)],
    }
}

fn counts() -> Check {
    Check {
        name: "post_aggregations".to_owned(),
        tables: vec!["likes"],
        next: next(&[
            ("likes", "post_uri"),
            ("reposts", "post_uri"),
            ("posts", "parent_uri"),
            ("bookmarks", "post_uri"),
            ("quotes", "quoted_uri"),
            ("posts", "uri"),
            ("post_aggregations", "post_uri"),
        ]),
        find: COUNTS_FIND.to_owned(),
        left: None,
        targets: None,
        mend: vec![keys(COUNTS_MEND), keys(COUNTS_UNFIT)],
    }
}

fn own_counts(table: &'static str, mend: String) -> Check {
    Check {
        name: format!("{table}' own counts"),
        tables: vec![table],
        next: next(&[(table, "uri")]),
        find: fill(
            include_str!("../../sql/audit_own_counts_find.sql"),
            &[("table", table)],
        ),
        left: None,
        targets: None,
        mend: vec![Step::Keys(mend)],
    }
}

/// Contested keys are settled by the merges' own statements.
fn duplicates(pair: &'static Pair) -> Check {
    let plain = |text: &str| Step::Plain(text.to_owned());
    let mut mend = vec![
        keys(&pair.audit.contest),
        plain(&pair.hold),
        plain(&pair.vacate),
        plain(&pair.seat),
    ];
    if pair.kind == Kind::Reposts {
        mend.extend([
            plain(REPOSTS_UNFEED_CONTESTED),
            plain(REPOSTS_FEED_CONTESTED),
        ]);
    }
    mend.push(plain(&pair.settle));
    Check {
        name: format!("contested {}", pair.kind.name()),
        tables: vec![],
        next: next(&[("forebay.duplicates", "key1")]),
        find: pair.audit.find.clone(),
        left: None,
        targets: (pair.counted == Counted::ByTarget).then(|| pair.audit.targets.clone()),
        mend,
    }
}
