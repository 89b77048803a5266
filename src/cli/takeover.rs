//! `forebay takeover`.

use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::out::say;
use super::{Failure, work};
use crate::config::ServersConfig;
use crate::error::{DbError, RedisError, RedisVerdict, Verdict};
use crate::progress::Progress;
use crate::takeover::{self, Options, Refusal, Report};

/// What a takeover can be told.
#[derive(Args, Clone, Debug)]
pub struct TakeoverConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub servers: ServersConfig,
    /// Rows that one transaction looks at
    #[arg(long, env, default_value_t = 10_000, value_parser = RangedU64ValueParser::<u32>::new().range(1..=10_000_000))]
    pub takeover_range_rows: u32,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Takes over, or says what that would do.
///
/// # Errors
///
/// [`Failure`]: refused with 3, a server that is away with 4.
pub async fn takeover(config: &TakeoverConfig) -> Result<(), Failure> {
    let (pool, redis) = work::servers(&config.servers)?;
    let options = Options {
        idle_least: Duration::from_millis(config.servers.redis.claim_idle_ms),
        range_rows: i64::from(config.takeover_range_rows),
    };
    if config.dry_run {
        let would = takeover::dry_run(&pool, &redis, options).await?;
        print(&would.report, "would be re-stamped")?;
        say(&format!("group {} would be set back to 0\n", redis.group))?;
        return match would.active {
            Some(refusal) => Err(Failure::Found(format!(
                "it would be refused now: {refusal}"
            ))),
            None => Ok(()),
        };
    }
    let report = takeover::take_over(&pool, &redis, options, &Progress::new(0)).await?;
    print(&report, "re-stamped")?;
    say(&format!("group {} is set back to 0\n", redis.group))?;
    say("next: `forebay run`, and when it has caught up `forebay audit --repair`\n")?;
    Ok(())
}

fn print(report: &Report, done: &str) -> Result<(), Failure> {
    say(&format!("first entry {}\n", report.first))?;
    say(&format!("boundary {}\n", shown(report.boundary)))?;
    for (table, rows) in &report.tables {
        say(&format!("  {table:<20} {rows:>12} rows {done}\n"))?;
    }
    Ok(())
}

/// A moment as the database shows it.
fn shown(micros: crate::position::Micros) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| micros.to_string(), |at| at.to_string())
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Database(error) => error.into(),
            Refusal::Redis(error) => error.into(),
            other => Failure::Refused(other.to_string()),
        }
    }
}

impl From<DbError> for Failure {
    /// What the worker would try again for ever, a command that is run by hand gives up on.
    fn from(error: DbError) -> Self {
        match error.verdict() {
            Verdict::Fatal => Failure::Stop(error.into()),
            _ => Failure::Unreachable(error.to_string()),
        }
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        match error.verdict() {
            RedisVerdict::Retry => Failure::RedisAway(error.to_string()),
            _ => Failure::Stop(error.into()),
        }
    }
}
