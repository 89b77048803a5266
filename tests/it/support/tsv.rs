//! The AppView's schema as the introspected tables describe it, made into statements here and not
//! from forebay's own files: so that the two can be compared.

use std::fmt::Write as _;

pub const COLUMNS: &str = include_str!("../../contract/columns.tsv");
pub const INDEXES: &str = include_str!("../../contract/indexes.tsv");
pub const FOREIGN_KEYS: &str = include_str!("../../contract/foreign-keys.tsv");

/// The rows under the heading.
pub fn rows<const N: usize>(tsv: &str) -> impl Iterator<Item = [&str; N]> {
    tsv.lines().skip(1).map(|line| {
        let mut cells = line.split('\t');
        std::array::from_fn(|_| cells.next().unwrap_or(""))
    })
}

/// Statements that make all of it.
pub fn ddl() -> String {
    let mut ddl = String::new();
    for table in tables() {
        writeln!(ddl, "create table public.{table} ({});", columns(table)).unwrap();
    }
    for [table, index, kind, method, columns] in rows::<5>(INDEXES) {
        let statement = match kind {
            "primary key" => {
                format!("alter table public.{table} add constraint {index} primary key ({columns})")
            }
            // How the AppView's schema tool names what is declared on a column.
            "unique" if index.ends_with("_unique") => {
                format!("alter table public.{table} add constraint {index} unique ({columns})")
            }
            "unique" => {
                format!("create unique index {index} on public.{table} using {method} ({columns})")
            }
            _ => format!("create index {index} on public.{table} using {method} ({columns})"),
        };
        writeln!(ddl, "{statement};").unwrap();
    }
    for [table, constraint, definition] in rows::<3>(FOREIGN_KEYS) {
        writeln!(
            ddl,
            "alter table public.{table} add constraint {constraint} {definition};"
        )
        .unwrap();
    }
    ddl
}

/// Every table's name, in the file's order.
pub fn tables() -> Vec<&'static str> {
    let mut tables: Vec<&str> = rows::<6>(COLUMNS).map(|[table, ..]| table).collect();
    tables.dedup();
    tables
}

fn columns(of: &str) -> String {
    let columns = rows::<6>(COLUMNS).filter(|[table, ..]| *table == of).map(
        |[_, _, column, kind, null, default]| {
            let default = match default {
                "" => String::new(),
                value => format!("default {value}"),
            };
            format!("{column} {kind} {null} {default}")
        },
    );
    columns.collect::<Vec<_>>().join(", ")
}
