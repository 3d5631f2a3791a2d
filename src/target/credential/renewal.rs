//! When a token is renewed: before it expires, and once after it was refused.
//!
//! One renewal at a time: whoever needs a token meanwhile waits, and shares what comes of it, a failure too.
//! A renewal goes on when the one who asked for it has gone, because its answer may hold the only token that
//! renews the next time.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::{Instrument as _, warn};

use super::{Bearer, Now};
use crate::domain::memory::Millis;
use crate::target::{Answer, Meaning};

/// So long before its end a token is renewed: longer than any request takes.
const EARLY: i64 = 60 * 1000;

/// After a renewal in vain, a token that still holds is used so long before the next one: a few tries fit in
/// before its end.
const RETRY: i64 = 15 * 1000;

/// Has new tokens.
#[async_trait]
pub(super) trait Issuer: Send + Sync + fmt::Debug {
    /// A token, and none that was refused.
    ///
    /// # Errors
    /// Why there is none, as the answer to whatever needed it.
    async fn obtain(&self, refused: Option<&SecretString>) -> Result<Token, Answer>;
}

/// A token with its time.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: SecretString,
    /// When it was asked for.
    pub(super) obtained_at: Millis,
    /// When it ends.
    pub(super) expires_at: Millis,
}

impl Token {
    /// A minute before its end. Of one that lives for less than two minutes, half of its life is used: else
    /// each request would need one of its own.
    pub(super) fn renew_at(&self) -> Millis {
        let lifetime = self.expires_at.0.saturating_sub(self.obtained_at.0);
        self.expires_at.plus(-EARLY.min(lifetime / 2))
    }
}

/// The tokens of one issuer, one after the other.
#[derive(Debug)]
pub(super) struct Renewal {
    issuer: Box<dyn Issuer>,
    now: Now,
    state: Arc<Mutex<State>>,
    /// Renewals that have ended, well or not.
    n_ended: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    current: Option<Current>,
    /// What the last renewal said, if it was in vain.
    failure: Option<Answer>,
    last_number: u64,
}

#[derive(Debug)]
struct Current {
    bearer: Bearer,
    renew_at: Millis,
    expires_at: Millis,
}

impl Renewal {
    pub(super) fn new(issuer: impl Issuer + 'static, now: Now) -> Arc<Renewal> {
        Arc::new(Renewal {
            issuer: Box::new(issuer),
            now,
            state: Arc::default(),
            n_ended: AtomicU64::new(0),
        })
    }

    /// The present token, or a new one if its end is near.
    pub(super) async fn bearer(self: &Arc<Renewal>) -> Result<Bearer, Answer> {
        let (state, failure) = self.turn().await;
        let now = self.now.get();
        match (&state.current, failure) {
            (Some(current), _) if now < current.renew_at => Ok(current.bearer.clone()),
            (_, Some(failure)) => Err(failure),
            _ => self.renew(state, None).await,
        }
    }

    /// Another token than the refused one.
    pub(super) async fn renewed(self: &Arc<Renewal>, refused: &Bearer) -> Result<Bearer, Answer> {
        let (mut state, failure) = self.turn().await;
        match (&state.current, failure) {
            (Some(current), _) if current.bearer.number != refused.number => Ok(current.bearer.clone()),
            (_, Some(failure)) => Err(failure),
            _ => {
                state.current = None;
                self.renew(state, Some(refused.token.clone())).await
            }
        }
    }

    /// Waits for a renewal that is under way; with what it said, if it was in vain.
    async fn turn(self: &Arc<Renewal>) -> (OwnedMutexGuard<State>, Option<Answer>) {
        let n_ended = self.n_ended.load(Ordering::Relaxed);
        let state = Arc::clone(&self.state).lock_owned().await;
        let has_ended = self.n_ended.load(Ordering::Relaxed) != n_ended;
        let failure = state.failure.clone().filter(|_| has_ended);
        (state, failure)
    }

    async fn renew(
        self: &Arc<Renewal>,
        mut state: OwnedMutexGuard<State>,
        refused: Option<SecretString>,
    ) -> Result<Bearer, Answer> {
        let renewal = Arc::clone(self);
        let task = async move {
            let obtained = renewal.issuer.obtain(refused.as_ref()).await;
            renewal.n_ended.fetch_add(1, Ordering::Relaxed);
            let now = renewal.now.get();
            state.take(obtained, now)
        };
        let ended = tokio::spawn(task.in_current_span()).await;
        ended.unwrap_or_else(|_| {
            Err(Answer {
                meaning: Meaning::Unknown,
                status: None,
                code: None,
                text: "the renewal of the token broke off".to_owned(),
            })
        })
    }
}

impl State {
    /// Takes in what came of a renewal. One in vain is no harm while the present token holds.
    fn take(&mut self, obtained: Result<Token, Answer>, now: Millis) -> Result<Bearer, Answer> {
        match obtained {
            Ok(token) => {
                self.last_number += 1;
                self.failure = None;
                let bearer = Bearer {
                    number: self.last_number,
                    token: token.text.clone(),
                };
                self.current = Some(Current {
                    bearer: bearer.clone(),
                    renew_at: token.renew_at(),
                    expires_at: token.expires_at,
                });
                Ok(bearer)
            }
            Err(answer) => match &mut self.current {
                Some(current) if now < current.expires_at => {
                    warn!(
                        http.status = answer.status,
                        code = answer.code,
                        cause = answer.text,
                        "the token can't be renewed yet, and is used to its end"
                    );
                    current.renew_at = now.plus(RETRY);
                    self.failure = None;
                    Ok(current.bearer.clone())
                }
                _ => {
                    self.current = None;
                    self.failure = Some(answer.clone());
                    Err(answer)
                }
            },
        }
    }
}
