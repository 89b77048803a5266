//! The network between the worker and a server: a proxy that forwards, stands still, is cut, or
//! loses the answer to a commit. Or it holds one message of one connection for good, which is how a
//! test knows exactly where a worker stands.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use super::wait;

/// PostgreSQL's message for a simple query `COMMIT`.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// The first byte of an answer that says that a command was done.
const DONE: u8 = b'C';

/// How the line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Everything goes through.
    Up,
    /// Connections stand and nothing goes through.
    Stalled,
    /// Connections end, and new ones end at once.
    Cut,
}

/// What of a message is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The message: the server never sees it.
    Message,
    /// The server's answer to it: the server has done what it says.
    Answer,
}

/// A moment: the nth time that these bytes are on their way to the server.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub hold: Hold,
    pub bytes: &'static [u8],
    pub nth: usize,
}

/// Looks for a moment in what all connections send.
#[derive(Debug, Default)]
struct Trap {
    moment: Mutex<Option<Moment>>,
    sprung: watch::Sender<bool>,
}

impl Trap {
    /// What is to be held, and where in `new`, which follows `tail`; a moment comes once.
    fn spring(&self, tail: &[u8], new: &[u8]) -> Option<(Hold, usize)> {
        let mut armed = self.moment.lock().unwrap();
        let Moment { hold, bytes, nth } = armed.as_mut()?;
        let tail = &tail[tail.len().saturating_sub(bytes.len() - 1)..];
        let seen = [tail, new].concat();
        let found = seen.windows(bytes.len()).enumerate();
        for (at, _) in found.filter(|(_, window)| window == bytes) {
            *nth -= 1;
            if *nth == 0 {
                let hold = *hold;
                *armed = None;
                return Some((hold, at.saturating_sub(tail.len())));
            }
        }
        None
    }

    fn has_sprung(&self) {
        self.sprung.send_replace(true);
    }
}

/// What becomes of a server's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Through,
    /// The next ends the connection in the worker's place.
    Lost,
    Held,
}

/// What happened so far.
#[derive(Debug, Default)]
struct Counts {
    cut: AtomicUsize,
    held: AtomicUsize,
    to_lose: AtomicUsize,
    lost: AtomicUsize,
    trap: Trap,
}

/// A proxy in front of one server, on a port of its own. It ends with the test's runtime.
pub struct Proxy {
    line: watch::Sender<Line>,
    server: watch::Sender<String>,
    counts: Arc<Counts>,
}

impl Proxy {
    /// Starts before the server of a URL; gives the URL to use instead.
    pub async fn before(url: &str) -> (Proxy, String) {
        let address = address(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let (line, state) = watch::channel(Line::Up);
        let counts = Arc::new(Counts::default());
        let (server, current) = watch::channel(address.to_owned());
        tokio::spawn(serve(listener, current, state, counts.clone()));
        let proxy = Proxy {
            line,
            server,
            counts,
        };
        (proxy, url.replace(address, &own))
    }

    /// New connections go to the server of this URL, as when a name is pointed at another machine.
    pub fn turn_to(&self, url: &str) {
        self.server.send(address(url).to_owned()).unwrap();
    }

    pub fn set(&self, line: Line) {
        self.line.send(line).unwrap();
    }

    /// The next commits are done, and the worker is not told: its connection ends instead.
    pub fn lose_commits(&self, commits: usize) {
        self.counts.to_lose.store(commits, Ordering::SeqCst);
    }

    /// The connection on which this moment comes stands still from then on.
    pub fn hold_at(&self, moment: Moment) {
        self.counts.trap.sprung.send_replace(false);
        *self.counts.trap.moment.lock().unwrap() = Some(moment);
    }

    /// Waits for the moment that was asked for last.
    pub async fn moment(&self) {
        let mut sprung = self.counts.trap.sprung.subscribe();
        let moment = *self.counts.trap.moment.lock().unwrap();
        let came = timeout(wait::limit(), sprung.wait_for(|sprung| *sprung)).await;
        assert!(came.is_ok(), "waited in vain for {moment:?}");
    }

    /// Commits that were done without an answer.
    pub fn commits_lost(&self) -> usize {
        self.counts.lost.load(Ordering::SeqCst)
    }

    /// Connections that were cut.
    pub fn connections_cut(&self) -> usize {
        self.counts.cut.load(Ordering::SeqCst)
    }

    /// Messages that had to wait on a stalled line.
    pub fn messages_held(&self) -> usize {
        self.counts.held.load(Ordering::SeqCst)
    }
}

/// Host and port.
fn address(url: &str) -> &str {
    let start = url.rfind("127.0.0.1:").unwrap();
    url[start..].split('/').next().unwrap()
}

async fn serve(
    listener: TcpListener,
    server: watch::Receiver<String>,
    line: watch::Receiver<Line>,
    counts: Arc<Counts>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let connection = Connection {
            line: line.clone(),
            counts: counts.clone(),
        };
        tokio::spawn(connection.run(client, server.borrow().clone()));
    }
}

