//! Tokens that were received at run time, sealed.
//!
//! A renewal is written down before it is asked for, and its tokens before any of them is used: so a run that
//! finds a renewal without an answer knows that the platform may have replaced what it has.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnection;
use tokio::time::{Instant, sleep};

use super::file::{self, RemoteLock};
use super::seal::TokenKey;
use super::{LOCK_PAUSE, Store, StoreError, account_key, at, begin, ensure_account, write};
use crate::domain::memory::Millis;

/// How long the tokens of another credential are kept after their last change: whoever puts an old
/// configuration back finds them again.
const KEPT: i64 = 7 * Millis::DAY;

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

/// What is kept for one credential.
#[derive(Clone, Debug, Default)]
pub struct KeptTokens {
    /// The last ones; `None`: none came yet.
    pub tokens: Option<Tokens>,
    /// When a renewal was asked for whose answer is not here.
    pub asked_at: Option<Millis>,
}

/// Why tokens can't be kept or had.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// They were sealed with another key, for another account, or changed since.
    #[error(
        "the tokens of {account:?} can't be decrypted: [store] key is not the one that they were stored with. Put the \
         old key back, or give the account a new refresh token"
    )]
    Key {
        /// Whose.
        account: String,
    },
    /// The system yields no random numbers, without which nothing is encrypted.
    #[error("the tokens of {account:?} can't be encrypted: the system yields no random numbers")]
    NoChance {
        /// Whose.
        account: String,
    },
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// As they are sealed.
#[derive(Serialize, Deserialize)]
struct Content {
    refresh: String,
    access: String,
    obtained_at: i64,
    expires_at: i64,
}

impl Store {
    /// Waits for the right to renew the tokens of a remote; `None` if somebody else has it for longer than that.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the lock file can't be had.
    pub async fn lock_tokens(
        &self,
        remote: &str,
        patience: Duration,
    ) -> Result<Option<RemoteLock>, StoreError> {
        // Apart from the lock of a run: who only reads renews too, and takes no such lock.
        let name = format!("tokens of {remote}");
        file::create_locks_folder(&self.path)?;
        let deadline = Instant::now() + patience;
        loop {
            // A lock that blocks would keep a thread, and the process from ending.
            match file::try_lock_remote(&self.path, &name)? {
                None if Instant::now() < deadline => sleep(LOCK_PAUSE).await,
                lock => return Ok(lock),
            }
        }
    }

    /// What is kept of an account for the credential of that remote.
    ///
    /// # Errors
    /// [`TokensError::Key`], and any [`StoreError`] of a read.
    pub async fn tokens(
        &self,
        key: &TokenKey,
        account: &str,
        remote: &str,
    ) -> Result<KeptTokens, TokensError> {
        let mut conn = self.conn().await;
        let row = read_row(&mut conn, account, remote).await;
        let Some((id, sealed, asked_at)) = row.map_err(|error| self.failed(error))? else {
            return Ok(KeptTokens::default());
        };
        let open = |sealed: Vec<u8>| {
            let plain = key.open(&self.salt, &place(id, remote), &sealed)?;
            serde_json::from_slice::<Content>(&plain).ok()
        };
        let wrong = || TokensError::Key {
            account: account.to_owned(),
        };
        let content = sealed.map(|it| open(it).ok_or_else(wrong)).transpose()?;
        Ok(KeptTokens {
            tokens: content.map(Tokens::from),
            asked_at: asked_at.map(Millis),
        })
    }

