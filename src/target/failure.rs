//! Plain words for what can go wrong before there is an answer.
//!
//! The libraries below tell it in a chain of errors, with the URL in the first and the cause in the last.
//! Whoever reads a log wants the cause and the place, and no path or query with it.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;
use url::Url;

use super::http::HttpOptions;
use super::{Answer, Meaning};
use crate::text::Redactor;

/// No answer, or none that could be read to its end.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// The status, if the answer got that far.
    pub status: Option<u16>,
    /// What happened. Not cleaned yet.
    pub text: String,
}

impl Failure {
    /// A failure without an answer.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure {
            status: None,
            text: text.into(),
        }
    }

    /// The failure as an answer: nobody knows whether the request had its effect.
    pub fn into_answer(self, redactor: &Redactor) -> Answer {
        Answer {
            meaning: Meaning::Unknown,
            status: self.status,
            code: None,
            text: redactor.clean(&self.text),
        }
    }
}

/// Whom we talk to, as it is named in texts, and how long we wait for it.
pub struct Peer {
    name: String,
    timeout: Duration,
    connect_timeout: Duration,
}

impl Peer {
    /// The host of the URL, or the proxy that stands before it.
    pub fn of(url: &Url, options: &HttpOptions) -> Peer {
        let name = match &options.proxy {
            Some(proxy) => format!("the proxy {}", authority(proxy)),
            None => authority(url),
        };
        Peer {
            name,
            timeout: options.timeout,
            connect_timeout: options.connect_timeout,
        }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What an error of the HTTP library comes down to.
pub fn of_reqwest(err: &reqwest::Error, peer: &Peer, status: Option<StatusCode>) -> Failure {
    let Peer {
        name,
        timeout,
        connect_timeout,
    } = peer;
    let text = if err.is_dns() {
        format!("no address found for {name}: {}", root_cause(err))
    } else if err.is_timeout() && err.is_connect() {
        format!("no connection to {name} within {connect_timeout:?}")
    } else if err.is_timeout() {
        format!("timed out after {timeout:?}")
    } else if let Some(kind) = io_kind(err) {
        match kind {
            io::ErrorKind::ConnectionRefused => format!("connection refused by {name}"),
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                format!("connection reset by {name}")
            }
            io::ErrorKind::UnexpectedEof => "connection closed before the answer was complete".to_owned(),
            _ if err.is_connect() => format!("no connection to {name}: {}", root_cause(err)),
            _ => format!("the answer can't be read: {}", root_cause(err)),
        }
    } else if err.is_connect() {
        format!("no connection to {name}: {}", root_cause(err))
    } else if err.is_builder() {
        format!("the request can't be built: {}", root_cause(err))
    } else if err.is_decode() {
        format!("the answer can't be unpacked: {}", root_cause(err))
    } else if root_cause(err).contains("closed before") {
        // The library tells its kinds of broken answers apart by their texts alone.
        "connection closed before the answer was complete".to_owned()
    } else {
        format!("the answer can't be read: {}", root_cause(err))
    };
    Failure {
        status: status.map(|it| it.as_u16()),
        text,
    }
}

/// An answer beyond the limit of bytes.
pub fn too_long(status: StatusCode, max_bytes: usize) -> Failure {
    Failure {
        status: Some(status.as_u16()),
        text: format!("the answer is longer than {max_bytes} bytes (max_response_bytes)"),
    }
}

/// Something of the configuration that can't be used.
pub fn unusable(what: &str, err: &dyn Error) -> Failure {
    Failure::new(format!("{what} is unusable: {}", root_cause(err)))
}

/// The text of the innermost error, which says what really happened.
fn root_cause(err: &dyn Error) -> String {
    chain(err).last().unwrap_or(err).to_string()
}

/// The kind of the innermost I/O error that has one: compression wraps others as "other".
fn io_kind(err: &dyn Error) -> Option<io::ErrorKind> {
    chain(err)
        .filter_map(|it| it.downcast_ref::<io::Error>())
        .map(io::Error::kind)
        .filter(|kind| *kind != io::ErrorKind::Other)
        .last()
}

fn chain<'a>(err: &'a dyn Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(err.source(), |it| <dyn Error>::source(*it))
}
