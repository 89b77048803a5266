//! Why an op or an entry cannot be stored, and what an operator can do about it.
//!
//! Every reason and every remedy stands here and nowhere else. It does not know how a reason was
//! found, nor where the dead letter goes.

use crate::decode::dialect::Unstorable;
use crate::widths::Column;
use std::borrow::Cow;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Problem {
    /// A field that is needed is absent or null.
    Missing,
    /// A field that is needed has another JSON type.
    WrongType,
    /// A text is longer than its column, or than jsonb can hold.
    TooLong,
    /// A uri, or a path in a repository, is none.
    InvalidUri,
    /// A DID is none.
    InvalidDid,
    /// A number is beyond what PostgreSQL's numeric holds, or all of them together are too long.
    BadNumber,
    /// The record's `$type` is not its collection.
    TypeMismatch,
    /// What goes into a jsonb column nests over 128 deep.
    TooDeep,
    /// The action is not create, update or delete.
    UnknownAction,
    /// The data is not JSON.
    NotJson,
}

impl Problem {
    /// All of them.
    pub const ALL: [Problem; 10] = [
        Problem::Missing,
        Problem::WrongType,
        Problem::TooLong,
        Problem::InvalidUri,
        Problem::InvalidDid,
        Problem::BadNumber,
        Problem::TypeMismatch,
        Problem::TooDeep,
        Problem::UnknownAction,
        Problem::NotJson,
    ];

    /// The stable name that a reason begins with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Problem::Missing => "missing",
            Problem::WrongType => "wrong_type",
            Problem::TooLong => "too_long",
            Problem::InvalidUri => "invalid_uri",
            Problem::InvalidDid => "invalid_did",
            Problem::BadNumber => "bad_number",
            Problem::TypeMismatch => "type_mismatch",
            Problem::TooDeep => "too_deep",
            Problem::UnknownAction => "unknown_action",
            Problem::NotJson => "not_json",
        }
    }

    /// What an operator can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Problem::Missing => {
                "The record lacks a field that its row needs. Ask who wrote it; if the reader dropped the field, mend the reader and replay."
            }
            Problem::WrongType => {
                "A field has another JSON type than its lexicon says. Ask who wrote the record; replaying it unchanged fails again."
            }
            Problem::TooLong => {
                "Widen the column named here if the value should be kept, restart, and replay; else discard the letter."
            }
            Problem::InvalidUri => {
                "The value is not an at-uri, or not a path `collection/rkey`. Ask who wrote it; replaying it unchanged fails again."
            }
            Problem::InvalidDid => {
                "The value is not a DID. Ask who wrote it; replaying it unchanged fails again."
            }
            Problem::BadNumber => {
                "A number exceeds PostgreSQL's numeric (131072 digits before the point, 16383 after), or the record's numbers have over 16 million digits. It cannot be stored; discard the letter."
            }
            Problem::TypeMismatch => {
                "The record's $type is missing or not its collection. Ask who wrote it; replaying it unchanged fails again."
            }
            Problem::TooDeep => {
                "The record nests over 128 deep. It cannot be stored; discard the letter."
            }
            Problem::UnknownAction => {
                "The action is none of create, update and delete. Check the version of the reader that writes the stream."
            }
            Problem::NotJson => "The entry's data is not JSON. Check what writes to the stream.",
        }
    }

    /// Whether a reason names the field.
    const fn names_field(self) -> bool {
        !matches!(
            self,
            Problem::TypeMismatch | Problem::TooDeep | Problem::UnknownAction | Problem::NotJson
        )
    }
}

/// Why one op, or a whole entry, is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// What is wrong.
    pub problem: Problem,
    /// Where: the field by its lexicon name, with dots between levels.
    pub field: &'static str,
    /// The column that does not take it, as `table.column`, where that is the reason.
    pub column: Option<&'static str>,
}

impl Reject {
    /// A problem of a field.
    #[must_use]
    pub const fn new(problem: Problem, field: &'static str) -> Self {
        Reject {
            problem,
            field,
            column: None,
        }
    }

    /// A text that a column does not hold.
    #[must_use]
    pub const fn too_long(field: &'static str, column: Column) -> Self {
        Reject {
            problem: Problem::TooLong,
            field,
            column: Some(column.name()),
        }
    }

    /// A value that a jsonb column, `table.column`, does not take.
    #[must_use]
    pub const fn unstorable(why: Unstorable, field: &'static str, column: &'static str) -> Self {
        let problem = match why {
            Unstorable::TooDeep => Problem::TooDeep,
            Unstorable::BadNumber => Problem::BadNumber,
            Unstorable::TooLong => Problem::TooLong,
        };
        Reject {
            problem,
            field,
            column: Some(column),
        }
    }

    /// The stable text of the reason: `missing:subject`, `not_json`.
    #[must_use]
    pub fn reason(&self) -> Cow<'static, str> {
        if self.problem.names_field() {
            Cow::Owned(format!("{}:{}", self.problem.name(), self.field))
        } else {
            Cow::Borrowed(self.problem.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_stable_texts() {
        assert_eq!(
            Reject::new(Problem::Missing, "subject").reason(),
            "missing:subject"
        );
        assert_eq!(Reject::new(Problem::NotJson, "data").reason(), "not_json");
        let long = Reject::too_long("subject.uri", Column::LikesPostUri);
        assert_eq!(
            (long.reason().as_ref(), long.column),
            ("too_long:subject.uri", Some("likes.post_uri"))
        );
    }

    #[test]
    fn every_problem_has_its_own_name_and_a_remedy() {
        let names: std::collections::HashSet<_> =
            Problem::ALL.iter().map(|problem| problem.name()).collect();
        assert_eq!(names.len(), Problem::ALL.len());
        assert!(
            Problem::ALL
                .iter()
                .all(|problem| problem.remedy().ends_with('.'))
        );
    }
}
