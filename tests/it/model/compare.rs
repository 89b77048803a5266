//! The database against the model, row by row and column by column.

use super::Model;
use super::cell::Row;
use super::json;
use super::tables::{Rows, TABLES, derive, is_all_zeros, is_post};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use tokio_postgres::Client;

/// Differences printed before a test fails.
const SHOWN_MAX: usize = 40;

/// One column of one row that is not as it must be; `*` for a whole row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    pub key: String,
    pub column: String,
    pub expected: String,
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            table,
            key,
            column,
            expected,
            found,
        } = self;
        write!(
            f,
            "{table} {key} {column}: expected {expected}, found {found}"
        )
    }
}

/// What a table holds: each row as `to_jsonb` gives it, by its key.
pub type Found = BTreeMap<String, Value>;

impl Model {
    /// All differences between the whole database and what the model expects.
    pub async fn compare(&self, client: &Client) -> Vec<Difference> {
        let expected = derive(self);
        let mut differences = Vec::new();
        for (table, key) in TABLES {
            let found = read(client, table, key).await;
            differences.extend(compare_table(table, &expected[table], &found));
        }
        differences
    }

    /// All differences between `forebay.dead_letters` and what the model refuses. Of a reason only
    /// what is wrong is compared, not where.
    pub async fn compare_rejected(&self, client: &Client) -> Vec<Difference> {
        let query = "select orig_id, op, reason from forebay.dead_letters";
        let rows = client.query(query, &[]).await.expect("the dead letters");
        let row = |row: &tokio_postgres::Row| (letter(row.get(0), row.get(1)), problem(row.get(2)));
        let found: BTreeMap<String, String> = rows.iter().map(row).collect();
        let number = |op: &Option<usize>| op.map_or(-1, |op| i32::try_from(op).expect("a number"));
        let expected: BTreeMap<String, String> = self
            .rejected()
            .iter()
            .map(|(id, op, why)| (letter(id, number(op)), problem(why)))
            .collect();
        let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        let reason = |of: &BTreeMap<String, String>, key: &str| {
            of.get(key).cloned().unwrap_or("no letter".into())
        };
        let differences = keys.into_iter().map(|key| Difference {
            table: "forebay.dead_letters",
            key: key.clone(),
            column: "reason".into(),
            expected: reason(&expected, key),
            found: reason(&found, key),
        });
        differences
            .filter(|difference| difference.expected != difference.found)
            .collect()
    }

    /// How many rows the model expects in a table, named with its schema.
    pub fn count(&self, table: &str) -> usize {
        derive(self)[table].len()
    }

    /// All tables as JSON: by table, key and column.
    pub fn as_json(&self) -> Value {
        let row = |row: &Row| {
            row.iter()
                .map(|(column, cell)| (column.to_string(), cell.as_json()))
                .collect::<Value>()
        };
        let rows = |rows: &Rows| {
            rows.iter()
                .map(|(key, columns)| (key.clone(), row(columns)))
                .collect::<Value>()
        };
        derive(self)
            .iter()
            .map(|(table, all)| (table.to_string(), rows(all)))
            .collect()
    }

    /// One column of one expected row, as text.
    pub fn expected(&self, table: &str, key: &str, column: &str) -> Option<String> {
        Some(derive(self)[table].get(key)?.get(column)?.to_string())
    }
}

/// A dead letter's key: the entry and the op's number, -1 for a whole entry.
fn letter(id: &str, op: i32) -> String {
    format!("{id} op {op}")
}

/// What is wrong, without the field.
fn problem(reason: &str) -> String {
    reason.split(':').next().unwrap_or_default().to_owned()
}

async fn read(client: &Client, table: &str, key: &str) -> Found {
    let query = format!("select t.{key}::text, to_jsonb(t)::text from {table} t");
    let rows = client
        .query(&query, &[])
        .await
        .unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let parsed = |text: &str| json::parse(text).expect("PostgreSQL's JSON");
    rows.iter()
        .map(|row| (row.get(0), parsed(row.get(1))))
        .collect()
}

pub fn compare_table(table: &'static str, expected: &Rows, found: &Found) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |key: &str, column: &str, expected: String, found: String| {
        let (key, column) = (key.to_owned(), column.to_owned());
        differences.push(Difference {
            table,
            key,
            column,
            expected,
            found,
        });
    };
    for (key, row) in expected {
        let Some(found) = found.get(key) else {
            differ(key, "*", format!("{row:?}"), "no row".into());
            continue;
        };
        for (column, cell) in row {
            let value = found.get(column).unwrap_or(&Value::Null);
            if !cell.is(value) {
                differ(key, column, cell.to_string(), value.to_string());
            }
        }
    }
    for (key, row) in found {
        let empty = table == "public.post_aggregations" && is_post(key) && is_all_zeros(row);
        if !expected.contains_key(key) && !empty {
            differ(key, "*", "no row".into(), row.to_string());
        }
    }
    differences
}

/// Fails with the first differences if the database is not what the model expects.
pub async fn assert_same(model: &Model, client: &Client) {
    fail_if_any(&model.compare(client).await);
}

/// Fails with the first differences if the dead letters are not those of what the model refuses.
pub async fn assert_same_rejected(model: &Model, client: &Client) {
    fail_if_any(&model.compare_rejected(client).await);
}

fn fail_if_any(differences: &[Difference]) {
    for difference in differences.iter().take(SHOWN_MAX) {
        eprintln!("{difference}");
    }
    assert!(
        differences.is_empty(),
        "{} differences from the model",
        differences.len()
    );
}
