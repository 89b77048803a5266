//! The one way to a connection: every command's, the pool's too.

use futures::future::BoxFuture;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode as Asked;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;
use tracing::debug;

use super::address::SslMode;
use crate::tls::{self, Identity, TlsError, Trust, refused_by_tls};

/// Connects as `sslmode` says.
#[derive(Clone)]
pub struct Connector {
    mode: SslMode,
    tls: MakeRustlsConnect,
}

impl Connector {
    /// Reads the files of TLS; opens no connection.
    ///
    /// # Errors
    ///
    /// A file is missing or of no use.
    pub fn new(
        mode: SslMode,
        trust: &Trust,
        identity: Option<&Identity>,
    ) -> Result<Connector, TlsError> {
        let tls = MakeRustlsConnect::new(tls::client(trust, identity)?);
        Ok(Connector { mode, tls })
    }

    /// What the URL asked for.
    #[must_use]
    pub fn mode(&self) -> SslMode {
        self.mode
    }

    /// Opens a connection, and another way where `sslmode` leaves two. The task ends with the
    /// client.
    ///
    /// # Errors
    ///
    /// What the driver says of the last attempt.
    pub async fn connect(&self, config: &Config) -> Result<(Client, JoinHandle<()>), Error> {
        let (first, second) = match self.mode {
            SslMode::Disable => (Asked::Disable, None),
            SslMode::Allow => (Asked::Disable, Some(Asked::Require)),
            SslMode::Prefer => (Asked::Prefer, Some(Asked::Disable)),
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Asked::Require, None),
        };
        let refused = match self.attempt(config, first).await {
            Ok(connected) => return Ok(connected),
            Err(error) => error,
        };
        match second {
            Some(second) if another_way_may_help(&refused) => self.attempt(config, second).await,
            _ => Err(refused),
        }
    }

    async fn attempt(
        &self,
        config: &Config,
        asked: Asked,
    ) -> Result<(Client, JoinHandle<()>), Error> {
        let mut config = config.clone();
        config.ssl_mode(asked);
        let (client, connection) = config.connect(self.tls.clone()).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                // Whoever waits for a statement is told too.
                debug!("a database connection ended: {error}");
            }
        });
        Ok((client, task))
    }
}

/// TLS itself failed, or pg_hba.conf has no line for this way.
fn another_way_may_help(error: &Error) -> bool {
    refused_by_tls(error) || error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

impl deadpool_postgres::Connect for Connector {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let config = config.clone();
        Box::pin(async move { Connector::connect(self, &config).await })
    }
}
