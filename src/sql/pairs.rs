//! The tables with a second unique key, and their statements.
//!
//! One file serves all of them, with each table's names in it. It knows columns and nothing of the
//! order in which statements run.

use std::sync::LazyLock;

use super::TailLock;
use super::fill::{at_or_before, fill, staged};
use crate::stage::{Kind, Stage};

/// What a target table with a second unique key is made of.
pub(super) struct PairTable {
    pub(super) kind: Kind,
    /// Target column ← staging column.
    pub(super) columns: &'static [(&'static str, &'static str)],
    counted: Counted,
    /// Where the record's own CID of a row in the table is found, and that of a staged row: only
    /// for tables whose row, feed item or notification has it, since `forebay.duplicates` must not
    /// depend on the way on which a record came into it; what notifications have is entered by a
    /// statement of theirs.
    held_cid: &'static str,
    staged_cid: &'static str,
}

/// Whether a table's rows count for what they point at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// For the post, or whatever else they point at.
    ByTarget,
    /// For nothing.
    No,
}

const NO_CID: &str = "''";

const ACTOR_AND_POST: &[(&str, &str)] = &[
    ("uri", "uri"),
    ("user_did", "key1"),
    ("post_uri", "key2"),
    ("subject_cid", "subject_cid"),
    ("via", "via"),
    ("created_at", "created_at"),
    ("indexed_at", "position"),
    ("commit_time", "commit_time"),
    ("commit_seq", "commit_seq"),
    ("commit_rev", "commit_rev"),
];

