//! Every statement that forebay sends, from its file in `sql/`.
//!
//! It knows files, and the few tables for which one file serves with other names in it. Those
//! names come from the descriptors below and from nowhere else: nothing on the stream is ever part
//! of a statement.

mod fill;
pub mod notifications;
mod other;
mod pairs;
mod records;
mod straight;

pub use other::*;
pub use pairs::{Counted, Pair, every_pair, repo_pairs, shared_pairs};
pub use records::{GATES, OWN_COUNTS, OwnCount, RECORDS, Record};
pub use straight::{Added, Target, added};

/// Makes the constant of a statement from its file.
macro_rules! statement {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../../sql/", $file));)*
    };
}

pub mod audit;
pub mod backfill;
pub mod bench;
pub mod bulk;
pub mod doctor;
pub mod purge;
pub mod settled;
pub mod takeover;

statement! {
    /// The columns of the AppView's tables.
    CONTRACT_COLUMNS = "contract_columns.sql";
    /// Their unique keys.
    CONTRACT_KEYS = "contract_keys.sql";
    /// The server's version, and whether schema forebay is there.
    CONTRACT_VERSION = "contract_version.sql";
    /// The last migration.
    CONTRACT_MIGRATED = "contract_migrated.sql";
    /// Who can work with the schema.
    CONTRACT_COMPATIBLE = "contract_compatible.sql";
    /// What a connection relies on.
    SESSION = "session.sql";
    /// Staging of likes.
    STAGE_LIKES = "stage_likes.sql";
    /// Staging of pairs that were not simply added.
    STAGE_LEFT = "stage_left.sql";
    /// Staging of other pairs.
    STAGE_PAIRS = "stage_pairs.sql";
    /// Staging of posts.
    STAGE_POSTS = "stage_posts.sql";
    /// Staging of all other records.
    STAGE_RECORDS = "stage_records.sql";
    /// Staging of deletes.
    STAGE_DELETES = "stage_deletes.sql";
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
    /// Who has opted out at all.
    OPTED_OUT_ALL = "opted_out_all.sql";
    /// Which tombstones may matter.
    TOMBSTONES_RECENT = "tombstones_recent.sql";
    /// Tombstones of this batch.
    TOMBSTONES_PUT = "tombstones_put.sql";
    /// Old tombstones.
    TOMBSTONES_PRUNE = "tombstones_prune.sql";
    /// Sequence numbers of this batch.
    TIES_PUT = "ties_put.sql";
    /// A commit that need not be waited for.
    COMMIT_LATER = "commit_later.sql";
    /// Whether row-level security keeps COPY out of tables.
    ROW_SECURITY = "row_security.sql";
    /// What rows that went straight in are undone to.
    STRAIGHT_BEGIN = "straight_begin.sql";
    /// Those undone.
    STRAIGHT_UNDO = "straight_undo.sql";
    /// Those kept.
    STRAIGHT_END = "straight_end.sql";
    /// Which records are contested.
    STRAIGHT_CONTESTED = "straight_contested.sql";
    /// Which posts have gates.
    STRAIGHT_GATES = "straight_gates.sql";
    /// What a tried row is undone to.
    PROBE_BEGIN = "probe_begin.sql";
    /// A tried row undone.
    PROBE_UNDO = "probe_undo.sql";
    /// The staged posts.
    POSTS_STAGED = "posts_staged.sql";
    /// A post tried.
    POSTS_PROBE = "posts_probe.sql";
    /// Deferrable constraints wait for the end of a part.
    CONSTRAINTS_LATER = "constraints_later.sql";
    /// Deferrable constraints are checked.
    CONSTRAINTS_NOW = "constraints_now.sql";
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
    /// The events of labels.
    LABEL_EVENTS_PUT = "label_events_put.sql";
    /// All other records.
    GENERIC_RECORDS_PUT = "generic_records_put.sql";
    /// Whether likes of generators or labelers changed.
    OWN_COUNTS_TOUCHED = "own_counts_touched.sql";
    /// What merges of staged rows changed in posts' counts.
    DELTAS_OF_POSTS = "deltas_of_posts.sql";
    /// Likes of what counts its own, which went straight in.
    DELTAS_PUT = "deltas_put.sql";
    /// The posts' counts.
    POST_AGGREGATIONS_PUT = "post_aggregations_put.sql";
    /// Why the worker stops.
    BROKEN_PUT = "broken_put.sql";
    /// Why earlier workers stopped.
    BROKEN_TAKE = "broken_take.sql";
    /// Dead letters.
    DEAD_LETTERS_PUT = "dead_letters_put.sql";
    /// Letters that are looked at.
    DEAD_LETTERS_SELECT = "dead_letters_select.sql";
    /// How many these are.
    DEAD_LETTERS_SELECTED = "dead_letters_selected.sql";
    /// Letters that are dealt with.
    DEAD_LETTERS_DELETE = "dead_letters_delete.sql";
    /// Letters that are thrown away.
    DEAD_LETTERS_PURGE = "dead_letters_purge.sql";
    /// What may be replayed.
    DEAD_LETTERS_IDS = "dead_letters_ids.sql";
    /// The latest dead letters.
    DEAD_LETTERS_LATEST = "dead_letters_latest.sql";
    /// How many there are.
    DEAD_LETTERS_COUNT = "dead_letters_count.sql";
    /// Whether the server takes writes.
    PULSE = "pulse.sql";
    /// The server's version.
    SERVER_VERSION = "server_version.sql";
    /// How much of their numbers sequences have given out.
    SEQUENCES_USED = "sequences_used.sql";
    /// Rows per table, for the demo.
    DEMO_ROWS = "demo_rows.sql";
    /// Whether counts equal rows, for the demo.
    DEMO_COUNTS = "demo_counts.sql";
    /// Lengths of the AppView's columns.
    CATALOG_WIDTHS = "catalog_widths.sql";
}

/// The temporary tables of a session.
pub const STAGING: [&str; 8] = [
    STAGE_LIKES,
    STAGE_PAIRS,
    STAGE_LEFT,
    STAGE_POSTS,
    STAGE_RECORDS,
    STAGE_DELETES,
    STAGE_DELTAS,
    STAGE_CONTESTED,
];

/// The tables that several repos write, in the order of their locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TailLock {
    /// `verifications`: unique by subject alone.
    Verifications = 1,
    /// `list_items`: may stand on another repo's list.
    ListItems = 2,
    /// The own like counts of feed generators and labelers.
    OwnCounts = 3,
    /// The flags of posts, which gates of other repos set too. After the rows of posts' counts.
    Flags = 4,
}

#[cfg(test)]
mod tests;
