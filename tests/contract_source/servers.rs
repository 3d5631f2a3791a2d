//! What concerns all database servers: users with rights, connections that break, queries that are ended.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};
use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

use super::database::{Database, Kind, column, read, unreachable, unusable};
use super::proxy::cut_after;
use super::{EMPLOYEES, rows_without_end};

/// Runs each test on each kind of server.
macro_rules! on_servers {
    ($($test:ident),* $(,)?) => {
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
pub(super) use on_servers;

on_servers![
    a_user_who_may_only_select_is_enough_and_a_missing_right_is_named,
    a_wrong_password_is_an_outage_and_is_not_repeated,
    a_missing_database_is_an_outage,
    a_sleeping_query_is_ended_here_and_on_the_server,
    a_connection_killed_in_mid_read_yields_no_rows,
    a_query_killed_in_mid_read_yields_no_rows,
    a_connection_cut_anywhere_yields_no_rows,
    no_connection_stays_after_a_read,
    a_locked_table_is_waited_for_and_then_an_outage,
];

/// Counts the connections of the source, as the server sees them.
fn connections(kind: Kind, which: &str) -> String {
    match kind {
        Kind::Postgres => format!(
            "SELECT COUNT(*) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'wazzup-sync' AND {which}"
        ),
        Kind::MariaDb => format!(
            "SELECT COUNT(*) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID() AND {which}"
        ),
        Kind::Sqlite => panic!("a file has no connections"),
    }
}

/// A first row, and a second one that comes in an hour.
fn a_row_then_sleep(kind: Kind) -> String {
    let sleep = match kind {
        Kind::Postgres => "pg_sleep(3600)::text",
        _ => "SLEEP(3600)",
    };
    format!("SELECT 1 AS id, 'Anna' AS name UNION ALL SELECT 2, {sleep}")
}

/// Which of the connections sleep.
fn asleep(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => "wait_event = 'PgSleep'",
        _ => "state = 'User sleep'",
    }
}

async fn a_user_who_may_only_select_is_enough_and_a_missing_right_is_named(database: &Database) {
    let name = database.name().replace("crm", "reader");
    let (user, password) = match database.kind() {
        Kind::Postgres => (name.clone(), format!("LOGIN PASSWORD '{PASSWORD}'")),
        _ => (
            format!("{name}@'127.0.0.1'"),
            format!("IDENTIFIED BY '{PASSWORD}'"),
        ),
    };
    database
        .execute(&format!(
            "CREATE USER {user} {password}; CREATE TABLE wages (id int, name text); \
             GRANT SELECT ON employees TO {user}; INSERT INTO employees VALUES (1, 'Anna')"
        ))
        .await;
    let options = |query: &str| database.options_of(&name, PASSWORD, query);
    let result = read(options(EMPLOYEES)).await.unwrap();
    assert_eq!(column(&result, Column::Name), [Some("Anna")]);
    let with_password_aside = SourceOptions {
        password: Some(PASSWORD.into()),
        ..database.options_of(&name, "", EMPLOYEES)
    };
    assert_eq!(read(with_password_aside).await.unwrap().rows().len(), 1);
    let cause = unusable(read(options("SELECT id, name FROM wages")).await);
    assert!(
        cause.contains("denied") && cause.contains("wages") && !cause.contains(PASSWORD),
        "{cause}"
    );
    let clean_up = match database.kind() {
        Kind::Postgres => format!("DROP OWNED BY {user}; DROP ROLE {user}"),
        _ => format!("DROP USER {user}"),
    };
    database.execute(&clean_up).await;
}

const PASSWORD: &str = "p@ss/wörd:1";

async fn a_wrong_password_is_an_outage_and_is_not_repeated(database: &Database) {
    let err = read(database.options_of("admin", "sesame%2Bopen", EMPLOYEES))
        .await
        .unwrap_err();
    assert!(!format!("{err} {err:?}").contains("sesame"), "{err}");
    let cause = unreachable(Err(err));
    assert!(
        cause.contains("password authentication failed") || cause.contains("Access denied for user"),
        "{cause}"
    );
}

async fn a_missing_database_is_an_outage(database: &Database) {
    let options = database.options_at(EMPLOYEES, |url| url.set_path("nowhere"));
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("\"nowhere\" does not exist") || cause.contains("Unknown database 'nowhere'"),
        "{cause}"
    );
}

async fn a_sleeping_query_is_ended_here_and_on_the_server(database: &Database) {
    let options = SourceOptions {
        read_timeout: Duration::from_millis(200),
        ..database.options(&a_row_then_sleep(database.kind()))
    };
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("within 200ms") || cause.contains("statement timeout"),
        "{cause}"
    );
    until_gone(database).await;
}

/// Waits until the server holds no connection of the source.
async fn until_gone(database: &Database) {
    let count = connections(database.kind(), "1 = 1");
    while database.number(&count).await > 0 {}
}

