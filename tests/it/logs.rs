//! The log: its forms, its bursts, and what is never in it.

use serde_json::Value;

use super::support::http::get;
use super::support::log::{self, HTTP};
use super::support::{Bed, child, wait};

/// Stands in every field of a record, and in what an operator's trigger says of it.
const SECRET: &str = "hushhush";

fn follow(rkey: usize, subject: &str) -> String {
    format!(
        r#"{{"repo":"did:plc:{SECRET}","ops":[{{"action":"create","path":"app.bsky.graph.follow/{rkey}","cid":"bafy",
            "record":{{"$type":"app.bsky.graph.follow","subject":"{subject}","createdAt":"{SECRET}"}}}}]}}"#
    )
}

/// Every line of a run, whatever happens in it, is a JSON object with the usual members.
#[tokio::test(flavor = "multi_thread")]
async fn json_lines_are_json_to_the_last() {
    let bed = Bed::new().await;
    bed.stream.xadd("commit", "no JSON", "1").await;
    bed.stream.xadd("strange", "", "2").await;
    let run = async |args: &[&str]| {
        let mut command = child::command(&bed, args);
        command.env("LOG_FORMAT", "JSON").env("LOG_LEVEL", "debug");
        child::output(command).await
    };
    let (code, _, log) = run(&["run", "--until-caught-up"]).await;
    assert_eq!(code, 0, "{log}");
    bed.client
        .batch_execute("drop table likes cascade")
        .await
        .unwrap();
    let (code, _, broken) = run(&["run", "--until-caught-up"]).await;
    assert_eq!(code, 3, "{broken}");
    let lines: Vec<Value> = log
        .lines()
        .chain(broken.lines())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for line in &lines {
        assert!(
            line["timestamp"].is_string() && line["level"].is_string(),
            "{line}"
        );
        assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
    }
    let with = |text: &str| {
        lines
            .iter()
            .find(|line| line["message"].as_str().unwrap().contains(text))
    };
    let letters = with("set aside as dead letters").unwrap();
    assert_eq!(
        (letters["letters"].as_u64(), letters["reason"].as_str()),
        (Some(1), Some("not_json"))
    );
    assert_eq!(letters["level"], "WARN");
    assert_eq!(lines.last().unwrap()["exit_code"], 3);
    assert!(with("DATABASE_URL=postgresql://postgres:***@").is_some());
}

/// Thousands of ops that are refused for one reason are a line, and a line with how many more.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_the_same_error_is_one_line_with_a_count() {
    let bed = Bed::new().await;
    let worker = log::run(&bed, &["--flush-rows", "20", "--parallel-consumers", "1"]);
    let bad = |rkey| follow(rkey, "").replace("\"subject\":\"\",", "");
    let mut given = 0;
    // Until there is a line with a count, whatever the pace.
    wait::until("a count is said", async || {
        for _ in 0..50 {
            bed.stream.xadd("commit", bad(given), "1").await;
            given += 1;
        }
        !worker
            .lines_with("again: set aside as dead letters")
            .is_empty()
    })
    .await;
    let again = worker.lines_with("again: set aside as dead letters");
    assert!(again[0].contains("reason=missing:subject"), "{again:?}");
    let times = again[0].split_once("times=").unwrap().1;
    let times: usize = times.split(' ').next().unwrap().parse().unwrap();
    assert!(times > 3 && times < given, "{times} of {given}");
    // And another thing is said at once.
    bed.stream.xadd("commit", "no JSON", "1").await;
    worker.until_it_says("reason=not_json").await;
    let lines = worker.lines_with("set aside as dead letters");
    let first = lines.iter().filter(|line| !line.contains("again: "));
    let missing = first
        .filter(|line| line.contains("missing:subject"))
        .count();
    assert_eq!(missing, 1, "{lines:#?}");
    worker.stop().await;
}

