//! White label: a partner's login, and the number of one of the partner's accounts.
//!
//! The login is exchanged for a *machine token*, which all accounts of the partner share, and that one for the
//! *client token* of an account. A client token is renewed by its refresh token where the partner's client id
//! is known, else by another exchange, which is one request too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::endpoint::{Ask, Basic, Endpoint, Shape};
use super::renewal::{Issuer, Renewal, Token};
use super::{Credential, Now};
use crate::target::http::Http;
use crate::target::{Answer, Meaning};
use crate::text::Redactor;

/// The partners of a process, each with its machine token.
#[derive(Clone)]
pub struct Partners {
    http: Http,
    now: Now,
    /// By a digest of place, login and password: the keys of a map must not hold secrets.
    known: Arc<Mutex<BTreeMap<[u8; 32], Arc<Partner>>>>,
}

/// One account of a partner.
#[derive(Clone, Debug)]
pub struct WhiteLabel {
    /// Login of the partner.
    pub login: SecretString,
    /// Password of the partner.
    pub password: SecretString,
    /// The account, in digits.
    pub account_id: String,
    /// By which tokens can be renewed with their refresh tokens.
    pub client_id: Option<String>,
}

impl Partners {
    /// No partner yet.
    pub fn new(http: &Http, now: Now) -> Partners {
        Partners {
            http: http.clone(),
            now,
            known: Arc::default(),
        }
    }

    /// The credential for one account of a partner. Nothing is sent yet.
    pub fn account(&self, base_url: &Url, account: WhiteLabel) -> Credential {
        let WhiteLabel {
            login,
            password,
            account_id,
            client_id,
        } = account;
        let partner = self.partner(base_url, login, password);
        let redactor = Redactor::default().beside(&partner.redactor);
        let issuer = AccountTokens {
            partner,
            account_id,
            client_id,
            refresh: tokio::sync::Mutex::default(),
            redactor: redactor.clone(),
        };
        Credential::renewed_by(Renewal::new(issuer, self.now.clone()), redactor)
    }

    fn partner(&self, base_url: &Url, login: SecretString, password: SecretString) -> Arc<Partner> {
        let mut hasher = Sha256::new();
        for part in [base_url.as_str(), login.expose_secret(), password.expose_secret()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let redactor = Redactor::new([login.clone(), password.clone()]);
            let basic = Basic { login, password };
            let endpoint = Endpoint::new(base_url, Some(basic), &self.http, self.now.clone());
            let endpoint = Arc::new(endpoint);
            let issuer = MachineTokens {
                endpoint: Arc::clone(&endpoint),
                redactor: redactor.clone(),
            };
            Arc::new(Partner {
                machine: Renewal::new(issuer, self.now.clone()),
                endpoint,
                redactor,
            })
        };
        Arc::clone(known.entry(hasher.finalize().into()).or_insert_with(new))
    }
}

impl fmt::Debug for Partners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partners").finish_non_exhaustive()
    }
}

/// What the accounts of one login share.
#[derive(Debug)]
struct Partner {
    endpoint: Arc<Endpoint>,
    machine: Arc<Renewal>,
    redactor: Redactor,
}

/// Has machine tokens.
#[derive(Debug)]
struct MachineTokens {
    endpoint: Arc<Endpoint>,
    redactor: Redactor,
}

#[async_trait]
impl Issuer for MachineTokens {
    async fn obtain(&self, _refused: Option<&SecretString>) -> Result<Token, Answer> {
        let (token, _) = self.endpoint.ask(&Ask::Machine, &self.redactor).await?;
        Ok(token)
    }
}

/// Has client tokens.
#[derive(Debug)]
struct AccountTokens {
    partner: Arc<Partner>,
    account_id: String,
    client_id: Option<String>,
    /// Of the present token. Lost with the process, which costs one exchange.
    refresh: tokio::sync::Mutex<Option<SecretString>>,
    redactor: Redactor,
}

#[async_trait]
impl Issuer for AccountTokens {
    async fn obtain(&self, _refused: Option<&SecretString>) -> Result<Token, Answer> {
        // Taken, and not put back: a refresh token without an answer may be used up, and another exchange
        // costs no more than a second try with it.
        let refresh = self.refresh.lock().await.take();
        let (token, refresh) = match self.refreshed(refresh).await? {
            Some(renewed) => renewed,
            None => self.exchanged().await?,
        };
        *self.refresh.lock().await = refresh;
        Ok(token)
    }
}

impl AccountTokens {
    /// By the refresh token; `None` where that can't be, or is refused.
    async fn refreshed(
        &self,
        refresh: Option<SecretString>,
    ) -> Result<Option<(Token, Option<SecretString>)>, Answer> {
        let (Some(refresh), Some(client_id)) = (refresh, &self.client_id) else {
            return Ok(None);
        };
        let ask = Ask::Renewed {
            refresh: &refresh,
            client_id,
            shape: Shape::Nested,
        };
        match self.partner.endpoint.ask(&ask, &self.redactor).await {
            Ok((token, next)) => Ok(Some((token, next.or(Some(refresh))))),
            Err(answer) if answer.meaning == Meaning::Unauthorised => Ok(None),
            Err(answer) => Err(answer),
        }
    }

    /// By the machine token; by a new one if it is refused.
    async fn exchanged(&self) -> Result<(Token, Option<SecretString>), Answer> {
        let machine = self.partner.machine.bearer().await?;
        match self.exchange(machine.token()).await {
            Err(answer) if answer.meaning == Meaning::Unauthorised => {
                let machine = self.partner.machine.renewed(&machine).await?;
                self.exchange(machine.token()).await
            }
            other => other,
        }
    }

    async fn exchange(&self, machine: &SecretString) -> Result<(Token, Option<SecretString>), Answer> {
        let ask = Ask::Account {
            machine,
            account_id: &self.account_id,
        };
        self.partner.endpoint.ask(&ask, &self.redactor).await
    }
}
