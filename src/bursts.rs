//! A burst of the same error is one line, and one more with how often it came again.
//!
//! A filter before whatever writes the log. What is the same is decided by place, words and fields,
//! less those that name one entry. It knows nothing of what the words mean.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, error, warn};
use tracing_subscriber::layer::{Context, Filter};

/// How long a burst is gathered.
const WINDOW: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Different errors at a time; of more nothing is held back.
const BURSTS_MOST: usize = 500;
/// Fields that tell one case from the next of the same error.
const VARYING: [&str; 2] = ["entry", "op"];

/// The bursts under way.
#[derive(Clone, Default)]
pub struct Bursts(Arc<Mutex<HashMap<u64, Burst>>>);

/// An error that was said.
#[derive(Debug)]
struct Burst {
    since: Instant,
    again: u64,
    level: Level,
    line: String,
}

/// What came again in a window that is over.
#[derive(Debug, PartialEq, Eq)]
struct Again {
    level: Level,
    line: String,
    times: u64,
}

impl Bursts {
    /// Says every few seconds what came again, until it is aborted.
    pub async fn run(self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            say(self.over(Instant::now()));
        }
    }

    /// Says the rest: nothing comes after.
    pub fn end(&self) {
        say(self.over(Instant::now() + WINDOW));
    }

    /// Whether a line is the first of its kind in its window.
    fn is_first(&self, said: Said, level: Level, now: Instant) -> bool {
        let mut bursts = self.lock();
        if let Some(burst) = bursts.get_mut(&said.key) {
            burst.again += 1;
            return false;
        }
        if bursts.len() < BURSTS_MOST {
            let burst = Burst {
                since: now,
                again: 0,
                level,
                line: said.line,
            };
            bursts.insert(said.key, burst);
        }
        true
    }

    /// Takes what came again in windows that are over. What did goes on being held back.
    fn over(&self, now: Instant) -> Vec<Again> {
        let mut again = Vec::new();
        self.lock().retain(|_, burst| {
            if now.saturating_duration_since(burst.since) < WINDOW {
                return true;
            }
            let times = std::mem::take(&mut burst.again);
            burst.since = now;
            if times > 0 {
                again.push(Again {
                    level: burst.level,
                    line: burst.line.clone(),
                    times,
                });
            }
            times > 0
        });
        again
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Burst>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say(again: Vec<Again>) {
    let within_s = WINDOW.as_secs();
    for Again { level, line, times } in again {
        if level == Level::ERROR {
            error!(times, within_s, "again: {line}");
        } else {
            warn!(times, within_s, "again: {line}");
        }
    }
}

impl<S: Subscriber> Filter<S> for Bursts {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // What is said here of bursts is never held back itself.
        if *metadata.level() > Level::WARN || metadata.target() == module_path!() {
            return true;
        }
        self.is_first(Said::of(event), *metadata.level(), Instant::now())
    }
}

/// What a line says, less what tells one case from the next.
struct Said {
    key: u64,
    line: String,
}

impl Said {
    fn of(event: &Event<'_>) -> Said {
        let mut words = Words::default();
        event.record(&mut words);
        let line = words.message + &words.fields;
        let mut key = DefaultHasher::new();
        event.metadata().callsite().hash(&mut key);
        line.hash(&mut key);
        Said {
            key: key.finish(),
            line,
        }
    }
}

#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name if VARYING.contains(&name) => Ok(()),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    // Numbers are how many or which, never what.
    fn record_u64(&mut self, _: &Field, _: u64) {}
    fn record_i64(&mut self, _: &Field, _: i64) {}
    fn record_u128(&mut self, _: &Field, _: u128) {}
    fn record_i128(&mut self, _: &Field, _: i128) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// What is written of the lines that a closure logs.
    fn written(bursts: &Bursts, log: impl FnOnce()) -> Vec<String> {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Lines {
            fn write(&mut self, some: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().extend_from_slice(some);
                Ok(some.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let out = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .with_writer(move || out.clone());
        let subscriber = tracing_subscriber::registry().with(layer.with_filter(bursts.clone()));
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    fn refused(entry: u32, reason: &str) {
        let column = Some("likes.via");
        warn!(letters = entry, entry = %entry, reason, column, "set aside: {}", "words");
    }

    #[test]
    fn a_burst_is_one_line_and_one_with_the_count() {
        let bursts = Bursts::default();
        let lines = written(&bursts, || {
            for entry in 0..1_000 {
                refused(entry, "missing");
                tracing::info!("not an error");
            }
            refused(7, "not_json");
            say(bursts.over(Instant::now()));
            say(bursts.over(Instant::now() + WINDOW));
            // It goes on.
            refused(8, "missing");
            say(bursts.over(Instant::now() + WINDOW * 2));
            say(bursts.over(Instant::now() + WINDOW * 3));
            // It came again after it had ended.
            refused(9, "missing");
        });
        let errors: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .filter(|line| line.starts_with("WARN"))
            .collect();
        assert_eq!(
            errors,
            [
                "WARN set aside: words letters=0 entry=0 reason=\"missing\" column=\"likes.via\"",
                "WARN set aside: words letters=7 entry=7 reason=\"not_json\" column=\"likes.via\"",
                "WARN again: set aside: words reason=\"missing\" column=\"likes.via\" times=999 within_s=5",
            ]
            .iter()
            .chain(&[
                "WARN again: set aside: words reason=\"missing\" column=\"likes.via\" times=1 within_s=5",
                "WARN set aside: words letters=9 entry=9 reason=\"missing\" column=\"likes.via\"",
            ])
            .copied()
            .collect::<Vec<_>>()
        );
        assert_eq!(lines.len(), errors.len() + 1_000);
    }

    #[test]
    fn different_errors_are_bounded_and_never_held_back() {
        let bursts = Bursts::default();
        let lines = written(&bursts, || {
            for case in 0..2_000 {
                warn!("case {case}");
            }
        });
        assert_eq!(lines.len(), 2_000);
        assert_eq!(bursts.lock().len(), BURSTS_MOST);
        assert!(bursts.over(Instant::now() + WINDOW).is_empty());
        assert!(bursts.lock().is_empty());
    }
}
