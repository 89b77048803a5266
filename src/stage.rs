//! The staging tables and the kinds of rows in them: one descriptor each.
//!
//! It knows names, columns and their order, and nothing of how rows are made or merged. A test
//! compares it with the staging tables as PostgreSQL has them.

/// A staging table. Each has one COPY buffer in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Likes.
    Likes,
    /// Other records with a second unique key: follows and their like.
    Pairs,
    /// Posts.
    Posts,
    /// Every other record, identities and accounts.
    Records,
    /// Deletes of every kind.
    Deletes,
}

impl Stage {
    /// All of them, in the order in which they are copied.
    pub const ALL: [Stage; 5] = [
        Stage::Likes,
        Stage::Pairs,
        Stage::Posts,
        Stage::Records,
        Stage::Deletes,
    ];

    /// The names of its columns, in their order.
    #[must_use]
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Stage::Likes => &LIKES,
            Stage::Pairs => &PAIRS,
            Stage::Posts => &POSTS,
            Stage::Records => &RECORDS,
            Stage::Deletes => &DELETES,
        }
    }

    /// How many columns a row has.
    #[must_use]
    pub const fn width(self) -> i16 {
        // The longest has 20.
        self.columns().len() as i16
    }
}

const LIKES: [&str; 12] = [
    "uri",
    "key1",
    "key2",
    "subject_cid",
    "via",
    "created_at",
    "position",
    "tie",
    "commit_time",
    "commit_seq",
    "commit_rev",
    "cid",
];
const PAIRS: [&str; 14] = [
    "uri",
    "kind",
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
const POSTS: [&str; 20] = [
    "uri",
    "cid",
    "author_did",
    "body",
    "langs",
    "parent_uri",
    "parent_cid",
    "root_uri",
    "root_cid",
    "embed",
    "facets",
    "tags",
    "quoted_uri",
    "quoted_cid",
    "created_at",
    "position",
    "tie",
    "commit_time",
    "commit_seq",
    "commit_rev",
];
const RECORDS: [&str; 18] = [
    "uri",
    "kind",
    "did",
    "cid",
    "subject",
    "name",
    "note",
    "description",
    "avatar",
    "banner",
    "flag_a",
    "flag_b",
    "flag_c",
    "body",
    "extra",
    "created_at",
    "position",
    "tie",
];
const DELETES: [&str; 4] = ["uri", "kind", "position", "tie"];

/// What a row becomes: the target table, or for the last two what an event of that name changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `likes`, from app.bsky.feed.like.
    Likes,
    /// `reposts` and `feed_items`, from app.bsky.feed.repost.
    Reposts,
    /// `bookmarks`, from app.bsky.bookmark.
    Bookmarks,
    /// `follows`, from app.bsky.graph.follow.
    Follows,
    /// `blocks`, from app.bsky.graph.block.
    Blocks,
    /// `list_blocks`, from app.bsky.graph.listblock.
    ListBlocks,
    /// `list_items`, from app.bsky.graph.listitem.
    ListItems,
    /// `verifications`, from app.bsky.graph.verification.
    Verifications,
    /// `posts`, `feed_items` and `quotes`, from app.bsky.feed.post.
    Posts,
    /// `users`, from app.bsky.actor.profile.
    Users,
    /// `lists`, from app.bsky.graph.list.
    Lists,
    /// `feed_generators`, from app.bsky.feed.generator.
    FeedGenerators,
    /// `starter_packs`, from app.bsky.graph.starterpack.
    StarterPacks,
    /// `labeler_services`, from app.bsky.labeler.service.
    LabelerServices,
    /// `labels`, from com.atproto.label.label.
    Labels,
    /// `thread_gates`, from app.bsky.feed.threadgate.
    ThreadGates,
    /// `post_gates`, from app.bsky.feed.postgate.
    PostGates,
    /// `generic_records`, from any other collection.
    GenericRecords,
    /// `users.handle`, from an identity event.
    Handles,
    /// `forebay.accounts`, from an account event.
    Accounts,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 20] = [
        Kind::Likes,
        Kind::Reposts,
        Kind::Bookmarks,
        Kind::Follows,
        Kind::Blocks,
        Kind::ListBlocks,
        Kind::ListItems,
        Kind::Verifications,
        Kind::Posts,
        Kind::Users,
        Kind::Lists,
        Kind::FeedGenerators,
        Kind::StarterPacks,
        Kind::LabelerServices,
        Kind::Labels,
        Kind::ThreadGates,
        Kind::PostGates,
        Kind::GenericRecords,
        Kind::Handles,
        Kind::Accounts,
    ];

    /// The name that stands in the staging tables' `kind` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Likes => "likes",
            Kind::Reposts => "reposts",
            Kind::Bookmarks => "bookmarks",
            Kind::Follows => "follows",
            Kind::Blocks => "blocks",
            Kind::ListBlocks => "list_blocks",
            Kind::ListItems => "list_items",
            Kind::Verifications => "verifications",
            Kind::Posts => "posts",
            Kind::Users => "users",
            Kind::Lists => "lists",
            Kind::FeedGenerators => "feed_generators",
            Kind::StarterPacks => "starter_packs",
            Kind::LabelerServices => "labeler_services",
            Kind::Labels => "labels",
            Kind::ThreadGates => "thread_gates",
            Kind::PostGates => "post_gates",
            Kind::GenericRecords => "generic_records",
            Kind::Handles => "handles",
            Kind::Accounts => "accounts",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The staging table that its creates and updates go to.
    #[must_use]
    pub const fn stage(self) -> Stage {
        match self {
            Kind::Likes => Stage::Likes,
            Kind::Reposts
            | Kind::Bookmarks
            | Kind::Follows
            | Kind::Blocks
            | Kind::ListBlocks
            | Kind::ListItems
            | Kind::Verifications => Stage::Pairs,
            Kind::Posts => Stage::Posts,
            _ => Stage::Records,
        }
    }
}
