//! What concerns PostgreSQL alone: its types, its users, a connection that can break.

use std::time::Duration;

use url::Url;
use wazzup_sync::domain::table::Column;
use wazzup_sync::source::SourceOptions;

use super::database::{Database, column, read, unreachable, unusable};
use super::proxy::cut_after;
use super::{EMPLOYEES, ENDLESS};

/// The backends of the source, as the server sees them.
const BACKENDS: &str = "FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'wazzup-sync'";

/// What the query makes of one value.
async fn text_of(database: &Database, expression: &str) -> String {
    let query = format!("SELECT 1 AS id, {expression} AS name");
    let read = database.read(&query).await.unwrap();
    let [Some(text)] = column(&read, Column::Name)[..] else {
        panic!("{expression}: {read:?}")
    };
    text.to_owned()
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn every_type_with_a_plain_text_is_read() {
    let database = Database::postgres().await;
    database
        .execute(
            "CREATE EXTENSION citext; CREATE SCHEMA aside; CREATE EXTENSION IF NOT EXISTS citext; \
             CREATE TYPE job AS ENUM ('sales', 'head of \"sales\"'); \
             CREATE TYPE aside.job AS ENUM ('deep'); \
             CREATE DOMAIN nick AS citext CHECK (VALUE <> ''); CREATE DOMAIN key AS bigint",
        )
        .await;
    for (expression, text) in [
        ("(-32768)::int2", "-32768"),
        ("2147483647", "2147483647"),
        ("9223372036854775807", "9223372036854775807"),
        ("4294967295::oid", "4294967295"),
        ("7::numeric(10,0)", "7"),
        ("7::numeric(10,2)", "7.00"),
        (
            "123456789012345678901234567890.5",
            "123456789012345678901234567890.5",
        ),
        ("'Anna'", "Anna"),
        ("'Anna'::text", "Anna"),
        ("'Anna'::varchar(9)", "Anna"),
        ("'Anna'::char(6)", "Anna  "),
        ("'A'::\"char\"", "A"),
        ("'Anna'::name", "Anna"),
        ("'Anna'::citext", "Anna"),
        ("'head of \"sales\"'::job", "head of \"sales\""),
        ("'deep'::aside.job", "deep"),
        ("'Anna'::nick", "Anna"),
        ("7::key", "7"),
        (
            "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        ),
        ("TRUE", "true"),
        ("FALSE", "false"),
        ("B'1'", "1"),
        ("B'0'::bit(1)", "0"),
        ("B'0101'::bit varying", "0101"),
        ("'{\"a\": 1}'::json", "{\"a\": 1}"),
        ("'{\"a\":1}'::jsonb", "{\"a\": 1}"),
        ("DATE '2026-11-22'", "2026-11-22"),
        ("DATE 'infinity'", "infinity"),
        ("TIME '07:08:09.5'", "07:08:09.5"),
        ("TIMETZ '07:08:09+02'", "07:08:09+02"),
        (
            "TIMESTAMP '2026-11-22 07:08:09.123456'",
            "2026-11-22 07:08:09.123456",
        ),
        ("TIMESTAMPTZ '2026-11-22 07:08:09+02'", "2026-11-22 05:08:09+00"),
        ("INTERVAL '1 day'", "1 day"),
        ("'\\x'::bytea", ""),
    ] {
        assert_eq!(text_of(&database, expression).await, text, "{expression}");
    }
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn settings_of_the_server_do_not_change_the_text() {
    let database = Database::postgres().await;
    database
        .execute(
            "DO $$ BEGIN \
             EXECUTE format('ALTER DATABASE %I SET datestyle = ''German''', current_database()); \
             EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); \
             EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database()); \
             END $$",
        )
        .await;
    assert_eq!(text_of(&database, "'Anna'::bytea").await, "Anna");
    assert_eq!(
        text_of(&database, "TIMESTAMPTZ '2026-11-22 07:08:09+00'").await,
        "2026-11-22 07:08:09+00"
    );
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_type_without_a_plain_text_is_refused_with_a_cast_that_helps() {
    let database = Database::postgres().await;
    database
        .execute("CREATE TYPE pair AS (a int, b int); CREATE TYPE job AS ENUM ('sales')")
        .await;
    for (expression, name, cast) in [
        ("ARRAY['a', 'b']", "TEXT[]", "array_to_string(role, '|')"),
        ("ARRAY['sales'::job]", "job[]", "array_to_string(role, '|')"),
        ("ROW(1, 2)::pair", "pair", "role::text"),
        ("ROW(1, 2)", "RECORD", "role::text"),
        ("1.5::float8", "FLOAT8", "role::numeric"),
        ("1.5::real", "FLOAT4", "role::numeric"),
        ("'(1,2)'::point", "POINT", "role::text"),
        ("int4range(1, 2)", "INT4RANGE", "role::text"),
        ("'<a/>'::xml", "xml", "role::text"),
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
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_user_who_may_only_select_is_enough_and_a_missing_right_is_named() {
    let database = Database::postgres().await;
    let user = format!("reader_{}", std::process::id());
    database
        .execute(&format!(
            "CREATE ROLE {user} LOGIN PASSWORD 'p@ss/wörd:1'; CREATE TABLE wages (id int, name text); \
             GRANT SELECT ON employees TO {user}; INSERT INTO employees VALUES (1, 'Anna')"
        ))
        .await;
    let options = |query: &str| SourceOptions {
        url: database.url_of(&user, "p@ss/wörd:1").into(),
        ..database.options(query)
    };
    assert_eq!(read(options(EMPLOYEES)).await.unwrap().rows().len(), 1);
    let with_password_aside = SourceOptions {
        url: database.url_of(&user, "").into(),
        password: Some("p@ss/wörd:1".into()),
        ..options(EMPLOYEES)
    };
    assert_eq!(read(with_password_aside).await.unwrap().rows().len(), 1);
    let cause = unusable(read(options("SELECT id, name FROM wages")).await);
    assert!(cause.contains("permission denied for table wages"), "{cause}");
    database
        .execute(&format!("DROP OWNED BY {user}; DROP ROLE {user}"))
        .await;
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_wrong_password_is_an_outage_and_is_not_repeated() {
    let database = Database::postgres().await;
    let options = SourceOptions {
        url: database.url_of("admin", "sesame%2Bopen").into(),
        ..database.options(EMPLOYEES)
    };
    let err = read(options).await.unwrap_err();
    assert!(!format!("{err} {err:?}").contains("sesame"), "{err}");
    let cause = unreachable(Err(err));
    assert!(cause.contains("password authentication failed"), "{cause}");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_missing_database_or_an_unmet_demand_for_tls_is_an_outage() {
    let database = Database::postgres().await;
    let with = |change: &dyn Fn(&mut Url)| {
        let mut url = Url::parse(&database.url).unwrap();
        change(&mut url);
        SourceOptions {
            url: url.as_str().into(),
            ..database.options(EMPLOYEES)
        }
    };
    let cause = unreachable(read(with(&|url| url.set_path("nowhere"))).await);
    assert!(cause.contains("\"nowhere\" does not exist"), "{cause}");
    let cause = unreachable(read(with(&|url| url.set_query(Some("sslmode=require")))).await);
    assert!(cause.contains("TLS"), "{cause}");
    database.drop().await;
}

#[tokio::test]
async fn a_refused_connection_is_an_outage() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let database = Database::sqlite().await;
    let options = SourceOptions {
        url: format!("postgres://reader:sesame-open@127.0.0.1:{port}/crm").into(),
        ..database.options(EMPLOYEES)
    };
    let cause = unreachable(read(options).await);
    assert!(cause.contains("Connection refused"), "{cause}");
}

#[tokio::test]
async fn a_server_that_never_answers_is_an_outage() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let database = Database::sqlite().await;
    let options = SourceOptions {
        url: format!("postgres://reader@127.0.0.1:{port}/crm").into(),
        read_timeout: Duration::from_millis(50),
        ..database.options(EMPLOYEES)
    };
    assert_eq!(
        unreachable(read(options).await),
        "the read did not end within 50ms (read_timeout)"
    );
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_sleeping_query_is_ended_here_and_on_the_server() {
    let database = Database::postgres().await;
    let options = SourceOptions {
        read_timeout: Duration::from_millis(200),
        ..database.options("SELECT 1 AS id, pg_sleep(3600)::text AS name")
    };
    let cause = unreachable(read(options).await);
    assert!(
        cause.contains("within 200ms") || cause.contains("statement timeout"),
        "{cause}"
    );
    while database.number(&format!("SELECT COUNT(*) {BACKENDS}")).await > 0 {}
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_backend_killed_in_mid_read_yields_no_rows() {
    let database = Database::postgres().await;
    let query = "SELECT 1 AS id, 'Anna' AS name UNION ALL SELECT 2, pg_sleep(3600)::text";
    let kill = async {
        let sleeping =
            format!("SELECT COUNT(pg_terminate_backend(pid)) {BACKENDS} AND wait_event = 'PgSleep'");
        while database.number(&sleeping).await == 0 {}
    };
    let (result, ()) = tokio::join!(database.read(query), kill);
    let cause = unreachable(result);
    assert!(cause.contains("terminating connection"), "{cause}");
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_connection_cut_anywhere_yields_no_rows() {
    let database = Database::postgres().await;
    let server = Url::parse(&database.url).unwrap();
    let address = format!("{}:{}", server.host_str().unwrap(), server.port().unwrap());
    let through = async |n_bytes| {
        let mut url = server.clone();
        let port = cut_after(n_bytes, address.clone()).await;
        url.set_port(Some(port)).unwrap();
        let options = SourceOptions {
            url: url.as_str().into(),
            ..database.options(&format!("{ENDLESS} LIMIT 1000"))
        };
        read(options).await
    };
    // From the greeting over the description of the columns to the last rows; all of it is some 20 KiB.
    for n_bytes in [0, 1, 300, 700, 1_000, 5_000, 10_000, 18_000] {
        unreachable(through(n_bytes).await);
    }
    assert_eq!(through(usize::MAX).await.unwrap().rows().len(), 1000);
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn no_backend_and_no_lock_stays_after_a_read() {
    let database = Database::postgres().await;
    database.read(EMPLOYEES).await.unwrap();
    unusable(database.read("SELECT id, name FROM persons").await);
    while database.number(&format!("SELECT COUNT(*) {BACKENDS}")).await > 0 {}
    database.drop().await;
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server, which tests/all.sh starts"]
async fn a_query_can_not_leave_the_read_only_transaction() {
    let database = Database::postgres().await;
    database
        .execute("CREATE SEQUENCE steps; CREATE FUNCTION grow() RETURNS int LANGUAGE sql AS 'INSERT INTO employees VALUES (1, NULL) RETURNING 1'")
        .await;
    for expression in [
        "grow()::text",
        "nextval('steps')::text",
        "set_config('transaction_read_only', 'off', true) || grow()",
    ] {
        let cause = unusable(
            database
                .read(&format!("SELECT 1 AS id, {expression} AS name"))
                .await,
        );
        assert!(
            cause.contains("read-only") || cause.contains("read-write"),
            "{cause}"
        );
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM employees").await, 0);
    database.drop().await;
}
