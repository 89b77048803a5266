//! The answer to a read, straight from its bytes.
//!
//! The driver's own way makes a value of each id, name and text, which took a third of the worker's
//! time. Here the end of the answer is found first, and then one pass makes entries of it. It knows
//! the one form in which streams answer; whatever is not exactly that, errors first of all, is
//! given to the driver's parser, so that nothing is judged in two ways.

use deadpool_redis::redis::{self, RedisResult};

use super::parse::{Element, first_stream, take_field};
use crate::entry::Entry;
use crate::position::StreamId;

/// How far an answer that is still coming has been looked at.
#[derive(Debug)]
pub struct Scan {
    at: usize,
    /// Values that begin at `at` or later.
    missing: usize,
}

/// What a scan found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The whole answer, up to here.
    End(usize),
    /// More has to come: so many bytes at least.
    Part(usize),
    /// Not what a Redis server says.
    Nonsense,
}

impl Scan {
    /// At the beginning of an answer.
    #[must_use]
    pub fn new() -> Self {
        Scan { at: 0, missing: 1 }
    }

    /// Goes on in the same bytes, of which there are more by now (Redis manual, "RESP protocol
    /// description"). No value is looked at twice but the last.
    pub fn go_on(&mut self, bytes: &[u8]) -> Found {
        while self.missing > 0 {
            let Some((header, content)) = line(bytes, self.at) else {
                return Found::Part(1);
            };
            let Some((inside, end)) = extent(header, content) else {
                return Found::Nonsense;
            };
            if end > bytes.len() {
                return Found::Part(end - bytes.len());
            }
            let Some(missing) = (self.missing - 1).checked_add(inside) else {
                return Found::Nonsense;
            };
            (self.missing, self.at) = (missing, end);
        }
        Found::End(self.at)
    }
}

/// The line that begins at `at`, without its end, and where what follows it begins.
fn line(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    // Nearly always the fifth byte or so: a plain search is done before a fast one has begun.
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    Some((rest[..end].strip_suffix(b"\r")?, at + end + 1))
}

