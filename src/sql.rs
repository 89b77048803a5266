//! Every statement that forebay sends, from its file in `sql/`.
//!
//! It knows files, and the few tables for which one file serves with other names in it. Those
//! names come from the descriptors below and from nowhere else: nothing on the stream is ever part
//! of a statement.

use std::sync::LazyLock;

use crate::stage::{Kind, Stage};

/// Makes the constant of a statement from its file.
macro_rules! statement {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../sql/", $file));)*
    };
}

statement! {
    /// What a connection relies on.
    SESSION = "session.sql";
    /// Staging of pairs.
    STAGE_PAIRS = "stage_pairs.sql";
    /// Staging of posts.
    STAGE_POSTS = "stage_posts.sql";
    /// Staging of all other records.
    STAGE_RECORDS = "stage_records.sql";
    /// Staging of deletes.
    STAGE_DELETES = "stage_deletes.sql";
    /// Staging of named DIDs.
    STAGE_USERS = "stage_users.sql";
    /// Changes of counts.
    STAGE_DELTAS = "stage_deltas.sql";
    /// Keys to settle.
    STAGE_CONTESTED = "stage_contested.sql";
    /// Staging emptied within a transaction.
    UNSTAGE = "unstage.sql";
    /// The repos' locks.
    LOCK_PARTITIONS = "lock_partitions.sql";
    /// One shared table's lock.
    LOCK_TAIL = "lock_tail.sql";
    /// Who of the batch has opted out.
    OPTED_OUT = "opted_out.sql";
    /// How many tombstones may matter.
    TOMBSTONES_RECENT = "tombstones_recent.sql";
    /// Tombstones of this batch.
    TOMBSTONES_PUT = "tombstones_put.sql";
    /// Old tombstones.
    TOMBSTONES_PRUNE = "tombstones_prune.sql";
    /// Sequence numbers of this batch.
    TIES_PUT = "ties_put.sql";
    /// Users rows of named DIDs.
    USERS_STUB = "users_stub.sql";
    /// Profiles.
    PROFILES_PUT = "profiles_put.sql";
    /// Handles.
    HANDLES_PUT = "handles_put.sql";
    /// Account states.
    ACCOUNTS_PUT = "accounts_put.sql";
    /// Thread gates.
    THREAD_GATES_PUT = "thread_gates_put.sql";
    /// Post gates.
    POST_GATES_PUT = "post_gates_put.sql";
    /// The posts' flags for them.
    POSTS_GATED = "posts_gated.sql";
    /// Quotes of deleted posts.
    QUOTES_DELETE = "quotes_delete.sql";
    /// Whether older versions of posts are there.
    POSTS_SEEN = "posts_seen.sql";
    /// Posts that are there already.
    POSTS_STALE = "posts_stale.sql";
    /// What followed from older versions.
    POSTS_REVISE = "posts_revise.sql";
    /// Posts.
    POSTS_PUT = "posts_put.sql";
    /// Replies.
    POSTS_COUNT = "posts_count.sql";
    /// Quotes.
    QUOTES_PUT = "quotes_put.sql";
    /// Feed items of posts.
    POSTS_FEED = "posts_feed.sql";
    /// Feed items of reposts.
    REPOSTS_FEED = "reposts_feed.sql";
    /// Feed items of contested reposts, old.
    REPOSTS_UNFEED_CONTESTED = "reposts_unfeed_contested.sql";
    /// Feed items of contested reposts, new.
    REPOSTS_FEED_CONTESTED = "reposts_feed_contested.sql";
    /// Lists.
    LISTS_PUT = "lists_put.sql";
    /// Feed generators.
    FEED_GENERATORS_PUT = "feed_generators_put.sql";
    /// Starter packs.
    STARTER_PACKS_PUT = "starter_packs_put.sql";
    /// Labelers.
    LABELER_SERVICES_PUT = "labeler_services_put.sql";
    /// Labels.
    LABELS_PUT = "labels_put.sql";
    /// All other records.
    GENERIC_RECORDS_PUT = "generic_records_put.sql";
    /// Whether likes of generators or labelers changed.
    OWN_COUNTS_TOUCHED = "own_counts_touched.sql";
    /// The posts' counts.
    POST_AGGREGATIONS_PUT = "post_aggregations_put.sql";
    /// Dead letters.
    DEAD_LETTERS_PUT = "dead_letters_put.sql";
    /// What may be replayed.
    DEAD_LETTERS_IDS = "dead_letters_ids.sql";
    /// Rows per table, for the demo.
    DEMO_ROWS = "demo_rows.sql";
    /// Whether counts equal rows, for the demo.
    DEMO_COUNTS = "demo_counts.sql";
    /// Lengths of the AppView's columns.
    CATALOG_WIDTHS = "catalog_widths.sql";
}

