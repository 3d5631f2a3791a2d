//! The end of a run: one transaction that records all of it, or nothing.

use sqlx::sqlite::SqliteConnection;

use super::access::{AccessClosing, write_access};
use super::accounts::Binding;
use super::holds::write_holds;
use super::journal::RunId;
use super::outcomes::{write_history, write_open};
use super::refusals::{Refused, write_refusal};
use super::runs::{Changes, Outcomes, Requests, RunError};
use super::state::write_findings;
use super::users::{forget_users, remember_users, replace_foreign};
use super::words::number;
use super::{Store, StoreError, at, begin};
use crate::domain::finding::Finding;
use crate::domain::memory::{Hold, Millis, Remembered};
use crate::domain::outcome::{Op, Outcome, Settled};
use crate::domain::user::{User, UserId};

/// All that a run leaves behind. What is `None`, empty or [`Default`] changes nothing, but for
/// [`Closing::verify_next`], which is always set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// When the run ended.
    pub ended_at: Millis,
    /// `in_sync`, `partial`, `held`, `busy` or `failed`.
    pub result: &'static str,
    /// The account's exit code.
    pub exit_code: i32,
    /// Why the account failed, if it did.
    pub error: Option<RunError>,
    /// Rows of the source, if they were read to the end.
    pub rows: Option<u64>,
    /// Requests made.
    pub requests: Requests,
    /// Each planned change with its outcome, parks included. They also give the numbers of the run.
    pub settled: Vec<Settled>,
    /// Creates without a seat that are not among `settled` but only counted.
    pub unlisted: usize,
    /// Which open outcomes the run has judged anew.
    pub scope: OpenScope,
    /// Replace those in force.
    pub findings: Option<Vec<Finding>>,
    /// Replace those open: the same digest keeps its id and its `since`, all others are gone.
    pub holds: Option<Vec<Hold>>,
    /// Users that are ours, as they are now.
    pub remember: Vec<(UserId, Remembered)>,
    /// Users that are ours no more. What people said about them is forgotten too.
    pub forget: Vec<UserId>,
    /// Replace those known.
    pub foreign: Option<Vec<User>>,
    /// Managed users that a whole list showed changed.
    pub drift: Option<usize>,
    /// Of rights on channels.
    pub access: AccessClosing,
    /// What becomes of the digest.
    pub digest: DigestChange,
    /// [`super::AccountState::revision`] as it was read before the plan was made. If a person has decided or
    /// claimed something since, the digest is cleared instead of set, and what was decided stands.
    pub revision: u64,
    /// Of the settings that decide who is an employee.
    pub settings_mark: Option<String>,
    /// With whom the users were seen.
    pub binding: Option<Binding>,
    /// When this run read the whole list. It settles the open intents of earlier runs; those of this run are
    /// settled by its outcomes.
    pub verified_at: Option<Millis>,
    /// The next run is to read the list.
    pub verify_next: bool,
    /// The platform refuses the credential.
    pub refused: Option<Refused>,
}

impl Closing {
    /// The end of a run that did nothing: a start to add to.
    pub fn new(ended_at: Millis, result: &'static str, exit_code: i32) -> Closing {
        Closing {
            ended_at,
            result,
            exit_code,
            error: None,
            rows: None,
            requests: Requests::default(),
            settled: Vec::new(),
            unlisted: 0,
            scope: OpenScope::None,
            findings: None,
            holds: None,
            remember: Vec::new(),
            forget: Vec::new(),
            foreign: None,
            drift: None,
            access: AccessClosing::default(),
            digest: DigestChange::Keep,
            revision: 0,
            settings_mark: None,
            binding: None,
            verified_at: None,
            verify_next: false,
            refused: None,
        }
    }
}

/// What a run does to the stored digest.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum DigestChange {
    /// As it was.
    #[default]
    Keep,
    /// None: the next cycle plans.
    Clear,
    /// This one: the next cycle may be skipped.
    Set(String),
}

/// Which open outcomes a run has judged anew: of those, the ones that it did not settle again are closed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum OpenScope {
    /// None: it only adds, and replaces what it settles.
    #[default]
    None,
    /// All changes of these users.
    Users(Vec<UserId>),
    /// All of the account.
    All,
}

impl OpenScope {
    /// Whether a user's changes were judged.
    pub(super) fn has(&self, user: &UserId) -> bool {
        match self {
            OpenScope::None => false,
            OpenScope::Users(users) => users.contains(user),
            OpenScope::All => true,
        }
    }
}

impl Store {
    /// Records the end of a run, in one transaction.
    ///
    /// # Errors
    /// Any [`StoreError`]; then nothing of it is recorded. [`StoreError::Closed`] if the run is closed, or
    /// was interrupted by a later one.
    pub async fn close_run(&self, run: &RunId, closing: &Closing) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        match write_closing(&mut conn, run, closing).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.closed(run)),
            Err(error) => Err(self.failed(error)),
        }
    }
}

