//! What is measured, part by part; figures are shown as they come.

use std::time::Duration;

use super::figures::{
    Backfilled, Figures, Grown, GrownFloor, Latency, Pass, Round, RowByRow, WithDerived, WithLanes,
};
use super::floor::{Floor, Mark};
use super::ground::Ground;
use super::latency::Offer;
use super::pass::Settings;
use super::{BenchConfig, KEY, Part, backfill, floor, growth, latency, pass, rowwise, stream};
use crate::cli::Failure;
use crate::derived::DerivedSet;
use crate::generate::{Generator, Options};

/// The database of whatever is being measured.
const DATABASE: &str = "pass";
/// Lanes of the long pass: the worker's default.
const BACKLOG_LANES: usize = 5;

/// Measures all parts that are asked for, one after the other.
///
/// # Errors
///
/// A server is away or refuses, or the worker failed.
pub async fn measure(config: &BenchConfig, ground: &Ground) -> Result<Figures, Failure> {
    let bench = Bench { config, ground };
    let mut figures = Figures::default();
    if bench.wants(Part::EndToEnd) {
        for round in 1..=config.rounds {
            figures.rounds.push(bench.round(round).await?);
        }
    }
    if bench.wants(Part::Latency) {
        for &rate in &config.rates {
            figures.latency.push(bench.latency(rate).await?);
        }
    }
    if bench.wants(Part::Backlog) {
        figures.backlog = Some(bench.backlog().await?);
    }
    if bench.wants(Part::Growth) {
        for &likes in &config.likes {
            figures.growth.push(bench.grown(likes).await?);
        }
    }
    if bench.wants(Part::Lanes) {
        for &lanes in &config.lanes {
            figures.lanes.push(bench.with_lanes(lanes).await?);
        }
    }
    if bench.wants(Part::Backfill) {
        let lines = backfill::Lines::write(bench.events(config.events))?;
        for round in 1..=config.rounds {
            figures
                .backfill
                .push(bench.backfilled(round, &lines).await?);
        }
    }
    if bench.wants(Part::Derived) {
        for round in 1..=config.rounds {
            figures.derived.push(bench.with_derived(round).await?);
        }
    }
    Ok(figures)
}

/// What to measure, and where.
struct Bench<'a> {
    config: &'a BenchConfig,
    ground: &'a Ground,
}

