//! One call to the Graph API: version, proof and parameters on the way out, limits and errors on the way back.
//!
//! The token goes in the header alone. The proof that we know the app's secret is a parameter, as the platform
//! wants it; both are taken out of every text that leaves here.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::body::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use url::{Url, form_urlencoded};

use super::refusal;
use super::usage::{Leave, Usage};
use crate::target::classify;
use crate::target::client::{Call, Client};
use crate::target::http::{Http, Reply};
use crate::target::pace::Pace;
use crate::target::{Answer, Meaning, Requests};
use crate::text::{Redactor, hex};

/// The parameter that carries the proof.
const PROOF: &str = "appsecret_proof";

/// Where a call goes: an object and one of its edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Id, or `me`.
    pub(super) object: &'a str,
    pub(super) edge: Option<&'static str>,
    /// The path as it is documented, for logs.
    pub(super) path: &'static str,
}

/// Whether a call may be put off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Urgency {
    /// It waits for the platform's limits.
    CanWait,
    /// It mends what the call before it has done: better refused by the platform than not tried.
    Now,
}

/// Calls with one credential and one version.
pub(super) struct Graph {
    client: Client,
    /// The base URL with the version behind it.
    root: Url,
    /// Time between two requests at the own pace.
    pace: Duration,
    proof: Option<SecretString>,
    redactor: Redactor,
    usage: Mutex<Usage>,
}

impl Graph {
    /// Nothing is sent yet.
    pub(super) fn new(
        base_url: &Url,
        api_version: &str,
        token: SecretString,
        app_secret: Option<SecretString>,
        http: &Http,
    ) -> Graph {
        let mut root = base_url.clone();
        // A URL without a path can't be requested either; the first request says so.
        if let Ok(mut path) = root.path_segments_mut() {
            path.pop_if_empty().push(api_version);
        }
        let proof = app_secret.as_ref().map(|it| proof_of(&token, it));
        let secrets = [Some(token.clone()), app_secret, proof.clone()];
        Graph {
            redactor: Redactor::new(secrets.into_iter().flatten()),
            client: Client::new(http, token).sending_forms(),
            root,
            pace: Pace::new(http.options().requests_per_second).interval(),
            proof,
            usage: Mutex::default(),
        }
    }

    /// Takes token, secret and proof out of texts.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub(super) fn requests(&self) -> Requests {
        self.client.requests()
    }

    /// Reads.
    ///
    /// # Errors
    /// Anything but a 2xx without an error in it.
    pub(super) async fn get(&self, place: Place<'_>, params: &[(&str, &str)]) -> Result<Reply, Answer> {
        let url = self.url(place, params);
        self.send(Method::GET, url, None, place, Urgency::CanWait).await
    }

    /// Writes, with the parameters in a form.
    ///
    /// # Errors
    /// As [`Graph::get`].
    pub(super) async fn post(
        &self,
        place: Place<'_>,
        params: &[(&str, &str)],
        urgency: Urgency,
    ) -> Result<Reply, Answer> {
        let form = self.form(params);
        let url = self.url_without_params(place);
        self.send(Method::POST, url, Some(form), place, urgency).await
    }

    /// Removes, with the parameters in the URL: documented in either place, and a body of a DELETE may be dropped
    /// on the way.
    ///
    /// # Errors
    /// As [`Graph::get`].
    pub(super) async fn delete(&self, place: Place<'_>, params: &[(&str, &str)]) -> Result<Reply, Answer> {
        let url = self.url(place, params);
        self.send(Method::DELETE, url, None, place, Urgency::CanWait)
            .await
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<Bytes>,
        place: Place<'_>,
        urgency: Urgency,
    ) -> Result<Reply, Answer> {
        if urgency == Urgency::CanWait {
            self.wait_for_limits().await?;
        }
        let call = Call {
            n_users: usize::from(method != Method::GET),
            method,
            url,
            path: place.path,
            body,
        };
        let reply = self.client.send(call).await.map_err(|answer| Answer {
            text: self.redactor.clean(&answer.text),
            ..answer
        })?;
        let blocked_for = self.note(&reply.headers);
        if reply.status.is_success() {
            return match refusal::error_in(&reply.body) {
                None => Ok(reply),
                Some(error) => Err(error.into_answer(reply.status, &self.redactor)),
            };
        }
        let mut answer = refusal::refusal(&reply, &self.redactor);
        if let Meaning::SlowDown(pause @ None) = &mut answer.meaning {
            *pause = blocked_for.or_else(|| classify::retry_after(&reply.headers, chrono::Utc::now()));
        }
        Err(answer)
    }

    /// Waits as the platform's limits advise.
    async fn wait_for_limits(&self) -> Result<(), Answer> {
        let leave = self.usage().leave(Instant::now(), self.pace);
        match leave {
            Leave::Now => Ok(()),
            Leave::After(pause) => {
                tokio::time::sleep(pause).await;
                Ok(())
            }
            Leave::Blocked(left) => Err(Answer {
                meaning: Meaning::SlowDown(Some(left)),
                status: None,
                code: Some("USAGE".to_owned()),
                text: format!(
                    "the platform's limit is used up; it takes requests again in {} s",
                    left.as_secs().max(1)
                ),
            }),
        }
    }

    /// Takes in what the headers tell of the limits; how long the platform refuses everything, if it does.
    fn note(&self, headers: &HeaderMap) -> Option<Duration> {
        let now = Instant::now();
        let mut usage = self.usage();
        usage.note(headers, now);
        usage.blocked_for(now)
    }

    /// A panic of another holder leaves the figures usable: each is set as a whole.
    fn usage(&self) -> std::sync::MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, place: Place<'_>, params: &[(&str, &str)]) -> Url {
        let mut url = self.url_without_params(place);
        let mut query = url.query_pairs_mut();
        query.extend_pairs(params);
        if let Some(proof) = &self.proof {
            query.append_pair(PROOF, proof.expose_secret());
        }
        drop(query);
        url
    }

    fn form(&self, params: &[(&str, &str)]) -> Bytes {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(params);
        if let Some(proof) = &self.proof {
            form.append_pair(PROOF, proof.expose_secret());
        }
        Bytes::from(form.finish())
    }

    fn url_without_params(&self, place: Place<'_>) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(place.object).extend(place.edge);
        }
        url
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("root", &self.root.as_str())
            .field("has_proof", &self.proof.is_some())
            .finish_non_exhaustive()
    }
}

/// HMAC-SHA256 of the token under the app's secret, in lower-case hex.
fn proof_of(token: &SecretString, app_secret: &SecretString) -> SecretString {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(token.expose_secret().as_bytes());
    let digest = mac.finalize().into_bytes();
    SecretString::from(hex(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let proof = proof_of(
            &SecretString::from("what do ya want for nothing?"),
            &SecretString::from("Jefe"),
        );
        assert_eq!(
            proof.expose_secret(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
