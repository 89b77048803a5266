//! From the bytes of an entry to a commit, identity or account that can be routed.
//!
//! It finds out what is there and what is wrong with it, in both dialects. It does not know what
//! becomes of a record: that is `rows`, and where it goes is `route`.

pub mod cid;
pub mod datetime;
pub mod dialect;
pub mod envelope;
pub mod json;
pub mod names;
pub mod number;
pub mod span;
pub mod uri;

use sonic_rs::{JsonValueTrait, Object, Value};

/// The members of these names; a null counts as absent, and of a name that stands twice the last
/// counts (CONTRACT §1).
#[must_use]
pub fn pick<'a, const N: usize>(object: &'a Object, names: [&str; N]) -> [Option<&'a Value>; N] {
    let mut found = [None; N];
    for (key, value) in object.iter() {
        if let Some(index) = names.iter().position(|name| *name == key) {
            found[index] = (!value.is_null()).then_some(value);
        }
    }
    found
}
