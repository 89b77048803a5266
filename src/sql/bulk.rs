//! The statements of a bulk backfill.

use std::sync::LazyLock;

use super::audit;
use super::fill::fill;
use super::records::OWN_COUNTS;

statement! {
    /// What it takes away.
    PLAN = "bulk_plan.sql";
    /// It begins.
    BEGIN = "bulk_begin.sql";
    /// An index is saved.
    INDEX_PUT = "bulk_index_put.sql";
    /// What is to be made again.
    INDEXES = "bulk_indexes.sql";
    /// An index is there again.
    INDEX_DONE = "bulk_index_done.sql";
    /// Whether one is under way.
    STATE = "bulk_state.sql";
    /// The counts are added up.
    COUNTED = "bulk_counted.sql";
    /// It is over.
    END = "bulk_end.sql";
    /// What a connection relies on.
    SESSION = "bulk_session.sql";
    /// Counts of posts.
    COUNTS = "bulk_counts.sql";
    /// Thread contexts of what is no reply.
    THREAD_CONTEXTS_REMOVE = "bulk_thread_contexts_remove.sql";
}

/// Thread contexts of all replies.
pub static THREAD_CONTEXTS: LazyLock<String> = LazyLock::new(|| audit::thread_contexts_put("true"));

/// Flags of all posts that break the rules of gates.
pub static VIOLATIONS: LazyLock<String> = LazyLock::new(|| audit::violations_mend("true"));

/// Counts of generators and labelers.
pub static OWN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = include_str!("../../sql/bulk_own_counts.sql");
    let of = |kind: crate::stage::Kind| fill(file, &[("table", kind.name())]);
    OWN_COUNTS.iter().map(|own| of(own.record.kind)).collect()
});