/// Two streams, tied together.
struct Connection {
    line: watch::Receiver<Line>,
    counts: Arc<Counts>,
}

impl Connection {
    async fn run(self, client: TcpStream, server: String) {
        if !self.is_cut() {
            self.join(client, server).await;
        }
        if self.is_cut() {
            self.counts.cut.fetch_add(1, Ordering::SeqCst);
        }
    }

    async fn join(&self, client: TcpStream, server: String) {
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let mut line = self.line.clone();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let (tell, told) = watch::channel(Answers::Through);
        tokio::select! {
            () = self.up(from_client, to_server, tell) => {}
            () = self.down(from_server, to_client, told) => {}
            _ = line.wait_for(|line| *line == Line::Cut) => {}
        }
    }

    fn is_cut(&self) -> bool {
        *self.line.borrow() == Line::Cut
    }

    async fn up(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        mute: watch::Sender<Answers>,
    ) {
        let mut buffer = vec![0; 1 << 16];
        let mut tail = Vec::new();
        while let Some(some) = self.receive(&mut from, &mut buffer).await {
            if some.ends_with(COMMIT) && self.is_to_be_lost() {
                let _ = mute.send(Answers::Lost);
            }
            let through = match self.counts.trap.spring(&tail, some) {
                Some((Hold::Message, at)) => &some[..at],
                Some((Hold::Answer, _)) => {
                    let _ = mute.send(Answers::Held);
                    some
                }
                None => some,
            };
            if to.write_all(through).await.is_err() {
                return;
            }
            if through.len() < some.len() {
                self.counts.trap.has_sprung();
                // Nothing more goes through until the worker is gone.
                while self.receive(&mut from, &mut buffer).await.is_some() {}
                return;
            }
            tail = some.to_vec();
        }
    }

    async fn down(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        muted: watch::Receiver<Answers>,
    ) {
        let mut buffer = vec![0; 1 << 16];
        while let Some(some) = self.receive(&mut from, &mut buffer).await {
            let answers = *muted.borrow();
            match answers {
                Answers::Through if to.write_all(some).await.is_err() => return,
                Answers::Through => {}
                Answers::Lost => {
                    if some[0] == DONE {
                        self.counts.lost.fetch_add(1, Ordering::SeqCst);
                    }
                    return;
                }
                Answers::Held => self.counts.trap.has_sprung(),
            }
        }
    }

    /// What comes next, once the line lets it through; nothing at the end.
    async fn receive<'b>(
        &self,
        from: &mut OwnedReadHalf,
        buffer: &'b mut [u8],
    ) -> Option<&'b [u8]> {
        let read = from.read(buffer).await.ok().filter(|read| *read > 0)?;
        if *self.line.borrow() == Line::Stalled {
            self.counts.held.fetch_add(1, Ordering::SeqCst);
        }
        let mut line = self.line.clone();
        let line = *line.wait_for(|line| *line != Line::Stalled).await.ok()?;
        (line == Line::Up).then_some(&buffer[..read])
    }

    fn is_to_be_lost(&self) -> bool {
        let less = |commits: usize| commits.checked_sub(1);
        let to_lose = &self.counts.to_lose;
        to_lose
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
            .is_ok()
    }
}
