//! Tokens that outlive the process: the store, as a credential sees it.
//!
//! It opens the store on its own when a token is needed, because a credential may renew in any command, those
//! included that only read and have no store yet. That is the one thing that such a command writes: a token
//! that was replaced and not kept would be lost.

use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::Clock;
use crate::domain::memory::Millis;
use crate::store::{KeptTokens, RemoteLock, Store, StoreError, TokenKey, TokensError};
use crate::target::Hindrance;
use crate::target::credential::oauth::{Keeper, Kept, Locked, NotKept, Tokens};
use crate::text::chain;

/// How long the renewal of another process is waited for: longer than its requests may take by default.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps the tokens of one account's credential.
#[derive(Clone)]
pub struct TokenKeeper {
    /// The store.
    pub path: PathBuf,
    /// Seals them.
    pub key: TokenKey,
    /// Name of the account.
    pub account: String,
    /// Kind and base URL: what was granted for one place is never shown to another.
    pub place: String,
    /// The credential as configured: another one begins anew.
    pub configured: SecretString,
    /// The time of day.
    pub clock: Clock,
}

impl std::fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenKeeper")
            .field("path", &self.path)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

impl TokenKeeper {
    /// Under which the tokens are kept. Made in the store itself, since a command that finds no store yet can't
    /// know its salt.
    fn remote_in(&self, store: &Store) -> String {
        format!("{} {}", self.place, store.fingerprint(&self.configured))
    }

    async fn kept_in(&self, store: &Store) -> Result<Kept, NotKept> {
        let remote = self.remote_in(store);
        let kept = store.tokens(&self.key, &self.account, &remote).await;
        let KeptTokens { tokens, asked_at } = kept.map_err(|error| not_kept(&error))?;
        let tokens = tokens.map(|it| Tokens {
            refresh: it.refresh,
            access: it.access,
            obtained_at: it.obtained_at,
            expires_at: it.expires_at,
        });
        Ok(Kept { tokens, asked_at })
    }
}

#[async_trait]
impl Keeper for TokenKeeper {
    async fn look(&self) -> Result<Kept, NotKept> {
        let store = Store::open_read_only(&self.path).await.map_err(no_store)?;
        let Some(store) = store else {
            return Ok(Kept::default());
        };
        let kept = self.kept_in(&store).await?;
        store.close().await.map_err(no_store)?;
        Ok(kept)
    }

    async fn lock(&self) -> Result<Box<dyn Locked>, NotKept> {
        let store = Store::open(&self.path).await.map_err(no_store)?;
        let remote = self.remote_in(&store);
        let lock = store.lock_tokens(&remote, PATIENCE).await.map_err(no_store)?;
        let lock = lock.ok_or_else(|| NotKept {
            hindrance: Hindrance::Store,
            text: format!(
                "another process has been renewing the tokens of {:?} for longer than {PATIENCE:?}",
                self.account
            ),
        })?;
        Ok(Box::new(LockedTokens {
            keeper: self.clone(),
            store,
            remote,
            _lock: lock,
        }))
    }
}

/// The right to renew, with the store open to write.
struct LockedTokens {
    keeper: TokenKeeper,
    store: Store,
    remote: String,
    /// Ends with this value.
    _lock: RemoteLock,
}

#[async_trait]
impl Locked for LockedTokens {
    async fn kept(&self) -> Result<Kept, NotKept> {
        self.keeper.kept_in(&self.store).await
    }

    async fn begin(&self) -> Result<(), NotKept> {
        let now = (self.keeper.clock)();
        let done = self.store.begin_renewal(&self.keeper.account, &self.remote, now);
        done.await.map_err(no_store)
    }

    async fn withdraw(&self, asked_at: Option<Millis>) -> Result<(), NotKept> {
        let done = self
            .store
            .withdraw_renewal(&self.keeper.account, &self.remote, asked_at);
        done.await.map_err(no_store)
    }

    async fn save(&self, tokens: &Tokens) -> Result<(), NotKept> {
        let TokenKeeper {
            key, account, clock, ..
        } = &self.keeper;
        let tokens = crate::store::Tokens {
            refresh: tokens.refresh.clone(),
            access: tokens.access.clone(),
            obtained_at: tokens.obtained_at,
            expires_at: tokens.expires_at,
        };
        let saved = self
            .store
            .save_tokens(key, account, &self.remote, &tokens, clock());
        saved.await.map_err(|error| not_kept(&error))
    }
}

fn no_store(error: StoreError) -> NotKept {
    not_kept(&error.into())
}

fn not_kept(error: &TokensError) -> NotKept {
    let hindrance = match error {
        TokensError::Key { .. } => Hindrance::Configuration,
        TokensError::NoChance { .. } | TokensError::Store(_) => Hindrance::Store,
    };
    NotKept {
        hindrance,
        // What the caller shows has no causes, and the first text alone says little of a database's troubles.
        text: chain(error),
    }
}
