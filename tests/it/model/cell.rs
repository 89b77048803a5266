//! Values of rows, as the model expects them and as PostgreSQL's `to_jsonb` shows them.

use super::{date, json};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Int(i64),
    Bool(bool),
    /// Microseconds since 1970.
    Time(i64),
    Json(Value),
}

/// A row by its columns; a column that is not there is not compared.
pub type Row = BTreeMap<&'static str, Cell>;

impl Cell {
    /// Whether a column holds this, as `to_jsonb` of its row gives it.
    pub fn is(&self, found: &Value) -> bool {
        match self {
            // jsonb's null is shown as SQL's; no column of ours may hold the former.
            Cell::Null => found.is_null(),
            Cell::Text(text) => found.as_str() == Some(text),
            Cell::Int(int) => found.as_i64() == Some(*int),
            Cell::Bool(truth) => found.as_bool() == Some(*truth),
            Cell::Time(at) => found.as_str().and_then(date::parse) == Some(*at),
            Cell::Json(value) => json::same(value, found),
        }
    }
}

impl Cell {
    /// For comparisons of models with one another; a time is its microseconds.
    pub fn as_json(&self) -> Value {
        match self {
            Cell::Null => Value::Null,
            Cell::Text(text) => text.as_str().into(),
            Cell::Int(int) | Cell::Time(int) => (*int).into(),
            Cell::Bool(truth) => (*truth).into(),
            Cell::Json(value) => value.clone(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => write!(f, "null"),
            Cell::Text(text) => write!(f, "{text:?}"),
            Cell::Int(int) => write!(f, "{int}"),
            Cell::Bool(truth) => write!(f, "{truth}"),
            Cell::Time(at) => write!(f, "{at} µs since 1970"),
            Cell::Json(value) => write!(f, "{value}"),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<bool> for Cell {
    fn from(truth: bool) -> Cell {
        Cell::Bool(truth)
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Cell {
        if value.is_null() {
            Cell::Null
        } else {
            Cell::Json(value)
        }
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Null, Into::into)
    }
}
