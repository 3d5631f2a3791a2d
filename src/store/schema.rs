//! The schema: which migrations there are, and which of them a file has seen.

use std::collections::HashSet;

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqlSafeStr as _};

use super::BEGIN;
use super::bulk::Bulk;
use super::error::primary_code;

/// The migrations in order, one concern each: version, name, SQL. They are only ever added to.
const MIGRATIONS: [(i64, &str, &str); 11] = [
    (
        1,
        "accounts",
        include_str!("../../migrations/sqlite/0001_accounts.sql"),
    ),
    (2, "runs", include_str!("../../migrations/sqlite/0002_runs.sql")),
    (3, "users", include_str!("../../migrations/sqlite/0003_users.sql")),
    (
        4,
        "journal",
        include_str!("../../migrations/sqlite/0004_journal.sql"),
    ),
    (
        5,
        "outcomes",
        include_str!("../../migrations/sqlite/0005_outcomes.sql"),
    ),
    (
        6,
        "people",
        include_str!("../../migrations/sqlite/0006_people.sql"),
    ),
    (7, "facts", include_str!("../../migrations/sqlite/0007_facts.sql")),
    (
        8,
        "credentials",
        include_str!("../../migrations/sqlite/0008_credentials.sql"),
    ),
    (
        9,
        "members",
        include_str!("../../migrations/sqlite/0009_members.sql"),
    ),
    (
        10,
        "access",
        include_str!("../../migrations/sqlite/0010_access.sql"),
    ),
    (
        11,
        "service",
        include_str!("../../migrations/sqlite/0011_service.sql"),
    ),
];

/// What all migrations make together, for a file that has seen none: SQLite reads all tables anew for each column that is
/// added to one. That both make the same is a test.
const SCHEMA: &str = include_str!("../../migrations/sqlite/schema.sql");

/// The newest schema that this release knows.
pub const LATEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// All migrations, as sqlx runs them. A list in the code and no folder read by a macro: a file that is
/// added there, and nothing else, would not make the compiler look again.
pub fn migrator() -> Migrator {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(
            version,
            name.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.map(migration).into())
}

/// Brings a file up to date: by all that it is missing, or by nothing. Together they are written and synced to the
/// disk once; each by itself would be twice.
///
/// The SQL goes with the statement that begins the transaction, as that is answered once: each statement of any other
/// text is answered by itself, and most of the time went into those ways between the connection's thread and ours.
///
/// # Errors
/// What SQLite says of it, or that the file has seen other migrations. The connection may then be left within the
/// transaction, and is to be dropped, which undoes it.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<(), MigrateError> {
    const ENTER: Bulk = Bulk {
        head: "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)",
        n_columns: 5,
        tail: "",
    };
    let migrator = migrator();
    let seen = seen(conn, &migrator).await?;
    let missing: Vec<&Migration> = migrator.iter().filter(|it| !seen.contains(&it.version)).collect();
    let mut text = vec![BEGIN];
    if seen.is_empty() {
        text.push(SCHEMA);
    } else {
        text.extend(missing.iter().map(|it| it.sql.as_str()));
    }
    let mut tx = conn.begin_with(AssertSqlSafe(text.join(";\n"))).await?;
    tx.ensure_migrations_table(&migrator.table_name).await?;
    ENTER
        .run(&mut tx, missing, |query, it| {
            query
                .bind(it.version)
                .bind(it.description.to_string())
                .bind(true)
                .bind(it.checksum.to_vec())
                .bind(-1)
        })
        .await?;
    if !seen.is_empty() {
        // Finds nothing to do, but looks whether what the file had seen was the same.
        migrator.run_direct(None, &mut *tx, false).await?;
    }
    Ok(tx.commit().await?)
}

/// The migrations that a file says it has seen.
async fn seen(conn: &mut SqliteConnection, migrator: &Migrator) -> Result<HashSet<i64>, MigrateError> {
    match conn.list_applied_migrations(&migrator.table_name).await {
        Ok(seen) => Ok(seen.into_iter().map(|it| it.version).collect()),
        Err(MigrateError::Execute(error)) if is_missing(&error) => Ok(HashSet::new()),
        Err(error) => Err(error),
    }
}

/// Whether SQLite says that a table isn't there, for which it has no code but that of all that it can't make out.
fn is_missing(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(1)
}

/// What a file says about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Version {
    /// The newest migration that it has seen.
    pub(super) number: i64,
    /// How many migrations it has seen. One may be missing that was added before a newer one.
    n_seen: i64,
    /// The salt of its fingerprints.
    pub(super) salt: String,
}

impl Version {
    /// Whether the file has seen all migrations of this release, and no others.
    pub(super) fn is_current(&self) -> bool {
        self.number == LATEST && usize::try_from(self.n_seen) == Ok(MIGRATIONS.len())
    }
}

/// The version of a file, by one query; `None` if no migration has come to its end.
pub(super) async fn version(conn: &mut SqliteConnection) -> sqlx::Result<Option<Version>> {
    let sql = "SELECT max(version), count(*), (SELECT value FROM meta WHERE name = 'salt') FROM _sqlx_migrations WHERE success";
    let row = match sqlx::query(sql).fetch_one(conn).await {
        Ok(row) => row,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let number: Option<i64> = row.try_get(0)?;
    let n_seen = row.try_get(1)?;
    let salt: Option<String> = row.try_get(2)?;
    Ok(number
        .zip(salt)
        .map(|(number, salt)| Version { number, n_seen, salt }))
}

/// Whether a file without our migrations has tables of somebody else.
pub(super) async fn is_anothers(conn: &mut SqliteConnection) -> sqlx::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema) AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
    sqlx::query_scalar(sql).fetch_one(conn).await
}
