//! A CRM in PostgreSQL.
//!
//! The server turns each value into text, not we: the statement is prepared first (which tells its
//! columns and their types even if there is no row, and refuses several statements in one text), then run
//! in the protocol's simple form, whose results are text. So a number, a date or an enum arrives just as
//! `column::text` would show it, and nothing is decoded that could be decoded wrongly.

use std::borrow::Cow;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgRow, PgTypeInfo, PgTypeKind};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Executor as _, Row as _,
    SqlSafeStr as _, Statement as _, TypeInfo as _, ValueRef as _,
};

use super::eager::eager;
use super::request::{Request, Trouble, Verdict, refused};
use super::rows::{Cell, Collector, Layout, utf8};
use super::server::{Dialect, ipv6_host};
use super::{OptionsError, Source, SourceError, SourceOptions};
use crate::domain::table::{Column, CompleteRead};

const DIALECT: Dialect = Dialect {
    parameters: &[
        "host", "hostaddr", "port", "dbname", "user", "password", "options",
    ],
    families: &["options["],
    authority: &["sslrootcert", "ssl-root-cert", "ssl-ca"],
    verifying: ["verify-ca", "verify-full"],
};

pub(super) struct Postgres {
    request: Request,
    options: PgConnectOptions,
}

impl Postgres {
    pub fn new(options: SourceOptions) -> Result<Postgres, OptionsError> {
        let url = DIALECT.read(&options)?;
        let mut connect = PgConnectOptions::from_url(&url)
            .map_err(|_| refused(&options, "the URL has a parameter that can't be read"))?
            .application_name("wazzup-sync")
            // Poolers refuse this parameter at the start, and it changes only floats, which are not read.
            .extra_float_digits(None)
            .statement_cache_capacity(1)
            .disable_statement_logging();
        if let Some(host) = ipv6_host(&url) {
            connect = connect.host(&host);
        }
        if let Some(password) = &options.password {
            connect = connect.password(password.expose_secret());
        }
        Ok(Postgres {
            request: Request::new(options),
            options: connect,
        })
    }

    async fn read_to_end(&self) -> Result<CompleteRead, SourceError> {
        let fault = |trouble| self.request.fault(trouble, judge);
        let conn = eager(self.options.connect()).await;
        let mut conn = conn.map_err(|err| fault(err.into()))?;
        let read = self.transact(&mut conn).await;
        // The transaction is over by now, or the server ends it with the connection. What a farewell
        // meets changes nothing about the rows.
        let _ = conn.close().await;
        read.map_err(fault)
    }

    async fn transact(&self, conn: &mut PgConnection) -> Result<CompleteRead, Trouble> {
        let Request {
            query,
            max_rows,
            expected,
            ..
        } = &self.request;
        let query = || AssertSqlSafe(query.clone());
        sqlx::raw_sql(AssertSqlSafe(self.begin()))
            .execute(&mut *conn)
            .await?;
        let statement = (&mut *conn).prepare(query().into_sql_str()).await?;
        let layout = Layout::of_statement(&statement, expected)?;
        let forms = statement
            .columns()
            .iter()
            .zip(layout.places())
            .map(|(it, column)| Form::of(it.type_info(), *column))
            .collect::<Result<Vec<Form>, String>>()?;
        let mut collector = Collector::new(&layout, *max_rows);
        let mut rows = sqlx::raw_sql(query()).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            collector.push(row.len(), |place| forms[place].cell(&row, place))?;
        }
        drop(rows);
        // Behind a pooler, the server keeps a prepared statement for the next client, whom it disturbs.
        conn.clear_cached_statements().await?;
        sqlx::raw_sql("COMMIT").execute(&mut *conn).await?;
        Ok(collector.finish()?)
    }

    /// Opens the transaction. It ends on the server too when the time is over, whatever becomes of us.
    fn begin(&self) -> String {
        let millis = self.request.read_timeout.as_millis().clamp(1, i32::MAX as u128);
        format!(
            "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = {millis}; \
             SET LOCAL idle_in_transaction_session_timeout = {millis}; \
             SET LOCAL bytea_output = 'hex'; \
             SET LOCAL client_min_messages = 'error'"
        )
    }
}

#[async_trait]
impl Source for Postgres {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        self.request.in_time(Box::pin(self.read_to_end())).await
    }
}

/// How the text of a type is turned into the text of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// Taken as it is.
    Text,
    /// `t` and `f`.
    Bool,
    /// `\x` and hex digits.
    Bytes,
}

