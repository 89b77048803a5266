//! Collections without a table of their own, identities and accounts.

use super::*;
use crate::tally::{Event, Repair, Unstored};

#[test]
fn any_other_collection_is_kept_as_it_is() {
    let body = r#"{"$type":"pub.leaflet.doc","pages":[1.50,null],"record_type":"x"}"#;
    let row = record_row(&create("pub.leaflet.doc/r", body));
    assert_eq!(
        shape(&row),
        format!(
            "generic_records {DID} bafyrei NULL pub.leaflet.doc NULL NULL NULL NULL | --- | {body} | NULL"
        )
    );
    assert_eq!(time(&row[15]), 5_000);
}

#[test]
fn what_is_only_counted_still_makes_its_owner() {
    for (collection, what) in [
        ("app.bsky.actor.status", Unstored::ActorStatus),
        (
            "app.bsky.notification.declaration",
            Unstored::NotificationDeclaration,
        ),
        ("chat.bsky.actor.declaration", Unstored::ChatDeclaration),
        ("app.bsky.actor.profile", Unstored::ProfileNotSelf),
    ] {
        let batch = pushed(&[commit(5, &put(collection, "other", r#""x":1"#))]);
        assert_eq!(
            (batch.rows(), batch.dead().len(), batch.owners().count()),
            (0, 0, 1),
            "{collection}"
        );
        assert_eq!(batch.tally().unstored_count(what), 1);
    }
}

#[test]
fn identities_and_accounts() {
    let mut batch = pushed(&[
        entry(
            5,
            "identity",
            &format!(r#"{{"did":"{DID}","handle":"a.b"}}"#),
        ),
        entry(
            6,
            "identity",
            &format!(r#"{{"did":"{DID}","handle":null}}"#),
        ),
        entry(
            7,
            "account",
            &format!(r#"{{"did":"{DID}","active":false,"status":"takendown"}}"#),
        ),
        entry(8, "other", "not even JSON"),
    ]);
    let mut rows = rows_of(&mut batch, Stage::Records);
    // They go out by their uris.
    rows.reverse();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (text(&rows[0][0]), shape(&rows[0])),
        (
            format!("identity:{DID}").as_str(),
            format!("handles {DID}  NULL a.b NULL NULL NULL NULL | --- | NULL | NULL")
        )
    );
    assert_eq!(
        (text(&rows[1][0]), shape(&rows[1])),
        (
            format!("account:{DID}").as_str(),
            format!("accounts {DID}  NULL takendown NULL NULL NULL NULL | f-- | NULL | NULL")
        )
    );
    assert_eq!((time(&rows[1][15]), time(&rows[1][16])), (7_000, 7_000));
    assert_eq!(
        (
            batch.stubs().count(),
            batch.partitions().len(),
            batch.dead().len(),
            batch.ids().len()
        ),
        (1, 1, 0, 4)
    );
    let counted = [
        Event::Commit,
        Event::Identity,
        Event::Account,
        Event::Unknown,
    ]
    .map(|event| batch.tally().events(event));
    assert_eq!(counted, [0, 2, 1, 1]);
    assert_eq!(batch.tally().repairs(Repair::Cid), 0);
}

#[test]
fn a_later_identity_replaces_an_earlier_one() {
    let handle = |ms, handle: &str| {
        entry(
            ms,
            "identity",
            &format!(r#"{{"did":"{DID}","handle":"{handle}"}}"#),
        )
    };
    let mut batch = pushed(&[handle(5, "a.b"), handle(7, "c.d"), handle(6, "e.f")]);
    let rows = rows_of(&mut batch, Stage::Records);
    assert_eq!(
        rows.iter().map(|row| text(&row[5])).collect::<Vec<_>>(),
        ["c.d"]
    );
}
