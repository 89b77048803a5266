//! What is in `deploy/`: accepted by the programs that it is for, and in step with what forebay is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs a program that `make test` installs.
fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .current_dir(root().join("deploy"))
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; `make deps-test` installs it"))
}

fn assert_accepts(program: &str, args: &[&str]) {
    let output = run(program, args);
    assert!(
        output.status.success(),
        "{program} {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The metrics of docs/metrics.md: type and labels of each.
fn metrics() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let in_ticks = |text: &str| -> Vec<String> {
        let parts = text.split('`').skip(1).step_by(2);
        parts.map(str::to_owned).collect()
    };
    let page = read("docs/metrics.md");
    let mut metrics: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let labels = in_ticks(cells[2]).into_iter().collect();
        metrics.insert(in_ticks(cells[0]).remove(0), (cells[1].to_owned(), labels));
    }
    for name in in_ticks(&page)
        .into_iter()
        .filter(|name| name.starts_with("process_"))
    {
        metrics
            .entry(name)
            .or_insert(("gauge".to_owned(), BTreeSet::new()));
    }
    assert!(metrics.len() > 30, "{metrics:?}");
    metrics
}

/// Every name of a metric in a query, with the labels that are asked of it in braces.
fn named(query: &str) -> Vec<(String, Vec<String>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(at) = ["forebay_", "process_"]
        .iter()
        .filter_map(|prefix| rest.find(prefix))
        .min()
    {
        let is_begin = !rest[..at].ends_with(is_name);
        rest = &rest[at..];
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let mut labels = Vec::new();
        if let Some(braces) = after.strip_prefix('{') {
            let inside = braces.split('}').next().unwrap();
            let label = |pair: &str| pair.split(['=', '!']).next().unwrap().trim().to_owned();
            labels = inside.split(',').map(label).collect();
        }
        if is_begin {
            found.push((name.to_owned(), labels));
        }
        rest = after;
    }
    found
}

/// The labels that a query groups by.
fn grouped(query: &str) -> Vec<String> {
    let by = query.split(" by (").skip(1);
    by.flat_map(|part| part.split(')').next().unwrap().split(','))
        .map(|label| label.trim().to_owned())
        .collect()
}

/// Fails for each name and label that a worker does not serve.
fn assert_serves(what: &str, query: &str) {
    let metrics = metrics();
    let mut known: BTreeSet<&str> = ["instance", "job", "le", "alertname", "severity"].into();
    let names = named(query);
    for (name, labels) in &names {
        let base = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .filter(|base| {
                metrics
                    .get(*base)
                    .is_some_and(|(kind, _)| kind == "histogram")
            });
        let (kind, of) = metrics
            .get(base.unwrap_or(name))
            .unwrap_or_else(|| panic!("{what}: no metric {name}"));
        assert_eq!(kind == "histogram", base.is_some(), "{what}: {name}");
        for label in labels {
            assert!(
                of.contains(label) || known.contains(label.as_str()),
                "{what}: {name} has no label {label}"
            );
        }
        if kind == "counter" {
            let ranged = ["rate(", "increase("].iter().any(|f| query.contains(f));
            assert!(ranged, "{what}: a counter by itself says nothing: {query}");
        }
        known.extend(of.iter().map(String::as_str));
    }
    for label in grouped(query) {
        assert!(
            known.contains(label.as_str()),
            "{what}: nothing has a label {label}"
        );
    }
}

/// Every query of the dashboard, under its panel's title.
fn dashboard() -> Vec<(String, String)> {
    let board: Value = serde_json::from_str(&read("deploy/grafana/forebay.json")).unwrap();
    let mut queries = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let title = panel["title"].as_str().unwrap().to_owned();
            queries.push((title, target["expr"].as_str().unwrap().to_owned()));
        }
    }
    for annotation in board["annotations"]["list"].as_array().unwrap() {
        queries.push((
            "annotation".to_owned(),
            annotation["expr"].as_str().unwrap().to_owned(),
        ));
    }
    assert!(queries.len() > 30);
    queries
}

/// Grafana's variables as it would fill them.
fn filled(query: &str) -> String {
    query
        .replace("$__rate_interval", "1m")
        .replace("$__range", "1h")
        .replace("$instance", ".*")
}

#[test]
fn the_alerts_are_accepted_and_fire_for_what_they_are_for() {
    assert_accepts("promtool", &["check", "rules", "prometheus/alerts.yml"]);
    assert_accepts("promtool", &["test", "rules", "prometheus/alerts_test.yml"]);
}

#[test]
fn every_query_of_the_dashboard_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("dashboard.yml");
    let rule = |(n, (_, query)): (usize, &(String, String))| {
        let query = serde_json::to_string(&filled(query)).unwrap();
        format!("  - record: panel:{n}\n    expr: {query}\n")
    };
    let queries = dashboard();
    let rules: String = queries.iter().enumerate().map(rule).collect();
    fs::write(
        &path,
        format!("groups:\n- name: dashboard\n  rules:\n{rules}"),
    )
    .unwrap();
    assert_accepts("promtool", &["check", "rules", path.to_str().unwrap()]);
}

