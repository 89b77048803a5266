//! Filling the names in a statement's file.

use crate::stage::{Kind, Stage};

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

/// Where the staged creates and updates of a kind are, as rows `s`, with the beginning of a
/// condition.
pub fn staged(kind: Kind) -> String {
    let name = kind.name();
    match kind.stage() {
        Stage::Likes | Stage::Posts => format!("{} s where true", stage_table(kind.stage())),
        stage => format!("{} s where s.kind = '{name}'", stage_table(stage)),
    }
}

/// The name of a staging table.
pub fn stage_table(stage: Stage) -> &'static str {
    match stage {
        Stage::Likes => "stage_likes",
        Stage::Pairs => "stage_pairs",
        Stage::Posts => "stage_posts",
        Stage::Records => "stage_records",
        Stage::Deletes => "stage_deletes",
    }
}
