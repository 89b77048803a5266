//! A schema as pg_dump writes it.

use super::servers;
use std::process::Command;

/// Schema `public` of a database, without pg_dump's own random and version-dependent lines.
pub async fn public_schema(url: &str) -> String {
    let beside = servers::postgres().await.bin().join("pg_dump");
    let program = if beside.exists() {
        beside
    } else {
        "pg_dump".into()
    };
    let output = Command::new(&program)
        .args(["--schema-only", "--schema=public", "--dbname", url])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("--") && !line.starts_with('\\'));
    lines.collect::<Vec<_>>().join("\n")
}
