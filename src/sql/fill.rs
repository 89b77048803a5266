//! Filling the names in a statement's file.

/// The condition under which a row yields to a staged delete: its position is at or before it.
pub fn at_or_before(version: &str) -> String {
    format!(
        "(t.{version} < d.position or (t.{version} = d.position and d.tie >= coalesce(\
         (select r.tie from forebay.ties r where r.uri = d.uri and r.position = d.position), 0)))"
    )
}

/// Fills the `{name}`s of a statement's file.
pub fn fill(file: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(file.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}
