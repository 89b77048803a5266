//! Records that point at one thing: likes, reposts, bookmarks, follows, blocks, list blocks, list
//! items and verifications.

use super::{Cells, RefNames, Source, needed_ref};
use crate::decode::envelope;
use crate::position::Micros;
use crate::reject::Reject;
use crate::stage::{Kind, Stage};
use crate::widths::Column;
use sonic_rs::Value;

const SUBJECT: RefNames = RefNames {
    whole: "subject",
    uri: "subject.uri",
};

/// Where the parts of a pair go in the AppView's tables: what must be short enough for which.
struct Columns {
    uri: &'static [Column],
    key1: &'static [Column],
    key2: &'static [Column],
    cid: &'static [Column],
}

/// The parts of a pair that differ between its kinds.
struct Pair<'a> {
    kind: Kind,
    key1: (&'static str, &'a str),
    key2: (&'static str, &'a str),
    subject_cid: Option<(&'a str, &'static [Column])>,
    via: Option<(&'a Value, &'static str)>,
    handle: Option<&'a str>,
    created_at: Micros,
}

fn write(
    pair: &Pair<'_>,
    columns: &Columns,
    source: &Source<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    let stage = pair.kind.stage();
    cells.key(source.uri, "uri", columns.uri)?;
    if stage == Stage::Pairs {
        cells.row.text(pair.kind.name());
    }
    cells.key(pair.key1.1, pair.key1.0, columns.key1)?;
    cells.key(pair.key2.1, pair.key2.0, columns.key2)?;
    if stage == Stage::Pairs {
        cells.cid(source.cid, columns.cid)?;
    }
    match pair.subject_cid {
        Some((cid, columns)) => cells.key(cid, "subject.cid", columns)?,
        None => cells.row.null(),
    }
    match pair.via {
        Some((via, column)) => cells.json(via, source.record.dialect(), "via", column)?,
        None => cells.row.null(),
    }
    if stage == Stage::Pairs {
        cells.row.opt_text(pair.handle);
    }
    cells.times(pair.created_at, source.stamp.position);
    cells.commit(pair.kind, source.stamp)?;
    if stage == Stage::Likes {
        cells.row.opt_text(source.cid);
    }
    Ok(())
}

/// app.bsky.feed.like. Likes of what is no post go into the same table; its row of counts is made
/// only for posts.
pub(super) fn like(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[
            Column::LikesUri,
            Column::PostViewerStatesLikeUri,
            Column::ThreadContextsRootAuthorLikeUri,
        ],
        key1: &[Column::LikesUserDid, Column::PostViewerStatesViewerDid],
        key2: &[
            Column::LikesPostUri,
            Column::PostAggregationsPostUri,
            Column::PostViewerStatesPostUri,
        ],
        cid: &[],
    };
    let seen = Seen {
        kind: Kind::Likes,
        cid: &[Column::LikesSubjectCid],
        via: Some("likes.via"),
    };
    reaction(&seen, &COLUMNS, source, cells)
}

/// app.bsky.feed.repost, which also makes a feed item.
pub(super) fn repost(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[
            Column::RepostsUri,
            Column::FeedItemsUri,
            Column::PostViewerStatesRepostUri,
        ],
        key1: &[
            Column::RepostsUserDid,
            Column::FeedItemsOriginatorDid,
            Column::PostViewerStatesViewerDid,
        ],
        key2: &[
            Column::RepostsPostUri,
            Column::FeedItemsPostUri,
            Column::PostAggregationsPostUri,
            Column::PostViewerStatesPostUri,
        ],
        cid: &[Column::FeedItemsCid],
    };
    let seen = Seen {
        kind: Kind::Reposts,
        cid: &[Column::RepostsSubjectCid],
        via: Some("reposts.via"),
    };
    reaction(&seen, &COLUMNS, source, cells)
}

/// app.bsky.bookmark, which only the incumbents' code knows as a record. Its table has no column
/// for the subject's CID.
pub(super) fn bookmark(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::BookmarksUri],
        key1: &[Column::BookmarksUserDid, Column::PostViewerStatesViewerDid],
        key2: &[
            Column::BookmarksPostUri,
            Column::PostAggregationsPostUri,
            Column::PostViewerStatesPostUri,
        ],
        cid: &[],
    };
    let seen = Seen {
        kind: Kind::Bookmarks,
        cid: &[],
        via: None,
    };
    reaction(&seen, &COLUMNS, source, cells)
}

