//! app.bsky.actor.profile: the actor's own words and pictures in the users table.

use super::records::{self, Head, Middle};
use super::{Cells, Source};
use crate::decode::cid;
use crate::decode::datetime;
use crate::decode::dialect::{Dialect, Node};
use crate::reject::Reject;
use crate::stage::Kind;
use crate::tally::Repair;
use crate::widths::Column;
use sonic_rs::{JsonValueTrait, Value};
use std::borrow::Cow;

/// Writes a profile's row. Its uri and CID have no column in users.
pub(super) fn profile(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [name, description, avatar, banner, pinned, created_at] = source.record.fields([
        "displayName",
        "description",
        "avatar",
        "banner",
        "pinnedPost",
        "createdAt",
    ]);
    let dialect = source.record.dialect();
    let avatar = blob(avatar, dialect, cells);
    let banner = blob(banner, dialect, cells);
    let name = cells
        .optional(name)
        .map(|name| cells.cut(name, Column::UsersDisplayName));
    let middle = Middle {
        name,
        description: cells.optional(description),
        avatar: avatar.as_deref(),
        banner: banner.as_deref(),
        ..Middle::default()
    };
    let head = Head::of(Kind::Users, source, &[], &[Column::UsersDid], &[]);
    records::begin(&head, &middle, cells)?;
    cells.json(
        source.value,
        Dialect::Lexicon,
        "record",
        "users.profile_record",
    )?;
    cells.opt_json(pinned, dialect, "pinnedPost", "users.pinned_post")?;
    // A profile need not say when it was made, and users has no column for it: nothing to count.
    let created_at = created_at
        .and_then(|at| at.as_str())
        .and_then(datetime::parse);
    cells.times(
        created_at.unwrap_or(source.stamp.position.at),
        source.stamp.position,
    );
    Ok(())
}

/// A blob's CID; NULL, counted, for what is no blob.
pub(super) fn blob<'a>(
    value: Option<&'a Value>,
    around: Dialect,
    cells: &mut Cells<'_>,
) -> Option<Cow<'a, str>> {
    let cid = Node::of(value?, around).and_then(blob_cid);
    if cid.is_none() {
        cells.repaired(Repair::WrongType);
    }
    cid
}

/// The CID of a blob, or of the legacy blob `{cid, mimeType}`.
fn blob_cid(blob: Node<'_>) -> Option<Cow<'_, str>> {
    let [reference, legacy] = blob.fields(["ref", "cid"]);
    cid::of_ref(reference.or(legacy)?)
}
