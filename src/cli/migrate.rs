//! `forebay migrate`.

use super::Failure;
use crate::config::DatabaseConfig;
use crate::migrate::{self, Report};

/// Makes what is missing and says what it made.
pub async fn migrate(config: &DatabaseConfig) -> Result<(), Failure> {
    let url = config.database_url.as_deref().ok_or_else(no_url)?;
    let report = at(url).await?;
    if report == Report::default() {
        println!("everything is there already");
    }
    for name in &report.forebay {
        println!("schema forebay: applied {name}");
    }
    if !report.tables.is_empty() {
        println!("schema public: made {}", report.tables.join(", "));
    }
    Ok(())
}

/// DATABASE_URL has no default.
pub fn no_url() -> Failure {
    Failure::Usage(
        "DATABASE_URL (--database-url) is required, for example postgresql://user:password@host:5432/database"
            .to_owned(),
    )
}

/// Migrates the database at a URL.
pub async fn at(url: &str) -> Result<Report, Failure> {
    let config: tokio_postgres::Config = url
        .parse()
        .map_err(|error| Failure::Usage(format!("DATABASE_URL: {error}")))?;
    let (mut client, connection) = config
        .connect(tokio_postgres::NoTls)
        .await
        .map_err(|error| Failure::Unreachable(format!("no database connection: {error}")))?;
    let connection = tokio::spawn(connection);
    let report = migrate::migrate(&mut client).await;
    drop(client);
    // What the connection has to say beyond the statements' own errors changes nothing now.
    let _ = connection.await;
    Ok(report?)
}
