//! The contract of a source, the same for all kinds of database: what is read, and how a read fails.
#![expect(clippy::unwrap_used, reason = "a test may fail, and its helpers with it")]

#[path = "contract_source/database.rs"]
mod database;
#[path = "contract_source/fake.rs"]
mod fake;
#[path = "contract_source/mariadb.rs"]
mod only_mariadb;
#[path = "contract_source/postgres.rs"]
mod only_postgres;
#[path = "contract_source/sqlite.rs"]
mod only_sqlite;
#[path = "contract_source/proxy.rs"]
mod proxy;
#[path = "contract_source/servers.rs"]
mod servers;
#[path = "contract_source/tls.rs"]
mod tls;

use std::time::Duration;

use database::{Database, Kind, column, read, unreachable, unusable};
use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

const EMPLOYEES: &str = "SELECT id, name FROM employees";

/// Numbers without end, of MariaDB's own: a recursion ends there by itself.
const ENDLESS_IN_MARIADB: &str = "SELECT seq AS id, 'Anna' AS name FROM seq_1_to_1000000000000000";

/// A query that never ends to yield rows.
fn rows_without_end(kind: Kind) -> String {
    match kind {
        Kind::Sqlite | Kind::Postgres => endless("n", ""),
        Kind::MariaDb => ENDLESS_IN_MARIADB.to_owned(),
    }
}

/// A query that yields no row and never ends.
fn silence_without_end(kind: Kind) -> String {
    match kind {
        Kind::Sqlite | Kind::Postgres => endless("n", "WHERE i < 0"),
        Kind::MariaDb => format!("{ENDLESS_IN_MARIADB} WHERE seq % 2 > 1"),
    }
}

/// A query that yields no row, never ends and holds the table, in which there has to be somebody.
fn endless_on_employees(kind: Kind) -> String {
    match kind {
        Kind::Sqlite | Kind::Postgres => {
            endless("n WHERE (SELECT COUNT(*) FROM employees) > 0", "WHERE i < 0")
        }
        Kind::MariaDb => {
            format!("{ENDLESS_IN_MARIADB}, employees WHERE seq % 2 > 1").replace("'Anna'", "employees.name")
        }
    }
}

/// Counts without end, each number `from` the one before.
fn endless(from: &str, which: &str) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM {from}) \
         SELECT i AS id, 'Anna' AS name FROM n {which}"
    )
}

/// Runs each test on each kind of database.
macro_rules! contract {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                let database = super::Database::sqlite().await;
                super::$test(&database).await;
                database.drop().await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            #[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
            async fn $test() {
                let database = super::Database::postgres().await;
                super::$test(&database).await;
                database.drop().await;
            })*
        }
        mod mariadb {
            $(#[tokio::test]
            #[ignore = "needs a MariaDB server, which tests/all.sh starts"]
            async fn $test() {
                let database = super::Database::mariadb().await;
                super::$test(&database).await;
                database.drop().await;
            })*
        }
    };
}

contract![
    null_is_not_an_empty_text,
    columns_are_known_in_any_letter_case_and_order,
    an_empty_table_is_read_completely,
    wrong_columns_are_named_though_no_row_comes,
    a_column_that_the_settings_need_is_missed,
    just_max_rows_are_read_and_one_more_is_refused,
    rows_without_end_are_refused_by_their_number,
    a_field_that_is_too_long_is_refused,
    integers_texts_and_dates_are_read_as_text,
    text_comes_as_it_is,
    bytes_that_are_text_are_read,
    bytes_that_are_no_text_are_named_with_their_row,
    the_digest_does_not_depend_on_the_order,
    a_missing_table_is_named,
    a_missing_column_is_named,
    a_syntax_error_is_no_outage,
    a_query_that_writes_is_refused,
    a_second_statement_is_refused_and_not_run,
    a_statement_that_yields_nothing_is_refused_and_not_run,
    a_parameter_is_refused,
    a_query_without_end_is_ended,
    nothing_stays_locked,
    the_same_source_reads_again_and_sees_what_changed,
    all_rows_are_of_one_moment,
];

