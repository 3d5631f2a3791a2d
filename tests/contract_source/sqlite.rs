//! What concerns SQLite alone: a file, values without fixed types, no server.

use std::path::Path;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

use super::database::{Database, column, read, sqlite, unreachable, unusable};
use super::{EMPLOYEES, endless_on_employees};

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_missing_file_is_an_outage_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::sqlite().await;
    for parameters in ["", "?mode=rwc"] {
        let options = SourceOptions {
            url: format!("sqlite:{}/none.db{parameters}", folder.path().display()).into(),
            ..database.options(EMPLOYEES)
        };
        let cause = unreachable(read(options).await);
        assert!(cause.contains("unable to open database file"), "{cause}");
    }
    assert!(names_in(folder.path()).is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_outage() {
    let database = Database::sqlite().await;
    std::fs::write(database.path(), "SELECT id, name FROM employees\n".repeat(99)).unwrap();
    let cause = unreachable(database.read(EMPLOYEES).await);
    assert!(cause.contains("not a database"), "{cause}");
}

#[tokio::test]
async fn a_value_is_read_by_its_own_type() {
    let database = Database::sqlite().await;
    database
        .execute(
            "CREATE TABLE people (id REAL, name); \
             INSERT INTO people VALUES (7, 8), (37126123456, 'Anna'), (-0.0, x'c3a4'), ('x', 2.0)",
        )
        .await;
    let read = database.read("SELECT id, name FROM people").await.unwrap();
    assert_eq!(
        column(&read, Column::Id),
        [Some("0"), Some("37126123456"), Some("7"), Some("x")]
    );
    assert_eq!(
        column(&read, Column::Name),
        [Some("2"), Some("8"), Some("Anna"), Some("ä")]
    );
}

#[tokio::test]
async fn a_fraction_is_refused() {
    let database = Database::sqlite().await;
    let cause = unusable(database.read("SELECT 7 AS id, 0.5 AS name").await);
    assert!(
        cause.contains("`name` of the row with the id \"7\" holds a number with a fraction"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_text_may_hold_nul_and_must_be_utf_8() {
    let database = Database::sqlite().await;
    let read = database
        .read("SELECT CAST(x'410042' AS TEXT) AS id, 'Anna' AS name")
        .await
        .unwrap();
    assert_eq!(column(&read, Column::Id), [Some("A\0B")]);
    let cause = unusable(database.read("SELECT 7 AS id, CAST(x'ff' AS TEXT) AS name").await);
    assert!(cause.contains("not UTF-8"), "{cause}");
}

#[tokio::test]
async fn a_database_in_utf_16_is_read() {
    let database = Database::sqlite().await;
    std::fs::remove_file(database.path()).unwrap();
    database
        .execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE employees (id, name); INSERT INTO employees VALUES ('1', 'Zoë')")
        .await;
    let read = database.read(EMPLOYEES).await.unwrap();
    assert_eq!(column(&read, Column::Name), [Some("Zoë")]);
}

#[tokio::test]
async fn a_file_in_wal_mode_is_read_without_a_trace() {
    let database = Database::sqlite().await;
    database
        .execute("PRAGMA journal_mode = WAL; INSERT INTO employees VALUES (1, 'Anna')")
        .await;
    let folder = Path::new(database.path()).parent().unwrap();
    assert_eq!(names_in(folder), ["crm.db"]);
    let read = database.read(EMPLOYEES).await.unwrap();
    assert_eq!(read.rows().len(), 1);
    assert_eq!(names_in(folder), ["crm.db"]);
}

#[tokio::test]
async fn what_an_open_program_wrote_to_the_wal_is_read() {
    let database = Database::sqlite().await;
    let mut crm = sqlite(&database.url).await;
    let insert = "PRAGMA journal_mode = WAL; INSERT INTO employees VALUES (1, 'Anna'); \
                  BEGIN IMMEDIATE; INSERT INTO employees VALUES (2, 'Berta')";
    sqlx::raw_sql(insert).execute(&mut crm).await.unwrap();
    let read = database.read(EMPLOYEES).await.unwrap();
    assert_eq!(column(&read, Column::Id), [Some("1")]);
    sqlx::raw_sql("COMMIT").execute(&mut crm).await.unwrap();
    assert_eq!(database.read(EMPLOYEES).await.unwrap().rows().len(), 2);
}

#[tokio::test]
async fn a_busy_file_is_waited_for() {
    let database = Database::sqlite().await;
    let mut crm = sqlite(&database.url).await;
    sqlx::raw_sql("BEGIN EXCLUSIVE; INSERT INTO employees VALUES (1, 'Anna')")
        .execute(&mut crm)
        .await
        .unwrap();
    let options = SourceOptions {
        read_timeout: Duration::from_millis(50),
        ..database.options(EMPLOYEES)
    };
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("within 50ms") || cause.contains("locked"),
        "{cause}"
    );
    let (result, commit) = tokio::join!(
        database.read(EMPLOYEES),
        sqlx::raw_sql("COMMIT").execute(&mut crm)
    );
    commit.unwrap();
    assert_eq!(result.unwrap().rows().len(), 1);
}

#[tokio::test]
async fn no_statement_reaches_another_file() {
    let database = Database::sqlite().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    for statement in ["ATTACH", "VACUUM INTO"] {
        let tail = if statement == "ATTACH" { " AS other" } else { "" };
        let query = format!("{statement} '{}'{tail}", path.display());
        let cause = unusable(database.read(&query).await);
        assert!(cause.contains("no columns"), "{cause}");
    }
    assert!(names_in(folder.path()).is_empty());
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_ends() {
    let database = Database::sqlite().await;
    database.execute("INSERT INTO employees VALUES (1, 'Anna')").await;
    let source = wazzup_sync::source::open(database.options(&endless_on_employees(database.kind()))).unwrap();
    let reading = tokio::spawn(async move { source.read().await.map(|_| ()) });
    // The query runs as soon as it keeps writers out.
    let mut crm = sqlite(&format!("{}?mode=rw", database.url)).await;
    sqlx::raw_sql("PRAGMA busy_timeout = 0")
        .execute(&mut crm)
        .await
        .unwrap();
    let exclusive = || sqlx::raw_sql("BEGIN EXCLUSIVE; ROLLBACK");
    while exclusive().execute(&mut crm).await.is_ok() {
        tokio::task::yield_now().await;
    }
    reading.abort();
    assert!(reading.await.unwrap_err().is_cancelled());
    sqlx::raw_sql(AssertSqlSafe("PRAGMA busy_timeout = 30000"))
        .execute(&mut crm)
        .await
        .unwrap();
    exclusive().execute(&mut crm).await.unwrap();
}
