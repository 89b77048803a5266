//! `forebay migrate`.

use super::out::say;
use super::{Failure, work};
use crate::config::DatabaseConfig;
use crate::database::Address;
use crate::error::{DbError, Stop, Verdict};
use crate::migrate::{self, Report};

/// Makes what is missing and says what it made.
pub async fn migrate(config: &DatabaseConfig) -> Result<(), Failure> {
    let report = at(&work::address(config)?).await?;
    if report == Report::default() {
        say("everything is there already\n")?;
    }
    for name in &report.forebay {
        say(&format!("schema forebay: applied {name}\n"))?;
    }
    if !report.tables.is_empty() {
        say(&format!(
            "schema public: made {}\n",
            report.tables.join(", ")
        ))?;
    }
    Ok(())
}

/// Migrates the database at an address.
pub async fn at(address: &Address) -> Result<Report, Failure> {
    let (mut client, connection) = address.connect().await.map_err(unreachable)?;
    let report = migrate::migrate(&mut client).await;
    drop(client);
    // What the connection has to say beyond the statements' own errors changes nothing now.
    let _ = connection.await;
    Ok(report?)
}

/// A server that is away, or one that will never take this client.
fn unreachable(error: DbError) -> Failure {
    match error.verdict() {
        Verdict::Fatal => Stop::from(error).into(),
        _ => Failure::Unreachable(error.to_string()),
    }
}
