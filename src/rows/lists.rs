//! app.bsky.graph.list and app.bsky.graph.starterpack.

use super::profiles::blob;
use super::records::{self, Head, Middle};
use super::{Cells, Source};
use crate::decode::dialect::{Dialect, Node};
use crate::decode::envelope;
use crate::reject::Reject;
use crate::stage::Kind;
use crate::tally::Repair;
use crate::widths::Column;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

/// Writes a list's row.
pub(super) fn list(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [name, purpose, description, avatar, created_at] =
        source
            .record
            .fields(["name", "purpose", "description", "avatar", "createdAt"]);
    let avatar = blob(avatar, source.record.dialect(), cells);
    let name = cells.text_or_empty(name, "name")?;
    let purpose = cells.text_or_empty(purpose, "purpose")?;
    cells.fit(purpose, "purpose", &[Column::ListsPurpose])?;
    let middle = Middle {
        name: Some(cells.cut(name, Column::ListsName)),
        note: Some(purpose),
        description: cells.optional(description),
        avatar: avatar.as_deref(),
        ..Middle::default()
    };
    let head = Head::of(
        Kind::Lists,
        source,
        &[Column::ListsUri],
        &[Column::ListsCreatorDid],
        &[Column::ListsCid],
    );
    records::begin(&head, &middle, cells)?;
    let created_at = cells.created_at(created_at, source.stamp);
    records::end_without_body(created_at, source.stamp.position, cells);
    Ok(())
}

/// Writes a starter pack's row.
pub(super) fn starter_pack(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [name, description, list, feeds, created_at] =
        source
            .record
            .fields(["name", "description", "list", "feeds", "createdAt"]);
    let name = cells.text_or_empty(name, "name")?;
    let list = optional_list(list, cells)?;
    let feeds = feed_uris(feeds, source.record.dialect(), cells);
    let middle = Middle {
        name: Some(cells.cut(name, Column::StarterPacksName)),
        description: cells.optional(description),
        subject: list,
        ..Middle::default()
    };
    let (uri, did, cid) = (
        &[Column::StarterPacksUri],
        &[Column::StarterPacksCreatorDid],
        &[Column::StarterPacksCid],
    );
    records::begin(
        &Head::of(Kind::StarterPacks, source, uri, did, cid),
        &middle,
        cells,
    )?;
    cells.json_texts(&feeds);
    let created_at = cells.created_at(created_at, source.stamp);
    records::end(created_at, source.stamp.position, cells);
    Ok(())
}

fn optional_list<'a>(
    list: Option<&'a Value>,
    cells: &mut Cells<'_>,
) -> Result<Option<&'a str>, Reject> {
    if cells.optional(list).is_none() {
        return Ok(None);
    }
    let uri = envelope::at_uri(list, "list")?;
    cells.fit(uri, "list", &[Column::StarterPacksListUri])?;
    Ok(Some(uri))
}

/// The uris of a starter pack's feeds; none, counted, for what is no array of feeds.
fn feed_uris<'a>(feeds: Option<&'a Value>, around: Dialect, cells: &mut Cells<'_>) -> Vec<&'a str> {
    let Some(feeds) = feeds else {
        return Vec::new();
    };
    let Some(feeds) = feeds.as_array() else {
        cells.repaired(Repair::WrongType);
        return Vec::new();
    };
    let uris: Vec<&str> = feeds
        .iter()
        .filter_map(|feed| feed_uri(feed, around))
        .collect();
    for _ in uris.len()..feeds.len() {
        cells.repaired(Repair::WrongType);
    }
    uris
}

fn feed_uri(feed: &Value, around: Dialect) -> Option<&str> {
    let [uri] = Node::of(feed, around)?.fields(["uri"]);
    uri?.as_str()
}
