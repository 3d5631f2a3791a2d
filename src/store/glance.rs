//! What a page shows of many accounts at once: a little of everything, and how much there is of it.
//!
//! Every list has a limit, so that a look takes the store away from the service for some milliseconds only, however
//! large the fleet and however bad its day.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::runs::run_summary;
use super::words::{count, known, number};
use super::{RunSummary, Store, StoreError};
use crate::domain::finding::FindingKind;
use crate::domain::memory::{Millis, Reason};
use crate::domain::outcome::{Op, Outcome};

/// How much is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Runs.
    pub runs: usize,
    /// Holds.
    pub holds: usize,
    /// Users of each hold.
    pub held_users: usize,
    /// Open changes.
    pub open: usize,
    /// Findings.
    pub findings: usize,
}

/// A little of everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Glance {
    /// The last recorded runs, the newest first.
    pub runs: Vec<RunSummary>,
    /// What waits for a person, the oldest first.
    pub holds: Part<HoldGlance>,
    /// Changes that are open and wait for nobody's decision: conflicts first, then the oldest.
    pub open: Part<OpenGlance>,
    /// What the owners of the CRMs should mend, by account, in the order of the reports.
    pub findings: Part<FindingGlance>,
}

/// The beginning of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part<T> {
    /// The first of them.
    pub shown: Vec<T>,
    /// How many there are.
    pub n_all: usize,
}

impl<T> Part<T> {
    /// How many are not shown.
    pub fn n_more(&self) -> usize {
        self.n_all.saturating_sub(self.shown.len())
    }
}

impl<T> Default for Part<T> {
    fn default() -> Part<T> {
        Part {
            shown: Vec::new(),
            n_all: 0,
        }
    }
}

/// A user by id, and by the last name that the store knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// The id.
    pub id: String,
    /// On the platform as last read, or as it was to be sent.
    pub name: Option<String>,
}

/// A hold that waits for a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HoldGlance {
    /// What a person types.
    pub id: String,
    /// Whose.
    pub account: String,
    /// Why.
    pub reason: Reason,
    /// For people.
    pub detail: String,
    /// Since when.
    pub since: Millis,
    /// Who.
    pub users: Part<Who>,
}

/// A change that is not applied yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenGlance {
    /// Whose.
    pub account: String,
    /// Whom it is about.
    pub user: Who,
    /// What it would do.
    pub op: Op,
    /// Why it is open.
    pub outcome: Outcome,
    /// The cause, for programs.
    pub code: Option<String>,
    /// The cause, for people.
    pub detail: Option<String>,
    /// Who has what the change needs, if that is known.
    pub other: Option<Who>,
    /// Since when.
    pub since: Millis,
    /// Runs that ended so, one after the other.
    pub tries: u32,
}

/// A finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FindingGlance {
    /// Whose.
    pub account: String,
    /// Whom it is about; the id is empty if the row has none.
    pub user: Who,
    /// What is wrong.
    pub kind: FindingKind,
    /// For people.
    pub detail: String,
}

