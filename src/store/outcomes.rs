//! What became of changes: the history by run, and the open ones by account.

use foldhash::HashMap;
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::bulk::{Bulk, by_key};
use super::close::OpenScope;
use super::journal::RunId;
use super::words::{access, digits, known, number, shared, user};
use super::{Store, StoreError, at};
use crate::domain::memory::Millis;
use crate::domain::outcome::{Change, Op, Outcome, Settled};
use crate::domain::user::{User, UserId};

/// A change that is not applied yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenOutcome {
    /// Whose.
    pub user: UserId,
    /// What it would do.
    pub op: Op,
    /// Why it is open.
    pub outcome: Outcome,
    /// The cause, for programs.
    pub code: Option<String>,
    /// The cause, for people.
    pub detail: Option<String>,
    /// Since when the change is open, whatever its outcomes were.
    pub since: Millis,
    /// Runs that ended in this outcome, one after the other.
    pub tries: u32,
    /// The last of them.
    pub last_tried: Millis,
}

/// What became of a change in one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PastOutcome {
    /// The run's id.
    pub run: String,
    /// When it ended; `None`: it has not, or was killed.
    pub ended_at: Option<Millis>,
    /// The change with its outcome.
    pub settled: Settled,
}

impl Store {
    /// What the last runs did to one user, the newest first; within a run by kind.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn history_of(
        &self,
        account: &str,
        user: &UserId,
        limit: usize,
    ) -> Result<Vec<PastOutcome>, StoreError> {
        let mut conn = self.conn().await;
        let sql = "SELECT o.*, r.run, r.ended_at FROM accounts a JOIN runs r ON r.account_id = a.id
            JOIN outcomes o ON o.run_id = r.id AND o.user_id = $2
            WHERE a.name = $1 ORDER BY r.id DESC, o.op LIMIT $3";
        let query = sqlx::query(sql)
            .bind(account)
            .bind(user.as_str())
            .bind(number(limit));
        let rows = query.fetch_all(&mut *conn).await;
        rows.and_then(|rows| rows.iter().map(past_outcome).collect())
            .map_err(|error| self.failed(error))
    }

    /// The open outcomes of an account, in order of id.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn open_outcomes(&self, account: &str) -> Result<Vec<OpenOutcome>, StoreError> {
        let mut conn = self.conn().await;
        let sql = "SELECT o.* FROM open_outcomes o JOIN accounts a ON a.id = o.account_id WHERE a.name = $1";
        let rows = sqlx::query(sql).bind(account).fetch_all(&mut *conn).await;
        rows.and_then(|rows| open_outcomes(&rows))
            .map_err(|error| self.failed(error))
    }
}

fn open_outcomes(rows: &[SqliteRow]) -> sqlx::Result<Vec<OpenOutcome>> {
    let mut all: Vec<OpenOutcome> = rows.iter().map(open_outcome).collect::<sqlx::Result<_>>()?;
    all.sort_by(|left, right| (&left.user, left.op).cmp(&(&right.user, right.op)));
    Ok(all)
}

fn open_outcome(row: &SqliteRow) -> sqlx::Result<OpenOutcome> {
    let (op, outcome): (&str, &str) = (row.try_get("op")?, row.try_get("outcome")?);
    Ok(OpenOutcome {
        user: UserId::new(row.try_get::<&str, _>("user_id")?),
        op: known("op", op, Op::from_word(op))?,
        outcome: known("outcome", outcome, Outcome::from_word(outcome))?,
        code: row.try_get("code")?,
        detail: row.try_get("detail")?,
        since: Millis(row.try_get("since")?),
        tries: row.try_get("tries")?,
        last_tried: Millis(row.try_get("last_tried")?),
    })
}

/// Writes the history of a run. If a change is listed twice, the last word about it counts.
pub(super) async fn write_history(
    conn: &mut SqliteConnection,
    run: &RunId,
    settled: &[Settled],
) -> sqlx::Result<()> {
    const HISTORY: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO outcomes (run_id, user_id, op, outcome, code, detail, attempts, status,
            old_name, old_phone, new_name, new_phone, old_access, new_access)",
        n_columns: 14,
        tail: "",
    };
    HISTORY
        .run(conn, by_key(settled, |it| &it.change.id), |query, it| {
            let Settled {
                change,
                outcome,
                code,
                detail,
                attempts,
                status,
            } = it;
            let Change { id, op, old, new } = change;
            let name = |user: &Option<User>| user.as_ref().map(|it| it.name.clone());
            let phone = |user: &Option<User>| digits(user.as_ref().and_then(|it| it.phone.as_ref()));
            query
                .bind(run.key)
                .bind(id.to_shared())
                .bind(shared(op.word()))
                .bind(shared(outcome.word()))
                .bind(code.clone())
                .bind(detail.clone())
                .bind(*attempts)
                .bind(*status)
                .bind(name(old))
                .bind(phone(old))
                .bind(name(new))
                .bind(phone(new))
                .bind(access(old.as_ref()))
                .bind(access(new.as_ref()))
        })
        .await?;
    Ok(())
}

