//! What becomes of broken, slow and endless answers.

use std::time::Duration;

use tokio::net::TcpListener;
use url::Url;

use super::server::{Act, Server, answer, chunk, chunked, ok};
use super::*;
use crate::target::{Answer, Meaning, ReadTarget as _, WriteTarget as _};

/// More than the kernel buffers between a server that writes on and a client that has stopped reading.
const STOPPED_BY: u64 = 32 * 1024 * 1024;

async fn to_write(act: impl Fn() -> Act + Send + Sync + 'static) -> Answer {
    let server = Server::start(move |_| act()).await;
    target(&server).send(&anna()).await
}

fn assert_unknown(answer: &Answer, text: &str) {
    assert_eq!(answer.meaning, Meaning::Unknown, "{answer:?}");
    assert!(answer.text.starts_with(text), "{answer:?}");
}

/// An address where nobody listens.
async fn nobody() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let options = HttpOptions {
        timeout: Duration::from_millis(50),
        ..options()
    };
    for begin in ["", "HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\n{"] {
        let server = Server::start(move |_| Act::Hang(begin.into())).await;
        let answer = target_with(&server, options.clone()).send(&anna()).await;
        assert_unknown(&answer, "timed out after 50ms");
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_a_refusal() {
    let bytes = b"HTTP/1.1 401 X\r\ncontent-length: 99\r\n\r\n{\"error\":\"TOKEN_EXPIRED\",".to_vec();
    let answer = to_write(move || Act::Close(bytes.clone())).await;
    assert_eq!(
        (answer.meaning, answer.status),
        (Meaning::Unauthorised, Some(401))
    );
    assert_eq!(answer.code.as_deref(), Some("TOKEN_EXPIRED"));
}

#[tokio::test]
async fn a_refused_connection_is_named() {
    let url = nobody().await;
    let target = wazzup_v2(&url, SecretString::from(TOKEN), &Http::new(options()));
    let expected = format!("connection refused by 127.0.0.1:{}", url.port().unwrap());
    assert_unknown(&target.send(&anna()).await, &expected);
    assert_eq!(target.list().await.unwrap_err().text, expected);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unknown() {
    let whole = ok(r#"{"data":{"processed":1}}"#);
    for len in [0, 10, whole.len() - 5] {
        let part = whole[..len].to_vec();
        let closed = part.clone();
        let answer = to_write(move || Act::Close(closed.clone())).await;
        assert_unknown(&answer, "connection closed before the answer was complete");
        let answer = to_write(move || Act::Reset(part.clone())).await;
        assert_unknown(&answer, "connection reset by 127.0.0.1:");
    }
}

#[tokio::test]
async fn what_is_no_http_is_unknown() {
    let answer = to_write(|| Act::Close(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec())).await;
    assert_unknown(&answer, "the answer can't be read: ");
}

#[tokio::test]
async fn an_endless_answer_is_abandoned_at_the_limit() {
    let server = Server::start(|_| Act::Endless(chunked(200), chunk(&[b'['; 65_536]))).await;
    let target = target(&server);
    let expected = "the answer is longer than 1048576 bytes";
    assert_unknown(&target.send(&anna()).await, expected);
    assert_unknown(&target.list().await.unwrap_err(), expected);
    assert!(
        server.n_bytes_sent() < 2 * STOPPED_BY,
        "{}",
        server.n_bytes_sent()
    );
}

#[tokio::test]
async fn an_endless_refusal_is_read_no_further_than_its_beginning() {
    let mut begin = chunked(400);
    begin.extend(chunk(br#"{"error":"INVALID_USER_DATA","description":"#));
    let server = Server::start(move |_| Act::Endless(begin.clone(), chunk(&[b' '; 65_536]))).await;
    let answer = target(&server).send(&anna()).await;
    assert_eq!(
        (answer.meaning, answer.code.as_deref()),
        (Meaning::BadItem, Some("INVALID_USER_DATA"))
    );
    assert!(server.n_bytes_sent() < STOPPED_BY, "{}", server.n_bytes_sent());
}

#[tokio::test]
async fn endless_headers_are_no_answer() {
    let server =
        Server::start(|_| Act::Endless(b"HTTP/1.1 200 X\r\n".to_vec(), b"x: y\r\n".repeat(1000))).await;
    assert_eq!(target(&server).send(&anna()).await.meaning, Meaning::Unknown);
}

#[tokio::test]
async fn the_limit_counts_what_compression_hides() {
    let zipped = gzip_of_spaces(8 * 1024 * 1024);
    assert!(zipped.len() < 100_000);
    let server = Server::answering(answer(200, &["content-encoding: gzip"], zipped)).await;
    let answer = target(&server).send(&anna()).await;
    assert_unknown(&answer, "the answer is longer than 1048576 bytes");
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    // `{"data":[]}`, as gzip writes it.
    let zipped = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0x4a, 0x49, 0x2c, 0x49, 0x54, 0xb2, 0x8a, 0x8e, 0xad,
        5, 0, 0x94, 0x64, 0xb2, 0x5e, 11, 0, 0, 0,
    ];
    let server = Server::answering(answer(200, &["content-encoding: gzip"], zipped)).await;
    let listing = target(&server).list().await;
    assert_eq!(listing.map(|it| it.users), Ok(vec![]));

    let server = Server::answering(answer(200, &["content-encoding: gzip"], "no gzip")).await;
    assert_eq!(
        target(&server).list().await.unwrap_err().meaning,
        Meaning::Unknown
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::answering(ok(r#"{"data":[]}"#)).await;
    let target = target(&server);
    for _ in 0..3 {
        target.list().await.unwrap();
    }
    assert_eq!((server.lines().len(), server.n_connections()), (3, 1));
}

#[tokio::test]
async fn a_request_is_never_repeated_by_itself() {
    let server = Server::start(|_| Act::Close(vec![])).await;
    let target = target(&server);
    target.send(&anna()).await;
    target.list().await.unwrap_err();
    assert_eq!(
        server.lines(),
        ["POST /v2/users", "GET /v2/users?offset=0&limit=100"]
    );
}

#[tokio::test]
async fn everything_goes_through_a_configured_proxy() {
    let proxy = Server::answering(ok(r#"{"data":[]}"#)).await;
    let options = HttpOptions {
        proxy: Some(proxy.url().clone()),
        ..options()
    };
    let url = nobody().await;
    let target = wazzup_v2(&url, SecretString::from(TOKEN), &Http::new(options));
    target.list().await.unwrap();
    assert_eq!(proxy.lines(), [format!("GET {url}v2/users?offset=0&limit=100")]);
}

#[tokio::test]
async fn an_unusable_ca_file_is_named_when_it_is_needed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let absent = std::path::PathBuf::from("/nonexistent/ca.pem");
    for path in [absent, file.path().to_owned()] {
        let text = format!("ca_file {} is unusable", path.display());
        let options = HttpOptions {
            ca_file: Some(path),
            ..options()
        };
        let https = Url::parse("https://127.0.0.1:9").unwrap();
        let target = wazzup_v2(&https, SecretString::from(TOKEN), &Http::new(options.clone()));
        assert_unknown(&target.list().await.unwrap_err(), &text);
        assert_eq!(target.requests().read, 0, "nothing has left");

        let server = Server::answering(ok(r#"{"data":[]}"#)).await;
        target_with(&server, options).list().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_without_tls_is_no_https_server() {
    let server = Server::start(|_| Act::Close(b"HTTP/1.1 200 X\r\n\r\n".to_vec())).await;
    let https = Url::parse(&server.url().as_str().replace("http:", "https:")).unwrap();
    let target = wazzup_v2(
        &https,
        SecretString::from(TOKEN),
        &Http::new(HttpOptions {
            timeout: Duration::from_millis(500),
            ..options()
        }),
    );
    let answer = target.send(&anna()).await;
    assert_eq!(answer.meaning, Meaning::Unknown, "{answer:?}");
    assert!(server.seen().is_empty());
}

/// A gzip stream of that many spaces: one literal, then copies of it, in one block with fixed codes.
fn gzip_of_spaces(n_bytes: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    // Codes are written from their highest bit, all other fields from their lowest.
    let mut code = |value: u32, len: u32| bits.extend((0..len).rev().map(|bit| value >> bit & 1 == 1));
    code(0b110, 3); // Last block; fixed codes (01, lowest bit first).
    code(0x30 + u32::from(b' '), 8); // Literal.
    for _ in 0..n_bytes / 258 {
        code(0b1100_0101, 8); // 258 bytes …
        code(0, 5); // … from one byte back.
    }
    code(0, 7); // End of block.
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend(bits.chunks(8).map(|byte| {
        byte.iter()
            .enumerate()
            .fold(0, |sum, (at, bit)| sum | u8::from(*bit) << at)
    }));
    gzip
}