/// The name of a user: as the platform showed it; else, for one who is not there yet, as a recent run would have sent
/// it. The history is long, so only its end is looked through.
macro_rules! name_of {
    ($account:literal, $user:literal) => {
        concat!(
            "coalesce(
                (SELECT s.name FROM snapshot s WHERE s.account_id = ",
            $account,
            " AND s.user_id = ",
            $user,
            "),
                (SELECT f.name FROM foreign_users f WHERE f.account_id = ",
            $account,
            " AND f.user_id = ",
            $user,
            "),
                (SELECT o.new_name FROM outcomes o WHERE o.user_id = ",
            $user,
            " AND o.new_name IS NOT NULL AND o.run_id IN
                    (SELECT r.id FROM runs r WHERE r.account_id = ",
            $account,
            " ORDER BY r.id DESC LIMIT 50)
                    ORDER BY o.run_id DESC LIMIT 1)) AS user_name"
        )
    };
}

impl Store {
    /// A little of everything about these accounts; of others nothing is said.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn glance(&self, accounts: &[&str], limits: Limits) -> Result<Glance, StoreError> {
        // One text for a list of any length.
        let accounts = serde_json::Value::from(accounts.to_vec()).to_string();
        let mut conn = self.conn().await;
        read_glance(&mut conn, &accounts, limits)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_glance(conn: &mut SqliteConnection, accounts: &str, limits: Limits) -> sqlx::Result<Glance> {
    Ok(Glance {
        runs: read_runs(conn, accounts, limits.runs).await?,
        holds: read_holds(conn, accounts, limits).await?,
        open: read_open(conn, accounts, limits.open).await?,
        findings: read_findings(conn, accounts, limits.findings).await?,
    })
}

async fn read_runs(
    conn: &mut SqliteConnection,
    accounts: &str,
    limit: usize,
) -> sqlx::Result<Vec<RunSummary>> {
    let sql = "SELECT a.name AS account, r.* FROM runs r JOIN accounts a ON a.id = r.account_id
        WHERE a.name IN (SELECT value FROM json_each($1)) ORDER BY r.id DESC LIMIT $2";
    let query = sqlx::query(sql).bind(accounts).bind(number(limit));
    query.fetch_all(conn).await?.iter().map(run_summary).collect()
}

async fn read_holds(
    conn: &mut SqliteConnection,
    accounts: &str,
    limits: Limits,
) -> sqlx::Result<Part<HoldGlance>> {
    let sql = "SELECT h.*, a.name AS account, count(*) OVER () AS n_all,
            (SELECT count(*) FROM hold_users u WHERE u.hold_key = h.key) AS n_users
        FROM holds h JOIN accounts a ON a.id = h.account_id
        WHERE h.status = 'open' AND a.name IN (SELECT value FROM json_each($1))
        ORDER BY h.since, h.key LIMIT $2";
    let query = sqlx::query(sql).bind(accounts).bind(number(limits.holds));
    let rows = query.fetch_all(&mut *conn).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        let sql = concat!(
            "SELECT u.user_id, ",
            name_of!("h.account_id", "u.user_id"),
            " FROM hold_users u JOIN holds h ON h.key = u.hold_key WHERE u.hold_key = $1
            ORDER BY u.position LIMIT $2"
        );
        let query = sqlx::query(sql)
            .bind(row.try_get::<i64, _>("key")?)
            .bind(number(limits.held_users));
        let users = query.fetch_all(&mut *conn).await?;
        let reason: &str = row.try_get("reason")?;
        shown.push(HoldGlance {
            id: row.try_get("id")?,
            account: row.try_get("account")?,
            reason: known("reason", reason, Reason::from_word(reason))?,
            detail: row.try_get("detail")?,
            since: Millis(row.try_get("since")?),
            users: Part {
                shown: users.iter().map(who).collect::<sqlx::Result<_>>()?,
                n_all: count("users", row.try_get("n_users")?)?,
            },
        });
    }
    part(&rows, shown)
}

async fn read_open(
    conn: &mut SqliteConnection,
    accounts: &str,
    limit: usize,
) -> sqlx::Result<Part<OpenGlance>> {
    let sql = concat!(
        "SELECT c.*, a.name AS account, count(*) OVER () AS n_all, ",
        name_of!("c.account_id", "c.user_id"),
        " FROM open_outcomes c JOIN accounts a ON a.id = c.account_id
        WHERE c.outcome <> 'held' AND a.name IN (SELECT value FROM json_each($1))
        ORDER BY c.outcome <> 'conflict', c.since, a.name, c.user_id, c.op LIMIT $2"
    );
    let query = sqlx::query(sql).bind(accounts).bind(number(limit));
    let rows = query.fetch_all(&mut *conn).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in &rows {
        let (op, outcome): (&str, &str) = (row.try_get("op")?, row.try_get("outcome")?);
        let detail: Option<String> = row.try_get("detail")?;
        let other = match detail.as_deref().and_then(named_user) {
            None => None,
            Some(id) => Some(Who {
                id: id.to_owned(),
                name: read_name(conn, row.try_get("account_id")?, id).await?,
            }),
        };
        shown.push(OpenGlance {
            account: row.try_get("account")?,
            user: who(row)?,
            op: known("op", op, Op::from_word(op))?,
            outcome: known("outcome", outcome, Outcome::from_word(outcome))?,
            code: row.try_get("code")?,
            detail,
            other,
            since: Millis(row.try_get("since")?),
            tries: row.try_get("tries")?,
        });
    }
    part(&rows, shown)
}

async fn read_findings(
    conn: &mut SqliteConnection,
    accounts: &str,
    limit: usize,
) -> sqlx::Result<Part<FindingGlance>> {
    // Counted apart: of a company whose every phone is wrong only the first rows are to be read.
    let sql = "SELECT count(*) FROM findings f JOIN accounts a ON a.id = f.account_id
        WHERE a.name IN (SELECT value FROM json_each($1))";
    let n_all = sqlx::query_scalar(sql)
        .bind(accounts)
        .fetch_one(&mut *conn)
        .await?;
    let sql = concat!(
        "SELECT x.account, x.user_id, x.kind, x.detail, ",
        name_of!("x.account_id", "x.user_id"),
        " FROM (SELECT a.name AS account, g.* FROM findings g JOIN accounts a ON a.id = g.account_id
            WHERE a.name IN (SELECT value FROM json_each($1))
            ORDER BY g.account_id, g.position LIMIT $2) x
        ORDER BY x.account_id, x.position"
    );
    let query = sqlx::query(sql).bind(accounts).bind(number(limit));
    let finding = |row: &SqliteRow| {
        let kind: &str = row.try_get("kind")?;
        Ok(FindingGlance {
            account: row.try_get("account")?,
            user: who(row)?,
            kind: known("finding", kind, FindingKind::from_word(kind))?,
            detail: row.try_get("detail")?,
        })
    };
    let rows = query.fetch_all(conn).await?;
    Ok(Part {
        shown: rows.iter().map(finding).collect::<sqlx::Result<_>>()?,
        n_all: count("findings", n_all)?,
    })
}

async fn read_name(conn: &mut SqliteConnection, account: i64, user: &str) -> sqlx::Result<Option<String>> {
    let sql = concat!("SELECT ", name_of!("$1", "$2"));
    let query = sqlx::query_scalar(sql).bind(account).bind(user);
    query.fetch_one(conn).await
}

fn who(row: &SqliteRow) -> sqlx::Result<Who> {
    Ok(Who {
        id: row.try_get("user_id")?,
        name: row.try_get("user_name")?,
    })
}

/// The rows with the number that each of them tells.
fn part<T>(rows: &[SqliteRow], shown: Vec<T>) -> sqlx::Result<Part<T>> {
    let n_all = match rows.first() {
        None => 0,
        Some(row) => count("rows", row.try_get("n_all")?)?,
    };
    Ok(Part { shown, n_all })
}

/// The other user of whom a detail speaks: our own ones write `user "ID"`.
fn named_user(detail: &str) -> Option<&str> {
    let (_, rest) = detail.split_once("user \"")?;
    let (id, _) = rest.split_once('"')?;
    (!id.is_empty()).then_some(id)
}
