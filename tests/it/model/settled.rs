//! What follows from records of several tables: each viewer's reactions to each post, the likes of
//! replies by their threads' root authors, and who breaks which gate's rules.

use super::Judged;
use super::cell::{Cell, Row};
use super::tables::{Rows, Tables, is_post};
use serde_json::Value;
use std::collections::HashMap;

/// A column's text; nothing where it is NULL.
fn text<'r>(row: &'r Row, column: &str) -> Option<&'r str> {
    match row.get(column) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

fn is_true(row: &Row, column: &str) -> bool {
    row.get(column) == Some(&Cell::Bool(true))
}

fn json<'r>(row: &'r Row, column: &str) -> &'r Value {
    match row.get(column) {
        Some(Cell::Json(value)) => value,
        _ => &Value::Null,
    }
}

fn authority(uri: &str) -> &str {
    uri.split('/').nth(2).unwrap_or_default()
}

/// `post_viewer_states`, by post and viewer.
pub fn viewer_states(tables: &Tables) -> Rows {
    let mut states = Rows::new();
    for (table, column) in [
        ("public.likes", "like_uri"),
        ("public.reposts", "repost_uri"),
        ("public.bookmarks", "bookmarked"),
    ] {
        for (uri, row) in &tables[table] {
            let (Some(viewer), Some(post)) = (text(row, "user_did"), text(row, "post_uri")) else {
                panic!("a reaction of nobody or to nothing: {row:?}");
            };
            if !is_post(post) {
                continue;
            }
            let state = states.entry(format!("{post} {viewer}"));
            let state = state.or_insert_with(|| no_state(post, viewer));
            let value = match column {
                "bookmarked" => true.into(),
                _ => uri.as_str().into(),
            };
            state.insert(column, value);
        }
    }
    states
}

fn no_state(post: &str, viewer: &str) -> Row {
    Row::from([
        ("post_uri", post.into()),
        ("viewer_did", viewer.into()),
        ("like_uri", Cell::Null),
        ("repost_uri", Cell::Null),
        ("bookmarked", false.into()),
        ("thread_muted", false.into()),
        ("reply_disabled", false.into()),
        ("embedding_disabled", false.into()),
        ("pinned", false.into()),
    ])
}

/// What began the thread that a post answers in, if it answers.
fn root(post: &Row) -> Option<&str> {
    let parent = text(post, "parent_uri")?;
    Some(text(post, "root_uri").unwrap_or(parent))
}

/// `thread_contexts`.
pub fn thread_contexts(tables: &Tables) -> Rows {
    let likes: HashMap<(&str, &str), &str> = tables["public.likes"]
        .iter()
        .filter_map(|(uri, row)| {
            let key = (text(row, "user_did")?, text(row, "post_uri")?);
            Some((key, uri.as_str()))
        })
        .collect();
    let context = |(uri, row): (&String, &Row)| {
        let author = authority(root(row)?);
        let like = likes.get(&(author, uri.as_str())).copied();
        let context = Row::from([
            ("post_uri", uri.as_str().into()),
            ("root_author_like_uri", like.into()),
        ]);
        Some((uri.clone(), context))
    };
    tables["public.posts"].iter().filter_map(context).collect()
}

/// Sets `violates_thread_gate` and `violates_embedding_rules` of every post. What was judged by whom
/// somebody followed then, or who was on a list, cannot be told afterwards and is left out.
pub fn violations(tables: &mut Tables, judged: Judged) {
    let posts = &tables["public.posts"];
    let mut flags: Vec<(String, &str, Option<bool>)> = Vec::new();
    for (uri, post) in posts {
        let answers = answers_against_gate(tables, post, judged);
        flags.push((uri.clone(), "violates_thread_gate", answers));
        let quotes = quotes_against_gate(tables, uri, post);
        flags.push((uri.clone(), "violates_embedding_rules", Some(quotes)));
    }
    let posts = tables.get_mut("public.posts").expect("posts");
    for (uri, flag, is_set) in flags {
        if let Some(is_set) = is_set {
            posts.get_mut(&uri).expect("it").insert(flag, is_set.into());
        }
    }
}

fn answers_against_gate(tables: &Tables, post: &Row, judged: Judged) -> Option<bool> {
    let Some((root, gate)) =
        root(post).and_then(|root| Some((root, tables["public.thread_gates"].get(root)?)))
    else {
        return Some(false);
    };
    let author = text(post, "author_did")?;
    let is_mentioned = || {
        let root = tables["public.posts"].get(root);
        root.is_some_and(|root| mentions(json(root, "facets"), author))
    };
    if author == authority(root) || is_true(gate, "allow_mentions") && is_mentioned() {
        return Some(false);
    }
    let is_judged_once = is_true(gate, "allow_following") || is_true(gate, "allow_list_members");
    if is_judged_once && judged == Judged::Once {
        return None;
    }
    let is_followed = || {
        let pair = [Some(authority(root)), Some(author)];
        let mut follows = tables["public.follows"].values();
        follows.any(|row| ["follower_did", "following_did"].map(|column| text(row, column)) == pair)
    };
    let lists = json(gate, "allow_list_uris");
    let is_on_list = || {
        let is_it = |row: &Row| {
            let list = lists.as_array().expect("an array").iter();
            let mut lists = list.filter_map(Value::as_str);
            lists.any(|list| text(row, "list_uri") == Some(list))
                && text(row, "subject_did") == Some(author)
        };
        tables["public.list_items"].values().any(is_it)
    };
    let is_allowed = is_true(gate, "allow_following") && is_followed()
        || is_true(gate, "allow_list_members") && is_on_list();
    Some(!is_allowed)
}

/// By its facets, not by its text.
fn mentions(facets: &Value, did: &str) -> bool {
    let features = facets.as_array().into_iter().flatten();
    let features = features.filter_map(|facet| facet.get("features")?.as_array());
    features.flatten().any(|feature| {
        feature["$type"] == "app.bsky.richtext.facet#mention" && feature["did"] == did
    })
}

fn quotes_against_gate(tables: &Tables, uri: &str, post: &Row) -> bool {
    let Some(quote) = tables["public.quotes"].get(&format!("{uri}#quote")) else {
        return false;
    };
    let quoted = text(quote, "quoted_uri").expect("a quoted uri");
    let Some(gate) = tables["public.post_gates"].get(quoted) else {
        return false;
    };
    let rules = json(gate, "embedding_rules");
    let detached = rules["detachedEmbeddingUris"].as_array();
    let is_detached = detached
        .into_iter()
        .flatten()
        .any(|detached| detached == uri);
    let is_own = text(post, "author_did") == Some(authority(quoted));
    is_detached || rules.get("disableRule").is_some() && !is_own
}
