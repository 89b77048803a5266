//! A record of the lexicon as the Python reader writes it (CONTRACT §1, "Two dialects").

use serde_json::{Map, Value};

use crate::support::random::Random;

/// Snake case, `py_type` beside or for `$type`, and some unset fields as nulls.
pub fn sdk(record: &Value, random: &mut Random) -> Value {
    let mut record = object(record, random);
    record["$type"] = record["py_type"].clone();
    record
}

fn object(value: &Value, random: &mut Random) -> Value {
    match value {
        Value::Object(fields) => {
            let mut converted = Map::new();
            for (name, value) in fields {
                converted.insert(renamed(name), object(value, random));
            }
            if random.percent(30) {
                converted.entry("labels").or_insert(Value::Null);
            }
            Value::Object(converted)
        }
        Value::Array(items) => items.iter().map(|item| object(item, random)).collect(),
        other => other.clone(),
    }
}

fn renamed(name: &str) -> String {
    match name {
        "$type" => return "py_type".to_owned(),
        "$link" => return "link".to_owned(),
        _ => {}
    }
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
