//! Rights on channels: what a platform last took, and what is to be given back to users deleted for a moment.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnection;

use super::bulk::Bulk;
use super::journal::{RunId, write_request};
use super::words::{ACCESS, number};
use super::{Store, StoreError, account_key, at, begin};
use crate::domain::access::wish::Accepted;
use crate::domain::access::{ChannelId, Kept, RoleRow};
use crate::domain::grant::Grant;
use crate::domain::memory::Millis;
use crate::domain::user::UserId;

/// What is remembered of an account's rights on channels.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccessMemory {
    /// Which channels `accepted` is about; `None`: nothing was ever accepted.
    pub channels: Option<String>,
    /// By user.
    pub accepted: Accepted,
    /// Of users who were deleted for a moment, and did not get it back yet.
    pub kept: BTreeMap<UserId, Kept>,
}

/// What a run leaves behind of rights on channels. What is empty changes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AccessClosing {
    /// Which channels `accepted` is about from now on.
    pub channels: Option<String>,
    /// As taken; `None`: nobody knows.
    pub accepted: Vec<(UserId, Option<Grant>)>,
    /// Whose rights are no concern of ours any more.
    pub forget: Vec<UserId>,
    /// Who has got back what was kept, or will never need it.
    pub restored: Vec<UserId>,
}

impl Store {
    /// What is remembered of an account's rights.
    ///
    /// # Errors
    /// Any [`StoreError`] of a read.
    pub async fn access(&self, account: &str) -> Result<AccessMemory, StoreError> {
        let mut conn = self.conn().await;
        read_memory(&mut conn, account)
            .await
            .map_err(|error| self.failed(error))
    }

    /// Journals that these users' rights are about to be changed by one request, to what stands here. Until
    /// the run is closed nobody knows what their rights are. Nothing may be sent before this has returned.
    ///
    /// # Errors
    /// As [`Store::intend`].
    pub async fn intend_access(
        &self,
        run: &RunId,
        seq: u32,
        users: &[(UserId, Grant)],
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        match write_intent(&mut conn, run, seq, users, now).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.closed(run)),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Writes down the rights of users who are about to be deleted for a moment. What was kept of one before,
    /// and not given back yet, stands.
    ///
    /// # Errors
    /// Any [`StoreError`]; then nobody may be deleted.
    pub async fn keep_access(&self, run: &RunId, kept: &BTreeMap<UserId, Kept>) -> Result<(), StoreError> {
        let mut conn = self.conn().await;
        write_kept(&mut conn, run, kept)
            .await
            .map_err(|error| self.failed(error))
    }
}

/// A row of `access_kept`.
type KeptRow = (
    String,
    Option<String>,
    Option<String>,
    Option<bool>,
    Option<String>,
);

async fn read_memory(conn: &mut SqliteConnection, account: &str) -> sqlx::Result<AccessMemory> {
    let Some(key) = account_key(&mut *conn, account).await? else {
        return Ok(AccessMemory::default());
    };
    let channels = sqlx::query_scalar("SELECT access_channels FROM accounts WHERE id = $1")
        .bind(key)
        .fetch_one(&mut *conn)
        .await?;
    let sql = "SELECT user_id, rights FROM access_rights WHERE account_id = $1";
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(sql).bind(key).fetch_all(&mut *conn).await?;
    let rights = |(id, text): (String, Option<String>)| {
        let rights = text.map(|it| Grant::from_text(&it));
        (UserId::new(id), rights)
    };
    let accepted = rows.into_iter().map(rights).collect();
    let sql = "SELECT user_id, channel_id, role, new_clients, raw FROM access_kept
        WHERE account_id = $1 ORDER BY user_id, position";
    let rows: Vec<KeptRow> = sqlx::query_as(sql).bind(key).fetch_all(conn).await?;
    let mut kept: BTreeMap<UserId, Kept> = BTreeMap::new();
    for (id, channel, role, new_clients, raw) in rows {
        let user = UserId::new(id);
        let entry = kept.entry(user.clone()).or_default();
        match channel {
            None => entry.is_hidden = true,
            Some(channel) => entry.rows.push(RoleRow {
                channel: ChannelId(channel.into()),
                user,
                role: role.unwrap_or_default().into(),
                new_clients: new_clients.unwrap_or_default(),
                raw: raw.map(Into::into),
            }),
        }
    }
    Ok(AccessMemory {
        channels,
        accepted,
        kept,
    })
}