async fn null_is_not_an_empty_text(database: &Database) {
    let read = database
        .read("SELECT 1 AS id, 'Anna' AS name, NULL AS phone, '' AS role")
        .await
        .unwrap();
    let [row] = read.rows() else {
        panic!("one row: {read:?}")
    };
    assert_eq!(row.get(Column::Phone), None);
    assert_eq!(row.get(Column::Role), Some(""));
    assert!(read.columns().contains(Column::Phone) && !read.columns().contains(Column::Email));
}

async fn columns_are_known_in_any_letter_case_and_order(database: &Database) {
    let read = database
        .read(r#"SELECT 'Anna' AS "NAME", '7' AS "Phone_Region", 1 AS "Id""#)
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Id), [Some("1")]);
    assert_eq!(column(&read, Column::Name), [Some("Anna")]);
    assert_eq!(column(&read, Column::PhoneRegion), [Some("7")]);
}

async fn an_empty_table_is_read_completely(database: &Database) {
    let read = database.read(EMPLOYEES).await.unwrap();
    assert!(read.rows().is_empty());
    assert!(read.columns().contains(Column::Id) && read.columns().contains(Column::Name));
}

async fn wrong_columns_are_named_though_no_row_comes(database: &Database) {
    for (columns, word) in [
        (
            "id, name, 1 AS salary",
            "unknown column `salary`; allowed are id, name,",
        ),
        ("id, name, name AS \"NAME\"", "`name` twice"),
        ("id", "`name`, which is needed"),
        ("name", "`id`, which is needed"),
    ] {
        let cause = unusable(database.read(&format!("SELECT {columns} FROM employees")).await);
        assert!(cause.contains(word), "{cause}");
    }
}

async fn a_column_that_the_settings_need_is_missed(database: &Database) {
    let options = SourceOptions {
        expected: vec![Column::Role],
        ..database.options(EMPLOYEES)
    };
    let cause = unusable(read(options).await);
    assert!(cause.contains("`role`, which is needed"), "{cause}");
}

async fn just_max_rows_are_read_and_one_more_is_refused(database: &Database) {
    let options = SourceOptions {
        max_rows: 2,
        ..database.options(EMPLOYEES)
    };
    database
        .execute("INSERT INTO employees VALUES (1, 'Anna'), (2, 'Berta')")
        .await;
    assert_eq!(read(options.clone()).await.unwrap().rows().len(), 2);
    database.execute("INSERT INTO employees VALUES (3, 'Carl')").await;
    let cause = unusable(read(options).await);
    assert_eq!(cause, "the query yields more than 2 rows (max_rows): there are 3");
}

async fn rows_without_end_are_refused_by_their_number(database: &Database) {
    let cause = unusable(database.read(&rows_without_end(database.kind())).await);
    assert_eq!(
        cause,
        "the query yields more than 20000 rows (max_rows): there are more than 200000"
    );
}

async fn a_field_that_is_too_long_is_refused(database: &Database) {
    let long = "ä".repeat(2048);
    let fits = format!("SELECT 17 AS id, '{long}' AS name");
    assert_eq!(
        column(&database.read(&fits).await.unwrap(), Column::Name),
        [Some(long.as_str())]
    );
    let cause = unusable(
        database
            .read(&format!("SELECT '{long}x' AS name, 17 AS id"))
            .await,
    );
    assert!(
        cause.contains("`name` of the row with the id \"17\" holds 4097 bytes"),
        "{cause}"
    );
}

