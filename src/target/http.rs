//! One HTTP exchange, bounded in time and size.
//!
//! Responsible for the connection: limits, TLS, proxy, and a plain text for everything that can go wrong
//! below HTTP. What a status means is decided in [`super::classify`]; pace, token and counting belong to
//! one credential and live in [`super::client`].
//!
//! Redirects are never followed: a redirect must not carry the token to another place. There are no
//! cookies, no proxy from the environment and no repetition; whoever calls decides about those.

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Certificate, Client, Method, Proxy, Request, Response, StatusCode, redirect, retry};
use tokio::sync::OnceCell;
use url::Url;

use super::failure::{self, Failure};

/// Who we are, for the platform's logs.
const USER_AGENT: &str = concat!("wazzup-sync/", env!("CARGO_PKG_VERSION"));

/// How long an idle connection is kept. Common servers and load balancers close theirs after 60 to 75
/// seconds; a request on a connection that is being closed has an unknown fate.
const IDLE: Duration = Duration::from_secs(50);

/// How much of a refusal is read. Codes and texts stand at the beginning; the rest is an error page.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// The section `[http]` as far as it concerns one exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HttpOptions {
    /// From the first byte of the connection to the last byte of the answer.
    pub timeout: Duration,
    /// For the connection alone.
    pub connect_timeout: Duration,
    /// Longest answer, counted after decompression.
    pub max_response_bytes: usize,
    /// For one credential, evenly spread.
    pub requests_per_second: NonZeroU32,
    /// Through which everything goes. None is taken from the environment.
    pub proxy: Option<Url>,
    /// Certificates in PEM that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
}

impl Default for HttpOptions {
    fn default() -> HttpOptions {
        HttpOptions {
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            max_response_bytes: 4 * 1024 * 1024,
            requests_per_second: NonZeroU32::new(10).expect("ten is not zero"),
            proxy: None,
            ca_file: None,
        }
    }
}

/// The connections of the whole process: cheap to clone, built when the first request leaves.
///
/// Building costs time and memory (the certificates of the system above all), and a run that has nothing
/// to do sends nothing. Plain HTTP, which goes to loopback only, gets a client without certificates.
#[derive(Clone, Debug)]
pub struct Http {
    shared: Arc<Shared>,
    observer: Option<Observer>,
}

/// One exchange, for whoever counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// Of the request.
    pub method: Method,
    /// Of the answer, if one came.
    pub status: Option<u16>,
    /// From sending to the end of the answer.
    pub duration: Duration,
}

/// Is told of each exchange.
#[derive(Clone)]
struct Observer(Arc<dyn Fn(&Seen) + Send + Sync>);

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

#[derive(Debug)]
struct Shared {
    options: HttpOptions,
    plain: OnceCell<Client>,
    encrypted: OnceCell<Client>,
}

/// A whole answer with any status. The body of a refusal may be cut.
#[derive(Debug)]
pub struct Reply {
    /// As received.
    pub status: StatusCode,
    /// As received.
    pub headers: HeaderMap,
    /// After decompression.
    pub body: Vec<u8>,
}

impl Http {
    /// Connections with these limits. Nothing is opened or read yet.
    pub fn new(options: HttpOptions) -> Http {
        Http {
            shared: Arc::new(Shared {
                options,
                plain: OnceCell::new(),
                encrypted: OnceCell::new(),
            }),
            observer: None,
        }
    }

    /// The same connections; each exchange by this value is told to `observer`, which must not block.
    #[must_use]
    pub fn observed_by(&self, observer: impl Fn(&Seen) + Send + Sync + 'static) -> Http {
        Http {
            shared: Arc::clone(&self.shared),
            observer: Some(Observer(Arc::new(observer))),
        }
    }

    /// The limits.
    pub fn options(&self) -> &HttpOptions {
        &self.shared.options
    }

