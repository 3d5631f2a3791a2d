//! What an argument holds never ends the name or the value that it is, on any database.

use std::collections::BTreeMap;

use wazzup_sync::domain::table::Column;
use wazzup_sync::source::preset::Preset;
use wazzup_sync::source::{self};

use super::database::{Database, Kind, column};

const PRESET: &str = "
crm = \"Own CRM\"
leavers = \"stay\"
recognise = {}
[params.table]
kind = \"identifier\"
about = \"begin of the table's name\"
[params.value]
kind = \"text\"
about = \"a name\"
[queries]
sqlite = \"SELECT {value} AS id, name FROM {table}s WHERE name = {value}\"
postgres = \"SELECT {value} AS id, name FROM {table}s WHERE name = {value}\"
mysql = \"SELECT {value} AS id, name FROM {table}s WHERE name = {value}\"
";

const HOSTILE: [&str; 16] = [
    "plain",
    "it's",
    "''",
    "'",
    "\\",
    "\\'",
    "\\\\'; DROP TABLE employees; --",
    "' OR '1' = '1",
    "\"",
    "\"\" \"",
    "`",
    "`; --",
    "$1 ? :name {value} %s",
    "/* '",
    "E'x'",
    "Ірина \u{1f600} ʼ",
];

/// Looks for a row of that name in a table of that name.
async fn find(database: &Database, table: &str, value: &str) {
    let kind = database.kind();
    let doubled = match kind {
        Kind::MariaDb => format!("`{}s`", table.replace('`', "``")),
        Kind::Postgres | Kind::Sqlite => format!("\"{}s\"", table.replace('"', "\"\"")),
    };
    let text = match kind {
        Kind::Postgres => "varchar(99)",
        Kind::Sqlite => "TEXT",
        // As the tables of the older CRMs, but for the fourth byte.
        Kind::MariaDb => "varchar(99) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    };
    let hex: String = value.bytes().map(|it| format!("{it:02x}")).collect();
    let bytes = match kind {
        Kind::Postgres => format!("convert_from(decode('{hex}', 'hex'), 'UTF8')"),
        Kind::Sqlite => format!("CAST(X'{hex}' AS TEXT)"),
        Kind::MariaDb => format!("X'{hex}'"),
    };
    database
        .execute(&format!(
            "CREATE TABLE {doubled} (name {text}); INSERT INTO {doubled} VALUES ({bytes}), ('another')"
        ))
        .await;
    let preset = Preset::parse("own", PRESET).unwrap();
    let given = [("table", table), ("value", value)].map(|(name, it)| (name.to_owned(), it.to_owned()));
    let arguments = preset.arguments(&BTreeMap::from(given)).unwrap();
    let query = preset.query(source::Database::of_url(&database.url).unwrap(), &arguments);
    let read = database.read(&query.unwrap()).await.unwrap();
    assert_eq!(column(&read, Column::Id), [Some(value)], "{table}");
    assert_eq!(column(&read, Column::Name), [Some(value)], "{table}");
    database.execute(&format!("DROP TABLE {doubled}")).await;
}

async fn arguments_stay_what_they_are(database: &Database) {
    for text in HOSTILE {
        find(database, "table", text).await;
        // MySQL knows no names of letters beyond the first plane.
        if text.chars().all(|it| it <= '\u{ffff}') {
            find(database, text, "value").await;
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 0);
}

#[tokio::test]
async fn arguments_stay_what_they_are_in_sqlite() {
    let database = Database::sqlite().await;
    arguments_stay_what_they_are(&database).await;
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn arguments_stay_what_they_are_in_postgres_under_either_setting() {
    let database = Database::postgres().await;
    arguments_stay_what_they_are(&database).await;
    let name = database.name();
    database
        .execute(&format!(
            "ALTER DATABASE {name} SET standard_conforming_strings = off"
        ))
        .await;
    arguments_stay_what_they_are(&database).await;
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn arguments_stay_what_they_are_in_mariadb() {
    let database = Database::mariadb().await;
    arguments_stay_what_they_are(&database).await;
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_value_gives_way_to_the_collation_of_the_column() {
    let database = Database::mariadb().await;
    for collation in [
        "utf8mb3_general_ci",
        "utf8mb3_bin",
        "utf8mb4_unicode_ci",
        "latin1_swedish_ci",
    ] {
        let (charset, _) = collation.split_once('_').unwrap();
        database
            .execute(&format!(
                "CREATE TABLE tables (name varchar(99) CHARACTER SET {charset} COLLATE {collation}); \
                 INSERT INTO tables VALUES ('Müller')"
            ))
            .await;
        let preset = Preset::parse("own", PRESET).unwrap();
        let given =
            [("table", "table"), ("value", "Müller")].map(|(name, it)| (name.to_owned(), it.to_owned()));
        let arguments = preset.arguments(&BTreeMap::from(given)).unwrap();
        let query = preset.query(source::Database::MySql, &arguments).unwrap();
        let read = database.read(&query).await.unwrap();
        assert_eq!(column(&read, Column::Name), [Some("Müller")], "{collation}");
        database.execute("DROP TABLE tables").await;
    }
    database.drop().await;
}