pub(super) const PAIR_TABLES: [PairTable; 8] = [
    PairTable {
        kind: Kind::Likes,
        columns: ACTOR_AND_POST,
        counted: Counted::ByTarget,
        held_cid: NO_CID,
        staged_cid: "s.cid",
    },
    PairTable {
        kind: Kind::Reposts,
        columns: ACTOR_AND_POST,
        counted: Counted::ByTarget,
        held_cid: "coalesce((select f.cid from feed_items f where f.uri = t.uri), '')",
        staged_cid: "s.cid",
    },
    PairTable {
        kind: Kind::Bookmarks,
        columns: &[
            ("uri", "uri"),
            ("user_did", "key1"),
            ("post_uri", "key2"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
        ],
        counted: Counted::ByTarget,
        held_cid: NO_CID,
        staged_cid: NO_CID,
    },
    PairTable {
        kind: Kind::Follows,
        columns: &[
            ("uri", "uri"),
            ("follower_did", "key1"),
            ("following_did", "key2"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
            ("commit_time", "commit_time"),
            ("commit_seq", "commit_seq"),
            ("commit_rev", "commit_rev"),
        ],
        counted: Counted::No,
        held_cid: NO_CID,
        staged_cid: "s.cid",
    },
    PairTable {
        kind: Kind::Blocks,
        columns: &[
            ("uri", "uri"),
            ("blocker_did", "key1"),
            ("blocked_did", "key2"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
            ("commit_time", "commit_time"),
            ("commit_seq", "commit_seq"),
            ("commit_rev", "commit_rev"),
        ],
        counted: Counted::No,
        held_cid: NO_CID,
        staged_cid: NO_CID,
    },
    PairTable {
        kind: Kind::ListBlocks,
        columns: &[
            ("uri", "uri"),
            ("blocker_did", "key1"),
            ("list_uri", "key2"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
        ],
        counted: Counted::No,
        held_cid: NO_CID,
        staged_cid: NO_CID,
    },
    PairTable {
        kind: Kind::ListItems,
        columns: &[
            ("uri", "uri"),
            ("cid", "cid"),
            ("list_uri", "key1"),
            ("subject_did", "key2"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
        ],
        counted: Counted::No,
        held_cid: "t.cid",
        staged_cid: "s.cid",
    },
    PairTable {
        kind: Kind::Verifications,
        columns: &[
            ("uri", "uri"),
            ("cid", "cid"),
            ("subject_did", "key1"),
            ("handle", "handle"),
            ("verified_at", "created_at"),
            ("created_at", "created_at"),
            ("indexed_at", "position"),
        ],
        counted: Counted::No,
        held_cid: "t.cid",
        staged_cid: "s.cid",
    },
];

/// The columns of `forebay.duplicates` and of `stage_left` beside `kind`, in the order of their
/// statements.
const DUPLICATE_COLUMNS: [&str; 13] = [
    "uri",
    "key1",
    "key2",
    "cid",
    "subject_cid",
    "via",
    "handle",
    "created_at",
    "position",
    "tie",
    "commit_time",
    "commit_seq",
    "commit_rev",
];

/// How a column of `stage_left` is read from a staged row `s`; staged likes have no column for what
/// their table has none for.
fn left_over(kind: Kind, column: &str) -> String {
    match (kind.stage(), column) {
        (Stage::Likes, "cid") => "coalesce(s.cid, '')".to_owned(),
        (Stage::Likes, "handle") => "null".to_owned(),
        _ => format!("s.{column}"),
    }
}

impl PairTable {
    /// The target column that holds a staging column.
    fn target(&self, source: &str) -> Option<&'static str> {
        self.columns
            .iter()
            .find(|(_, from)| *from == source)
            .map(|(to, _)| *to)
    }

    /// How a column of `forebay.duplicates` is read from the table's row `t`.
    fn held(&self, column: &str) -> String {
        match (column, self.target(column)) {
            ("cid", _) => self.held_cid.to_owned(),
            ("tie", _) => "coalesce((select r.tie from forebay.ties r \
                           where r.uri = t.uri and r.position = t.indexed_at), 0)"
                .to_owned(),
            (_, Some(target)) => format!("t.{target}"),
            ("key2", None) => "''".to_owned(),
            ("via", None) => "null::jsonb".to_owned(),
            ("commit_time", None) => "null::timestamp".to_owned(),
            (_, None) => "null".to_owned(),
        }
    }

    /// How a column of `forebay.duplicates` is read from a staged row `s`: what the table has no
    /// column for is dropped, as it would be by way of the table.
    fn claimed(&self, column: &str) -> String {
        match (column, self.target(column)) {
            ("cid", _) => self.staged_cid.to_owned(),
            ("tie" | "key2", _) | (_, Some(_)) => format!("s.{column}"),
            (_, None) => self.held(column),
        }
    }

    fn render(&self) -> Pair {
        let join = |parts: Vec<String>| parts.join(", ");
        let columns = join(
            self.columns
                .iter()
                .map(|(to, _)| (*to).to_owned())
                .collect(),
        );
        let values = join(self.columns.iter().map(|(_, s)| format!("s.{s}")).collect());
        let held = join(DUPLICATE_COLUMNS.iter().map(|c| self.held(c)).collect());
        let claimed = join(DUPLICATE_COLUMNS.iter().map(|c| self.claimed(c)).collect());
        let key1 = self.target("key1").unwrap_or("uri");
        let key2 = self.target("key2");
        let key_match = match key2 {
            Some(key2) => format!("t.{key1} = c.key1 and t.{key2} = c.key2"),
            None => format!("t.{key1} = c.key1"),
        };
        let table = self.kind.name();
        let staged = staged(self.kind);
        let left_over = DUPLICATE_COLUMNS.map(|column| left_over(self.kind, column));
        let at_or_before = at_or_before("indexed_at");
        let names = [
            ("staged", staged.as_str()),
            ("left_columns", &DUPLICATE_COLUMNS.join(", ")),
            ("left_over", &left_over.join(", ")),
            ("table", table),
            ("columns", &columns),
            ("values", &values),
            ("held", &held),
            ("claimed", &claimed),
            ("key1", key1),
            ("key2", key2.unwrap_or("uri")),
            ("key_match", &key_match),
            ("held_key1", &self.held("key1")),
            ("held_key2", &self.held("key2")),
            ("at_or_before", &at_or_before),
        ];
        let pick = |counted: &'static str, plain: &'static str| match self.counted {
            Counted::ByTarget => fill(counted, &names),
            Counted::No => fill(plain, &names),
        };
        Pair {
            kind: self.kind,
            counted: self.counted,
            delete: pick(
                include_str!("../../sql/pairs_delete_counted.sql"),
                include_str!("../../sql/pairs_delete.sql"),
            ),
            delete_duplicates: fill(include_str!("../../sql/duplicates_delete.sql"), &names),
            put: pick(
                include_str!("../../sql/pairs_put_counted.sql"),
                include_str!("../../sql/pairs_put.sql"),
            ),
            staged: fill(include_str!("../../sql/pairs_staged.sql"), &names),
            probe: fill(include_str!("../../sql/pairs_probe.sql"), &names),
            settled: fill(include_str!("../../sql/pairs_settled.sql"), &names),
            contest: fill(include_str!("../../sql/duplicates_contest.sql"), &names),
            hold: fill(include_str!("../../sql/duplicates_hold.sql"), &names),
            claim: fill(include_str!("../../sql/duplicates_put.sql"), &names),
            vacate: pick(
                include_str!("../../sql/duplicates_vacate_counted.sql"),
                include_str!("../../sql/duplicates_vacate.sql"),
            ),
            seat: pick(
                include_str!("../../sql/duplicates_seat_counted.sql"),
                include_str!("../../sql/duplicates_seat.sql"),
            ),
            settle: fill(include_str!("../../sql/duplicates_settle.sql"), &names),
            audit: AuditedPair {
                find: fill(include_str!("../../sql/audit_duplicates_find.sql"), &names),
                targets: fill(
                    include_str!("../../sql/audit_duplicates_targets.sql"),
                    &names,
                ),
                contest: fill(
                    include_str!("../../sql/audit_duplicates_contest.sql"),
                    &names,
                ),
            },
        }
    }
}

/// The statements of a table with a second unique key.
pub struct Pair {
    /// The table.
    pub kind: Kind,
    /// Whether its statements keep counts.
    pub counted: Counted,
    /// Deletes rows.
    pub delete: String,
    /// Deletes contested records.
    pub delete_duplicates: String,
    /// Adds rows whose keys are free; says how many were not simply added.
    pub put: String,
    /// Which rows are staged.
    pub staged: String,
    /// Tries a row.
    pub probe: String,
    /// Takes from what was left over what need not be settled.
    pub settled: String,
    /// Finds the keys to settle.
    pub contest: String,
    /// Enters their holders among the contested.
    pub hold: String,
    /// Enters those left over among the contested.
    pub claim: String,
    /// Takes the holders out.
    pub vacate: String,
    /// Seats the right ones.
    pub seat: String,
    /// Forgets keys with one record left.
    pub settle: String,
    /// What an audit asks.
    pub audit: AuditedPair,
}

/// The statements of an audit of contested keys, by ranges of their first column.
pub struct AuditedPair {
    /// Finds keys with the wrong holder.
    pub find: String,
    /// What their records point at.
    pub targets: String,
    /// Has them settled again.
    pub contest: String,
}

/// All tables with a second unique key.
pub(super) static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| PAIR_TABLES.iter().map(PairTable::render).collect());

/// All of them.
pub fn every_pair() -> impl Iterator<Item = &'static Pair> {
    PAIRS.iter()
}

/// The tables with a second unique key that only their own repo writes, in merge order.
pub fn repo_pairs() -> &'static [Pair] {
    &PAIRS[..6]
}

/// Those that several repos write, with their locks, in lock order reversed from the table list.
pub fn shared_pairs() -> [(TailLock, &'static Pair); 2] {
    [
        (TailLock::Verifications, &PAIRS[7]),
        (TailLock::ListItems, &PAIRS[6]),
    ]
}
