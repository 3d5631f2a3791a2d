//! `POST /v2/oauth/token` of Wazzup: one exchange that yields tokens, or says why not.
//!
//! The documents tell which grants there are and what a machine token is; the names of some fields come from
//! integrators. So every refusal is read tolerantly, and only 400, 401, 403 and 422 count as one: what else may
//! be wrong at this place is likelier to pass.

use std::time::Instant;

use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tracing::debug;
use url::Url;

use super::Now;
use super::granted::Granted;
use super::renewal::Token;
use crate::target::failure::{self, Failure};
use crate::target::http::{Http, Reply};
use crate::target::pace::Pace;
use crate::target::{Answer, Meaning, classify};
use crate::text::Redactor;

/// The path, as documented.
const PATH: &str = "/v2/oauth/token";

/// What the tokens are for, as documented.
const SCOPE: &str = "transport,crm";

/// Longest piece of the platform's text in ours, in characters: advice follows it.
const MAX_QUOTED_CHARS: usize = 200;

/// The token endpoint, for one who asks.
#[derive(Debug)]
pub(super) struct Endpoint {
    http: Http,
    url: Url,
    basic: Option<Basic>,
    pace: Pace,
    now: Now,
}

/// How a partner proves to be one.
#[derive(Debug)]
pub(super) struct Basic {
    pub(super) login: SecretString,
    pub(super) password: SecretString,
}

/// What is asked for.
pub(super) enum Ask<'a> {
    /// A partner's own token.
    Machine,
    /// The token of one of the partner's accounts.
    Account {
        machine: &'a SecretString,
        account_id: &'a str,
    },
    /// The next token.
    Renewed {
        refresh: &'a SecretString,
        client_id: &'a str,
        shape: Shape,
    },
}

/// Where the fields of a renewal stand: both were seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// In `refresh_token_data`, like those of all other grants.
    Nested,
    /// At the top.
    Flat,
}

impl Ask<'_> {
    fn to_json(&self) -> Value {
        match self {
            Ask::Machine => json!({
                "grant_type": "client_credentials",
                "client_credentials_data": {"scope": SCOPE},
            }),
            Ask::Account { machine, account_id } => json!({
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "token_exchange_data": {
                    "subject_token": machine.expose_secret(),
                    "subject_token_type": "urn:wazzup:oauth:token-type:machine_token",
                    "requested_subject": account_id,
                    "scope": SCOPE,
                },
            }),
            Ask::Renewed {
                refresh,
                client_id,
                shape,
            } => {
                let (refresh, grant_type) = (refresh.expose_secret(), "refresh_token");
                match shape {
                    Shape::Nested => json!({
                        "grant_type": grant_type,
                        "refresh_token_data": {"refresh_token": refresh, "client_id": client_id},
                    }),
                    Shape::Flat => json!({
                        "grant_type": grant_type,
                        "refresh_token": refresh,
                        "client_id": client_id,
                    }),
                }
            }
        }
    }

    /// For texts.
    fn what(&self) -> String {
        match self {
            Ask::Machine => "the partner's token".to_owned(),
            Ask::Account { account_id, .. } => format!("the token of account {account_id}"),
            Ask::Renewed { .. } => "the next token".to_owned(),
        }
    }
}

