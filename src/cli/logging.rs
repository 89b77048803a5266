//! The log: to standard error, as lines of text or of JSON.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::bursts::Bursts;
use crate::config::{LogFormat, LogLevel};

/// Begins to log. Bursts are said by whoever holds the answer.
pub fn start(level: LogLevel, format: LogFormat) -> Bursts {
    let bursts = Bursts::default();
    // The clients' own chatter is not the worker's log.
    let filter = EnvFilter::new(format!("warn,forebay={}", level.filter()));
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
    bursts
}
