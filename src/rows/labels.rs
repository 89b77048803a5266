//! com.atproto.label.label, which only the incumbents' code knows as a record.

use super::records::{self, Head, Middle};
use super::{Cells, Source};
use crate::decode::{datetime, envelope, uri};
use crate::reject::{Problem, Reject};
use crate::stage::Kind;
use crate::tally::Repair;
use crate::widths::Column;
use sonic_rs::{JsonValueTrait, Value};

/// Writes a label's row.
pub(super) fn label(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [uri, did, val, neg, created_at, cts] =
        source
            .record
            .fields(["uri", "did", "val", "neg", "createdAt", "cts"]);
    let subject = subject(uri, did)?;
    let val = envelope::text(val, "val")?;
    cells.fit(subject, "uri", &[Column::LabelsSubject])?;
    cells.fit(val, "val", &[Column::LabelsVal])?;
    let middle = Middle {
        subject: Some(subject),
        name: Some(val),
        flags: [Some(negates(neg, cells)), None, None],
        ..Middle::default()
    };
    let head = Head::of(
        Kind::Labels,
        source,
        &[Column::LabelsUri],
        &[Column::LabelsSrc],
        &[],
    );
    records::begin(&head, &middle, cells)?;
    // `cts` is the label's own name for its date: it also stands in for one that cannot be read.
    let created_at = [created_at, cts].into_iter().find(|at| is_date(*at));
    let created_at = cells.created_at(created_at.flatten(), source.stamp);
    records::end_without_body(created_at, source.stamp.position, cells);
    Ok(())
}

fn is_date(value: Option<&Value>) -> bool {
    let text = value.and_then(|value| value.as_str());
    text.and_then(datetime::parse).is_some()
}

/// What is labelled: the record or account that `uri` names, else the account that `did` names.
fn subject<'a>(uri_field: Option<&'a Value>, did: Option<&'a Value>) -> Result<&'a str, Reject> {
    let Some(_) = uri_field else {
        return if did.is_some() {
            envelope::did(did, "did")
        } else {
            Err(Reject::new(Problem::Missing, "uri"))
        };
    };
    let text = envelope::text(uri_field, "uri")?;
    if uri::is_at_uri(text) || uri::is_did(text) {
        Ok(text)
    } else {
        Err(Reject::new(Problem::InvalidUri, "uri"))
    }
}

/// Whether the label takes an earlier one back: no, unless it says so.
fn negates(neg: Option<&Value>, cells: &mut Cells<'_>) -> bool {
    let Some(neg) = neg else { return false };
    neg.as_bool().unwrap_or_else(|| {
        cells.repaired(Repair::WrongType);
        false
    })
}
