//! Servers of a few fixed words, for answers that a real one would have to be set up for.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Listens on a free port, says `greeting`, and answers each message of the client with the next of `answers`.
pub async fn server_that_says(greeting: Vec<u8>, answers: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        client.write_all(&greeting).await.unwrap();
        for answer in answers {
            let _ = client.read(&mut [0; 1024]).await.unwrap();
            client.write_all(&answer).await.unwrap();
        }
        // Until the client hangs up.
        let _ = client.read(&mut [0; 1024]).await;
    });
    port
}

/// A packet of MySQL's protocol.
pub fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [low, middle, ..] = payload.len().to_le_bytes();
    [&[low, middle, 0, sequence], payload].concat()
}

/// The greeting of a MySQL server without TLS that wants a password in this way.
pub fn mysql_greeting(plugin: &str) -> Vec<u8> {
    let capabilities: u32 = 0x000f_f7ff & !0x0800;
    let [c0, c1, c2, c3] = capabilities.to_le_bytes();
    let payload = [
        b"\x0a8.0.40\0\x07\0\0\0".as_slice(),
        b"saltsalt\0",
        &[c0, c1, 45, 2, 0, c2, c3, 21],
        &[0; 10],
        b"saltsaltsalt\0",
        plugin.as_bytes(),
        b"\0",
    ]
    .concat();
    packet(0, &payload)
}