#[test]
fn dashboard_and_alerts_ask_for_what_is_served() {
    for (title, query) in dashboard() {
        assert_serves(&title, &filled(&query));
    }
    let alerts = read("deploy/prometheus/alerts.yml");
    for alert in alerts.split("- alert: ").skip(1) {
        let (name, rest) = alert.split_once('\n').unwrap();
        let query = rest.split("expr: ").nth(1).unwrap();
        let query = query.split("\n        for:").next().unwrap();
        let query = query.split("\n        labels:").next().unwrap();
        assert!(!named(query).is_empty(), "{name}: {query}");
        assert_serves(name, query);
    }
}

/// What an alert sends its reader to is there.
#[test]
fn every_alert_has_its_section_in_the_guide() {
    let guide = read("docs/operations.md");
    let alerts = read("deploy/prometheus/alerts.yml").replace('\\', "");
    let sections: Vec<&str> = alerts
        .split("docs/operations.md, \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(sections.len(), alerts.matches("- alert: ").count());
    for section in sections {
        assert!(guide.contains(&format!("## {section}\n")), "{section}");
    }
}

/// What else the guide is asked for.
#[test]
fn the_guide_has_what_operators_meet() {
    let guide = read("docs/operations.md");
    for section in ["The worker crashes or is killed", "Memory grows", "NOGROUP"] {
        assert!(guide.contains(&format!("\n## {section}\n")), "{section}");
    }
}

#[test]
fn the_pages_name_metrics_that_are_served() {
    let metrics = metrics();
    for page in ["docs/operations.md", "docs/tuning.md"] {
        let names = named(&read(page));
        assert!(names.len() > 5, "{page}: {names:?}");
        for (name, _) in names {
            assert!(metrics.contains_key(&name), "{page}: no metric {name}");
        }
    }
}

#[test]
fn the_checks_can_fail() {
    assert_eq!(
        named("sum(rate(forebay_x_total{a=\"1\",b!~\"2\"}[5m])) / my_forebay_y"),
        [(
            "forebay_x_total".to_owned(),
            vec!["a".to_owned(), "b".to_owned()]
        )]
    );
    for wrong in [
        "forebay_no_such_metric",
        "sum by (reason) (rate(forebay_events_total[1m]))",
        "forebay_lane_state{table=\"x\"}",
        "forebay_events_total",
        "forebay_flush_rows",
    ] {
        let refused = std::panic::catch_unwind(|| assert_serves("x", wrong));
        assert!(refused.is_err(), "{wrong}");
    }
}

/// The unit with the program that was built here in the place of the installed one.
#[test]
fn the_unit_is_accepted_and_exposes_little() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("forebay.service");
    let unit = read("deploy/forebay.service");
    let built = env!("CARGO_BIN_EXE_forebay");
    fs::write(
        &path,
        unit.replace("/usr/local/bin/forebay run", &format!("{built} run")),
    )
    .unwrap();
    // With /proc/stat hidden process_start_time_seconds would be 0.
    assert!(!unit.contains("ProcSubset=pid"));
    let path = path.to_str().unwrap();
    let output = run("systemd-analyze", &["verify", "--man=no", path]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}");
    // Of 100; a unit without hardening has 96.
    assert_accepts(
        "systemd-analyze",
        &["security", "--offline=true", "--threshold=20", path],
    );
}

#[test]
fn docker_compose_reads_the_file() {
    let all = [
        "-f",
        "compose.yaml",
        "--env-file",
        "example.env",
        "--profile",
        "appview",
        "config",
    ];
    assert_accepts("docker-compose", &[&all[..], &["-q"]].concat());
    let output = run("docker-compose", &all);
    let read = String::from_utf8(output.stdout).unwrap();
    let services = read.split("\nservices:\n").nth(1).unwrap();
    let services: BTreeMap<&str, String> = services
        .split_inclusive('\n')
        .take_while(|line| line.starts_with(' '))
        .fold(Vec::new(), |mut found: Vec<(&str, String)>, line| {
            match line
                .strip_prefix("  ")
                .filter(|line| !line.starts_with(' '))
            {
                Some(name) => found.push((name.trim_end().trim_end_matches(':'), String::new())),
                // One space between words, and no quotes: they are each version's own.
                None => found.last_mut().unwrap().1.extend(
                    line.split_whitespace()
                        .flat_map(|word| [word.trim_matches(['\'', '"']), " "]),
                ),
            }
            found
        })
        .into_iter()
        .collect();
    let names: Vec<&str> = services.keys().copied().collect();
    assert_eq!(
        names,
        ["appview", "forebay", "migrate", "postgres", "redis"]
    );
    for (service, set) in [
        ("redis", "- --appendonly - yes "),
        ("redis", "- --maxmemory-policy - noeviction "),
        ("postgres", "healthcheck:"),
        ("migrate", "command: - migrate "),
        ("forebay", "command: - run "),
        (
            "forebay",
            "migrate: condition: service_completed_successfully",
        ),
        ("forebay", "redis: condition: service_healthy"),
        ("forebay", "REDIS_URL: redis://redis:6379"),
        ("forebay", "- no-new-privileges:true"),
        ("forebay", "cap_drop: - ALL"),
        ("forebay", "read_only: true"),
        ("appview", "postgres: condition: service_healthy"),
        ("appview", "redis: condition: service_healthy"),
        ("appview", "REDIS_URL: redis://redis:6379"),
    ] {
        let service_set = &services[service];
        assert!(service_set.contains(set), "{service}: {set}: {service_set}");
    }
}