async fn write_intent(
    conn: &mut SqliteConnection,
    run: &RunId,
    seq: u32,
    users: &[(UserId, Grant)],
    now: Millis,
) -> sqlx::Result<bool> {
    const USERS: Bulk = Bulk {
        head: "INSERT INTO request_users (run_id, seq, user_id, purpose, approved, access)",
        n_columns: 6,
        tail: "",
    };
    let mut tx = begin(conn).await?;
    if !write_request(&mut tx, run, seq, ACCESS, at(now)).await? {
        return Ok(false);
    }
    USERS
        .run(&mut tx, users, |query, (id, rights)| {
            query
                .bind(run.key)
                .bind(seq)
                .bind(id.to_shared())
                .bind(ACCESS)
                .bind(false)
                .bind(rights.to_string())
        })
        .await?;
    let unknown: Vec<_> = users.iter().map(|(id, _)| (id, None)).collect();
    write_accepted(&mut tx, run.account, &unknown).await?;
    tx.commit().await?;
    Ok(true)
}

async fn write_accepted(
    conn: &mut SqliteConnection,
    account: i64,
    accepted: &[(&UserId, Option<&Grant>)],
) -> sqlx::Result<()> {
    const RIGHTS: Bulk = Bulk {
        head: "INSERT OR REPLACE INTO access_rights (account_id, user_id, rights)",
        n_columns: 3,
        tail: "",
    };
    RIGHTS
        .run(conn, accepted, |query, (id, rights)| {
            query
                .bind(account)
                .bind(id.to_shared())
                .bind(rights.map(Grant::to_string))
        })
        .await
        .map(drop)
}

async fn write_kept(
    conn: &mut SqliteConnection,
    run: &RunId,
    kept: &BTreeMap<UserId, Kept>,
) -> sqlx::Result<()> {
    const KEPT: Bulk = Bulk {
        head: "INSERT OR IGNORE INTO access_kept
            (account_id, user_id, position, channel_id, role, new_clients, raw)",
        n_columns: 7,
        tail: "",
    };
    let mut tx = begin(conn).await?;
    let rows = kept.iter().flat_map(|(id, kept)| {
        let hidden = kept.is_hidden.then_some(None);
        let rows = kept.rows.iter().map(Some).chain(hidden).enumerate();
        rows.map(move |(position, row)| (id, position, row))
    });
    let rows: Vec<_> = rows.collect();
    KEPT.run(&mut tx, rows, |query, (id, position, row)| {
        query
            .bind(run.account)
            .bind(id.to_shared())
            .bind(number(position))
            .bind(row.map(|it| it.channel.as_str().to_owned()))
            .bind(row.map(|it| it.role.to_string()))
            .bind(row.map(|it| it.new_clients))
            .bind(row.and_then(|it| it.raw.as_ref()).map(ToString::to_string))
    })
    .await?;
    tx.commit().await
}

/// Writes what a run leaves behind.
pub(super) async fn write_access(
    conn: &mut SqliteConnection,
    account: i64,
    closing: &AccessClosing,
) -> sqlx::Result<()> {
    const FORGET: Bulk = Bulk {
        head: "DELETE FROM access_rights WHERE (account_id, user_id) IN (",
        n_columns: 2,
        tail: ")",
    };
    const RESTORED: Bulk = Bulk {
        head: "DELETE FROM access_kept WHERE (account_id, user_id) IN (",
        n_columns: 2,
        tail: ")",
    };
    let AccessClosing {
        channels,
        accepted,
        forget,
        restored,
    } = closing;
    if let Some(channels) = channels {
        sqlx::query("UPDATE accounts SET access_channels = $2 WHERE id = $1")
            .bind(account)
            .bind(channels)
            .execute(&mut *conn)
            .await?;
    }
    let accepted: Vec<_> = accepted
        .iter()
        .map(|(id, rights)| (id, rights.as_ref()))
        .collect();
    write_accepted(&mut *conn, account, &accepted).await?;
    for (bulk, ids) in [(FORGET, forget), (RESTORED, restored)] {
        bulk.run(&mut *conn, ids, |query, id| {
            query.bind(account).bind(id.to_shared())
        })
        .await?;
    }
    Ok(())
}

/// Nobody knows any more what was accepted: the state may be a copy of long ago.
pub(super) async fn doubt_access(conn: &mut SqliteConnection, account: i64) -> sqlx::Result<()> {
    let sql = "UPDATE access_rights SET rights = NULL WHERE account_id = $1";
    sqlx::query(sql).bind(account).execute(conn).await.map(drop)
}
