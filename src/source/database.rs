//! The kinds of database that a CRM may live in.

use serde::Deserialize;

/// A kind of database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB.
    MySql,
    /// An SQLite file.
    Sqlite,
}

impl Database {
    /// The kind that an address names by its scheme.
    pub fn of_url(url: &str) -> Option<Database> {
        let (scheme, _) = url.split_once(':')?;
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => Some(Database::Postgres),
            "mysql" | "mariadb" => Some(Database::MySql),
            "sqlite" => Some(Database::Sqlite),
            _ => None,
        }
    }

    /// The name of the product.
    pub fn name(self) -> &'static str {
        match self {
            Database::Postgres => "PostgreSQL",
            Database::MySql => "MySQL or MariaDB",
            Database::Sqlite => "SQLite",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_told_by_the_scheme() {
        for (url, database) in [
            ("postgres://reader@db/crm", Some(Database::Postgres)),
            ("PostgreSQL://reader@db/crm", Some(Database::Postgres)),
            ("mysql://reader@db/crm", Some(Database::MySql)),
            ("mariadb://reader@db/crm", Some(Database::MySql)),
            ("sqlite:crm.db", Some(Database::Sqlite)),
            ("oracle://reader@db/crm", None),
            ("crm.db", None),
        ] {
            assert_eq!(Database::of_url(url), database, "{url}");
        }
    }
}
