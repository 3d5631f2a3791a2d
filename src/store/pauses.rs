//! What a person has stopped for a while: everything, or removals; of one account, or of all.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::words::known;
use super::{Store, StoreError, account_key, ask_for_plan, at, begin, ensure_account};
use crate::domain::memory::Millis;

/// What is stopped.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Brake {
    /// Everything: no pass is made.
    All,
    /// Removals: passes hold them.
    Removals,
}

impl Brake {
    /// Both.
    pub const BOTH: [Brake; 2] = [Brake::All, Brake::Removals];

    /// The word in reports and in the store.
    pub fn word(self) -> &'static str {
        match self {
            Brake::All => "all",
            Brake::Removals => "removals",
        }
    }
}

/// What is stopped for an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Paused {
    /// Everything.
    pub all: bool,
    /// Removals.
    pub removals: bool,
}

/// What a person said about one account, or about all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pause {
    /// Which account; `None`: all that have no word of their own.
    pub account: Option<String>,
    /// What.
    pub brake: Brake,
    /// Stopped, or excepted from what is stopped for all.
    pub is_paused: bool,
    /// Since when.
    pub since: Millis,
    /// By whom.
    pub who: String,
}

impl Store {
    /// Stops one account (which is entered if it is new), or all there are and will be.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn pause(
        &self,
        account: Option<&str>,
        brake: Brake,
        who: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_pause(&mut conn, account, brake, who, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Lets one account go on, even if all others stay stopped, or all of them; the next cycle plans.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn resume(
        &self,
        account: Option<&str>,
        brake: Brake,
        who: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_resume(&mut conn, account, brake, who, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// All that people said, that about all accounts first.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let mut conn = self.conn().await;
        let sql = "SELECT a.name, p.* FROM pauses p LEFT JOIN accounts a ON a.id = p.account_id
            ORDER BY p.account_id IS NOT NULL, a.name, p.what";
        let rows = sqlx::query(sql).fetch_all(&mut *conn).await;
        rows.and_then(|rows| rows.iter().map(pause).collect())
            .map_err(|error| self.failed(error))
    }
}

fn pause(row: &SqliteRow) -> sqlx::Result<Pause> {
    let what: &str = row.try_get("what")?;
    let brake = Brake::BOTH.into_iter().find(|it| it.word() == what);
    Ok(Pause {
        account: row.try_get("name")?,
        brake: known("brake", what, brake)?,
        is_paused: row.try_get("is_paused")?,
        since: Millis(row.try_get("since")?),
        who: row.try_get("who")?,
    })
}

const SAY: &str = "INSERT INTO pauses (account_id, what, is_paused, since, who) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (coalesce(account_id, 0), what) DO UPDATE SET is_paused = excluded.is_paused,
        since = CASE WHEN is_paused = excluded.is_paused THEN since ELSE excluded.since END, who = excluded.who";

async fn write_pause(
    conn: &mut SqliteConnection,
    account: Option<&str>,
    brake: Brake,
    who: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    let key = match account {
        Some(name) => Some(ensure_account(&mut tx, name).await?),
        None => {
            // All means all: exceptions made before are over.
            let sql = "DELETE FROM pauses WHERE what = $1 AND account_id IS NOT NULL";
            sqlx::query(sql).bind(brake.word()).execute(&mut *tx).await?;
            None
        }
    };
    let query = sqlx::query(SAY).bind(key).bind(brake.word()).bind(true);
    query.bind(at(now)).bind(who).execute(&mut *tx).await?;
    tx.commit().await
}

async fn write_resume(
    conn: &mut SqliteConnection,
    account: Option<&str>,
    brake: Brake,
    who: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    match account {
        None => {
            let sql = "DELETE FROM pauses WHERE what = $1";
            sqlx::query(sql).bind(brake.word()).execute(&mut *tx).await?;
            let sql = "UPDATE accounts SET digest = NULL, revision = revision + 1";
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        Some(name) => {
            let key = ensure_account(&mut tx, name).await?;
            let strangers = pauses_of_strangers(&mut tx).await?;
            let is_exception = match brake {
                Brake::All => strangers.all,
                Brake::Removals => strangers.removals,
            };
            if is_exception {
                let query = sqlx::query(SAY).bind(key).bind(brake.word()).bind(false);
                query.bind(at(now)).bind(who).execute(&mut *tx).await?;
            } else {
                let sql = "DELETE FROM pauses WHERE what = $1 AND account_id = $2";
                let query = sqlx::query(sql).bind(brake.word()).bind(key);
                query.execute(&mut *tx).await?;
            }
            ask_for_plan(&mut tx, key).await?;
        }
    }
    tx.commit().await
}

/// What is stopped for an account that nobody said anything about.
pub(super) async fn pauses_of_strangers(conn: &mut SqliteConnection) -> sqlx::Result<Paused> {
    let sql = "SELECT what FROM pauses WHERE account_id IS NULL AND is_paused";
    let what: Vec<String> = sqlx::query_scalar(sql).fetch_all(conn).await?;
    let has = |brake: Brake| what.iter().any(|it| it == brake.word());
    Ok(Paused {
        all: has(Brake::All),
        removals: has(Brake::Removals),
    })
}

impl Store {
    /// What is stopped for an account.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn paused(&self, account: &str) -> Result<Paused, StoreError> {
        let mut conn = self.conn().await;
        read_paused(&mut conn, account)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_paused(conn: &mut SqliteConnection, account: &str) -> sqlx::Result<Paused> {
    let mut paused = pauses_of_strangers(&mut *conn).await?;
    if let Some(key) = account_key(&mut *conn, account).await? {
        let sql = "SELECT what, is_paused FROM pauses WHERE account_id = $1";
        let own: Vec<(String, bool)> = sqlx::query_as(sql).bind(key).fetch_all(conn).await?;
        for (what, is_paused) in own {
            match what == Brake::All.word() {
                true => paused.all = is_paused,
                false => paused.removals = is_paused,
            }
        }
    }
    Ok(paused)
}
