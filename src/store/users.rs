//! Users: the managed ones with their snapshot, and the foreign ones.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::access::doubt_access;
use super::bulk::{Bulk, by_key};
use super::words::{access, digits, known, mark, mark_text, phone, shared, user};
use super::{Store, StoreError, account_key, ask_for_plan, at, begin, ensure_account};
use crate::domain::memory::{Form, Managed, Millis, Origin, Remembered};
use crate::domain::phone::Phone;
use crate::domain::user::{User, UserId};

/// Why foreign users can't be claimed. Then none of them is.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// No foreign user of the last list has these ids.
    #[error("no foreign users are known as {}", quoted(.0))]
    Unknown(Vec<UserId>),
    /// The store can't be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ids for people.
fn quoted(ids: &[UserId]) -> String {
    let texts: Vec<String> = ids.iter().map(|id| format!("{id:?}")).collect();
    texts.join(", ")
}

impl Store {
    /// All managed users of an account.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn managed(&self, account: &str) -> Result<Managed, StoreError> {
        let mut conn = self.conn().await;
        let rows = sqlx::query(MANAGED).bind(account).fetch_all(&mut *conn).await;
        let managed = rows.and_then(|rows| rows.iter().map(managed_user).collect());
        managed.map_err(|error| self.failed(error))
    }

    /// The users of the last whole list that are not ours, in order of id.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn foreign(&self, account: &str) -> Result<Vec<User>, StoreError> {
        let mut conn = self.conn().await;
        read_foreign(&mut conn, account)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Makes foreign users ours, those of the ids or all (`None`), as the last list showed them. The next cycle
    /// plans. Gives their number.
    ///
    /// # Errors
    /// [`ClaimError::Unknown`] if one of the ids isn't foreign, and any [`StoreError`]; then none is claimed.
    pub async fn claim(
        &self,
        account: &str,
        ids: Option<&[UserId]>,
        now: Millis,
    ) -> Result<usize, ClaimError> {
        let mut conn = self.conn().await;
        let failed = |error| self.failed(error);
        let mut claimed = read_foreign(&mut conn, account).await.map_err(failed)?;
        if let Some(ids) = ids {
            let known: HashSet<&UserId> = claimed.iter().map(|it| &it.id).collect();
            let unknown: Vec<UserId> = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
            if !unknown.is_empty() {
                return Err(ClaimError::Unknown(unknown));
            }
            let wanted: HashSet<&UserId> = ids.iter().collect();
            claimed.retain(|it| wanted.contains(&it.id));
        }
        write_claimed(&mut conn, account, &claimed, now)
            .await
            .map_err(failed)?;
        Ok(claimed.len())
    }

    /// Takes the snapshot anew from a whole list: the managed users are as it shows them, all others in it
    /// are foreign, and the next cycle plans.
    ///
    /// # Errors
    /// Any [`StoreError`]; then the old snapshot stands.
    pub async fn save_snapshot(&self, account: &str, users: &[User], now: Millis) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_snapshot(&mut conn, account, users, now)
            .await
            .map_err(|error| self.failed(error))
    }
}

const MANAGED: &str = "
    SELECT m.user_id, m.origin, m.since, m.absent_since, s.name, s.phone, s.name_sent, s.name_read,
        s.name_times, s.phone_sent, s.phone_read, s.phone_times, s.phone_cells, s.access
    FROM accounts a
    JOIN managed m ON m.account_id = a.id
    LEFT JOIN snapshot s ON s.account_id = m.account_id AND s.user_id = m.user_id
    WHERE a.name = $1";

/// A row of [`MANAGED`]. By position: this is read by the thousand.
fn managed_user(row: &SqliteRow) -> sqlx::Result<(UserId, Remembered)> {
    let id: &str = row.try_get(0)?;
    let origin: &str = row.try_get(1)?;
    let name_times: Option<u32> = row.try_get(8)?;
    let phone_times: Option<u32> = row.try_get(11)?;
    let name_form = match name_times {
        None => None,
        Some(times) => Some(Form {
            sent: Arc::from(row.try_get::<&str, _>(6)?),
            read: Arc::from(row.try_get::<&str, _>(7)?),
            times,
        }),
    };
    let phone_form = match phone_times {
        None => None,
        Some(times) => Some(Form {
            sent: phone(row.try_get(9)?),
            read: phone(row.try_get(10)?),
            times,
        }),
    };
    let remembered = Remembered {
        origin: known("origin", origin, Origin::from_word(origin))?,
        since: Millis(row.try_get(2)?),
        observed: user(id, row.try_get(4)?, row.try_get(5)?, row.try_get(13)?),
        name_form,
        phone_form,
        phone_cells: mark(row.try_get(12)?)?,
        absent_since: row.try_get::<Option<i64>, _>(3)?.map(Millis),
    };
    Ok((id.into(), remembered))
}

