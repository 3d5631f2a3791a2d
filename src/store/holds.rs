//! Changes that wait for a person.
//!
//! A hold is known by its digest. Runs open and close holds here; what a person says about them is the
//! business of `decisions`.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::bulk::Bulk;
use super::words::{known, mark, mark_text, number};
use super::{Store, StoreError, at};
use crate::domain::memory::{HeldUser, Hold, Millis, Reason};
use crate::domain::user::UserId;
use crate::text::hex;

/// Where a hold stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldStatus {
    /// It waits for a person.
    Open,
    /// A person let it pass.
    Approved,
    /// A person said no.
    Rejected,
    /// The changes went away before anybody decided.
    Gone,
}

impl HoldStatus {
    const ALL: [HoldStatus; 4] = [
        HoldStatus::Open,
        HoldStatus::Approved,
        HoldStatus::Rejected,
        HoldStatus::Gone,
    ];

    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            HoldStatus::Open => "open",
            HoldStatus::Approved => "approved",
            HoldStatus::Rejected => "rejected",
            HoldStatus::Gone => "gone",
        }
    }
}

/// A hold that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenHold {
    /// What a person types.
    pub id: String,
    /// What waits, and why.
    pub hold: Hold,
    /// Since when.
    pub since: Millis,
}

/// A hold, with what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredHold {
    /// What a person types: eight hexadecimal digits, more only where two holds would share them.
    pub id: String,
    /// Whose.
    pub account: String,
    /// What waits, and why.
    pub hold: Hold,
    /// Where it stands.
    pub status: HoldStatus,
    /// Since when it waits, or waited.
    pub since: Millis,
    /// When somebody decided.
    pub decided_at: Option<Millis>,
    /// Who.
    pub decided_by: Option<String>,
    /// Why, in their words.
    pub why: Option<String>,
}

impl Store {
    /// The holds that wait for a person, the oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn open_holds(&self, account: &str) -> Result<Vec<OpenHold>, StoreError> {
        let all = self.holds(Some(account)).await?.into_iter();
        let open = all.filter(|it| it.status == HoldStatus::Open);
        Ok(open
            .map(|StoredHold { id, hold, since, .. }| OpenHold { id, hold, since })
            .collect())
    }

    /// The holds of one account, or of all: those that wait and those that did, the oldest first.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn holds(&self, account: Option<&str>) -> Result<Vec<StoredHold>, StoreError> {
        let mut conn = self.conn().await;
        read_holds(&mut conn, account)
            .await
            .map_err(|error| self.failed(error))
    }
}

/// A hold, and its account's key.
pub(super) async fn read_hold(conn: &mut SqliteConnection, key: i64) -> sqlx::Result<(i64, StoredHold)> {
    let sql =
        "SELECT h.*, a.name AS account FROM holds h JOIN accounts a ON a.id = h.account_id WHERE h.key = $1";
    let row = sqlx::query(sql).bind(key).fetch_one(&mut *conn).await?;
    let sql = "SELECT hold_key, user_id, row_mark FROM hold_users WHERE hold_key = $1 ORDER BY position";
    let rows = sqlx::query(sql).bind(key).fetch_all(conn).await?;
    let users = rows
        .iter()
        .map(|row| Ok(held_user(row)?.1))
        .collect::<sqlx::Result<_>>()?;
    Ok((row.try_get("account_id")?, stored_hold(&row, users)?))
}

async fn read_holds(conn: &mut SqliteConnection, account: Option<&str>) -> sqlx::Result<Vec<StoredHold>> {
    let sql = "SELECT u.hold_key, u.user_id, u.row_mark
        FROM accounts a JOIN holds h ON h.account_id = a.id JOIN hold_users u ON u.hold_key = h.key
        WHERE $1 IS NULL OR a.name = $1 ORDER BY u.hold_key, u.position";
    let rows = sqlx::query(sql).bind(account).fetch_all(&mut *conn).await?;
    let mut users: HashMap<i64, Vec<HeldUser>> = HashMap::new();
    for row in &rows {
        let (key, user) = held_user(row)?;
        users.entry(key).or_default().push(user);
    }
    let sql = "SELECT h.*, a.name AS account FROM accounts a JOIN holds h ON h.account_id = a.id
        WHERE $1 IS NULL OR a.name = $1 ORDER BY h.since, h.key";
    let rows = sqlx::query(sql).bind(account).fetch_all(conn).await?;
    let hold = |row: &SqliteRow| {
        stored_hold(
            row,
            users.remove(&row.try_get::<i64, _>("key")?).unwrap_or_default(),
        )
    };
    rows.iter().map(hold).collect()
}

fn held_user(row: &SqliteRow) -> sqlx::Result<(i64, HeldUser)> {
    let user = HeldUser {
        id: UserId::new(row.try_get::<&str, _>(1)?),
        row: mark(row.try_get(2)?)?,
    };
    Ok((row.try_get(0)?, user))
}

