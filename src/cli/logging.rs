//! The log: to standard error, as lines of text or of JSON.

use std::any::Any;
use std::io::IsTerminal as _;
use std::panic;

use tracing::error;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::bursts::Bursts;
use crate::config::{LogFormat, LogLevel};

/// Begins to log. Bursts are said by whoever holds the answer.
pub fn start(level: LogLevel, format: LogFormat) -> Bursts {
    let bursts = Bursts::default();
    let filter = filter(level);
    let lines = fmt::layer().with_target(false).with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines.with_filter(bursts.clone()))
        .init();
    panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(ToString::to_string);
        error!(
            at,
            "a part of the program broke off: {}",
            words(panic.payload())
        );
    }));
    bursts
}

/// The clients' own chatter is not the worker's log; where it has errors alone, nor are their warnings.
fn filter(level: LogLevel) -> EnvFilter {
    let ours = level.filter();
    let theirs = if ours == LogLevel::Error.filter() {
        ours
    } else {
        LogLevel::Warn.filter()
    };
    EnvFilter::new(format!("{theirs},forebay={ours}"))
}

/// What is said of a panic: words that stand in the program. Those that were put together may hold
/// the text that they are about.
fn words(payload: &(dyn Any + Send)) -> &'static str {
    const LEFT_OUT: &str = "its words are left out, they may hold data";
    payload.downcast_ref().copied().unwrap_or(LEFT_OUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::level_filters::LevelFilter;

    #[test]
    fn no_level_lets_more_of_others_through_than_of_us() {
        for (level, most) in [
            (LogLevel::Critical, LevelFilter::ERROR),
            (LogLevel::Error, LevelFilter::ERROR),
            (LogLevel::Warning, LevelFilter::WARN),
            (LogLevel::Info, LevelFilter::INFO),
            (LogLevel::Trace, LevelFilter::TRACE),
        ] {
            let hint = tracing_subscriber::Layer::<tracing_subscriber::Registry>::max_level_hint(
                &filter(level),
            );
            assert_eq!(hint, Some(most), "{level:?}");
        }
    }

    #[test]
    fn of_a_panic_no_data_is_said() {
        let caught = |say: fn(&str)| {
            let panic = panic::catch_unwind(|| say("hushhush")).unwrap_err();
            words(panic.as_ref())
        };
        assert_eq!(caught(|_| panic!("fixed words")), "fixed words");
        assert!(caught(|text| panic!("of {text}")).starts_with("its words are left out"));
        // A library's own: the text stands in its message.
        assert!(caught(|text| assert_eq!(text, &text[1..])).starts_with("its words are left out"));
    }
}
