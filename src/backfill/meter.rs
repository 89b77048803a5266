//! How far a backfill is: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows bytes, records, rate and time to go.
pub struct Meter {
    bar: ProgressBar,
    /// When the last line was; nothing where there is a bar, or nothing is shown.
    lines: Option<Mutex<Instant>>,
    bytes: AtomicU64,
    of_bytes: u64,
    records: AtomicU64,
    since: Instant,
}

impl Meter {
    const LINE_EVERY: Duration = Duration::from_secs(2);

    /// Of sources of so many bytes; 0 where that is not known.
    #[must_use]
    pub fn new(of_bytes: u64) -> Meter {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal {
            let style =
                ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes} {msg} {eta} to go");
            ProgressBar::new(of_bytes)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        } else {
            ProgressBar::hidden()
        };
        Meter {
            bar,
            lines: (!is_terminal).then(|| Mutex::new(Instant::now())),
            bytes: AtomicU64::new(0),
            of_bytes,
            records: AtomicU64::new(0),
            since: Instant::now(),
        }
    }

    /// So many more bytes of sources are gone through.
    pub fn bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    /// So many more records were read.
    pub fn records(&self, records: usize) {
        self.records.fetch_add(records as u64, Ordering::Relaxed);
        let Some(last) = &self.lines else {
            let (records, rate) = self.rate();
            self.bar.set_message(format!("{records} records {rate}/s"));
            return;
        };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.elapsed() >= Self::LINE_EVERY {
            *last = Instant::now();
            let (records, rate) = self.rate();
            let bytes = self.bytes.load(Ordering::Relaxed);
            eprintln!(
                "{}",
                line(bytes, self.of_bytes, records, rate, self.since.elapsed())
            );
        }
    }

    /// Records so far, and how many a second.
    #[must_use]
    pub fn rate(&self) -> (u64, u64) {
        let records = self.records.load(Ordering::Relaxed);
        let millis = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        (records, records.saturating_mul(1_000) / millis.max(1))
    }

    /// Says something, above the bar if there is one.
    pub fn say(&self, text: &str) {
        if self.lines.is_some() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

fn line(bytes: u64, of_bytes: u64, records: u64, rate: u64, since: Duration) -> String {
    const MB: u64 = 1_000_000;
    let done = format!("backfill: {records} records (~{rate}/s), {} MB", bytes / MB);
    if of_bytes == 0 || bytes == 0 {
        return done;
    }
    let left = of_bytes.saturating_sub(bytes);
    let to_go = since.as_secs().saturating_mul(left) / bytes;
    format!("{done} of {} MB, {to_go} s to go", of_bytes / MB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_far_it_is() {
        let since = Duration::from_secs(10);
        assert_eq!(
            line(25_000_000, 100_000_000, 5_000, 500, since),
            "backfill: 5000 records (~500/s), 25 MB of 100 MB, 30 s to go"
        );
        assert_eq!(
            line(5_000_000, 0, 7, 1, since),
            "backfill: 7 records (~1/s), 5 MB"
        );
    }
}