    /// The client for that URL, built at the first call.
    ///
    /// # Errors
    /// An unusable CA file or proxy.
    pub async fn client(&self, url: &Url) -> Result<&Client, Failure> {
        let options = self.options();
        let needs_roots =
            url.scheme() != "http" || options.proxy.as_ref().is_some_and(|it| it.scheme() != "http");
        let cell = if needs_roots {
            &self.shared.encrypted
        } else {
            &self.shared.plain
        };
        cell.get_or_try_init(async || build(options, needs_roots)).await
    }

    /// Sends one request and reads the answer to its end, or to the limit.
    ///
    /// # Errors
    /// Whatever prevents an answer from being had whole. A refusal is an answer: its status decides, so a
    /// body that breaks off is taken as far as it came.
    pub async fn exchange(&self, client: &Client, request: Request) -> Result<Reply, Failure> {
        let method = request.method().clone();
        let begin = Instant::now();
        let result = self.exchange_unseen(client, request).await;
        if let Some(Observer(tell)) = &self.observer {
            let status = match &result {
                Ok(reply) => Some(reply.status.as_u16()),
                Err(failure) => failure.status,
            };
            tell(&Seen {
                method,
                status,
                duration: begin.elapsed(),
            });
        }
        result
    }

    async fn exchange_unseen(&self, client: &Client, request: Request) -> Result<Reply, Failure> {
        let options = self.options();
        let peer = failure::Peer::of(request.url(), options);
        let mut response = client
            .execute(request)
            .await
            .map_err(|err| failure::of_reqwest(&err, &peer, None))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = if status.is_success() {
            read_whole(&mut response, options.max_response_bytes)
                .await
                .map_err(|err| match err {
                    ReadError::TooLong => failure::too_long(status, options.max_response_bytes),
                    ReadError::Broken(err) => failure::of_reqwest(&err, &peer, Some(status)),
                })?
        } else {
            read_start(&mut response, MAX_REFUSAL_BYTES.min(options.max_response_bytes)).await
        };
        Ok(Reply {
            status,
            headers,
            body,
        })
    }
}

/// Why a body could not be read.
enum ReadError {
    TooLong,
    Broken(reqwest::Error),
}

/// The whole body, abandoned as soon as it turns out to be longer than allowed.
async fn read_whole(response: &mut Response, max_bytes: usize) -> Result<Vec<u8>, ReadError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if max_bytes - body.len() < chunk.len() {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The beginning of a body, as far as it comes.
async fn read_start(response: &mut Response, max_bytes: usize) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < max_bytes
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(max_bytes - body.len())]);
    }
    body
}

fn build(options: &HttpOptions, needs_roots: bool) -> Result<Client, Failure> {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .no_proxy()
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .pool_idle_timeout(IDLE)
        // Requests of one remote are sequential; a second idle connection would serve nobody.
        .pool_max_idle_per_host(1);
    if let Some(url) = &options.proxy {
        let proxy = Proxy::all(url.clone()).map_err(|err| failure::unusable("the proxy", &err))?;
        builder = builder.proxy(proxy);
    }
    if !needs_roots {
        builder = builder.tls_certs_only([]);
    } else if let Some(path) = &options.ca_file {
        builder = builder.tls_certs_merge(read_certificates(path)?);
    }
    builder
        .build()
        .map_err(|err| failure::unusable("the HTTP client", &err))
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let what = format!("ca_file {}", path.display());
    let pem = std::fs::read(path).map_err(|err| failure::unusable(&what, &err))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|err| failure::unusable(&what, &err))?;
    if certificates.is_empty() {
        return Err(Failure::new(format!(
            "{what} is unusable: there is no certificate in it"
        )));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_is_built_at_the_first_request_and_without_certificates_for_plain_http() {
        let http = Http::new(HttpOptions::default());
        assert!(!http.shared.plain.initialized());
        http.client(&"http://127.0.0.1".parse().unwrap()).await.unwrap();
        assert!(http.shared.plain.initialized());
        assert!(!http.shared.encrypted.initialized());
    }
}