/// The temporary tables of a session.
pub const STAGING: [&str; 7] = [
    STAGE_PAIRS,
    STAGE_POSTS,
    STAGE_RECORDS,
    STAGE_DELETES,
    STAGE_USERS,
    STAGE_DELTAS,
    STAGE_CONTESTED,
];

/// The COPY into the staging table of that name.
#[must_use]
pub fn copy_into(stage: Staged) -> &'static str {
    static COPIES: LazyLock<[String; 5]> = LazyLock::new(|| {
        [
            "stage_users",
            "stage_pairs",
            "stage_posts",
            "stage_records",
            "stage_deletes",
        ]
        .map(|stage| fill(include_str!("../sql/copy.sql"), &[("stage", stage)]))
    });
    &COPIES[match stage {
        Staged::Users => 0,
        Staged::Rows(Stage::Pairs) => 1,
        Staged::Rows(Stage::Posts) => 2,
        Staged::Rows(Stage::Records) => 3,
        Staged::Rows(Stage::Deletes) => 4,
    }]
}

/// A staging table that is filled by COPY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staged {
    /// The DIDs that get a users row.
    Users,
    /// A batch's rows.
    Rows(Stage),
}

/// The tables that several repos write, in the order of their locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TailLock {
    /// `verifications`: unique by subject alone.
    Verifications = 1,
    /// `list_items`: may stand on another repo's list.
    ListItems = 2,
    /// The own like counts of feed generators and labelers.
    OwnCounts = 3,
}

/// The condition under which a row yields to a staged delete: its position is at or before it.
fn at_or_before(version: &str) -> String {
    format!(
        "(t.{version} < d.position or (t.{version} = d.position and d.tie >= coalesce(\
         (select r.tie from forebay.ties r where r.uri = d.uri and r.position = d.position), 0)))"
    )
}

