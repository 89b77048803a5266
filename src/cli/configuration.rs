//! The configuration in one line of the log, passwords hidden.
//!
//! It goes by what the command line parser knows, so that no variable can be forgotten; it knows
//! nothing of what they mean but which of them are URLs.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};

/// The variables of a command and their values, as `NAME=value NAME=value`.
#[must_use]
pub fn line(command: &Command, matches: &ArgMatches) -> String {
    let shown = command.get_arguments().filter_map(|argument| {
        let id = argument.get_id().as_str();
        let name = argument.get_env().map_or_else(
            || argument.get_long().map(|long| format!("--{long}")),
            |variable| Some(variable.to_string_lossy().into_owned()),
        )?;
        // What is neither a variable nor given says nothing.
        if argument.get_env().is_none()
            && matches.value_source(id) != Some(ValueSource::CommandLine)
        {
            return None;
        }
        if matches!(argument.get_action(), ArgAction::SetTrue) {
            return Some(name);
        }
        let values = matches.try_get_raw(id).ok()??;
        let values: Vec<String> = values
            .map(|value| shown_value(&value.to_string_lossy()))
            .collect();
        Some(format!("{name}={}", values.join(",")))
    });
    shown.collect::<Vec<_>>().join(" ")
}

fn shown_value(value: &str) -> String {
    if value.contains("://") {
        shown_url(value)
    } else if value.is_empty() || value.contains(char::is_whitespace) {
        format!("{value:?}")
    } else {
        value.to_owned()
    }
}

/// A URL without what may be a password: what stands before the last `@`, if anything, and
/// values in its query that are not about TLS.
#[must_use]
pub fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "***".to_owned();
    };
    let (user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, rest),
    };
    let (host, query) = host.split_once('?').unwrap_or((host, ""));
    let mut shown = format!("{scheme}://");
    if let Some(user) = user {
        // A colon in it begins the password.
        match user.split_once(':') {
            Some((name, _)) => shown.push_str(&format!("{name}:***@")),
            None => shown.push_str(&format!("{user}@")),
        }
    }
    shown.push_str(host);
    for (at, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        shown.push(if at == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or(("***", ""));
        let value = if name.starts_with("ssl") {
            value
        } else {
            "***"
        };
        shown.push_str(&format!("{name}={value}"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_password() {
        for (url, shown) in [
            ("redis://h:1", "redis://h:1"),
            ("redis://:s3cret@h:1/2", "redis://:***@h:1/2"),
            (
                "postgres://u:s3c@ret@h/db?sslmode=require",
                "postgres://u:***@h/db?sslmode=require",
            ),
            (
                "postgres://u@h/db?password=s3cret",
                "postgres://u@h/db?password=***",
            ),
            ("postgres://u:a?s3cret@h/db", "postgres://u:***@h/db"),
            ("postgres://u:s3cret/x@h", "postgres://u:***@h"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
        assert_eq!(shown_value("a b"), "\"a b\"");
    }
}
