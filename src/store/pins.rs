//! Pins: which of a platform's users is whose, where the platform gives ids of its own.

use sqlx::sqlite::SqliteConnection;

use super::bulk::Bulk;
use super::{Store, StoreError, begin, ensure_account};
use crate::domain::identity::{Pin, Pins};
use crate::domain::member::MemberId;
use crate::domain::user::UserId;

impl Store {
    /// All pins of an account.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn pins(&self, account: &str) -> Result<Pins, StoreError> {
        let sql = "SELECT p.user_id, p.member_id, p.key FROM pins p JOIN accounts a ON a.id = p.account_id
            WHERE a.name = $1";
        let mut conn = self.conn().await;
        let rows: Vec<(String, Option<String>, String)> = sqlx::query_as(sql)
            .bind(account)
            .fetch_all(&mut *conn)
            .await
            .map_err(|error| self.failed(error))?;
        let pin = |(id, member, key): (String, Option<String>, String)| {
            let member = member.map(|it| MemberId(it.into()));
            let key = key.into();
            (UserId::new(id), Pin { member, key })
        };
        Ok(rows.into_iter().map(pin).collect())
    }

    /// Remembers these pins beside, or in the place of, those of before.
    ///
    /// # Errors
    /// Any [`StoreError`]; then none of them is remembered.
    pub async fn save_pins(&self, account: &str, pins: &[(UserId, Pin)]) -> Result<(), StoreError> {
        if pins.is_empty() {
            return Ok(());
        }
        let mut conn = self.conn().await;
        write(&mut conn, account, pins)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn write(conn: &mut SqliteConnection, account: &str, pins: &[(UserId, Pin)]) -> sqlx::Result<()> {
    const PINS: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO pins (account_id, user_id, member_id, key)",
        n_columns: 4,
        tail: "",
    };
    let mut tx = begin(conn).await?;
    let account = ensure_account(&mut tx, account).await?;
    PINS.run(&mut tx, pins, |query, (id, pin)| {
        query
            .bind(account)
            .bind(id.to_shared())
            .bind(pin.member.as_ref().map(|it| it.as_str().to_owned()))
            .bind(pin.key.to_string())
    })
    .await?;
    tx.commit().await
}
