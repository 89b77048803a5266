//! The hash that the operators' dashboards add up over all workers.

use deadpool_redis::redis;

use super::connect::Redis;
use crate::error::RedisError;

/// CONTRACT §1.
const CLUSTER_METRICS: &str = "cluster:metrics";

/// Adds to counters of the hash, in one transaction.
///
/// # Errors
///
/// Redis is away or refuses; the caller keeps the numbers and adds them later.
pub async fn add_to_cluster_metrics(
    redis: &Redis,
    deltas: &[(&'static str, u64)],
) -> Result<(), RedisError> {
    let mut commands = redis::pipe();
    commands.atomic();
    for (field, delta) in deltas {
        commands
            .cmd("HINCRBY")
            .arg(CLUSTER_METRICS)
            .arg(field)
            .arg(delta)
            .ignore();
    }
    redis.ask_all("adding to cluster:metrics", &commands).await
}