/// Not root, nothing beside the program, and known to be well.
#[test]
fn the_image_is_small_and_not_roots() {
    let file = read("deploy/Dockerfile");
    let of = |word: &str| -> Vec<&str> {
        let begin = format!("{word} ");
        let said = file.lines().filter_map(|line| line.strip_prefix(&begin));
        said.collect()
    };
    let base = of("FROM").pop().unwrap();
    assert!(
        base.starts_with("gcr.io/distroless/") && base.ends_with(":nonroot"),
        "{base}"
    );
    assert_eq!(of("USER"), ["65532:65532"]);
    assert_eq!(of("HEALTHCHECK").len(), 1);
    let check = file.split("HEALTHCHECK ").nth(1).unwrap();
    assert!(
        check.contains("CMD [\"/usr/local/bin/forebay\", \"status\", "),
        "{check}"
    );
    let last = file.split("\nFROM ").last().unwrap();
    assert!(
        !last.contains("\nRUN "),
        "nothing is run where there is no shell"
    );
}

/// What is set in them is read by the program.
#[test]
fn every_variable_is_one_of_forebays() {
    let help = run(env!("CARGO_BIN_EXE_forebay"), &["run", "--help"]);
    let help = String::from_utf8(help.stdout).unwrap();
    let compose = read("deploy/compose.yaml");
    let block = compose.split("&forebay-environment").nth(1).unwrap();
    let block = block.split("\n  secrets:").next().unwrap();
    let unit = read("deploy/forebay.service");
    let in_unit = unit
        .lines()
        .filter_map(|line| line.strip_prefix("Environment="));
    let file = read("deploy/forebay.env");
    let image = read("deploy/Dockerfile");
    let names: Vec<&str> = block
        .lines()
        .filter_map(|line| line.trim().split_once(": "))
        .chain(in_unit.filter_map(|line| line.split_once('=')))
        .chain(file.lines().filter_map(|line| line.split_once('=')))
        .chain(
            image
                .lines()
                .filter_map(|line| line.strip_prefix("ENV ")?.split_once('=')),
        )
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert!(names.len() > 12, "{names:?}");
    for name in names {
        assert!(help.contains(&format!("[env: {name}")), "{name}");
    }
}

/// Where the linter is there (`.ci/run` installs it).
#[test]
fn the_dockerfile_has_nothing_to_lint() {
    let version = format!("FROM rust:{}-", env!("CARGO_PKG_RUST_VERSION"));
    assert!(read("deploy/Dockerfile").contains(&version), "{version}");
    match Command::new("hadolint")
        .arg(root().join("deploy/Dockerfile"))
        .output()
    {
        Ok(output) => assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        ),
        Err(_) => println!("skipped: no hadolint"),
    }
}

/// All that the program is built from is sent to the builder.
#[test]
fn the_image_is_built_from_what_is_sent() {
    let ignore = read("deploy/Dockerfile.dockerignore");
    let sent: Vec<PathBuf> = ignore
        .lines()
        .filter_map(|line| line.strip_prefix('!'))
        .map(|path| root().join(path))
        .collect();
    for path in [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        "src",
        "sql",
        "migrations",
        "templates",
        "benches",
    ] {
        assert!(sent.contains(&root().join(path)), "{path}");
    }
    let mut sources = vec![root().join("src")];
    while let Some(path) = sources.pop() {
        if path.is_dir() {
            sources.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for included in text
            .split("include_str!(\"")
            .skip(1)
            .chain(text.split("include_bytes!(\"").skip(1))
        {
            let name = included.split('"').next().unwrap();
            let file = path.parent().unwrap().join(name).canonicalize();
            let file = file.unwrap_or_else(|error| panic!("{}: {name}: {error}", path.display()));
            assert!(
                sent.iter().any(|sent| file.starts_with(sent)),
                "{}",
                file.display()
            );
        }
    }
}
