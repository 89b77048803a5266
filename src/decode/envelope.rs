//! What an entry's data says around its records: commits and their ops, identities, accounts.
//!
//! It knows the shapes of CONTRACT §1 and what must be in them. It does not look into records.

use crate::decode::{cid, pick, uri};
use crate::reject::{Problem, Reject};
use crate::tally::Action;
use sonic_rs::{Array, JsonContainerTrait, JsonValueTrait, Object, Value};
use std::borrow::Cow;

/// A commit that can be taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Commit<'a> {
    /// The DID of the repository.
    pub repo: &'a str,
    /// The ops, each still to be looked at.
    pub ops: &'a Array,
    /// `rev`, where it is there.
    pub rev: Option<&'a Value>,
    /// `time`, where it is there.
    pub time: Option<&'a Value>,
}

/// Reads a commit.
///
/// # Errors
///
/// If nothing in it can be stored: no object, no repository, no ops.
pub fn commit(data: &Value) -> Result<Commit<'_>, Reject> {
    let [repo, ops, rev, time] = pick(object(data, "data")?, ["repo", "ops", "rev", "time"]);
    let repo = did(repo, "repo")?;
    let ops = needed(ops, "ops")?.as_array();
    let ops = ops.ok_or(Reject::new(Problem::WrongType, "ops"))?;
    Ok(Commit {
        repo,
        ops,
        rev,
        time,
    })
}

/// One op, its action not yet read: an op with an action makes a users row even when the rest of
/// it is refused.
#[derive(Clone, Copy, Debug)]
pub struct RawOp<'a> {
    action: Option<&'a Value>,
    path: Option<&'a Value>,
    /// The record's CID in whatever form it came.
    pub cid: Option<&'a Value>,
    /// The record.
    pub record: Option<&'a Value>,
}

/// Reads an op.
///
/// # Errors
///
/// If it is no object.
pub fn op(op: &Value) -> Result<RawOp<'_>, Reject> {
    let [action, path, cid, record] = pick(object(op, "op")?, ["action", "path", "cid", "record"]);
    Ok(RawOp {
        action,
        path,
        cid,
        record,
    })
}

impl<'a> RawOp<'a> {
    /// What the op does.
    ///
    /// # Errors
    ///
    /// If it says nothing, or nothing known.
    pub fn action(&self) -> Result<Action, Reject> {
        match text(self.action, "action")? {
            "create" => Ok(Action::Create),
            "update" => Ok(Action::Update),
            "delete" => Ok(Action::Delete),
            _ => Err(Reject::new(Problem::UnknownAction, "action")),
        }
    }

    /// The path, and in it collection and record key.
    ///
    /// # Errors
    ///
    /// If it is missing or makes no uri.
    pub fn path(&self) -> Result<Path<'a>, Reject> {
        let whole = text(self.path, "path")?;
        let split = uri::split_path(whole);
        let (collection, rkey) = split.ok_or(Reject::new(Problem::InvalidUri, "path"))?;
        Ok(Path {
            whole,
            collection,
            rkey,
        })
    }

    /// The record's CID as text; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it is there in no form that is known.
    pub fn cid(&self) -> Result<Option<Cow<'a, str>>, Reject> {
        let wrong = Reject::new(Problem::WrongType, "cid");
        self.cid
            .map(|value| cid::of_ref(value).ok_or(wrong))
            .transpose()
    }
}

/// A record's place in its repository.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// `collection/rkey`.
    pub whole: &'a str,
    /// The collection's NSID.
    pub collection: &'a str,
    /// The record key.
    pub rkey: &'a str,
}

/// An identity event.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Whose.
    pub did: &'a str,
    /// The new handle; often absent, and then nothing changes.
    pub handle: Option<&'a Value>,
}

/// Reads an identity event.
///
/// # Errors
///
/// If it is no object or names no DID.
pub fn identity(data: &Value) -> Result<Identity<'_>, Reject> {
    let [owner, handle] = pick(object(data, "data")?, ["did", "handle"]);
    Ok(Identity {
        did: did(owner, "did")?,
        handle,
    })
}

/// An account event.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a> {
    /// Whose.
    pub did: &'a str,
    /// Whether the account is active.
    pub active: bool,
    /// Why not, where that is said.
    pub status: Option<&'a Value>,
}

/// Reads an account event.
///
/// # Errors
///
/// If it is no object, names no DID or does not say whether the account is active.
pub fn account(data: &Value) -> Result<Account<'_>, Reject> {
    let [owner, active, status] = pick(object(data, "data")?, ["did", "active", "status"]);
    let did = did(owner, "did")?;
    let active = needed(active, "active")?.as_bool();
    let active = active.ok_or(Reject::new(Problem::WrongType, "active"))?;
    Ok(Account {
        did,
        active,
        status,
    })
}

