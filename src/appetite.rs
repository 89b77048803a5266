//! How many entries the next read asks for: more under backlog, fewer where they are large.
//!
//! Redis counts entries, not bytes, and an entry may have megabytes. So what a read may bring is
//! judged by what the last one brought. Pure: it knows neither the reader nor the clock.

/// The most that one read asks for: a megabyte or so of entries.
const MOST: usize = 1_000;
/// Bytes that a read should not bring more of.
const BYTES: usize = 8 << 20;

/// What the next read asks for.
#[derive(Clone, Copy, Debug)]
pub struct Appetite {
    least: usize,
    count: usize,
}

impl Appetite {
    /// Begins with what a read asks for at the stream's end.
    #[must_use]
    pub fn new(least: usize) -> Self {
        Appetite {
            least,
            count: least,
        }
    }

    /// Entries to ask for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// Learns from a read of [`count`](Self::count): how many entries it gave, and their bytes.
    pub fn learn(&mut self, entries: usize, bytes: usize) {
        let wanted = if entries < self.count {
            self.least
        } else {
            (self.count * 2).min(MOST.max(self.least))
        };
        let each = bytes / entries.max(1);
        self.count = wanted.min(BYTES / each.max(1)).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_under_backlog_and_falls_back_at_the_end() {
        let mut appetite = Appetite::new(300);
        let mut counts = Vec::new();
        for read in [300, 600, 1_000, 1_000, 999, 10] {
            appetite.learn(read, read * 900);
            counts.push(appetite.count());
        }
        assert_eq!(counts, [600, 1_000, 1_000, 1_000, 300, 300]);
    }

    #[test]
    fn asks_for_fewer_where_entries_are_large() {
        let mut appetite = Appetite::new(500);
        appetite.learn(500, 500 << 20);
        assert_eq!(appetite.count(), 8);
        appetite.learn(8, 8 * (100 << 20));
        assert_eq!(appetite.count(), 1, "never none");
        for count in [2, 4, 8, 16] {
            appetite.learn(appetite.count(), appetite.count() * 10);
            assert_eq!(appetite.count(), count);
        }
        appetite.learn(0, 0);
        assert_eq!(appetite.count(), 500);
    }

    #[test]
    fn never_below_what_the_operator_asks_for() {
        let mut appetite = Appetite::new(5_000);
        appetite.learn(5_000, 5_000);
        assert_eq!(appetite.count(), 5_000);
    }
}
