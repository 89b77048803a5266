//! A schema as text: as pg_dump writes it, or from the catalog where the only pg_dump is older than
//! the server and refuses.

use super::servers;
use std::process::{Command, Output};

/// Schema `public` of a database, without pg_dump's own random and version-dependent lines.
pub async fn public_schema(url: &str) -> String {
    let output = pg_dump(url).await;
    let error = String::from_utf8_lossy(&output.stderr);
    if error.contains("server version mismatch") {
        return from_catalog(url).await;
    }
    assert!(output.status.success(), "{error}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("--") && !line.starts_with('\\'));
    lines.collect::<Vec<_>>().join("\n")
}

async fn pg_dump(url: &str) -> Output {
    let beside = servers::postgres().await.bin().join("pg_dump");
    let program = if beside.exists() {
        beside
    } else {
        "pg_dump".into()
    };
    Command::new(&program)
        .args(["--schema-only", "--schema=public", "--dbname", url])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

async fn from_catalog(url: &str) -> String {
    let client = servers::connect(url).await;
    let rows = client.query(include_str!("dump.sql"), &[]).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    lines.join("\n")
}
