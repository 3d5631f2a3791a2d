//! Credentials that a platform refused.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::words::{count, number};
use super::{Store, StoreError, account_key, at};
use crate::domain::memory::Millis;
use crate::domain::refusal::Refusal;

/// What a run found out about its credential.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum CredentialNews {
    /// Nothing.
    #[default]
    None,
    /// The platform took it.
    Taken,
    /// The platform refused it.
    Refused {
        /// Stands for all that is secret of it.
        secret: String,
        /// What the platform said.
        text: String,
    },
}

impl Store {
    /// Forgets that the credential of an account was refused, so that the next run tries it.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn forget_refusal(&self, account: &str) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        let forgotten = async {
            match account_key(&mut conn, account).await? {
                Some(key) => write_news(&mut conn, key, &CredentialNews::Taken, Millis(0)).await,
                None => Ok(()),
            }
        };
        forgotten.await.map_err(|error| self.failed(error))
    }
}

/// Writes down what a run found out.
pub(super) async fn write_news(
    conn: &mut SqliteConnection,
    account: i64,
    news: &CredentialNews,
    now: Millis,
) -> sqlx::Result<()> {
    let query = match news {
        CredentialNews::None => return Ok(()),
        CredentialNews::Taken => sqlx::query("DELETE FROM refusals WHERE account_id = $1").bind(account),
        CredentialNews::Refused { secret, text } => {
            let sql = "INSERT INTO refusals (account_id, secret, text, since, last_tried, n_tries)
                VALUES ($1, $2, $3, $4, $4, $5)
                ON CONFLICT (account_id) DO UPDATE SET
                    since = CASE WHEN secret = excluded.secret THEN since ELSE excluded.since END,
                    n_tries = CASE WHEN secret = excluded.secret THEN n_tries + 1 ELSE excluded.n_tries END,
                    secret = excluded.secret, text = excluded.text, last_tried = excluded.last_tried";
            sqlx::query(sql)
                .bind(account)
                .bind(secret.as_str())
                .bind(text.as_str())
                .bind(at(now))
                .bind(number(1_u32))
        }
    };
    query.execute(conn).await.map(drop)
}

/// The refusal in a row that has its columns, prefixed; `None` where they are NULL.
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
