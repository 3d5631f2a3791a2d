//! The questions, in the words of each database.

use super::Table;
use crate::domain::table::Column;
use crate::source::Database;
use crate::source::preset::identifier;

// What the columns of the answer to `catalogue` mean.
pub(super) const COLUMN: Column = Column::Id;
pub(super) const TABLE: Column = Column::Name;
pub(super) const SCHEMA: Column = Column::Account;
pub(super) const TYPE: Column = Column::Role;
pub(super) const PLACE: Column = Column::Phone;
/// Whether the name of the table leads to it without its schema.
pub(super) const IS_PLAIN: Column = Column::Email;
pub(super) const IS_READABLE: Column = Column::Active;

/// All columns of all tables and views. A later question is for where an earlier one is refused.
pub(super) fn catalogue(database: Database) -> &'static [&'static str] {
    match database {
        // Tables that the user may not read are listed too: a CRM is known by them, and the read will say
        // what is missing.
        Database::Postgres => &["\
            SELECT a.attname::text AS id, c.relname::text AS name, n.nspname::text AS account,
                   pg_catalog.format_type(a.atttypid, NULL) AS role, a.attnum AS phone,
                   pg_catalog.pg_table_is_visible(c.oid) AS email,
                   pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS active
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
               AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"],
        // Only what the user may read is listed at all.
        Database::MySql => &["\
            SELECT COLUMN_NAME AS id, TABLE_NAME AS name, DATA_TYPE AS role, ORDINAL_POSITION AS phone
              FROM information_schema.COLUMNS
             WHERE TABLE_SCHEMA = DATABASE()"],
        Database::Sqlite => &[
            "SELECT c.name AS id, t.name AS name, c.type AS role, c.cid AS phone
               FROM sqlite_master t, pragma_table_info(t.name) c
              WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~'",
            "SELECT c.name AS id, t.name AS name, c.type AS role, c.cid AS phone
               FROM sqlite_master t, pragma_table_info(t.name) c
              WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite~_%' ESCAPE '~'",
        ],
    }
}

/// The table as a query names it.
pub(super) fn table_name(table: &Table, database: Database) -> String {
    let name = plain_or_quoted(&table.name, database);
    match &table.schema {
        Some(schema) if !table.is_plain => format!("{}.{name}", plain_or_quoted(schema, database)),
        _ => name,
    }
}

/// Words without an underscore that no database keeps for itself and every employee table has.
const HARMLESS: [&str; 14] = [
    "id",
    "name",
    "phone",
    "mobile",
    "email",
    "active",
    "enabled",
    "deleted",
    "uuid",
    "surname",
    "firstname",
    "lastname",
    "employees",
    "staff",
];

/// A name in a query: as it is where that can mean nothing else, so that people can read it.
pub(super) fn plain_or_quoted(name: &str, database: Database) -> String {
    let is_low = |it: char| it.is_ascii_lowercase() || it == '_' || it.is_ascii_digit();
    let is_word = name.chars().all(is_low) && name.starts_with(|it: char| it.is_ascii_lowercase());
    // Words of SQL with an underscore tell a moment, a unit of time or who is asking.
    let is_of_sql = ["current_", "session_", "local", "system_", "utc_"]
        .iter()
        .any(|it| name.starts_with(it))
        || ["_second", "_microsecond", "_minute", "_hour", "_month"]
            .iter()
            .any(|it| name.ends_with(it));
    if is_word && (HARMLESS.contains(&name) || (name.contains('_') && !is_of_sql)) {
        name.to_owned()
    } else {
        identifier(name, database)
    }
}

/// How many rows there are, up to one more than `limit`.
pub(super) fn count(table: &Table, limit: usize, database: Database) -> String {
    format!(
        "SELECT 1 AS id, COUNT(*) AS name FROM (SELECT 1 AS one FROM {} LIMIT {}) counted",
        table_name(table, database),
        limit.saturating_add(1)
    )
}

/// The values of a column, each with its number, the most frequent ones first.
pub(super) fn values(table: &Table, column: &str, limit: usize, database: Database) -> String {
    let column = plain_or_quoted(column, database);
    format!(
        "SELECT {column} AS id, COUNT(*) AS name FROM {} GROUP BY {column} ORDER BY COUNT(*) DESC LIMIT {limit}",
        table_name(table, database)
    )
}
