//! What the service asks and remembers: how all accounts stand, their back-offs, and who was told what.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::pauses::{Paused, pauses_of_strangers};
use super::words::count;
use super::{Store, StoreError, account_key, begin, ensure_account, file, write};
use crate::domain::memory::Millis;

/// How an account stands, in what matters before a pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// What a person stopped.
    pub paused: Paused,
    /// Changes whenever there is something new to know of the account: a run, a decision, a claim.
    pub stamp: (u64, i64),
    /// When a pass came to its end last, whoever made it.
    pub good_at: Option<Millis>,
    /// How long it has been failing.
    pub back_off: BackOff,
}

/// How long an account has been failing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BackOff {
    /// Passes that failed, one after the other.
    pub failures: u32,
    /// The last of them because the credential was refused.
    pub is_refused: bool,
}

/// How all accounts of the store stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standings {
    /// By name.
    pub by_name: BTreeMap<String, Standing>,
    /// What is stopped for accounts that the store doesn't know.
    pub strangers: Paused,
}

impl Standings {
    /// What a person stopped of that account.
    pub fn paused(&self, account: &str) -> Paused {
        self.by_name.get(account).map_or(self.strangers, |it| it.paused)
    }
}

/// What a channel was told about an account last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The account.
    pub account: String,
    /// The word of the channel.
    pub channel: String,
    /// The word of the event.
    pub event: String,
}

impl Store {
    /// How all accounts stand.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn standings(&self) -> Result<Standings, StoreError> {
        let mut conn = self.conn().await;
        read_standings(&mut conn)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Remembers how long an account has been failing.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn set_back_off(&self, account: &str, back_off: BackOff) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_back_off(&mut conn, account, back_off)
            .await
            .map_err(|error| self.failed(error))
    }

    /// What was told, about accounts that there are.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn told(&self) -> Result<Vec<Told>, StoreError> {
        let mut conn = self.conn().await;
        let sql = "SELECT a.name, t.channel, t.event FROM told t JOIN accounts a ON a.id = t.account_id ORDER BY 1, 2";
        let rows: sqlx::Result<Vec<(String, String, String)>> =
            sqlx::query_as(sql).fetch_all(&mut *conn).await;
        let told = |(account, channel, event)| Told {
            account,
            channel,
            event,
        };
        Ok(rows
            .map_err(|error| self.failed(error))?
            .into_iter()
            .map(told)
            .collect())
    }

    /// Remembers that something was told. Of an account that the store doesn't know nothing is remembered.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn set_told(&self, told: &Told) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_told(&mut conn, told)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Asks whether the database answers and is still the file at its path.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read; [`StoreError::Io`] if another file, or none, is at the path.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.check_place()?;
        let mut conn = self.conn().await;
        let answer = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM meta")
            .fetch_one(&mut *conn)
            .await;
        answer.map(drop).map_err(|error| self.failed(error))
    }

    /// Asks whether the database can be written, by a transaction that changes nothing. One that can only be read is
    /// no store: on a disk that is full or read-only, or over a connection that an error has left in disorder.
    ///
    /// # Errors
    /// Any [`StoreError`].
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_nothing(&mut conn).await.map_err(|error| self.failed(error))
    }

    /// Whether the file is still at its path. Asks the file system alone.
    ///
    /// # Errors
    /// [`StoreError::Io`] if another file, or none, is at the path.
    pub fn check_place(&self) -> Result<(), StoreError> {
        file::check_identity(&self.path, self.identity)
    }

    /// Differs after anybody has written, here or in another process. Asks the file system alone.
    pub fn watermark(&self) -> u128 {
        file::watermark(&self.path)
    }

    /// Bytes of the database and its journal.
    pub fn bytes(&self) -> u64 {
        file::bytes(&self.path)
    }
}

async fn read_standings(conn: &mut SqliteConnection) -> sqlx::Result<Standings> {
    let sql = "
        SELECT a.name, a.revision, a.quiet_at, coalesce(r.id, 0) AS run_key, r.result, r.ended_at,
            p.is_paused AS all_paused, q.is_paused AS removals_paused, b.failures, b.is_refused
        FROM accounts a
        LEFT JOIN runs r ON r.id = (SELECT max(id) FROM runs WHERE account_id = a.id AND result IS NOT NULL)
        LEFT JOIN pauses p ON p.account_id = a.id AND p.what = 'all'
        LEFT JOIN pauses q ON q.account_id = a.id AND q.what = 'removals'
        LEFT JOIN back_offs b ON b.account_id = a.id";
    let strangers = pauses_of_strangers(&mut *conn).await?;
    let rows = sqlx::query(sql).fetch_all(conn).await?;
    let named = |row: &SqliteRow| Ok((row.try_get("name")?, standing(row, strangers)?));
    Ok(Standings {
        by_name: rows.iter().map(named).collect::<sqlx::Result<_>>()?,
        strangers,
    })
}

fn standing(row: &SqliteRow, strangers: Paused) -> sqlx::Result<Standing> {
    let all: Option<bool> = row.try_get("all_paused")?;
    let removals: Option<bool> = row.try_get("removals_paused")?;
    let result: Option<String> = row.try_get("result")?;
    let ended_at: Option<i64> = row.try_get("ended_at")?;
    let quiet_at: Option<i64> = row.try_get("quiet_at")?;
    let is_good = matches!(result.as_deref(), Some("in_sync" | "partial" | "held"));
    let failures: Option<i64> = row.try_get("failures")?;
    let is_refused: Option<bool> = row.try_get("is_refused")?;
    Ok(Standing {
        paused: Paused {
            all: all.unwrap_or(strangers.all),
            removals: removals.unwrap_or(strangers.removals),
        },
        stamp: (
            count("revision", row.try_get("revision")?)?,
            row.try_get("run_key")?,
        ),
        good_at: quiet_at.max(ended_at.filter(|_| is_good)).map(Millis),
        back_off: BackOff {
            failures: count("failures", failures.unwrap_or_default())?,
            is_refused: is_refused.unwrap_or_default(),
        },
    })
}

async fn write_nothing(conn: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    // A number that is there for programs, and that we leave as it is. Of all that changes nothing this alone is
    // written: the same values in a row are compared, and then nothing is.
    sqlx::query("PRAGMA user_version = 0").execute(&mut *tx).await?;
    tx.commit().await
}

async fn write_back_off(conn: &mut SqliteConnection, account: &str, back_off: BackOff) -> sqlx::Result<()> {
    let mut tx = begin(conn).await?;
    let key = ensure_account(&mut tx, account).await?;
    let sql = "INSERT INTO back_offs (account_id, failures, is_refused) VALUES ($1, $2, $3)
        ON CONFLICT (account_id) DO UPDATE SET failures = excluded.failures, is_refused = excluded.is_refused";
    sqlx::query(sql)
        .bind(key)
        .bind(back_off.failures)
        .bind(back_off.is_refused)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}

async fn write_told(conn: &mut SqliteConnection, told: &Told) -> sqlx::Result<()> {
    let Told {
        account,
        channel,
        event,
    } = told;
    let Some(key) = account_key(&mut *conn, account).await? else {
        return Ok(());
    };
    let sql = "INSERT INTO told (account_id, channel, event) VALUES ($1, $2, $3)
        ON CONFLICT (account_id, channel) DO UPDATE SET event = excluded.event";
    let query = sqlx::query(sql).bind(key).bind(channel).bind(event);
    write(conn, query).await.map(drop)
}
