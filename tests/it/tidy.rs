//! The walls of the source: who may import what, and what must not be there.
//!
//! Rules that matter are tests. Read here before moving a wall, and say so in the design.

use std::fs;
use std::path::{Path, PathBuf};

/// The pure core: no I/O, so that it cannot fail on any.
const PURE: [&str; 23] = [
    "appetite",
    "breadth",
    "breaker",
    "car",
    "decode",
    "route",
    "rows",
    "encode",
    "batch",
    "position",
    "standing",
    "entry",
    "stage",
    "partition",
    "generate",
    "reject",
    "letter",
    "tally",
    "widths",
    "derived",
    "history",
    "health",
    "page",
];
/// What does I/O.
const CLIENTS: [&str; 6] = [
    "tokio",
    "tokio_postgres",
    "deadpool_postgres",
    "deadpool_redis",
    "redis",
    "std::fs",
];
/// Lines of a file before its tests: over this it owns too much.
const LINES_MAX: usize = 400;

/// A source file, without its tests.
struct Source {
    path: PathBuf,
    lines: Vec<String>,
}

impl Source {
    fn read(path: PathBuf) -> Source {
        let text = fs::read_to_string(&path).expect("a readable source file");
        let lines: Vec<&str> = text.lines().collect();
        let is_tests =
            |at: &usize| lines[*at] == "#[cfg(test)]" && lines[at + 1].starts_with("mod ");
        let end = (0..lines.len()).find(is_tests).unwrap_or(lines.len());
        Source {
            path,
            lines: lines[..end].iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    /// The lines that are no comments, each with its place.
    fn code(&self) -> impl Iterator<Item = (String, &str)> {
        let numbered = self.lines.iter().enumerate();
        let code = numbered.filter(|(_, line)| !line.trim_start().starts_with("//"));
        code.map(|(at, line)| (format!("{}:{}", self.path.display(), at + 1), line.as_str()))
    }

    /// The top-level module that it belongs to.
    fn module(&self) -> String {
        let inside = self
            .path
            .strip_prefix(root().join("src"))
            .expect("a file of src");
        let first = inside.components().next().expect("a name").as_os_str();
        first.to_string_lossy().trim_end_matches(".rs").to_owned()
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    files(&root().join("src"), "rs")
        .into_iter()
        // Unit tests in files of their own.
        .filter(|path| {
            !path
                .iter()
                .any(|part| part == "tests" || part == "tests.rs")
        })
        .map(Source::read)
        .collect()
}

/// Places whose line the rule does not allow.
fn breaches(rule: impl Fn(&Source, &str) -> bool) -> Vec<String> {
    let breaches_of = |source: &Source| {
        let places = source
            .code()
            .filter(|(_, line)| rule(source, line))
            .map(|(place, line)| format!("{place}: {line}"));
        places.collect::<Vec<_>>()
    };
    sources().iter().flat_map(breaches_of).collect()
}

/// Whether a line names a crate or module as the first part of a path.
fn names(line: &str, module: &str) -> bool {
    let begins = |at: usize| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '"')
    };
    let ends = |at: usize| {
        let after = &line[at + module.len()..];
        after.starts_with("::") || (after.starts_with(';') && line.trim_start().starts_with("use "))
    };
    line.match_indices(module)
        .any(|(at, _)| begins(at) && ends(at))
}

#[test]
fn the_pure_core_imports_no_client() {
    let modules: Vec<String> = sources().iter().map(Source::module).collect();
    for pure in PURE {
        assert!(
            modules.iter().any(|module| module == pure),
            "no module {pure}: does the wall still stand?"
        );
    }
    let found = breaches(|source, line| {
        PURE.contains(&source.module().as_str()) && CLIENTS.iter().any(|client| names(line, client))
    });
    assert!(found.is_empty(), "{found:#?}");
}

/// But for the baseline of the measurements, which is not the engine and does what another did.
#[test]
fn acknowledging_stands_in_one_place() {
    let found = breaches(|source, line| {
        !source.path.ends_with("cli/bench/rowwise.rs")
            && (line.contains("XACK") || line.contains("xack("))
    });
    assert_eq!(found.len(), 1, "{found:#?}");
}

#[test]
fn every_statement_is_used() {
    let text: String = sources()
        .iter()
        .flat_map(|source| source.lines.clone())
        .collect();
    let is_used = |path: &&PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        // By its whole path, or as an argument of the macro that puts the folder before it.
        text.contains(&format!("/{name}\"")) || text.contains(&format!("= \"{name}\""))
    };
    let statements = files(&root().join("sql"), "sql");
    let unused: Vec<_> = statements.iter().filter(|path| !is_used(path)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn nothing_panics_on_purpose() {
    const PANICS: [&str; 6] = [
        ".unwrap()",
        ".expect(",
        "panic!(",
        "unreachable!(",
        "todo!(",
        "unimplemented!(",
    ];
    let found = breaches(|_, line| PANICS.iter().any(|panic| line.contains(panic)));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_file_owns_too_much() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.lines.len() > LINES_MAX)
        .collect();
    let shown: Vec<_> = long
        .iter()
        .map(|source| (source.path.display().to_string(), source.lines.len()))
        .collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

/// What docs/guarantees.md names as proof is there.
#[test]
fn every_promise_has_its_tests() {
    let promises = fs::read_to_string(root().join("docs/guarantees.md")).unwrap();
    let named: Vec<&str> = promises
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::") && !name.contains(' '))
        .collect();
    assert!(named.len() > 50, "{named:?}");
    let tests = files(&root().join("tests/it"), "rs");
    let is_there = |name: &&&str| {
        let (path, test) = name.rsplit_once("::").unwrap();
        let module = path.split("::").next().unwrap();
        tests.iter().any(|file| {
            let of_module = file
                .iter()
                .any(|part| Path::new(part).file_stem() == Some(module.as_ref()));
            let text = fs::read_to_string(file).unwrap();
            of_module && (test.is_empty() || text.contains(&format!("fn {test}(")))
        })
    };
    let missing: Vec<&&str> = named.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_walls_can_fail() {
    assert!(names("use tokio::time;", "tokio"));
    assert!(names("    let x = redis::cmd(\"PING\");", "redis"));
    assert!(names("use redis;", "redis"));
    assert!(!names("use deadpool_redis::Pool;", "redis"));
    assert!(!names("use tokio_postgres::Client;", "tokio"));
    assert!(!names("let tokio = 1;", "tokio"));
    assert!(!names("\"redis://localhost\"", "redis"));
}
