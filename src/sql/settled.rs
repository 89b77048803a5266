//! The statements of what follows from reactions, replies and gates of several repos.

use std::sync::LazyLock;

use super::fill::fill;

statement! {
    /// Posts that do not say whether their gates are there.
    POSTS_GATED_FIND = "posts_gated_find.sql";
    /// Tells them.
    POSTS_GATED = "posts_gated.sql";
    /// Whose reactions to what changed.
    REACTIONS_TOUCHED = "reactions_touched.sql";
    /// Which viewer states are there.
    VIEWER_STATES_KNOWN = "viewer_states_known.sql";
    /// Reactions that are added to viewer states.
    VIEWER_STATES_ADD = "viewer_states_add.sql";
    /// Thread contexts of replies.
    THREAD_CONTEXTS_PUT = "thread_contexts_put.sql";
    /// Those of what is no reply any more.
    THREAD_CONTEXTS_REMOVE = "thread_contexts_remove.sql";
    /// Posts whose gates and replies are judged.
    VIOLATIONS_TOUCHED = "violations_touched.sql";
}

/// The pairs whose reactions changed.
const TOUCHED: &str = "(select distinct key1, key2 from stage_contested where kind = 'reactions')";

/// The statements of viewer states, for some pairs.
pub struct ViewerStates {
    /// Sets those of which a reaction is left; says how many were added, and how many are not.
    pub put: String,
    /// Removes those of which nothing is left.
    pub remove: String,
    /// Clears those that flags keep.
    pub clear: String,
}

/// For these pairs: rows with columns `key1`, the viewer, and `key2`, the post.
pub(super) fn viewer_states(touched: &str) -> ViewerStates {
    let left = include_str!("../../sql/viewer_states_left.sql");
    let of = |file| fill(file, &[("left", left), ("touched", touched)]);
    ViewerStates {
        put: of(include_str!("../../sql/viewer_states_put.sql")),
        remove: of(include_str!("../../sql/viewer_states_remove.sql")),
        clear: of(include_str!("../../sql/viewer_states_clear.sql")),
    }
}

/// For the pairs that a batch touched.
pub static VIEWER_STATES: LazyLock<ViewerStates> = LazyLock::new(|| viewer_states(TOUCHED));

/// The COPY into viewer states.
pub static VIEWER_STATES_COPY: LazyLock<String> = LazyLock::new(|| {
    let into = "post_viewer_states (post_uri, viewer_did, like_uri, repost_uri, bookmarked)";
    fill(include_str!("../../sql/copy.sql"), &[("into", into)])
});

/// The like of a reply by its thread's root author.
pub(super) fn root_author_like(reply: &str) -> String {
    fill(
        include_str!("../../sql/thread_contexts_like.sql"),
        &[("reply", reply)],
    )
}

/// Sets the likes of replies that their root authors liked, or like no more.
pub static THREAD_CONTEXTS_LIKED: LazyLock<String> = LazyLock::new(|| {
    fill(
        include_str!("../../sql/thread_contexts_liked.sql"),
        &[("like", &root_author_like("t.post_uri"))],
    )
});

/// Whether a post `p` breaks the rules of its thread's gate.
pub(super) const OF_THREAD: &str = include_str!("../../sql/violations_of_thread.sql");

/// Whether it quotes what must not be quoted.
pub(super) const OF_EMBEDDING: &str = include_str!("../../sql/violations_of_embedding.sql");

/// A flag of posts, how the posts are found of which it is wrong, and how it is turned over.
pub struct Violation {
    /// Finds them.
    pub find: String,
    /// Turns it over where it is wrong still.
    pub flip: String,
}

fn violation(flag: &str, find: &str, judged: &str) -> Violation {
    let flip = include_str!("../../sql/violations_flip.sql");
    Violation {
        find: fill(find, &[("judged", judged)]),
        flip: fill(flip, &[("flag", flag), ("judged", judged)]),
    }
}

/// Replies that a thread's gate does not allow.
pub static VIOLATIONS_OF_THREAD: LazyLock<Violation> = LazyLock::new(|| {
    let find = include_str!("../../sql/violations_of_thread_find.sql");
    violation("violates_thread_gate", find, OF_THREAD)
});

/// Quotes that a post's gate does not allow.
pub static VIOLATIONS_OF_EMBEDDING: LazyLock<Violation> = LazyLock::new(|| {
    let find = include_str!("../../sql/violations_of_embedding_find.sql");
    violation("violates_embedding_rules", find, OF_EMBEDDING)
});
