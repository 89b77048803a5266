//! The worker's configuration: flags that equal environment variables, read once.
//!
//! Names and defaults that existed before forebay are CONTRACT §2's. It checks values and knows
//! nothing of what they are used for; clap turns a wrong one into a sentence and exit code 2.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

use crate::batch::AccountDeleted;
use crate::derived::DerivedSet;

/// Most bytes a `u64` flag that counts things may say; keeps sums of them far from overflow.
const MANY: u64 = 1 << 40;

fn at_least_one<T>() -> RangedU64ValueParser<T>
where
    T: TryFrom<u64> + Clone + Send + Sync + 'static,
    <T as TryFrom<u64>>::Error: std::error::Error + Send + Sync + 'static,
{
    RangedU64ValueParser::new().range(1..=MANY)
}

/// Where Redis is and what is read there.
#[derive(Args, Clone, Debug)]
pub struct RedisConfig {
    /// Redis, with user and password where it wants them; rediss:// for TLS
    #[arg(
        long,
        env,
        default_value = "redis://localhost:6379",
        hide_env_values = true
    )]
    pub redis_url: String,
    /// File with the password of Redis; stands over the one in REDIS_URL
    #[arg(long, env)]
    pub redis_password_file: Option<PathBuf>,
    /// Certificate authority of Redis, a PEM file; without it the machine's are asked
    #[arg(long, env)]
    pub redis_ca_file: Option<PathBuf>,
    /// Key of the stream
    #[arg(long, env, default_value = "firehose:events")]
    pub redis_stream_key: String,
    /// Consumer group
    #[arg(long, env, default_value = "firehose-processors")]
    pub redis_consumer_group: String,
    /// Name of this consumer in the group; give each process its own
    #[arg(long, env, default_value = "python-worker")]
    pub consumer_id: String,
    /// Deliveries of an entry from which on it is merged alone; a count alone never condemns it
    #[arg(long, env, default_value_t = 10, value_parser = at_least_one::<u64>())]
    pub redis_max_deliveries: u64,
    /// How many dead letters the stream firehose:dead-letters keeps
    #[arg(long, env, default_value_t = 10_000, value_parser = at_least_one::<u64>())]
    pub redis_dead_letter_maxlen: u64,
    /// Entries that the stream's writer lets it hold (its MAXLEN); warned at four fifths of it
    #[arg(long, env, default_value_t = 500_000, value_parser = at_least_one::<u64>())]
    pub stream_maxlen: u64,
    /// How long an entry is pending before another consumer may claim it, in milliseconds
    #[arg(long, env, default_value_t = 30_000, value_parser = RangedU64ValueParser::<u64>::new().range(100..=86_400_000))]
    pub claim_idle_ms: u64,
}

/// Where PostgreSQL is.
#[derive(Args, Clone, Debug)]
pub struct DatabaseConfig {
    /// PostgreSQL, as a libpq URL; sslmode, sslrootcert, sslcert and sslkey as libpq takes them.
    /// Required, but for --local
    #[arg(long, env, hide_env_values = true)]
    pub database_url: Option<String>,
    /// File with the password of PostgreSQL; stands over the one in DATABASE_URL
    #[arg(long, env)]
    pub database_password_file: Option<PathBuf>,
    /// Database connections at most; where there are fewer than a worker's lanes + 5, its lanes are cut
    #[arg(long, env, default_value_t = 20, value_parser = RangedU64ValueParser::<usize>::new().range(3..=10_000))]
    pub db_pool_size: usize,
}

/// How entries become batches.
#[derive(Args, Clone, Debug)]
pub struct FlowConfig {
    /// Entries a read asks for when caught up; grows by itself under backlog
    #[arg(long, env, default_value_t = 10, value_parser = at_least_one::<usize>())]
    pub batch_size: usize,
    /// Lanes at most: batches that are written at the same time. Two at first; under backlog it is tried
    /// whether more gain anything
    #[arg(long, env, default_value_t = 5, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub parallel_consumers: usize,
    /// Longest that an entry waits in a batch when caught up, in milliseconds
    #[arg(long, env, default_value_t = DEFAULT_FLUSH_INTERVAL_MS, value_parser = at_least_one::<u64>())]
    pub flush_interval_ms: u64,
    /// Rows of a batch at most
    #[arg(long, env, default_value_t = 50_000, value_parser = at_least_one::<usize>())]
    pub flush_rows: usize,
    /// Memory for buffers, shared by all lanes and both batches of each, in bytes
    #[arg(long, env, default_value_t = 32 << 20, value_parser = RangedU64ValueParser::<usize>::new().range(1 << 20..=MANY))]
    pub buffer_bytes: usize,
}

/// What follows from records.
#[derive(Args, Clone, Copy, Debug)]
pub struct DerivedConfig {
    /// What is kept beside the records' own rows: `all`, or some of notifications, viewer_states,
    /// thread_contexts, label_events and gate_violations, separated by commas; empty for nothing. The
    /// same for every command on one database
    #[arg(long, env, default_value = "all")]
    pub derived: DerivedSet,
}

/// Both servers.
#[derive(Args, Clone, Debug)]
pub struct ServersConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub redis: RedisConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub database: DatabaseConfig,
}

