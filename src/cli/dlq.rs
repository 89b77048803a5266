//! `forebay dlq`: dead letters, listed, shown, replayed and purged.

mod shown;

use clap::{Args, Subcommand};

use super::{Failure, out, work};
use crate::ack;
use crate::apply::Applier;
use crate::batch::{AccountDeleted, Rules};
use crate::config::{DatabaseConfig, DerivedConfig, ServersConfig};
use crate::contract;
use crate::database;
use crate::dlq::{self, Kept, Page, Replayed, Selection};
use crate::error::Stop;

/// What can be done with dead letters.
#[derive(Subcommand, Clone, Debug)]
pub enum DlqCommand {
    /// List letters, the oldest first
    List(ListConfig),
    /// Show one letter whole
    Show(ShowConfig),
    /// Store letters again, each at the position that its entry had: what happened since stands
    Replay(Box<ReplayConfig>),
    /// Throw letters away; each must be named, by its id or by a filter
    Purge(PurgeConfig),
}

/// Conditions on letters; all that are given must hold.
#[derive(Args, Clone, Debug)]
pub struct Filter {
    /// Of this reason, or of one that begins with it: `missing` is also `missing:subject`
    #[arg(long)]
    pub reason: Option<String>,
    /// At least so old: 90s, 30m, 12h, 7d
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub older_than: Option<i64>,
    /// At most so old
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub newer_than: Option<i64>,
}

/// Letters that something is done to. One of these must be given: nothing is meant by itself.
#[derive(Args, Clone, Debug)]
#[group(id = "named", required = true, multiple = true, args = ["ids", "reason", "older_than", "newer_than", "all"])]
pub struct Named {
    /// Letters by their ids
    #[arg(value_name = "ID")]
    pub ids: Vec<i64>,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub filter: Filter,
    /// Every letter
    #[arg(long, conflicts_with_all = ["ids", "reason", "older_than", "newer_than"])]
    pub all: bool,
}

/// What a listing can be told.
#[derive(Args, Clone, Debug)]
pub struct ListConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub database: DatabaseConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub filter: Filter,
    /// Letters by their ids
    #[arg(value_name = "ID")]
    pub ids: Vec<i64>,
    /// Letters at most
    #[arg(long, default_value_t = 100)]
    pub limit: u32,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Which letter is shown.
#[derive(Args, Clone, Debug)]
pub struct ShowConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub database: DatabaseConfig,
    /// Its id
    pub id: i64,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What a replay can be told.
#[derive(Args, Clone, Debug)]
pub struct ReplayConfig {
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
    pub named: Named,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub derived: DerivedConfig,
    /// What an account event with status `deleted` does: as for `forebay run`
    #[arg(long, env, value_enum, default_value = "keep")]
    pub account_deleted: AccountDeleted,
}

/// What a purge of letters can be told.
#[derive(Args, Clone, Debug)]
pub struct PurgeConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub database: DatabaseConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub named: Named,
}

/// Does what the command says.
///
/// # Errors
///
/// [`Failure::Found`] if a letter is not there or cannot be stored.
pub async fn dlq(command: DlqCommand) -> Result<(), Failure> {
    match command {
        DlqCommand::List(config) => list(&config).await,
        DlqCommand::Show(config) => show(&config).await,
        DlqCommand::Replay(config) => replay(&config).await,
        DlqCommand::Purge(config) => purge(&config).await,
    }
}

async fn list(config: &ListConfig) -> Result<(), Failure> {
    /// Enough for the record's uri of nearly every letter.
    const DATA_BYTES: i32 = 64 << 10;
    const LETTERS_AT_ONCE: i64 = 200;
    let pool = work::database(&config.database)?;
    let client = database::administer(&pool).await?;
    let selection = config.filter.selection(&config.ids);
    let mut after = 0;
    let mut said = 0;
    while said < i64::from(config.limit) {
        let next = Page {
            after,
            letters_most: LETTERS_AT_ONCE.min(i64::from(config.limit) - said),
            data_bytes_most: DATA_BYTES,
        };
        let letters = dlq::page(&client, &selection, next).await?;
        let Some(last) = letters.last() else {
            break;
        };
        after = last.id;
        let letters: Vec<Kept> = letters.into_iter().map(Kept::without_data).collect();
        let lines = match (config.json, said) {
            (true, _) => shown::json_lines(&letters)?,
            (false, 0) => shown::heading() + &shown::lines(&letters),
            (false, _) => shown::lines(&letters),
        };
        out::say(&lines)?;
        said += i64::try_from(letters.len()).unwrap_or(i64::MAX);
    }
    if config.json {
        return Ok(());
    }
    let all = dlq::count(&client, &selection).await?;
    out::say(&if said < all {
        format!("{said} of {all} letters; --limit shows more\n")
    } else {
        format!("{}\n", some_letters(said.unsigned_abs()))
    })
}

