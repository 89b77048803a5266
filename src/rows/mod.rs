//! From a record to the columns of its staging row, one file per family of collections.
//!
//! Rows are written straight into the COPY buffer; a row that is refused half way is cut off again
//! by the batch. It knows fields, columns and what CONTRACT §3 says about missing and wrong
//! values; it does not know of other rows, batches or positions beyond its own.

mod actors;
mod gates;
mod generic;
mod labels;
mod lists;
mod pairs;
mod posts;
mod profiles;
mod records;
mod services;

pub use actors::{account, handle};

use crate::decode::dialect::{self, Dialect, Node};
use crate::decode::{datetime, envelope};
use crate::encode::RowWriter;
use crate::position::{Micros, Position};
use crate::reject::{Problem, Reject};
use crate::stage::Kind;
use crate::tally::{Oddity, Repair, Tally};
use crate::widths::{Column, Widths};
use sonic_rs::{JsonValueTrait, Value};

/// What all rows of one entry share.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Where the entry stands in the stream.
    pub position: Position,
    /// The commit's own time.
    pub time: Option<Micros>,
    /// The relay's sequence number.
    pub seq: Option<&'a str>,
    /// The repository's revision.
    pub rev: Option<&'a str>,
}

/// A record that is to become a row.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The DID of the repository.
    pub repo: &'a str,
    /// `at://{repo}/{path}`.
    pub uri: &'a str,
    /// The collection.
    pub collection: &'a str,
    /// The record key.
    pub rkey: &'a str,
    /// The record's CID, where it came.
    pub cid: Option<&'a str>,
    /// The record.
    pub value: &'a Value,
    /// The record, to read its fields.
    pub record: Node<'a>,
    /// What it shares with the entry's other rows.
    pub stamp: &'a Stamp<'a>,
}

/// What a record turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A row, written.
    Row,
    /// The end of the row that was there (CONTRACT §3: a thread gate without `allow`).
    Delete,
}

/// Writes the staging row of a record.
///
/// # Errors
///
/// If the record is not to be stored. Part of a row may then be written.
pub fn write(kind: Kind, source: &Source<'_>, cells: &mut Cells<'_>) -> Result<Outcome, Reject> {
    match kind {
        Kind::Likes => pairs::like(source, cells)?,
        Kind::Reposts => pairs::repost(source, cells)?,
        Kind::Bookmarks => pairs::bookmark(source, cells)?,
        Kind::Follows => pairs::follow(source, cells)?,
        Kind::Blocks => pairs::block(source, cells)?,
        Kind::ListBlocks => pairs::list_block(source, cells)?,
        Kind::ListItems => pairs::list_item(source, cells)?,
        Kind::Verifications => pairs::verification(source, cells)?,
        Kind::Posts => posts::post(source, cells)?,
        Kind::Users => profiles::profile(source, cells)?,
        Kind::Lists => lists::list(source, cells)?,
        Kind::StarterPacks => lists::starter_pack(source, cells)?,
        Kind::FeedGenerators => services::feed_generator(source, cells)?,
        Kind::LabelerServices => services::labeler(source, cells)?,
        Kind::Labels => labels::label(source, cells)?,
        Kind::ThreadGates => return gates::thread_gate(source, cells),
        Kind::PostGates => gates::post_gate(source, cells)?,
        Kind::GenericRecords => generic::record(source, cells)?,
        // No collection is routed to these two; identities and accounts have their own functions.
        Kind::Handles | Kind::Accounts => return Err(Reject::new(Problem::TypeMismatch, "$type")),
    }
    Ok(Outcome::Row)
}

/// Whether a table that this kind goes to has a column for the record's own CID.
#[must_use]
pub fn keeps_cid(kind: Kind) -> bool {
    match kind {
        Kind::Posts
        | Kind::Reposts
        | Kind::ListItems
        | Kind::Verifications
        | Kind::Lists
        | Kind::FeedGenerators
        | Kind::StarterPacks
        | Kind::LabelerServices
        | Kind::GenericRecords => true,
        Kind::Likes
        | Kind::Bookmarks
        | Kind::Follows
        | Kind::Blocks
        | Kind::ListBlocks
        | Kind::Users
        | Kind::Labels
        | Kind::ThreadGates
        | Kind::PostGates
        | Kind::Handles
        | Kind::Accounts => false,
    }
}

