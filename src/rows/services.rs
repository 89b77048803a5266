//! app.bsky.feed.generator and app.bsky.labeler.service.

use super::profiles::blob;
use super::records::{self, Head, Middle};
use super::{Cells, Source};
use crate::decode::envelope;
use crate::reject::Reject;
use crate::stage::Kind;
use crate::widths::Column;

/// Writes a feed generator's row.
pub(super) fn feed_generator(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [did, name, description, avatar, created_at] =
        source
            .record
            .fields(["did", "displayName", "description", "avatar", "createdAt"]);
    let avatar = blob(avatar, source.record.dialect(), cells);
    let service = envelope::did(did, "did")?;
    cells.fit(service, "did", &[Column::FeedGeneratorsDid])?;
    let name = cells.text_or_empty(name, "displayName")?;
    let middle = Middle {
        subject: Some(service),
        name: Some(cells.cut(name, Column::FeedGeneratorsDisplayName)),
        description: cells.optional(description),
        avatar: avatar.as_deref(),
        ..Middle::default()
    };
    let (uri, owner, cid) = (
        &[Column::FeedGeneratorsUri],
        &[Column::FeedGeneratorsCreatorDid],
        &[Column::FeedGeneratorsCid],
    );
    records::begin(
        &Head::of(Kind::FeedGenerators, source, uri, owner, cid),
        &middle,
        cells,
    )?;
    let created_at = cells.created_at(created_at, source.stamp);
    records::end_without_body(created_at, source.stamp.position, cells);
    Ok(())
}

/// What stands for policies that are missing (CONTRACT §3).
const NO_POLICIES: &[u8] = br#"{"labelValues":[],"labelValueDefinitions":[]}"#;

/// Writes a labeler's row.
pub(super) fn labeler(source: &Source<'_>, cells: &mut Cells<'_>) -> Result<(), Reject> {
    let [policies, created_at] = source.record.fields(["policies", "createdAt"]);
    let (uri, owner, cid) = (
        &[Column::LabelerServicesUri],
        &[Column::LabelerServicesCreatorDid],
        &[Column::LabelerServicesCid],
    );
    let head = Head::of(Kind::LabelerServices, source, uri, owner, cid);
    records::begin(&head, &Middle::default(), cells)?;
    match policies {
        Some(policies) => cells.json(
            policies,
            source.record.dialect(),
            "policies",
            "labeler_services.policies",
        )?,
        None => cells.json_raw(NO_POLICIES),
    }
    let created_at = cells.created_at(created_at, source.stamp);
    records::end(created_at, source.stamp.position, cells);
    Ok(())
}
