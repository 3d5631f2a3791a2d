//! From the settings of an account to its credential, and to the names by which it is known again.

use secrecy::{ExposeSecret as _, SecretString};

use super::{Unresolved, Workplace, mark};
use crate::reconcile::TokenKeeper;
use crate::settings::{AccountSettings, MetaSettings, Platform, SecretRef, WazzupCredential};
use crate::store::{Binding, Store, TokenKey};
use crate::target::credential::oauth::OAuth;
use crate::target::credential::white_label::WhiteLabel;
use crate::target::credential::{Credential, Now};

/// What opens the remote of an account.
#[derive(Debug)]
pub(super) struct Access {
    /// Authorises requests.
    pub(super) shown: Shown,
    /// Which remote it is, and by which credential: both the same for as long as the configuration is, however
    /// often tokens are renewed.
    pub(super) binding: Binding,
    /// Stands for all that is secret of it.
    pub(super) secret_mark: String,
}

/// What authorises the requests of an account.
#[derive(Debug)]
pub(super) enum Shown {
    /// The same token each time.
    Token(SecretString),
    /// Tokens that are had and renewed.
    Renewed(Credential),
}

/// The secrets of a credential, resolved.
enum Secrets {
    Token(SecretString),
    WhiteLabel(WhiteLabel),
    OAuth {
        client_id: String,
        refresh_token: SecretString,
    },
}

impl Workplace {
    /// The credential of an account. Nothing is sent yet, and no token is read.
    pub(super) fn access(
        &self,
        account: &AccountSettings,
        store: Option<&Store>,
    ) -> Result<Access, Unresolved> {
        let secrets = self.secrets(account)?;
        Ok(Access {
            binding: secrets.binding(account, store),
            secret_mark: secrets.mark(account, store),
            shown: self.shown(account, secrets)?,
        })
    }

    /// The remote of an account; `None` if it can't be told, which is a problem of that account.
    pub fn remote_of(&self, account: &AccountSettings, store: Option<&Store>) -> Option<String> {
        Some(self.secrets(account).ok()?.binding(account, store).remote)
    }

    fn secrets(&self, account: &AccountSettings) -> Result<Secrets, Unresolved> {
        let key = format!("accounts[{}].target", account.name);
        let credential = match &account.target.platform {
            Platform::WazzupV2 { credential, .. } => credential,
            Platform::WazzupV3 { token }
            | Platform::Wuts { token, .. }
            | Platform::Meta(MetaSettings { token, .. }) => return self.token(&key, token),
        };
        match credential {
            WazzupCredential::Token(token) => self.token(&key, token),
            WazzupCredential::WhiteLabel {
                login,
                password,
                account_id,
                client_id,
            } => {
                let login = self.secret(&format!("{key}.white_label.login"), login);
                let password = self.secret(&format!("{key}.white_label.password"), password);
                match (login, password) {
                    (Ok(login), Ok(password)) => Ok(Secrets::WhiteLabel(WhiteLabel {
                        login,
                        password,
                        account_id: account_id.clone(),
                        client_id: client_id.clone(),
                    })),
                    (login, password) => {
                        let problems = [login.err(), password.err()].into_iter().flatten();
                        Err(Unresolved(problems.flat_map(|it| it.0).collect()))
                    }
                }
            }
            WazzupCredential::OAuth {
                client_id,
                refresh_token,
            } => Ok(Secrets::OAuth {
                client_id: client_id.clone(),
                refresh_token: self.secret(&format!("{key}.oauth.refresh_token"), refresh_token)?,
            }),
        }
    }

    fn token(&self, key: &str, token: &SecretRef) -> Result<Secrets, Unresolved> {
        Ok(Secrets::Token(self.secret(&format!("{key}.token"), token)?))
    }

