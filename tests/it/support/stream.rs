//! The firehose's stream on a test's Redis: what the reader would do to it, and what can be asked
//! of it.

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{self, AsyncConnectionConfig, FromRedisValue};
use std::collections::HashMap;
use std::time::Duration;

/// The stream's and the group's names, as CONTRACT has them by default.
pub const KEY: &str = "firehose:events";
pub const GROUP: &str = "firehose-processors";
pub const DEAD_LETTERS: &str = "firehose:dead-letters";
/// Entries in one pipeline.
const PIPELINE: usize = 1_000;

/// An entry to be added.
#[derive(Clone, Debug)]
pub struct New {
    /// `None`: Redis chooses.
    pub id: Option<String>,
    pub kind: String,
    pub data: Vec<u8>,
    pub seq: String,
}

/// The group as XINFO GROUPS shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub consumers: i64,
    pub pending: i64,
    pub last_delivered_id: String,
    /// `None` where Redis does not know.
    pub entries_read: Option<i64>,
    pub lag: Option<i64>,
}

/// The stream. Clones share one connection.
#[derive(Clone)]
pub struct Stream {
    connection: MultiplexedConnection,
}

impl Stream {
    pub async fn of(url: &str) -> Stream {
        // The default of 500 ms is too short on a machine under load.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(10)))
            .set_response_timeout(Some(Duration::from_secs(30)));
        let client = redis::Client::open(url).unwrap();
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .unwrap();
        Stream { connection }
    }

    /// A consumer reads so many entries and never comes back.
    pub async fn read_and_die(&self, consumer: &str, count: usize) {
        let count = count.to_string();
        let from = [
            "GROUP", GROUP, consumer, "COUNT", &count, "STREAMS", KEY, ">",
        ];
        self.run::<redis::Value>(&[&["XREADGROUP"], &from[..]].concat())
            .await;
    }

    /// Any command.
    pub async fn run<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.connection.clone();
        redis::cmd(command[0])
            .arg(&command[1..])
            .query_async(&mut connection)
            .await
            .unwrap()
    }

    /// Adds an entry as the reader does; its id.
    pub async fn xadd(&self, kind: &str, data: impl AsRef<[u8]>, seq: &str) -> String {
        self.xadd_at("*", kind, data, seq).await
    }

    /// Adds an entry with this id.
    pub async fn xadd_at(&self, id: &str, kind: &str, data: impl AsRef<[u8]>, seq: &str) -> String {
        let mut connection = self.connection.clone();
        xadd(id, kind, data.as_ref(), seq)
            .query_async(&mut connection)
            .await
            .unwrap()
    }

    /// Adds many, in order; their ids.
    pub async fn xadd_all(&self, entries: &[New]) -> Vec<String> {
        let mut connection = self.connection.clone();
        let mut ids = Vec::with_capacity(entries.len());
        for entries in entries.chunks(PIPELINE) {
            let mut pipeline = redis::pipe();
            for New {
                id,
                kind,
                data,
                seq,
            } in entries
            {
                pipeline.add_command(xadd(id.as_deref().unwrap_or("*"), kind, data, seq));
            }
            let added: Vec<String> = pipeline.query_async(&mut connection).await.unwrap();
            ids.extend(added);
        }
        ids
    }

    /// How many entries it holds.
    pub async fn len(&self) -> i64 {
        self.run(&["XLEN", KEY]).await
    }

    /// How many entries are delivered and not acknowledged.
    pub async fn pending(&self) -> i64 {
        self.group().await.map_or(0, |group| group.pending)
    }

    /// The group; `None` before it is made.
    pub async fn group(&self) -> Option<Group> {
        let exists: bool = self.run(&["EXISTS", KEY]).await;
        if !exists {
            return None;
        }
        let groups: Vec<HashMap<String, redis::Value>> = self.run(&["XINFO", "GROUPS", KEY]).await;
        groups
            .into_iter()
            .map(group)
            .find(|(name, _)| name == GROUP)
            .map(|(_, group)| group)
    }

    /// The dead letters in the dashboard's stream: each one's fields.
    pub async fn dead_letters(&self) -> Vec<HashMap<String, String>> {
        let entries: Vec<(String, HashMap<String, String>)> =
            self.run(&["XRANGE", DEAD_LETTERS, "-", "+"]).await;
        entries.into_iter().map(|(_, fields)| fields).collect()
    }
}

fn xadd(id: &str, kind: &str, data: &[u8], seq: &str) -> redis::Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(KEY).arg("MAXLEN").arg("~").arg(500_000).arg(id);
    command
        .arg("type")
        .arg(kind)
        .arg("data")
        .arg(data)
        .arg("seq")
        .arg(seq);
    command
}

fn group(mut fields: HashMap<String, redis::Value>) -> (String, Group) {
    let mut take = |name: &str| fields.remove(name).unwrap_or(redis::Value::Nil);
    let name = from(take("name")).unwrap_or_default();
    let group = Group {
        consumers: from(take("consumers")).unwrap_or_default(),
        pending: from(take("pending")).unwrap_or_default(),
        last_delivered_id: from(take("last-delivered-id")).unwrap_or_default(),
        entries_read: from(take("entries-read")),
        lag: from(take("lag")),
    };
    (name, group)
}

fn from<T: FromRedisValue>(value: redis::Value) -> Option<T> {
    redis::from_redis_value(value).unwrap()
}
