//! The requests of one credential: paced, authorised, counted, logged.
//!
//! Keeps the secret and everything that knows it; no text and no log line that leaves here holds it. What is
//! asked and what the answers mean is the business of each platform.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hyper::body::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Request};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::debug;
use url::Url;

use super::failure::{self, Failure};
use super::http::{Http, Reply};
use super::pace::Pace;
use super::{Answer, Requests};
use crate::text::Redactor;

/// One request.
pub struct Call {
    /// GET and HEAD count as reads, all others as writes.
    pub method: Method,
    /// Where to. May hold ids; never shown.
    pub url: Url,
    /// The path as it is documented, for logs: without ids.
    pub path: &'static str,
    /// JSON, unless the client [sends forms](Client::sending_forms). Bytes, so that one that holds a secret can be
    /// overwritten when the last holder lets go of it.
    pub body: Option<Bytes>,
    /// Users that the request names, for logs.
    pub n_users: usize,
}

/// Sends the requests of one credential.
#[derive(Debug)]
pub struct Client {
    http: Http,
    token: SecretString,
    redactor: Redactor,
    pace: Pace,
    /// Of all bodies that are sent.
    content_type: HeaderValue,
    n_read: AtomicU64,
    n_write: AtomicU64,
}

impl Client {
    /// A client that shows this token as `Bearer`.
    pub fn new(http: &Http, token: SecretString) -> Client {
        Client {
            http: http.clone(),
            redactor: Redactor::new([token.clone()]),
            token,
            pace: Pace::new(http.options().requests_per_second),
            content_type: HeaderValue::from_static("application/json"),
            n_read: AtomicU64::new(0),
            n_write: AtomicU64::new(0),
        }
    }

    /// The same for a platform that takes bodies as forms.
    #[must_use]
    pub fn sending_forms(self) -> Client {
        Client {
            content_type: HeaderValue::from_static("application/x-www-form-urlencoded"),
            ..self
        }
    }

    /// Takes the token out of texts.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Requests that have left so far.
    pub fn requests(&self) -> Requests {
        Requests {
            read: self.n_read.load(Ordering::Relaxed),
            write: self.n_write.load(Ordering::Relaxed),
        }
    }

    /// Waits for its turn, sends the request once and reads the answer.
    ///
    /// # Errors
    /// No whole answer came; the meaning is [`super::Meaning::Unknown`].
    pub async fn send(&self, call: Call) -> Result<Reply, Answer> {
        let Call {
            method,
            url,
            path,
            body,
            n_users,
        } = call;
        let sent = async {
            let client = self.http.client(&url).await?;
            let request = self.request(method.clone(), url, body)?;
            self.pace.wait().await;
            let counter = if method.is_safe() {
                &self.n_read
            } else {
                &self.n_write
            };
            counter.fetch_add(1, Ordering::Relaxed);
            let begin = Instant::now();
            let result = self.http.exchange(client, request).await;
            let duration_ms = begin.elapsed().as_millis();
            match &result {
                Ok(reply) => debug!(
                    http.method = %method, http.path = path, http.status = reply.status.as_u16(),
                    batch.users = n_users, body_bytes = reply.body.len(), duration_ms, "request answered"
                ),
                Err(failure) => debug!(
                    http.method = %method, http.path = path, http.status = failure.status,
                    batch.users = n_users, cause = self.redactor.clean(&failure.text), duration_ms,
                    "request failed"
                ),
            }
            result
        };
        sent.await
            .map_err(|failure: Failure| failure.into_answer(&self.redactor))
    }

    fn request(&self, method: Method, url: Url, body: Option<Bytes>) -> Result<Request, Failure> {
        let mut request = Request::new(method, url);
        // Made anew each time, so that no plain copy of the token outlives its request.
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", self.token.expose_secret()))
            .map_err(|err| failure::unusable("the token", &err))?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, bearer);
        if let Some(body) = body {
            let content_type = self.content_type.clone();
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            *request.body_mut() = Some(Body::from(body));
        }
        Ok(request)
    }
}
