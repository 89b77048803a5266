//! A firehose that never was: seeded events of every kind, as the stream carries them.
//!
//! Demo, bench and tests drive the engine with it. It knows neither the engine nor Redis: it gives
//! the fields of entries, the same for a seed on every machine, in bounded memory.

mod bad;
mod commits;
mod embeds;
mod graph;
mod json;
mod kind;
mod memory;
mod names;
mod posts;
mod random;
mod records;

pub use json::Dialect;

use json::Json;
use kind::Kind;
use memory::Memory;
use random::Random;
use std::collections::VecDeque;

/// What to generate.
#[derive(Clone, Debug)]
pub struct Options {
    /// Two generators with equal options give equal events.
    pub seed: u64,
    /// How many events to give.
    pub events: u64,
    /// How many users take part, the first ones the most; at least 16.
    pub users: u32,
    /// The share of commits in the Python reader's dialect, 0 to 1; the content does not depend
    /// on it.
    pub sdk: f64,
    /// The share of events that have something wrong with them, 0 to 1.
    pub bad: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            seed: 1,
            events: 200_000,
            users: 50_000,
            sdk: 0.5,
            bad: 0.0,
        }
    }
}

/// One event: the fields of a stream entry (CONTRACT §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `type`: `commit`, `identity`, `account`, and for bad events anything.
    pub kind: &'static str,
    /// `data`: JSON text, but for bad events.
    pub data: String,
    /// `seq`: decimal, or empty.
    pub seq: String,
}

/// The relay's sequence number of the first event.
const SEQ_FIRST: u64 = 31_527_015_322;
/// Events that wait to be given again; relays deliver at least once.
const AGAIN_MAX: usize = 64;
/// How much later they come, in events.
const AGAIN_AFTER_MAX: u32 = 2000;
/// What the shares of creations, deletes, updates and the rest add up to; the rest are empty
/// commits.
const HAPPENINGS: u32 = 100_000;
const DELETES: u32 = 5000;
const UPDATES: u32 = 1950;
const IDENTITIES: u32 = 500;
const ACCOUNTS: u32 = 400;

/// The stream of events.
#[derive(Debug)]
pub struct Generator {
    options: Options,
    /// Decides what happens.
    random: Random,
    memory: Memory,
    json: Json,
    given: u64,
    /// Moments handed out to record keys: no two records share one.
    ticks: u64,
    again: VecDeque<(u64, Event)>,
    scratch: String,
}

/// What the next event is.
enum Happening {
    Create(Kind),
    Delete,
    Update,
    Identity,
    Account,
    Empty,
}

impl Generator {
    /// A generator at its first event.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Generator {
            random: Random::new(options.seed),
            options: Options {
                users: options.users.max(16),
                ..options
            },
            memory: Memory::new(),
            json: Json::new(Dialect::Lexicon),
            given: 0,
            ticks: 0,
            again: VecDeque::new(),
            scratch: String::new(),
        }
    }

    /// The generated moment, microseconds since 1970: a thousand events are a second.
    fn now(&self) -> u64 {
        names::BASE + self.given * 1000
    }

    /// An active user: few do most.
    fn user(&mut self) -> u32 {
        self.random.skewed(self.options.users)
    }

    /// Any user at all.
    fn anyone(&mut self) -> u32 {
        self.random.below(self.options.users)
    }

    fn happening(&mut self) -> Happening {
        let mut left = self.random.below(HAPPENINGS);
        if left < Kind::total() {
            return Happening::Create(Kind::drawn(left));
        }
        left -= Kind::total();
        for (share, happening) in [
            (DELETES, Happening::Delete),
            (UPDATES, Happening::Update),
            (IDENTITIES, Happening::Identity),
            (ACCOUNTS, Happening::Account),
        ] {
            if left < share {
                return happening;
            }
            left -= share;
        }
        Happening::Empty
    }

    fn seq(&self) -> String {
        (SEQ_FIRST + self.given).to_string()
    }

    fn fresh(&mut self) -> Event {
        let dialect = if self.random.share(self.options.sdk) {
            Dialect::Sdk
        } else {
            Dialect::Lexicon
        };
        let happening = self.happening();
        self.json.begin_in(dialect);
        let kind = match happening {
            Happening::Create(kind) => self.creation(kind),
            Happening::Delete => self.deletion(),
            Happening::Update => self.change(),
            Happening::Empty => self.empty_commit(),
            Happening::Identity => return self.identity(),
            Happening::Account => return self.account(),
        };
        Event {
            kind,
            data: self.json.take(dialect),
            seq: self.seq(),
        }
    }

    fn identity(&mut self) -> Event {
        let user = self.user();
        self.json.open('{');
        self.did_field("did", user);
        self.json.key("handle");
        match self.random.below(10) {
            0..=3 => self.json.out.push_str("null"),
            4 => self.json.plain(&format!("moved{user}.example.com")),
            _ => self.json.plain(&format!("user{user}.bsky.social")),
        }
        self.json.close('}');
        self.sparse_event("identity")
    }

    fn account(&mut self) -> Event {
        let user = self.anyone();
        let active = self.random.chance(600);
        self.json.open('{');
        self.did_field("did", user);
        self.json.key("active");
        self.json.truth(active);
        if !active {
            let status = self
                .random
                .one_of(&["deactivated", "takendown", "suspended", "deleted"]);
            self.json.key("status");
            self.json.plain(status);
        }
        self.json.close('}');
        self.sparse_event("account")
    }

    /// An identity or account event; some readers give these no sequence number.
    fn sparse_event(&mut self, kind: &'static str) -> Event {
        let seq = if self.random.chance(300) {
            String::new()
        } else {
            self.seq()
        };
        Event {
            kind,
            data: self.json.take(Dialect::Lexicon),
            seq,
        }
    }

    /// An event whose time to come again has come.
    fn due(&mut self) -> Option<Event> {
        let (due, _) = self.again.front()?;
        if *due > self.given {
            return None;
        }
        self.again.pop_front().map(|(_, event)| event)
    }

    fn maybe_again(&mut self, event: &Event) {
        if self.random.chance(3) && self.again.len() < AGAIN_MAX {
            let due = self.given + 1 + u64::from(self.random.below(AGAIN_AFTER_MAX));
            self.again.push_back((due, event.clone()));
        }
    }
}

