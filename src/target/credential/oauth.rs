//! OAuth: a customer's grant, as a refresh token that the platform replaces.
//!
//! The last refresh token is the only way to the next one, so each is kept before the access token that came
//! with it is used, and a renewal is written down before it is asked for. Where an answer was lost, the platform
//! may have replaced a token that nobody has seen: then the old one is tried, and if it is refused, only the
//! customer can help. One process renews at a time, whether it runs or only reads.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use url::Url;

use super::endpoint::{Ask, Endpoint, Shape};
use super::renewal::{Issuer, Renewal, Token};
use super::{Credential, Now};
use crate::domain::memory::Millis;
use crate::target::http::Http;
use crate::target::{Answer, Hindrance, Meaning};
use crate::text::Redactor;

/// Where tokens outlive the process.
#[async_trait]
pub trait Keeper: Send + Sync + fmt::Debug {
    /// What is kept, without waiting for anybody.
    ///
    /// # Errors
    /// It can't be had.
    async fn look(&self) -> Result<Kept, NotKept>;

    /// Waits for the right to renew, which one process has at a time.
    ///
    /// # Errors
    /// It can't be had.
    async fn lock(&self) -> Result<Box<dyn Locked>, NotKept>;
}

/// The right to renew. It ends when this is dropped, and with the process.
#[async_trait]
pub trait Locked: Send + Sync {
    /// What is kept.
    ///
    /// # Errors
    /// It can't be had.
    async fn kept(&self) -> Result<Kept, NotKept>;

    /// Writes down that a renewal is about to be asked for.
    ///
    /// # Errors
    /// It can't be written; then nothing may be asked for.
    async fn begin(&self) -> Result<(), NotKept>;

    /// Takes that back: the platform answered, and replaced nothing.
    ///
    /// # Errors
    /// It can't be written.
    async fn withdraw(&self, asked_at: Option<Millis>) -> Result<(), NotKept>;

    /// Keeps what a renewal yielded.
    ///
    /// # Errors
    /// It can't be written; then nothing of it may be used.
    async fn save(&self, tokens: &Tokens) -> Result<(), NotKept>;
}

/// What one renewal yields.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Renews.
    pub refresh: SecretString,
    /// Authorises requests.
    pub access: SecretString,
    /// When the access token was asked for.
    pub obtained_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
}

/// What is kept.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The last tokens; `None`: the configured one was never renewed.
    pub tokens: Option<Tokens>,
    /// When a renewal was asked for whose answer is not here.
    pub asked_at: Option<Millis>,
}

/// Tokens can't be kept or had.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text}")]
pub struct NotKept {
    /// What is in the way.
    pub hindrance: Hindrance,
    /// In words, without secrets.
    pub text: String,
}

impl From<NotKept> for Answer {
    fn from(error: NotKept) -> Answer {
        Answer {
            meaning: Meaning::NotSent(error.hindrance),
            status: None,
            code: None,
            text: error.text,
        }
    }
}

/// One customer's grant.
#[derive(Debug)]
pub struct OAuth {
    /// The partner's public id.
    pub client_id: String,
    /// The refresh token in the configuration: the first one of the grant.
    pub configured: SecretString,
    /// Where the configuration names it, for advice.
    pub place: String,
    /// Where its successors are kept.
    pub keeper: Box<dyn Keeper>,
}

impl OAuth {
    /// The credential of the grant. Nothing is sent or read yet.
    pub fn credential(self, base_url: &Url, http: &Http, now: Now) -> Credential {
        let redactor = Redactor::new([self.configured.clone()]);
        let issuer = CustomerTokens {
            oauth: self,
            endpoint: Endpoint::new(base_url, None, http, now.clone()),
            memory: Mutex::default(),
            now: now.clone(),
            redactor: redactor.clone(),
        };
        Credential::renewed_by(Renewal::new(issuer, now), redactor)
    }
}

/// Has access tokens.
#[derive(Debug)]
struct CustomerTokens {
    oauth: OAuth,
    endpoint: Endpoint,
    memory: Mutex<Memory>,
    now: Now,
    redactor: Redactor,
}

/// What is remembered between two renewals of a process.
#[derive(Debug, Default)]
struct Memory {
    /// Received and not kept: to be kept before anything else.
    unsaved: Option<Tokens>,
    /// The shape of a renewal that worked.
    is_flat: bool,
}