async fn read_foreign(conn: &mut SqliteConnection, account: &str) -> sqlx::Result<Vec<User>> {
    let sql = "SELECT f.user_id, f.name, f.phone FROM foreign_users f JOIN accounts a ON a.id = f.account_id
        WHERE a.name = $1";
    let rows: Vec<(String, String, Option<String>)> =
        sqlx::query_as(sql).bind(account).fetch_all(conn).await?;
    let mut users: Vec<User> = rows
        .into_iter()
        .map(|(id, name, number)| User {
            id: UserId::new(id),
            name: name.into(),
            phone: phone(number),
            grant: None,
        })
        .collect();
    users.sort_by(|left, right| left.id.cmp(&right.id));
    Ok(users)
}

/// Writes users that are ours with all that is remembered of them.
pub(super) async fn remember_users(
    conn: &mut SqliteConnection,
    account: i64,
    users: &[(UserId, Remembered)],
) -> sqlx::Result<()> {
    const OURS: Bulk = Bulk {
        head: "INSERT INTO managed (account_id, user_id, origin, since, absent_since)",
        n_columns: 5,
        tail:
            "ON CONFLICT (account_id, user_id) DO UPDATE SET origin = excluded.origin, since = excluded.since,
            absent_since = excluded.absent_since",
    };
    const SNAPSHOT: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO snapshot (account_id, user_id, name, phone, name_sent, name_read, name_times,
            phone_sent, phone_read, phone_times, phone_cells, access)",
        n_columns: 12,
        tail: "",
    };
    let users = by_key(users, |(id, _)| id);
    OURS.run(&mut *conn, users.iter().copied(), |query, (id, it)| {
        query
            .bind(account)
            .bind(id.to_shared())
            .bind(shared(it.origin.word()))
            .bind(at(it.since))
            .bind(it.absent_since.map(at))
    })
    .await?;
    SNAPSHOT
        .run(conn, users, |query, (id, it)| {
            let Remembered {
                observed,
                name_form,
                phone_form,
                phone_cells,
                ..
            } = it;
            query
                .bind(account)
                .bind(id.to_shared())
                .bind(observed.as_ref().map(|it| it.name.clone()))
                .bind(digits(observed.as_ref().and_then(|it| it.phone.as_ref())))
                .bind(name_form.as_ref().map(|it| it.sent.clone()))
                .bind(name_form.as_ref().map(|it| it.read.clone()))
                .bind(name_form.as_ref().map(|it| it.times))
                .bind(phone_form.as_ref().and_then(|it| form_digits(&it.sent)))
                .bind(phone_form.as_ref().and_then(|it| form_digits(&it.read)))
                .bind(phone_form.as_ref().map(|it| it.times))
                .bind(mark_text(*phone_cells))
                .bind(access(observed.as_ref()))
        })
        .await?;
    Ok(())
}

fn form_digits(phone: &Option<Phone>) -> Option<Arc<str>> {
    digits(phone.as_ref())
}

/// Writes that users are ours no more, and that nothing is decided about them.
pub(super) async fn forget_users(
    conn: &mut SqliteConnection,
    account: i64,
    ids: &[UserId],
) -> sqlx::Result<()> {
    const FORGET: [Bulk; 3] = [
        Bulk {
            head: "DELETE FROM managed WHERE (account_id, user_id) IN (",
            n_columns: 2,
            tail: ")",
        },
        Bulk {
            head: "DELETE FROM snapshot WHERE (account_id, user_id) IN (",
            n_columns: 2,
            tail: ")",
        },
        Bulk {
            head: "DELETE FROM decisions WHERE (account_id, user_id) IN (",
            n_columns: 2,
            tail: ")",
        },
    ];
    for bulk in FORGET {
        bulk.run(&mut *conn, ids, |query, id| {
            query.bind(account).bind(id.to_shared())
        })
        .await?;
    }
    Ok(())
}

