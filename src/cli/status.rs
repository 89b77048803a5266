//! `forebay status`: what a running worker does, at a terminal.

use std::io::IsTerminal as _;
use std::time::Duration;

use clap::Args;
use tracing::warn;

use super::Failure;
use super::out::{self, Reader};
use crate::config::{DEFAULT_HTTP_ADDR, HttpAddr};
use crate::http::ask;
use crate::status::Status;
use table::table;

mod table;

/// Its name on the command line.
pub const COMMAND: &str = "status";
const AGAIN_AFTER: Duration = Duration::from_secs(2);
/// Home, and everything below cleared: no flicker, and what was scrolled away stays.
const CLEAR: &str = "\x1b[H\x1b[J";

/// What it can be told.
#[derive(Args, Clone, Debug)]
pub struct StatusConfig {
    /// Where the worker serves HTTP, as host:port
    #[arg(long, env = "HTTP_ADDR", default_value = DEFAULT_HTTP_ADDR)]
    pub addr: HttpAddr,
    /// Go on, every two seconds
    #[arg(long)]
    pub watch: bool,
    /// As the worker gives it
    #[arg(long)]
    pub json: bool,
}

/// Asks and shows.
///
/// # Errors
///
/// [`Failure::NoWorker`]; [`Failure::Found`] if the worker is not ready.
pub async fn status(config: StatusConfig) -> Result<(), Failure> {
    let HttpAddr::At(address) = &config.addr else {
        return Err(Failure::Usage(
            "--addr (HTTP_ADDR) is empty: a worker without it serves nothing to ask for".to_owned(),
        ));
    };
    if config.watch {
        return watch(address, &config).await;
    }
    let (shown, status) = look(address, &config).await?;
    out::say(&shown)?;
    if status.ready {
        Ok(())
    } else {
        Err(Failure::Found("the worker is not ready".to_owned()))
    }
}

/// Until it is interrupted or nobody reads on. A worker that is away may come back.
async fn watch(address: &str, config: &StatusConfig) -> Result<(), Failure> {
    let clear = if std::io::stdout().is_terminal() && !config.json {
        CLEAR
    } else {
        ""
    };
    loop {
        let shown = match look(address, config).await {
            Ok((shown, _)) => format!("{clear}{shown}"),
            Err(failure) if config.json => {
                // What reads JSON must not meet a line that is none.
                warn!("{failure}");
                String::new()
            }
            Err(failure) => format!("{clear}{failure}\n"),
        };
        if out::say_on(&shown)? == Reader::Gone {
            return Ok(());
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

async fn look(address: &str, config: &StatusConfig) -> Result<(String, Status), Failure> {
    let away = |error: &dyn std::fmt::Display| {
        Failure::NoWorker(format!("no worker answers at {address}: {error}"))
    };
    let body = ask(address, "/status")
        .await
        .map_err(|error| away(&error))?;
    let status: Status = sonic_rs::from_slice(&body).map_err(|error| away(&error))?;
    let shown = if config.json {
        format!("{}\n", String::from_utf8_lossy(&body))
    } else {
        table(&status)
    };
    Ok((shown, status))
}
