//! Which kind of row a collection's records become.
//!
//! The table of CONTRACT §3, and nothing of how the rows look.

use crate::stage::Kind;
use crate::tally::Unstored;

/// Where an op goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// To rows of this kind.
    Stored(Kind),
    /// Nowhere: it is counted.
    NotStored(Unstored),
}

/// Where the op on this record goes.
#[must_use]
pub fn target(collection: &str, rkey: &str) -> Target {
    match collection {
        "app.bsky.actor.profile" if rkey != "self" => Target::NotStored(Unstored::ProfileNotSelf),
        "app.bsky.actor.status" => Target::NotStored(Unstored::ActorStatus),
        "app.bsky.notification.declaration" => Target::NotStored(Unstored::NotificationDeclaration),
        "chat.bsky.actor.declaration" => Target::NotStored(Unstored::ChatDeclaration),
        _ => Target::Stored(kind(collection)),
    }
}

fn kind(collection: &str) -> Kind {
    match collection {
        "app.bsky.feed.like" => Kind::Likes,
        "app.bsky.feed.post" => Kind::Posts,
        "app.bsky.feed.repost" => Kind::Reposts,
        "app.bsky.graph.follow" => Kind::Follows,
        "app.bsky.graph.block" => Kind::Blocks,
        "app.bsky.bookmark" => Kind::Bookmarks,
        "app.bsky.graph.listblock" => Kind::ListBlocks,
        "app.bsky.graph.listitem" => Kind::ListItems,
        "app.bsky.graph.verification" => Kind::Verifications,
        "app.bsky.actor.profile" => Kind::Users,
        "app.bsky.graph.list" => Kind::Lists,
        "app.bsky.feed.generator" => Kind::FeedGenerators,
        "app.bsky.graph.starterpack" => Kind::StarterPacks,
        "app.bsky.labeler.service" => Kind::LabelerServices,
        "com.atproto.label.label" => Kind::Labels,
        "app.bsky.feed.threadgate" => Kind::ThreadGates,
        "app.bsky.feed.postgate" => Kind::PostGates,
        _ => Kind::GenericRecords,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_by_the_contracts_table() {
        assert_eq!(
            target("app.bsky.feed.like", "x"),
            Target::Stored(Kind::Likes)
        );
        assert_eq!(
            target("app.bsky.actor.profile", "self"),
            Target::Stored(Kind::Users)
        );
        assert_eq!(
            target("app.bsky.actor.profile", "me"),
            Target::NotStored(Unstored::ProfileNotSelf)
        );
        assert_eq!(
            target("app.bsky.actor.status", "self"),
            Target::NotStored(Unstored::ActorStatus)
        );
        assert_eq!(
            target("pub.leaflet.document", "x"),
            Target::Stored(Kind::GenericRecords)
        );
    }
}