    /// Writes down that a renewal is about to be asked for. One that had no answer stays the first.
    ///
    /// # Errors
    /// Any [`StoreError`]; then it must not be asked for.
    pub async fn begin_renewal(&self, account: &str, remote: &str, now: Millis) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_begin(&mut conn, account, remote, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Takes back what [`Store::begin_renewal`] wrote: the platform answered, and replaced nothing.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn withdraw_renewal(
        &self,
        account: &str,
        remote: &str,
        asked_at: Option<Millis>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE tokens SET asked_at = $3
            WHERE account_id = (SELECT id FROM accounts WHERE name = $1) AND remote = $2";
        let mut conn = self.conn().await;
        let query = sqlx::query(sql).bind(account).bind(remote).bind(asked_at.map(at));
        let done = write(&mut conn, query).await;
        done.map(drop).map_err(|error| self.failed(error))
    }

    /// Keeps the tokens of a renewal, in the place of those before; they may be used when this has returned.
    ///
    /// # Errors
    /// [`TokensError::NoChance`], and any [`StoreError`]; then they must not be used.
    pub async fn save_tokens(
        &self,
        key: &TokenKey,
        account: &str,
        remote: &str,
        tokens: &Tokens,
        now: Millis,
    ) -> Result<(), TokensError> {
        let plain = serde_json::to_vec(&Content::from(tokens)).expect("texts and numbers have a JSON form");
        let mut conn = self.conn().await;
        let seal = |id| key.seal(&self.salt, &place(id, remote), plain);
        let saved = write_tokens(&mut conn, account, remote, seal, now).await;
        match saved.map_err(|error| self.failed(error))? {
            true => Ok(()),
            false => Err(TokensError::NoChance {
                account: account.to_owned(),
            }),
        }
    }
}

impl From<&Tokens> for Content {
    fn from(tokens: &Tokens) -> Content {
        let Tokens {
            refresh,
            access,
            obtained_at,
            expires_at,
        } = tokens;
        Content {
            refresh: refresh.expose_secret().to_owned(),
            access: access.expose_secret().to_owned(),
            obtained_at: at(*obtained_at),
            expires_at: at(*expires_at),
        }
    }
}

impl From<Content> for Tokens {
    fn from(content: Content) -> Tokens {
        let Content {
            refresh,
            access,
            obtained_at,
            expires_at,
        } = content;
        Tokens {
            refresh: refresh.into(),
            access: access.into(),
            obtained_at: Millis(obtained_at),
            expires_at: Millis(expires_at),
        }
    }
}

/// What a sealed value is bound to: moved to another row, it can't be opened. By key and not by name, so that
/// an account that is renamed keeps its tokens.
fn place(account: i64, remote: &str) -> Vec<u8> {
    let mut place = account.to_le_bytes().to_vec();
    place.extend_from_slice(remote.as_bytes());
    place
}

type TokenRow = (i64, Option<Vec<u8>>, Option<i64>);

async fn read_row(
    conn: &mut SqliteConnection,
    account: &str,
    remote: &str,
) -> sqlx::Result<Option<TokenRow>> {
    let Some(id) = account_key(&mut *conn, account).await? else {
        return Ok(None);
    };
    let sql = "SELECT account_id, sealed, asked_at FROM tokens WHERE account_id = $1 AND remote = $2";
    sqlx::query_as(sql)
        .bind(id)
        .bind(remote)
        .fetch_optional(conn)
        .await
}

async fn write_begin(
    conn: &mut SqliteConnection,
    account: &str,
    remote: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    let id = ensure_account(&mut tx, account).await?;
    let sql = "INSERT INTO tokens (account_id, remote, asked_at, changed_at) VALUES ($1, $2, $3, $3)
        ON CONFLICT (account_id, remote) DO UPDATE SET
            asked_at = coalesce(asked_at, excluded.asked_at), changed_at = excluded.changed_at";
    sqlx::query(sql)
        .bind(id)
        .bind(remote)
        .bind(at(now))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

/// Whether `seal` could do its work.
async fn write_tokens(
    conn: &mut SqliteConnection,
    account: &str,
    remote: &str,
    seal: impl FnOnce(i64) -> Option<Vec<u8>>,
    now: Millis,
) -> sqlx::Result<bool> {
    let mut tx = begin(conn).await?;
    let id = ensure_account(&mut tx, account).await?;
    let Some(sealed) = seal(id) else {
        return Ok(false);
    };
    let sql = "INSERT INTO tokens (account_id, remote, sealed, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id, remote) DO UPDATE SET
            sealed = excluded.sealed, asked_at = NULL, changed_at = excluded.changed_at";
    sqlx::query(sql)
        .bind(id)
        .bind(remote)
        .bind(sealed)
        .bind(at(now))
        .execute(&mut *tx)
        .await?;
    let sql = "DELETE FROM tokens WHERE account_id = $1 AND remote <> $2 AND changed_at < $3";
    sqlx::query(sql)
        .bind(id)
        .bind(remote)
        .bind(at(now.plus(-KEPT)))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}
