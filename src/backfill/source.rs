//! What a backfill is told to take: files, directories, standard input, spans of streams.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::position::StreamId;

/// Endings by which files of a directory are known; what is named itself is taken whatever its name.
const ENDINGS: [&str; 6] = ["car", "jsonl", "ndjson", "json", "gz", "zst"];

/// A source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A repository's export.
    Car(PathBuf),
    /// A file of lines.
    Lines(PathBuf),
    /// Lines from standard input.
    Stdin,
    /// A span of a stream.
    Span(Span),
}

/// A span of a stream, both ends in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The stream's key.
    pub key: String,
    /// The first id.
    pub from: StreamId,
    /// The last; the end, as it is when it is come to, without one.
    pub to: Option<StreamId>,
}

/// Why a source cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum BadSource {
    /// It is not there, or may not be read.
    #[error("{0}: {1}")]
    Unreadable(String, #[source] io::Error),
    /// A span is written wrongly.
    #[error(
        "{0}: a span is redis:KEY?from=ID&to=ID, with ids such as 1783175888085-0, either left out"
    )]
    BadSpan(String),
    /// A directory has no file that is known.
    #[error("{0}: no file in it ends in .car, .jsonl, .ndjson, .json, .gz or .zst")]
    Empty(String),
}

/// Reads what stands on the command line; directories become their files, in the order of their names.
///
/// # Errors
///
/// [`BadSource`], of the first that cannot be taken.
pub fn all(arguments: &[String]) -> Result<Vec<Source>, BadSource> {
    let mut found = Vec::new();
    for argument in arguments {
        if argument == "-" {
            found.push(Source::Stdin);
        } else if let Some(span) = argument.strip_prefix("redis:") {
            let wrong = || BadSource::BadSpan(argument.clone());
            found.push(Source::Span(self::span(span).ok_or_else(wrong)?));
        } else {
            of_path(Path::new(argument), &mut found)?;
        }
    }
    Ok(found)
}

fn span(text: &str) -> Option<Span> {
    let (key, query) = text.split_once('?').unwrap_or((text, ""));
    let mut span = Span {
        key: key.to_owned(),
        from: StreamId::default(),
        to: None,
    };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("from", id) if id != "-" => span.from = self::id(id, 0)?,
            ("to", id) if id != "+" => span.to = Some(self::id(id, u64::MAX)?),
            ("from" | "to", _) => {}
            _ => return None,
        }
    }
    (!key.is_empty()).then_some(span)
}

/// An id, or a millisecond, which stands for the first or the last of its ids.
fn id(text: &str, n: u64) -> Option<StreamId> {
    match text.parse() {
        Ok(id) => Some(id),
        Err(_) => Some(StreamId {
            ms: text.parse().ok()?,
            n,
        }),
    }
}

fn of_path(path: &Path, found: &mut Vec<Source>) -> Result<(), BadSource> {
    let unreadable = |error| BadSource::Unreadable(path.display().to_string(), error);
    let path = path.canonicalize().map_err(unreadable)?;
    if !path.is_dir() {
        found.push(of_file(path.clone()).map_err(unreadable)?);
        return Ok(());
    }
    let before = found.len();
    for file in files(&path).map_err(unreadable)? {
        found.push(
            of_file(file.clone())
                .map_err(|error| BadSource::Unreadable(file.display().to_string(), error))?,
        );
    }
    if found.len() == before {
        return Err(BadSource::Empty(path.display().to_string()));
    }
    Ok(())
}

/// The files in a directory and in those below it that have a known ending.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            let ending = path.extension().and_then(|ending| ending.to_str());
            if kind.is_dir() {
                dirs.push(path);
            } else if ending.is_some_and(|ending| ENDINGS.contains(&ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn of_file(path: PathBuf) -> io::Result<Source> {
    Ok(if is_car(&path)? {
        Source::Car(path)
    } else {
        Source::Lines(path)
    })
}

/// By its ending, or by a header such as every CAR begins with: a length, and a map of two.
fn is_car(path: &Path) -> io::Result<bool> {
    const MAP_OF_TWO: u8 = 0xa2;
    if let Some(ending) = path.extension().and_then(|ending| ending.to_str())
        && ENDINGS.contains(&ending)
    {
        return Ok(ending == "car");
    }
    // A pipe's first bytes would be gone.
    if !path.is_file() {
        return Ok(false);
    }
    let mut first = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut first)?;
    Ok(first.get(1) == Some(&MAP_OF_TWO))
}

impl Source {
    /// The name by which its progress is kept.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Source::Car(path) | Source::Lines(path) => path.display().to_string(),
            Source::Stdin => "-".to_owned(),
            Source::Span(span) => {
                let to = span.to.map_or_else(|| "+".to_owned(), |to| to.to_string());
                format!("redis:{}?from={}&to={to}", span.key, span.from)
            }
        }
    }

    /// How many bytes it has, where that is known.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self {
            Source::Car(path) | Source::Lines(path) => {
                std::fs::metadata(path).map_or(0, |about| about.len())
            }
            Source::Stdin | Source::Span(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spans() {
        let whole = span("firehose:events").expect("a span");
        assert_eq!((whole.from, whole.to), (StreamId::default(), None));
        let some = span("k?from=5-1&to=7").expect("a span");
        assert_eq!(some.from, StreamId { ms: 5, n: 1 });
        assert_eq!(some.to, Some(StreamId { ms: 7, n: u64::MAX }));
        assert_eq!(span("k?from=-&to=+"), span("k"));
        for wrong in ["", "?from=1", "k?from=x", "k?until=5", "k?from"] {
            assert_eq!(span(wrong), None, "{wrong}");
        }
        let name = Source::Span(span("k?from=5-1").expect("a span")).name();
        assert_eq!(name, "redis:k?from=5-1&to=+");
    }

    #[test]
    fn goes_through_directories() {
        let dir = tempfile::tempdir().expect("a directory");
        let inside = dir.path().join("b");
        std::fs::create_dir(&inside).expect("made");
        for (name, content) in [
            ("z.car", "x"),
            ("a.jsonl.gz", "x"),
            ("b/c.car", "x"),
            ("readme", "x"),
            ("car", "\x3a\u{a2}"),
        ] {
            std::fs::write(dir.path().join(name), content).expect("written");
        }
        std::fs::write(dir.path().join("car"), b"\x3a\xa2").expect("written");
        let names = |arguments: &[String]| {
            let found = all(arguments).expect("sources");
            let short = |source: &Source| source.name().rsplit('/').next().map(str::to_owned);
            found.iter().filter_map(short).collect::<Vec<_>>()
        };
        let root = dir.path().display().to_string();
        assert_eq!(
            names(&[root.clone(), "-".to_owned()]),
            ["a.jsonl.gz", "c.car", "z.car", "-"]
        );
        let named = all(&[format!("{root}/car"), format!("{root}/readme")]).expect("sources");
        assert!(matches!(named[..], [Source::Car(_), Source::Lines(_)]));
        assert!(matches!(
            all(&[format!("{root}/none")]),
            Err(BadSource::Unreadable(..))
        ));
        let empty = tempfile::tempdir().expect("a directory");
        assert!(matches!(
            all(&[empty.path().display().to_string()]),
            Err(BadSource::Empty(_))
        ));
    }
}
