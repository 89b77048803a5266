//! A worker with its servers known: what `run` and `demo` share.

use std::sync::Arc;

use tokio::sync::watch;

use super::Failure;
use super::migrate::no_url;
use crate::config::RunConfig;
use crate::database;
use crate::error::Stop;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::source::Redis;

/// Puts the pipeline together from a configuration; opens no connection yet.
pub fn pipeline(config: RunConfig, stop: watch::Receiver<bool>) -> Result<Pipeline, Failure> {
    let url = config.database.database_url.as_deref().ok_or_else(no_url)?;
    let pool = database::pool(url, config.database.db_pool_size)
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let redis = Redis::new(
        &config.redis.redis_url,
        &config.redis.redis_stream_key,
        &config.redis.redis_consumer_group,
        &config.redis.consumer_id,
    )
    .map_err(|error| Failure::Usage(format!("REDIS_URL: {error}")))?;
    let metrics = Metrics::new().map_err(|error| Stop::Broken(error.to_string()))?;
    Ok(Pipeline {
        config,
        redis,
        pool,
        metrics: Arc::new(metrics),
        stop,
    })
}
