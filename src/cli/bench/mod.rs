//! `forebay bench`: how fast the worker is, against what PostgreSQL alone can do and against writing
//! row by row.
//!
//! A fixed, seeded stream goes through private servers, or through the user's own. What is compared
//! is measured in one run, alternating; medians stand for it.

mod backends;
mod backfill;
mod chart;
mod figures;
mod floor;
mod goals;
mod ground;
mod growth;
mod latency;
mod lines;
mod machine;
mod parts;
mod pass;
mod report;
pub mod rowwise;
pub mod stream;
pub mod usage;
mod worker;

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};

use super::Failure;
use super::run::Signals;
use crate::config::DerivedConfig;
use ground::Ground;
use machine::Machine;
pub use pass::{COMMAND, pass};
use report::Report;

/// The stream.
const KEY: &str = "firehose:events";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The whole way, from first read to last acknowledgement
    EndToEnd,
    /// The same rows put in by PostgreSQL alone; goes with end-to-end and growth
    Floor,
    /// A plain baseline that writes row by row; goes with end-to-end
    RowByRow,
    /// From XADD to visible in a query
    Latency,
    /// One pass over a long backlog with five lanes, for its memory
    Backlog,
    /// The whole way into databases that hold something already
    Growth,
    /// The whole way with several numbers of lanes
    Lanes,
    /// A backfill of the same events from a file, with --bulk and without, against the whole way
    Backfill,
    /// The whole way with all that follows from records, and with nothing of it
    Derived,
}

/// The bench's own flags.
#[derive(Args)]
pub struct BenchConfig {
    /// What to measure; several are separated by commas
    #[arg(long = "part", value_enum, value_delimiter = ',',
        default_values = ["end-to-end", "floor", "row-by-row", "latency", "backlog", "derived"])]
    parts: Vec<Part>,
    /// Events on the stream
    #[arg(long, default_value_t = 400_000, value_parser = clap::value_parser!(u64).range(1..))]
    events: u64,
    /// Seed: the same seed gives the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds, of which the medians are taken
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Lanes
    #[arg(long, default_value_t = 5, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    parallel_consumers: usize,
    /// Memory for buffers, in bytes
    #[arg(long, default_value_t = 32 << 20)]
    buffer_bytes: usize,
    #[command(flatten)]
    derived: DerivedConfig,
    /// The first events of the stream, which go row by row
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    row_events: u64,
    /// Events a second that are offered for latency
    #[arg(long, value_delimiter = ',', default_values = ["500", "2000", "10000"],
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rates: Vec<u64>,
    /// How long each rate is offered, in seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    latency_s: u64,
    /// Events of the backlog
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    backlog_events: u64,
    /// Likes that the database holds already, for growth
    #[arg(long, value_delimiter = ',', default_values = ["0", "1000000", "10000000"],
        value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    likes: Vec<u64>,
    /// Numbers of lanes to compare
    #[arg(long, value_delimiter = ',', default_values = ["1", "2", "3", "5"],
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    lanes: Vec<usize>,
    /// PostgreSQL to measure, as a user who may create databases; private servers without it
    #[arg(long, requires = "redis_url")]
    database_url: Option<String>,
    /// Redis to measure, a database of it that is empty
    #[arg(long, requires = "database_url")]
    redis_url: Option<String>,
    /// File for the figures, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Markdown page whose marked sections are replaced; JSON and charts go into the directory of
    /// the same name
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// Measures what is asked for. A signal ends it; what it made is gone all the same.
pub async fn bench(config: BenchConfig) -> Result<(), Failure> {
    let mut signals = Signals::new()?;
    let ground = match (&config.database_url, &config.redis_url) {
        (Some(postgres), Some(redis)) => Ground::given(postgres.clone(), redis.clone()).await?,
        _ => Ground::private().await?,
    };
    let measured = tokio::select! {
        measured = measure(&config, &ground) => measured,
        () = signals.next() => Err(Failure::Found("stopped before all was measured".to_owned())),
    };
    let left = ground.leave().await;
    let report = measured?;
    left?;
    report.print();
    if let Some(file) = &config.json {
        report.write_json(file)?;
    }
    if let Some(page) = &config.page {
        report.write_page(page)?;
    }
    Ok(())
}

async fn measure(config: &BenchConfig, ground: &Ground) -> Result<Report, Failure> {
    let machine = Machine::of(ground).await?;
    println!("{}", machine.described());
    Ok(Report {
        forebay: super::VERSION.to_owned(),
        command: command(std::env::args().skip(1)),
        machine,
        figures: parts::measure(config, ground).await?,
    })
}

/// Flags that name servers and files: they are no part of what was measured, and may be secret.
const LEFT_OUT: [&str; 4] = ["--database-url", "--redis-url", "--json", "--page"];

/// The command line as it may be shown.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let mut shown = vec!["forebay".to_owned()];
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        if LEFT_OUT.contains(&argument.as_str()) {
            arguments.next();
        } else if !LEFT_OUT.contains(&argument.split('=').next().unwrap_or_default()) {
            shown.push(match argument.is_empty() {
                true => "''".to_owned(),
                false => argument,
            });
        }
    }
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn shows_neither_servers_nor_files() {
        let line = "bench --page a.md --part floor --redis-url=redis://:x@h --json b --rounds 1";
        let shown = command(line.split(' ').map(str::to_owned));
        assert_eq!(shown, "forebay bench --part floor --rounds 1");
        let nothing = ["bench", "--derived", ""].map(str::to_owned);
        assert_eq!(command(nothing.into_iter()), "forebay bench --derived ''");
    }
}
