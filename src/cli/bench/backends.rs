//! Statements that do not depend on each other, by two backends at once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::try_join_all;

use super::ground::{Ground, refused};
use crate::cli::Failure;

/// As many as this project's machine has processors; the worker's lanes are more, but wait in turn.
const BACKENDS: usize = 2;

/// Runs all, each by the next backend that is free: the longest should come first. `session` is run
/// on each connection before; its time does not count.
///
/// # Errors
///
/// The server is away or refuses.
pub async fn run(
    ground: &Ground,
    database: &str,
    session: &str,
    statements: Vec<String>,
) -> Result<Duration, Failure> {
    let mut clients = Vec::new();
    for _ in 0..BACKENDS {
        let client = ground.connect(database).await?;
        client.batch_execute(session).await.map_err(refused)?;
        clients.push(client);
    }
    let statements = Mutex::new(VecDeque::from(statements));
    let next = || {
        let mut left = statements.lock().unwrap_or_else(PoisonError::into_inner);
        left.pop_front()
    };
    let start = Instant::now();
    try_join_all(clients.iter().map(|client| async {
        while let Some(statement) = next() {
            client.batch_execute(&statement).await.map_err(refused)?;
        }
        Ok::<(), Failure>(())
    }))
    .await?;
    Ok(start.elapsed())
}
