//! Letters at a terminal and as JSON.

use crate::cli::Failure;
use crate::dlq::{Kept, Refused};
use serde::Serialize;

/// One object a line.
pub fn json_lines(items: &[impl Serialize]) -> Result<String, Failure> {
    let mut lines = String::new();
    for item in items {
        lines += &sonic_rs::to_string(item).map_err(std::io::Error::other)?;
        lines.push('\n');
    }
    Ok(lines)
}

/// The names of a list's columns.
pub fn heading() -> String {
    format!(
        "{:>8}  {:>5}  {:<24}  {:<8}  {:<5}  about\n",
        "id", "age", "reason", "type", "state"
    )
}

/// A line for each.
pub fn lines(letters: &[Kept]) -> String {
    let mut lines = String::new();
    for letter in letters {
        let about = letter
            .uri
            .clone()
            .unwrap_or_else(|| format!("entry {}", letter.orig_id));
        lines += &format!(
            "{:>8}  {:>5}  {:<24}  {:<8}  {:<5}  {}\n",
            letter.id,
            age(letter.age_s),
            printable(&letter.reason),
            printable(&letter.kind),
            letter.sqlstate.as_deref().unwrap_or("-"),
            printable(&about)
        );
    }
    lines
}

/// Everything of one letter.
pub fn whole(letter: &Kept) -> String {
    let mut lines = String::new();
    let none = || "-".to_owned();
    let op = letter
        .op
        .map_or_else(|| "the whole entry".to_owned(), |op| op.to_string());
    let cut = if letter.truncated {
        ", the first of more"
    } else {
        ""
    };
    for (name, value) in [
        ("id", letter.id.to_string()),
        (
            "written",
            format!("{}, {} ago", letter.written_at, age(letter.age_s)),
        ),
        ("reason", letter.reason.clone()),
        ("column", letter.column.clone().unwrap_or_else(none)),
        ("SQLSTATE", letter.sqlstate.clone().unwrap_or_else(none)),
        ("remedy", letter.remedy.clone()),
        ("about", letter.uri.clone().unwrap_or_else(none)),
        ("entry", letter.entry_id.clone()),
        ("position", letter.orig_id.clone()),
        ("op", op),
        ("type", letter.kind.clone()),
        ("seq", letter.seq.clone()),
        ("deliveries", letter.deliveries.to_string()),
        ("data", format!("{} bytes{cut}", letter.data_bytes)),
    ] {
        lines += &format!("{name:<11}{}\n", printable(&value));
    }
    if let Some(data) = &letter.data {
        lines += &format!("{}\n", printable(data));
    }
    lines
}

/// Letters that stay.
pub fn refused(letters: &[Refused]) -> String {
    let line = |letter: &Refused| {
        format!(
            "letter {}: {}\n  remedy: {}\n",
            letter.id,
            printable(&letter.reason),
            letter.remedy
        )
    };
    letters.iter().map(line).collect()
}

/// In the greatest unit of which there is one.
fn age(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    units
        .into_iter()
        .find(|(unit, _)| seconds >= *unit)
        .map_or_else(
            || format!("{}s", seconds.max(0)),
            |(unit, name)| format!("{}{name}", seconds / unit),
        )
}

/// What a stranger wrote must not move the terminal's cursor or change its colours.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        assert_eq!(age(59), "59s");
        assert_eq!(age(3_599), "59m");
        assert_eq!(age(86_399), "23h");
        assert_eq!(age(864_000), "10d");
        assert_eq!(age(-3), "0s");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
    }
}
