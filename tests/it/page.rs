//! The page, as it is served and as a browser has it.

use serde_json::Value;

use super::convergence::generated;
use super::support::http::get;
use super::support::log::{self, HTTP, Logged};
use super::support::stream::{GROUP, KEY};
use super::support::{Bed, give, tools, wait};
use forebay::generate::Options;
use forebay::report::grouped;

const PHONE: &str = "390";
const DARK: &str = "--blink-settings=preferredColorScheme=0";
const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
/// What would be an element if it were not escaped.
const SCRIPT: &str = "</script><script>alert(2)</script>";
const HOSTILE: &str = "<img src=x onerror=alert(1)>&amp;\"'";

/// A worker that has done something, whose page shows all that there can be.
async fn worked(bed: &Bed, consumer: &str) -> (Logged, String) {
    let (entries, _) = generated(Options {
        seed: 321,
        events: 3_000,
        users: 300,
        sdk: 0.5,
        bad: 0.02,
    });
    // What another consumer has pending stays with it.
    give::give(bed, &entries[..1]).await;
    let group = ["XGROUP", "CREATE", KEY, GROUP, "0"];
    bed.stream.run::<String>(&group).await;
    bed.stream.read_and_die(SCRIPT, 1).await;
    let flags = ["--consumer-id", consumer, "--claim-idle-ms", "3600000"];
    let worker = log::run(bed, &[&HTTP[..], &flags].concat());
    let address = worker.http().await;
    give::give(bed, &entries[1..1_500]).await;
    wait::until("its plots have points", async || {
        get(&address, "/status")
            .await
            .body
            .matches("\"age_s\"")
            .count()
            >= 1
    })
    .await;
    give::give(bed, &entries[1_500..]).await;
    wait::until("its plots have lines, and all is shown", async || {
        let page = get(&address, "/").await.body;
        lines(&page) == 3 && page.contains("<th>SQLSTATE</th>") && page.contains("2,999")
    })
    .await;
    (worker, address)
}

/// Plots with a line of more than one point.
fn lines(page: &str) -> usize {
    let paths = page.split("class=\"line\" d=\"").skip(1);
    let paths = paths.map(|path| path.split('"').next().unwrap());
    paths
        .filter(|path| path.starts_with('M') && path.contains('L'))
        .count()
}

/// The page needs nothing but itself and has its plots as served; in a browser it goes on by itself,
/// and whatever comes from outside stays text.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_whole_as_served_and_lives_in_a_browser() {
    let bed = Bed::new().await;
    const LETTER: &str = "insert into forebay.dead_letters
        (entry_id, orig_id, type, data, truncated, seq, deliveries, reason, remedy)
        values ('1-1', '1-1', 'commit', '', false, '', 1, $1, '')";
    let (worker, address) = worked(&bed, HOSTILE).await;
    bed.client.execute(LETTER, &[&HOSTILE]).await.unwrap();
    wait::until("both are shown", async || {
        let page = get(&address, "/").await.body;
        page.contains("alert(2)") && page.matches("onerror=alert(1)").count() >= 4
    })
    .await;
    let page = get(&address, "/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_shows_the_status(&bed, &address).await;
    for from_elsewhere in ["http://", "https://", "src=", "@import", "url("] {
        let ours = page.body.replace(&forebay_escaped(HOSTILE), "");
        assert!(!ours.contains(from_elsewhere), "{from_elsewhere}");
    }

    let url = format!("http://{address}/");
    let dom = tools::dom(&url, &["--virtual-time-budget=9000"]).await;
    let refreshed = dom
        .split_once("data-refreshed=\"")
        .expect("a page that refreshes itself")
        .1;
    let refreshed: u32 = refreshed.split('"').next().unwrap().parse().unwrap();
    assert!(refreshed >= 2, "{refreshed}");
    assert!(
        !dom.contains("<img") && dom.matches("<script").count() == 1,
        "{dom}"
    );
    assert!(
        dom.contains("&lt;img src=x onerror=alert(1)&gt;&amp;amp;\"'"),
        "{dom}"
    );
    assert_eq!(lines(&dom), 3);
    worker.stop().await;
}

