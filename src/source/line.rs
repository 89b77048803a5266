//! The reading connection.
//!
//! The driver makes the connection and logs in, so that addresses, passwords and what the server
//! says to them mean here what they mean everywhere; the answers are then read without it. Over TLS
//! the driver reads them too: it does not hand out what it keeps of the certificates.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, ConnectionAddr, RedisResult, Value,
};
use futures::future::select_ok;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use super::parse::{Element, first_stream};
use super::reply::{self, Found, Scan};

/// Least room for what the socket has.
const ROOM: usize = 64 << 10;
/// A buffer that grew beyond this for one answer is not kept for the next.
const KEPT: usize = 16 << 20;

/// A connection on which streams are read.
pub enum Line {
    /// Read here.
    Plain(Plain),
    /// Read by the driver.
    Driver(MultiplexedConnection),
}

impl Line {
    /// Connects within one limit, and then waits for each answer within the other.
    ///
    /// # Errors
    ///
    /// The server is away, or does not let us in.
    pub async fn open(client: &Client, connect: Duration, answer: Duration) -> RedisResult<Line> {
        let plain = async {
            let socket = match client.get_connection_info().addr() {
                ConnectionAddr::Tcp(host, port) => over_tcp(client, host, *port).await?,
                ConnectionAddr::Unix(path) => over_unix(client, path).await?,
                _ => return Ok(None),
            };
            Ok::<_, redis::RedisError>(Some(socket))
        };
        match timeout(connect, plain).await.map_err(|_| late())?? {
            Some(socket) => Ok(Line::Plain(Plain {
                socket,
                bytes: BytesMut::new(),
                answer,
            })),
            None => {
                let config = AsyncConnectionConfig::new()
                    .set_response_timeout(Some(answer))
                    .set_connection_timeout(Some(connect));
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                Ok(Line::Driver(connection.await?))
            }
        }
    }

    /// The elements of one stream's answer.
    ///
    /// # Errors
    ///
    /// What the server answered, or the connection is of no use any more.
    pub async fn ask(&mut self, command: &redis::Cmd) -> RedisResult<Vec<Element>> {
        match self {
            Line::Plain(plain) => {
                let limit = plain.answer;
                timeout(limit, plain.ask(command))
                    .await
                    .map_err(|_| late())?
            }
            Line::Driver(connection) => {
                let answer: Value = command.query_async(connection).await?;
                Ok(first_stream(answer))
            }
        }
    }
}

/// As the driver says it.
fn late() -> redis::RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

trait Duplex: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Duplex for S {}

/// A socket on which the driver has logged in.
pub struct Plain {
    socket: Box<dyn Duplex>,
    /// What has come of the answer.
    bytes: BytesMut,
    answer: Duration,
}

impl Plain {
    async fn ask(&mut self, command: &redis::Cmd) -> RedisResult<Vec<Element>> {
        self.socket.write_all(&command.get_packed_command()).await?;
        self.socket.flush().await?;
        let end = self.answer().await?;
        let elements = reply::elements(&self.bytes[..end]);
        // Nothing can lie behind it: there was one command.
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = BytesMut::new();
        }
        elements
    }

    /// Reads until the answer is whole; gives its length.
    async fn answer(&mut self) -> io::Result<usize> {
        let mut scan = Scan::new();
        loop {
            let more = match scan.go_on(&self.bytes) {
                Found::End(end) => return Ok(end),
                Found::Part(more) => more,
                Found::Nonsense => return Err(io::ErrorKind::InvalidData.into()),
            };
            // A length is not believed beyond what comes.
            self.bytes.reserve(more.clamp(ROOM, KEPT));
            if self.socket.read_buf(&mut self.bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

async fn over_tcp(client: &Client, host: &str, port: u16) -> RedisResult<Box<dyn Duplex>> {
    let addresses: Vec<_> = lookup_host((host, port)).await?.collect();
    if addresses.is_empty() {
        return Err(io::Error::from(io::ErrorKind::AddrNotAvailable).into());
    }
    let connecting = addresses.into_iter().map(TcpStream::connect).map(Box::pin);
    let (stream, _) = select_ok(connecting).await?;
    let socket = stream.into_std()?;
    log_in(client, TcpStream::from_std(socket.try_clone()?)?).await?;
    Ok(Box::new(TcpStream::from_std(socket)?))
}

async fn over_unix(client: &Client, path: &std::path::Path) -> RedisResult<Box<dyn Duplex>> {
    let socket = UnixStream::connect(path).await?.into_std()?;
    log_in(client, UnixStream::from_std(socket.try_clone()?)?).await?;
    Ok(Box::new(UnixStream::from_std(socket)?))
}

/// Lets the driver do what it does first on every connection. It reads no further than the answers
/// to that; its end of the socket is closed here, ours stays open.
async fn log_in<S>(client: &Client, socket: S) -> RedisResult<()>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let settings = client.get_connection_info().redis_settings();
    MultiplexedConnection::new(settings, socket).await.map(drop)
}
