//! The database as the worker finds it: how to reach it, and what its columns hold.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use tokio_postgres::{Config, NoTls};

use crate::error::DbError;
use crate::sql;
use crate::widths::Widths;

/// Why the database cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// It is not a libpq URL.
    #[error("DATABASE_URL: {0}")]
    Url(#[from] tokio_postgres::Error),
    /// No pool could be made.
    #[error("connection pool: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
}

/// Makes a pool of at most `size` connections; opens none.
///
/// # Errors
///
/// The URL is wrong: exit code 2.
pub fn pool(url: &str, size: usize) -> Result<Pool, Unreachable> {
    const CONNECT_WITHIN: Duration = Duration::from_secs(5);
    let mut config: Config = url.parse()?;
    if config.get_application_name().is_none() {
        config.application_name("forebay");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_WITHIN);
    }
    config
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(10));
    let recycling_method = RecyclingMethod::Fast;
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
    Ok(Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .build()?)
}

/// Reads the lengths of the AppView's columns: an operator may have widened them.
///
/// # Errors
///
/// The database is away or refuses; act on the error's verdict.
pub async fn widths(pool: &Pool) -> Result<Arc<Widths>, DbError> {
    const WHAT: &str = "reading the lengths of columns";
    let client = pool.get().await?;
    let rows = client
        .query(sql::CATALOG_WIDTHS, &[])
        .await
        .map_err(DbError::during(WHAT))?;
    let mut widths = Widths::contract();
    for row in rows {
        let (table, column): (&str, &str) = (row.get(0), row.get(1));
        widths.set(table, column, usize::try_from(row.get::<_, i32>(2)).ok());
    }
    Ok(Arc::new(widths))
}
