//! Programs of others that judge what we serve: Prometheus' own checker, and a browser.

use std::ffi::OsStr;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::time::timeout;

use super::wait;

fn command(program: &str, variable: &str, package: &str) -> Command {
    let path = std::env::var_os(variable).unwrap_or_else(|| program.into());
    let found = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .any(|dir| dir.join(&path).is_file());
    assert!(
        found,
        "{program} is missing: scripts/install-servers.sh test installs it (Debian's {package}), or {variable} names it"
    );
    let mut command = Command::new(path);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// What `promtool check metrics` says of a scrape: nothing, if it is well.
pub async fn promtool(text: &str) -> String {
    let mut command = command("promtool", "FOREBAY_PROMTOOL", "prometheus");
    let mut child = command
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    assert_eq!(output.status.success(), said.is_empty(), "{said}");
    said
}

/// A page as a browser has it after its scripts have run, as HTML.
pub async fn dom(url: &str, flags: &[&str]) -> String {
    let mut flags = flags.to_vec();
    flags.push("--dump-dom");
    browse(url, &flags).await
}

/// A picture of a page.
pub async fn screenshot(url: &str, file: &std::path::Path, flags: &[&str]) {
    let to = format!("--screenshot={}", file.display());
    browse(url, &[flags, &[to.as_str(), "--hide-scrollbars"]].concat()).await;
}

async fn browse(url: &str, flags: &[impl AsRef<OsStr>]) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut command = command("chromium", "FOREBAY_CHROMIUM", "chromium");
    command
        // Of root it asks for the former; nothing is fetched but our own page.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .args(flags)
        .arg(url)
        .env("HOME", home.path())
        .stderr(Stdio::null());
    let output = timeout(wait::limit(), command.output()).await;
    let output = output.expect("a browser that ends").unwrap();
    assert!(output.status.success(), "chromium: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
