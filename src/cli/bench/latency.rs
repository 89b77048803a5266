//! Latency: from XADD to visible in a query, with so many events a second offered.
//!
//! Marked likes go with the stream, a hundred a second. When each was sent is remembered, and a
//! connection of its own asks all the time which of them are there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use deadpool_redis::redis;
use hdrhistogram::Histogram;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sonic_rs::JsonValueTrait as _;
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::figures::Latency;
use super::ground::{Ground, refused};
use super::{KEY, stream, worker};
use crate::cli::Failure;
use crate::generate::{Event, Generator, Options};

/// How often events go out: at 2,000 a second, ten at a time.
const TICK: Duration = Duration::from_millis(5);
/// How often the database is asked: what is measured is at most so much too long.
const POLL: Duration = Duration::from_millis(2);
/// Marked likes a second.
const MARKERS_PER_S: u64 = 100;
/// How long marked likes may take to appear after the last was sent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longest time that is told from longer ones: an hour.
const LONGEST_MICROS: u64 = 3_600_000_000;

/// What is offered.
#[derive(Clone, Copy, Debug)]
pub struct Offer {
    /// Of the generated events.
    pub seed: u64,
    /// Events a second.
    pub rate_per_s: u64,
    /// For how long.
    pub length: Duration,
}

/// Takes the times with a worker of default settings, on an empty stream and a fresh database.
///
/// # Errors
///
/// A server is away, the worker ended, or marked likes never appeared.
pub async fn measure(ground: &Ground, database: &str, offer: Offer) -> Result<Latency, Failure> {
    let mut child = worker::command(ground, database, "run")?.spawn()?;
    let events = Generator::new(Options {
        seed: offer.seed,
        events: u64::MAX,
        ..Options::default()
    });
    let mut feeder = Feeder {
        redis: stream::connect(&ground.redis_url).await?,
        events,
        markers: Arc::default(),
        count: 0,
    };
    // The worker starts, plans are made: not what is asked for.
    let warm_up = offer.length.min(Duration::from_secs(3));
    feeder.feed(1, Duration::from_secs(1)).await?;
    feeder.markers.wait(ground, database).await?;
    feeder.feed(offer.rate_per_s, warm_up).await?;
    feeder.markers.wait(ground, database).await?;
    let (events, times) = offered(ground, database, feeder, offer).await?;
    stop(&mut child).await?;
    Ok(figures(offer, events, &times))
}

/// Feeds, and watches meanwhile.
async fn offered(
    ground: &Ground,
    database: &str,
    mut feeder: Feeder,
    offer: Offer,
) -> Result<(u64, Histogram<u64>), Failure> {
    let markers = Arc::clone(&feeder.markers);
    markers.fed.store(false, Ordering::Release);
    // A task of its own: making events must not hold up the watch. It ends with this function.
    let mut feeding = JoinSet::new();
    feeding.spawn(async move { feeder.feed(offer.rate_per_s, offer.length).await });
    let times = markers.wait(ground, database).await?;
    let fed = feeding.join_next().await;
    let fed = fed.unwrap_or(Ok(Ok(0))).map_err(std::io::Error::other)?;
    Ok((fed?, times))
}

fn figures(offer: Offer, events: u64, times: &Histogram<u64>) -> Latency {
    let ms = |micros: u64| micros as f64 / 1000.0;
    Latency {
        offered_per_s: offer.rate_per_s,
        seconds: offer.length.as_secs_f64(),
        events,
        markers: times.len(),
        p50_ms: ms(times.value_at_quantile(0.5)),
        p99_ms: ms(times.value_at_quantile(0.99)),
        max_ms: ms(times.max()),
    }
}

/// Ends the worker as an operator would.
async fn stop(child: &mut Child) -> Result<(), Failure> {
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = pid {
        kill(Pid::from_raw(pid), Signal::SIGTERM).map_err(std::io::Error::from)?;
    }
    let status = child.wait().await?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::Found(format!("the worker ended: {status}")))
}

/// Marked likes that were sent and not yet seen.
#[derive(Debug, Default)]
struct Markers {
    sent: Mutex<HashMap<String, Instant>>,
    /// No more will be sent for now.
    fed: AtomicBool,
}

