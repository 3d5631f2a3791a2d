//! What people said about holds.
//!
//! Deciding a hold writes one decision for each of its users. Decisions live on when their hold is gone, and
//! one about the same user and subject takes the place of an earlier one.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::bulk::Bulk;
use super::holds::{HoldStatus, StoredHold, read_hold};
use super::words::{known, mark, mark_text};
use super::{Store, StoreError, ask_for_plan, at, begin};
use crate::domain::memory::{Decision, HeldUser, Hold, Millis, Subject, Verdict};
use crate::domain::user::UserId;

/// How long an approval lets changes pass.
const APPROVED_FOR: i64 = Millis::DAY;

/// The fewest letters by which a hold is found.
const MIN_BEGINNING: usize = 4;

/// What a person can say about a hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Its users may pass, for 24 hours.
    Approve,
    /// Its users stay as they are until their rows change.
    Reject,
}

/// Why a hold can't be decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// No hold has that id.
    #[error("there is no hold {0:?}")]
    NotFound(String),
    /// Several ids begin so.
    #[error("several holds begin with {0:?}")]
    Ambiguous(String),
    /// That was said before, or there is nothing left to decide.
    #[error("hold {} is {} already", .0.id, .0.status.word())]
    AlreadyDecided(Box<StoredHold>),
    /// The store can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Writes down what a person says about a hold, by its id or the beginning of it. One decision for each
    /// of its users takes the place of any earlier one about that user and subject; minds may be changed.
    /// The next cycle plans.
    ///
    /// # Errors
    /// [`DecideError::NotFound`], [`DecideError::Ambiguous`]; [`DecideError::AlreadyDecided`] if just that
    /// was said and still holds, or if the hold is gone; and any [`StoreError`].
    pub async fn decide(
        &self,
        id: &str,
        answer: Answer,
        who: &str,
        why: Option<&str>,
        now: Millis,
    ) -> Result<StoredHold, DecideError> {
        let mut conn = self.conn().await;
        let failed = |error| self.failed(error);
        let mut tx = begin(&mut conn).await.map_err(failed)?;
        let mut matches = find_holds(&mut tx, id).await.map_err(failed)?.into_iter();
        let key = match (matches.next(), matches.next()) {
            (Some((exact, key)), _) if exact == id => key,
            (None, _) => return Err(DecideError::NotFound(id.to_owned())),
            (Some((_, key)), None) => key,
            (Some(_), Some(_)) => return Err(DecideError::Ambiguous(id.to_owned())),
        };
        let (account, hold) = read_hold(&mut tx, key).await.map_err(failed)?;
        if is_decided(&hold, answer, now) {
            return Err(DecideError::AlreadyDecided(Box::new(hold)));
        }
        write_answer(&mut tx, key, answer, who, why, now)
            .await
            .map_err(failed)?;
        write_decisions(&mut tx, account, &hold.hold, answer, now)
            .await
            .map_err(failed)?;
        ask_for_plan(&mut tx, account).await.map_err(failed)?;
        let (_, decided) = read_hold(&mut tx, key).await.map_err(failed)?;
        tx.commit().await.map_err(failed)?;
        Ok(decided)
    }

    /// The decisions about users of an account that are in force, in order of user. Approvals that have run
    /// out are left out.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn decisions(&self, account: &str, now: Millis) -> Result<Vec<Decision>, StoreError> {
        let mut conn = self.conn().await;
        let sql = "SELECT d.user_id, d.subject, d.until, d.row_mark
            FROM decisions d JOIN accounts a ON a.id = d.account_id
            WHERE a.name = $1 AND (d.until IS NULL OR d.until > $2)";
        let rows = sqlx::query(sql)
            .bind(account)
            .bind(at(now))
            .fetch_all(&mut *conn)
            .await;
        rows.and_then(|rows| decisions(&rows))
            .map_err(|error| self.failed(error))
    }
}

/// Whether that was said before and still holds, or nothing can be said any more.
fn is_decided(hold: &StoredHold, answer: Answer, now: Millis) -> bool {
    match (hold.status, answer) {
        (HoldStatus::Gone, _) | (HoldStatus::Rejected, Answer::Reject) => true,
        (HoldStatus::Approved, Answer::Approve) => hold
            .decided_at
            .is_some_and(|decided_at| now < decided_at.plus(APPROVED_FOR)),
        _ => false,
    }
}

/// Ids that begin so with their keys, two at most; an exact one comes first.
async fn find_holds(conn: &mut SqliteConnection, beginning: &str) -> sqlx::Result<Vec<(String, i64)>> {
    // Two letters may be a slip, and the only hold that begins so need not be the one that was meant.
    if beginning.len() < MIN_BEGINNING {
        return Ok(Vec::new());
    }
    // Ids are lower-case hexadecimal digits, all of which sort before `g`.
    let sql = "SELECT id, key FROM holds WHERE id >= $1 AND id < $1 || 'g' ORDER BY id LIMIT 2";
    sqlx::query_as(sql).bind(beginning).fetch_all(conn).await
}

/// Writes into the hold what was said.
async fn write_answer(
    conn: &mut SqliteConnection,
    key: i64,
    answer: Answer,
    who: &str,
    why: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    let status = match answer {
        Answer::Approve => HoldStatus::Approved,
        Answer::Reject => HoldStatus::Rejected,
    };
    let sql = "UPDATE holds SET status = $2, decided_at = $3, decided_by = $4, why = $5 WHERE key = $1";
    let query = sqlx::query(sql)
        .bind(key)
        .bind(status.word())
        .bind(at(now))
        .bind(who)
        .bind(why);
    query.execute(conn).await.map(drop)
}

/// Writes a decision for each user of the hold.
async fn write_decisions(
    conn: &mut SqliteConnection,
    account: i64,
    hold: &Hold,
    answer: Answer,
    now: Millis,
) -> sqlx::Result<()> {
    const DECISIONS: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO decisions (account_id, user_id, subject, until, row_mark)",
        n_columns: 5,
        tail: "",
    };
    DECISIONS
        .run(conn, &hold.users, |query, HeldUser { id, row }| {
            let (until, row) = match answer {
                Answer::Approve => (Some(at(now.plus(APPROVED_FOR))), None),
                Answer::Reject => (None, mark_text(*row)),
            };
            query
                .bind(account)
                .bind(id.to_shared())
                .bind(hold.reason.subject().word())
                .bind(until)
                .bind(row)
        })
        .await
        .map(drop)
}

fn decisions(rows: &[SqliteRow]) -> sqlx::Result<Vec<Decision>> {
    let decision = |row: &SqliteRow| {
        let subject: &str = row.try_get(1)?;
        let until: Option<i64> = row.try_get(2)?;
        let verdict = match until {
            Some(until) => Verdict::Approved { until: Millis(until) },
            None => Verdict::Rejected {
                row: mark(row.try_get(3)?)?,
            },
        };
        Ok(Decision {
            user: UserId::new(row.try_get::<&str, _>(0)?),
            subject: known("subject", subject, Subject::from_word(subject))?,
            verdict,
        })
    };
    let mut all: Vec<Decision> = rows.iter().map(decision).collect::<sqlx::Result<_>>()?;
    all.sort_by(|left, right| (&left.user, left.subject).cmp(&(&right.user, right.subject)));
    Ok(all)
}
