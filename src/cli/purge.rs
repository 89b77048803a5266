//! `forebay purge DID`.

use std::time::Duration;

use clap::Args;

use super::{Failure, out, work};
use crate::apply::Applier;
use crate::batch::Rules;
use crate::config::{DerivedConfig, ServersConfig};
use crate::contract;
use crate::database;
use crate::decode::uri::is_did;
use crate::error::Stop;
use crate::position::Position;
use crate::progress::Progress;
use crate::purge::{self, Job, Removed};
use crate::source;
use crate::sql::purge as sql;

/// What a purge can be told.
#[derive(Args, Clone, Debug)]
pub struct PurgeConfig {
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
    /// Whose records
    #[arg(value_parser = did)]
    pub did: String,
    /// Say how many records would go, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

fn did(text: &str) -> Result<String, String> {
    if is_did(text) {
        Ok(text.to_owned())
    } else {
        Err("not a DID, as in did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned())
    }
}

/// Purges, at the position of now: what the account does from now on stays.
///
/// # Errors
///
/// [`Failure::Found`] if some records would not go.
pub async fn purge(config: &PurgeConfig) -> Result<(), Failure> {
    let (pool, redis) = work::servers(&config.servers)?;
    let mut client = database::administer(&pool).await?;
    let unfit = contract::check(&client, config.derived.derived).await?;
    if !unfit.is_empty() {
        return Err(Stop::unfit(&unfit).into());
    }
    let job = Job {
        did: config.did.clone(),
        position: Position::from(source::now(&redis).await?),
    };
    let there = purge::count(&client, &job).await?;
    let all: i64 = there.iter().map(|(_, records)| records).sum();
    if config.dry_run {
        let line = |(table, records)| format!("{table:<20} {records:>10} records would go\n");
        let lines: String = there.into_iter().map(line).collect();
        return out::say(&format!("{lines}{all} records of {} would go\n", job.did));
    }
    let rules = Rules {
        derived: config.derived.derived,
        ..Rules::from(database::widths(&pool).await?)
    };
    let mut applier = Applier::new(pool.clone(), rules);
    wait_for_others(&mut applier).await?;
    purge::order(&mut client, &job).await?;
    drop(client);
    let progress = Progress::new(all.unsigned_abs());
    let removed = purge::remove(&mut applier, &redis, &job, |table, records| {
        progress.on(table);
        progress.further(records);
    })
    .await?;
    progress.done();
    if removed.left.because.is_none() {
        purge::done(&database::administer(&pool).await?, &job).await?;
    }
    say(&job, &removed)
}

/// A worker may be at another account.
async fn wait_for_others(applier: &mut Applier) -> Result<(), Failure> {
    const LOOK_EVERY: Duration = Duration::from_millis(200);
    let connection = applier.connection().await?;
    let mut said = false;
    while !connection
        .ask("waiting for another purge", sql::LOCK)
        .await?
    {
        if !said {
            eprintln!("another purge is under way: waiting for its end");
            said = true;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

fn say(job: &Job, removed: &Removed) -> Result<(), Failure> {
    let line =
        |(table, records): &(&str, u64)| format!("{table:<20} {records:>10} records removed\n");
    let lines: String = removed.records.iter().map(line).collect();
    let all: u64 = removed.records.iter().map(|(_, records)| records).sum();
    out::say(&format!("{lines}{all} records of {} removed\n", job.did))?;
    let left = &removed.left;
    if left.records == 0 {
        return Ok(());
    }
    Err(Failure::Found(match &left.because {
        Some(letter) => format!(
            "{} records would not go: {}{}; running workers try them again every 5 minutes",
            left.records,
            letter.reason,
            letter
                .sqlstate
                .as_ref()
                .map(|state| format!(" (SQLSTATE {state})"))
                .unwrap_or_default()
        ),
        None => format!(
            "{} rows stay that others wrote, under uris that a delete does not reach: delete them by hand",
            left.records
        ),
    }))
}
