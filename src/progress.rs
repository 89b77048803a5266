//! How far a long task has come: a bar on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shows how far a task has come.
pub struct Progress {
    bar: ProgressBar,
    shown: Shown,
}

enum Shown {
    Bar,
    /// A line at most this often; since when the last stands.
    Lines(Mutex<Option<Instant>>),
    Nothing,
}

impl Progress {
    const LINE_EVERY: Duration = Duration::from_secs(2);

    /// Of a task of about this many steps.
    #[must_use]
    pub fn new(steps: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Progress {
                bar: ProgressBar::hidden(),
                shown: Shown::Lines(Mutex::new(None)),
            };
        }
        let style = ProgressStyle::with_template(
            "{msg:28} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}",
        )
        .unwrap_or_else(|_| ProgressStyle::default_bar());
        Progress {
            bar: ProgressBar::new(steps).with_style(style),
            shown: Shown::Bar,
        }
    }

    /// Shows nothing.
    #[must_use]
    pub fn hidden() -> Self {
        Progress {
            bar: ProgressBar::hidden(),
            shown: Shown::Nothing,
        }
    }

    /// Sets how many steps there are.
    pub fn of(&self, steps: u64) {
        self.bar.set_length(steps);
    }

    /// Says what is being done.
    pub fn on(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// Some steps further; says so, without a terminal, if it has been quiet for a while.
    pub fn further(&self, steps: u64) {
        self.bar.inc(steps);
        if let Shown::Lines(last) = &self.shown {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_none_or(|last| last.elapsed() >= Self::LINE_EVERY) {
                *last = Some(Instant::now());
                let of = self.bar.length().unwrap_or_default();
                eprintln!(
                    "{}: {} of about {of}",
                    self.bar.message(),
                    self.bar.position()
                );
            }
        }
    }

    /// Takes the bar away.
    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}
