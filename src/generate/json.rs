//! Writes JSON in either dialect of the stream.
//!
//! The lexicon form is compact, in camelCase and UTF-8; the SDK's is what the Python reader's
//! `json.dumps` gives: snake_case keys, `py_type`, nulls, ASCII. It knows no lexicon.

use std::fmt::Write as _;

/// How records and the JSON around them are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As the Python reader writes it.
    Sdk,
    /// As the lexicons say.
    Lexicon,
}

/// Whether an object names its type in the lexicon form; in the SDK's every object does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A record or a member of a union.
    Both,
    /// Any other object.
    SdkOnly,
}

/// JSON text as it grows.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) out: String,
    /// Separators and escapes.
    layout: Dialect,
    /// Names of keys, types and nulls.
    pub(super) keys: Dialect,
    comma: bool,
}

impl Json {
    pub(super) fn new(dialect: Dialect) -> Self {
        Json {
            out: String::with_capacity(640),
            layout: dialect,
            keys: dialect,
            comma: false,
        }
    }

    /// The finished text; the next one begins in `dialect`.
    pub(super) fn take(&mut self, dialect: Dialect) -> String {
        std::mem::replace(self, Json::new(dialect)).out
    }

    /// Chooses the dialect of a text that has not begun.
    pub(super) fn begin_in(&mut self, dialect: Dialect) {
        self.layout = dialect;
        self.keys = dialect;
        self.comma = false;
    }

    fn separate(&mut self) {
        if self.comma {
            self.out.push_str(if self.layout == Dialect::Sdk {
                ", "
            } else {
                ","
            });
        }
        self.comma = true;
    }

    pub(super) fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.comma = false;
    }

    pub(super) fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.comma = true;
    }

    /// Begins an element of an array.
    pub(super) fn item(&mut self) {
        self.separate();
    }

    /// A key as it stands.
    pub(super) fn key(&mut self, key: &str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str(if self.layout == Dialect::Sdk {
            "\": "
        } else {
            "\":"
        });
    }

    /// A lexicon's field: given in camelCase, written as the dialect has it.
    pub(super) fn field(&mut self, camel: &str) {
        if self.keys == Dialect::Lexicon || camel.bytes().all(|b| !b.is_ascii_uppercase()) {
            return self.key(camel);
        }
        let mut snake = String::with_capacity(camel.len() + 4);
        for c in camel.chars() {
            if c.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        self.key(&snake);
    }

    /// Fields that have no value: nulls in the SDK's form, absent in the lexicon's.
    pub(super) fn unset(&mut self, fields: &[&str]) {
        if self.keys == Dialect::Sdk {
            for camel in fields {
                self.field(camel);
                self.out.push_str("null");
            }
        }
    }

    /// Opens an object of the given lexicon type.
    pub(super) fn begin(&mut self, of: &str, tag: Tag) {
        self.open('{');
        if self.keys == Dialect::Lexicon && tag == Tag::Both {
            self.key("$type");
            self.plain(of);
        }
    }

    /// Closes what `begin` opened.
    pub(super) fn end(&mut self, of: &str) {
        if self.keys == Dialect::Sdk {
            self.key("py_type");
            self.plain(of);
        }
        self.close('}');
    }

    /// Closes a record: its top level has both `py_type` and `$type` in the SDK's form.
    pub(super) fn end_record(&mut self, of: &str) {
        if self.keys == Dialect::Sdk {
            self.key("py_type");
            self.plain(of);
            self.key("$type");
            self.plain(of);
        }
        self.close('}');
    }

    /// A string without anything to escape.
    pub(super) fn plain(&mut self, text: &str) {
        self.out.push('"');
        self.out.push_str(text);
        self.out.push('"');
    }

    /// A string that `push` appends, without anything to escape.
    pub(super) fn plain_with(&mut self, push: impl FnOnce(&mut String)) {
        self.out.push('"');
        push(&mut self.out);
        self.out.push('"');
    }

    pub(super) fn number(&mut self, value: u64) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    pub(super) fn truth(&mut self, value: bool) {
        self.out.push_str(if value { "true" } else { "false" });
    }

    /// Any string.
    pub(super) fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                ' '..='~' => self.out.push(c),
                _ if self.layout == Dialect::Lexicon && c >= ' ' => self.out.push(c),
                _ => self.escape(c),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, c: char) {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(self.out, "\\u{unit:04x}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(dialect: Dialect) -> String {
        let mut json = Json::new(dialect);
        json.begin("a.b", Tag::Both);
        json.field("createdAt");
        json.text("é\"💦\n");
        json.unset(&["via"]);
        json.end_record("a.b");
        json.take(dialect)
    }

    #[test]
    fn the_sdk_form_is_pythons() {
        let expected = r#"{"created_at": "\u00e9\"\ud83d\udca6\n", "via": null, "py_type": "a.b", "$type": "a.b"}"#;
        assert_eq!(written(Dialect::Sdk), expected);
    }

    #[test]
    fn the_lexicon_form_is_compact() {
        let expected = r#"{"$type":"a.b","createdAt":"é\"💦\n"}"#;
        assert_eq!(written(Dialect::Lexicon), expected);
    }
}