/// The DID that a record follows, blocks or puts on a list. It gets a users row even if the record
/// itself is refused.
#[must_use]
pub fn mentioned(kind: Kind, record: Option<&Value>) -> Option<&str> {
    if !matches!(kind, Kind::Follows | Kind::Blocks | Kind::ListItems) {
        return None;
    }
    let [subject] = Node::of(record?, Dialect::Lexicon)?.fields(["subject"]);
    envelope::did(subject, "subject").ok()
}

/// The cells of one row, and what has to be known and counted while they are written.
#[derive(Debug)]
pub struct Cells<'b> {
    row: RowWriter<'b>,
    widths: &'b Widths,
    tally: &'b mut Tally,
}

impl<'b> Cells<'b> {
    /// Begins a row of this kind at the end of its stage's buffer.
    pub fn begin(
        kind: Kind,
        out: &'b mut Vec<u8>,
        widths: &'b Widths,
        tally: &'b mut Tally,
    ) -> Self {
        Cells {
            row: RowWriter::begin(out, kind.stage().width()),
            widths,
            tally,
        }
    }

    /// Counts what was mended in the row's texts.
    pub fn finish(self) {
        self.tally.repaired(Repair::Nul, self.row.nuls);
    }

    fn repaired(&mut self, what: Repair) {
        self.tally.repaired(what, 1);
    }

    fn odd(&mut self, what: Oddity) {
        self.tally.odd(what);
    }

    /// Refuses a text that one of the columns does not hold.
    fn fit(&self, text: &str, field: &'static str, columns: &[Column]) -> Result<(), Reject> {
        match columns
            .iter()
            .find(|&&column| !self.widths.holds(column, text))
        {
            Some(&column) => Err(Reject::too_long(field, column)),
            None => Ok(()),
        }
    }

    /// A text that goes into these columns whole.
    fn key(&mut self, text: &str, field: &'static str, columns: &[Column]) -> Result<(), Reject> {
        self.fit(text, field, columns)?;
        self.row.text(text);
        Ok(())
    }

    fn opt_key(
        &mut self,
        text: Option<&str>,
        field: &'static str,
        columns: &[Column],
    ) -> Result<(), Reject> {
        text.map_or(Ok(()), |text| self.fit(text, field, columns))?;
        self.row.opt_text(text);
        Ok(())
    }

    /// The record's own CID: `''` where it is missing, counted if a column needs it.
    fn cid(&mut self, cid: Option<&str>, columns: &[Column]) -> Result<(), Reject> {
        if cid.is_none() && !columns.is_empty() {
            self.repaired(Repair::Cid);
        }
        self.key(cid.unwrap_or_default(), "cid", columns)
    }

    /// An optional text: NULL where it is of another type, and counted.
    fn optional<'v>(&mut self, value: Option<&'v Value>) -> Option<&'v str> {
        let text = value?.as_str();
        if text.is_none() {
            self.repaired(Repair::WrongType);
        }
        text
    }

    /// A text of a NOT NULL column: `''` where it is missing.
    ///
    /// # Errors
    ///
    /// If it is of another type, as there is no NULL to put in its place.
    fn text_or_empty<'v>(
        &self,
        value: Option<&'v Value>,
        field: &'static str,
    ) -> Result<&'v str, Reject> {
        value.map_or(Ok(""), |_| envelope::text(value, field))
    }

    /// A text that is cut where its column ends.
    fn cut<'v>(&mut self, text: &'v str, column: Column) -> &'v str {
        let cut = self.widths.cut(column, text);
        if cut.len() < text.len() {
            self.repaired(Repair::Cut);
        }
        cut
    }

    /// A record's date; the entry's stream time, counted, where there is none that can be read.
    fn created_at(&mut self, value: Option<&Value>, stamp: &Stamp<'_>) -> Micros {
        let at = value
            .and_then(|value| value.as_str())
            .and_then(datetime::parse);
        at.unwrap_or_else(|| {
            self.repaired(Repair::CreatedAt);
            stamp.position.at
        })
    }

    /// A jsonb column: the lexicon form of a value that lies in an object of dialect `around`.
    fn json(
        &mut self,
        value: &Value,
        around: Dialect,
        field: &'static str,
        column: &'static str,
    ) -> Result<(), Reject> {
        self.row
            .jsonb(|out| dialect::write_lexicon(value, around, out))
            .map_err(|why| Reject::unstorable(why, field, column))
    }

    fn opt_json(
        &mut self,
        value: Option<&Value>,
        around: Dialect,
        field: &'static str,
        column: &'static str,
    ) -> Result<(), Reject> {
        match value {
            Some(value) => self.json(value, around, field, column),
            None => {
                self.row.null();
                Ok(())
            }
        }
    }

    /// A jsonb column of strings.
    fn json_texts(&mut self, texts: &[&str]) {
        let write = |out: &mut Vec<u8>| Ok::<_, std::convert::Infallible>(write_texts(texts, out));
        let Ok(()) = self.row.jsonb(write);
    }

    /// A jsonb column of a fixed text.
    fn json_raw(&mut self, json: &[u8]) {
        let write = |out: &mut Vec<u8>| {
            out.extend_from_slice(json);
            Ok::<_, std::convert::Infallible>(0)
        };
        let Ok(()) = self.row.jsonb(write);
    }

    /// created_at, position and tie: the columns with which every row but a delete's goes on.
    fn times(&mut self, created_at: Micros, position: Position) {
        self.row.timestamp(created_at);
        self.row.timestamp(position.at);
        self.row.int8(position.tie);
    }

    /// commit_time, commit_seq and commit_rev.
    fn commit(&mut self, kind: Kind, stamp: &Stamp<'_>) -> Result<(), Reject> {
        self.row.opt_timestamp(stamp.time);
        match commit_columns(kind) {
            Some([seq, rev]) => {
                self.opt_key(stamp.seq, "seq", &[seq])?;
                self.opt_key(stamp.rev, "rev", &[rev])
            }
            None => {
                self.row.opt_text(stamp.seq);
                self.row.opt_text(stamp.rev);
                Ok(())
            }
        }
    }
}