/// Fills the `{name}`s of a statement's file.
fn fill(file: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(file.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

/// What a target table with a second unique key is made of.
struct PairTable {
    kind: Kind,
    /// Target column ← staging column.
    columns: &'static [(&'static str, &'static str)],
    counted: Counted,
    /// Where the record's own CID of a row in the table is found, and that of a staged row: only
    /// for tables whose row or feed item has it, since `forebay.duplicates` must not depend on
    /// the way on which a record came into it.
    held_cid: &'static str,
    staged_cid: &'static str,
}

/// Whether a table's rows count for what they point at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    ByTarget,
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

const PAIR_TABLES: [PairTable; 8] = [
    PairTable {
        kind: Kind::Likes,
        columns: ACTOR_AND_POST,
        counted: Counted::ByTarget,
        held_cid: NO_CID,
        staged_cid: NO_CID,
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
        staged_cid: NO_CID,
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

/// The columns of `forebay.duplicates` after `kind`, in the order of their statements.
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
        let unsettled = format!(
            "case when d.uri is null \
             then not exists (select from {table} t where t.uri = s.uri and t.indexed_at >= s.position) \
             else (d.position, d.tie) < (s.position, s.tie) end"
        );
        let at_or_before = at_or_before("indexed_at");
        let names = [
            ("table", table),
            ("columns", &columns),
            ("values", &values),
            ("held", &held),
            ("claimed", &claimed),
            ("key2", key2.unwrap_or("uri")),
            ("key_match", &key_match),
            ("held_key1", &self.held("key1")),
            ("held_key2", &self.held("key2")),
            ("unsettled", &unsettled),
            ("at_or_before", &at_or_before),
        ];
        let pick = |counted: &'static str, plain: &'static str| match self.counted {
            Counted::ByTarget => fill(counted, &names),
            Counted::No => fill(plain, &names),
        };
        Pair {
            kind: self.kind,
            delete: pick(
                include_str!("../sql/pairs_delete_counted.sql"),
                include_str!("../sql/pairs_delete.sql"),
            ),
            delete_duplicates: fill(include_str!("../sql/duplicates_delete.sql"), &names),
            put: pick(
                include_str!("../sql/pairs_put_counted.sql"),
                include_str!("../sql/pairs_put.sql"),
            ),
            contest: fill(include_str!("../sql/duplicates_contest.sql"), &names),
            hold: fill(include_str!("../sql/duplicates_hold.sql"), &names),
            claim: fill(include_str!("../sql/duplicates_put.sql"), &names),
            vacate: pick(
                include_str!("../sql/duplicates_vacate_counted.sql"),
                include_str!("../sql/duplicates_vacate.sql"),
            ),
            seat: pick(
                include_str!("../sql/duplicates_seat_counted.sql"),
                include_str!("../sql/duplicates_seat.sql"),
            ),
            settle: fill(include_str!("../sql/duplicates_settle.sql"), &names),
        }
    }
}

/// The statements of a table with a second unique key.
pub struct Pair {
    /// The table.
    pub kind: Kind,
    /// Deletes rows.
    pub delete: String,
    /// Deletes contested records.
    pub delete_duplicates: String,
    /// Adds rows whose keys are free; says how many were not simply added.
    pub put: String,
    /// Finds the keys to settle.
    pub contest: String,
    /// Enters their holders among the contested.
    pub hold: String,
    /// Enters the staged ones among the contested.
    pub claim: String,
    /// Takes the holders out.
    pub vacate: String,
    /// Seats the right ones.
    pub seat: String,
    /// Forgets keys with one record left.
    pub settle: String,
}

/// All tables with a second unique key.
static PAIRS: LazyLock<Vec<Pair>> =
    LazyLock::new(|| PAIR_TABLES.iter().map(PairTable::render).collect());

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

/// A merge that one statement does, for a kind keyed by uri.
pub struct Record {
    /// The table.
    pub kind: Kind,
    /// Merges creates and updates.
    pub put: &'static str,
    /// Deletes.
    pub delete: String,
}

fn record(kind: Kind, put: &'static str) -> Record {
    let delete = fill(
        include_str!("../sql/records_delete.sql"),
        &[
            ("table", kind.name()),
            ("at_or_before", &at_or_before("indexed_at")),
        ],
    );
    Record { kind, put, delete }
}

/// The tables that are keyed by uri alone and that only their own repo writes, in merge order.
pub static RECORDS: LazyLock<[Record; 4]> = LazyLock::new(|| {
    [
        record(Kind::Lists, LISTS_PUT),
        record(Kind::StarterPacks, STARTER_PACKS_PUT),
        record(Kind::Labels, LABELS_PUT),
        record(Kind::GenericRecords, GENERIC_RECORDS_PUT),
    ]
});

/// The gates' merges, before the posts'.
pub static GATES: LazyLock<[Record; 2]> = LazyLock::new(|| {
    [
        Record {
            kind: Kind::ThreadGates,
            put: THREAD_GATES_PUT,
            delete: fill(
                include_str!("../sql/thread_gates_delete.sql"),
                &[("at_or_before", &at_or_before("updated_at"))],
            ),
        },
        Record {
            kind: Kind::PostGates,
            put: POST_GATES_PUT,
            delete: fill(
                include_str!("../sql/post_gates_delete.sql"),
                &[("at_or_before", &at_or_before("created_at"))],
            ),
        },
    ]
});

/// A table whose rows hold the count of their own likes.
pub struct OwnCount {
    /// Its merges.
    pub record: Record,
    /// Adds the batch's likes to rows that are there.
    pub add: String,
    /// Counts the likes of the batch's own rows.
    pub recount: String,
}

fn own_count(kind: Kind, put: &'static str, collection: &str) -> OwnCount {
    let names = [("table", kind.name()), ("collection", collection)];
    OwnCount {
        record: record(kind, put),
        add: fill(include_str!("../sql/own_counts_add.sql"), &names),
        recount: fill(include_str!("../sql/own_counts_recount.sql"), &names),
    }
}

/// Feed generators and labelers.
pub static OWN_COUNTS: LazyLock<[OwnCount; 2]> = LazyLock::new(|| {
    [
        own_count(
            Kind::FeedGenerators,
            FEED_GENERATORS_PUT,
            "app.bsky.feed.generator",
        ),
        own_count(
            Kind::LabelerServices,
            LABELER_SERVICES_PUT,
            "app.bsky.labeler.service",
        ),
    ]
});

/// Deletes of profiles.
pub static PROFILES_DELETE: LazyLock<String> = LazyLock::new(|| {
    fill(
        include_str!("../sql/profiles_delete.sql"),
        &[("at_or_before", &at_or_before("indexed_at"))],
    )
});

/// Deletes of posts.
pub static POSTS_DELETE: LazyLock<String> = LazyLock::new(|| {
    fill(
        include_str!("../sql/posts_delete.sql"),
        &[("at_or_before", &at_or_before("indexed_at"))],
    )
});

/// Feed items of deleted posts.
pub static POSTS_UNFEED: LazyLock<String> = LazyLock::new(|| unfeed(Kind::Posts));

/// Feed items of deleted reposts.
pub static REPOSTS_UNFEED: LazyLock<String> = LazyLock::new(|| unfeed(Kind::Reposts));

fn unfeed(kind: Kind) -> String {
    fill(
        include_str!("../sql/feed_items_delete.sql"),
        &[("table", kind.name())],
    )
}

/// The staging tables whose rows a tombstone or an opt-out can end.
const STRUCK: [&str; 3] = ["stage_pairs", "stage_posts", "stage_records"];

fn struck(file: &str) -> [String; 3] {
    STRUCK.map(|stage| fill(file, &[("stage", stage)]))
}

/// Strikes the staged records of opted-out actors.
pub static OPTED_OUT_STRIKE: LazyLock<[String; 3]> =
    LazyLock::new(|| struck(include_str!("../sql/opted_out_strike.sql")));

/// Strikes what recent tombstones end.
pub static TOMBSTONES_STRIKE_RECENT: LazyLock<[String; 3]> =
    LazyLock::new(|| struck(include_str!("../sql/tombstones_strike_recent.sql")));

/// Strikes what any tombstone ends.
pub static TOMBSTONES_STRIKE_BY_URI: LazyLock<[String; 3]> =
    LazyLock::new(|| struck(include_str!("../sql/tombstones_strike_by_uri.sql")));

/// Makes rows yield to later ones of the same timestamp, a statement per table with a version.
/// Posts look at ties themselves; handles and accounts have a column for theirs.
pub static TIES_YIELD: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
    let pairs = PAIR_TABLES.iter().map(|table| table.kind);
    let records = [
        Kind::Lists,
        Kind::StarterPacks,
        Kind::Labels,
        Kind::GenericRecords,
        Kind::FeedGenerators,
        Kind::LabelerServices,
    ];
    let by_uri = pairs
        .chain(records)
        .map(|kind| (kind, "t.uri = s.uri", "indexed_at"));
    let others = [
        (
            Kind::Users,
            "t.did = s.did and t.profile_record is not null",
            "indexed_at",
        ),
        (Kind::ThreadGates, "t.post_uri = s.subject", "updated_at"),
        (Kind::PostGates, "t.post_uri = s.subject", "created_at"),
    ];
    by_uri
        .chain(others)
        .map(|(kind, key, version)| (kind, ties_yield(kind, key, version)))
        .collect()
});