/// How many values lie in the one with this first line, and where its own bytes end.
fn extent(header: &[u8], content: usize) -> Option<(usize, usize)> {
    let (kind, length) = header.split_first()?;
    match kind {
        b'+' | b'-' | b':' | b'_' | b'#' | b',' | b'(' => Some((0, content)),
        // Nothing, as the older protocol says it.
        b'$' | b'*' if length == b"-1" => Some((0, content)),
        b'$' | b'=' | b'!' => Some((0, content.checked_add(number(length)?)?.checked_add(2)?)),
        b'*' | b'~' => Some((number(length)?, content)),
        b'%' => Some((number(length)?.checked_mul(2)?, content)),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    digits.iter().try_fold(0, |number, &digit| {
        let value = digit.is_ascii_digit().then(|| usize::from(digit - b'0'))?;
        Some(number * 10 + value)
    })
}

/// The elements of an answer that is whole.
///
/// # Errors
///
/// What the server answered, if it refused; what the driver says of it, if it is no answer.
pub fn elements(answer: &[u8]) -> RedisResult<Vec<Element>> {
    match (Cursor { rest: answer }).stream() {
        Some(elements) => Ok(elements),
        None => Ok(first_stream(
            redis::parse_redis_value(answer)?.extract_error()?,
        )),
    }
}

/// Goes through an answer of the usual form; `None` as soon as it has another.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// `[[key, elements]]`, in the newer protocol `{key: elements}`.
    fn stream(mut self) -> Option<Vec<Element>> {
        match self.header()? {
            (b'*', b"1") => (self.count(b'*')? == 2).then_some(())?,
            (b'%', b"1") => {}
            _ => return None,
        }
        self.text()?;
        let count = self.count(b'*')?;
        // A count is not believed further than there are bytes for it.
        let mut elements = Vec::with_capacity(count.min(self.rest.len() / 8));
        for _ in 0..count {
            elements.push(self.element()?);
        }
        self.rest.is_empty().then_some(elements)
    }

    fn element(&mut self) -> Option<Element> {
        (self.count(b'*')? == 2).then_some(())?;
        let id = std::str::from_utf8(self.text()?).ok()?.parse().ok()?;
        match self.header()? {
            (b'*', b"-1") | (b'_', b"") => Some(Element::Gone(id)),
            (b'*', fields) => self.entry(id, number(fields)?).map(Element::Entry),
            _ => None,
        }
    }

    fn entry(&mut self, id: StreamId, fields: usize) -> Option<Entry> {
        let mut entry = Entry::empty(id);
        for _ in 0..fields / 2 {
            let (name, value) = (self.text()?, self.text()?);
            take_field(&mut entry, name, value);
        }
        fields.is_multiple_of(2).then_some(entry)
    }

    fn header(&mut self) -> Option<(u8, &'a [u8])> {
        let (header, content) = line(self.rest, 0)?;
        self.rest = self.rest.get(content..)?;
        header.split_first().map(|(kind, rest)| (*kind, rest))
    }

    fn count(&mut self, kind: u8) -> Option<usize> {
        let (found, count) = self.header()?;
        (found == kind).then(|| number(count)).flatten()
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.count(b'$')?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest.strip_prefix(b"\r\n")?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of every form, good ones and others.
    const ANSWERS: [&str; 17] = [
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*6\r\n$4\r\ntype\r\n$6\r\ncommit\r\n$4\r\ndata\r\n$4\r\n\r\n{}\r\n$3\r\nseq\r\n$1\r\n7\r\n",
        "%1\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$6\r\norigId\r\n$3\r\n4-1\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$3\r\n5-1\r\n*-1\r\n*2\r\n$3\r\n6-1\r\n*0\r\n",
        "%1\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n_\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$3\r\nseq\r\n:12\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*2\r\n*2\r\n$3\r\nx-1\r\n*0\r\n*2\r\n$3\r\n5-1\r\n*0\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*3\r\n$3\r\nseq\r\n$1\r\n7\r\n$1\r\nx\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*0\r\n",
        "*2\r\n*2\r\n$1\r\nk\r\n*0\r\n*2\r\n$1\r\nl\r\n*0\r\n",
        "*-1\r\n",
        "$-1\r\n",
        "_\r\n",
        "*0\r\n",
        "-NOGROUP No such key\r\n",
        "!11\r\nLOADING now\r\n",
        "+OK\r\n",
        "*1\r\n*2\r\n$1\r\nk\r\n*1\r\n-ERR inside\r\n",
    ];

    fn by_the_driver(answer: &[u8]) -> RedisResult<Vec<Element>> {
        Ok(first_stream(
            redis::parse_redis_value(answer)?.extract_error()?,
        ))
    }

    #[test]
    fn says_what_the_driver_says() {
        for answer in ANSWERS {
            let ours = elements(answer.as_bytes());
            let its = by_the_driver(answer.as_bytes());
            match (ours, its) {
                (Ok(ours), Ok(its)) => assert_eq!(ours, its, "{answer}"),
                (Err(ours), Err(its)) => assert_eq!(ours.code(), its.code(), "{answer}"),
                (ours, its) => panic!("{answer}: {ours:?}, {its:?}"),
            }
        }
    }

    #[test]
    fn makes_the_usual_answers_itself() {
        for answer in &ANSWERS[..4] {
            let stream = Cursor {
                rest: answer.as_bytes(),
            }
            .stream();
            assert!(stream.is_some(), "{answer}");
        }
    }

    #[test]
    fn finds_the_end_however_it_is_cut() {
        for answer in ANSWERS {
            let bytes = answer.as_bytes();
            let mut scan = Scan::new();
            for end in 0..bytes.len() {
                let found = scan.go_on(&bytes[..end]);
                let Found::Part(more) = found else {
                    panic!("{answer}: {found:?} at {end}");
                };
                assert!(more > 0 && end + more <= bytes.len(), "{answer}");
            }
            assert_eq!(scan.go_on(bytes), Found::End(bytes.len()), "{answer}");
            let more = [bytes, b"+OK\r\n"].concat();
            assert_eq!(Scan::new().go_on(&more), Found::End(bytes.len()));
        }
    }

    #[test]
    fn nonsense_is_seen_and_never_panics() {
        for answer in [
            "x\r\n",
            "\r\n",
            "$x\r\n",
            "*\r\n",
            "$-2\r\n",
            "*99999999999999999999\r\n",
            "HTTP/1.1 400 Bad Request\r\n",
        ] {
            assert_eq!(Scan::new().go_on(answer.as_bytes()), Found::Nonsense);
            let _ = elements(answer.as_bytes());
        }
        let huge = "*999999999999999999\r\n".repeat(40);
        assert_eq!(Scan::new().go_on(huge.as_bytes()), Found::Nonsense);
        let deep = "*1\r\n".repeat(100_000);
        assert_eq!(Scan::new().go_on(deep.as_bytes()), Found::Part(1));
        for answer in ANSWERS {
            for end in 0..answer.len() {
                let cut = Cursor {
                    rest: &answer.as_bytes()[..end],
                };
                assert!(cut.stream().is_none());
            }
        }
    }
}