fn stored_hold(row: &SqliteRow, users: Vec<HeldUser>) -> sqlx::Result<StoredHold> {
    let (reason, status): (&str, &str) = (row.try_get("reason")?, row.try_get("status")?);
    Ok(StoredHold {
        id: row.try_get("id")?,
        account: row.try_get("account")?,
        hold: Hold {
            digest: row.try_get("digest")?,
            reason: known("reason", reason, Reason::from_word(reason))?,
            users,
            detail: row.try_get("detail")?,
        },
        status: known(
            "status",
            status,
            HoldStatus::ALL.into_iter().find(|it| it.word() == status),
        )?,
        since: Millis(row.try_get("since")?),
        decided_at: row.try_get::<Option<i64>, _>("decided_at")?.map(Millis),
        decided_by: row.try_get("decided_by")?,
        why: row.try_get("why")?,
    })
}

/// Writes the holds of a plan in the place of the open ones. A decided one that the plan holds again waits
/// anew, unless the plan was made before the decision (`is_current` is false).
pub(super) async fn write_holds(
    conn: &mut SqliteConnection,
    account: i64,
    holds: &[Hold],
    is_current: bool,
    now: Millis,
) -> sqlx::Result<()> {
    let sql = "SELECT digest, key, status FROM holds WHERE account_id = $1";
    let rows: Vec<(String, i64, String)> = sqlx::query_as(sql).bind(account).fetch_all(&mut *conn).await?;
    let before: HashMap<String, (i64, String)> = rows
        .into_iter()
        .map(|(digest, key, status)| (digest, (key, status)))
        .collect();
    for (digest, (key, status)) in &before {
        if status == HoldStatus::Open.word() && !holds.iter().any(|hold| hold.digest == *digest) {
            let sql = "UPDATE holds SET status = 'gone', seen_at = $2 WHERE key = $1";
            sqlx::query(sql)
                .bind(key)
                .bind(at(now))
                .execute(&mut *conn)
                .await?;
        }
    }
    for hold in holds {
        match before.get(&hold.digest) {
            None => open_hold(&mut *conn, account, hold, now).await?,
            Some((key, status)) => {
                let is_open = status == HoldStatus::Open.word();
                let is_decided = !is_open && status != HoldStatus::Gone.word();
                if !is_decided || is_current {
                    reopen_hold(&mut *conn, *key, hold, is_open, now).await?;
                }
            }
        }
    }
    Ok(())
}

async fn open_hold(conn: &mut SqliteConnection, account: i64, hold: &Hold, now: Millis) -> sqlx::Result<()> {
    let id = free_id(&mut *conn, account, &hold.digest).await?;
    let sql = "INSERT INTO holds (account_id, digest, id, reason, detail, status, since, seen_at)
        VALUES ($1, $2, $3, $4, $5, 'open', $6, $6) RETURNING key";
    let key = sqlx::query_scalar(sql)
        .bind(account)
        .bind(&hold.digest)
        .bind(id)
        .bind(hold.reason.word())
        .bind(&hold.detail)
        .bind(at(now))
        .fetch_one(&mut *conn)
        .await?;
    write_held_users(conn, key, hold).await
}

/// The hold as this plan words it, with the rows as they are now. One that was decided or gone waits from now.
async fn reopen_hold(
    conn: &mut SqliteConnection,
    key: i64,
    hold: &Hold,
    is_open: bool,
    now: Millis,
) -> sqlx::Result<()> {
    let sql = "UPDATE holds SET status = 'open', detail = $2, seen_at = $3,
            since = CASE WHEN $4 THEN since ELSE $3 END,
            decided_at = NULL, decided_by = NULL, why = NULL
        WHERE key = $1";
    let query = sqlx::query(sql)
        .bind(key)
        .bind(&hold.detail)
        .bind(at(now))
        .bind(is_open);
    query.execute(&mut *conn).await?;
    sqlx::query("DELETE FROM hold_users WHERE hold_key = $1")
        .bind(key)
        .execute(&mut *conn)
        .await?;
    write_held_users(conn, key, hold).await
}

async fn write_held_users(conn: &mut SqliteConnection, key: i64, hold: &Hold) -> sqlx::Result<()> {
    const USERS: Bulk = Bulk {
        head: "INSERT INTO hold_users (hold_key, position, user_id, row_mark)",
        n_columns: 4,
        tail: "",
    };
    USERS
        .run(
            conn,
            hold.users.iter().enumerate(),
            |query, (position, HeldUser { id, row })| {
                query
                    .bind(key)
                    .bind(number(position))
                    .bind(id.to_shared())
                    .bind(mark_text(*row))
            },
        )
        .await?;
    Ok(())
}

/// The shortest id of this hold, from eight digits on, that no other one begins with or is the beginning of.
async fn free_id(conn: &mut SqliteConnection, account: i64, digest: &str) -> sqlx::Result<String> {
    let digits = hex(&Sha256::digest(format!("{account}\n{digest}")));
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM holds WHERE id = $1)";
    for len in (8..digits.len()).step_by(4) {
        let is_free: bool = sqlx::query_scalar(sql)
            .bind(&digits[..len])
            .fetch_one(&mut *conn)
            .await?;
        if is_free {
            return Ok(digits[..len].to_owned());
        }
    }
    Ok(digits)
}
