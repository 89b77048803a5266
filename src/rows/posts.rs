//! app.bsky.feed.post, with what its feed item, its reply count and its quote need.

use super::{Cells, RefNames, Source, StrongRef, optional_ref};
use crate::decode::dialect::{Dialect, Node};
use crate::reject::Reject;
use crate::stage::Kind;
use crate::tally::Repair;
use crate::widths::Column;
use sonic_rs::{JsonValueTrait, Value};

const PARENT: RefNames = RefNames {
    whole: "reply.parent",
    uri: "reply.parent.uri",
};
const ROOT: RefNames = RefNames {
    whole: "reply.root",
    uri: "reply.root.uri",
};
const QUOTED: RefNames = RefNames {
    whole: "embed.record",
    uri: "embed.record.uri",
};

/// What is put behind a post's uri for that of its quote.
const QUOTE_SUFFIX: &str = "#quote";

const URI: &[Column] = &[
    Column::PostsUri,
    Column::FeedItemsUri,
    Column::FeedItemsPostUri,
    Column::PostAggregationsPostUri,
    Column::ThreadContextsPostUri,
];

/// Writes a post's row.
pub(super) fn post(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [text, reply, embed, facets, langs, tags, created_at] = source.record.fields([
        "text",
        "reply",
        "embed",
        "facets",
        "langs",
        "tags",
        "createdAt",
    ]);
    let dialect = source.record.dialect();
    let (parent, root) = thread(reply, dialect, cells)?;
    let quoted = quoted(embed, dialect, cells)?;
    if quoted.is_some() {
        fit_quote(source.uri, source.cid, cells)?;
    }
    cells.key(source.uri, "uri", URI)?;
    cells.cid(source.cid, &[Column::PostsCid, Column::FeedItemsCid])?;
    cells.key(
        source.repo,
        "repo",
        &[Column::PostsAuthorDid, Column::FeedItemsOriginatorDid],
    )?;
    let text = cells.text_or_empty(text, "text")?;
    cells.row.text(text);
    cells.opt_json(langs, dialect, "langs", "posts.langs")?;
    reference(parent, &PARENT_CELLS, cells)?;
    reference(root, &ROOT_CELLS, cells)?;
    cells.opt_json(embed, dialect, "embed", "posts.embed")?;
    cells.opt_json(facets, dialect, "facets", "posts.facets")?;
    match tags {
        Some(tags) => cells.json(tags, dialect, "tags", "posts.tags")?,
        None => cells.json_texts(&[]),
    }
    reference(quoted, &QUOTED_CELLS, cells)?;
    let created_at = cells.created_at(created_at, source.stamp);
    cells.times(created_at, source.stamp.position);
    cells.commit(Kind::Posts, source.stamp)
}

type MaybeRef<'a> = Option<StrongRef<'a>>;

/// The post that is answered, and the one that began the thread.
fn thread<'a>(
    reply: Option<&'a Value>,
    around: Dialect,
    cells: &mut Cells<'_>,
) -> Result<(MaybeRef<'a>, MaybeRef<'a>), Reject> {
    let Some(reply) = reply else {
        return Ok((None, None));
    };
    let Some(reply) = Node::of(reply, around) else {
        cells.repaired(Repair::WrongType);
        return Ok((None, None));
    };
    let [parent, root] = reply.fields(["parent", "root"]);
    let parent = optional_ref(parent, reply.dialect(), &PARENT, cells)?;
    let root = optional_ref(root, reply.dialect(), &ROOT, cells)?;
    Ok((parent, root))
}

/// What the post quotes: a post, list, feed or whatever else the embed names.
fn quoted<'a>(
    embed: Option<&'a Value>,
    around: Dialect,
    cells: &mut Cells<'_>,
) -> Result<MaybeRef<'a>, Reject> {
    let Some(embed) = embed.and_then(|embed| Node::of(embed, around)) else {
        return Ok(None);
    };
    let [kind, record] = embed.fields(["$type", "record"]);
    match kind.and_then(|kind| kind.as_str()) {
        Some("app.bsky.embed.record") => optional_ref(record, embed.dialect(), &QUOTED, cells),
        Some("app.bsky.embed.recordWithMedia") => inner_quoted(record, embed.dialect(), cells),
        _ => Ok(None),
    }
}

/// Beside media, the reference lies in a record embed of its own.
fn inner_quoted<'a>(
    record: Option<&'a Value>,
    around: Dialect,
    cells: &mut Cells<'_>,
) -> Result<MaybeRef<'a>, Reject> {
    let Some(record) = record else {
        return Ok(None);
    };
    let Some(inner) = Node::of(record, around) else {
        cells.repaired(Repair::WrongType);
        return Ok(None);
    };
    let [record] = inner.fields(["record"]);
    optional_ref(record, inner.dialect(), &QUOTED, cells)
}

/// A quote has the post's uri twice, once with a suffix, and its CID.
fn fit_quote(uri: &str, cid: Option<&str>, cells: &Cells<'_>) -> Result<(), Reject> {
    cells.fit(uri, "uri", &[Column::QuotesPostUri])?;
    cells.fit(cid.unwrap_or_default(), "cid", &[Column::QuotesCid])?;
    // A uri is ASCII: its bytes are its characters.
    if uri.len() + QUOTE_SUFFIX.len() > cells.widths.of(Column::QuotesUri) {
        return Err(Reject::too_long("uri", Column::QuotesUri));
    }
    Ok(())
}

/// The two cells of a reference: names for reasons, columns for widths.
struct RefCells {
    uri_name: &'static str,
    uri: &'static [Column],
    cid_name: &'static str,
    cid: &'static [Column],
}

const PARENT_CELLS: RefCells = RefCells {
    uri_name: "reply.parent.uri",
    uri: &[Column::PostsParentUri, Column::PostAggregationsPostUri],
    cid_name: "reply.parent.cid",
    cid: &[Column::PostsParentCid],
};
const ROOT_CELLS: RefCells = RefCells {
    uri_name: "reply.root.uri",
    uri: &[Column::PostsRootUri, Column::PostAggregationsPostUri],
    cid_name: "reply.root.cid",
    cid: &[Column::PostsRootCid],
};
const QUOTED_CELLS: RefCells = RefCells {
    uri_name: "embed.record.uri",
    uri: &[Column::QuotesQuotedUri, Column::PostAggregationsPostUri],
    cid_name: "embed.record.cid",
    cid: &[Column::QuotesQuotedCid],
};

fn reference(reference: MaybeRef<'_>, to: &RefCells, cells: &mut Cells<'_>) -> Result<(), Reject> {
    cells.opt_key(
        reference.map(|reference| reference.uri),
        to.uri_name,
        to.uri,
    )?;
    cells.opt_key(
        reference.and_then(|reference| reference.cid),
        to.cid_name,
        to.cid,
    )
}
