//! Where the records of one repo are.

use std::sync::LazyLock;

use super::fill::fill;

statement! {
    /// Purges that events ask for.
    PUT = "purges_put.sql";
    /// A purge that is asked for by hand.
    ORDER = "purges_order.sql";
    /// What is to be done.
    TO_DO = "purges_to_do.sql";
    /// What is done.
    DONE = "purges_done.sql";
    /// One at a time.
    LOCK = "purges_lock.sql";
    /// Whether another is at it.
    LOCKED = "purges_locked.sql";
    /// What can be forgotten.
    PRUNE = "purges_prune.sql";
}

/// A table with records of repos.
pub struct Source {
    /// Its name.
    pub table: &'static str,
    /// What stands for the repo in its statements.
    pub by: By,
    /// A page of uris.
    pub page: String,
    /// How many there are.
    pub count: String,
}

/// How a repo's rows are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By a column with the DID.
    Did,
    /// By how their uris begin: there is no such column.
    Uri,
}

/// A gate's own uri, from its post's.
const THREAD_GATE: &str = "'at://' || split_part(t.post_uri, '/', 3) || '/app.bsky.feed.threadgate/' || split_part(t.post_uri, '/', 5)";
const POST_GATE: &str = "'at://' || split_part(t.post_uri, '/', 3) || '/app.bsky.feed.postgate/' || split_part(t.post_uri, '/', 5)";
const PROFILE: &str = "'at://' || t.did || '/app.bsky.actor.profile/self'";

/// Contested records first: those that are not in their tables would be put there when their rivals
/// go.
pub static SOURCES: LazyLock<[Source; 19]> = LazyLock::new(|| {
    let by_did = |table, column: &str| {
        let mine = format!("t.{column} = $1 and starts_with(t.uri, 'at://' || $1 || '/')");
        source(table, By::Did, "t.uri", &mine, "indexed_at")
    };
    let by_uri = |table, version| source(table, By::Uri, "t.uri", "t.uri like $1", version);
    [
        by_uri("forebay.duplicates", "position"),
        by_did("likes", "user_did"),
        by_did("reposts", "user_did"),
        by_did("bookmarks", "user_did"),
        by_did("follows", "follower_did"),
        by_did("blocks", "blocker_did"),
        by_did("list_blocks", "blocker_did"),
        by_uri("list_items", "indexed_at"),
        by_uri("verifications", "indexed_at"),
        source(
            "thread_gates",
            By::Did,
            THREAD_GATE,
            "t.owner_did = $1",
            "updated_at",
        ),
        source(
            "post_gates",
            By::Uri,
            POST_GATE,
            "t.post_uri like $1",
            "created_at",
        ),
        by_did("posts", "author_did"),
        by_did("lists", "creator_did"),
        by_did("starter_packs", "creator_did"),
        by_did("feed_generators", "creator_did"),
        by_did("labeler_services", "creator_did"),
        by_did("labels", "src"),
        by_did("generic_records", "author_did"),
        source(
            "users",
            By::Did,
            PROFILE,
            "t.did = $1 and t.profile_record is not null",
            "indexed_at",
        ),
    ]
});

fn source(table: &'static str, by: By, uri: &str, mine: &str, version: &str) -> Source {
    let names = [
        ("table", table),
        ("uri", uri),
        ("mine", mine),
        ("version", version),
    ];
    Source {
        table,
        by,
        page: fill(include_str!("../../sql/purge_page.sql"), &names),
        count: fill(include_str!("../../sql/purge_count.sql"), &names),
    }
}