impl Bench<'_> {
    fn wants(&self, part: Part) -> bool {
        self.config.parts.contains(&part)
    }

    /// The settings that were asked for, with so many lanes.
    fn settings(&self, lanes: usize) -> Settings {
        Settings {
            lanes,
            buffer_bytes: self.config.buffer_bytes,
            derived: self.config.derived.derived,
        }
    }

    /// All that is compared, once.
    async fn round(&self, number: u32) -> Result<Round, Failure> {
        self.make(0).await?;
        let settings = self.settings(self.config.parallel_consumers);
        let what = format!("round {number}: end to end");
        let pass = self.pass(&what, self.config.events, &settings).await?;
        let mut floor_s = None;
        if self.wants(Part::Floor) {
            let floor = floor::measure(self.ground, DATABASE, None).await?;
            let took = floor.took.as_secs_f64();
            show(&format!("round {number}: floor"), pass.events as f64 / took);
            floor_s = Some(took);
        }
        let mut row_by_row = None;
        if self.wants(Part::RowByRow) {
            let rows = self.row_by_row().await?;
            show(&format!("round {number}: row by row"), rows.rate());
            row_by_row = Some(rows);
        }
        self.ground.drop_database(DATABASE).await?;
        Ok(Round {
            pass,
            floor_s,
            row_by_row,
        })
    }

    async fn row_by_row(&self) -> Result<RowByRow, Failure> {
        self.make(0).await?;
        self.fill_stream(self.config.row_events).await?;
        self.ground.settle().await?;
        rowwise::measure(self.ground, DATABASE).await
    }

    async fn latency(&self, rate_per_s: u64) -> Result<Latency, Failure> {
        self.make(0).await?;
        self.ground.empty_redis().await?;
        self.ground.settle().await?;
        let offer = Offer {
            seed: self.config.seed,
            rate_per_s,
            length: Duration::from_secs(self.config.latency_s),
        };
        let found = latency::measure(self.ground, DATABASE, offer).await?;
        let Latency {
            p50_ms,
            p99_ms,
            max_ms,
            ..
        } = found;
        println!(
            "latency at {rate_per_s} events/s: p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms, max {max_ms:.1} ms"
        );
        self.ground.drop_database(DATABASE).await?;
        Ok(found)
    }

    async fn backlog(&self) -> Result<Pass, Failure> {
        self.make(0).await?;
        let settings = self.settings(BACKLOG_LANES);
        self.last_pass("backlog", self.config.backlog_events, &settings)
            .await
    }

    async fn grown(&self, likes: u64) -> Result<Grown, Failure> {
        self.make(likes).await?;
        let settings = self.settings(self.config.parallel_consumers);
        let what = format!("into {likes} likes");
        let mark = Mark::now(self.ground, DATABASE).await?;
        let pass = self.pass(&what, self.config.events, &settings).await?;
        let mut floor = None;
        if self.wants(Part::Floor) {
            let since = (likes > 0).then_some(&mark);
            let Floor { rows, took } = floor::measure(self.ground, DATABASE, since).await?;
            let seconds = took.as_secs_f64();
            show(&format!("{what}: floor"), pass.events as f64 / seconds);
            floor = Some(GrownFloor { rows, seconds });
        }
        self.ground.drop_database(DATABASE).await?;
        Ok(Grown { likes, pass, floor })
    }

    async fn with_lanes(&self, lanes: usize) -> Result<WithLanes, Failure> {
        self.make(0).await?;
        let what = format!("{lanes} lanes");
        let settings = self.settings(lanes);
        let pass = self.last_pass(&what, self.config.events, &settings).await?;
        Ok(WithLanes { lanes, pass })
    }

    /// The same events from the stream and from a file, each into a database of its own.
    async fn backfilled(
        &self,
        number: u32,
        lines: &backfill::Lines,
    ) -> Result<Backfilled, Failure> {
        self.make(0).await?;
        let what = format!("round {number}: end to end");
        let settings = self.settings(self.config.parallel_consumers);
        let pass = self.last_pass(&what, self.config.events, &settings).await?;
        self.ground.empty_redis().await?;
        let mut seconds = [0.0; 2];
        for (took, flags) in seconds.iter_mut().zip([&[][..], &["--bulk"]]) {
            self.make(0).await?;
            self.ground.settle().await?;
            *took = backfill::measure(self.ground, DATABASE, lines, flags).await?;
            let what = ["backfill", flags.first().unwrap_or(&"")].join(" ");
            let rate = self.config.events as f64 / *took;
            show(&format!("round {number}: {}", what.trim_end()), rate);
            self.ground.drop_database(DATABASE).await?;
        }
        let [backfill_s, bulk_s] = seconds;
        Ok(Backfilled {
            events: pass.events,
            live_s: pass.seconds,
            backfill_s,
            bulk_s,
        })
    }

    /// With all that follows from records, and with nothing of it.
    async fn with_derived(&self, number: u32) -> Result<WithDerived, Failure> {
        Ok(WithDerived {
            all: self.keeping(number, DerivedSet::ALL).await?,
            none: self.keeping(number, DerivedSet::NONE).await?,
        })
    }

    async fn keeping(&self, number: u32, derived: DerivedSet) -> Result<Pass, Failure> {
        self.make(0).await?;
        let settings = Settings {
            derived,
            ..self.settings(self.config.parallel_consumers)
        };
        let what = format!("round {number}: end to end, DERIVED={derived}");
        self.last_pass(&what, self.config.events, &settings).await
    }

    /// A fresh database that holds so many likes and what belongs to them.
    async fn make(&self, likes: u64) -> Result<(), Failure> {
        self.ground.make(DATABASE).await?;
        growth::fill(self.ground, DATABASE, likes).await
    }

    /// One pass over a fresh stream, after which the database is not needed.
    async fn last_pass(&self, what: &str, events: u64, with: &Settings) -> Result<Pass, Failure> {
        let pass = self.pass(what, events, with).await?;
        self.ground.drop_database(DATABASE).await?;
        Ok(pass)
    }

    async fn pass(&self, what: &str, events: u64, with: &Settings) -> Result<Pass, Failure> {
        self.fill_stream(events).await?;
        self.ground.settle().await?;
        let pass = pass::measure(self.ground, DATABASE, with).await?;
        show(what, pass.rate());
        Ok(pass)
    }

    /// The first so many events on an otherwise empty stream.
    async fn fill_stream(&self, events: u64) -> Result<(), Failure> {
        self.ground.empty_redis().await?;
        let mut connection = stream::connect(&self.ground.redis_url).await?;
        stream::fill(&mut connection, KEY, self.events(events), |_| {}).await
    }

    /// The first so many events.
    fn events(&self, events: u64) -> Generator {
        Generator::new(Options {
            seed: self.config.seed,
            events,
            ..Options::default()
        })
    }
}

fn show(what: &str, rate: f64) {
    println!("{what}: {rate:.0} events/s");
}
