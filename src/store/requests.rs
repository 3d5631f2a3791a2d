//! Requests of the journal, for people: those of a run, and those that carried a user.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::words::{ACCESS, clear, number, phone, purpose, verb};
use super::{Store, StoreError};
use crate::domain::batch::{ClearBy, Purpose, Verb};
use crate::domain::memory::Millis;
use crate::domain::phone::Phone;
use crate::domain::user::UserId;

/// What a request did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errand {
    /// This, to its users.
    Users(Verb),
    /// It changed what its users may do.
    Access,
}

/// One request of the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestRecord {
    /// Counts from the beginning of the run.
    pub seq: u32,
    /// What it did.
    pub verb: Errand,
    /// When its intent was written down; it was sent right after.
    pub sent_at: Millis,
    /// When its answer was written down; `None`: never.
    pub answered_at: Option<Millis>,
    /// What the answer meant, as a word.
    pub answer: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// The platform's code.
    pub code: Option<String>,
    /// The platform's text.
    pub text: Option<String>,
    /// Who travelled in it, in order of id.
    pub users: Vec<RequestUser>,
}

/// One user of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestUser {
    /// Who.
    pub id: UserId,
    /// What for; `None` where its rights alone were changed.
    pub purpose: Option<Purpose>,
    /// The name as sent; `None` in a delete, and where the rights alone were changed.
    pub name: Option<String>,
    /// The phone as sent.
    pub phone: Option<Phone>,
    /// How the phone was to be cleared, if it was.
    pub clear: Option<ClearBy>,
    /// Whether a person let it pass.
    pub approved: bool,
}

impl Store {
    /// The last requests that carried a user, the newest first, each with that user alone.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn requests_of(
        &self,
        account: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<RequestRecord>, StoreError> {
        let mut conn = self.conn().await;
        read_requests_of(&mut conn, account, user, limit)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_requests_of(
    conn: &mut SqliteConnection,
    account: &str,
    user: &UserId,
    limit: usize,
) -> sqlx::Result<Vec<RequestRecord>> {
    let sql = "SELECT q.*, u.user_id, u.purpose, u.name, u.phone, u.clear_by, u.approved
        FROM accounts a
        JOIN requests q ON q.account_id = a.id
        JOIN request_users u ON u.run_id = q.run_id AND u.seq = q.seq AND u.user_id = $2
        WHERE a.name = $1 ORDER BY q.sent_at DESC, q.run_id DESC, q.seq DESC LIMIT $3";
    let query = sqlx::query(sql)
        .bind(account)
        .bind(user.as_str())
        .bind(number(limit));
    let rows = query.fetch_all(conn).await?;
    rows.iter()
        .map(|row| request_record(row, vec![request_user(row)?]))
        .collect()
}

/// All requests of a run, in order.
pub(super) async fn requests_of_run(
    conn: &mut SqliteConnection,
    run: i64,
) -> sqlx::Result<Vec<RequestRecord>> {
    let sql = "SELECT * FROM request_users WHERE run_id = $1";
    let rows = sqlx::query(sql).bind(run).fetch_all(&mut *conn).await?;
    let mut users: BTreeMap<u32, Vec<RequestUser>> = BTreeMap::new();
    for row in &rows {
        users
            .entry(row.try_get("seq")?)
            .or_default()
            .push(request_user(row)?);
    }
    let sql = "SELECT * FROM requests WHERE run_id = $1 ORDER BY seq";
    let rows = sqlx::query(sql).bind(run).fetch_all(conn).await?;
    let record = |row: &SqliteRow| {
        let mut users = users.remove(&row.try_get::<u32, _>("seq")?).unwrap_or_default();
        users.sort_by(|left, right| left.id.cmp(&right.id));
        request_record(row, users)
    };
    rows.iter().map(record).collect()
}

fn request_record(row: &SqliteRow, users: Vec<RequestUser>) -> sqlx::Result<RequestRecord> {
    Ok(RequestRecord {
        seq: row.try_get("seq")?,
        verb: match row.try_get("verb")? {
            ACCESS => Errand::Access,
            word => Errand::Users(verb(word)?),
        },
        sent_at: Millis(row.try_get("sent_at")?),
        answered_at: row.try_get::<Option<i64>, _>("answered_at")?.map(Millis),
        answer: row.try_get("answer")?,
        status: row.try_get("status")?,
        code: row.try_get("code")?,
        text: row.try_get("text")?,
        users,
    })
}

fn request_user(row: &SqliteRow) -> sqlx::Result<RequestUser> {
    let clear_by: Option<&str> = row.try_get("clear_by")?;
    let word: &str = row.try_get("purpose")?;
    Ok(RequestUser {
        id: UserId::new(row.try_get::<&str, _>("user_id")?),
        purpose: (word != ACCESS).then(|| purpose(word)).transpose()?,
        name: row.try_get("name")?,
        phone: phone(row.try_get("phone")?),
        clear: clear_by.map(clear).transpose()?,
        approved: row.try_get("approved")?,
    })
}
