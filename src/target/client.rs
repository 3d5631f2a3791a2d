//! The requests of one credential: paced, authorised, counted, logged.
//!
//! Has the token of each request from [`super::credential`], and where one is refused that can be renewed, sends
//! the request once more with a new one: a refused request had no effect. No text and no log line that leaves
//! here holds a secret. What is asked and what the answers mean is the business of each platform.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use hyper::body::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Request, StatusCode};
use secrecy::ExposeSecret as _;
use tracing::debug;
use url::Url;

use super::credential::{Bearer, Credential};
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
    credential: Credential,
    pace: Pace,
    /// Of all bodies that are sent.
    content_type: HeaderValue,
    n_read: AtomicU64,
    n_write: AtomicU64,
}

impl Client {
    /// A client that shows the tokens of this credential as `Bearer`.
    pub fn new(http: &Http, credential: impl Into<Credential>) -> Client {
        Client {
            http: http.clone(),
            credential: credential.into(),
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

    /// Takes the secrets of the credential out of texts.
    pub fn redactor(&self) -> &Redactor {
        self.credential.redactor()
    }

    /// Requests that have left so far; those for tokens are not counted.
    pub fn requests(&self) -> Requests {
        Requests {
            read: self.n_read.load(Ordering::Relaxed),
            write: self.n_write.load(Ordering::Relaxed),
        }
    }

    /// Waits for its turn, sends the request and reads the answer. Sent once, and once more where a token was
    /// refused and another one is to be had.
    ///
    /// # Errors
    /// No whole answer came, or no token: the meaning says which.
    pub async fn send(&self, call: Call) -> Result<Reply, Answer> {
        self.pace.wait().await;
        let bearer = self.credential.bearer().await?;
        let reply = self.send_with(&bearer, &call).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        let Some(renewed) = self.credential.renewed(&bearer).await? else {
            return Ok(reply);
        };
        self.pace.wait().await;
        self.send_with(&renewed, &call).await
    }

    async fn send_with(&self, bearer: &Bearer, call: &Call) -> Result<Reply, Answer> {
        let result = self.exchange(bearer, call).await;
        result.map_err(|failure| failure.into_answer(self.redactor()))
    }

    async fn exchange(&self, bearer: &Bearer, call: &Call) -> Result<Reply, Failure> {
        let client = self.http.client(&call.url).await?;
        let request = self.request(bearer, call)?;
        let counter = if call.method.is_safe() {
            &self.n_read
        } else {
            &self.n_write
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let Call {
            method,
            path,
            n_users,
            ..
        } = call;
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
                batch.users = n_users, cause = self.redactor().clean(&failure.text), duration_ms,
                "request failed"
            ),
        }
        result
    }

    fn request(&self, bearer: &Bearer, call: &Call) -> Result<Request, Failure> {
        let mut request = Request::new(call.method.clone(), call.url.clone());
        // Made anew each time, so that no plain copy of the token outlives its request.
        let mut value = HeaderValue::from_str(&format!("Bearer {}", bearer.token().expose_secret()))
            .map_err(|err| failure::unusable("the token", &err))?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        if let Some(body) = &call.body {
            let content_type = self.content_type.clone();
            request.headers_mut().insert(CONTENT_TYPE, content_type);
            *request.body_mut() = Some(Body::from(body.clone()));
        }
        Ok(request)
    }
}
