//! A port before the platform that can be shut: connections are refused then, as by a machine whose program is down.

use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

pub struct Door {
    address: SocketAddr,
    platform: SocketAddr,
    open: Option<Open>,
}

struct Open {
    is_shut: Arc<AtomicBool>,
    /// Both ends of all connections.
    streams: Arc<Mutex<Vec<TcpStream>>>,
    porter: JoinHandle<()>,
}

impl Door {
    /// An open door to a base URL without a path.
    pub fn to(base_url: &str) -> Door {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut door = Door {
            address: listener.local_addr().unwrap(),
            platform: base_url.strip_prefix("http://").unwrap().parse().unwrap(),
            open: None,
        };
        door.let_in(listener);
        door
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses connections from now on, and cuts those that there are.
    pub fn shut(&mut self) {
        let open = self.open.take().unwrap();
        open.is_shut.store(true, Ordering::SeqCst);
        // The porter looks up when somebody comes.
        drop(TcpStream::connect(self.address));
        open.porter.join().unwrap();
        for stream in open.streams.lock().unwrap().iter() {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let refused = TcpStream::connect(self.address).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    /// As before it was shut.
    pub fn reopen(&mut self) {
        self.let_in(TcpListener::bind(self.address).unwrap());
    }

    fn let_in(&mut self, listener: TcpListener) {
        let platform = self.platform;
        let is_shut = Arc::new(AtomicBool::new(false));
        let streams = Arc::new(Mutex::new(Vec::new()));
        let (stop, kept) = (Arc::clone(&is_shut), Arc::clone(&streams));
        let porter = thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let client = client.unwrap();
                let server = TcpStream::connect(platform).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        // A connection that was cut is over, like one that came to its end.
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                kept.lock().unwrap().extend([client, server]);
            }
        });
        self.open = Some(Open {
            is_shut,
            streams,
            porter,
        });
    }
}
