//! `forebay audit`.

use clap::Args;

use super::out::say;
use super::{Failure, work};
use crate::audit::{self, AuditError, Repair};
use crate::config::{DerivedConfig, ServersConfig};
use crate::progress::Progress;

/// What an audit can be told.
#[derive(Args, Clone, Debug)]
pub struct AuditConfig {
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub servers: ServersConfig,
    #[command(flatten)]
    #[allow(
        missing_docs,
        reason = "clap would take the text as the section's help"
    )]
    pub derived: DerivedConfig,
    /// Mend what drifts
    #[arg(long)]
    pub repair: bool,
}

/// Audits, and says what it found.
///
/// # Errors
///
/// [`Failure::Found`] if there is drift that is not mended.
pub async fn audit(config: &AuditConfig) -> Result<(), Failure> {
    let (pool, redis) = work::servers(&config.servers)?;
    let repair = if config.repair {
        Repair::Yes
    } else {
        Repair::No
    };
    let derived = config.derived.derived;
    let report = audit::audit(&pool, &redis, repair, derived, &Progress::new(0)).await?;
    print!("{report}");
    let (drift, left) = (report.drift(), report.unmended());
    match repair {
        Repair::No if drift > 0 => Err(Failure::Found(format!(
            "{drift} differences found; `forebay audit --repair` mends them"
        ))),
        Repair::Yes if left > 0 => Err(Failure::Found(format!(
            "{drift} differences found, {left} of them could not be mended"
        ))),
        Repair::Yes if drift > 0 => {
            say(&format!("{drift} differences found and mended\n"))?;
            Ok(())
        }
        _ => {
            say("no differences\n")?;
            Ok(())
        }
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Database(error) => error.into(),
            AuditError::Redis(error) => error.into(),
        }
    }
}