/// The history of a run, in order of id.
pub(super) async fn settled_of_run(conn: &mut SqliteConnection, run: i64) -> sqlx::Result<Vec<Settled>> {
    let sql = "SELECT * FROM outcomes WHERE run_id = $1";
    let rows = sqlx::query(sql).bind(run).fetch_all(conn).await?;
    let mut all: Vec<Settled> = rows.iter().map(settled).collect::<sqlx::Result<_>>()?;
    all.sort_by(|left, right| (&left.change.id, left.change.op).cmp(&(&right.change.id, right.change.op)));
    Ok(all)
}

fn past_outcome(row: &SqliteRow) -> sqlx::Result<PastOutcome> {
    Ok(PastOutcome {
        run: row.try_get("run")?,
        ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(Millis),
        settled: settled(row)?,
    })
}

fn settled(row: &SqliteRow) -> sqlx::Result<Settled> {
    let (id, op, outcome): (&str, &str, &str) = (
        row.try_get("user_id")?,
        row.try_get("op")?,
        row.try_get("outcome")?,
    );
    Ok(Settled {
        change: Change {
            id: id.into(),
            op: known("op", op, Op::from_word(op))?,
            old: user(
                id,
                row.try_get("old_name")?,
                row.try_get("old_phone")?,
                row.try_get("old_access")?,
            ),
            new: user(
                id,
                row.try_get("new_name")?,
                row.try_get("new_phone")?,
                row.try_get("new_access")?,
            ),
        },
        outcome: known("outcome", outcome, Outcome::from_word(outcome))?,
        code: row.try_get::<Option<&str>, _>("code")?.map(Into::into),
        detail: row.try_get::<Option<&str>, _>("detail")?.map(Into::into),
        attempts: row.try_get("attempts")?,
        status: row.try_get("status")?,
    })
}

/// Opens what is not applied, closes what is, and closes whatever else the scope has that the run did not
/// settle again.
pub(super) async fn write_open(
    conn: &mut SqliteConnection,
    account: i64,
    scope: &OpenScope,
    settled: &[Settled],
    now: Millis,
) -> sqlx::Result<()> {
    const CLOSE: Bulk = Bulk {
        head: "DELETE FROM open_outcomes WHERE (account_id, user_id, op) IN (",
        n_columns: 3,
        tail: ")",
    };
    const OPEN: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO open_outcomes
            (account_id, user_id, op, outcome, code, detail, since, tries, last_tried)",
        n_columns: 9,
        tail: "",
    };
    let rows = sqlx::query("SELECT * FROM open_outcomes WHERE account_id = $1").bind(account);
    let before = open_outcomes(&rows.fetch_all(&mut *conn).await?)?;
    let before: HashMap<(&UserId, Op), &OpenOutcome> =
        before.iter().map(|it| ((&it.user, it.op), it)).collect();
    // A park is listed, and no outcome of anybody.
    let settled: HashMap<(&UserId, Op), &Settled> = settled
        .iter()
        .filter(|it| it.change.op != Op::Park)
        .map(|it| ((&it.change.id, it.change.op), it))
        .collect();

    let closed = before.keys().filter(|key| match settled.get(*key) {
        Some(it) => it.outcome == Outcome::Applied,
        None => scope.has(key.0),
    });
    CLOSE
        .run(conn, closed, |query, (user, op)| {
            query.bind(account).bind(user.to_shared()).bind(shared(op.word()))
        })
        .await?;
    let opened = settled.iter().filter(|(_, it)| it.outcome != Outcome::Applied);
    OPEN.run(conn, opened, |query, (key, it)| {
        let earlier = before.get(key);
        let tries = earlier
            .filter(|old| old.outcome == it.outcome)
            .map_or(0, |old| old.tries);
        query
            .bind(account)
            .bind(key.0.to_shared())
            .bind(shared(key.1.word()))
            .bind(shared(it.outcome.word()))
            .bind(it.code.clone())
            .bind(it.detail.clone())
            .bind(at(earlier.map_or(now, |old| old.since)))
            .bind(tries.saturating_add(1))
            .bind(at(now))
    })
    .await?;
    Ok(())
}
