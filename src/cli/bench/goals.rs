//! What this project has set itself, beside what was measured.

/// On which side of its bound a figure has to be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// Not below.
    AtLeast(f64),
    /// Not above.
    AtMost(f64),
}

impl Goal {
    /// The whole way, against what PostgreSQL alone takes.
    pub const OF_FLOOR: Goal = Goal::AtLeast(0.55);
    /// The whole way, against writing row by row.
    pub const OF_ROW_BY_ROW: Goal = Goal::AtLeast(10.0);
    /// Time of the worker on processors for a million events, seconds.
    pub const ENGINE_CPU_S: Goal = Goal::AtMost(6.0);
    /// Most memory of the worker, megabytes.
    pub const BACKLOG_MEMORY_MB: Goal = Goal::AtMost(96.0);
    /// Latency that one in a hundred exceeds, milliseconds.
    pub const P99_MS: Goal = Goal::AtMost(150.0);
    /// Throughput into the fullest database, against that into an empty one.
    pub const GROWN: Goal = Goal::AtLeast(0.75);
    /// A backfill of the same events from a file, against the whole way.
    pub const BACKFILL: Goal = Goal::AtLeast(1.15);
    /// The same with `--bulk`.
    pub const BULK: Goal = Goal::AtLeast(2.0);
    /// The whole way with all that follows from records, against that with nothing of it.
    pub const DERIVED: Goal = Goal::AtLeast(0.6);
    /// Throughput with the default of five lanes, against that with the best number of them.
    pub const OF_BEST_LANES: Goal = Goal::AtLeast(0.9);

    /// The bound, and on which side of it a figure is.
    pub fn verdict(self, figure: f64) -> String {
        let (side, bound, met) = match self {
            Goal::AtLeast(bound) => ("at least", bound, figure >= bound),
            Goal::AtMost(bound) => ("at most", bound, figure <= bound),
        };
        let verdict = if met { "met" } else { "not met" };
        format!("{side} {bound}: {verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::Goal;

    #[test]
    fn a_bound_itself_is_met() {
        assert_eq!(Goal::OF_FLOOR.verdict(0.55), "at least 0.55: met");
        assert_eq!(Goal::P99_MS.verdict(150.1), "at most 150: not met");
        assert_eq!(Goal::GROWN.verdict(f64::NAN), "at least 0.75: not met");
    }
}