async fn integers_texts_and_dates_are_read_as_text(database: &Database) {
    database
        .execute(
            "CREATE TABLE people (id BIGINT, name VARCHAR(30), active BOOLEAN, phone DECIMAL(15,0), updated_at DATE)",
        )
        .await;
    database
        .execute("INSERT INTO people VALUES (-9223372036854775808, 'Anna', TRUE, 37126123456, '2026-11-22')")
        .await;
    let read = database
        .read("SELECT id, name, active, phone, updated_at FROM people")
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Id), [Some("-9223372036854775808")]);
    assert_eq!(column(&read, Column::Name), [Some("Anna")]);
    assert_eq!(column(&read, Column::Phone), [Some("37126123456")]);
    assert_eq!(column(&read, Column::UpdatedAt), [Some("2026-11-22")]);
    // Only PostgreSQL has booleans: elsewhere TRUE is the integer 1. Both are words of `active`.
    let active = if database.kind() == Kind::Postgres {
        "true"
    } else {
        "1"
    };
    assert_eq!(column(&read, Column::Active), [Some(active)]);
}

async fn text_comes_as_it_is(database: &Database) {
    let text = " Zoë\tO''Neil\n\u{202e}👩‍🚀 \\ \"x\" ";
    let literal = match database.kind() {
        Kind::MariaDb => text.replace('\\', r"\\"),
        Kind::Sqlite | Kind::Postgres => text.to_owned(),
    };
    let read = database
        .read(&format!("SELECT '  7 ' AS id, '{literal}' AS name"))
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Id), [Some("  7 ")]);
    assert_eq!(
        column(&read, Column::Name),
        [Some(text.replace("''", "'").as_str())]
    );
}

/// A literal of bytes.
fn bytes(database: &Database, hex: &str) -> String {
    match database.kind() {
        Kind::Postgres => format!("'\\x{hex}'::bytea"),
        Kind::Sqlite | Kind::MariaDb => format!("x'{hex}'"),
    }
}

/// Whether the database says that this is a place or time to read only.
fn speaks_of_reading(cause: &str) -> bool {
    let plain = cause.to_lowercase().replace([' ', '-'], "");
    plain.contains("readonly")
}

async fn bytes_that_are_text_are_read(database: &Database) {
    let (anna, empty) = (bytes(database, "416e6EC3A4"), bytes(database, ""));
    let read = database
        .read(&format!("SELECT 1 AS id, {anna} AS name, {empty} AS role"))
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Name), [Some("Annä")]);
    assert_eq!(column(&read, Column::Role), [Some("")]);
}

async fn bytes_that_are_no_text_are_named_with_their_row(database: &Database) {
    let odd = bytes(database, "416eff");
    let cause = unusable(
        database
            .read(&format!("SELECT {odd} AS name, 5551234567 AS id"))
            .await,
    );
    assert_eq!(
        cause,
        "the column `name` of the row with the id \"5551234567\" holds bytes that are not UTF-8 text"
    );
    let cause = unusable(
        database
            .read(&format!("SELECT {odd} AS id, 'Anna' AS name"))
            .await,
    );
    assert!(cause.contains("`id` of a row without a readable id"), "{cause}");
}

async fn the_digest_does_not_depend_on_the_order(database: &Database) {
    database
        .execute("INSERT INTO employees VALUES (1, 'Anna'), (2, 'Berta'), (3, NULL)")
        .await;
    let digest = async |order: &str| {
        database
            .read(&format!("{EMPLOYEES} ORDER BY id {order}"))
            .await
            .unwrap()
            .digest()
    };
    assert_eq!(digest("ASC").await, digest("DESC").await);
    database
        .execute("UPDATE employees SET name = '' WHERE id = 3")
        .await;
    let before = database.read("SELECT id, name FROM employees WHERE id < 3").await;
    assert_ne!(digest("ASC").await, before.unwrap().digest());
}

async fn a_missing_table_is_named(database: &Database) {
    let cause = unusable(database.read("SELECT id, name FROM persons").await);
    assert!(cause.contains("persons"), "{cause}");
}

async fn a_missing_column_is_named(database: &Database) {
    let cause = unusable(database.read("SELECT id, naam AS name FROM employees").await);
    assert!(cause.contains("naam"), "{cause}");
}

