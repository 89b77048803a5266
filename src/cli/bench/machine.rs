//! What was measured on: a figure without its machine says nothing.

use std::fs;

use deadpool_redis::redis;
use serde::{Deserialize, Serialize};

use super::ground::{Ground, Whose, refused};
use super::stream;
use crate::cli::Failure;
use crate::sql;

/// The machine of the worker, and the servers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Machine {
    /// The processor's name; empty where the system does not tell.
    pub cpu: String,
    /// Processors that the worker may use.
    pub cores: usize,
    /// Memory, bytes; 0 where the system does not tell.
    pub memory_bytes: u64,
    /// The system's kernel.
    pub kernel: String,
    /// Whose the servers are: private ones share the machine.
    pub servers: Whose,
    /// PostgreSQL's version and settings.
    pub postgres: Vec<(String, String)>,
    /// Redis' version.
    pub redis: String,
}

impl Machine {
    /// Asks the system and both servers.
    ///
    /// # Errors
    ///
    /// A server is away.
    pub async fn of(ground: &Ground) -> Result<Machine, Failure> {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kibibytes = memory.split(' ').next().and_then(|n| n.parse::<u64>().ok());
        Ok(Machine {
            cpu: field(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kibibytes.unwrap_or(0) * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            servers: ground.whose(),
            postgres: postgres(ground).await?,
            redis: redis_version(&ground.redis_url).await?,
        })
    }

    /// One paragraph.
    pub fn described(&self) -> String {
        let servers = match self.servers {
            Whose::Private => "PostgreSQL and Redis on the same machine",
            Whose::Given => "PostgreSQL and Redis of the user's",
        };
        let memory = self.memory_bytes as f64 / f64::from(1 << 30);
        let settings = self.postgres.iter().skip(1);
        let settings: Vec<String> = settings.map(|(k, v)| format!("`{k}={v}`")).collect();
        let version = self.postgres.first().map_or("", |(_, version)| version);
        format!(
            "{}, {} cores, {memory:.1} GiB, Linux {}; {servers}: PostgreSQL {version} ({}), Redis {}.",
            self.cpu,
            self.cores,
            self.kernel,
            settings.join(", "),
            self.redis
        )
    }
}

/// The first value of this name in lines of `name : value`.
fn field(lines: &str, name: &str) -> String {
    let pairs = lines.lines().filter_map(|line| line.split_once(':'));
    let mut found = pairs.filter(|(key, _)| key.trim() == name);
    found
        .next()
        .map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

async fn postgres(ground: &Ground) -> Result<Vec<(String, String)>, Failure> {
    let client = ground.connect_to_server().await?;
    let rows = client.query(sql::bench::SETTINGS, &[]).await;
    let rows = rows.map_err(refused)?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

async fn redis_version(url: &str) -> Result<String, Failure> {
    let mut connection = stream::connect(url).await?;
    let mut info = redis::cmd("INFO");
    let asked = info.arg("server").query_async(&mut connection).await;
    let info: String = asked.map_err(stream::failed)?;
    Ok(field(&info, "redis_version"))
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn finds_a_field_by_its_whole_name() {
        let lines = "processor\t: 0\nmodel name\t: A: B\nmodel name\t: C\n";
        assert_eq!(field(lines, "model name"), "A: B");
        assert_eq!(field(lines, "name"), "");
    }
}
