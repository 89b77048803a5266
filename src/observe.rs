//! Everything that is there to be looked at: HTTP, and the tasks that gather what it shows.
//!
//! Where nothing is shown nothing is gathered. The worker does not depend on any of it.

use std::sync::Arc;

use deadpool_postgres::Pool;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use crate::config::HttpAddr;
use crate::desk::{Desk, Setup};
use crate::health::{Health, Stage};
use crate::http::Http;
use crate::metrics::Metrics;
use crate::pulse::Pulse;
use crate::source::Redis;
use crate::survey::Survey;

/// What is observed.
pub struct Observed {
    /// Database connections.
    pub pool: Pool,
    /// Where Redis is.
    pub redis: Redis,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Entries that the stream's writer lets it hold.
    pub stream_maxlen: u64,
}

/// The tasks. Dropped, they end where they stand.
#[derive(Default)]
pub struct Observers {
    _tasks: JoinSet<()>,
}

impl Observers {
    /// Starts them. An address that cannot be had is warned of, and the worker runs without.
    pub async fn start(
        at: &HttpAddr,
        observed: Observed,
        stop: watch::Receiver<bool>,
    ) -> Observers {
        let HttpAddr::At(address) = at else {
            return Observers::default();
        };
        let http = match Http::bind(address).await {
            Ok(http) => http,
            Err(error) => {
                warn!(
                    "HTTP_ADDR={address} cannot be had, the worker runs without metrics, health and page: {error}; give each worker its own, or none with an empty HTTP_ADDR"
                );
                return Observers::default();
            }
        };
        if let Ok(address) = http.address() {
            info!("metrics, health and page are at http://{address}/");
        }
        Observers {
            _tasks: tasks(http, observed, stop),
        }
    }
}

/// A worker that was told to stop takes no more, whatever it still writes.
async fn tell_of_stop(health: Arc<Health>, mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_ok() {
        health.set_stage(Stage::Stopping);
    }
}

fn tasks(http: Http, observed: Observed, stop: watch::Receiver<bool>) -> JoinSet<()> {
    let Observed {
        pool,
        redis,
        metrics,
        stream_maxlen,
    } = observed;
    let setup = Setup {
        stream: redis.stream.clone(),
        group: redis.group.clone(),
        consumer: redis.consumer.clone(),
        stream_maxlen,
    };
    let pulse = Pulse {
        pool: pool.clone(),
        redis: redis.clone(),
        health: Arc::clone(&metrics.health),
    };
    let stopping = tell_of_stop(Arc::clone(&metrics.health), stop);
    let desk = Arc::new(Desk::new(setup, metrics, Survey::new(pool, redis)));
    let (sampled, surveyed) = (Arc::clone(&desk), Arc::clone(&desk));
    let mut tasks = JoinSet::new();
    tasks.spawn(http.serve(desk));
    tasks.spawn(pulse.run());
    tasks.spawn(stopping);
    tasks.spawn(async move { sampled.sample().await });
    tasks.spawn(async move { surveyed.survey.run().await });
    tasks
}
