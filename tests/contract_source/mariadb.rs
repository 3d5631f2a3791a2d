//! What concerns MySQL and MariaDB alone: their types, what they cut without an error, their ways out of a
//! transaction. MySQL itself is not at hand; what differs there is in the unit tests.

use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

use super::database::{Database, column, read, unreachable, unusable};
use super::{EMPLOYEES, fake};

/// What the query makes of one value.
async fn text_of(database: &Database, expression: &str) -> Option<String> {
    let query = format!("SELECT 1 AS id, {expression} AS name FROM people");
    let read = database.read(&query).await.unwrap();
    let [text] = column(&read, Column::Name)[..] else {
        panic!("{expression}: {read:?}")
    };
    text.map(str::to_owned)
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn every_type_of_a_column_with_a_plain_text_is_read() {
    let database = Database::mariadb().await;
    let types = [
        ("TINYINT(1)", "1", "1"),
        ("TINYINT(1)", "-1", "-1"),
        ("TINYINT(1) UNSIGNED", "255", "255"),
        ("BOOLEAN", "FALSE", "0"),
        ("BIT(1)", "b'1'", "1"),
        ("BIT(1)", "b'0'", "0"),
        ("BIT(64)", "~0", "18446744073709551615"),
        ("TINYINT", "-128", "-128"),
        ("TINYINT UNSIGNED", "200", "200"),
        ("SMALLINT UNSIGNED", "65535", "65535"),
        ("MEDIUMINT", "-8388608", "-8388608"),
        ("MEDIUMINT UNSIGNED", "16777215", "16777215"),
        ("INT(11)", "-2147483648", "-2147483648"),
        ("INT UNSIGNED", "4294967295", "4294967295"),
        ("INT(5) ZEROFILL", "7", "7"),
        ("BIGINT", "-9223372036854775808", "-9223372036854775808"),
        ("BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615"),
        ("DECIMAL(15,0)", "37126123456", "37126123456"),
        ("DECIMAL(10,2)", "7", "7.00"),
        (
            "CHAR(36)",
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ),
        ("CHAR(9)", "'Zoë'", "Zoë"),
        ("VARCHAR(9)", "'Zoë 🚀 '", "Zoë 🚀 "),
        ("VARCHAR(9) CHARACTER SET latin1", "'Zoë'", "Zoë"),
        (
            "VARCHAR(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin",
            "'Zoë'",
            "Zoë",
        ),
        ("VARCHAR(9) CHARACTER SET cp1257", "'Jānis'", "Jānis"),
        ("VARCHAR(9) CHARACTER SET ucs2", "'Jānis'", "Jānis"),
        ("TEXT", "'Anna'", "Anna"),
        ("LONGTEXT", "''", ""),
        ("VARBINARY(9)", "'Zoë'", "Zoë"),
        ("BLOB", "'Anna'", "Anna"),
        (
            "ENUM('Active','In''active') CHARACTER SET latin1",
            "'In''active'",
            "In'active",
        ),
        ("SET('a','b','c')", "'c,a'", "a,c"),
        ("JSON", "'{\"a\": \"ë\"}'", "{\"a\": \"ë\"}"),
        (
            "UUID",
            "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ),
        ("DATE", "'2026-11-22'", "2026-11-22"),
        ("DATETIME", "'2026-11-22 07:08:09'", "2026-11-22 07:08:09"),
        ("DATETIME", "'2026-11-22'", "2026-11-22 00:00:00"),
        (
            "DATETIME(6)",
            "'2026-11-22 07:08:09.120'",
            "2026-11-22 07:08:09.12",
        ),
        ("TIMESTAMP", "'2026-11-22 07:08:09'", "2026-11-22 07:08:09"),
        ("TIME", "'07:08:09'", "07:08:09"),
        ("TIME(3)", "'-838:59:58.5'", "-838:59:58.5"),
        ("TIME", "0", "00:00:00"),
        ("YEAR", "2026", "2026"),
        ("YEAR", "0", "0000"),
    ];
    let columns: Vec<String> = (0..)
        .zip(&types)
        .map(|(n, (kind, ..))| format!("c{n} {kind} NULL"))
        .collect();
    let values: Vec<&str> = types.iter().map(|(_, value, _)| *value).collect();
    database
        .execute(&format!(
            "CREATE TABLE people (id INT, {}); SET time_zone = '+00:00'; \
             INSERT INTO people VALUES (1, {}); INSERT INTO people (id) VALUES (2)",
            columns.join(", "),
            values.join(", ")
        ))
        .await;
    for (n, (kind, _, text)) in types.iter().enumerate() {
        let query = format!("SELECT id, c{n} AS name FROM people");
        let read = database.read(&query).await.unwrap();
        assert_eq!(column(&read, Column::Name), [None, Some(*text)], "{kind}");
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn every_expression_with_a_plain_text_is_read() {
    let database = Database::mariadb().await;
    database
        .execute(
            "CREATE TABLE people (id INT UNSIGNED, name VARCHAR(9)); INSERT INTO people VALUES (7, 'Anna')",
        )
        .await;
    for (expression, text) in [
        ("CAST(id AS CHAR)", "7"),
        ("CONCAT_WS(' ', name, id)", "Anna 7"),
        (
            "(SELECT GROUP_CONCAT(name ORDER BY name SEPARATOR '|') FROM people)",
            "Anna",
        ),
        ("CASE WHEN name = 'Anna' THEN 1 ELSE 0 END", "1"),
        ("name = 'Anna'", "1"),
        ("name = 'Anna' AND NULL IS NULL", "1"),
        ("id + 1", "8"),
        ("id - 1", "6"),
        ("SUM(id)", "7"),
        ("JSON_UNQUOTE(JSON_EXTRACT('{\"a\": \"ë\"}', '$.a'))", "ë"),
        ("JSON_OBJECT('a', name)", "{\"a\": \"Anna\"}"),
        ("HEX(UNHEX('00ff'))", "00FF"),
        ("_latin1 x'e9'", "é"),
        ("DATE '2026-11-22'", "2026-11-22"),
        (
            "COALESCE(NULL, TIMESTAMP '2026-11-22 07:08:09')",
            "2026-11-22 07:08:09",
        ),
        (
            "GREATEST(TIMESTAMP '2026-11-22 07:08:09', DATE '2026-11-21')",
            "2026-11-22 07:08:09",
        ),
        ("MAKETIME(7, 8, 9)", "07:08:09"),
        ("name || ''", "0"),
    ] {
        let read = text_of(&database, expression).await;
        assert_eq!(read.as_deref(), Some(text), "{expression}");
    }
    assert_eq!(text_of(&database, "NULL").await, None);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_date_of_zeros_is_null_and_one_with_some_is_shown() {
    let database = Database::mariadb().await;
    database
        .execute(
            "SET sql_mode = ''; CREATE TABLE people (id INT, at DATETIME, day DATE); \
             INSERT INTO people VALUES (1, '0000-00-00 00:00:00', '0000-00-00'), (2, '2026-00-00', '2026-11-00')",
        )
        .await;
    let read = database
        .read("SELECT id, at AS name, day AS updated_at FROM people")
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Name), [None, Some("2026-00-00 00:00:00")]);
    assert_eq!(column(&read, Column::UpdatedAt), [None, Some("2026-11-00")]);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_type_without_a_plain_text_is_refused_with_a_cast_that_helps() {
    let database = Database::mariadb().await;
    for (expression, name, cast) in [
        ("1.5e0", "DOUBLE", "CAST(role AS DECIMAL(20))"),
        ("CAST(id AS FLOAT)", "FLOAT", "CAST(role AS DECIMAL(20))"),
        ("POINT(1, 2)", "GEOMETRY", "ST_AsText(role)"),
    ] {
        let query = format!("SELECT id, name, {expression} AS role FROM employees");
        let cause = unusable(database.read(&query).await);
        assert_eq!(
            cause,
            format!(
                "the column `role` has the type {name}, which has no plain text; cast it in the query: {cast}"
            )
        );
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_key_of_bytes_is_named() {
    let database = Database::mariadb().await;
    let query = "SELECT UNHEX('a0eebc999c0b4ef8bb6d6bb9bd380a11') AS id, 'Anna' AS name";
    let cause = unusable(database.read(query).await);
    assert_eq!(
        cause,
        "the column `id` of a row without a readable id holds bytes that are not UTF-8 text"
    );
    database.drop().await;
}

/// Runs a read while a setting of the server is in force for whoever connects. Only one test may do so for
/// one setting.
async fn read_with(database: &Database, setting: &str, value: &str, query: &str) -> Vec<Option<String>> {
    database.execute(&format!("SET GLOBAL {setting} = {value}")).await;
    let result = database.read(query).await;
    database.execute(&format!("SET GLOBAL {setting} = DEFAULT")).await;
    column(&result.unwrap(), Column::Name)
        .into_iter()
        .map(|it| it.map(str::to_owned))
        .collect()
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_setting_of_the_server_that_cuts_results_has_no_effect() {
    let database = Database::mariadb().await;
    let rows: Vec<String> = (0..100).map(|id| format!("({id}, 'Anna')")).collect();
    database
        .execute(&format!("INSERT INTO employees VALUES {}", rows.join(",")))
        .await;
    let names = read_with(
        &database,
        "sql_select_limit",
        "10",
        "SELECT id, name FROM employees",
    )
    .await;
    assert_eq!(names.len(), 100);
    let names = read_with(
        &database,
        "group_concat_max_len",
        "64",
        "SELECT 1 AS id, GROUP_CONCAT(name) AS name FROM employees",
    )
    .await;
    assert_eq!(names[0].as_ref().unwrap().len(), 499);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_result_that_is_cut_nevertheless_is_refused() {
    let database = Database::mariadb().await;
    for (query, word) in [
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'Anna' AS name FROM n",
            "max_recursive_iterations",
        ),
        (
            "SELECT id, name FROM employees LIMIT ROWS EXAMINED 5",
            "may be incomplete",
        ),
        (
            "SELECT 1 AS id, LEFT(GROUP_CONCAT(REPEAT(name, 20000)), 9) AS name FROM employees",
            "cut by",
        ),
        (
            "SELECT id, LEFT(REPEAT(name, 5000000), 9) AS name FROM employees LIMIT 1",
            "max_allowed_packet",
        ),
    ] {
        database
            .execute("REPLACE INTO employees SELECT seq, 'Anna' FROM seq_1_to_100")
            .await;
        let cause = unusable(database.read(query).await);
        assert!(
            cause.starts_with("the server cut the result short: ") && cause.contains(word),
            "{cause}"
        );
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn a_query_can_not_leave_the_read_only_transaction() {
    let database = Database::mariadb().await;
    for statement in [
        "CREATE SEQUENCE steps",
        "CREATE FUNCTION grow() RETURNS INT BEGIN INSERT INTO employees VALUES (1, NULL); RETURN 1; END",
        "CREATE TABLE notes (id INT) ENGINE = MyISAM",
        "CREATE FUNCTION note() RETURNS INT BEGIN INSERT INTO notes VALUES (1); RETURN 1; END",
    ] {
        database.execute(statement).await;
    }
    for query in [
        "SELECT grow() AS id, 'Anna' AS name",
        "SELECT note() AS id, 'Anna' AS name",
        "SELECT NEXTVAL(steps) AS id, 'Anna' AS name",
        "REPLACE INTO employees VALUES (1, 'Anna') RETURNING id, name",
        "DELETE FROM employees RETURNING id, name",
    ] {
        let cause = unusable(database.read(query).await);
        assert!(super::speaks_of_reading(&cause), "{query}: {cause}");
    }
    for query in [
        "SELECT id, name FROM employees INTO OUTFILE 'employees.txt'",
        "SELECT id, name FROM employees INTO @id, @name",
        "EXECUTE IMMEDIATE 'DELETE FROM employees'",
        "CREATE TEMPORARY TABLE other AS SELECT id, name FROM employees",
        "BEGIN NOT ATOMIC COMMIT; END",
        "SET STATEMENT max_statement_time = 0 FOR DELETE FROM employees",
    ] {
        unusable(database.read(query).await);
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 0);
    assert_eq!(database.number("SELECT COUNT(*) FROM notes").await, 0);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a MariaDB server, which tests/all.sh starts"]
async fn rows_of_another_engine_and_names_in_backticks_are_read() {
    let database = Database::mariadb().await;
    database
        .execute(
            "CREATE TABLE `tabHas Role` (`primary` INT, `role` VARCHAR(140)) ENGINE = MyISAM; \
             INSERT INTO `tabHas Role` VALUES (1, 'Sales User')",
        )
        .await;
    let read = database
        .read("SELECT r.`primary` AS `Id`, r.`role` AS NAME FROM `tabHas Role` r")
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Name), [Some("Sales User")]);
    database.drop().await;
}

#[tokio::test]
async fn a_way_of_authentication_that_the_driver_does_not_know_is_named() {
    let other_way = fake::packet(2, b"\xfeclient_ed25519\0saltsaltsaltsaltsaltsaltsaltsalt\0");
    let port = fake::server_that_says(fake::mysql_greeting("mysql_native_password"), vec![other_way]).await;
    let database = Database::sqlite().await;
    let options = SourceOptions {
        url: format!("mariadb://reader:sesame@127.0.0.1:{port}/crm").into(),
        ..database.options(EMPLOYEES)
    };
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("unknown authentication plugin: client_ed25519") && !cause.contains("sesame"),
        "{cause}"
    );
}
