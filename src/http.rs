//! HTTP: the five paths at which a worker shows itself, and the asking for one of them.
//!
//! It only reads, and only what the desk holds. Connections, headers and bodies are bounded: a scraper
//! that misbehaves must not cost the worker anything.

mod ask;
mod routes;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

pub use ask::{AskError, ask};

use crate::desk::Desk;

/// Connections at a time; more wait to be taken.
const CONNECTIONS: usize = 32;
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
const HEADERS_MOST: usize = 64;
/// The smallest that the library allows: no path of ours takes a body.
const BUFFER_BYTES: usize = 8 << 10;
/// A connection, however often it is used.
const CONNECTION_LIFE: Duration = Duration::from_secs(120);
const LAST_ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Where it listens, before it answers.
pub struct Http {
    listener: TcpListener,
}

impl Http {
    /// Takes the address.
    ///
    /// # Errors
    ///
    /// It is in use, or none of this machine's.
    pub async fn bind(address: &str) -> io::Result<Http> {
        let listener = TcpListener::bind(address).await?;
        Ok(Http { listener })
    }

    /// The address that it has: of port 0 the one that was found.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until it is aborted; conversations under way end with it.
    pub async fn serve(self, desk: Arc<Desk>) {
        const AGAIN_AFTER: Duration = Duration::from_millis(100);
        let mut conversations = JoinSet::new();
        loop {
            while conversations.try_join_next().is_some() {}
            if conversations.len() >= CONNECTIONS {
                conversations.join_next().await;
            }
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    conversations.spawn(converse(stream, Arc::clone(&desk)));
                }
                Err(error) => {
                    // Out of file descriptors, say: no reason to spin.
                    debug!("an HTTP connection could not be taken: {error}");
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
            }
        }
    }
}

async fn converse(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(|request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, std::convert::Infallible>(routes::answer(&request, &desk)) }
    });
    let mut conversation = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_WITHIN)
            .max_headers(HEADERS_MOST)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service)
    );
    let ended = match timeout(CONNECTION_LIFE, conversation.as_mut()).await {
        Ok(ended) => ended,
        Err(_) => {
            // An answer that is on its way still arrives.
            conversation.as_mut().graceful_shutdown();
            timeout(LAST_ANSWER_WITHIN, conversation)
                .await
                .unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        debug!("an HTTP connection ended: {error}");
    }
}
