//! app.bsky.feed.threadgate and app.bsky.feed.postgate: who may answer a post, and who may quote.

use super::records::{self, Head, Middle};
use super::{Cells, Outcome, Source};
use crate::decode::dialect::{self, Dialect, Node};
use crate::position::Position;
use crate::reject::{Problem, Reject};
use crate::stage::Kind;
use crate::tally::{Oddity, Repair};
use crate::widths::Column;
use sonic_rs::{Array, JsonContainerTrait, JsonValueTrait, Value};

/// Writes a thread gate's row; a gate without `allow` lets anyone answer and has none.
pub(super) fn thread_gate(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<Outcome, Reject> {
    let [post, allow, created_at] = source.record.fields(["post", "allow", "createdAt"]);
    let subject = gated_post(source, post, cells);
    let Some(allow) = allow else {
        return Ok(Outcome::Delete);
    };
    let allow = allow
        .as_array()
        .ok_or(Reject::new(Problem::WrongType, "allow"))?;
    let rules = Rules::read(allow, source.record.dialect(), cells);
    cells.fit(&subject, "uri", &[Column::ThreadGatesPostUri])?;
    let middle = Middle {
        subject: Some(&subject),
        flags: [
            Some(rules.mentions),
            Some(rules.following),
            Some(rules.lists),
        ],
        ..Middle::default()
    };
    let head = Head::of(
        Kind::ThreadGates,
        source,
        &[],
        &[Column::ThreadGatesOwnerDid],
        &[],
    );
    records::begin(&head, &middle, cells)?;
    cells.json_texts(&rules.list_uris);
    let created_at = cells.created_at(created_at, source.stamp);
    records::end(created_at, source.stamp.position, cells);
    Ok(Outcome::Row)
}

/// The post that a gate is for: the one with its record key, whatever `post` says (CONTRACT §3).
fn gated_post(source: &Source<'_>, named: Option<&Value>, cells: &mut Cells<'_>) -> String {
    let uri = format!("at://{}/app.bsky.feed.post/{}", source.repo, source.rkey);
    if named.is_some_and(|named| named.as_str() != Some(&uri)) {
        cells.odd(Oddity::GatePostMismatch);
    }
    uri
}

/// Who may answer. No rule at all means nobody.
#[derive(Default)]
struct Rules<'a> {
    mentions: bool,
    following: bool,
    lists: bool,
    list_uris: Vec<&'a str>,
}

impl<'a> Rules<'a> {
    fn read(allow: &'a Array, around: Dialect, cells: &mut Cells<'_>) -> Self {
        let mut rules = Rules::default();
        for rule in allow.iter() {
            match Node::of(rule, around) {
                Some(rule) => rules.take(rule, cells),
                None => cells.repaired(Repair::WrongType),
            }
        }
        rules
    }

    /// A rule of a kind not known here lets in no one that a column could name.
    fn take(&mut self, rule: Node<'a>, cells: &mut Cells<'_>) {
        let [kind, list] = rule.fields(["$type", "list"]);
        match kind.and_then(|kind| kind.as_str()).unwrap_or_default() {
            "app.bsky.feed.threadgate#mentionRule" => self.mentions = true,
            "app.bsky.feed.threadgate#followingRule" => self.following = true,
            "app.bsky.feed.threadgate#followerRule" => cells.odd(Oddity::FollowerRule),
            "app.bsky.feed.threadgate#listRule" => {
                self.lists = true;
                self.list_uris.extend(cells.optional(list));
            }
            _ => {}
        }
    }
}

/// The one rule that a post gate can hold.
const DISABLE_RULE: &str = "app.bsky.feed.postgate#disableRule";

/// Writes a post gate's row.
pub(super) fn post_gate(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [post, rules, detached, created_at] = source.record.fields([
        "post",
        "embeddingRules",
        "detachedEmbeddingUris",
        "createdAt",
    ]);
    let subject = gated_post(source, post, cells);
    let dialect = source.record.dialect();
    let disabled = has_disable_rule(rules, dialect, cells);
    let detached = array(detached, cells);
    cells.fit(&subject, "uri", &[Column::PostGatesPostUri])?;
    let middle = Middle {
        subject: Some(&subject),
        ..Middle::default()
    };
    records::begin(
        &Head::of(Kind::PostGates, source, &[], &[], &[]),
        &middle,
        cells,
    )?;
    embedding_rules(disabled, detached, dialect, cells)?;
    finish(created_at, source.stamp.position, source, cells);
    Ok(())
}

/// An array; what is none is left out, and counted.
fn array<'a>(value: Option<&'a Value>, cells: &mut Cells<'_>) -> Option<&'a Value> {
    let array = value.filter(|value| value.is_array());
    if value.is_some() && array.is_none() {
        cells.repaired(Repair::WrongType);
    }
    array
}

fn finish(
    created_at: Option<&Value>,
    position: Position,
    source: &Source<'_>,
    cells: &mut Cells<'_>,
) {
    let created_at = cells.created_at(created_at, source.stamp);
    records::end(created_at, position, cells);
}

fn has_disable_rule(rules: Option<&Value>, around: Dialect, cells: &mut Cells<'_>) -> bool {
    let Some(rules) = rules else { return false };
    let Some(rules) = rules.as_array() else {
        cells.repaired(Repair::WrongType);
        return false;
    };
    let disables = |rule: &Value| {
        let [kind] = Node::of(rule, around)?.fields(["$type"]);
        kind?
            .as_str()
            .filter(|kind| *kind == DISABLE_RULE)
            .map(drop)
    };
    rules.iter().any(|rule| disables(rule).is_some())
}

/// `{"disableRule": …, "detachedEmbeddingUris": […]}`, absent keys left out (CONTRACT §3).
fn embedding_rules(
    disabled: bool,
    detached: Option<&Value>,
    around: Dialect,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    let write = |out: &mut Vec<u8>| {
        out.push(b'{');
        if disabled {
            out.extend_from_slice(b"\"disableRule\":");
            dialect::write_string(DISABLE_RULE, out);
        }
        let mut nuls = 0;
        if let Some(detached) = detached {
            out.extend_from_slice(if disabled { b"," } else { b"" });
            out.extend_from_slice(b"\"detachedEmbeddingUris\":");
            nuls = dialect::write_lexicon(detached, around, out)?;
        }
        out.push(b'}');
        Ok(nuls)
    };
    let refuse =
        |why| Reject::unstorable(why, "detachedEmbeddingUris", "post_gates.embedding_rules");
    cells.row.jsonb(write).map_err(refuse)
}
