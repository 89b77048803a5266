//! The page, as it is served and as a browser has it.

use super::convergence::generated;
use super::support::http::get;
use super::support::log::{self, HTTP, Logged};
use super::support::{Bed, give, tools, wait};
use forebay::generate::Options;

const PHONE: &str = "390";
const DARK: &str = "--blink-settings=preferredColorScheme=0";
const LIGHT: &str = "--blink-settings=preferredColorScheme=1";
/// What would be an element if it were not escaped.
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
    let worker = log::run(bed, &[&HTTP[..], &["--consumer-id", consumer]].concat());
    let address = worker.http().await;
    give::give(bed, &entries[..1_500]).await;
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
        lines(&page) == 3 && page.contains("<th>SQLSTATE</th>") && page.contains("3,000")
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
    let made = [
        "XGROUP",
        "CREATECONSUMER",
        "firehose:events",
        "firehose-processors",
        "</script><script>alert(2)</script>",
    ];
    bed.stream.run::<i64>(&made).await;
    wait::until("both are shown", async || {
        let page = get(&address, "/").await.body;
        page.contains("alert(2)") && page.matches("onerror=alert(1)").count() >= 4
    })
    .await;
    let page = get(&address, "/").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    for part in [
        "Throughput",
        "Backlog",
        "Lag by event time",
        "Reader and lanes",
        "Rows since the start",
        "Flush times",
        "Errors and repairs",
        "Latest dead letters",
        "Consumers of the group",
        "Servers",
    ] {
        assert!(page.body.contains(part), "{part}");
    }
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
        let numbers: Vec<f64> = measured
            .split(' ')
            .map(|number| number.parse().unwrap())
            .collect();
        let [width, back, ink, soft] = numbers[..] else {
            panic!("{measured}")
        };
        assert!(width <= PHONE.parse().unwrap(), "{width} wide");
        assert_eq!(back < 0.5, is_dark, "{measured}");
        // WCAG 2, 1.4.3: at least 4.5 to 1.
        for ink in [ink, soft] {
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
/// its ground, its text and its softer text.
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
  const style = (node) => getComputedStyle(node);
  document.getElementById("o").textContent = "measured:" + [
    inner.documentElement.scrollWidth,
    bright(style(inner.body).backgroundColor),
    bright(style(inner.body).color),
    bright(style(inner.querySelector("header span:last-child")).color),
  ].join(" ");
}};
</script>"#
    )
}
