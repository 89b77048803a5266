//! `forebay doctor`.

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::{Failure, out, work};
use crate::config::{DerivedConfig, FlowConfig, ServersConfig};
use crate::doctor::{self, Report, Settings};

/// What a doctor can be told.
#[derive(Args, Clone, Debug)]
pub struct DoctorConfig {
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
    pub derived: DerivedConfig,
    /// Lanes of the worker that is to run: as for `forebay run`
    #[arg(long, env, default_value_t = 5, value_parser = RangedU64ValueParser::<usize>::new().range(1..=64))]
    pub parallel_consumers: usize,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Looks, and says what to do.
///
/// # Errors
///
/// [`Failure::Found`] if anything is not as it should be.
pub async fn doctor(config: &DoctorConfig) -> Result<(), Failure> {
    let (pool, redis) = work::servers(&config.servers)?;
    let settings = Settings {
        derived: config.derived.derived,
        stream_maxlen: config.servers.redis.stream_maxlen,
        claim_idle_ms: config.servers.redis.claim_idle_ms,
        connections: (config.parallel_consumers + FlowConfig::OTHERS)
            .min(config.servers.database.db_pool_size),
    };
    let report = doctor::examine(&pool, &redis, settings).await;
    if config.json {
        let text = sonic_rs::to_string_pretty(&report).map_err(std::io::Error::other)?;
        out::say(&format!("{text}\n"))?;
    } else {
        out::say(&shown(&report))?;
    }
    match report.findings() {
        0 => Ok(()),
        findings => Err(Failure::Found(format!(
            "{findings} of {} checks found something",
            report.checks.len()
        ))),
    }
}

fn shown(report: &Report) -> String {
    let mut lines = String::new();
    for check in &report.checks {
        lines += &format!(
            "{:<5} {:<22} {}\n",
            check.level.name(),
            check.name,
            check.seen
        );
        if let Some(remedy) = &check.remedy {
            lines += &format!("      {:<22} do: {remedy}\n", "");
        }
    }
    lines
}