    fn shown(&self, account: &AccountSettings, secrets: Secrets) -> Result<Shown, Unresolved> {
        let base_url = &account.target.base_url;
        Ok(match secrets {
            Secrets::Token(token) => Shown::Token(token),
            Secrets::WhiteLabel(account) => Shown::Renewed(self.partners.account(base_url, account)),
            Secrets::OAuth {
                client_id,
                refresh_token,
            } => {
                let keeper = TokenKeeper {
                    path: self.store_path()?.clone(),
                    key: self.token_key()?,
                    account: account.name.clone(),
                    place: place(account),
                    configured: identity_of_oauth(&client_id, &refresh_token),
                    clock: self.clock.clone(),
                };
                let oauth = OAuth {
                    client_id,
                    configured: refresh_token,
                    place: format!("accounts[{}].target.oauth.refresh_token", account.name),
                    keeper: Box::new(keeper),
                };
                let now = Now::new(self.clock.clone());
                Shown::Renewed(oauth.credential(base_url, &self.http, now))
            }
        })
    }

    fn token_key(&self) -> Result<TokenKey, Unresolved> {
        const KEY: &str = "store.key";
        let reference = self.settings.store.key.as_ref();
        let reference = reference.ok_or_else(|| {
            Unresolved::one(
                KEY,
                "missing: it encrypts refresh tokens of [accounts.target.oauth]",
            )
        })?;
        TokenKey::new(self.secret(KEY, reference)?).map_err(|error| Unresolved::one(KEY, error))
    }
}

impl Secrets {
    /// Which account of the platform the credential leads to, and which credential it is. A password that
    /// changes is no other credential: it leads where the old one led.
    fn binding(&self, account: &AccountSettings, store: Option<&Store>) -> Binding {
        let credential = match self {
            Secrets::Token(token) => fingerprint(store, token),
            Secrets::WhiteLabel(it) => {
                fingerprint(store, &joined(&[it.login.expose_secret(), &it.account_id]))
            }
            Secrets::OAuth {
                client_id,
                refresh_token,
            } => fingerprint(store, &identity_of_oauth(client_id, refresh_token)),
        };
        let place = place(account);
        let remote = match self {
            // By whatever login: it is the same account.
            Secrets::WhiteLabel(it) => format!("{place} account {}", it.account_id),
            // As the keeper of tokens names it.
            Secrets::Token(_) | Secrets::OAuth { .. } => format!("{place} {credential}"),
        };
        let remote = match &account.target.platform {
            // One system user may administer several WhatsApp accounts; each is a remote.
            Platform::Meta(meta) => format!("{remote} {}", meta.waba_id),
            _ => remote,
        };
        Binding { remote, credential }
    }

    /// Stands for all that is secret, and for the place where it is shown.
    fn mark(&self, account: &AccountSettings, store: Option<&Store>) -> String {
        match self {
            Secrets::Token(_) | Secrets::OAuth { .. } => self.binding(account, store).remote,
            Secrets::WhiteLabel(it) => {
                let parts = [
                    it.login.expose_secret(),
                    it.password.expose_secret(),
                    &it.account_id,
                ];
                format!("{} {}", place(account), fingerprint(store, &joined(&parts)))
            }
        }
    }
}

/// Kind and address.
fn place(account: &AccountSettings) -> String {
    let target = &account.target;
    format!("{} {}", target.kind().word(), target.base_url)
}

fn identity_of_oauth(client_id: &str, refresh_token: &SecretString) -> SecretString {
    joined(&[client_id, refresh_token.expose_secret()])
}

/// Several texts as one, which no others make.
fn joined(parts: &[&str]) -> SecretString {
    let parts: Vec<String> = parts.iter().map(|it| format!("{}:{it}", it.len())).collect();
    parts.concat().into()
}

/// By which a secret is known again: salted by the store, so that it tells nobody else anything.
pub(super) fn fingerprint(store: Option<&Store>, secret: &SecretString) -> String {
    match store {
        Some(store) => store.fingerprint(secret),
        None => mark(secret.expose_secret()),
    }
}