async fn show(config: &ShowConfig) -> Result<(), Failure> {
    let pool = work::database(&config.database)?;
    let client = database::administer(&pool).await?;
    let letters = dlq::page(&client, &Selection::of(config.id), Page::WHOLE).await?;
    match letters.first() {
        None => Err(Failure::Found(format!("no letter {}", config.id))),
        Some(_) if config.json => out::say(&shown::json_lines(&letters)?),
        Some(letter) => out::say(&shown::whole(letter)),
    }
}

async fn replay(config: &ReplayConfig) -> Result<(), Failure> {
    let (pool, redis) = work::servers(&config.servers)?;
    let selection = config.named.selection();
    let client = database::administer(&pool).await?;
    let unfit = contract::check(&client, config.derived.derived).await?;
    if !unfit.is_empty() {
        return Err(Stop::unfit(&unfit).into());
    }
    let missing = missing(&config.named, dlq::count(&client, &selection).await?);
    drop(client);
    let rules = Rules {
        widths: database::widths(&pool).await?,
        account_deleted: config.account_deleted,
        derived: config.derived.derived,
    };
    let mut applier = Applier::new(pool.clone(), rules);
    let mut told = 0;
    let replayed = dlq::replay(&pool, &mut applier, &selection, |so_far| {
        // What cannot be said does not undo what was done.
        let _ = out::say(&shown::refused(&so_far.refused[told..]));
        told = so_far.refused.len();
    })
    .await?;
    if let Err(error) = ack::tell_record_counts(&redis, &replayed.changes).await {
        eprintln!(
            "db:record_counts on Redis was not told, `forebay audit --repair` sets it: {error}"
        );
    }
    say(&replayed, missing)
}

fn say(replayed: &Replayed, missing: Option<String>) -> Result<(), Failure> {
    out::say(&format!(
        "{} replayed and gone, {} refused again\n",
        some_letters(replayed.stored),
        replayed.refused.len()
    ))?;
    match (missing, replayed.refused.len()) {
        (None, 0) => Ok(()),
        (Some(missing), 0) => Err(Failure::Found(missing)),
        (_, refused) => Err(Failure::Found(format!(
            "{} refused again: see `forebay dlq list`",
            some_letters(u64::try_from(refused).unwrap_or(u64::MAX))
        ))),
    }
}

async fn purge(config: &PurgeConfig) -> Result<(), Failure> {
    let pool = work::database(&config.database)?;
    let client = database::administer(&pool).await?;
    let selection = config.named.selection();
    let missing = missing(&config.named, dlq::count(&client, &selection).await?);
    let gone = dlq::purge(&client, &selection).await?;
    out::say(&format!("{} purged\n", some_letters(gone)))?;
    missing.map_or(Ok(()), |missing| Err(Failure::Found(missing)))
}

fn some_letters(number: u64) -> String {
    if number == 1 {
        "1 letter".to_owned()
    } else {
        format!("{number} letters")
    }
}

/// What to say where fewer letters are there than were named by id.
fn missing(named: &Named, there: i64) -> Option<String> {
    let mut ids = named.ids.clone();
    ids.sort_unstable();
    ids.dedup();
    let lacking = i64::try_from(ids.len()).unwrap_or(i64::MAX) - there;
    (lacking > 0).then(|| format!("{lacking} of the named letters are not there"))
}

impl Filter {
    fn selection(&self, ids: &[i64]) -> Selection {
        Selection {
            ids: (!ids.is_empty()).then(|| ids.to_vec()),
            reason: self.reason.clone(),
            age_s_least: self.older_than,
            age_s_most: self.newer_than,
        }
    }
}

impl Named {
    fn selection(&self) -> Selection {
        self.filter.selection(&self.ids)
    }
}

/// An age in seconds from `90s`, `30m`, `12h`, `7d`.
fn age(text: &str) -> Result<i64, String> {
    const WANTED: &str = "an age is a number with s, m, h or d, as in 12h";
    let unit_s = match text.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(WANTED.to_owned()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| WANTED)?;
    Ok(i64::from(number) * unit_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        named: Named,
    }

    #[test]
    fn nothing_is_meant_by_itself() {
        let parse = |args: &[&str]| Line::try_parse_from([&["x"], args].concat());
        assert!(parse(&[]).is_err());
        assert!(parse(&["--all", "5"]).is_err());
        for meant in [
            &["5", "6"][..],
            &["--reason", "missing"],
            &["--older-than", "7d"],
            &["--all"],
        ] {
            assert!(parse(meant).is_ok(), "{meant:?}");
        }
        let Ok(line) = parse(&["5", "--reason", "x", "--newer-than", "2h"]) else {
            panic!("ids and conditions together");
        };
        let selection = line.named.selection();
        assert_eq!(
            (selection.ids, selection.age_s_most),
            (Some(vec![5]), Some(7_200))
        );
    }

    #[test]
    fn ages_have_units() {
        assert_eq!(age("90s"), Ok(90));
        assert_eq!(age("7d"), Ok(604_800));
        for wrong in ["", "5", "h", "-1h", "1.5h", "5y", "5€"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