/// Every part of the page has what the status has, which tests of its own compare with the servers.
async fn assert_shows_the_status(bed: &Bed, address: &str) {
    let letters = bed
        .number("select count(*) from forebay.dead_letters")
        .await;
    let mut status = Value::Null;
    // The last looks at the servers are some seconds old.
    wait::until("it has been looked at", async || {
        let now = get(address, "/status").await.body;
        status = serde_json::from_str(&now).unwrap();
        status["backlog_entries"] == 0
            && status["pending_entries"] == 1
            && status["dead_letters_stored"] == letters
            && status["servers"][0]["version"].is_string()
            && status["servers"][1]["version"].is_string()
    })
    .await;
    let page = get(address, "/").await.body;
    let page: Vec<&str> = page.split('\n').map(str::trim).collect();
    let page = page.concat();
    let shows = |text: String| assert!(page.contains(&text), "{text}: {page}");
    let cell = |number: &Value| match number.as_u64() {
        Some(number) => format!(r#"<td class="n">{}</td>"#, grouped(number)),
        None => r#"<td class="n"></td>"#.to_owned(),
    };
    let figure = |name: &str, value: &str| {
        shows(format!(
            r#"<span class="soft">{name}</span><b>{value} <small>"#
        ));
    };
    figure("Backlog", "0");
    let lag = status["lag_s"].as_f64().unwrap();
    assert!(lag > 0.0, "{status}");
    figure("Lag", &format!("{lag:.1}"));
    figure("Pending", "1");
    figure("Stored", "2,999");
    figure("Dead letters", &letters.to_string());
    figure("Lost", "0");
    for title in ["Throughput", "Backlog", "Lag by event time"] {
        shows(format!("<h2>{title} <span"));
    }
    shows("The reader is <b>live</b>.".to_owned());
    let each = |name: &str| status[name].as_array().unwrap().iter();
    for (at, lane) in each("lanes").enumerate() {
        shows(format!("<tr><td>{at}</td><td>idle</td>"));
        let last = lane["last_flush_ms"].as_f64().unwrap();
        let (flushes, rows) = (cell(&lane["flushes"]), cell(&lane["rows"]));
        shows(format!(r#"{flushes}{rows}<td class="n">{last:.1}</td>"#));
    }
    for table in each("tables").filter(|table| table["put"].as_u64() > Some(0)) {
        let cells = ["put", "deleted", "added", "removed"].map(|name| cell(&table[name]));
        let name = table["table"].as_str().unwrap();
        shows(format!("<tr><td>{name}</td>{}</tr>", cells.concat()));
    }
    let flushes = &status["flushes"];
    for (name, key, unit) in [
        ("half within", "p50_ms", "ms"),
        ("99 % within", "p99_ms", "ms"),
        ("longest", "max_ms", "ms"),
        ("copying", "copy_s", "s"),
        ("merging", "merge_s", "s"),
        ("committing", "commit_s", "s"),
    ] {
        let time = flushes[key].as_f64().unwrap();
        assert!(time > 0.0, "{name}");
        shows(format!(
            r#"<td>{name}</td><td class="n">{time:.1} {unit}</td>"#
        ));
    }
    let by_age = flushes["by_reason"]["age"].as_u64().unwrap();
    assert!(by_age > 0, "{flushes}");
    shows(format!("age {}", grouped(by_age)));
    for (what, key) in [("dead letter", "dead_letters"), ("repaired", "repaired")] {
        let some = status[key].as_object().unwrap().iter();
        let mut some = some.filter(|(_, count)| **count != 0).peekable();
        assert!(some.peek().is_some(), "{what}");
        for (name, count) in some {
            let count = cell(count);
            shows(format!(r#"<td class="name">{what} {name}</td>{count}"#));
        }
    }
    let retries = status["errors"]["retries"].as_u64().unwrap();
    shows(format!("{} batches tried again.", grouped(retries)));
    for server in each("servers") {
        let name = server["name"].as_str().unwrap();
        let version = server["version"].as_str().unwrap();
        shows(format!(
            "<td>{name}</td><td>{version}</td><td><span class=\"good\">up</span>"
        ));
    }
    let escaped = forebay_escaped(SCRIPT);
    shows(format!(
        r#"<td class="name">{escaped}</td><td class="n">1</td>"#
    ));
    for letter in each("latest_dead_letters") {
        let (id, entry) = (&letter["id"], letter["entry_id"].as_str().unwrap());
        shows(format!("<tr><td>{id}</td>"));
        shows(format!("<td>{entry}</td>"));
    }
}

fn forebay_escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// On a phone nothing sticks out; in the dark it is dark, and the text can be read in both.
#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_read_on_a_phone_and_in_the_dark() {
    let bed = Bed::new().await;
    let (worker, address) = worked(&bed, &"long-name-".repeat(20)).await;
    let page = get(&address, "/").await.body;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("frame.html");
    std::fs::write(&file, measuring(&page)).unwrap();
    let url = format!("file://{}", file.display());
    for (scheme, is_dark) in [(LIGHT, false), (DARK, true)] {
        let dom = tools::dom(&url, &[scheme]).await;
        let measured = dom
            .split_once("measured:")
            .unwrap()
            .1
            .split('<')
            .next()
            .unwrap();
        let mut numbers = measured.split(' ').map(|number| number.parse().unwrap());
        let width: f64 = numbers.next().unwrap();
        assert!(width <= PHONE.parse().unwrap(), "{width} wide");
        let numbers: Vec<f64> = numbers.collect();
        let pairs = numbers.chunks_exact(2);
        assert_eq!((pairs.len(), pairs.remainder()), (5, &[][..]));
        for pair in pairs {
            let (back, ink) = (pair[0], pair[1]);
            assert_eq!(back < 0.5, is_dark, "{measured}");
            // WCAG 2, 1.4.3: at least 4.5 to 1.
            let contrast = (back.max(ink) + 0.05) / (back.min(ink) + 0.05);
            assert!(contrast >= 4.5, "{contrast}: {measured}");
        }
    }
    let picture = dir.path().join("page.png");
    tools::screenshot(
        &format!("http://{address}/"),
        &picture,
        &["--window-size=1120,1500", LIGHT],
    )
    .await;
    assert!(std::fs::metadata(&picture).unwrap().len() > 20_000);
    worker.stop().await;
}

/// A page that holds another in a frame as wide as a phone, and says how wide that is and how bright
/// the ground and the text are of what is read: on the page itself and on its cards.
fn measuring(page: &str) -> String {
    let framed = page.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        r#"<!doctype html><meta name="color-scheme" content="light dark"><body>
<iframe id="f" style="width:{PHONE}px;height:800px;border:0" srcdoc="{framed}"></iframe><p id="o"></p>
<script>
const bright = (color) => {{
  const [r, g, b] = color.match(/[\d.]+/g).map(Number).map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}};
onload = () => {{
  const inner = document.getElementById("f").contentDocument;
  const style = (of) => getComputedStyle(inner.querySelector(of));
  const pair = (ground, text) => [style(ground).backgroundColor, style(text).color].map(bright);
  document.getElementById("o").textContent = "measured:" + [
    inner.documentElement.scrollWidth,
    pair("body", "h1"),
    pair("body", "header span:last-child"),
    pair(".card:not(.wrong)", ".card h2"),
    pair(".card:not(.wrong)", ".card .soft"),
    pair(".card:not(.wrong)", ".card td.n"),
  ].flat().join(" ");
}};
</script>"#
    )
}

/// What the README shows is there, and is a picture.
#[test]
fn the_readme_has_a_picture_of_it() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains("![The page of a worker that catches up](docs/page.png)"));
    let picture = std::fs::read(root.join("docs/page.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
    let [wide, high] = [16, 20].map(|at| u32::from_be_bytes(*picture[at..].first_chunk().unwrap()));
    assert!(wide >= 800 && high >= 800, "{wide} x {high}");
}
