//! What follows from records beside their own rows, as the AppView's readers expect it, and which of
//! it is kept.
//!
//! It knows names. What each is made of stands with its statements.

use std::fmt;
use std::str::FromStr;

/// One kind of what follows from records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derived {
    /// `notifications`.
    Notifications,
    /// `post_viewer_states`.
    ViewerStates,
    /// `thread_contexts`.
    ThreadContexts,
    /// `label_events`.
    LabelEvents,
    /// `posts.violates_thread_gate` and `posts.violates_embedding_rules`.
    GateViolations,
}

impl Derived {
    /// All of them.
    pub const ALL: [Derived; 5] = [
        Derived::Notifications,
        Derived::ViewerStates,
        Derived::ThreadContexts,
        Derived::LabelEvents,
        Derived::GateViolations,
    ];

    /// As an operator names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Derived::Notifications => "notifications",
            Derived::ViewerStates => "viewer_states",
            Derived::ThreadContexts => "thread_contexts",
            Derived::LabelEvents => "label_events",
            Derived::GateViolations => "gate_violations",
        }
    }
}

/// Some of them. Written, it is their names with commas between them; `all` for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivedSet(u8);

const ALL_NAME: &str = "all";

/// A name that is none of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is none of all, notifications, viewer_states, thread_contexts, label_events, gate_violations"
)]
pub struct NoDerived(String);

impl DerivedSet {
    /// None of them.
    pub const NONE: DerivedSet = DerivedSet(0);
    /// All of them.
    pub const ALL: DerivedSet = DerivedSet((1 << Derived::ALL.len()) - 1);

    /// The same with one more.
    #[must_use]
    pub const fn with(self, one: Derived) -> DerivedSet {
        DerivedSet(self.0 | 1 << one as u8)
    }

    /// Whether one is among them.
    #[must_use]
    pub const fn has(self, one: Derived) -> bool {
        self.0 >> one as u8 & 1 == 1
    }
}

impl Default for DerivedSet {
    fn default() -> DerivedSet {
        DerivedSet::ALL
    }
}

impl FromStr for DerivedSet {
    type Err = NoDerived;

    fn from_str(text: &str) -> Result<DerivedSet, NoDerived> {
        let names = text.split(',').map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .try_fold(DerivedSet::NONE, |some, name| {
                if name == ALL_NAME {
                    return Ok(DerivedSet::ALL);
                }
                let mut all = Derived::ALL.into_iter();
                let one = all.find(|one| one.name() == name);
                one.map(|one| some.with(one))
                    .ok_or_else(|| NoDerived(name.to_owned()))
            })
    }
}

impl fmt::Display for DerivedSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == DerivedSet::ALL {
            return f.write_str(ALL_NAME);
        }
        let some = Derived::ALL.into_iter().filter(|one| self.has(*one));
        let names: Vec<&str> = some.map(Derived::name).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        let read = |text: &str| text.parse::<DerivedSet>();
        assert_eq!(read(""), Ok(DerivedSet::NONE));
        assert_eq!(read("all"), Ok(DerivedSet::ALL));
        let every = Derived::ALL.map(Derived::name).join(",");
        assert_eq!(read(&every), Ok(DerivedSet::ALL));
        let some = DerivedSet::NONE
            .with(Derived::LabelEvents)
            .with(Derived::Notifications);
        assert_eq!(read(" label_events, notifications,"), Ok(some));
        assert_eq!(some.to_string(), "notifications,label_events");
        assert_eq!(DerivedSet::ALL.to_string(), "all");
        assert_eq!(DerivedSet::NONE.to_string(), "");
        assert!(some.has(Derived::LabelEvents) && !some.has(Derived::ViewerStates));
    }

    #[test]
    fn what_is_unknown_is_named_beside_what_is_known() {
        let Err(error) = "notifications,likes".parse::<DerivedSet>() else {
            panic!("likes follow from nothing");
        };
        let text = error.to_string();
        assert!(text.starts_with("\"likes\" is none of all, "), "{text}");
        for one in Derived::ALL {
            assert!(text.contains(one.name()), "{text}");
        }
    }
}
