//! The journal: what a run is about to send, and what came back.
//!
//! [`Store::intend`] also makes the users of a create ours, in the same transaction: a process that is
//! killed before the answer must not take its own users for foreign ones.

use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;

use super::bulk::{Bulk, FULL, by_key};
use super::words::{clear_word, digits, purpose, purpose_word, shared, verb_word};
use super::{Store, StoreError, UNSYNCED, account_key, at, begin, ensure_account};
use crate::domain::batch::{Batch, Item, PhoneField, Purpose, Verb};
use crate::domain::memory::{Millis, Origin};
use crate::domain::user::UserId;

/// A run that was begun. Only [`Store::begin_run`] makes one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RunId {
    /// For people, reports and logs.
    text: String,
    /// For the rows of the journal.
    pub(super) key: i64,
    /// Of the account.
    pub(super) account: i64,
}

impl RunId {
    /// The id as text: a UUID of version 7, which sorts by time.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// What came back for a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerRecord<'a> {
    /// What it means, as a word.
    pub meaning: &'a str,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// The platform's code.
    pub code: Option<&'a str>,
    /// The platform's text, cleaned.
    pub text: &'a str,
}

impl Store {
    /// Begins a run of an account. A run of it that was never closed is marked `interrupted`; its journalled
    /// requests stay open intents until a list is read (see [`super::Closing::verified_at`]).
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn begin_run(&self, account: &str, now: Millis) -> Result<RunId, StoreError> {
        let mut conn = self.conn().await;
        write_run(&mut conn, account, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Journals a request that is about to be sent, and makes the users that it creates ours. Nothing may be
    /// sent before this has returned.
    ///
    /// # Errors
    /// Any [`StoreError`], such as [`StoreError::Closed`] if another process took the run for killed; then
    /// nothing may be sent at all.
    pub async fn intend(
        &self,
        run: &RunId,
        seq: u32,
        batch: &Batch,
        approved: &BTreeSet<UserId>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        match write_intent(&mut conn, run, seq, batch, approved, now).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.closed(run)),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Journals the answer to a request. It outlives the process, but not a loss of power before the next
    /// intent: then the request is one without an answer, which is looked at again.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn answered(
        &self,
        run: &RunId,
        seq: u32,
        answer: &AnswerRecord<'_>,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        let AnswerRecord {
            meaning,
            status,
            code,
            text,
        } = *answer;
        let query = sqlx::query(AssertSqlSafe(format!("{UNSYNCED} {ANSWERED}")))
            .bind(at(now))
            .bind(meaning)
            .bind(status)
            .bind(code)
            .bind(text)
            .bind(run.key)
            .bind(seq)
            .persistent(false);
        let written = query.execute(&mut *conn).await;
        written.map(drop).map_err(|error| self.failed(error))
    }

    /// Users that were to be removed at or after that instant (also at one that is still to come) without a
    /// person's consent, each once: what counts against the limit per day.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn removals_since(&self, account: &str, since: Millis) -> Result<Vec<UserId>, StoreError> {
        const SQL: &str = "SELECT DISTINCT u.user_id FROM requests q JOIN request_users u USING (run_id, seq)
            WHERE q.account_id = $1 AND q.sent_at >= $2 AND q.verb = 'delete' AND u.purpose = 'remove' AND u.approved = 0";
        self.users_since(SQL, account, since).await
    }

    /// Users that were to be created at or after that instant, each once. In a request that creates or
    /// updates, these are the ones that became ours by it.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn created_since(&self, account: &str, since: Millis) -> Result<Vec<UserId>, StoreError> {
        const SQL: &str = "SELECT DISTINCT u.user_id FROM requests q JOIN request_users u USING (run_id, seq)
            LEFT JOIN managed m ON m.account_id = q.account_id AND m.user_id = u.user_id
            WHERE q.account_id = $1 AND q.sent_at >= $2
                AND (q.verb = 'create' OR (q.verb = 'upsert' AND m.origin = 'created' AND m.since >= q.sent_at))";
        self.users_since(SQL, account, since).await
    }

    /// Users of requests that were sent at or after that instant and have no known answer, each once: such a
    /// request may have its effect any time. Without those whose rights alone were to change.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn unanswered_since(&self, account: &str, since: Millis) -> Result<Vec<UserId>, StoreError> {
        const SQL: &str = "SELECT DISTINCT u.user_id FROM requests q JOIN request_users u USING (run_id, seq)
            WHERE q.account_id = $1 AND q.sent_at >= $2 AND (q.answer IS NULL OR q.answer = 'unknown')
                AND u.purpose <> 'access'";
        self.users_since(SQL, account, since).await
    }

    /// Users of requests that runs were about to send when they were killed, with what each request was
    /// for; without those whose rights alone were about to change. Nobody knows what they are until a list is read
    /// (see [`super::Closing::verified_at`]).
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn under_way(&self, account: &str) -> Result<Vec<(UserId, Purpose)>, StoreError> {
        let mut conn = self.conn().await;
        let users = read_under_way(&mut conn, account).await;
        users.map_err(|error| self.failed(error))
    }

    /// The users of a query over account and instant, in order.
    async fn users_since(
        &self,
        sql: &'static str,
        account: &str,
        since: Millis,
    ) -> Result<Vec<UserId>, StoreError> {
        let mut conn = self.conn().await;
        let ids = read_users_since(&mut conn, sql, account, since).await;
        ids.map_err(|error| self.failed(error))
    }
}