/// What an operator may have written, who wants to know which row it was.
const TELLTALE: &str = "create function tell() returns trigger language plpgsql as $$
    begin
        if new.following_did = 'did:plc:raise' then raise exception 'not %', new.follower_did;
        elsif new.following_did = 'did:plc:check' then
            raise exception using errcode = '23514', message = new.follower_did, detail = new.uri, hint = new.uri;
        elsif new.following_did = 'did:plc:full' then
            raise exception using errcode = '53100', message = 'no space', detail = new.uri, hint = new.uri;
        end if;
        return new;
    end $$;
    create trigger tell before insert on follows for each row execute function tell();
    create function tell_user() returns trigger language plpgsql as $$
    begin
        if new.did like '%stub' then raise exception 'not %', new.did; end if;
        return new;
    end $$;
    create trigger tell before insert on users for each row execute function tell_user()";

/// A trigger that says what is in the row, values that no column takes, and servers that are named
/// with their passwords: none of it is in the log at any level, nor in anything that is served.
#[tokio::test(flavor = "multi_thread")]
async fn no_contents_and_no_passwords_at_any_level() {
    for (level, format) in [
        ("trace", "text"),
        ("trace", "json"),
        ("debug", "text"),
        ("error", "json"),
    ] {
        let bed = Bed::new().await;
        bed.client.batch_execute(TELLTALE).await.unwrap();
        let mut command = child::command(&bed, &["run"]);
        command.args(HTTP);
        command.env("LOG_LEVEL", level).env("LOG_FORMAT", format);
        let worker = log::of(command);
        let address = if level == "error" {
            None
        } else {
            Some(worker.http().await)
        };
        bed.stream
            .xadd("commit", format!("{{\"{SECRET}"), "1")
            .await;
        bed.stream.xadd("commit", follow(0, SECRET), "1").await;
        bed.stream.xadd(SECRET, SECRET, SECRET).await;
        bed.stream
            .xadd(
                "identity",
                format!(r#"{{"did":"{SECRET}","handle":"{SECRET}"}}"#),
                "1",
            )
            .await;
        for (rkey, subject) in ["did:plc:raise", "did:plc:check", "did:plc:fine"]
            .iter()
            .enumerate()
        {
            bed.stream
                .xadd("commit", follow(rkey + 1, subject), "1")
                .await;
        }
        bed.stream
            .xadd("commit", follow(8, &format!("did:plc:{SECRET}stub")), "1")
            .await;
        wait::until("two are refused", async || {
            bed.number("select count(*) from forebay.dead_letters where reason = 'refused'")
                .await
                == 2
        })
        .await;
        bed.stream
            .xadd("commit", follow(9, "did:plc:full"), "1")
            .await;
        wait::until("the last is tried", async || {
            bed.stream.pending().await == 1
        })
        .await;
        let mut seen = String::new();
        if let Some(address) = &address {
            worker.until_it_says("no space").await;
            worker.until_it_says("a users row is refused").await;
            wait::until("the letters are shown", async || {
                get(address, "/status")
                    .await
                    .body
                    .contains("\"latest_dead_letters\":[{")
            })
            .await;
            for path in ["/", "/status", "/metrics", "/readyz"] {
                seen += &get(address, path).await.body;
            }
            assert!(seen.contains("refused") && seen.contains("23514"), "{seen}");
        }
        bed.client
            .batch_execute("drop trigger tell on follows")
            .await
            .unwrap();
        wait::until("it is stored", async || bed.stream.pending().await == 0).await;
        seen += &worker.text();
        for hidden in [
            SECRET,
            &password(&bed.database_url),
            &password(&bed.redis_url),
        ] {
            assert!(!seen.contains(hidden), "{hidden} at {level}: {seen}");
        }
        worker.stop().await;
    }
}

fn password(url: &str) -> String {
    let (before, _) = url.rsplit_once('@').unwrap();
    before.rsplit_once(':').unwrap().1.to_owned()
}