async fn a_syntax_error_is_no_outage(database: &Database) {
    let cause = unusable(database.read("SELEC id, name FROM employees").await);
    assert!(cause.contains("SELEC"), "{cause}");
    unusable(database.read("").await);
}

async fn a_query_that_writes_is_refused(database: &Database) {
    let query = "INSERT INTO employees VALUES (1, 'Anna') RETURNING id, name";
    let cause = unusable(database.read(query).await);
    assert!(speaks_of_reading(&cause), "{cause}");
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 0);
}

async fn a_second_statement_is_refused_and_not_run(database: &Database) {
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    for query in [
        "SELECT id, name FROM employees; DELETE FROM employees",
        "SELECT id, name FROM employees; COMMIT; DELETE FROM employees; SELECT id, name FROM employees",
        "COMMIT; DELETE FROM employees RETURNING id, name",
    ] {
        unusable(database.read(query).await);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 1);
    let read = database.read("SELECT id, name FROM employees; -- all").await;
    assert_eq!(read.unwrap().rows().len(), 1);
}

async fn a_statement_that_yields_nothing_is_refused_and_not_run(database: &Database) {
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    for query in ["COMMIT", "DELETE FROM employees", "DROP TABLE employees"] {
        let cause = unusable(database.read(query).await);
        assert!(
            cause.contains("no columns") || speaks_of_reading(&cause),
            "{cause}"
        );
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 1);
}

async fn a_parameter_is_refused(database: &Database) {
    let place = match database.kind() {
        Kind::MariaDb => "?",
        Kind::Sqlite | Kind::Postgres => "$1",
    };
    let query = format!("SELECT id, name FROM employees WHERE name = {place}");
    let cause = unusable(database.read(&query).await);
    assert!(cause.contains("parameter"), "{cause}");
}

async fn a_query_without_end_is_ended(database: &Database) {
    let options = SourceOptions {
        read_timeout: Duration::from_millis(100),
        ..database.options(&silence_without_end(database.kind()))
    };
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("within 100ms") || cause.contains("statement timeout"),
        "{cause}"
    );
}

async fn nothing_stays_locked(database: &Database) {
    database
        .execute("INSERT INTO employees VALUES (1, 'Anna'), (2, 'Berta'), (3, 'Carl')")
        .await;
    database.read(EMPLOYEES).await.unwrap();
    unusable(database.read("SELECT id, name, 1 AS salary FROM employees").await);
    // Ends in the midst of its rows.
    let cut = SourceOptions {
        max_rows: 1,
        ..database.options("SELECT a.id, a.name FROM employees a, employees b, employees c")
    };
    unusable(read(cut).await);
    let endless = SourceOptions {
        read_timeout: Duration::from_millis(100),
        ..database.options(&endless_on_employees(database.kind()))
    };
    unreachable(read(endless).await);
    // Needs the table for itself alone, and waits until the last query has ended.
    database.execute("DROP TABLE employees").await;
}

async fn the_same_source_reads_again_and_sees_what_changed(database: &Database) {
    let source = wazzup_sync::source::open(database.options(EMPLOYEES)).unwrap();
    assert_eq!(source.read().await.unwrap().rows().len(), 0);
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    assert_eq!(source.read().await.unwrap().rows().len(), 1);
}

async fn all_rows_are_of_one_moment(database: &Database) {
    let rows: Vec<String> = (0..5_000).map(|id| format!("({id}, 'before')")).collect();
    database
        .execute(&format!("INSERT INTO employees VALUES {}", rows.join(",")))
        .await;
    let (result, ()) = tokio::join!(
        database.read(EMPLOYEES),
        database.execute("UPDATE employees SET name = 'after'")
    );
    let read = result.unwrap();
    let names = column(&read, Column::Name);
    assert_eq!(names.len(), 5_000);
    assert_eq!(names.first(), names.last());
}
