//! Asking a worker for one of its paths.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(5);
/// Far more than a status is.
const BYTES_MOST: usize = 16 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody listens.
    #[error(transparent)]
    Connect(#[from] std::io::Error),
    /// What listens speaks no HTTP, or broke off.
    #[error(transparent)]
    Http(#[from] hyper::Error),
    /// The address makes no request.
    #[error(transparent)]
    Request(#[from] hyper::http::Error),
    /// It broke off in the middle, or goes on for ever.
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    /// It answers something else.
    #[error("it answers {0}")]
    Refused(StatusCode),
    /// It takes too long.
    #[error("no answer within {} s", WITHIN.as_secs())]
    Late,
}

/// The body of a path at `host:port`.
///
/// # Errors
///
/// No worker answers there.
pub async fn ask(address: &str, path: &str) -> Result<Bytes, AskError> {
    match timeout(WITHIN, get(address, path)).await {
        Ok(answered) => answered,
        Err(_) => Err(AskError::Late),
    }
}

async fn get(address: &str, path: &str) -> Result<Bytes, AskError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path)
        .header(HOST, address)
        .body(Empty::<Bytes>::new())?;
    let conversation = async move {
        let response = sender.send_request(request).await?;
        let code = response.status();
        if code != StatusCode::OK {
            return Err(AskError::Refused(code));
        }
        let body = Limited::new(response.into_body(), BYTES_MOST);
        let whole = body.collect().await.map_err(AskError::Body)?;
        Ok(whole.to_bytes())
    };
    // The connection only works while it is waited for, and ends once the sender is gone. It may end
    // first, with the body on its way: what counts is the answer.
    let (answered, _) = tokio::join!(conversation, connection);
    answered
}
