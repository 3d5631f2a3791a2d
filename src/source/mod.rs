//! Where the desired state comes from: one query, read to its end in one read-only transaction.
//!
//! A source decides nothing about employees. It runs the configured query, turns each value into text
//! and says precisely why a read failed, so that an outage is never taken for an empty table.
//!
//! One module for each kind of database; what they share is in `rows` (columns, limits, assembly of rows),
//! `request` (what to read, and how a failure is told) and `server` (the address of a server). [`preset`]
//! knows the queries for known CRMs, [`inspect`] looks at a database of which nothing is known yet.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::table::{Column, CompleteRead};

pub use database::Database;

mod database;
mod eager;
pub mod inspect;
mod mysql;
mod postgres;
pub mod preset;
mod request;
mod rows;
mod server;
mod sqlite;

/// Longest field in bytes. The longest value that a platform takes has a few hundred characters, so a
/// longer field is a wrong column; and with `max_rows` this bounds the memory of a read.
pub const MAX_FIELD_BYTES: usize = 4096;

// A row keeps the ends of its fields in 16 bits.
const _: () = assert!(MAX_FIELD_BYTES * Column::ALL.len() < u16::MAX as usize);

/// A CRM's database.
#[async_trait]
pub trait Source: Send + Sync {
    /// Reads all rows of the query in one read-only transaction.
    ///
    /// # Errors
    /// Every way in which the read can fail to come to its end with all expected columns.
    async fn read(&self) -> Result<CompleteRead, SourceError>;
}

/// What to read, and from where.
#[derive(Clone, Debug)]
pub struct SourceOptions {
    /// Name in the configuration.
    pub name: String,
    /// Where the database is: `sqlite:PATH`, `postgres://…`, `postgresql://…`, `mysql://…` or `mariadb://…`.
    pub url: SecretString,
    /// Password, if it does not stand in the URL.
    pub password: Option<SecretString>,
    /// The query: a single statement that only reads.
    pub query: String,
    /// For the whole read, from the connection to the end of the transaction.
    pub read_timeout: Duration,
    /// Most rows of a complete read.
    pub max_rows: usize,
    /// Columns that the settings need, beside `id` and `name`.
    pub expected: Vec<Column>,
}

/// The options can't be a source; nothing was connected to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("source `{source_name}`: {cause}")]
pub struct OptionsError {
    /// Name in the configuration.
    pub source_name: String,
    /// What is wrong with which option; holds no part of the URL.
    pub cause: String,
}

/// The source for these options. Connects to nothing yet.
///
/// # Errors
/// If the URL is of no known kind, or can't be read.
pub fn open(options: SourceOptions) -> Result<Box<dyn Source>, OptionsError> {
    match Database::of_url(options.url.expose_secret()) {
        Some(Database::Sqlite) => Ok(Box::new(sqlite::Sqlite::new(options)?)),
        Some(Database::Postgres) => Ok(Box::new(postgres::Postgres::new(options)?)),
        Some(Database::MySql) => Ok(Box::new(mysql::MySql::new(options)?)),
        None => Err(OptionsError {
            source_name: options.name,
            cause: "the URL has to begin with postgres://, mysql://, mariadb:// or sqlite:".to_owned(),
        }),
    }
}

/// Why there is no complete read. Texts name the source and the cause, and hold no password.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Connection refused, wrong password, time-out, or the connection broke off in mid-read.
    #[error("source `{source_name}` is unreachable: {cause}")]
    Unreachable {
        /// Name in the configuration.
        source_name: String,
        /// Cleaned text of the driver.
        cause: String,
    },
    /// The database answered, but what it yields can't be used: missing table, right or column, an
    /// unknown column, a type that has no text, too many rows, a field that is too long.
    #[error("source `{source_name}` is unusable: {cause}")]
    Unusable {
        /// Name in the configuration.
        source_name: String,
        /// What is wrong, and where it can be mended.
        cause: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str) -> SourceOptions {
        SourceOptions {
            name: "crm".to_owned(),
            url: url.into(),
            password: Some("hunter2-hunter2".into()),
            query: "SELECT id, name FROM employees".to_owned(),
            read_timeout: Duration::from_secs(1),
            max_rows: 10,
            expected: Vec::new(),
        }
    }

    fn refusal(url: &str) -> String {
        match open(options(url)) {
            Ok(_) => panic!("{url} was taken"),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn debug_shows_neither_url_nor_password() {
        let text = format!("{:?}", options("postgres://u:sesame-open@db/crm"));
        assert!(!text.contains("sesame") && !text.contains("hunter2"), "{text}");
    }

    #[test]
    fn the_kind_is_chosen_by_the_scheme_and_a_refusal_repeats_no_part_of_the_url() {
        for url in [
            "sqlite:crm.db",
            "sqlite:///srv/crm.db?mode=ro",
            "postgres://reader@db/crm",
            "PostgreSQL://reader@[::1]/crm",
            "mysql://reader@db/crm",
            "MariaDB://reader@[::1]:3307/crm?socket=/run/mysqld/mysqld.sock",
            "mysql://reader@db/crm?ssl-mode=verify_identity&ssl-ca=/etc/ca.pem",
            "postgres://reader@db/crm?sslmode=verify-ca&sslrootcert=/etc/ca.pem",
        ] {
            assert!(open(options(url)).is_ok(), "{url}");
        }
        for url in [
            "oracle://u:sesame@db/crm",
            "sesame",
            "",
            "postgres://u:sesame@:/crm",
            "postgres://u@db/crm?pasword=sesame",
            "mysql://u:sesame@:/crm",
            "mysql://u@db/crm?password=sesame",
            "mysql://u@db/crm?ssl-mode=sesame",
            "mysql://u@db/crm?sslmodus=sesame",
            "mysql:sesame",
            "mysql:///sesame",
            "mariadb://u@db/crm?ssl-ca=sesame",
            "mysql://u@db/crm?ssl-ca=sesame&ssl-mode=required",
            "mysql://u@db/crm?ssl-mode=verify_ca&ssl-ca=sesame&ssl-mode=preferred",
            "postgres://u@db/crm?sslrootcert=sesame&sslmode=require",
            "sqlite:crm.db?sesame=1",
            "sqlite::memory:",
            "sqlite:crm.db?mode=memory",
        ] {
            let text = refusal(url);
            assert!(
                text.starts_with("source `crm`: ") && !text.contains("sesame"),
                "{url}: {text}"
            );
        }
    }
}
