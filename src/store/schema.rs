//! The schema: which migrations there are, and which of them a file has seen.

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};

use super::begin;
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

/// Brings a file up to date: by all of its missing migrations, or by none. Together they are written and synced to the
/// disk once; each by itself would be twice. And they are one text: most of their time went into the ways between the
/// connection's thread and ours, five for each migration.
///
/// # Errors
/// What SQLite says of it, or that the file has seen other migrations.
pub(super) async fn migrate(conn: &mut SqliteConnection) -> Result<(), MigrateError> {
    let mut tx = begin(conn).await?;
    let migrator = migrator();
    tx.ensure_migrations_table(&migrator.table_name).await?;
    let seen = tx.list_applied_migrations(&migrator.table_name).await?;
    // Looks at what the file has seen, and enters what it has not, which follows.
    migrator.run_direct(None, &mut *tx, true).await?;
    let is_missing = |version: i64| seen.iter().all(|it| it.version != version);
    let missing = MIGRATIONS.iter().filter(|(version, ..)| is_missing(*version));
    let text: Vec<&str> = missing.map(|(.., sql)| *sql).collect();
    sqlx::raw_sql(AssertSqlSafe(text.join("\n")))
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
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
        // SQLITE_ERROR: one of the tables isn't there.
        Err(error) if primary_code(&error) == Some(1) => return Ok(None),
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