/// Whether the run was still there to be closed.
async fn write_closing(conn: &mut SqliteConnection, run: &RunId, closing: &Closing) -> sqlx::Result<bool> {
    let mut tx = begin(conn).await?;
    let account = run.account;
    let now = closing.ended_at;
    if !write_end(&mut tx, run, closing).await? {
        return Ok(false);
    }
    let is_current = write_account(&mut tx, account, closing).await?;
    if closing.verified_at.is_some() {
        let sql = "UPDATE runs SET settled = 1 WHERE account_id = $1 AND settled = 0 AND id < $2";
        sqlx::query(sql)
            .bind(account)
            .bind(run.key)
            .execute(&mut *tx)
            .await?;
    }
    remember_users(&mut tx, account, &closing.remember).await?;
    forget_users(&mut tx, account, &closing.forget).await?;
    if let Some(foreign) = &closing.foreign {
        replace_foreign(&mut tx, account, foreign).await?;
    }
    write_access(&mut tx, account, &closing.access).await?;
    write_history(&mut tx, run, &closing.settled).await?;
    write_open(&mut tx, account, &closing.scope, &closing.settled, now).await?;
    if let Some(findings) = &closing.findings {
        write_findings(&mut tx, account, findings).await?;
    }
    if let Some(holds) = &closing.holds {
        write_holds(&mut tx, account, holds, is_current, now).await?;
    }
    if let Some(refused) = &closing.refused {
        write_refusal(&mut tx, account, refused, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Fills in the row of the run; whether it was still open.
async fn write_end(conn: &mut SqliteConnection, run: &RunId, closing: &Closing) -> sqlx::Result<bool> {
    let (mut changes, mut outcomes) = (Changes::default(), Outcomes::default());
    changes.create += closing.unlisted;
    outcomes.add_many(Outcome::Deferred, closing.unlisted);
    for it in &closing.settled {
        changes.add(&it.change);
        if it.change.op != Op::Park {
            outcomes.add(it.outcome);
        }
    }
    let sql =
        "UPDATE runs SET ended_at = $2, result = $3, exit_code = $4, error_code = $5, error_message = $6,
            n_rows = $7, requests_read = $8, requests_write = $9, n_create = $10, n_update = $11,
            n_delete = $12, n_park = $13, n_access = $14, n_applied = $15, n_rejected = $16, n_conflict = $17,
            n_deferred = $18, n_held = $19, n_unknown = $20, settled = 1
        WHERE id = $1 AND result IS NULL";
    let mut query = sqlx::query(sql)
        .bind(run.key)
        .bind(at(closing.ended_at))
        .bind(closing.result)
        .bind(closing.exit_code)
        .bind(closing.error.as_ref().map(|it| it.code.clone()))
        .bind(closing.error.as_ref().map(|it| it.message.clone()))
        .bind(closing.rows.map(number))
        .bind(number(closing.requests.read))
        .bind(number(closing.requests.write));
    let Changes {
        create,
        update,
        delete,
        park,
        access,
    } = changes;
    for n_changes in [create, update, delete, park, access] {
        query = query.bind(number(n_changes));
    }
    for outcome in Outcome::ALL {
        query = query.bind(number(outcomes.of(outcome)));
    }
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

/// Writes what the next cycle of the account begins with; whether nobody has decided anything since the
/// plan was made.
///
/// A quiet pass before this run that is dated later was so by a clock that has been set back since. What is told
/// by comparing the two, such as whether the account works, must not be wrong for the time that comes twice.
async fn write_account(conn: &mut SqliteConnection, account: i64, closing: &Closing) -> sqlx::Result<bool> {
    let sql = "UPDATE accounts SET
            digest = CASE WHEN $2 = 'keep' THEN digest WHEN $2 = 'set' AND revision = $11 THEN $3 END,
            settings_mark = coalesce($4, settings_mark), bound_remote = coalesce($5, bound_remote),
            bound_credential = coalesce($6, bound_credential), verified_at = coalesce($7, verified_at),
            verify_next = $8, drift = coalesce($9, drift), n_rows = coalesce($10, n_rows),
            quiet_at = min(quiet_at, $12 - 1)
        WHERE id = $1 RETURNING revision = $11";
    let (word, digest) = match &closing.digest {
        DigestChange::Keep => ("keep", None),
        DigestChange::Clear => ("clear", None),
        DigestChange::Set(digest) => ("set", Some(digest.as_str())),
    };
    sqlx::query_scalar(sql)
        .bind(account)
        .bind(word)
        .bind(digest)
        .bind(closing.settings_mark.as_deref())
        .bind(closing.binding.as_ref().map(|it| it.remote.as_str()))
        .bind(closing.binding.as_ref().map(|it| it.credential.as_str()))
        .bind(closing.verified_at.map(at))
        .bind(closing.verify_next)
        .bind(closing.drift.map(number))
        .bind(closing.rows.map(number))
        .bind(number(closing.revision))
        .bind(at(closing.ended_at))
        .fetch_one(conn)
        .await
}
