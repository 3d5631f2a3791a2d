//! Recorded runs, for people: the list, and one in detail.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::outcomes::settled_of_run;
use super::requests::{RequestRecord, requests_of_run};
use super::words::{count, number};
use super::{Store, StoreError};
use crate::domain::access::wish::supervisors;
use crate::domain::memory::Millis;
use crate::domain::outcome::{Change, Op, Outcome, Settled};

/// Requests that a run made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Requests {
    /// Without effect on the platform.
    pub read: u64,
    /// With effect.
    pub write: u64,
}

/// Planned changes, by what they do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// New users.
    pub create: usize,
    /// Other names or phones.
    pub update: usize,
    /// Users that go.
    pub delete: usize,
    /// Phones taken away for a moment.
    pub park: usize,
    /// Users whose roles or flags change.
    pub access: usize,
}

impl Changes {
    /// One more of these. What concerns no single user, such as whether supervisors are notified, has an
    /// outcome, and is no change of a user.
    pub fn add(&mut self, change: &Change) {
        match change.op {
            Op::Access if change.id == supervisors() => {}
            Op::Create => self.create += 1,
            Op::Update => self.update += 1,
            Op::Delete => self.delete += 1,
            Op::Park => self.park += 1,
            Op::Access => self.access += 1,
        }
    }
}

/// How many changes had each outcome, in the order of [`Outcome::ALL`]; parks have none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Outcomes([usize; Outcome::ALL.len()]);

impl Outcomes {
    /// One more of these.
    pub fn add(&mut self, outcome: Outcome) {
        self.0[outcome as usize] += 1;
    }

    /// So many more of these.
    pub fn add_many(&mut self, outcome: Outcome, n: usize) {
        self.0[outcome as usize] += n;
    }

    /// How many there are of these.
    pub fn of(&self, outcome: Outcome) -> usize {
        self.0[outcome as usize]
    }
}

/// One recorded run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunSummary {
    /// Its id.
    pub run: String,
    /// Whose.
    pub account: String,
    /// When it began.
    pub started_at: Millis,
    /// When it was closed; `None`: under way, or killed.
    pub ended_at: Option<Millis>,
    /// `in_sync`, `partial`, `held`, `busy`, `failed`; `interrupted` if a later run found it unclosed.
    pub result: Option<String>,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// Code and message, if the account failed.
    pub error: Option<RunError>,
    /// Rows of the source, if they were read to the end.
    pub rows: Option<u64>,
    /// Requests made.
    pub requests: Requests,
    /// Changes planned.
    pub changes: Changes,
    /// What became of them.
    pub outcomes: Outcomes,
}

/// Why an account failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunError {
    /// For programs, such as `source_unreachable`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// One recorded run with all that it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunDetail {
    /// The run.
    pub summary: RunSummary,
    /// Its changes, in order of id.
    pub settled: Vec<Settled>,
    /// Its requests, in order.
    pub requests: Vec<RequestRecord>,
}

/// Why a run can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum FindRunError {
    /// No run has that id.
    #[error("there is no run {0:?}")]
    NotFound(String),
    /// Several ids begin so.
    #[error("several runs begin with {0:?}")]
    Ambiguous(String),
    /// The store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// The last runs, the newest first; of one account, or of all.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn runs(&self, limit: usize, account: Option<&str>) -> Result<Vec<RunSummary>, StoreError> {
        let mut conn = self.conn().await;
        read_runs(&mut conn, limit, account)
            .await
            .map_err(|error| self.failed(error))
    }

    /// One run with its changes and requests, by its id or the beginning of it.
    ///
    /// # Errors
    /// [`FindRunError::NotFound`], [`FindRunError::Ambiguous`], and any [`StoreError`] of a read.
    pub async fn run(&self, id: &str) -> Result<RunDetail, FindRunError> {
        let mut conn = self.conn().await;
        let failed = |error| self.failed(error);
        let mut found = find_runs(&mut conn, id).await.map_err(failed)?.into_iter();
        let (key, summary) = match (found.next(), found.next()) {
            (None, _) => return Err(FindRunError::NotFound(id.to_owned())),
            (Some(it), None) => it,
            (Some(_), Some(_)) => return Err(FindRunError::Ambiguous(id.to_owned())),
        };
        Ok(RunDetail {
            summary,
            settled: settled_of_run(&mut conn, key).await.map_err(failed)?,
            requests: requests_of_run(&mut conn, key).await.map_err(failed)?,
        })
    }
}

async fn read_runs(
    conn: &mut SqliteConnection,
    limit: usize,
    account: Option<&str>,
) -> sqlx::Result<Vec<RunSummary>> {
    const ALL: &str = "SELECT a.name AS account, r.* FROM runs r JOIN accounts a ON a.id = r.account_id
        ORDER BY r.id DESC LIMIT $1";
    const OF_ONE: &str = "SELECT a.name AS account, r.* FROM runs r JOIN accounts a ON a.id = r.account_id
        WHERE a.name = $2 ORDER BY r.id DESC LIMIT $1";
    let query = match account {
        Some(name) => sqlx::query(OF_ONE).bind(number(limit)).bind(name),
        None => sqlx::query(ALL).bind(number(limit)),
    };
    query.fetch_all(conn).await?.iter().map(run_summary).collect()
}

/// The first two runs whose ids begin so: a second one is enough to know that there are several.
async fn find_runs(conn: &mut SqliteConnection, beginning: &str) -> sqlx::Result<Vec<(i64, RunSummary)>> {
    // Ids are hexadecimal digits and dashes: what lies between the text and the text with a letter after
    // them begins with the text. A range uses the index, and has no wildcards to escape.
    let sql = "SELECT a.name AS account, r.* FROM runs r JOIN accounts a ON a.id = r.account_id
        WHERE r.run >= $1 AND r.run < $1 || 'g' LIMIT 2";
    let rows = sqlx::query(sql)
        .bind(beginning.to_lowercase())
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id")?, run_summary(row)?)))
        .collect()
}

/// The summary in a row of `runs`, beside which `account` is the account's name.
pub(super) fn run_summary(row: &SqliteRow) -> sqlx::Result<RunSummary> {
    let size = |column: &str| count::<usize>(column, row.try_get(column)?);
    let total = |column: &str| count::<u64>(column, row.try_get(column)?);
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    let rows: Option<i64> = row.try_get("n_rows")?;
    let mut outcomes = Outcomes::default();
    for (outcome, column) in Outcome::ALL.into_iter().zip(OUTCOME_COLUMNS) {
        outcomes.0[outcome as usize] = size(column)?;
    }
    Ok(RunSummary {
        run: row.try_get("run")?,
        account: row.try_get("account")?,
        started_at: Millis(row.try_get("started_at")?),
        ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(Millis),
        result: row.try_get("result")?,
        exit_code: row.try_get("exit_code")?,
        error: code.map(|code| RunError {
            code,
            message: message.unwrap_or_default(),
        }),
        rows: rows.map(|it| count("rows", it)).transpose()?,
        requests: Requests {
            read: total("requests_read")?,
            write: total("requests_write")?,
        },
        changes: Changes {
            create: size("n_create")?,
            update: size("n_update")?,
            delete: size("n_delete")?,
            park: size("n_park")?,
            access: size("n_access")?,
        },
        outcomes,
    })
}

/// In the order of [`Outcome::ALL`].
const OUTCOME_COLUMNS: [&str; Outcome::ALL.len()] = [
    "n_applied",
    "n_rejected",
    "n_conflict",
    "n_deferred",
    "n_held",
    "n_unknown",
];
