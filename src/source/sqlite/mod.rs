//! A CRM in a SQLite file.
//!
//! The file is opened for reading only and never made. SQLite has no server that could end a query, so a
//! progress handler inside the query does it.
//!
//! SQLite's types belong to values, not to columns: an integer, a text or bytes that are UTF-8 are taken
//! as they are. A float is taken where it is a whole number (a column of type REAL or NUMERIC makes such
//! ones from integers), and refused otherwise.

use std::borrow::Cow;
use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use secrecy::ExposeSecret as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow, SqliteValueRef};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Decode, Executor as _, Row as _, SqlSafeStr as _,
    TypeInfo as _, ValueRef as _,
};
use tokio_util::sync::CancellationToken;

use self::file::FileState;
use super::request::{Request, Trouble, Verdict, refused};
use super::rows::{Cell, Collector, Layout, utf8};
use super::{OptionsError, Source, SourceError, SourceOptions};
use crate::domain::table::CompleteRead;

mod file;
mod script;

/// How many instructions of SQLite's machine run between two looks at whether the read was given up:
/// some tens of microseconds.
const INSTRUCTIONS_BETWEEN_LOOKS: i32 = 10_000;

/// How often a read begins again because the file changed under it; each time is rare (see the module `file`).
const MAX_ATTEMPTS: u32 = 3;

/// The driver takes no longer wait; 24 days.
const LONGEST_BUSY_WAIT: Duration = Duration::from_millis(i32::MAX as u64);

/// Largest whole number up to which a float tells all integers apart (2^53).
const MAX_EXACT_FLOAT: f64 = 9_007_199_254_740_992.0;

pub(super) struct Sqlite {
    request: Request,
    options: SqliteConnectOptions,
}

impl Sqlite {
    pub fn new(options: SourceOptions) -> Result<Sqlite, OptionsError> {
        let url = options.url.expose_secret();
        if url.contains(":memory:") || url.contains("mode=memory") {
            return Err(refused(&options, "a database in memory is always empty"));
        }
        let connect = SqliteConnectOptions::from_str(url)
            .map_err(|_| refused(&options, "the URL has a parameter that can't be read"))?
            .read_only(true)
            .create_if_missing(false)
            .pragma("query_only", "ON")
            .busy_timeout(options.read_timeout.min(LONGEST_BUSY_WAIT))
            // Waking the other thread costs more than a row: the driver's 50 rows wake it for each few of them.
            .row_buffer_size(256)
            .disable_statement_logging();
        Ok(Sqlite {
            request: Request::new(options),
            options: connect,
        })
    }

    async fn read_to_end(&self) -> Result<CompleteRead, SourceError> {
        if !script::is_single(&self.request.query) {
            return Err(self.request.unusable("the query holds several statements"));
        }
        let path = self.options.get_filename();
        for _ in 0..MAX_ATTEMPTS {
            let before = FileState::of(path).await;
            if !before.is_idle_wal() {
                return self.read_once(&self.options).await;
            }
            let read = self.read_once(&self.options.clone().immutable(true)).await;
            if FileState::of(path).await == before {
                return read;
            }
        }
        Err(self.request.unreachable("the file changed while it was read"))
    }

    async fn read_once(&self, options: &SqliteConnectOptions) -> Result<CompleteRead, SourceError> {
        let fault = |trouble| self.request.fault(trouble, judge);
        let mut conn = options.connect().await.map_err(|err| fault(err.into()))?;
        // Ends the query when this future is dropped: the driver's thread would go on with it.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        conn.lock_handle()
            .await
            .map_err(|err| fault(err.into()))?
            .set_progress_handler(INSTRUCTIONS_BETWEEN_LOOKS, move || !given_up.is_cancelled());
        let read = self.transact(&mut conn).await;
        // Waits until the file is closed. The transaction is over, so nothing here concerns the rows.
        let _ = conn.close().await;
        read.map_err(fault)
    }

    async fn transact(&self, conn: &mut SqliteConnection) -> Result<CompleteRead, Trouble> {
        let Request {
            query,
            max_rows,
            expected,
            ..
        } = &self.request;
        let query = || AssertSqlSafe(query.clone());
        sqlx::raw_sql("BEGIN").execute(&mut *conn).await?;
        let statement = (&mut *conn).prepare(query().into_sql_str()).await?;
        let layout = Layout::of_statement(&statement, expected)?;
        let mut collector = Collector::new(&layout, *max_rows);
        let mut rows = sqlx::query(query()).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            collector.push(row.len(), |place| cell(&row, place))?;
        }
        drop(rows);
        sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
        Ok(collector.finish()?)
    }
}

#[async_trait]
impl Source for Sqlite {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        self.request.in_time(Box::pin(self.read_to_end())).await
    }
}

/// The cell at a place of the row.
fn cell(row: &SqliteRow, place: usize) -> Cell<'_> {
    let value = row.try_get_raw(place).map_err(|err| Cow::from(err.to_string()))?;
    if value.is_null() {
        return Ok(None);
    }
    let kind = value.type_info().into_owned();
    match kind.name() {
        "INTEGER" => {
            let number: i64 = decoded(value)?;
            Ok(Some(Cow::from(number.to_string())))
        }
        "REAL" => whole(decoded(value)?).map(|it| Some(Cow::from(it))),
        // The bytes of a text may be anything in SQLite.
        _ => utf8(decoded(value)?).map(|text| Some(Cow::from(text))),
    }
}

fn decoded<'r, T: Decode<'r, sqlx::Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, Cow<'static, str>> {
    T::decode(value).map_err(|err| Cow::from(err.to_string()))
}

/// A float as the whole number that it is.
fn whole(number: f64) -> Result<String, Cow<'static, str>> {
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT_FLOAT {
        // Adding zero turns the negative zero into zero.
        Ok(format!("{:.0}", number + 0.0))
    } else {
        Err(Cow::from(
            "holds a number with a fraction or of more than 15 digits, which has no one text; cast it to TEXT or INTEGER in the query",
        ))
    }
}

/// What an error means, by SQLite's primary result code.
fn judge(err: &sqlx::Error) -> Verdict {
    let sqlx::Error::Database(err) = err else {
        return Verdict::of_driver(err);
    };
    let code = err
        .code()
        .and_then(|it| it.parse::<i32>().ok())
        .map(|it| it & 0xff);
    let text = err.message().to_owned();
    match code {
        // SQLITE_INTERRUPT: only the progress handler does that.
        Some(9) => Verdict::TimedOut,
        // SQLITE_ERROR (syntax, missing table or column), SQLITE_READONLY (a query that writes),
        // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_MISUSE, SQLITE_RANGE.
        Some(1 | 8 | 18 | 19 | 20 | 21 | 25) => Verdict::Unusable(text),
        // Permission, busy, locked, no memory, I/O, corrupt, can't open, protocol, not a database.
        _ => Verdict::Unreachable(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_floats_that_are_whole_numbers_have_a_text() {
        assert_eq!(whole(7.0).as_deref(), Ok("7"));
        assert_eq!(whole(-0.0).as_deref(), Ok("0"));
        assert_eq!(whole(37_126_123_456.0).as_deref(), Ok("37126123456"));
        assert_eq!(whole(-MAX_EXACT_FLOAT).as_deref(), Ok("-9007199254740992"));
        for odd in [0.5, 1e16, f64::INFINITY, f64::NAN] {
            assert!(whole(odd).is_err(), "{odd}");
        }
    }
}
