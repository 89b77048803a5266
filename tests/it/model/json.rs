//! The model's own JSON: any depth, any surrogate, numbers as they were written.
//!
//! serde_json would refuse lone surrogates and deep nesting before the model could say which op of
//! a commit they condemn. Of a key that stands twice the last counts.

use serde_json::{Map, Number, Value};

/// Deeper than any test goes; only keeps a hostile text from ending the test's process.
const DEPTH_MAX: usize = 4000;

pub fn parse(text: &str) -> Option<Value> {
    let mut parser = Parser {
        bytes: text.as_bytes(),
        text,
        at: 0,
    };
    let value = parser.value(0)?;
    parser.blanks();
    (parser.at == text.len()).then_some(value)
}

/// How many objects and arrays lie in one another.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether PostgreSQL's numeric holds every number: 131,072 digits before the point and 16,383
/// after it.
pub fn is_numeric(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let digits = whole.trim_start_matches(['-', '0']).len() as i64;
            exponent.parse::<i64>().is_ok_and(|exponent| {
                digits + exponent <= 131_072 && fraction.len() as i64 - exponent <= 16_383
            })
        }
        Value::Array(items) => items.iter().all(is_numeric),
        Value::Object(map) => map.values().all(is_numeric),
        _ => true,
    }
}

/// Equal as jsonb has it: numbers by value, objects whatever the order of their keys.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => decimal(&a.to_string()) == decimal(&b.to_string()),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// Sign, significant digits and exponent: one form for each value.
fn decimal(text: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let negative = mantissa.starts_with('-');
    let (whole, fraction) = mantissa
        .trim_start_matches('-')
        .split_once('.')
        .unwrap_or((mantissa.trim_start_matches('-'), ""));
    let digits = format!("{whole}{fraction}");
    let trimmed = digits.trim_end_matches('0');
    let significant = trimmed.trim_start_matches('0');
    if significant.is_empty() {
        return (false, String::new(), 0);
    }
    let exponent: i64 = exponent.parse().expect("an exponent");
    let exponent = exponent - fraction.len() as i64 + (digits.len() - trimmed.len()) as i64;
    (negative, significant.to_owned(), exponent)
}

struct Parser<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        self.text.get(self.at..)?.starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        self.blanks();
        match self.peek()? {
            _ if depth > DEPTH_MAX => None,
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.string().map(Value::String),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        self.eat(b'{')?;
        if self.eat(b'}').is_some() {
            return Some(Value::Object(map));
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.eat(b':')?;
            map.insert(key, self.value(depth)?);
            if self.eat(b',').is_none() {
                self.eat(b'}')?;
                return Some(Value::Object(map));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.eat(b'[')?;
        if self.eat(b']').is_some() {
            return Some(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if self.eat(b',').is_none() {
                self.eat(b']')?;
                return Some(Value::Array(items));
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
        ) {
            self.at += 1;
        }
        let number: Number = serde_json::from_str(&self.text[start..self.at]).ok()?;
        Some(Value::Number(number))
    }

    /// A string; NUL and lone surrogates, which PostgreSQL cannot hold, become U+FFFD.
    fn string(&mut self) -> Option<String> {
        (self.peek()? == b'"').then(|| self.at += 1)?;
        let mut out = String::new();
        loop {
            let c = self.text.get(self.at..)?.chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' => return Some(out),
                '\\' => out.push(self.escape()?),
                '\0'..='\x1f' => return None,
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' => Some(char::from(byte)),
            b'b' => Some('\x08'),
            b'f' => Some('\x0c'),
            b'n' => Some('\n'),
            b'r' => Some('\r'),
            b't' => Some('\t'),
            b'u' => self.unicode(),
            _ => None,
        }
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        let all_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
        all_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    }

    fn unicode(&mut self) -> Option<char> {
        let unit = self.hex(self.at)?;
        self.at += 4;
        if (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
            let low = self.hex(self.at + 2)?;
            if (0xdc00..0xe000).contains(&low) {
                self.at += 6;
                return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        Some(
            char::from_u32(unit)
                .filter(|c| *c != '\0')
                .unwrap_or('\u{fffd}'),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn strings_keep_what_postgres_can_hold() {
        let text = r#""a\u0000b\ud800c\ud83d\udca6\n\\u0000 é""#;
        assert_eq!(value(text), "a\u{fffd}b\u{fffd}c💦\n\\u0000 é");
    }

    #[test]
    fn the_last_of_two_keys_counts() {
        assert_eq!(value(r#"{"a":1,"a":2}"#)["a"].to_string(), "2");
    }

    #[test]
    fn numbers_are_equal_by_value() {
        for (a, b) in [
            ("1e2", "100"),
            ("216.50", "216.5"),
            ("-0.0", "0"),
            ("0.001", "1E-3"),
        ] {
            assert!(same(&value(a), &value(b)), "{a} {b}");
        }
        assert!(!same(
            &value("9007199254740993"),
            &value("9007199254740992")
        ));
        assert!(!same(&value("-1"), &value("1")));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "", "{", "[1,]", "{\"a\"}", "\"\n\"", "01", "nul", "1 2", "NaN", "'a'",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn depth_counts_containers() {
        assert_eq!(depth(&value(r#"{"a":[[1]]}"#)), 3);
    }
}
