//! What rows that were added or removed change in the counts of what they point at, by uri.

use ahash::RandomState;
use hashbrown::HashMap;
use std::borrow::Cow;

/// A count of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Likes.
    Likes,
    /// Reposts.
    Reposts,
    /// Replies.
    Replies,
    /// Bookmarks.
    Bookmarks,
    /// Quotes.
    Quotes,
}

/// How many counts there are; they stand in the order of [`Count`].
pub const COUNTS: usize = 5;

/// Changes of counts by uri. Its hash is keyed, because uris come from strangers.
#[derive(Debug, Default)]
pub struct Deltas<'b> {
    by_uri: HashMap<Cow<'b, str>, [i32; COUNTS], RandomState>,
}

/// The same in columns, by uri ascending.
#[derive(Debug, Default)]
pub struct Columns<'d> {
    /// Each uri once.
    pub uris: Vec<&'d str>,
    /// What each of its counts changes by.
    pub counts: [Vec<i32>; COUNTS],
}

impl<'b> Deltas<'b> {
    /// Makes sure that a uri is there.
    pub fn touch(&mut self, uri: &'b str) {
        self.by_uri.entry(Cow::Borrowed(uri)).or_default();
    }

    /// One more of a count.
    pub fn add(&mut self, uri: &'b str, count: Count) {
        self.by_uri.entry(Cow::Borrowed(uri)).or_default()[count as usize] += 1;
    }

    /// Changes of all counts.
    pub fn add_all(&mut self, uri: String, counts: [i32; COUNTS]) {
        let sums = self.by_uri.entry(Cow::Owned(uri)).or_default();
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
    }

    /// All of them, in the order in which every transaction takes rows.
    #[must_use]
    pub fn sorted(&self) -> Columns<'_> {
        let mut sorted: Vec<(&str, [i32; COUNTS])> = self
            .by_uri
            .iter()
            .map(|(uri, counts)| (uri.as_ref(), *counts))
            .collect();
        sorted.sort_unstable_by_key(|(uri, _)| *uri);
        let column = |at: usize| sorted.iter().map(|(_, counts)| counts[at]).collect();
        Columns {
            uris: sorted.iter().map(|(uri, _)| *uri).collect(),
            counts: std::array::from_fn(column),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_by_uri_and_sorts() {
        let mut deltas = Deltas::default();
        deltas.touch("b");
        deltas.add("b", Count::Replies);
        deltas.add("b", Count::Replies);
        deltas.add_all("a".to_owned(), [1, 0, 0, 0, -1]);
        deltas.add_all("b".to_owned(), [0, 0, -1, 0, 3]);
        let Columns { uris, counts } = deltas.sorted();
        assert_eq!(uris, ["a", "b"]);
        assert_eq!(
            counts,
            [vec![1, 0], vec![0, 0], vec![0, 1], vec![0, 0], vec![-1, 3]]
        );
    }
}