/// Reads while somebody ends what sleeps: `order` yields the statement for the process of that number.
async fn read_and_kill(database: &Database, order: impl Fn(i64) -> String) -> String {
    let kind = database.kind();
    let id = match kind {
        Kind::Postgres => "pid::bigint",
        _ => "CAST(id AS SIGNED)",
    };
    let sleeper = connections(kind, asleep(kind)).replace("COUNT(*)", &format!("COALESCE(MAX({id}), 0)"));
    let kill = async {
        let found = loop {
            match database.number(&sleeper).await {
                0 => {}
                found => break found,
            }
        };
        database.execute(&order(found)).await;
    };
    let query = a_row_then_sleep(kind);
    let (result, ()) = tokio::join!(database.read(&query), kill);
    unreachable(result)
}

async fn a_connection_killed_in_mid_read_yields_no_rows(database: &Database) {
    let kind = database.kind();
    let cause = read_and_kill(database, |id| match kind {
        Kind::Postgres => format!("SELECT pg_terminate_backend({id})"),
        _ => format!("KILL CONNECTION {id}"),
    })
    .await;
    assert!(
        cause.contains("terminating connection")
            || cause.contains("Connection was killed")
            || cause.contains("the connection broke off"),
        "{cause}"
    );
}

async fn a_query_killed_in_mid_read_yields_no_rows(database: &Database) {
    let kind = database.kind();
    let cause = read_and_kill(database, |id| match kind {
        Kind::Postgres => format!("SELECT pg_cancel_backend({id})"),
        _ => format!("KILL QUERY {id}"),
    })
    .await;
    assert!(
        cause.contains("canceling statement due to user request")
            || cause.contains("Query execution was interrupted"),
        "{cause}"
    );
}

async fn a_connection_cut_anywhere_yields_no_rows(database: &Database) {
    let address = database.address();
    let query = format!("{} LIMIT 1000", rows_without_end(database.kind()));
    let through = async |n_bytes| {
        let port = cut_after(n_bytes, address.clone()).await;
        read(database.options_at(&query, |url| url.set_port(Some(port)).unwrap())).await
    };
    // From the greeting over the description of the columns to the last rows; all of it is some 15 KiB.
    for n_bytes in [0, 1, 50, 100, 200, 300, 700, 1_000, 5_000, 10_000, 13_000] {
        let cause = unreachable(through(n_bytes).await);
        assert!(cause.contains("the connection broke off"), "{n_bytes}: {cause}");
    }
    assert_eq!(through(usize::MAX).await.unwrap().rows().len(), 1000);
}

async fn no_connection_stays_after_a_read(database: &Database) {
    database.read(EMPLOYEES).await.unwrap();
    unusable(database.read("SELECT id, name FROM persons").await);
    until_gone(database).await;
}

async fn a_locked_table_is_waited_for_and_then_an_outage(database: &Database) {
    let options = SourceOptions {
        read_timeout: Duration::from_millis(100),
        ..database.options(EMPLOYEES)
    };
    let lock = match database.kind() {
        Kind::Postgres => "BEGIN; LOCK TABLE employees",
        _ => "LOCK TABLES employees WRITE",
    };
    let lock = sqlx::raw_sql(AssertSqlSafe(lock));
    // Whoever holds the lock lets go with the connection.
    let cause = match database.kind() {
        Kind::Postgres => {
            let mut crm = sqlx::PgConnection::connect(&database.url).await.unwrap();
            lock.execute(&mut crm).await.unwrap();
            unreachable(read(options).await)
        }
        _ => {
            let mut crm = sqlx::MySqlConnection::connect(&database.url).await.unwrap();
            lock.execute(&mut crm).await.unwrap();
            unreachable(read(options).await)
        }
    };
    assert!(
        cause.contains("within 100ms") || cause.contains("timeout"),
        "{cause}"
    );
    assert_eq!(database.read(EMPLOYEES).await.unwrap().rows().len(), 0);
}

/// An address of either kind at a port of this machine.
fn urls_at(port: u16) -> [String; 2] {
    ["postgres", "mysql"].map(|scheme| format!("{scheme}://reader:sesame-open@127.0.0.1:{port}/crm"))
}

#[tokio::test]
async fn a_refused_connection_is_an_outage() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let database = Database::sqlite().await;
    for url in urls_at(port) {
        let options = SourceOptions {
            url: url.into(),
            ..database.options(EMPLOYEES)
        };
        let cause = unreachable(read(options).await);
        assert!(cause.contains("Connection refused"), "{cause}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_an_outage() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let database = Database::sqlite().await;
    for url in urls_at(port) {
        let options = SourceOptions {
            url: url.into(),
            read_timeout: Duration::from_millis(50),
            ..database.options(EMPLOYEES)
        };
        assert_eq!(
            unreachable(read(options).await),
            "the read did not end within 50ms (read_timeout)"
        );
    }
}
