//! A CRM in MySQL or MariaDB.
//!
//! The query runs as a prepared statement: the server takes one statement only, tells its columns even if
//! there is no row, and sends rows that can't be taken for the end of the result (in the protocol's text
//! form, a first field of 16 MiB can).
//!
//! These servers hold on to several settings that cut a result short without an error. What cuts is
//! switched off for the session, and whether something was cut nevertheless is asked for after the read.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use secrecy::ExposeSecret as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _,
};

use super::request::{Request, Trouble, refused};
use super::rows::{Collector, Layout};
use super::server::{Dialect, ipv6_host};
use super::{OptionsError, Source, SourceError, SourceOptions};
use crate::domain::table::CompleteRead;

mod cell;
mod verdict;

use verdict::{is_foreign_setting, judge};

const DIALECT: Dialect = Dialect {
    parameters: &["socket"],
    families: &[],
    authority: &["ssl-ca", "sslca"],
    verifying: ["VERIFY_CA", "VERIFY_IDENTITY"],
};

/// Longest time that the servers take for a limit: a year.
const LONGEST_LIMIT: Duration = Duration::from_secs(31_536_000);

/// What every server takes and a read can't do without.
const SESSION: [&str; 3] = [
    // Whatever ends the transaction, the session still can't write.
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    // All rows, whatever the server's own setting.
    "SET SESSION sql_select_limit = 18446744073709551615",
    // MariaDB's default; MySQL's is 1024 bytes. Longer than a field may be, so that no cut goes unseen.
    "SET SESSION group_concat_max_len = GREATEST(@@group_concat_max_len, 1048576)",
];

/// All tables are seen as they are at this moment.
const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// Codes of warnings that say that the result is not whole: `GROUP_CONCAT` was cut, a text grew over
/// `max_allowed_packet` and became NULL, a limit on rows looked at or (MariaDB) on recursions ended the query.
const CUT_SHORT: [u64; 3] = [1260, 1301, 1931];

pub(super) struct MySql {
    request: Request,
    options: MySqlConnectOptions,
}

impl MySql {
    pub fn new(options: SourceOptions) -> Result<MySql, OptionsError> {
        let url = DIALECT.read(&options)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refused(&options, "the URL names no host"));
        }
        let mut connect = MySqlConnectOptions::from_url(&url)
            .map_err(|_| refused(&options, "the URL has a parameter that can't be read"))?
            // The query means what it means in any other program.
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .statement_cache_capacity(1)
            .disable_statement_logging();
        if let Some(host) = ipv6_host(&url) {
            connect = connect.host(&host);
        }
        if let Some(password) = &options.password {
            connect = connect.password(password.expose_secret());
        }
        Ok(MySql {
            request: Request::new(options),
            options: connect,
        })
    }

    async fn read_to_end(&self) -> Result<CompleteRead, SourceError> {
        let fault = |trouble| self.request.fault(trouble, judge);
        let mut conn = self.options.connect().await.map_err(|err| fault(err.into()))?;
        let read = self.transact(&mut conn).await;
        // The transaction is over by now, or the server ends it with the connection. What a farewell
        // meets changes nothing about the rows.
        let _ = conn.close().await;
        read.map_err(fault)
    }

    async fn transact(&self, conn: &mut MySqlConnection) -> Result<CompleteRead, Trouble> {
        let Request {
            query,
            max_rows,
            expected,
            ..
        } = &self.request;
        let query = || AssertSqlSafe(query.clone());
        self.prepare_session(conn).await?;
        run(conn, BEGIN.to_owned()).await?;
        let statement = (&mut *conn).prepare(query().into_sql_str()).await?;
        let layout = Layout::of_statement(&statement, expected)?;
        for (column, place) in statement.columns().iter().zip(layout.places()) {
            cell::check_type(column.type_info(), *place)?;
        }
        let mut collector = Collector::new(&layout, *max_rows);
        let mut rows = sqlx::query(query()).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            collector.push(row.len(), |place| cell::cell(&row, place))?;
        }
        drop(rows);
        check_whole(conn).await?;
        // Behind a pooler, the server keeps a prepared statement for the next client.
        conn.clear_cached_statements().await?;
        run(conn, "COMMIT".to_owned()).await?;
        Ok(collector.finish()?)
    }

    /// Sets the session up: it can only read, gets whole results, and ends its queries by itself.
    async fn prepare_session(&self, conn: &mut MySqlConnection) -> sqlx::Result<()> {
        for statement in SESSION {
            run(conn, statement.to_owned()).await?;
        }
        let limit = self.request.read_timeout.min(LONGEST_LIMIT).as_secs_f64();
        for setting in [
            // MariaDB; seconds.
            format!("max_statement_time = {limit:.3}"),
            // MySQL from 5.7; milliseconds, and 0 would be no limit.
            format!("max_execution_time = {:.0}", (limit * 1000.0).max(1.0)),
            // For a table that somebody else has locked; whole seconds.
            format!("lock_wait_timeout = {:.0}", limit.ceil().max(1.0)),
            // Room for all warnings, since those that matter are asked for after the read.
            "max_error_count = 65535".to_owned(),
        ] {
            match run(conn, format!("SET SESSION {setting}")).await {
                Err(err) if is_foreign_setting(&err) => {}
                other => other?,
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Source for MySql {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        self.request.in_time(Box::pin(self.read_to_end())).await
    }
}

async fn run(conn: &mut MySqlConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop)
}

/// Makes sure that the server cut nothing from the last result.
async fn check_whole(conn: &mut MySqlConnection) -> Result<(), Trouble> {
    let mut warnings = sqlx::raw_sql("SHOW WARNINGS").fetch(conn);
    while let Some(warning) = warnings.try_next().await? {
        let code: u64 = warning.try_get_unchecked("Code")?;
        if CUT_SHORT.contains(&code) {
            let text: String = warning.try_get_unchecked("Message")?;
            return Err(Trouble::Data(format!("the server cut the result short: {text}")));
        }
    }
    Ok(())
}
