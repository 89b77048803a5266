//! What of its sources a backfill takes. Pure.

use std::collections::HashSet;

use crate::position::Micros;

/// What is taken; without any of these, all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Collections; one that ends in `*` stands for all that begin as it does. Identities and accounts
    /// belong to none.
    pub collections: Vec<String>,
    /// Repositories.
    pub dids: HashSet<String>,
    /// What is older is left out, by its own time: that of its event, or a record's `createdAt`.
    pub since: Option<Micros>,
}

impl Filter {
    /// Whether a repository is taken.
    #[must_use]
    pub fn has_did(&self, did: &str) -> bool {
        self.dids.is_empty() || self.dids.contains(did)
    }

    /// Whether the records of this path's collection are taken.
    #[must_use]
    pub fn has_path(&self, path: &str) -> bool {
        let collection = path.split('/').next().unwrap_or_default();
        self.collections.is_empty()
            || self.collections.iter().any(|wanted| {
                wanted
                    .strip_suffix('*')
                    .map_or(wanted == collection, |start| collection.starts_with(start))
            })
    }

    /// Whether what was at this time is taken; what has no time is.
    #[must_use]
    pub fn has_time(&self, at: Option<Micros>) -> bool {
        match (self.since, at) {
            (Some(since), Some(at)) => at >= since,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_is_named() {
        let filter = Filter {
            collections: vec![
                "app.bsky.feed.post".to_owned(),
                "app.bsky.graph.*".to_owned(),
            ],
            dids: HashSet::from(["did:plc:a".to_owned()]),
            since: Some(10),
        };
        assert!(filter.has_path("app.bsky.feed.post/1"));
        assert!(filter.has_path("app.bsky.graph.follow/1"));
        assert!(!filter.has_path("app.bsky.feed.postgate/1"));
        assert!(filter.has_did("did:plc:a") && !filter.has_did("did:plc:b"));
        assert!(filter.has_time(Some(10)) && filter.has_time(None) && !filter.has_time(Some(9)));
        let all = Filter::default();
        assert!(all.has_path("x/y") && all.has_did("did:plc:b") && all.has_time(Some(9)));
    }
}
