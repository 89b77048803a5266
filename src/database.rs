//! The database as the worker finds it: how to reach it, and what its columns hold.

mod address;
mod broken;
mod connect;

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config};

pub(crate) use address::decoded;
pub use address::{AddressError, SslMode};
pub use broken::{put_broken, take_broken};
pub use connect::Connector;

use crate::error::DbError;
use crate::sql;
use crate::widths::Widths;

/// Where the database is and how it is reached.
#[derive(Clone)]
pub struct Address {
    config: Config,
    connector: Connector,
}

impl Address {
    /// Reads a libpq URL and the files that it names; `password` stands over the one in it.
    ///
    /// # Errors
    ///
    /// The URL is wrong: exit code 2. No error has a part of it that may be a password.
    pub fn parse(url: &str, password: Option<&str>) -> Result<Address, AddressError> {
        const CONNECT_WITHIN: Duration = Duration::from_secs(5);
        let (mut config, connector) = address::parse(url, password)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_WITHIN);
        }
        // A server that is gone without a word is noticed within half a minute, whether the worker is
        // waiting for it or sending; sql/session.sql asks the same of the other side.
        config
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10));
        if config.get_keepalives_interval().is_none() {
            config.keepalives_interval(Duration::from_secs(5));
        }
        if config.get_keepalives_retries().is_none() {
            config.keepalives_retries(3);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(20));
        }
        Ok(Address { config, connector })
    }

    /// How the worker is called in `pg_stat_activity`, unless the URL has a name for it.
    #[must_use]
    pub fn named(mut self, name: &str) -> Address {
        if self.config.get_application_name().is_none() {
            self.config.application_name(name);
        }
        self
    }

    /// A connection of its own; the task ends with the client.
    ///
    /// # Errors
    ///
    /// The database is away or refuses.
    pub async fn connect(&self) -> Result<(Client, JoinHandle<()>), DbError> {
        let connected = self.connector.connect(&self.config).await;
        connected.map_err(|source| DbError::Pool {
            source: deadpool_postgres::PoolError::Backend(source),
        })
    }

    /// Makes a pool of at most `size` connections; opens none.
    ///
    /// # Errors
    ///
    /// None that an operator could cause.
    pub fn pool(self, size: usize) -> Result<Pool, deadpool_postgres::BuildError> {
        /// From the first packet to a session: a server that takes a connection and says nothing
        /// must not hold a lane for ever.
        const READY_WITHIN: Duration = Duration::from_secs(30);
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_connect(
            self.config,
            self.connector,
            ManagerConfig { recycling_method },
        );
        Pool::builder(manager)
            .max_size(size)
            .create_timeout(Some(READY_WITHIN))
            .runtime(Runtime::Tokio1)
            .build()
    }
}

/// A connection for takeover and audit: see `sql/session_admin.sql`.
///
/// # Errors
///
/// The database is away or refuses; act on the error's verdict.
pub async fn administer(pool: &Pool) -> Result<Object, DbError> {
    let client = pool.get().await?;
    client
        .batch_execute(sql::audit::SESSION_ADMIN)
        .await
        .map_err(DbError::during("preparing a connection"))?;
    Ok(client)
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
