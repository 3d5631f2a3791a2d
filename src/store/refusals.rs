//! Credentials that a platform refused.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::words::count;
use super::{Store, StoreError, at, write};
use crate::domain::memory::Millis;
use crate::domain::refusal::Refusal;

/// A run found its credential refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Stands for all that is secret of it.
    pub secret: String,
    /// What the platform said.
    pub text: String,
}

impl Store {
    /// Forgets that the credential of an account was refused, so that the next run tries it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn forget_refusal(&self, account: &str) -> Result<(), StoreError> {
        let sql = "DELETE FROM refusals WHERE account_id = (SELECT id FROM accounts WHERE name = $1)";
        let mut conn = self.conn().await;
        let done = write(&mut conn, sqlx::query(sql).bind(account)).await;
        done.map(drop).map_err(|error| self.failed(error))
    }
}

/// Counts one more refusal of a credential, or the first one of another credential.
pub(super) async fn write_refusal(
    conn: &mut SqliteConnection,
    account: i64,
    refused: &Refused,
    now: Millis,
) -> sqlx::Result<()> {
    let Refused { secret, text } = refused;
    let sql = "INSERT INTO refusals (account_id, secret, text, since, last_tried, n_tries)
        VALUES ($1, $2, $3, $4, $4, 1)
        ON CONFLICT (account_id) DO UPDATE SET
            since = CASE WHEN secret = excluded.secret THEN since ELSE excluded.since END,
            n_tries = CASE WHEN secret = excluded.secret THEN n_tries + 1 ELSE 1 END,
            secret = excluded.secret, text = excluded.text, last_tried = excluded.last_tried";
    sqlx::query(sql)
        .bind(account)
        .bind(secret.as_str())
        .bind(text.as_str())
        .bind(at(now))
        .execute(conn)
        .await
        .map(drop)
}

/// The refusal in a row of an account; `None` where its columns are NULL.
pub(super) fn refusal(row: &SqliteRow) -> sqlx::Result<Option<Refusal>> {
    let Some(secret) = row.try_get::<Option<String>, _>("refused_secret")? else {
        return Ok(None);
    };
    Ok(Some(Refusal {
        secret,
        text: row.try_get("refused_text")?,
        since: Millis(row.try_get("refused_since")?),
        last_tried: Millis(row.try_get("refused_last_tried")?),
        n_tries: count("tries", row.try_get("refused_n_tries")?)?,
    }))
}
