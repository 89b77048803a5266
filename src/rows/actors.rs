//! Identity and account events, staged beside the records.

use super::records::{self, Head, Middle};
use super::{Cells, Stamp};
use crate::decode::envelope::Account;
use crate::reject::Reject;
use crate::stage::Kind;
use crate::widths::Column;

/// Writes the row of a DID's new handle. Its key is `identity:{did}`.
///
/// # Errors
///
/// If DID or handle is longer than its column.
pub fn handle(
    key: &str,
    did: &str,
    handle: &str,
    stamp: &Stamp<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    cells.fit(did, "did", &[Column::UsersDid])?;
    cells.fit(handle, "handle", &[Column::UsersHandle])?;
    let middle = Middle {
        name: Some(handle),
        ..Middle::default()
    };
    write(&event(Kind::Handles, key, did), &middle, stamp, cells)
}

/// Writes the row of an account's state. Its key is `account:{did}`.
///
/// # Errors
///
/// None as long as `forebay.accounts` holds text of any length.
pub fn account(
    key: &str,
    account: &Account<'_>,
    stamp: &Stamp<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    let status = cells.optional(account.status);
    let middle = Middle {
        name: status,
        flags: [Some(account.active), None, None],
        ..Middle::default()
    };
    write(
        &event(Kind::Accounts, key, account.did),
        &middle,
        stamp,
        cells,
    )
}

fn event<'a>(kind: Kind, key: &'a str, did: &'a str) -> Head<'a> {
    Head {
        kind,
        uri: key,
        uri_columns: &[],
        did,
        did_columns: &[],
        cid: None,
        cid_columns: &[],
    }
}

fn write(
    head: &Head<'_>,
    middle: &Middle<'_>,
    stamp: &Stamp<'_>,
    cells: &mut Cells<'_>,
) -> Result<(), Reject> {
    records::begin(head, middle, cells)?;
    records::end_without_body(stamp.position.at, stamp.position, cells);
    Ok(())
}