/// Writes the foreign users of a whole list in the place of those before.
pub(super) async fn replace_foreign(
    conn: &mut SqliteConnection,
    account: i64,
    users: &[User],
) -> sqlx::Result<()> {
    const FOREIGN: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO foreign_users (account_id, user_id, name, phone)",
        n_columns: 4,
        tail: "",
    };
    sqlx::query("DELETE FROM foreign_users WHERE account_id = $1")
        .bind(account)
        .execute(&mut *conn)
        .await?;
    FOREIGN
        .run(&mut *conn, by_key(users, |it| &it.id), |query, it| {
            bind_user(query, account, it)
        })
        .await?;
    // Somebody may have claimed one of them while the run was under way.
    let sql = "DELETE FROM foreign_users WHERE account_id = $1 AND user_id IN
        (SELECT user_id FROM managed WHERE managed.account_id = $1)";
    if !users.is_empty() {
        sqlx::query(sql).bind(account).execute(conn).await?;
    }
    Ok(())
}

/// Binds account, id, name and phone.
fn bind_user(query: super::bulk::Bound, account: i64, user: &User) -> super::bulk::Bound {
    let User { id, name, phone, .. } = user;
    query
        .bind(account)
        .bind(id.to_shared())
        .bind(name.clone())
        .bind(digits(phone.as_ref()))
}

async fn write_claimed(
    conn: &mut SqliteConnection,
    account: &str,
    claimed: &[User],
    now: Millis,
) -> sqlx::Result<()> {
    const NO_LONGER_FOREIGN: Bulk = Bulk {
        head: "DELETE FROM foreign_users WHERE (account_id, user_id) IN (",
        n_columns: 2,
        tail: ")",
    };
    let mut tx = begin(conn).await?;
    let Some(key) = account_key(&mut tx, account).await? else {
        return Ok(());
    };
    let remembered = |user: &User| {
        let remembered = Remembered::new(Origin::Claimed, now, Some(user.clone()));
        (user.id.clone(), remembered)
    };
    let ours: Vec<(UserId, Remembered)> = claimed.iter().map(remembered).collect();
    remember_users(&mut tx, key, &ours).await?;
    let ids = claimed.iter().map(|it| it.id.to_shared());
    NO_LONGER_FOREIGN
        .run(&mut tx, ids, |query, id| query.bind(key).bind(id))
        .await?;
    ask_for_plan(&mut tx, key).await?;
    tx.commit().await
}

async fn write_snapshot(
    conn: &mut SqliteConnection,
    account: &str,
    users: &[User],
    now: Millis,
) -> sqlx::Result<()> {
    // The mark of the row stays only with the phone that was made from it.
    const OBSERVED: Bulk = Bulk {
        head: "INSERT INTO snapshot (account_id, user_id, name, phone, access)",
        n_columns: 5,
        tail: "ON CONFLICT (account_id, user_id) DO UPDATE SET name = excluded.name, phone = excluded.phone,
            access = excluded.access,
            phone_cells = CASE WHEN snapshot.phone IS excluded.phone THEN snapshot.phone_cells END",
    };
    const UNSEEN: Bulk = Bulk {
        head: "UPDATE snapshot SET name = NULL, phone = NULL, access = NULL, phone_cells = NULL WHERE (account_id, user_id) IN (",
        n_columns: 2,
        tail: ")",
    };
    let mut tx = begin(conn).await?;
    let key = ensure_account(&mut tx, account).await?;
    let ours: Vec<String> = sqlx::query_scalar("SELECT user_id FROM managed WHERE account_id = $1")
        .bind(key)
        .fetch_all(&mut *tx)
        .await?;
    let is_ours: HashSet<&str> = ours.iter().map(String::as_str).collect();
    let (listed, foreign): (Vec<User>, Vec<User>) = users
        .iter()
        .cloned()
        .partition(|it| is_ours.contains(it.id.as_str()));
    OBSERVED
        .run(&mut tx, &listed, |query, it| {
            bind_user(query, key, it).bind(access(Some(it)))
        })
        .await?;
    // Who is ours and not in the list is not there; what the platform makes of its values still holds.
    let seen: HashSet<&str> = listed.iter().map(|it| it.id.as_str()).collect();
    let unseen = ours.iter().filter(|id| !seen.contains(id.as_str())).cloned();
    UNSEEN
        .run(&mut tx, unseen, |query, id| query.bind(key).bind(id))
        .await?;
    replace_foreign(&mut tx, key, &foreign).await?;
    doubt_access(&mut tx, key).await?;
    ask_for_plan(&mut tx, key).await?;
    let sql = "UPDATE accounts SET verified_at = $2 WHERE id = $1";
    sqlx::query(sql).bind(key).bind(at(now)).execute(&mut *tx).await?;
    tx.commit().await
}
