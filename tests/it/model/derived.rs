//! What follows from a live record beside its own rows: whom it tells, and the event of a label.

use super::cell::{Cell, Row};
use super::record::is_did;
use super::tables::{Live, is_post};
use serde_json::Value;
use std::collections::BTreeSet;

/// The rows, each with its table.
pub fn rows(record: &Live) -> Vec<(&'static str, Row)> {
    let mut rows: Vec<_> = notifications(record)
        .into_iter()
        .map(|row| ("public.notifications", row))
        .collect();
    if record.stored.table == "labels" {
        let event = Row::from([
            ("label_uri", record.uri.into()),
            ("action", "created".into()),
            ("created_at", record.stored.row["indexed_at"].clone()),
        ]);
        rows.push(("public.label_events", event));
    }
    rows
}

/// Whom a record tells: what is put behind its uri, the reason, the recipient and the reason's subject.
type Told = (String, &'static str, Option<String>, Option<String>);

fn notifications(record: &Live) -> Vec<Row> {
    let row = &record.stored.row;
    let text = |column: &str| match row.get(column) {
        Some(Cell::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let told: Vec<Told> = match record.stored.table {
        "likes" => vec![reaction("like", text("post_uri"))],
        "reposts" => vec![reaction("repost", text("post_uri"))],
        "follows" => vec![(String::new(), "follow", text("following_did"), None)],
        "posts" => of_post(record, text("parent_uri")),
        _ => Vec::new(),
    };
    let owner = record.uri.split('/').nth(2).expect("an owner");
    let row = |(way, reason, recipient, subject): Told| {
        let recipient = recipient.filter(|did| is_did(did) && did.len() <= 255 && did != owner)?;
        let uri = format!("{}#notification{way}", record.uri);
        (uri.len() <= 512).then(|| {
            Row::from([
                ("uri", uri.into()),
                ("recipient_did", recipient.into()),
                ("author_did", owner.into()),
                ("reason", reason.into()),
                ("reason_subject", subject.into()),
                ("cid", cid(record).into()),
                ("is_read", false.into()),
                ("created_at", row["created_at"].clone()),
                ("indexed_at", row["indexed_at"].clone()),
            ])
        })
    };
    told.into_iter().filter_map(row).collect()
}

fn cid(record: &Live) -> Option<String> {
    let cid = record.stored.cid.clone()?;
    (!cid.is_empty() && cid.chars().count() <= 255).then_some(cid)
}

/// Who wrote a post; nobody whose feed it may be.
fn author(post: &str) -> Option<String> {
    is_post(post).then(|| post.split('/').nth(2).map(str::to_owned))?
}

fn reaction(reason: &'static str, subject: Option<String>) -> Told {
    let recipient = subject.as_deref().and_then(author);
    (String::new(), reason, recipient, subject)
}

fn of_post(record: &Live, parent: Option<String>) -> Vec<Told> {
    let post = || Some(record.uri.to_owned());
    let quoted = match record
        .stored
        .quote
        .as_ref()
        .map(|quote| &quote["quoted_uri"])
    {
        Some(Cell::Text(uri)) => author(uri),
        _ => None,
    };
    let parent = parent.as_deref().and_then(author);
    let mut told = vec![
        ("/reply".to_owned(), "reply", parent, post()),
        ("/quote".to_owned(), "quote", quoted, post()),
    ];
    for did in mentioned(record.stored.row.get("facets")) {
        told.push((format!("/mention/{did}"), "mention", Some(did), post()));
    }
    told
}

fn mentioned(facets: Option<&Cell>) -> BTreeSet<String> {
    let Some(Cell::Json(facets)) = facets else {
        return BTreeSet::new();
    };
    let features = items(facets)
        .iter()
        .filter_map(|facet| facet.get("features"));
    let mentions = features.flat_map(items).filter(|feature| {
        feature.get("$type").and_then(Value::as_str) == Some("app.bsky.richtext.facet#mention")
    });
    let dids = mentions.filter_map(|mention| mention.get("did")?.as_str());
    dids.map(str::to_owned).collect()
}

/// Those of a list; what is none stands for itself.
fn items(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}
