//! The schema: every migration works over the rows of the one before, and a file is made and migrated once,
//! however many processes find it missing at the same time.

#![expect(clippy::unwrap_used, reason = "a test ends where it can't go on")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::domain::user::UserId;
use wazzup_sync::store::{LATEST, Store, StoreError, migrator};

/// Rows that fit the schema after each migration; each is there when the next one is applied.
const SAMPLES: [&str; 11] = [
    "INSERT INTO accounts (id, name, digest, bound_remote, bound_credential, verified_at)
        VALUES (1, 'acme', 'd', 'r', 'c', 5), (2, 'empty', NULL, NULL, NULL, NULL)",
    "INSERT INTO runs (id, run, account_id, started_at, ended_at, result, settled)
        VALUES (1, '0190-a', 1, 5, 6, 'in_sync', 1), (2, '0190-b', 1, 7, NULL, NULL, 0)",
    "INSERT INTO managed (account_id, user_id, origin, since) VALUES (1, '7', 'created', 5), (1, '8', 'adopted', 5);
     INSERT INTO snapshot (account_id, user_id, name, phone) VALUES (1, '7', 'Anna', '37126123456');
     INSERT INTO foreign_users (account_id, user_id, name) VALUES (1, 'x', 'Stranger')",
    "INSERT INTO requests (run_id, seq, account_id, verb, sent_at) VALUES (2, 1, 1, 'delete', 7);
     INSERT INTO request_users (run_id, seq, user_id, purpose, approved) VALUES (2, 1, '9', 'remove', 0)",
    "INSERT INTO outcomes (run_id, user_id, op, outcome, attempts, new_name) VALUES (1, '7', 'create', 'applied', 1, 'Anna');
     INSERT INTO open_outcomes (account_id, user_id, op, outcome, since, tries, last_tried)
        VALUES (1, '9', 'delete', 'unknown', 7, 1, 7)",
    "INSERT INTO findings (account_id, position, user_id, kind, detail) VALUES (1, 0, '7', 'phone_invalid', 'x');
     INSERT INTO holds (key, account_id, digest, id, reason, detail, status, since, seen_at)
        VALUES (1, 1, 'h', '0badcafe', 'removals', 'x', 'open', 7, 7);
     INSERT INTO hold_users (hold_key, position, user_id) VALUES (1, 0, '9');
     INSERT INTO decisions (account_id, user_id, subject, until) VALUES (1, '9', 'removal', 1000)",
    "INSERT INTO clear_facts (kind, base_url, learned_at) VALUES ('wazzup-v2', 'https://a', 7);
     INSERT INTO seat_facts (account_id, seats, learned_at) VALUES (1, 5, 7)",
    "INSERT INTO tokens (account_id, remote, sealed, asked_at, changed_at) VALUES (1, 'r', NULL, 7, 7);
     INSERT INTO refusals (account_id, secret, text, since, last_tried, n_tries) VALUES (1, 's', 'HTTP 401', 5, 7, 2)",
    "UPDATE snapshot SET access = 'user';
     INSERT INTO pins (account_id, user_id, member_id, key) VALUES (1, '7', 's1', 'anna@example.com')",
    "INSERT INTO access_rights (account_id, user_id, rights) VALUES (1, '7', 'seller'), (1, '', NULL);
     INSERT INTO access_kept (account_id, user_id, position, channel_id, role, new_clients, raw)
        VALUES (1, '7', 0, 'c1', 'seller', 1, '{}'), (1, '7', 1, NULL, NULL, NULL, NULL);
     UPDATE accounts SET access_channels = '*' WHERE id = 1",
    "INSERT INTO pauses (account_id, what, is_paused, since, who)
        VALUES (NULL, 'all', 1, 5, 'anna'), (1, 'all', 0, 6, 'anna');
     INSERT INTO back_offs (account_id, failures, is_refused) VALUES (1, 2, 0);
     INSERT INTO told (account_id, channel, event) VALUES (1, 'webhook', 'failing')",
];

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .connect()
        .await
        .unwrap()
}

async fn execute(path: &Path, sql: &'static str) {
    let mut conn = connect(path).await;
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn every_migration_works_over_the_rows_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let all = migrator();
    for (migration, sample) in all.iter().zip(SAMPLES) {
        let mut conn = connect(&path).await;
        all.run_to(migration.version, &mut conn).await.unwrap();
        conn.close().await.unwrap();
        execute(&path, sample).await;
    }
    assert_eq!(
        SAMPLES.len(),
        all.iter().count(),
        "each migration has its sample rows"
    );

    let store = Store::open(&path).await.unwrap();
    let state = store.account("acme").await.unwrap();
    assert_eq!(state.digest.as_deref(), Some("d"));
    assert!(state.open_intents);
    assert_eq!(state.refusal.as_ref().map(|it| it.n_tries), Some(2));
    let counts = [
        state.n_managed,
        state.n_open,
        state.n_holds,
        state.n_findings,
        state.foreign,
    ];
    assert_eq!(counts, [2, 1, 1, 1, 1]);
    let managed = store.managed("acme").await.unwrap();
    assert!(managed[&UserId::from("7")].observed.is_some());
    assert!(managed[&UserId::from("8")].observed.is_none());
    assert_eq!(store.decisions("acme", Millis(8)).await.unwrap().len(), 1);
    assert_eq!(
        store.removals_since("acme", Millis(7)).await.unwrap(),
        [UserId::from("9")]
    );
    assert_eq!(
        store
            .facts("wazzup-v2", "https://a", "acme", Millis(8))
            .await
            .unwrap()
            .seats,
        Some(5)
    );
    assert_eq!(store.run("0190-a").await.unwrap().settled.len(), 1);
}

