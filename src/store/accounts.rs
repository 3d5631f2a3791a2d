//! What every cycle asks of an account, and all that a quiet cycle writes.

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::bulk::Bulk;
use super::pauses::{Paused, pauses_of_strangers};
use super::refusals::refusal;
use super::runs::{RunSummary, run_summary};
use super::words::{count, number};
use super::{Store, StoreError, at, begin_unsynced};
use crate::domain::memory::Millis;
use crate::domain::refusal::Refusal;

/// With whom an account's users were last seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binding {
    /// The remote, as [`Store::lock_remote`] takes it.
    pub remote: String,
    /// [`Store::fingerprint`] of the credential.
    pub credential: String,
}

/// What is known of an account, without its lists. An account that the store has never heard of has the
/// default one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccountState {
    /// Of the rows and what shapes them, when all was settled or on record; `None`: plan, whatever they are.
    pub digest: Option<String>,
    /// What [`super::Closing::revision`] wants to know.
    pub revision: u64,
    /// Of the settings that decide who is an employee.
    pub settings_mark: Option<String>,
    /// With whom the users were last seen.
    pub binding: Option<Binding>,
    /// When the whole list was last read; `None`: never, so there is no snapshot.
    pub verified_at: Option<Millis>,
    /// The next run is to read the list.
    pub verify_next: bool,
    /// Managed users.
    pub n_managed: usize,
    /// Some request was about to be sent by a run that was never closed, and no list was read since.
    pub open_intents: bool,
    /// The longest absence of an employee from complete reads, of those whose user was not to be removed yet.
    pub first_absent: Option<Millis>,
    /// Length of [`Store::open_outcomes`].
    pub n_open: usize,
    /// Length of [`Store::open_holds`].
    pub n_holds: usize,
    /// Length of [`Store::findings`].
    pub n_findings: usize,
    /// Foreign users in the last whole list.
    pub foreign: usize,
    /// Managed users that the last whole list showed changed.
    pub drift: usize,
    /// Rows of the last complete read of the source.
    pub rows: Option<u64>,
    /// A person wants nothing to be sent.
    pub is_paused: bool,
    /// A person wants nobody to be removed.
    pub removals_paused: bool,
    /// The last cycle with nothing to do.
    pub quiet_at: Option<Millis>,
    /// The credential was refused the last time it was shown.
    pub refusal: Option<Refusal>,
    /// The last recorded run, which may be under way.
    pub last_run: Option<RunSummary>,
}

impl AccountState {
    /// Whether there is anything to compare the desired users with but a list read now.
    pub fn has_snapshot(&self) -> bool {
        self.verified_at.is_some()
    }
}

impl Store {
    /// What is known of an account, by one query.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn account(&self, name: &str) -> Result<AccountState, StoreError> {
        let mut conn = self.conn().await;
        read_account(&mut conn, name)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Records that these accounts had nothing to do, each with the rows that its source had. One
    /// transaction for all of them; accounts that the store doesn't know are left out.
    ///
    /// # Errors
    /// Any [`StoreError`]; then none of them is recorded.
    pub async fn quiet(&self, accounts: &[(&str, u64)], now: Millis) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_quiet(&mut conn, accounts, now)
            .await
            .map_err(|error| self.failed(error))
    }
}

async fn read_account(conn: &mut SqliteConnection, name: &str) -> sqlx::Result<AccountState> {
    let row = sqlx::query(ACCOUNT).bind(name).fetch_optional(&mut *conn).await?;
    if let Some(row) = row {
        return account_state(&row);
    }
    let Paused { all, removals } = pauses_of_strangers(conn).await?;
    Ok(AccountState {
        is_paused: all,
        removals_paused: removals,
        ..AccountState::default()
    })
}