/// Where a commit's sequence number and revision go, if the table has columns for them.
fn commit_columns(kind: Kind) -> Option<[Column; 2]> {
    Some(match kind {
        Kind::Posts => [Column::PostsCommitSeq, Column::PostsCommitRev],
        Kind::Likes => [Column::LikesCommitSeq, Column::LikesCommitRev],
        Kind::Reposts => [Column::RepostsCommitSeq, Column::RepostsCommitRev],
        Kind::Follows => [Column::FollowsCommitSeq, Column::FollowsCommitRev],
        Kind::Blocks => [Column::BlocksCommitSeq, Column::BlocksCommitRev],
        _ => return None,
    })
}

fn write_texts(texts: &[&str], out: &mut Vec<u8>) -> u64 {
    out.push(b'[');
    let mut nuls = 0;
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        nuls += dialect::write_string(text, out);
    }
    out.push(b']');
    nuls
}

/// A reference to a record: uri and perhaps CID.
#[derive(Clone, Copy, Debug)]
struct StrongRef<'a> {
    uri: &'a str,
    cid: Option<&'a str>,
}

/// The names by which a reference's parts stand in reasons.
struct RefNames {
    whole: &'static str,
    uri: &'static str,
}

/// A reference without which there is no row.
fn needed_ref<'a>(
    value: Option<&'a Value>,
    around: Dialect,
    names: &RefNames,
    cells: &mut Cells<'_>,
) -> Result<StrongRef<'a>, Reject> {
    let value = envelope::needed(value, names.whole)?;
    let node = Node::of(value, around).ok_or(Reject::new(Problem::WrongType, names.whole))?;
    let [uri, cid] = node.fields(["uri", "cid"]);
    Ok(StrongRef {
        uri: envelope::at_uri(uri, names.uri)?,
        cid: cells.optional(cid),
    })
}

/// A reference that may be absent: NULL, counted, where it is of another type. What is a text and
/// not an at-uri is refused like everywhere: a later count would be made for a uri that is none.
fn optional_ref<'a>(
    value: Option<&'a Value>,
    around: Dialect,
    names: &RefNames,
    cells: &mut Cells<'_>,
) -> Result<Option<StrongRef<'a>>, Reject> {
    let Some(value) = value else { return Ok(None) };
    let Some(node) = Node::of(value, around) else {
        cells.repaired(Repair::WrongType);
        return Ok(None);
    };
    let [uri, cid] = node.fields(["uri", "cid"]);
    if cells.optional(uri).is_none() {
        return Ok(None);
    }
    Ok(Some(StrongRef {
        uri: envelope::at_uri(uri, names.uri)?,
        cid: cells.optional(cid),
    }))
}
