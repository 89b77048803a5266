//! How many rows a flush has really added to or removed from the tables that the AppView counts.

/// The tables of which rows are counted that were really added or removed.
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
    /// `notifications`.
    Notifications,
    /// `post_viewer_states`.
    PostViewerStates,
    /// `thread_contexts`.
    ThreadContexts,
    /// `label_events`.
    LabelEvents,
}

impl Table {
    /// Those that are counted in Redis (CONTRACT §1).
    pub const COUNTED: [Table; 8] = [
        Table::Users,
        Table::Posts,
        Table::Likes,
        Table::Reposts,
        Table::Follows,
        Table::Blocks,
        Table::FeedItems,
        Table::PostAggregations,
    ];

    /// Those whose rows follow from records and are counted nowhere else.
    pub const DERIVED: [Table; 4] = [
        Table::Notifications,
        Table::PostViewerStates,
        Table::ThreadContexts,
        Table::LabelEvents,
    ];

    /// How many there are; the former come first, in their order.
    pub const COUNT: usize = Table::COUNTED.len() + Table::DERIVED.len();

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
            Table::Notifications => "notifications",
            Table::PostViewerStates => "post_viewer_states",
            Table::ThreadContexts => "thread_contexts",
            Table::LabelEvents => "label_events",
        }
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Table> {
        Table::COUNTED.into_iter().chain(Table::DERIVED)
    }

    /// The table of that name, if it is counted.
    #[must_use]
    pub fn named(name: &str) -> Option<Table> {
        Table::all().find(|table| table.name() == name)
    }
}

/// Staged creates and updates that wrote nothing, by why they did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unwritten {
    /// The same or a later version is there.
    pub present: u64,
    /// A delete has ended them.
    pub ended: u64,
    /// Their owner has opted out.
    pub opted_out: u64,
}

/// Rows added and rows removed, by table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    added: [u64; Table::COUNT],
    removed: [u64; Table::COUNT],
    /// What was staged for nothing.
    pub unwritten: Unwritten,
}

impl Changes {
    /// Notes rows that were added, or removed if negative.
    pub fn note(&mut self, table: Table, rows: i64) {
        let sums = if rows < 0 {
            &mut self.removed
        } else {
            &mut self.added
        };
        sums[table as usize] += rows.unsigned_abs();
    }

    /// Adds another flush's.
    pub fn add(&mut self, other: &Changes) {
        let added = self.added.iter_mut().zip(other.added);
        let removed = self.removed.iter_mut().zip(other.removed);
        added.chain(removed).for_each(|(sum, rows)| *sum += rows);
        self.unwritten.present += other.unwritten.present;
        self.unwritten.ended += other.unwritten.ended;
        self.unwritten.opted_out += other.unwritten.opted_out;
    }

    /// Rows added to a table.
    #[must_use]
    pub fn added(&self, table: Table) -> u64 {
        self.added[table as usize]
    }

    /// Rows removed from a table.
    #[must_use]
    pub fn removed(&self, table: Table) -> u64 {
        self.removed[table as usize]
    }

    /// Those added less those removed, where that is not zero, of the tables that are counted in Redis.
    pub fn iter(&self) -> impl Iterator<Item = (Table, i64)> + '_ {
        let rows = |table: Table| {
            let (added, removed) = (self.added(table), self.removed(table));
            added.cast_signed() - removed.cast_signed()
        };
        Table::COUNTED
            .into_iter()
            .map(move |table| (table, rows(table)))
            .filter(|(_, rows)| *rows != 0)
    }
}
