//! The names: every family that is not a histogram or of the process, with its type, labels and help.

/// What a family's samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// They only grow.
    Counter,
    /// They come and go.
    Gauge,
}

/// A family of `L` labels.
#[derive(Clone, Copy, Debug)]
pub struct Family<const L: usize> {
    /// Its name.
    pub name: &'static str,
    /// What its samples are.
    pub is: Type,
    /// Their labels.
    pub labels: [&'static str; L],
    /// What it is, in a sentence.
    pub help: &'static str,
}

macro_rules! families {
    ($($constant:ident: $labels:literal = $is:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(pub(super) const $constant: Family<$labels> = Family {
            name: $name,
            is: Type::$is,
            labels: [$($label),*],
            help: $help,
        };)*

        /// All of them: name, type and labels.
        pub const OWN: &[(&str, Type, &[&str])] = &[$(($name, Type::$is, &[$($label),*])),*];
    };
}

families! {
    BUILD_INFO: 2 = Gauge "forebay_build_info" ["version", "commit"]
        "What was built; always 1.";
    READY: 0 = Gauge "forebay_ready" []
        "Whether /readyz says yes.";
    SERVER_UP: 1 = Gauge "forebay_server_up" ["server"]
        "Whether a server answered the last probe.";
    EVENTS: 1 = Counter "forebay_events_total" ["type"]
        "Entries by their type.";
    OPS: 2 = Counter "forebay_ops_total" ["table", "action"]
        "What entries do to records, whatever came of it.";
    NOT_STORED: 1 = Counter "forebay_ops_not_stored_total" ["collection"]
        "Ops of collections that have no table.";
    READ: 0 = Counter "forebay_entries_read_total" []
        "Entries read from the stream.";
    ACKED: 0 = Counter "forebay_entries_acked_total" []
        "Entries acknowledged.";
    ROWS: 2 = Counter "forebay_rows_total" ["table", "effect"]
        "Rows that were merged.";
    COUNTED_ROWS: 2 = Counter "forebay_counted_rows_total" ["table", "effect"]
        "Rows really added and removed, of the tables that the AppView counts.";
    ODDITIES: 1 = Counter "forebay_oddities_total" ["what"]
        "Things seen that have no place in the tables.";
    REPAIRED: 1 = Counter "forebay_repaired_total" ["reason"]
        "Values changed so that they could be stored.";
    REJECTED: 1 = Counter "forebay_rejected_total" ["reason"]
        "Ops and entries found unfit before the database saw them.";
    REFUSED: 1 = Counter "forebay_refused_total" ["sqlstate"]
        "Ops that the database refused.";
    DEAD_LETTERS: 1 = Counter "forebay_dead_letters_total" ["reason"]
        "Dead letters written.";
    LETTERS: 0 = Gauge "forebay_dead_letters" []
        "Rows of forebay.dead_letters.";
    LOST: 0 = Counter "forebay_lost_entries_total" []
        "Entries trimmed from the stream before they were stored.";
    FLUSHES: 1 = Counter "forebay_flushes_total" ["reason"]
        "Batches by why they were full.";
    RETRIES: 1 = Counter "forebay_retries_total" ["sqlstate_class"]
        "Batches tried again.";
    DATABASE_ERRORS: 2 = Counter "forebay_database_errors_total" ["sqlstate_class", "verdict"]
        "Batches that PostgreSQL did not take, and what was done.";
    REDIS_ERRORS: 1 = Counter "forebay_redis_errors_total" ["code"]
        "Reads and acknowledgements that failed, by the first word of the answer.";
    READER_STATE: 1 = Gauge "forebay_reader_state" ["state"]
        "1 for the state that the reader is in.";
    LANE_STATE: 2 = Gauge "forebay_lane_state" ["lane", "state"]
        "1 for the state that a lane is in.";
    LANES: 0 = Gauge "forebay_lanes" []
        "Lanes that take part now.";
    BACKLOG: 0 = Gauge "forebay_backlog_entries" []
        "Entries not given out to the group yet.";
    PENDING: 0 = Gauge "forebay_pending_entries" []
        "Entries given out to the group and not acknowledged.";
    CONSUMER_PENDING: 1 = Gauge "forebay_consumer_pending_entries" ["consumer"]
        "The same by consumer.";
    LAG: 0 = Gauge "forebay_lag_seconds" []
        "How much older the oldest entry that is not stored is than the stream's last.";
    STORED_UNTIL: 0 = Gauge "forebay_stored_event_timestamp_seconds" []
        "Event time of the latest entry that is stored, by its id.";
    STREAM_ENTRIES: 0 = Gauge "forebay_stream_entries" []
        "Entries that the stream holds.";
    STREAM_LIMIT: 0 = Gauge "forebay_stream_limit_entries" []
        "Entries that its writer lets the stream hold.";
    SEQUENCE_USED: 1 = Gauge "forebay_sequence_used_ratio" ["sequence"]
        "How much of its numbers a sequence has given out.";
}
