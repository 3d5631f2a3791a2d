//! Whole accounts: their names and their end. And the findings, which are replaced as a whole.

use sqlx::sqlite::SqliteConnection;

use super::bulk::Bulk;
use super::words::{known, number};
use super::{Store, StoreError, account_key, write};
use crate::domain::finding::{Finding, FindingKind};
use crate::domain::user::UserId;

/// Why an account can't be renamed or forgotten.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The store doesn't know it.
    #[error("the store knows no account {0:?}")]
    Unknown(String),
    /// The new name is taken.
    #[error("the store has an account {0:?} already")]
    Taken(String),
    /// The store can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The names of all accounts that the store knows, in order.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn accounts(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.conn().await;
        let names = sqlx::query_scalar("SELECT name FROM accounts ORDER BY name")
            .fetch_all(&mut *conn)
            .await;
        names.map_err(|error| self.failed(error))
    }

    /// Gives an account another name; all that is known of it stays.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::Taken`], and any [`StoreError`].
    pub async fn rename(&self, old: &str, new: &str) -> Result<(), AccountError> {
        let mut conn = self.conn().await;
        let sql = "UPDATE accounts SET name = $2 WHERE name = $1";
        match write(&mut conn, sqlx::query(sql).bind(old).bind(new)).await {
            Ok(0) => Err(AccountError::Unknown(old.to_owned())),
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .as_database_error()
                    .is_some_and(|it| it.is_unique_violation()) =>
            {
                Err(AccountError::Taken(new.to_owned()))
            }
            Err(error) => Err(self.failed(error).into()),
        }
    }

    /// Forgets an account with all that is known of it, who is ours included.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], and any [`StoreError`].
    pub async fn forget(&self, name: &str) -> Result<(), AccountError> {
        let mut conn = self.conn().await;
        // All other tables refer to this row, and go with it.
        let query = sqlx::query("DELETE FROM accounts WHERE name = $1").bind(name);
        let deleted = write(&mut conn, query).await;
        match deleted.map_err(|error| self.failed(error))? {
            0 => Err(AccountError::Unknown(name.to_owned())),
            _ => Ok(()),
        }
    }

    /// The findings in force, in the order of the report.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn findings(&self, account: &str) -> Result<Vec<Finding>, StoreError> {
        let mut conn = self.conn().await;
        read_findings(&mut conn, account)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_findings(conn: &mut SqliteConnection, account: &str) -> sqlx::Result<Vec<Finding>> {
    let Some(key) = account_key(&mut *conn, account).await? else {
        return Ok(Vec::new());
    };
    let sql = "SELECT user_id, kind, detail FROM findings WHERE account_id = $1 ORDER BY position";
    let rows: Vec<(String, String, String)> = sqlx::query_as(sql).bind(key).fetch_all(conn).await?;
    let finding = |(id, kind, detail): (String, String, String)| {
        let kind = known("finding", &kind, FindingKind::from_word(&kind))?;
        Ok(Finding {
            id: UserId::new(id),
            kind,
            detail: detail.into(),
        })
    };
    rows.into_iter().map(finding).collect()
}

/// Writes the findings in the place of those before.
pub(super) async fn write_findings(
    conn: &mut SqliteConnection,
    account: i64,
    findings: &[Finding],
) -> sqlx::Result<()> {
    const FINDINGS: Bulk = Bulk {
        head: "INSERT INTO findings (account_id, position, user_id, kind, detail)",
        n_columns: 5,
        tail: "",
    };
    sqlx::query("DELETE FROM findings WHERE account_id = $1")
        .bind(account)
        .execute(&mut *conn)
        .await?;
    FINDINGS
        .run(conn, findings.iter().enumerate(), |query, (position, it)| {
            let Finding { id, kind, detail } = it;
            query
                .bind(account)
                .bind(number(position))
                .bind(id.to_shared())
                .bind(kind.word())
                .bind(detail.clone())
        })
        .await?;
    Ok(())
}
