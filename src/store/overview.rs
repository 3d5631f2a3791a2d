//! One account in numbers, for metrics and for the status of the service.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnection;

use super::words::{count, known};
use super::{AccountState, Store, StoreError, account_key};
use crate::domain::finding::FindingKind;
use crate::domain::memory::{Millis, Reason};
use crate::domain::outcome::{Op, Outcome};

/// One account in numbers. Holds no personal data.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overview {
    /// What every cycle asks.
    pub state: AccountState,
    /// Changes that are open.
    pub open: BTreeMap<(Op, Outcome), usize>,
    /// Since when the oldest of them is open.
    pub oldest_open: Option<Millis>,
    /// The same of removals.
    pub oldest_removal: Option<Millis>,
    /// What waits for a person.
    pub holds: BTreeMap<Reason, usize>,
    /// What the owner of the CRM should mend.
    pub findings: BTreeMap<FindingKind, usize>,
    /// Users of ours that the platform showed.
    pub n_seen: usize,
}

impl Store {
    /// One account in numbers; an account that the store doesn't know has none.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn overview(&self, account: &str) -> Result<Overview, StoreError> {
        let state = self.account(account).await?;
        let mut conn = self.conn().await;
        read_overview(&mut conn, account, state)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_overview(
    conn: &mut SqliteConnection,
    account: &str,
    state: AccountState,
) -> sqlx::Result<Overview> {
    let mut overview = Overview {
        state,
        ..Overview::default()
    };
    let Some(key) = account_key(&mut *conn, account).await? else {
        return Ok(overview);
    };
    if overview.state.n_open > 0 {
        let sql =
            "SELECT op, outcome, count(*), min(since) FROM open_outcomes WHERE account_id = $1 GROUP BY 1, 2";
        let rows: Vec<(String, String, i64, i64)> =
            sqlx::query_as(sql).bind(key).fetch_all(&mut *conn).await?;
        for (op, outcome, n, since) in rows {
            let op = known("op", &op, Op::from_word(&op))?;
            let outcome = known("outcome", &outcome, Outcome::from_word(&outcome))?;
            overview.open.insert((op, outcome), count("changes", n)?);
            let since = Some(Millis(since));
            overview.oldest_open = earlier(overview.oldest_open, since);
            if op == Op::Delete {
                overview.oldest_removal = earlier(overview.oldest_removal, since);
            }
        }
    }
    if overview.state.n_holds > 0 {
        let sql = "SELECT reason, count(*) FROM holds WHERE account_id = $1 AND status = 'open' GROUP BY 1";
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(key).fetch_all(&mut *conn).await?;
        for (reason, n) in rows {
            let reason = known("reason", &reason, Reason::from_word(&reason))?;
            overview.holds.insert(reason, count("holds", n)?);
        }
    }
    if overview.state.n_findings > 0 {
        let sql = "SELECT kind, count(*) FROM findings WHERE account_id = $1 GROUP BY 1";
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(key).fetch_all(&mut *conn).await?;
        for (kind, n) in rows {
            let kind = known("finding", &kind, FindingKind::from_word(&kind))?;
            overview.findings.insert(kind, count("findings", n)?);
        }
    }
    let sql = "SELECT count(*) FROM snapshot WHERE account_id = $1 AND name IS NOT NULL";
    let n_seen: i64 = sqlx::query_scalar(sql).bind(key).fetch_one(&mut *conn).await?;
    overview.n_seen = count("users", n_seen)?;
    Ok(overview)
}

fn earlier(one: Option<Millis>, other: Option<Millis>) -> Option<Millis> {
    one.into_iter().chain(other).min()
}