impl Endpoint {
    pub(super) fn new(base_url: &Url, basic: Option<Basic>, http: &Http, now: Now) -> Endpoint {
        let mut url = base_url.clone();
        // A URL without a path can't be requested either; the first request says so.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "oauth", "token"]);
        }
        Endpoint {
            http: http.clone(),
            url,
            basic,
            pace: Pace::new(http.options().requests_per_second),
            now,
        }
    }

    /// Asks once. What comes is known to the redactor before anybody sees it.
    ///
    /// # Errors
    /// [`Meaning::Unauthorised`]: refused. [`Meaning::SlowDown`]: later. [`Meaning::Unknown`]: nobody knows
    /// whether tokens were issued.
    pub(super) async fn ask(
        &self,
        ask: &Ask<'_>,
        redactor: &Redactor,
    ) -> Result<(Token, Option<SecretString>), Answer> {
        self.pace.wait().await;
        let asked_at = self.now.get();
        let what = ask.what();
        let reply = match self.exchange(ask, redactor).await {
            Ok(reply) => reply,
            Err(failure) => return Err(no_answer(&what, failure, redactor)),
        };
        if !reply.status.is_success() {
            return Err(refusal(&what, &reply, redactor));
        }
        let granted = Granted::read(&reply.body).map_err(|why| unreadable(&what, &reply, why))?;
        let Granted {
            access,
            refresh,
            lifetime,
        } = granted;
        for secret in refresh.iter().chain([&access]) {
            redactor.learn(secret);
        }
        let token = Token {
            text: access,
            obtained_at: asked_at,
            expires_at: asked_at.plus(lifetime),
        };
        Ok((token, refresh))
    }

    async fn exchange(&self, ask: &Ask<'_>, redactor: &Redactor) -> Result<Reply, Failure> {
        let client = self.http.client(&self.url).await?;
        let mut request = client.post(self.url.clone()).json(&ask.to_json());
        if let Some(Basic { login, password }) = &self.basic {
            request = request.basic_auth(login.expose_secret(), Some(password.expose_secret()));
        }
        let request = request
            .build()
            .map_err(|err| failure::unusable("the request for a token", &err))?;
        if let Some(Ok(value)) = request.headers().get(AUTHORIZATION).map(|it| it.to_str()) {
            // The login and the password in another spelling.
            redactor.learn(&SecretString::from(value.trim_start_matches("Basic ")));
        }
        let begin = Instant::now();
        let result = self.http.exchange(client, request).await;
        let duration_ms = begin.elapsed().as_millis();
        match &result {
            Ok(reply) => debug!(
                http.method = "POST",
                http.path = PATH,
                http.status = reply.status.as_u16(),
                duration_ms,
                "token request answered"
            ),
            Err(failure) => debug!(
                http.method = "POST",
                http.path = PATH,
                http.status = failure.status,
                cause = redactor.clean(&failure.text),
                duration_ms,
                "token request failed"
            ),
        }
        result
    }
}

/// The connection broke, or there was none.
fn no_answer(what: &str, failure: Failure, redactor: &Redactor) -> Answer {
    let status = failure.status;
    let cause = failure.into_answer(redactor).text;
    unknown(what, status, &cause)
}

fn unreadable(what: &str, reply: &Reply, why: &str) -> Answer {
    unknown(
        what,
        Some(reply.status.as_u16()),
        &format!("the answer can't be used: {why}"),
    )
}

/// Nothing was learned. The status stands in the text alone: as the status of the request that needed a token
/// it would be taken for the platform's word on that one.
fn unknown(what: &str, status: Option<u16>, cause: &str) -> Answer {
    let status = status.map(|it| format!("HTTP {it}, ")).unwrap_or_default();
    Answer {
        meaning: Meaning::Unknown,
        status: None,
        code: None,
        text: format!("asked for {what}: {status}{cause}"),
    }
}

/// Anything but a 2xx.
fn refusal(what: &str, reply: &Reply, redactor: &Redactor) -> Answer {
    let Answer {
        meaning,
        status,
        code,
        mut text,
    } = classify::refusal(reply, redactor);
    if let Some((end, _)) = text.char_indices().nth(MAX_QUOTED_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    match (reply.status, meaning) {
        (
            StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::UNPROCESSABLE_ENTITY,
            _,
        ) => Answer {
            meaning: Meaning::Unauthorised,
            status,
            code,
            text: format!("asked for {what}: {text}"),
        },
        (_, Meaning::SlowDown(wish)) => Answer {
            meaning: Meaning::SlowDown(wish),
            status,
            code,
            text: format!("asked for {what}: {text}"),
        },
        _ => unknown(what, status, &text),
    }
}