impl Form {
    /// The form of a type, if it has one.
    fn of(info: &PgTypeInfo, column: Column) -> Result<Form, String> {
        let (name, id) = (info.name(), column.name());
        let refuse = |cast: &str| {
            Err(format!(
                "the column `{id}` has the type {name}, which has no plain text; cast it in the query: {cast}"
            ))
        };
        match info.kind() {
            PgTypeKind::Domain(base) => return Form::of(base, column),
            PgTypeKind::Enum(_) => return Ok(Form::Text),
            PgTypeKind::Array(_) => return refuse(&format!("array_to_string({id}, '|')")),
            PgTypeKind::Composite(_) | PgTypeKind::Range(_) | PgTypeKind::Pseudo => {
                return refuse(&format!("{id}::text"));
            }
            PgTypeKind::Simple => {}
        }
        // A type of an extension comes with its schema if that is not on the search path.
        match name.rsplit('.').next().unwrap_or(name) {
            "BOOL" => Ok(Form::Bool),
            "BYTEA" => Ok(Form::Bytes),
            "INT2" | "INT4" | "INT8" | "OID" | "NUMERIC" | "TEXT" | "VARCHAR" | "CHAR" | "\"CHAR\""
            | "NAME" | "UNKNOWN" | "citext" | "UUID" | "BIT" | "VARBIT" | "JSON" | "JSONB" | "DATE"
            | "TIME" | "TIMETZ" | "TIMESTAMP" | "TIMESTAMPTZ" | "INTERVAL" => Ok(Form::Text),
            // The same number may be written in several ways, so that an id could change by itself.
            "FLOAT4" | "FLOAT8" => refuse(&format!("{id}::numeric")),
            _ => refuse(&format!("{id}::text")),
        }
    }

    /// The cell at a place of the row.
    fn cell(self, row: &PgRow, place: usize) -> Cell<'_> {
        let value = row.try_get_raw(place).map_err(|err| Cow::from(err.to_string()))?;
        if value.is_null() {
            return Ok(None);
        }
        let bytes = value.as_bytes().map_err(|err| Cow::from(err.to_string()))?;
        match self {
            Form::Text => utf8(bytes).map(|text| Some(Cow::from(text))),
            Form::Bool => Ok(Some(Cow::from(if bytes == b"t" { "true" } else { "false" }))),
            Form::Bytes => {
                let bytes = from_hex(bytes).ok_or("holds bytes in an unknown form")?;
                utf8(&bytes).map(|text| Some(Cow::from(text.to_owned())))
            }
        }
    }
}

/// The bytes of `\x` and hex digits.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.strip_prefix(b"\\x")?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let digit = |it: u8| (it as char).to_digit(16);
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok())
        .collect();
    if rest.is_empty() { bytes } else { None }
}

/// What an error means, by the class of its SQLSTATE (PostgreSQL's Appendix A).
fn judge(err: &sqlx::Error) -> Verdict {
    let sqlx::Error::Database(err) = err else {
        return Verdict::of_driver(err);
    };
    let Some(err) = err.try_downcast_ref::<PgDatabaseError>() else {
        return Verdict::Unreachable(err.to_string());
    };
    let text = match err.hint() {
        Some(hint) => format!("{} ({hint})", err.message()),
        None => err.message().to_owned(),
    };
    if is_outage(err.code()) {
        Verdict::Unreachable(text)
    } else {
        Verdict::Unusable(text)
    }
}

/// Whether the next attempt may succeed though the query stays as it is.
fn is_outage(code: &str) -> bool {
    // Too long idle in a transaction; a lock that is not to be had.
    if matches!(code, "25P03" | "25P04" | "55P03") {
        return true;
    }
    // Connection, authorisation, database, rollback by the server, resources, operator, system,
    // snapshot too old, configuration, internal.
    matches!(
        code.get(..2),
        Some("08" | "28" | "3D" | "40" | "53" | "57" | "58" | "72" | "F0" | "XX")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_to_the_last_digit() {
        assert_eq!(from_hex(b"\\x416e6E61"), Some(b"Anna".to_vec()));
        assert_eq!(from_hex(b"\\x"), Some(Vec::new()));
        for odd in [&b"\\x4"[..], b"\\x4g", b"416e", b""] {
            assert_eq!(from_hex(odd), None);
        }
    }

    #[test]
    fn an_ipv6_address_is_taken_without_its_brackets() {
        let source = Postgres::new(SourceOptions {
            name: "crm".to_owned(),
            url: "postgres://reader@[::1]/crm".into(),
            password: None,
            query: String::new(),
            read_timeout: std::time::Duration::from_secs(1),
            max_rows: 1,
            expected: Vec::new(),
        });
        assert_eq!(source.ok().unwrap().options.get_host(), "::1");
    }

    #[test]
    fn an_outage_is_told_from_a_wrong_query_by_its_class() {
        for code in [
            "08006", "28P01", "3D000", "40001", "53300", "57014", "57P01", "25P03",
        ] {
            assert!(is_outage(code), "{code}");
        }
        for code in [
            "42P01", "42501", "42703", "42601", "22P02", "25006", "54001", "0A000", "P0001", "",
        ] {
            assert!(!is_outage(code), "{code}");
        }
    }
}