impl Markers {
    fn sent(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches until all are seen and no more will come; the times are in microseconds.
    async fn wait(&self, ground: &Ground, database: &str) -> Result<Histogram<u64>, Failure> {
        let client = ground.connect(database).await?;
        let find = "select uri from likes where uri = any($1)";
        let find = client.prepare(find).await.map_err(refused)?;
        let mut times =
            Histogram::new_with_bounds(1, LONGEST_MICROS, 3).map_err(std::io::Error::other)?;
        let mut polls = interval(POLL);
        let mut last = Instant::now();
        loop {
            polls.tick().await;
            let fed = self.fed.load(Ordering::Acquire);
            let asked: Vec<String> = self.sent().keys().cloned().collect();
            if asked.is_empty() && fed {
                return Ok(times);
            }
            let seen = client.query(&find, &[&asked]).await.map_err(refused)?;
            self.note(&seen, &mut times);
            if !fed {
                last = Instant::now();
            }
            if last.elapsed() > PATIENCE {
                let text = format!("{} marked likes never appeared", asked.len());
                return Err(Failure::Found(text));
            }
        }
    }

    fn note(&self, seen: &[tokio_postgres::Row], times: &mut Histogram<u64>) {
        let now = Instant::now();
        let mut sent = self.sent();
        for uri in seen.iter().map(|row| row.get::<_, &str>(0)) {
            if let Some(at) = sent.remove(uri) {
                let micros = now.duration_since(at).as_micros();
                times.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX));
            }
        }
    }
}

/// Puts events on the stream at a steady pace.
struct Feeder {
    redis: redis::aio::MultiplexedConnection,
    events: Generator,
    markers: Arc<Markers>,
    /// Marked likes ever made.
    count: u64,
}

impl Feeder {
    /// Offers so many events a second for so long; says how many those were.
    async fn feed(&mut self, rate_per_s: u64, length: Duration) -> Result<u64, Failure> {
        let given = self.pace(rate_per_s, length).await;
        // Also after a failure: the watch must not go on for ever.
        self.markers.fed.store(true, Ordering::Release);
        given
    }

    async fn pace(&mut self, rate_per_s: u64, length: Duration) -> Result<u64, Failure> {
        let every = (rate_per_s / MARKERS_PER_S).max(1);
        let start = Instant::now();
        let mut ticks = interval(TICK);
        let mut given = 0;
        loop {
            ticks.tick().await;
            let elapsed = start.elapsed().min(length);
            let due = (elapsed.as_secs_f64() * rate_per_s as f64) as u64;
            self.give(given..due, every).await?;
            given = due;
            if elapsed == length {
                return Ok(given);
            }
        }
    }

    /// Sends the events of these numbers, of which every so many is marked.
    async fn give(&mut self, numbers: std::ops::Range<u64>, every: u64) -> Result<(), Failure> {
        let mut pipeline = redis::pipe();
        let mut marked = Vec::new();
        for (number, mut event) in numbers.clone().zip(&mut self.events) {
            if number % every == 0 {
                self.count += 1;
                let uri;
                (event, uri) = marker(&event, self.count);
                marked.push(uri);
            }
            pipeline.add_command(stream::addition(KEY, &event)).ignore();
        }
        if numbers.is_empty() {
            return Ok(());
        }
        // Nothing lies between this and the sending.
        let now = Instant::now();
        let marked = marked.into_iter().map(|uri| (uri, now));
        self.markers.sent().extend(marked);
        let given = pipeline.query_async::<()>(&mut self.redis).await;
        given.map_err(stream::failed)
    }
}

/// A like that is like no other, by whoever made this event; and its uri.
fn marker(event: &Event, number: u64) -> (Event, String) {
    let data = sonic_rs::get(&event.data, ["repo"]);
    let repo = data.ok().and_then(|repo| repo.as_str().map(str::to_owned));
    let repo = repo.unwrap_or_else(|| format!("did:plc:{number:a>24}"));
    let path = format!("app.bsky.feed.like/marker{number}");
    let uri = format!("at://{repo}/{path}");
    let subject = format!("at://{repo}/app.bsky.feed.post/marked{number}");
    let cid = "bafyreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    let data = format!(
        r#"{{"repo":"{repo}","ops":[{{"action":"create","path":"{path}","cid":"{cid}","record":{{"$type":"app.bsky.feed.like","createdAt":"2026-07-04T14:38:08Z","subject":{{"cid":"{cid}","uri":"{subject}"}}}}}}]}}"#
    );
    let event = Event {
        kind: "commit",
        data,
        seq: event.seq.clone(),
    };
    (event, uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_come_from_whoever_made_the_event() {
        let event = Event {
            kind: "commit",
            data: r#"{"repo":"did:plc:a","ops":[]}"#.to_owned(),
            seq: "1".to_owned(),
        };
        let (marked, uri) = marker(&event, 7);
        assert_eq!(uri, "at://did:plc:a/app.bsky.feed.like/marker7");
        let data: serde_json::Value = serde_json::from_str(&marked.data).unwrap();
        assert_eq!(data["repo"], "did:plc:a");
        assert_eq!(marked.seq, "1");
    }
}