fn ties_yield(kind: Kind, key: &str, version: &str) -> String {
    let stage = match kind.stage() {
        Stage::Pairs => "stage_pairs",
        _ => "stage_records",
    };
    fill(
        include_str!("../sql/ties_yield.sql"),
        &[
            ("table", kind.name()),
            ("match", key),
            ("version", version),
            ("stage", stage),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name left unfilled would be a syntax error at run time, in a statement seldom run.
    #[test]
    fn no_name_is_left_unfilled() {
        let mut all: Vec<&str> = Vec::new();
        for pair in PAIRS.iter() {
            all.extend([
                pair.delete.as_str(),
                &pair.delete_duplicates,
                &pair.put,
                &pair.contest,
                &pair.hold,
                &pair.claim,
                &pair.vacate,
                &pair.seat,
                &pair.settle,
            ]);
        }
        for record in RECORDS.iter().chain(GATES.iter()) {
            all.extend([record.put, record.delete.as_str()]);
        }
        for own in OWN_COUNTS.iter() {
            all.extend([own.add.as_str(), &own.recount, &own.record.delete]);
        }
        all.extend(TIES_YIELD.iter().map(|(_, text)| text.as_str()));
        all.extend([
            PROFILES_DELETE.as_str(),
            &POSTS_DELETE,
            &POSTS_UNFEED,
            &REPOSTS_UNFEED,
        ]);
        for text in all {
            let code: String = text
                .lines()
                .filter(|line| !line.starts_with("--"))
                .collect();
            assert!(!code.contains('{'), "{text}");
        }
    }

    #[test]
    fn shared_tables_are_locked_in_order() {
        let locks = shared_pairs().map(|(lock, _)| lock);
        assert!(locks.is_sorted());
        assert!(locks.iter().all(|lock| *lock < TailLock::OwnCounts));
    }
}