/// What differs between the three reactions to a record.
struct Seen {
    kind: Kind,
    cid: &'static [Column],
    via: Option<&'static str>,
}

fn reaction(
    seen: &Seen,
    columns: &Columns,
    source: &Source<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    let [subject, via, created_at] = source.record.fields(["subject", "via", "createdAt"]);
    let subject = needed_ref(subject, source.record.dialect(), &SUBJECT, cells)?;
    let pair = Pair {
        kind: seen.kind,
        key1: ("repo", source.repo),
        key2: ("subject.uri", subject.uri),
        subject_cid: subject.cid.map(|cid| (cid, seen.cid)),
        via: via.zip(seen.via),
        handle: None,
        created_at: cells.created_at(created_at, source.stamp),
    };
    write(&pair, columns, source, cells)
}

/// app.bsky.graph.follow.
pub(super) fn follow(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::FollowsUri],
        key1: &[Column::FollowsFollowerDid],
        key2: &[Column::FollowsFollowingDid, Column::UsersDid],
        cid: &[],
    };
    of_actor(Kind::Follows, &COLUMNS, source, cells)
}

/// app.bsky.graph.block.
pub(super) fn block(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::BlocksUri],
        key1: &[Column::BlocksBlockerDid],
        key2: &[Column::BlocksBlockedDid, Column::UsersDid],
        cid: &[],
    };
    of_actor(Kind::Blocks, &COLUMNS, source, cells)
}

fn of_actor(
    kind: Kind,
    columns: &Columns,
    source: &Source<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    let [subject, created_at] = source.record.fields(["subject", "createdAt"]);
    let subject = envelope::did(subject, "subject")?;
    let created_at = cells.created_at(created_at, source.stamp);
    let pair = plain(
        kind,
        ("repo", source.repo),
        ("subject", subject),
        created_at,
    );
    write(&pair, columns, source, cells)
}

/// app.bsky.graph.listblock.
pub(super) fn list_block(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::ListBlocksUri],
        key1: &[Column::ListBlocksBlockerDid],
        key2: &[Column::ListBlocksListUri],
        cid: &[],
    };
    let [subject, created_at] = source.record.fields(["subject", "createdAt"]);
    let list = envelope::at_uri(subject, "subject")?;
    let created_at = cells.created_at(created_at, source.stamp);
    let pair = plain(
        Kind::ListBlocks,
        ("repo", source.repo),
        ("subject", list),
        created_at,
    );
    write(&pair, &COLUMNS, source, cells)
}

/// app.bsky.graph.listitem.
pub(super) fn list_item(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::ListItemsUri],
        key1: &[Column::ListItemsListUri],
        key2: &[Column::ListItemsSubjectDid, Column::UsersDid],
        cid: &[Column::ListItemsCid],
    };
    let [list, subject, created_at] = source.record.fields(["list", "subject", "createdAt"]);
    let list = envelope::at_uri(list, "list")?;
    let subject = envelope::did(subject, "subject")?;
    let created_at = cells.created_at(created_at, source.stamp);
    let pair = plain(
        Kind::ListItems,
        ("list", list),
        ("subject", subject),
        created_at,
    );
    write(&pair, &COLUMNS, source, cells)
}

/// app.bsky.graph.verification. Its key is the subject alone.
pub(super) fn verification(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    const COLUMNS: Columns = Columns {
        uri: &[Column::VerificationsUri],
        key1: &[Column::VerificationsSubjectDid],
        key2: &[],
        cid: &[Column::VerificationsCid],
    };
    let [subject, handle, created_at] = source.record.fields(["subject", "handle", "createdAt"]);
    let subject = envelope::did(subject, "subject")?;
    let handle = cells.text_or_empty(handle, "handle")?;
    let handle = cells.cut(handle, Column::VerificationsHandle);
    let created_at = cells.created_at(created_at, source.stamp);
    let pair = Pair {
        handle: Some(handle),
        ..plain(
            Kind::Verifications,
            ("subject", subject),
            ("", ""),
            created_at,
        )
    };
    write(&pair, &COLUMNS, source, cells)
}

fn plain<'a>(
    kind: Kind,
    key1: (&'static str, &'a str),
    key2: (&'static str, &'a str),
    created_at: Micros,
) -> Pair<'a> {
    Pair {
        kind,
        key1,
        key2,
        subject_cid: None,
        via: None,
        handle: None,
        created_at,
    }
}
