//! What is remembered between runs, on SQLite.
//!
//! The store keeps accounts, the journal, runs with their outcomes, and what people decided. It decides
//! nothing: what is due, held or done is the business of `domain` and `reconcile`. Each method is one
//! transaction, so a process that is killed leaves either all of it or nothing.
//!
//! Two promises rest here. No request leaves before [`Store::intend`] has returned, so a killed process is
//! found out by its open intents. And the digest that lets a cycle be skipped is stored only by
//! [`Store::close_run`], in the transaction that records every change that is still open.
//!
//! Reading order: [`Store`] (opening), `accounts` (what every cycle asks), `journal`, `close`, then the rest.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Sqlite, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use crate::domain::memory::Millis;

mod access;
mod accounts;
mod backup;
mod bulk;
mod close;
mod decisions;
mod error;
mod facts;
mod file;
mod glance;
mod holds;
mod journal;
mod outcomes;
mod overview;
mod pauses;
mod pins;
mod prune;
mod refusals;
mod requests;
mod runs;
mod schema;
mod seal;
mod service;
mod state;
mod tokens;
mod users;
mod words;

pub use access::{AccessClosing, AccessMemory};
pub use accounts::{AccountState, Binding};
pub use close::{Closing, DigestChange, OpenScope};
pub use decisions::{Answer, DecideError};
pub use error::StoreError;
pub use facts::{ClearFact, Facts};
pub use file::RemoteLock;
pub use glance::{FindingGlance, Glance, HoldGlance, Limits, OpenGlance, Part, Who};
pub use holds::{HoldStatus, OpenHold, StoredHold};
pub use journal::{AnswerRecord, RunId};
pub use outcomes::{OpenOutcome, PastOutcome};
pub use overview::Overview;
pub use pauses::{Brake, Pause, Paused};
pub use refusals::Refused;
pub use requests::{Errand, RequestRecord, RequestUser};
pub use runs::{Changes, FindRunError, Outcomes, Requests, RunDetail, RunError, RunSummary};
pub use schema::{LATEST, migrator};
pub use seal::{TokenKey, WeakKey};
pub use service::{BackOff, Standing, Standings, Told};
pub use state::AccountError;
pub use tokens::{KeptTokens, Tokens, TokensError};
pub use users::ClaimError;

/// How long a writer waits for another one. Transactions take milliseconds; who is longer at it hangs.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the lock of a remote is asked for, and how long in between: a quarter of a second in all, while starting
/// a program takes some milliseconds.
const LOCK_ATTEMPTS: u32 = 26;
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// The store, over one connection. Methods may be called side by side: they take turns.
pub struct Store {
    path: PathBuf,
    salt: String,
    /// Which file it is that was opened.
    identity: Option<file::Identity>,
    conn: Mutex<SqliteConnection>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store to read and write; makes the file, or brings its schema up to date, where needed.
    ///
    /// An existing store costs one connection and one query.
    ///
    /// # Errors
    /// Any [`StoreError`]; of those, [`StoreError::Owner`] and [`StoreError::MissingFolder`] before
    /// anything is touched.
    pub async fn open(path: &Path) -> Result<Store, StoreError> {
        file::check_owner(path, me())?;
        if file::look(path)? == file::Found::Content {
            let (mut conn, version) = connect_and_look(path, options(path)).await?;
            match version {
                Some(it) if it.is_current() => return Ok(Store::new(path, conn, it.salt)),
                Some(it) if it.number > LATEST => {
                    return Err(StoreError::NewerSchema {
                        path: path.to_owned(),
                        found: it.number,
                        known: LATEST,
                    });
                }
                _ => refuse_anothers(path, &mut conn).await?,
            }
        }
        Store::open_and_migrate(path).await
    }

    /// Opens the store as [`Store::open`] does, under the lock that keeps others from migrating meanwhile.
    async fn open_and_migrate(path: &Path) -> Result<Store, StoreError> {
        file::create_locks_folder(path)?;
        let _lock = loop {
            match file::try_lock_migration(path)? {
                Some(lock) => break lock,
                None => tokio::time::sleep(LOCK_PAUSE).await,
            }
        };
        if file::look(path)? != file::Found::Content {
            file::create(path)?;
        }
        let mut conn = connect(path, options(path)).await?;
        refuse_anothers(path, &mut conn).await?;
        schema::migrate(&mut conn)
            .await
            .map_err(|error| StoreError::from_migration(path, error))?;
        let version = schema::version(&mut conn).await;
        match version.map_err(|error| StoreError::from_sqlx(path, error))? {
            Some(it) => Ok(Store::new(path, conn, it.salt)),
            None => Err(StoreError::NotOurs {
                path: path.to_owned(),
            }),
        }
    }

    /// Opens the store to read; `None` if there is none yet. Creates and migrates nothing, and reads a newer
    /// schema as far as its queries work there.
    ///
    /// # Errors
    /// [`StoreError::Owner`] where it is another user's and may not be read; else what SQLite says of it.
    pub async fn open_read_only(path: &Path) -> Result<Option<Store>, StoreError> {
        if file::look(path)? != file::Found::Content {
            return Ok(None);
        }
        let reading = options(path).read_only(true);
        let has_journal = file::has_journal(path);
        let (conn, version) = match connect_and_look(path, reading.clone()).await {
            // A folder that we may not write to has no room for the files that readers share. Without a
            // journal there is no writer, and nothing that could change under our eyes.
            Err(_) if !has_journal => connect_and_look(path, reading.immutable(true)).await,
            other => other,
        }
        // Who owns it says more than that it can't be opened.
        .or_else(|error| file::check_owner(path, me()).and(Err(error)))?;
        Ok(version.map(|it| Store::new(path, conn, it.salt)))
    }