/// A value that must be there.
///
/// # Errors
///
/// If it is not.
pub fn needed<'a>(value: Option<&'a Value>, field: &'static str) -> Result<&'a Value, Reject> {
    value.ok_or(Reject::new(Problem::Missing, field))
}

/// A text that must be there.
///
/// # Errors
///
/// If it is not there, or not a text.
pub fn text<'a>(value: Option<&'a Value>, field: &'static str) -> Result<&'a str, Reject> {
    needed(value, field)?
        .as_str()
        .ok_or(Reject::new(Problem::WrongType, field))
}

/// A DID that must be there.
///
/// # Errors
///
/// If it is not there, or not a DID.
pub fn did<'a>(value: Option<&'a Value>, field: &'static str) -> Result<&'a str, Reject> {
    let text = text(value, field)?;
    if uri::is_did(text) {
        Ok(text)
    } else {
        Err(Reject::new(Problem::InvalidDid, field))
    }
}

/// An at-uri that must be there.
///
/// # Errors
///
/// If it is not there, or not an at-uri.
pub fn at_uri<'a>(value: Option<&'a Value>, field: &'static str) -> Result<&'a str, Reject> {
    let text = text(value, field)?;
    if uri::is_at_uri(text) {
        Ok(text)
    } else {
        Err(Reject::new(Problem::InvalidUri, field))
    }
}

fn object<'a>(value: &'a Value, field: &'static str) -> Result<&'a Object, Reject> {
    value
        .as_object()
        .ok_or(Reject::new(Problem::WrongType, field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json;

    fn value(text: &str) -> Value {
        json::parse(text.as_bytes()).expect("JSON").value
    }

    fn reason(text: &str) -> String {
        commit(&value(text))
            .map(|_| ())
            .expect_err("refused")
            .reason()
            .into_owned()
    }

    #[test]
    fn reads_a_commit_with_its_extra_keys() {
        let data =
            value(r#"{"repo":"did:plc:a","ops":[],"rev":"3k","time":"t","seq":1,"ops":[{}]}"#);
        let commit = commit(&data).expect("a commit");
        assert_eq!((commit.repo, commit.ops.len()), ("did:plc:a", 1));
        assert_eq!(commit.rev.and_then(|rev| rev.as_str()), Some("3k"));
    }

    #[test]
    fn says_what_a_commit_lacks() {
        assert_eq!(reason("[]"), "wrong_type:data");
        assert_eq!(reason("{}"), "missing:repo");
        assert_eq!(reason(r#"{"repo":null,"ops":[]}"#), "missing:repo");
        assert_eq!(reason(r#"{"repo":5,"ops":[]}"#), "wrong_type:repo");
        assert_eq!(reason(r#"{"repo":"x","ops":[]}"#), "invalid_did:repo");
        assert_eq!(reason(r#"{"repo":"did:plc:a"}"#), "missing:ops");
        assert_eq!(reason(r#"{"repo":"did:plc:a","ops":{}}"#), "wrong_type:ops");
    }

    #[test]
    fn says_what_an_op_lacks() {
        let check = |text: &str| {
            let op_value = value(text);
            let op = op(&op_value)?;
            op.action()?;
            op.path()?;
            op.cid().map(|_| ())
        };
        let reason = |text: &str| check(text).expect_err("refused").reason().into_owned();
        assert_eq!(reason("5"), "wrong_type:op");
        assert_eq!(reason("{}"), "missing:action");
        assert_eq!(reason(r#"{"action":"move"}"#), "unknown_action");
        assert_eq!(reason(r#"{"action":"create"}"#), "missing:path");
        assert_eq!(
            reason(r#"{"action":"create","path":"a/b"}"#),
            "invalid_uri:path"
        );
        assert_eq!(
            reason(r#"{"action":"create","path":"a.b.c/d","cid":5}"#),
            "wrong_type:cid"
        );
        assert!(check(r#"{"action":"create","path":"a.b.c/d","cid":{"$link":"x"}}"#).is_ok());
    }

    #[test]
    fn reads_identities_and_accounts() {
        let data =
            value(r#"{"did":"did:plc:a","handle":null,"active":false,"status":"takendown"}"#);
        assert!(identity(&data).expect("an identity").handle.is_none());
        assert!(!account(&data).expect("an account").active);
        assert_eq!(
            account(&value(r#"{"did":"did:plc:a"}"#))
                .expect_err("refused")
                .reason(),
            "missing:active"
        );
    }
}