async fn write_quiet(conn: &mut SqliteConnection, accounts: &[(&str, u64)], now: Millis) -> sqlx::Result<()> {
    const QUIET: Bulk = Bulk {
        head: "UPDATE accounts SET quiet_at = quiet.column3, n_rows = quiet.column2 FROM (",
        n_columns: 3,
        tail: ") AS quiet WHERE accounts.name = quiet.column1",
    };
    let mut tx = begin_unsynced(conn).await?;
    QUIET
        .run(&mut tx, accounts, |query, (name, n_rows)| {
            query.bind((*name).to_owned()).bind(number(*n_rows)).bind(at(now))
        })
        .await?;
    tx.commit().await
}

/// An account with its counts, and its last run (see [`run_summary`]).
const ACCOUNT: &str = "
    SELECT a.name AS account, a.digest, a.revision, a.settings_mark, a.bound_remote, a.bound_credential, a.verified_at,
        a.verify_next, a.drift, a.n_rows AS source_rows, a.quiet_at,
        (SELECT count(*) FROM managed WHERE account_id = a.id) AS n_managed,
        (SELECT min(absent_since) FROM managed m
            WHERE account_id = a.id AND absent_since IS NOT NULL AND NOT EXISTS (SELECT 1 FROM open_outcomes
                WHERE account_id = a.id AND user_id = m.user_id AND op = 'delete')) AS first_absent,
        EXISTS (SELECT 1 FROM runs JOIN requests ON requests.run_id = runs.id
            WHERE runs.account_id = a.id AND runs.settled = 0) AS open_intents,
        (SELECT count(*) FROM open_outcomes WHERE account_id = a.id) AS n_open,
        (SELECT count(*) FROM holds WHERE account_id = a.id AND status = 'open') AS n_holds,
        (SELECT count(*) FROM findings WHERE account_id = a.id) AS n_findings,
        (SELECT count(*) FROM foreign_users WHERE account_id = a.id) AS n_foreign,
        f.secret AS refused_secret, f.text AS refused_text, f.since AS refused_since,
        f.last_tried AS refused_last_tried, f.n_tries AS refused_n_tries,
        coalesce(
            (SELECT is_paused FROM pauses WHERE account_id = a.id AND what = 'all'),
            (SELECT is_paused FROM pauses WHERE account_id IS NULL AND what = 'all'), 0) AS is_paused,
        coalesce(
            (SELECT is_paused FROM pauses WHERE account_id = a.id AND what = 'removals'),
            (SELECT is_paused FROM pauses WHERE account_id IS NULL AND what = 'removals'), 0) AS removals_paused,
        r.*
    FROM accounts a
    LEFT JOIN refusals f ON f.account_id = a.id
    LEFT JOIN runs r ON r.id = (SELECT max(id) FROM runs WHERE account_id = a.id)
    WHERE a.name = $1";

fn account_state(row: &SqliteRow) -> sqlx::Result<AccountState> {
    let instant = |column: &str| row.try_get::<Option<i64>, _>(column).map(|it| it.map(Millis));
    let size = |column: &str| count::<usize>(column, row.try_get(column)?);
    let remote: Option<String> = row.try_get("bound_remote")?;
    let credential: Option<String> = row.try_get("bound_credential")?;
    let rows: Option<i64> = row.try_get("source_rows")?;
    let run: Option<String> = row.try_get("run")?;
    Ok(AccountState {
        digest: row.try_get("digest")?,
        revision: count("revision", row.try_get("revision")?)?,
        settings_mark: row.try_get("settings_mark")?,
        binding: remote
            .zip(credential)
            .map(|(remote, credential)| Binding { remote, credential }),
        verified_at: instant("verified_at")?,
        verify_next: row.try_get("verify_next")?,
        n_managed: size("n_managed")?,
        open_intents: row.try_get("open_intents")?,
        first_absent: instant("first_absent")?,
        n_open: size("n_open")?,
        n_holds: size("n_holds")?,
        n_findings: size("n_findings")?,
        foreign: size("n_foreign")?,
        drift: size("drift")?,
        rows: rows.map(|it| count("rows", it)).transpose()?,
        is_paused: row.try_get("is_paused")?,
        removals_paused: row.try_get("removals_paused")?,
        quiet_at: instant("quiet_at")?,
        refusal: refusal(row)?,
        last_run: run.map(|_| run_summary(row)).transpose()?,
    })
}
