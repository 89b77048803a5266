//! A worker with its servers known: what `run` and `demo` share.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::Failure;
use crate::config::{DatabaseConfig, RedisConfig, RunConfig, ServersConfig};
use crate::database::Address;
use crate::error::Stop;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::source::{self, Redis};

/// Where the servers are; opens no connection yet. All that can be wrong with the configuration
/// shows here: exit code 2.
pub fn servers(config: &ServersConfig) -> Result<(deadpool_postgres::Pool, Redis), Failure> {
    let ServersConfig { redis, database } = config;
    // The incumbent's operators look for "python" in pg_stat_activity: the consumer's name has it.
    let name = format!("forebay {}", redis.consumer_id);
    Ok((pool(database, &name)?, self::redis(redis)?))
}

/// The same for what needs the database alone.
pub fn database(config: &DatabaseConfig) -> Result<deadpool_postgres::Pool, Failure> {
    pool(config, "forebay")
}

fn pool(config: &DatabaseConfig, name: &str) -> Result<deadpool_postgres::Pool, Failure> {
    let pool = address(config)?.named(name).pool(config.db_pool_size);
    pool.map_err(|error| Stop::Broken(error.to_string()).into())
}

/// Where PostgreSQL is.
pub fn address(config: &DatabaseConfig) -> Result<Address, Failure> {
    let url = config.database_url.as_deref().ok_or_else(no_url)?;
    let password = secret(
        config.database_password_file.as_deref(),
        "DATABASE_PASSWORD_FILE",
    )?;
    Address::parse(url, password.as_deref())
        .map_err(|error| Failure::Usage(format!("DATABASE_URL (--database-url): {error}")))
}

/// Where Redis is.
pub fn redis(config: &RedisConfig) -> Result<Redis, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("REDIS_URL (--redis-url): {error}"));
    let password = secret(config.redis_password_file.as_deref(), "REDIS_PASSWORD_FILE")?;
    let authorities = config.redis_ca_file.as_deref();
    let address = source::parse_address(&config.redis_url, password.as_deref(), authorities)
        .map_err(|error| wrong(&error))?;
    Redis::new(
        address,
        &config.redis_stream_key,
        &config.redis_consumer_group,
        &config.consumer_id,
    )
    .map_err(|error| wrong(&error))
}

/// DATABASE_URL has no default.
fn no_url() -> Failure {
    Failure::Usage(
        "DATABASE_URL (--database-url) is required, for example postgresql://user:password@host:5432/database"
            .to_owned(),
    )
}

/// A password from a file, without the line's end that editors add.
fn secret(file: Option<&Path>, variable: &str) -> Result<Option<String>, Failure> {
    let Some(file) = file else {
        return Ok(None);
    };
    let wrong = |reason: &dyn std::fmt::Display| {
        let file = file.display();
        Failure::Usage(format!("{variable}={file}: {reason}"))
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(&error))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(wrong(&"no password in it")),
        password => Ok(Some(password.to_owned())),
    }
}

/// Puts the pipeline together from a configuration; opens no connection yet.
pub fn pipeline(config: RunConfig, stop: watch::Receiver<bool>) -> Result<Pipeline, Failure> {
    let (pool, redis) = servers(&config.servers)?;
    let metrics = Metrics::new().map_err(|error| Stop::Broken(error.to_string()))?;
    Ok(Pipeline {
        config,
        redis,
        pool,
        metrics: Arc::new(metrics),
        stop,
    })
}
