//! Counters by labels that come from outside.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// The values of `L` labels.
pub type Labels<const L: usize> = [Cow<'static, str>; L];

/// Counters by `L` labels. What a server calls its errors is not ours to know, so that their number
/// is bounded: once there are many, new ones are counted under `other`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts<const L: usize>(BTreeMap<Labels<L>, u64>);

impl<const L: usize> Counts<L> {
    const MOST: usize = 200;

    /// Counts so many more.
    pub fn add(&mut self, labels: Labels<L>, more: u64) {
        let is_full = self.0.len() >= Self::MOST && !self.0.contains_key(&labels);
        let labels = if is_full {
            [const { Cow::Borrowed("other") }; L]
        } else {
            labels
        };
        *self.0.entry(labels).or_default() += more;
    }

    /// Every counter, in the order of the labels.
    pub fn iter(&self) -> impl Iterator<Item = (&Labels<L>, u64)> {
        self.0.iter().map(|(labels, count)| (labels, *count))
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.0.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_labels_is_counted_under_one() {
        let mut counts = Counts::default();
        for label in 0..1_000 {
            counts.add([Cow::Owned(label.to_string())], 2);
        }
        counts.add([Cow::Borrowed("0")], 5);
        assert!(counts.iter().count() <= Counts::<1>::MOST + 1);
        assert_eq!(counts.sum(), 2_005);
        let of = |label: &str| counts.iter().find(|(labels, _)| labels[0] == label);
        assert_eq!(of("0").map(|(_, count)| count), Some(7));
        assert_eq!(of("other").map(|(_, count)| count), Some(2 * 800));
    }
}
