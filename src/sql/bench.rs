//! Statements of the measurements: the baseline that writes row by row, and the filling of tables
//! for the measurement of growth.

use std::sync::LazyLock;

use super::fill::fill;

statement! {
    /// Every table, and how the floor is measured with it.
    TABLES = "bench_tables.sql";
    /// What tells rows that are written later.
    MARK = "bench_mark.sql";
    /// The server's version and settings.
    SETTINGS = "bench_settings.sql";
    /// Indexes that are made after the tables are filled.
    INDEXES = "bench_indexes.sql";
    /// A user of the baseline.
    ROW_USER = "bench_row_user.sql";
    /// A post of the baseline.
    ROW_POST = "bench_row_post.sql";
    /// A feed item of the baseline.
    ROW_FEED_ITEM = "bench_row_feed_item.sql";
    /// Counts of the baseline.
    ROW_COUNT = "bench_row_count.sql";
    /// A profile of the baseline.
    ROW_PROFILE = "bench_row_profile.sql";
    /// A handle of the baseline.
    ROW_HANDLE = "bench_row_handle.sql";
    /// Any other record of the baseline.
    ROW_RECORD = "bench_row_record.sql";
    /// Makes DIDs of numbers, in this session.
    FILL_DID = "bench_fill_did.sql";
    /// Makes posts' uris of numbers, in this session.
    FILL_POST = "bench_fill_post.sql";
    /// Feed items of what was filled in.
    FILL_FEED_ITEMS = "bench_fill_feed_items.sql";
}

/// A like of the baseline.
pub static ROW_LIKE: LazyLock<String> = LazyLock::new(|| reaction("likes"));
/// A repost of the baseline.
pub static ROW_REPOST: LazyLock<String> = LazyLock::new(|| reaction("reposts"));
/// A follow of the baseline.
pub static ROW_FOLLOW: LazyLock<String> =
    LazyLock::new(|| tie("follows", "follower_did", "following_did"));
/// A block of the baseline.
pub static ROW_BLOCK: LazyLock<String> =
    LazyLock::new(|| tie("blocks", "blocker_did", "blocked_did"));

fn reaction(table: &str) -> String {
    let file = include_str!("../../sql/bench_row_reaction.sql");
    fill(file, &[("table", table)])
}

fn tie(table: &str, from: &str, to: &str) -> String {
    let file = include_str!("../../sql/bench_row_tie.sql");
    fill(file, &[("table", table), ("from", from), ("to", to)])
}

/// What a delete of the baseline does, in order.
pub struct Deletes {
    /// Of a like.
    pub like: [String; 2],
    /// Of a repost.
    pub repost: [String; 3],
    /// Of a post.
    pub post: [String; 3],
    /// Of a follow.
    pub follow: [String; 1],
    /// Of a block.
    pub block: [String; 1],
    /// Of any other record.
    pub other: [String; 1],
}

/// The baseline's deletes.
pub static ROW_DELETES: LazyLock<Deletes> = LazyLock::new(|| {
    let feed_item = || delete("feed_items");
    Deletes {
        like: [uncount("likes", "post_uri", "like_count"), delete("likes")],
        repost: [
            uncount("reposts", "post_uri", "repost_count"),
            feed_item(),
            delete("reposts"),
        ],
        post: [
            uncount("posts", "parent_uri", "reply_count"),
            feed_item(),
            delete("posts"),
        ],
        follow: [delete("follows")],
        block: [delete("blocks")],
        other: [delete("generic_records")],
    }
});

fn delete(table: &str) -> String {
    let file = include_str!("../../sql/bench_row_delete.sql");
    fill(file, &[("table", table)])
}

fn uncount(table: &str, post: &str, count: &str) -> String {
    let file = include_str!("../../sql/bench_row_uncount.sql");
    fill(file, &[("table", table), ("post", post), ("count", count)])
}

/// The statements that fill empty tables with so many likes and what belongs to them, the largest
/// first; [`FILL_FEED_ITEMS`] comes after them.
#[must_use]
pub fn fills(likes: u64) -> Vec<String> {
    let files = [
        include_str!("../../sql/bench_fill_likes.sql"),
        include_str!("../../sql/bench_fill_posts.sql"),
        include_str!("../../sql/bench_fill_post_aggregations.sql"),
        include_str!("../../sql/bench_fill_reposts.sql"),
        include_str!("../../sql/bench_fill_follows.sql"),
        include_str!("../../sql/bench_fill_users.sql"),
    ];
    let likes = likes.to_string();
    files.map(|file| fill(file, &[("likes", &likes)])).into()
}