impl Iterator for Generator {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        if self.given >= self.options.events {
            return None;
        }
        let event = if let Some(event) = self.due() {
            event
        } else if self.options.bad > 0.0 && self.random.share(self.options.bad) {
            self.bad_event()
        } else {
            let event = self.fresh();
            self.maybe_again(&event);
            event
        };
        self.given += 1;
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn digest(options: Options) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        for event in Generator::new(options) {
            for byte in [event.kind, &event.data, &event.seq].join("\n").bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        hash
    }

    fn some(events: u64) -> Options {
        Options {
            events,
            ..Options::default()
        }
    }

    /// How often each `action collection` and each other kind of event stands in the stream.
    fn census(options: Options) -> HashMap<String, u64> {
        let mut census = HashMap::new();
        for event in Generator::new(options) {
            let data: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
            let Some(ops) = data["ops"].as_array() else {
                *census.entry(event.kind.to_owned()).or_default() += 1;
                continue;
            };
            *census
                .entry(format!("{} ops", ops.len().min(2)))
                .or_default() += 1;
            for op in ops {
                let path = op["path"].as_str().expect("a path");
                let collection = path.split('/').next().expect("a collection");
                let action = op["action"].as_str().expect("an action");
                *census.entry(format!("{action} {collection}")).or_default() += 1;
            }
        }
        census
    }

    #[test]
    fn a_seed_gives_the_same_on_every_machine() {
        assert_eq!(
            digest(some(5000)),
            DIGEST,
            "update DIGEST if the mix was changed on purpose"
        );
        assert_ne!(
            digest(Options {
                seed: 2,
                ..some(5000)
            }),
            DIGEST
        );
    }

    #[test]
    fn the_mix_is_the_networks() {
        let census = census(some(50_000));
        let share = |what: &str| 100.0 * census[what] as f64 / 50_000.0;
        let near = |what: &str, expected: f64| {
            let found = share(what);
            assert!(
                (found - expected).abs() < expected * 0.1,
                "{what}: {found}, not {expected}"
            );
        };
        near("create app.bsky.feed.like", 62.0);
        near("create app.bsky.feed.post", 10.3);
        near("create app.bsky.feed.repost", 7.9);
        near("create app.bsky.graph.follow", 8.9);
        let deletes: u64 = count(&census, "delete");
        assert!((2000..4000).contains(&deletes), "{deletes}");
        let updates: u64 = count(&census, "update");
        assert!((700..1500).contains(&updates), "{updates}");
        assert!(census["0 ops"] > 10 && census["2 ops"] > 700, "{census:?}");
    }

    fn count(census: &HashMap<String, u64>, action: &str) -> u64 {
        census
            .iter()
            .filter(|(what, _)| what.starts_with(action))
            .map(|(_, n)| n)
            .sum()
    }

    #[test]
    fn every_collection_is_created_and_deleted() {
        let census = census(some(20_000));
        for (kind, _) in Kind::SHARES {
            let created = census.get(&format!("create {}", kind.collection()));
            assert!(created.is_some_and(|n| *n >= 5), "{kind:?}: {created:?}");
        }
        assert!(census["identity"] > 50 && census["account"] > 40);
        let deleted = Kind::SHARES
            .iter()
            .filter(|(kind, _)| census.contains_key(&format!("delete {}", kind.collection())));
        assert!(deleted.count() > 18);
    }

    #[test]
    fn some_events_come_twice() {
        let mut seen = std::collections::HashSet::new();
        let again = Generator::new(some(50_000)).filter(|event| !seen.insert(event.data.clone()));
        assert!((100..400).contains(&again.count()));
    }

    #[test]
    fn the_dialect_changes_nothing_else() {
        let paths = |sdk| {
            Generator::new(Options { sdk, ..some(3000) }).map(|event| {
                let data: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
                let ops = data["ops"].as_array().cloned().unwrap_or_default();
                let paths = ops.iter().map(|op| (op["path"].clone(), op["cid"].clone()));
                paths.collect::<Vec<_>>()
            })
        };
        assert!(paths(0.0).eq(paths(1.0)));
        assert!(
            Generator::new(Options {
                sdk: 0.0,
                ..some(3000)
            })
            .all(|e| !e.data.contains("py_type"))
        );
    }

    #[test]
    fn bad_events_come_only_when_asked_for() {
        let options = Options {
            bad: 0.05,
            ..some(5000)
        };
        let broken = Generator::new(options)
            .filter(|event| serde_json::from_str::<serde_json::Value>(&event.data).is_err());
        assert!(broken.count() > 10);
    }

    const DIGEST: u64 = 2768635633762303044;
}
