//! A proxy that breaks a connection off.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Listens on a free port, hands everything on to `server`, and cuts the connection after so many bytes of
/// the server's. Yields its own port; serves one connection.
pub async fn cut_after(n_bytes: usize, server: String) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut server = TcpStream::connect(server).await.unwrap();
        let (mut from_client, mut to_client) = client.split();
        let (mut from_server, mut to_server) = server.split();
        let answers = async {
            let mut left = n_bytes;
            let mut buffer = vec![0; 1024];
            while left > 0 {
                let n = from_server.read(&mut buffer).await.unwrap().min(left);
                to_client.write_all(&buffer[..n]).await.unwrap();
                left -= n;
            }
        };
        tokio::select! {
            () = answers => {}
            _ = tokio::io::copy(&mut from_client, &mut to_server) => {}
        }
    });
    port
}
