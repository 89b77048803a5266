//! `forebay bench`: how fast the worker is, against what PostgreSQL alone can do.
//!
//! A fixed, seeded stream goes through private servers, or through the user's own. What is compared
//! is measured in one run, alternating; medians stand for it.

mod figures;
mod floor;
mod ground;
mod pass;
pub mod stream;
pub mod usage;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Failure;
use crate::generate::{Generator, Options};
use figures::{Pass, median};
use ground::Ground;
use pass::Settings;
pub use pass::{COMMAND, pass};

/// The stream.
const KEY: &str = "firehose:events";

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The whole way, from first read to last acknowledgement
    EndToEnd,
    /// The same rows put in by PostgreSQL alone; goes with end-to-end
    Floor,
}

/// The bench's own flags.
#[derive(Args)]
pub struct BenchConfig {
    /// What to measure
    #[arg(long = "part", value_enum, default_values = ["end-to-end", "floor"])]
    parts: Vec<Part>,
    /// Events on the stream
    #[arg(long, default_value_t = 400_000)]
    events: u64,
    /// Seed: the same seed gives the same events
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Rounds, of which the medians are taken
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    rounds: u32,
    /// Lanes
    #[arg(long, default_value_t = 5, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    parallel_consumers: usize,
    /// Memory for buffers, in bytes
    #[arg(long, default_value_t = 32 << 20)]
    buffer_bytes: usize,
    /// PostgreSQL to measure, as a user who may create databases; private servers without it
    #[arg(long, requires = "redis_url")]
    database_url: Option<String>,
    /// Redis to measure, a database of it that is empty
    #[arg(long, requires = "database_url")]
    redis_url: Option<String>,
    /// File for the figures, as JSON
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Measures what is asked for.
pub async fn bench(config: BenchConfig) -> Result<(), Failure> {
    let ground = match (&config.database_url, &config.redis_url) {
        (Some(postgres), Some(redis)) => Ground::given(postgres.clone(), redis.clone()).await?,
        _ => Ground::private().await?,
    };
    let measured = measure(&config, &ground).await;
    ground.leave().await?;
    measured
}

async fn measure(config: &BenchConfig, ground: &Ground) -> Result<(), Failure> {
    let settings = Settings {
        lanes: config.parallel_consumers,
        buffer_bytes: config.buffer_bytes,
    };
    let mut passes = Vec::new();
    let mut floors = Vec::new();
    for round in 0..config.rounds {
        let pass = end_to_end(config, ground, "pass", &settings).await?;
        println!("round {round}: {:.0} events/s {pass:?}", pass.rate());
        if config.parts.contains(&Part::Floor) {
            let floor = floor::measure(ground, "pass").await?;
            let rate = pass.events as f64 / floor.as_secs_f64();
            println!("round {round}: floor {rate:.0} events/s");
            floors.push(rate);
        }
        passes.push(pass);
        ground.drop_database("pass").await?;
    }
    let rate = median(passes.iter().map(Pass::rate));
    let floor = median(floors);
    println!(
        "end to end {rate:.0}, floor {floor:.0}, ratio {:.3}",
        rate / floor
    );
    Ok(())
}

/// One pass over a fresh stream into a fresh database.
async fn end_to_end(
    config: &BenchConfig,
    ground: &Ground,
    database: &str,
    settings: &Settings,
) -> Result<Pass, Failure> {
    ground.empty_redis().await?;
    ground.make(database).await?;
    let events = Generator::new(Options {
        seed: config.seed,
        events: config.events,
        ..Options::default()
    });
    let mut connection = stream::connect(&ground.redis_url).await?;
    stream::fill(&mut connection, KEY, events, |_| {}).await?;
    ground.settle().await?;
    pass::measure(ground, database, settings).await
}