#[tokio::test]
async fn a_file_that_stopped_at_any_version_is_brought_up_to_date() {
    let versions = migrator().iter().map(|it| it.version).collect::<Vec<_>>();
    for version in std::iter::once(0).chain(versions).filter(|it| *it < LATEST) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let mut conn = connect(&path).await;
        migrator().run_to(version, &mut conn).await.unwrap();
        conn.close().await.unwrap();
        let store = Store::open(&path).await.unwrap();
        store.begin_run("acme", Millis(5)).await.unwrap();
        assert_eq!(store.runs(9, None).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_migration_that_was_passed_over_is_made_up_for() {
    // Nothing after these needs what they make, so a file can be without.
    for skipped in [7, 8] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let rest: Vec<_> = migrator()
            .iter()
            .filter(|it| it.version != skipped as i64)
            .cloned()
            .collect();
        let mut conn = connect(&path).await;
        Migrator::with_migrations(rest).run(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        let store = Store::open(&path).await.unwrap();
        store.begin_run("acme", Millis(5)).await.unwrap();
        store.close().await.unwrap();
        execute(&path, SAMPLES[skipped - 1]).await;
    }
}

#[test]
fn the_list_in_the_code_is_the_list_of_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let listed: Vec<String> = migrator()
        .iter()
        .map(|it| format!("{:04}_{}.sql", it.version, it.description))
        .chain(["schema.sql".to_owned()])
        .collect();
    assert_eq!(files, listed);
}

/// All tables and indexes of a file, as they were made but for comments and white space, and what it says of itself.
async fn schema(path: &Path) -> (Vec<(String, String, Option<String>)>, Vec<(String, i64)>) {
    let mut conn = connect(path).await;
    let rows: Vec<(String, String, Option<String>)> =
        sqlx::query_as("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
            .fetch_all(&mut conn)
            .await
            .unwrap();
    let plain = |sql: String| {
        let lines: Vec<&str> = sql.lines().map(|it| it.split("--").next().unwrap()).collect();
        let words: Vec<&str> = lines.iter().flat_map(|it| it.split_whitespace()).collect();
        words.join(" ")
    };
    let rows = rows
        .into_iter()
        .map(|(kind, name, sql)| (kind, name, sql.map(plain)));
    let meta = sqlx::query_as("SELECT name, length(value) FROM meta ORDER BY name")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    (rows.collect(), meta)
}

#[tokio::test]
async fn a_new_file_is_what_all_migrations_make() {
    let folder = tempfile::tempdir().unwrap();
    let (new, migrated) = (folder.path().join("new.db"), folder.path().join("migrated.db"));
    Store::open(&new).await.unwrap().close().await.unwrap();
    let mut conn = connect(&migrated).await;
    migrator().run(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let (new, migrated) = (schema(&new).await, schema(&migrated).await);
    for (one, other) in new.0.iter().zip(&migrated.0) {
        assert_eq!(one, other);
    }
    assert_eq!(new, migrated);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path).await.unwrap();
    store.begin_run("acme", Millis(5)).await.unwrap();
    store.close().await.unwrap();
    execute(
        &path,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'later', 1, x'00', 0);
         ALTER TABLE accounts ADD COLUMN later TEXT;
         ALTER TABLE runs ADD COLUMN later TEXT",
    )
    .await;

    let error = Store::open(&path).await.unwrap_err();
    let StoreError::NewerSchema {
        found: 9999,
        known: LATEST,
        ..
    } = error
    else {
        panic!("{error}")
    };
    let store = Store::open_read_only(&path).await.unwrap().unwrap();
    assert!(store.account("acme").await.unwrap().last_run.is_some());
    assert_eq!(store.runs(9, None).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    execute(&path, "CREATE TABLE employees (id)").await;
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");
    assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "something was left beside it"
    );
    assert!(Store::open_read_only(&path).await.unwrap().is_none());
}

#[tokio::test]
async fn the_file_has_the_modes_of_our_choice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    Store::open(&path).await.unwrap().close().await.unwrap();
    let mut conn = connect(&path).await;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    let vacuum: i64 = sqlx::query_scalar("PRAGMA auto_vacuum")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert_eq!((journal.as_str(), vacuum), ("wal", 2));
}

#[test]
fn threads_that_find_no_file_make_one_together() {
    const N_THREADS: usize = 6;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let barrier = Barrier::new(N_THREADS);
    std::thread::scope(|scope| {
        for it in 0..N_THREADS {
            let (path, barrier) = (&path, &barrier);
            scope.spawn(move || {
                barrier.wait();
                open_and_write(path, &format!("account {it}"));
            });
        }
    });
    assert_eq!(accounts_of(&path).len(), N_THREADS);
}

/// Where a process started by the test below finds the store.
const PATH: &str = "TEST_STORE_PATH";

#[test]
fn processes_that_find_no_file_make_one_together() {
    if let Some(path) = std::env::var_os(PATH) {
        return open_and_write(Path::new(&path), &format!("account {}", std::process::id()));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes_that_find_no_file_make_one_together"])
            .env(PATH, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let processes = [(); 5].map(|()| start());
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(accounts_of(&path).len(), 5);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// What a process does with its store: one account enters the list.
fn open_and_write(path: &Path, account: &str) {
    runtime().block_on(async {
        let store = Store::open(path).await.unwrap();
        store.begin_run(account, Millis(5)).await.unwrap();
        store.close().await.unwrap();
    });
}

fn accounts_of(path: &Path) -> Vec<String> {
    runtime().block_on(async { Store::open(path).await.unwrap().accounts().await.unwrap() })
}
