//! What concerns PostgreSQL alone: its types and settings, its ways out of a transaction.

use wazzup_sync::domain::table::Column;

use super::database::{Database, column, unusable};

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
async fn quoted_names_are_kept_as_they_are_written() {
    let database = Database::postgres().await;
    database
        .execute(
            "CREATE SCHEMA \"workspace_3L7a\"; \
             CREATE TABLE \"workspace_3L7a\".\"workspaceMember\" (\"userId\" uuid, \"nameFirstName\" text, \
                 \"deletedAt\" timestamptz); \
             INSERT INTO \"workspace_3L7a\".\"workspaceMember\" VALUES \
                 ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Anna', NULL)",
        )
        .await;
    let members = "FROM \"workspace_3L7a\".\"workspaceMember\" m";
    let query = format!(
        "SELECT m.\"userId\" AS \"Id\", m.\"nameFirstName\" AS name, \
         CASE WHEN m.\"deletedAt\" IS NULL THEN 1 ELSE 0 END AS \"Active\" {members}"
    );
    let read = database.read(&query).await.unwrap();
    assert_eq!(
        column(&read, Column::Id),
        [Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")]
    );
    assert_eq!(column(&read, Column::Active), [Some("1")]);
    let cause = unusable(
        database
            .read(&format!("SELECT m.userId AS id, 'Anna' AS name {members}"))
            .await,
    );
    assert!(cause.contains("\"m.userId\""), "{cause}");
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
