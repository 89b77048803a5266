//! The record types that are generated, and how often each is.
//!
//! Shares follow the network's own (likes lead by far), but no record type is so rare that 20,000
//! events lack it. It knows nothing of what stands in a record.

/// A record type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Post,
    Like,
    Repost,
    Bookmark,
    Follow,
    Block,
    Profile,
    List,
    ListItem,
    ListBlock,
    FeedGenerator,
    StarterPack,
    Labeler,
    Verification,
    ThreadGate,
    PostGate,
    Label,
    Status,
    NotificationDeclaration,
    ChatDeclaration,
    Play,
    Document,
    Germ,
}

impl Kind {
    /// How many there are.
    pub(super) const COUNT: usize = 23;

    /// Creations of each in 100,000 events.
    pub(super) const SHARES: [(Kind, u32); Kind::COUNT] = [
        (Kind::Like, 60_000),
        (Kind::Post, 10_000),
        (Kind::Follow, 8_700),
        (Kind::Repost, 7_700),
        (Kind::Block, 1_450),
        (Kind::Profile, 750),
        (Kind::ListItem, 600),
        (Kind::ThreadGate, 400),
        (Kind::List, 250),
        (Kind::Bookmark, 250),
        (Kind::PostGate, 250),
        (Kind::Label, 250),
        (Kind::Play, 250),
        (Kind::StarterPack, 180),
        (Kind::FeedGenerator, 150),
        (Kind::ListBlock, 150),
        (Kind::Verification, 150),
        (Kind::Labeler, 100),
        (Kind::Document, 100),
        (Kind::Status, 100),
        (Kind::NotificationDeclaration, 90),
        (Kind::ChatDeclaration, 90),
        (Kind::Germ, 90),
    ];

    pub(super) const fn collection(self) -> &'static str {
        match self {
            Kind::Post => "app.bsky.feed.post",
            Kind::Like => "app.bsky.feed.like",
            Kind::Repost => "app.bsky.feed.repost",
            Kind::Bookmark => "app.bsky.bookmark",
            Kind::Follow => "app.bsky.graph.follow",
            Kind::Block => "app.bsky.graph.block",
            Kind::Profile => "app.bsky.actor.profile",
            Kind::List => "app.bsky.graph.list",
            Kind::ListItem => "app.bsky.graph.listitem",
            Kind::ListBlock => "app.bsky.graph.listblock",
            Kind::FeedGenerator => "app.bsky.feed.generator",
            Kind::StarterPack => "app.bsky.graph.starterpack",
            Kind::Labeler => "app.bsky.labeler.service",
            Kind::Verification => "app.bsky.graph.verification",
            Kind::ThreadGate => "app.bsky.feed.threadgate",
            Kind::PostGate => "app.bsky.feed.postgate",
            Kind::Label => "com.atproto.label.label",
            Kind::Status => "app.bsky.actor.status",
            Kind::NotificationDeclaration => "app.bsky.notification.declaration",
            Kind::ChatDeclaration => "chat.bsky.actor.declaration",
            Kind::Play => "fm.teal.alpha.feed.play",
            Kind::Document => "site.standard.document",
            Kind::Germ => "com.germnetwork.declaration",
        }
    }

    /// Whether a repo has at most one, under the record key `self`.
    pub(super) const fn is_single(self) -> bool {
        matches!(
            self,
            Kind::Profile
                | Kind::Labeler
                | Kind::Status
                | Kind::NotificationDeclaration
                | Kind::ChatDeclaration
                | Kind::Germ
        )
    }

    /// Whether its table has a second unique key.
    pub(super) const fn is_pair(self) -> bool {
        matches!(
            self,
            Kind::Like
                | Kind::Repost
                | Kind::Bookmark
                | Kind::Follow
                | Kind::Block
                | Kind::ListItem
                | Kind::ListBlock
                | Kind::Verification
        )
    }

    /// Whether the Python reader's SDK has its lexicon; what it lacks stays as it was written.
    pub(super) const fn is_known_to_sdk(self) -> bool {
        !matches!(self, Kind::Bookmark | Kind::Label | Kind::Play)
    }

    /// The kind at `draw` in `0..total` of the shares.
    pub(super) fn drawn(draw: u32) -> Kind {
        let mut left = draw;
        for (kind, share) in Kind::SHARES {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Kind::Like
    }

    /// What the shares add up to.
    pub(super) fn total() -> u32 {
        Kind::SHARES.iter().map(|(_, share)| share).sum()
    }
}