#[async_trait]
impl Issuer for CustomerTokens {
    async fn obtain(&self, refused: Option<&SecretString>) -> Result<Token, Answer> {
        let mut memory = self.memory.lock().await;
        if let Some(tokens) = &memory.unsaved {
            self.oauth.keeper.lock().await?.save(tokens).await?;
            memory.unsaved = None;
        }
        if let Some(token) = self.usable(&self.oauth.keeper.look().await?, refused) {
            return Ok(token);
        }
        let locked = self.oauth.keeper.lock().await?;
        // Who had the lock before may have renewed.
        let kept = locked.kept().await?;
        if let Some(token) = self.usable(&kept, refused) {
            return Ok(token);
        }
        let tokens = self.renew(&*locked, kept, &mut memory.is_flat).await?;
        if let Err(error) = locked.save(&tokens).await {
            memory.unsaved = Some(tokens);
            return Err(error.into());
        }
        Ok(tokens.into_access())
    }
}

impl CustomerTokens {
    /// The kept access token, if it is fresh and was not refused.
    fn usable(&self, kept: &Kept, refused: Option<&SecretString>) -> Option<Token> {
        let tokens = kept.tokens.as_ref()?;
        self.redactor.learn(&tokens.refresh);
        self.redactor.learn(&tokens.access);
        let token = tokens.clone().into_access();
        let is_refused = refused.is_some_and(|it| it.expose_secret() == token.text.expose_secret());
        (!is_refused && self.now.get() < token.renew_at()).then_some(token)
    }

    /// Asks for the next tokens, with the last refresh token that is known.
    async fn renew(&self, locked: &dyn Locked, kept: Kept, is_flat: &mut bool) -> Result<Tokens, Answer> {
        let Kept { tokens, asked_at } = kept;
        let refresh = tokens.map_or_else(|| self.oauth.configured.clone(), |it| it.refresh);
        locked.begin().await?;
        match self.ask(&refresh, is_flat).await {
            Ok((token, next)) => Ok(Tokens {
                refresh: next.unwrap_or(refresh),
                access: token.text,
                obtained_at: token.obtained_at,
                expires_at: token.expires_at,
            }),
            // It may have been replaced, so that it was asked for stays on record.
            Err(answer) if answer.meaning == Meaning::Unknown => Err(answer),
            Err(mut answer) => {
                // Left as it is, it would only make the next advice speak of a lost answer.
                let _ = locked.withdraw(asked_at).await;
                if answer.meaning == Meaning::Unauthorised {
                    answer.text = self.advice(&answer.text, asked_at);
                }
                Err(answer)
            }
        }
    }

    /// In the shape that worked before; at first in the documented one, and where that is refused without a
    /// word on the token, in the other one.
    async fn ask(
        &self,
        refresh: &SecretString,
        is_flat: &mut bool,
    ) -> Result<(Token, Option<SecretString>), Answer> {
        let ask = async |shape| {
            let ask = Ask::Renewed {
                refresh,
                client_id: &self.oauth.client_id,
                shape,
            };
            self.endpoint.ask(&ask, &self.redactor).await
        };
        if *is_flat {
            return ask(Shape::Flat).await;
        }
        match ask(Shape::Nested).await {
            Err(answer) if is_about_the_shape(&answer) => {
                let other = ask(Shape::Flat).await;
                *is_flat = other.is_ok();
                match other {
                    // What was said of the documented shape says more.
                    Err(other) if other.meaning == Meaning::Unauthorised => Err(answer),
                    other => other,
                }
            }
            other => other,
        }
    }

    /// What to do about a refused refresh token.
    fn advice(&self, said: &str, asked_at: Option<Millis>) -> String {
        let place = &self.oauth.place;
        let lost = match asked_at.and_then(|it| DateTime::<Utc>::from_timestamp_millis(it.0)) {
            Some(at) => format!(
                ". The answer to a renewal on {} was lost, and with it perhaps the token that replaced ours",
                at.format("%Y-%m-%d %H:%M UTC")
            ),
            None => String::new(),
        };
        format!(
            "{said}{lost}. Let the customer grant access again, and put the new refresh token where {place} points"
        )
    }
}

impl Tokens {
    fn into_access(self) -> Token {
        Token {
            text: self.access,
            obtained_at: self.obtained_at,
            expires_at: self.expires_at,
        }
    }
}

/// Whether a refusal may be one of the body and not of the token in it.
fn is_about_the_shape(answer: &Answer) -> bool {
    const OF_THE_TOKEN: [&str; 5] = [
        "INVALID_GRANT",
        "INVALID_TOKEN",
        "INVALID_CLIENT",
        "UNAUTHORIZED_CLIENT",
        "ACCESS_DENIED",
    ];
    let is_of_the_token = answer
        .code
        .as_deref()
        .is_some_and(|it| OF_THE_TOKEN.contains(&it));
    answer.meaning == Meaning::Unauthorised && matches!(answer.status, Some(400 | 422)) && !is_of_the_token
}
