//! A server of raw bytes: HTTP libraries are too well-behaved to break off in the middle of an answer.

use std::future::pending;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `GET /v2/users?offset=0&limit=100`
    pub line: String,
    /// All headers, lower-case names.
    pub headers: String,
    pub body: String,
}

/// What the server does with a request.
pub enum Act {
    /// Writes this and waits for the next request on the same connection.
    Answer(Vec<u8>),
    /// Writes this and closes.
    Close(Vec<u8>),
    /// Writes this and resets the connection.
    Reset(Vec<u8>),
    /// Writes this and then nothing more.
    Hang(Vec<u8>),
    /// Writes the first, then the second again and again.
    Endless(Vec<u8>, Vec<u8>),
}

pub struct Server {
    url: Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    act: Box<dyn Fn(&Seen) -> Act + Send + Sync>,
    seen: Mutex<Vec<Seen>>,
    n_connections: AtomicUsize,
    n_bytes_sent: AtomicU64,
}

impl Server {
    pub async fn start(act: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let shared = Arc::new(Shared {
            act: Box::new(act),
            seen: Mutex::default(),
            n_connections: AtomicUsize::new(0),
            n_bytes_sent: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Server { url, shared, task }
    }

    /// Always the same answer.
    pub async fn answering(answer: Vec<u8>) -> Server {
        Server::start(move |_| Act::Answer(answer.clone())).await
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The request lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|it| it.line).collect()
    }

    pub fn n_connections(&self) -> usize {
        self.shared.n_connections.load(Ordering::Relaxed)
    }

    pub fn n_bytes_sent(&self) -> u64 {
        self.shared.n_bytes_sent.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.n_connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, shared.clone()));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    while let Some(seen) = read_request(&mut stream).await {
        let act = (shared.act)(&seen);
        shared.seen.lock().unwrap().push(seen);
        // The client may be gone; that is its right.
        match act {
            Act::Answer(bytes) => drop(stream.write_all(&bytes).await),
            Act::Close(bytes) => return drop(stream.write_all(&bytes).await),
            Act::Reset(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return stream.set_zero_linger().unwrap();
            }
            Act::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                pending::<()>().await;
            }
            Act::Endless(first, again) => {
                let mut bytes = &first;
                while stream.write_all(bytes).await.is_ok() {
                    shared
                        .n_bytes_sent
                        .fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    bytes = &again;
                }
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_len = loop {
        if let Some(at) = bytes.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_len].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let body_len = headers
        .lines()
        .find_map(|it| it.strip_prefix("content-length: "))
        .map_or(0, |it| it.parse().unwrap());
    let mut body = bytes.split_off(head_len);
    while body.len() < body_len {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        line: line.strip_suffix(" HTTP/1.1").unwrap().to_owned(),
        headers: headers.to_owned(),
        body: String::from_utf8(body).unwrap(),
    })
}

/// A whole answer.
pub fn answer(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len()).into_bytes();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// A page of users, or any other 200.
pub fn ok(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer(200, &["content-type: application/json"], body)
}

/// The beginning of an answer whose body comes in chunks, and never ends.
pub fn chunked(status: u16) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes()
}

/// One chunk of a chunked body.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
