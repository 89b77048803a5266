//! Random histories on random schedules: whatever happens on the way, the tables equal one pass in
//! stream order.
//!
//! Each seed is a history and a schedule. `FOREBAY_SEED` runs one seed again; `SOAK_S` tries new
//! ones for so many seconds (`make soak`).

mod dialect;
pub mod history;
pub mod records;
mod schedule;

use std::time::{Duration, Instant, SystemTime};

use self::history::History;
use self::schedule::Schedule;
use super::convergence::assert_right;
use super::histories::empty;
use super::support::Bed;
use super::support::random::Random;

/// Tried by every run of the tests.
const SEEDS: std::ops::Range<u64> = 0..24;

async fn try_seed(bed: &Bed, seed: u64) {
    let mut random = Random::of(seed);
    let history = History::of(&mut random);
    let schedule = Schedule::of(&mut random);
    // Shown where the test fails.
    println!(
        "FOREBAY_SEED={seed}: {} entries, {schedule:?}",
        history.entries.len()
    );
    if std::env::var("FOREBAY_SEED").is_ok() {
        // Played again by hand: what is it made of?
        for entry in &history.entries {
            println!("{} {} {}", entry.id, entry.kind, entry.data);
        }
    }
    empty(bed).await;
    bed.stream.run::<String>(&["FLUSHALL"]).await;
    if let Some(did) = &history.opted_out {
        bed.opt_out(did).await;
    }
    schedule.run(bed, &history.entries, &mut random).await;
    assert_right(bed, &history.model).await;
}

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("{variable}={value}: not a number")),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn random_histories_on_random_schedules() {
    let bed = Bed::new().await;
    if let Some(seed) = number("FOREBAY_SEED") {
        return try_seed(&bed, seed).await;
    }
    let Some(seconds) = number("SOAK_S") else {
        for seed in SEEDS {
            try_seed(&bed, seed).await;
        }
        return;
    };
    let (start, now) = (Instant::now(), SystemTime::now());
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut seed = since.as_secs() * 1_000_000;
    while start.elapsed() < Duration::from_secs(seconds) {
        try_seed(&bed, seed).await;
        seed += 1;
    }
    println!("{} seeds", seed % 1_000_000);
}
