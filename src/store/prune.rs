//! Forgetting history, in steps small enough that nobody waits.

use sqlx::sqlite::SqliteConnection;

use super::words::{count, number};
use super::{Store, StoreError, at, begin};
use crate::domain::memory::Millis;

/// Pages given back to the file system in one step: 4 MiB.
const MAX_PAGES: &str = "PRAGMA incremental_vacuum(1024)";

impl Store {
    /// Takes away runs that ended before that instant, the oldest first, with their requests and outcomes,
    /// and holds and decisions that are long over; gives the number of rows. Stops after the run that makes
    /// it `max_rows`, so whoever wants all of it calls until the answer is 0.
    ///
    /// The last run of an account stays, and so do the runs with open intents. Open outcomes, findings and
    /// open holds are no history. Removals older than that instant no longer count against the limit per day.
    ///
    /// # Errors
    /// Any [`StoreError`]; then the step has done nothing.
    pub async fn prune(&self, before: Millis, max_rows: usize) -> Result<usize, StoreError> {
        let mut conn = self.conn().await;
        prune_step(&mut conn, before, max_rows)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn prune_step(conn: &mut SqliteConnection, before: Millis, max_rows: usize) -> sqlx::Result<usize> {
    let mut tx = begin(conn).await?;
    let mut n_rows = 0;
    // By key, which is the order of beginning: the scan begins at the oldest run and ends early.
    let sql = "SELECT r.id FROM runs r
        WHERE r.ended_at < $1 AND r.settled = 1
            AND r.id <> (SELECT max(id) FROM runs WHERE account_id = r.account_id)
        ORDER BY r.id LIMIT $2";
    let query = sqlx::query_scalar(sql).bind(at(before)).bind(number(max_rows));
    let runs: Vec<i64> = query.fetch_all(&mut *tx).await?;
    for run in runs {
        if n_rows >= max_rows {
            break;
        }
        let sql = "SELECT 1 + (SELECT count(*) FROM outcomes WHERE run_id = $1)
            + (SELECT count(*) FROM requests WHERE run_id = $1)
            + (SELECT count(*) FROM request_users WHERE run_id = $1)";
        let n_of_run: i64 = sqlx::query_scalar(sql).bind(run).fetch_one(&mut *tx).await?;
        // Its requests and outcomes go with it.
        sqlx::query("DELETE FROM runs WHERE id = $1")
            .bind(run)
            .execute(&mut *tx)
            .await?;
        n_rows += count::<usize>("rows", n_of_run)?;
    }
    if n_rows < max_rows {
        n_rows += prune_people(&mut tx, before, max_rows - n_rows).await?;
    }
    tx.commit().await?;
    if n_rows > 0 {
        sqlx::query(MAX_PAGES).execute(conn).await?;
    }
    Ok(n_rows)
}

/// Holds that nobody waits for any more, and approvals that have run out.
async fn prune_people(conn: &mut SqliteConnection, before: Millis, max_rows: usize) -> sqlx::Result<usize> {
    let sql = "DELETE FROM holds WHERE key IN (SELECT key FROM holds
        WHERE status <> 'open' AND max(seen_at, coalesce(decided_at, 0)) < $1 LIMIT $2)";
    let holds = sqlx::query(sql)
        .bind(at(before))
        .bind(number(max_rows))
        .execute(&mut *conn)
        .await?;
    let sql = "DELETE FROM decisions WHERE until < $1";
    let decisions = sqlx::query(sql).bind(at(before)).execute(conn).await?;
    Ok(usize::try_from(holds.rows_affected() + decisions.rows_affected()).unwrap_or(usize::MAX))
}