/// What else there is to say about a run.
#[derive(Args, Clone, Debug)]
pub struct RunConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub servers: ServersConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub flow: FlowConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub derived: DerivedConfig,
    /// Longest that a stop waits for batches to be written, in milliseconds
    #[arg(long, env, default_value_t = 30_000)]
    pub shutdown_timeout_ms: u64,
    /// Where metrics, health and a page are served, as host:port; empty for nowhere
    #[arg(long, env, default_value = DEFAULT_HTTP_ADDR)]
    pub http_addr: HttpAddr,
    /// Hours that tombstones of deleted records are kept at least
    #[arg(long, env, default_value_t = 24, value_parser = RangedU64ValueParser::<u32>::new().range(1..=87_600))]
    pub tombstone_retention_h: u32,
    /// What an account event with status `deleted` does to the account's records: `keep` them, or
    /// `purge` them, as if each had been deleted
    #[arg(long, env, value_enum, default_value = "keep")]
    pub account_deleted: AccountDeleted,
    /// End with 0 when the stream is drained
    #[arg(long)]
    pub until_caught_up: bool,
    /// Start private PostgreSQL and Redis servers that keep their data in this directory. Stands over
    /// DATABASE_URL and REDIS_URL; not with --database-url or --redis-url
    #[arg(long, value_name = "DIR")]
    pub local: Option<PathBuf>,
}

/// How long an entry waits in a batch if nothing else is said. A small flush takes 45 ms or so, so that
/// with 100 an event in a hundred is seen later than 150 ms after it came at 2,000 a second. Less of it
/// costs processors: at that pace all programs together took a third more of them with 60 than with 100.
pub const DEFAULT_FLUSH_INTERVAL_MS: u64 = 60;

/// Where a worker serves HTTP if nothing else is said.
pub const DEFAULT_HTTP_ADDR: &str = "127.0.0.1:9600";

/// Where HTTP is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpAddr {
    /// Nowhere.
    Off,
    /// At this host and port; port 0 is any that is free.
    At(String),
}

/// No host and port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be host:port, for example 127.0.0.1:9600, or empty")]
pub struct NoHttpAddr;

impl FromStr for HttpAddr {
    type Err = NoHttpAddr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(HttpAddr::Off);
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoHttpAddr)?;
        // An address of IPv6 needs its brackets: its last part would pass for a port.
        let is_bare = host.contains(':') && !host.starts_with('[');
        if host.is_empty() || is_bare || port.parse::<u16>().is_err() {
            return Err(NoHttpAddr);
        }
        Ok(HttpAddr::At(text.to_owned()))
    }
}

/// How it is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LogFormat {
    Text,
    Json,
}

/// How much is logged. Some levels have two names: the incumbent's and tracing's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warning,
    Warn,
    Error,
    Critical,
}

impl LogLevel {
    /// As tracing names it.
    #[must_use]
    pub const fn filter(self) -> &'static str {
        match self {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warning | LogLevel::Warn => "warn",
            LogLevel::Error | LogLevel::Critical => "error",
        }
    }
}

impl FlowConfig {
    /// Connections of a worker beside its lanes: for the probe of the database, the look at dead letters,
    /// housekeeping, and two of a purge. With fewer they would wait for each other.
    pub const OTHERS: usize = 5;

    /// How many lanes the connections allow, and how many are asked for at most.
    #[must_use]
    pub fn lanes(&self, db_pool_size: usize) -> usize {
        self.parallel_consumers
            .min(db_pool_size.saturating_sub(Self::OTHERS))
            .max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        run: RunConfig,
    }

    #[test]
    fn lanes_are_cut_to_the_connections() {
        let line = Line::try_parse_from(["x", "--parallel-consumers", "5"]).unwrap();
        assert_eq!(line.run.flow.lanes(20), 5);
        assert_eq!(line.run.flow.lanes(10), 5);
        assert_eq!(line.run.flow.lanes(7), 2);
        assert_eq!(line.run.flow.lanes(3), 1);
    }

    #[test]
    fn http_is_served_to_this_machine_alone_unless_it_is_told_otherwise() {
        let line = Line::try_parse_from(["x"]).unwrap();
        let at = HttpAddr::At("127.0.0.1:9600".to_owned());
        assert_eq!(line.run.http_addr, at);
    }

    #[test]
    fn an_http_address_has_a_host_and_a_port() {
        let at = |text: &str| Ok(HttpAddr::At(text.to_owned()));
        for good in ["127.0.0.1:9600", "0.0.0.0:0", "[::]:9600", "localhost:80"] {
            assert_eq!(good.parse(), at(good));
        }
        assert_eq!("".parse(), Ok(HttpAddr::Off));
        for bad in [
            "9600",
            ":9600",
            "::1",
            "localhost",
            "h:70000",
            "http://h:1/",
            "off",
        ] {
            assert_eq!(bad.parse::<HttpAddr>(), Err(NoHttpAddr), "{bad}");
        }
    }

    #[test]
    fn a_wrong_value_names_the_flag_the_value_and_what_is_allowed() {
        let Err(error) = Line::try_parse_from(["x", "--parallel-consumers", "0"]) else {
            panic!("zero lanes");
        };
        let text = error.to_string();
        assert!(text.contains("--parallel-consumers"), "{text}");
        assert!(text.contains("0 is not in 1..=64"), "{text}");
        assert_eq!(error.exit_code(), 2);
    }
}
