//! How many rows a flush has really added to or removed from the tables that the AppView counts.

/// The tables whose rows are counted in Redis (CONTRACT §1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// `users`.
    Users,
    /// `posts`.
    Posts,
    /// `likes`.
    Likes,
    /// `reposts`.
    Reposts,
    /// `follows`.
    Follows,
    /// `blocks`.
    Blocks,
    /// `feed_items`.
    FeedItems,
    /// `post_aggregations`.
    PostAggregations,
}

impl Table {
    /// All of them.
    pub const ALL: [Table; 8] = [
        Table::Users,
        Table::Posts,
        Table::Likes,
        Table::Reposts,
        Table::Follows,
        Table::Blocks,
        Table::FeedItems,
        Table::PostAggregations,
    ];

    /// Its name, in the database and in Redis.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Table::Users => "users",
            Table::Posts => "posts",
            Table::Likes => "likes",
            Table::Reposts => "reposts",
            Table::Follows => "follows",
            Table::Blocks => "blocks",
            Table::FeedItems => "feed_items",
            Table::PostAggregations => "post_aggregations",
        }
    }

    /// The table of that name, if it is counted.
    #[must_use]
    pub fn named(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }
}

/// Rows added less rows removed, by table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes([i64; Table::ALL.len()]);

impl Changes {
    /// Notes rows that were added, or removed if negative.
    pub fn note(&mut self, table: Table, rows: i64) {
        self.0[table as usize] += rows;
    }

    /// Adds another flush's.
    pub fn add(&mut self, other: &Changes) {
        for (sum, rows) in self.0.iter_mut().zip(other.0) {
            *sum += rows;
        }
    }

    /// Those that are not zero.
    pub fn iter(&self) -> impl Iterator<Item = (Table, i64)> + '_ {
        let rows = |table: &Table| self.0[*table as usize];
        Table::ALL
            .into_iter()
            .map(move |table| (table, rows(&table)))
            .filter(|(_, rows)| *rows != 0)
    }
}