    fn new(path: &Path, conn: SqliteConnection, salt: String) -> Store {
        Store {
            path: path.to_owned(),
            salt,
            identity: file::identity(path),
            conn: Mutex::new(conn),
        }
    }

    /// Closes the connection; the last one to do so empties the journal file into the database.
    ///
    /// # Errors
    /// What SQLite says of that.
    pub async fn close(self) -> Result<(), StoreError> {
        let Store { path, conn, .. } = self;
        conn.into_inner()
            .close()
            .await
            .map_err(|error| StoreError::from_sqlx(&path, error))
    }

    /// Takes the right to run on a remote; `None` if somebody else has it, here or in another process.
    ///
    /// Asked for several times before it is given up: a process that was just started by this one has all
    /// open files, and so the locks of runs that have ended, until it becomes another program.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the lock file can't be had.
    pub async fn lock_remote(&self, remote: &str) -> Result<Option<RemoteLock>, StoreError> {
        file::create_locks_folder(&self.path)?;
        for _ in 1..LOCK_ATTEMPTS {
            if let Some(lock) = file::try_lock_remote(&self.path, remote)? {
                return Ok(Some(lock));
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        }
        file::try_lock_remote(&self.path, remote)
    }

    /// Stands for a secret in this store, and in no other.
    pub fn fingerprint(&self, secret: &SecretString) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.salt.as_bytes());
        hasher.update(secret.expose_secret().as_bytes());
        crate::text::hex(&hasher.finalize())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection, when it is our turn.
    async fn conn(&self) -> MutexGuard<'_, SqliteConnection> {
        self.conn.lock().await
    }

    /// The error for a run that has ended.
    fn closed(&self, run: &RunId) -> StoreError {
        StoreError::Closed {
            path: self.path.clone(),
            run: run.as_str().to_owned(),
        }
    }

    /// What an error of the database means for the caller.
    fn failed(&self, error: sqlx::Error) -> StoreError {
        StoreError::from_sqlx(&self.path, error)
    }
}

/// The user that we run as.
fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Begins a transaction that may write. One that begins by reading fails at once when another process
/// commits before its first write, whatever the busy timeout; this one waits its turn. And it is on the disk when it is
/// committed, whatever was written before by [`UNSYNCED`].
const BEGIN: &str = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE";

/// Stands before what may be lost when the power goes, though not when we do: what is only told, or found out again.
/// Every other write therefore begins by [`begin`]. It takes effect when it is prepared, so it must not be kept.
const UNSYNCED: &str = "PRAGMA synchronous = NORMAL;";

/// Begins a transaction that may write.
async fn begin(conn: &mut SqliteConnection) -> sqlx::Result<Transaction<'_, Sqlite>> {
    conn.begin_with(BEGIN).await
}

/// Begins a transaction that may write and needs no sync: see [`UNSYNCED`].
async fn begin_unsynced(conn: &mut SqliteConnection) -> sqlx::Result<Transaction<'_, Sqlite>> {
    let text = format!("{UNSYNCED} BEGIN IMMEDIATE");
    conn.begin_with(AssertSqlSafe(text)).await
}

/// Runs one statement as a transaction; how many rows it has changed.
async fn write(conn: &mut SqliteConnection, query: Query<'_, Sqlite, SqliteArguments>) -> sqlx::Result<u64> {
    let mut tx = begin(conn).await?;
    let n_rows = query.execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(n_rows)
}

/// The settings of every connection. Statements are not logged: they carry names and phones.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        // Lists of a thousand users are read whole: with room for all of them, no thread waits on the other.
        .row_buffer_size(1024)
        .disable_statement_logging()
}

/// Connects.
async fn connect(path: &Path, options: SqliteConnectOptions) -> Result<SqliteConnection, StoreError> {
    options
        .connect()
        .await
        .map_err(|error| StoreError::from_sqlx(path, error))
}

/// Connects, and asks for the version.
async fn connect_and_look(
    path: &Path,
    options: SqliteConnectOptions,
) -> Result<(SqliteConnection, Option<schema::Version>), StoreError> {
    let mut conn = connect(path, options).await?;
    let version = schema::version(&mut conn)
        .await
        .map_err(|error| StoreError::from_sqlx(path, error))?;
    Ok((conn, version))
}

/// Refuses the database of another program before anything in it is touched.
async fn refuse_anothers(path: &Path, conn: &mut SqliteConnection) -> Result<(), StoreError> {
    match schema::is_anothers(conn).await {
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::NotOurs {
            path: path.to_owned(),
        }),
        Err(error) => Err(StoreError::from_sqlx(path, error)),
    }
}

/// The key of an account; `None` if the store has never heard of it.
async fn account_key(conn: &mut SqliteConnection, name: &str) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT id FROM accounts WHERE name = $1")
        .bind(name)
        .fetch_optional(conn)
        .await
}

/// The key of an account, which is entered if it is new.
async fn ensure_account(conn: &mut SqliteConnection, name: &str) -> sqlx::Result<i64> {
    if let Some(key) = account_key(&mut *conn, name).await? {
        return Ok(key);
    }
    sqlx::query_scalar("INSERT INTO accounts (name) VALUES ($1) RETURNING id")
        .bind(name)
        .fetch_one(conn)
        .await
}

/// Makes the next cycle plan, and takes the right to prevent that from a run that is under way.
async fn ask_for_plan(conn: &mut SqliteConnection, account: i64) -> sqlx::Result<()> {
    let sql = "UPDATE accounts SET digest = NULL, revision = revision + 1 WHERE id = $1";
    sqlx::query(sql).bind(account).execute(conn).await.map(drop)
}

/// An instant as it is stored.
fn at(instant: Millis) -> i64 {
    instant.0
}

#[cfg(test)]
mod tests;
