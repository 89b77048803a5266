//! What decides how entries become rows, beside the entries themselves.

use std::sync::Arc;

use clap::ValueEnum;

use crate::derived::DerivedSet;
use crate::widths::Widths;

/// What an account event with status `deleted` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum AccountDeleted {
    /// It is recorded; the account's records stay.
    #[default]
    Keep,
    /// The account's records up to the event are removed, as if each had been deleted by it.
    Purge,
}

/// The same for all batches of a process.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Lengths of the AppView's columns.
    pub widths: Arc<Widths>,
    /// What becomes of deleted accounts.
    pub account_deleted: AccountDeleted,
    /// What of what follows from records is kept.
    pub derived: DerivedSet,
}

impl From<Arc<Widths>> for Rules {
    /// With everything else at its default.
    fn from(widths: Arc<Widths>) -> Rules {
        Rules {
            widths,
            account_deleted: AccountDeleted::default(),
            derived: DerivedSet::default(),
        }
    }
}
