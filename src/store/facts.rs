//! What was learned about platforms, because their documents do not tell.

use sqlx::sqlite::SqliteConnection;

use super::words::{clear, clear_word, count, number};
use super::{Store, StoreError, account_key, at, begin, ensure_account};
use crate::domain::batch::ClearBy;
use crate::domain::memory::Millis;

/// How long "nothing works" and a number of seats are believed: platforms mend things, and seats are bought.
const BELIEVED: i64 = 7 * Millis::DAY;

/// Whether, and how, a platform forgets a phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClearFact {
    /// In this way.
    Works(ClearBy),
    /// In no way that we know.
    Nothing,
}

/// What is known about an account's platform.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// How a phone is cleared; `None`: not tried yet, or long ago without success.
    pub clear: Option<ClearFact>,
    /// How many users the account may have, if it has ever been refused one more.
    pub seats: Option<usize>,
}

impl Store {
    /// What is known about the platform of an account.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn facts(
        &self,
        kind: &str,
        base_url: &str,
        account: &str,
        now: Millis,
    ) -> Result<Facts, StoreError> {
        let mut conn = self.conn().await;
        read_facts(&mut conn, kind, base_url, account, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Learns how phones are cleared on a platform.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn learn_clear(
        &self,
        kind: &str,
        base_url: &str,
        fact: ClearFact,
        now: Millis,
    ) -> Result<(), StoreError> {
        let word = match fact {
            ClearFact::Works(by) => Some(clear_word(by)),
            ClearFact::Nothing => None,
        };
        let sql = "INSERT INTO clear_facts (kind, base_url, clear_by, learned_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (kind, base_url) DO UPDATE SET clear_by = excluded.clear_by, learned_at = excluded.learned_at";
        let mut conn = self.conn().await;
        let query = sqlx::query(sql)
            .bind(kind)
            .bind(base_url)
            .bind(word)
            .bind(at(now));
        query
            .execute(&mut *conn)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    /// Learns how many users an account may have.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn learn_seats(&self, account: &str, seats: usize, now: Millis) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_seats(&mut conn, account, seats, now)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_facts(
    conn: &mut SqliteConnection,
    kind: &str,
    base_url: &str,
    account: &str,
    now: Millis,
) -> sqlx::Result<Facts> {
    let since = at(now.plus(-BELIEVED));
    let sql = "SELECT clear_by FROM clear_facts
        WHERE kind = $1 AND base_url = $2 AND (clear_by IS NOT NULL OR learned_at > $3)";
    let query = sqlx::query_scalar(sql).bind(kind).bind(base_url).bind(since);
    let word: Option<Option<String>> = query.fetch_optional(&mut *conn).await?;
    let fact = match word {
        None => None,
        Some(None) => Some(ClearFact::Nothing),
        Some(Some(word)) => Some(ClearFact::Works(clear(&word)?)),
    };
    let Some(key) = account_key(&mut *conn, account).await? else {
        return Ok(Facts {
            clear: fact,
            seats: None,
        });
    };
    let sql = "SELECT seats FROM seat_facts WHERE account_id = $1 AND learned_at > $2";
    let seats: Option<i64> = sqlx::query_scalar(sql)
        .bind(key)
        .bind(since)
        .fetch_optional(conn)
        .await?;
    Ok(Facts {
        clear: fact,
        seats: seats.map(|it| count("seats", it)).transpose()?,
    })
}

async fn write_seats(
    conn: &mut SqliteConnection,
    account: &str,
    seats: usize,
    now: Millis,
) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    let key = ensure_account(&mut tx, account).await?;
    let sql = "INSERT INTO seat_facts (account_id, seats, learned_at) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET seats = excluded.seats, learned_at = excluded.learned_at";
    sqlx::query(sql)
        .bind(key)
        .bind(number(seats))
        .bind(at(now))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