async fn read_users_since(
    conn: &mut SqliteConnection,
    sql: &'static str,
    account: &str,
    since: Millis,
) -> sqlx::Result<Vec<UserId>> {
    let Some(key) = account_key(conn, account).await? else {
        return Ok(Vec::new());
    };
    let ids: Vec<String> = sqlx::query_scalar(sql)
        .bind(key)
        .bind(at(since))
        .fetch_all(conn)
        .await?;
    let mut ids: Vec<UserId> = ids.into_iter().map(UserId::new).collect();
    ids.sort();
    Ok(ids)
}

async fn read_under_way(conn: &mut SqliteConnection, account: &str) -> sqlx::Result<Vec<(UserId, Purpose)>> {
    let sql = "SELECT DISTINCT u.user_id, u.purpose FROM accounts a
        JOIN runs r ON r.account_id = a.id AND r.settled = 0 JOIN request_users u ON u.run_id = r.id
        WHERE a.name = $1 AND u.purpose <> 'access' ORDER BY u.user_id, u.purpose";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).bind(account).fetch_all(conn).await?;
    rows.into_iter()
        .map(|(id, word)| Ok((UserId::new(id), purpose(&word)?)))
        .collect()
}

async fn write_run(conn: &mut SqliteConnection, account: &str, now: Millis) -> sqlx::Result<RunId> {
    let mut tx = begin(conn).await?;
    let account = ensure_account(&mut tx, account).await?;
    let sql = "UPDATE runs SET ended_at = $2, result = 'interrupted',
            settled = NOT EXISTS (SELECT 1 FROM requests WHERE requests.run_id = runs.id)
        WHERE account_id = $1 AND settled = 0 AND result IS NULL";
    sqlx::query(sql)
        .bind(account)
        .bind(at(now))
        .execute(&mut *tx)
        .await?;
    let text = run_text(now);
    let sql = "INSERT INTO runs (run, account_id, started_at) VALUES ($1, $2, $3) RETURNING id";
    let key = sqlx::query_scalar(sql)
        .bind(&text)
        .bind(account)
        .bind(at(now))
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(RunId { text, key, account })
}

/// A new id of a run that begins now. An instant before 1970 counts as 1970.
fn run_text(now: Millis) -> String {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let nanos = u32::try_from(millis % 1000 * 1_000_000).unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, millis / 1000, nanos)).to_string()
}

/// Enters an answer, after [`UNSYNCED`]: a sync would be half of all that a request costs the disk.
const ANSWERED: &str = "UPDATE requests SET answered_at = ?, answer = ?, status = ?, code = ?, text = ? WHERE run_id = ? AND seq = ?";

/// Enters a request of a run that is still there to send anything.
const REQUEST: &str = "INSERT INTO requests (run_id, seq, account_id, verb, sent_at)
    SELECT id, ?, account_id, ?, ? FROM runs WHERE id = ? AND result IS NULL";

/// Enters a request; whether the run was still there to send anything.
pub(super) async fn write_request(
    conn: &mut SqliteConnection,
    run: &RunId,
    seq: u32,
    verb: &'static str,
    sent_at: i64,
) -> sqlx::Result<bool> {
    let query = sqlx::query(REQUEST)
        .bind(seq)
        .bind(verb)
        .bind(sent_at)
        .bind(run.key);
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

/// Whether the run was still there to send anything.
async fn write_intent(
    conn: &mut SqliteConnection,
    run: &RunId,
    seq: u32,
    batch: &Batch,
    approved: &BTreeSet<UserId>,
    now: Millis,
) -> sqlx::Result<bool> {
    const USERS: Bulk = Bulk {
        head: "INSERT INTO request_users (run_id, seq, user_id, purpose, name, phone, clear_by, approved, access)",
        n_columns: 9,
        tail: "",
    };
    const OURS: Bulk = Bulk {
        head: "INSERT INTO managed (account_id, user_id, origin, since)",
        n_columns: 4,
        tail: "ON CONFLICT (account_id, user_id) DO NOTHING",
    };
    let items = by_key(&batch.items, |item| &item.id);
    let n_items = items.len();
    let makes_ours = matches!(batch.verb, Verb::Create | Verb::Upsert);
    // One text, as each way to the connection's thread and back costs more than a row; no batch has more than 100 of them.
    let mut text = format!("{REQUEST};\n{}", USERS.text(n_items));
    if makes_ours {
        text = format!("{text};\n{}", OURS.text(n_items));
    }
    let mut query = sqlx::query(AssertSqlSafe(text))
        .persistent(n_items == FULL)
        .bind(seq)
        .bind(verb_word(batch.verb))
        .bind(at(now))
        .bind(run.key);
    for item in &items {
        let Item {
            id,
            name,
            phone,
            grant,
            purpose,
        } = item;
        let sent = (batch.verb != Verb::Delete).then_some((name, phone));
        let clear = sent.and_then(|(_, phone)| match phone {
            PhoneField::Clear(by) => Some(clear_word(*by)),
            PhoneField::Number(_) | PhoneField::None => None,
        });
        query = query
            .bind(run.key)
            .bind(seq)
            .bind(id.to_shared())
            .bind(shared(purpose_word(*purpose)))
            .bind(sent.map(|(name, _)| name.clone()))
            .bind(digits(sent.and_then(|(_, phone)| phone.number())))
            .bind(clear)
            .bind(approved.contains(id))
            .bind(grant.as_ref().map(ToString::to_string));
    }
    for item in items.iter().filter(|_| makes_ours) {
        query = query
            .bind(run.account)
            .bind(item.id.to_shared())
            .bind(shared(Origin::Created.word()))
            .bind(at(now));
    }
    let mut tx = begin(conn).await?;
    match query.execute(&mut *tx).await {
        Ok(_) => tx.commit().await.map(|()| true),
        // No request was entered for the users to belong to.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(false),
        Err(error) => Err(error),
    }
}
