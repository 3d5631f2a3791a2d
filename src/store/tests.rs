//! What only a store in a file has to do: modes, owners, locks, and transactions that end halfway.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::*;
use crate::domain::memory::{Origin, Remembered};

const NOW: Millis = Millis(1_800_000_000_000);

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn closing() -> Closing {
    let remembered = Remembered::new(Origin::Created, NOW, None);
    let digest = DigestChange::Set("d".to_owned());
    Closing {
        remember: vec![("7".into(), remembered)],
        digest,
        ..Closing::new(NOW, "in_sync", 0)
    }
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path).await.unwrap();
    let _lock = store.lock_remote("https://a").await.unwrap().unwrap();
    store.begin_run("acme", NOW).await.unwrap();
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    let locks = folder.path().join("state.db.locks");
    assert_eq!(mode(&locks), 0o700);
    for file in std::fs::read_dir(&locks).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn a_missing_folder_is_an_error_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = Store::open(&missing.join("state.db")).await.unwrap_err();
    assert!(matches!(error, StoreError::MissingFolder { .. }), "{error}");
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(!missing.exists());
    assert!(
        Store::open_read_only(&missing.join("state.db"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn reading_makes_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    assert!(Store::open_read_only(&path).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    file::create(&path).unwrap();
    assert!(Store::open_read_only(&path).await.unwrap().is_none());
}

#[tokio::test]
async fn a_file_that_was_made_and_not_migrated_becomes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    for make in [file::create_empty, file::create] {
        let path = folder.path().join("state.db");
        make(&path).unwrap();
        let store = Store::open(&path).await.unwrap();
        store.begin_run("acme", NOW).await.unwrap();
        store.close().await.unwrap();
        assert_eq!(mode(&path), 0o600);
        std::fs::remove_file(&path).unwrap();
    }
}

async fn synchronous(store: &Store) -> i64 {
    let mut conn = store.conn().await;
    let level = sqlx::query_scalar("PRAGMA synchronous");
    level.fetch_one(&mut *conn).await.unwrap()
}

#[tokio::test]
async fn all_but_answers_and_quiet_cycles_waits_for_the_disk() {
    const NORMAL: i64 = 1;
    const FULL: i64 = 2;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).await.unwrap();
    let run = store.begin_run("acme", NOW).await.unwrap();
    let answer = AnswerRecord {
        meaning: "accepted",
        status: Some(200),
        code: None,
        text: "",
    };
    store.answered(&run, 1, &answer, NOW).await.unwrap();
    assert_eq!(synchronous(&store).await, NORMAL);
    store.close_run(&run, &closing()).await.unwrap();
    assert_eq!(synchronous(&store).await, FULL);
    store.quiet(&[("acme", 1)], NOW).await.unwrap();
    assert_eq!(synchronous(&store).await, NORMAL);
    store.rename("acme", "other").await.unwrap();
    assert_eq!(synchronous(&store).await, FULL);
}

#[tokio::test]
async fn a_reader_sees_what_an_open_store_has_written_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let writer = Store::open(&path).await.unwrap();
    let reader = Store::open_read_only(&path).await.unwrap().unwrap();
    let run = writer.begin_run("acme", NOW).await.unwrap();
    writer.close_run(&run, &closing()).await.unwrap();
    assert_eq!(reader.account("acme").await.unwrap().n_managed, 1);
    let error = reader.begin_run("acme", NOW).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
    writer.close().await.unwrap();
    assert_eq!(reader.account("acme").await.unwrap().n_managed, 1);
}

#[tokio::test]
async fn a_store_can_be_read_where_its_journal_has_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path).await.unwrap();
    let run = store.begin_run("acme", NOW).await.unwrap();
    store.close_run(&run, &closing()).await.unwrap();
    store.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    // As in a folder that can't be written to; but that would keep nobody out who runs this as root.
    std::os::unix::fs::symlink("nowhere", folder.path().join("state.db-shm")).unwrap();
    let reader = Store::open_read_only(&path).await.unwrap().unwrap();
    assert_eq!(reader.account("acme").await.unwrap().n_managed, 1);
    reader.close().await.unwrap();
    assert!(std::fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn rubbish_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    std::fs::write(&path, "rubbish ".repeat(1000)).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    let error = Store::open_read_only(&path).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn a_remote_is_locked_once_even_in_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let (one, two) = (
        Store::open(&path).await.unwrap(),
        Store::open(&path).await.unwrap(),
    );
    let lock = one.lock_remote("https://a").await.unwrap().unwrap();
    assert!(two.lock_remote("https://a").await.unwrap().is_none());
    assert!(one.lock_remote("https://a").await.unwrap().is_none());
    assert!(two.lock_remote("https://b").await.unwrap().is_some());
    drop(lock);
    assert!(two.lock_remote("https://a").await.unwrap().is_some());
}

/// Where a process started by the test below finds the store.
const PATH: &str = "TEST_STORE_PATH";

#[tokio::test]
async fn a_lock_that_is_about_to_be_given_back_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).await.unwrap();
    let held = store.lock_remote("https://a").await.unwrap().unwrap();
    let give_back = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    let (taken, ()) = tokio::join!(store.lock_remote("https://a"), give_back);
    assert!(taken.unwrap().is_some());
}

#[test]
fn a_lock_dies_with_its_process() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    if let Some(path) = std::env::var_os(PATH) {
        let store = runtime.block_on(Store::open(Path::new(&path))).unwrap();
        let _lock = runtime.block_on(store.lock_remote("https://a")).unwrap().unwrap();
        // To the error stream, which the test harness does not capture when written to directly.
        std::io::stderr().write_all(b"!").unwrap();
        // Until it is killed.
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = runtime.block_on(Store::open(&path)).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::a_lock_dies_with_its_process"])
        .env(PATH, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0];
    child.stderr.take().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(said, *b"!");
    assert!(
        runtime
            .block_on(store.lock_remote("https://a"))
            .unwrap()
            .is_none()
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        runtime
            .block_on(store.lock_remote("https://a"))
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_closing_that_fails_at_its_end_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path).await.unwrap();
    let run = store.begin_run("acme", NOW).await.unwrap();
    // The findings are written after nearly everything else.
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON findings BEGIN SELECT RAISE(ABORT, 'trap'); END";
    sqlx::raw_sql(trap)
        .execute(&mut *store.conn().await)
        .await
        .unwrap();
    let finding = crate::domain::finding::Finding {
        id: "7".into(),
        kind: crate::domain::finding::FindingKind::PhoneInvalid,
        detail: "x".into(),
    };
    let closing = Closing {
        findings: Some(vec![finding]),
        ..closing()
    };
    let error = store.close_run(&run, &closing).await.unwrap_err();
    assert!(matches!(error, StoreError::Other { .. }), "{error}");

    let state = store.account("acme").await.unwrap();
    assert_eq!((state.digest, state.n_managed), (None, 0));
    assert_eq!(state.last_run.unwrap().ended_at, None);
    sqlx::raw_sql("DROP TRIGGER trap")
        .execute(&mut *store.conn().await)
        .await
        .unwrap();
    store.close_run(&run, &closing).await.unwrap();
    assert_eq!(store.account("acme").await.unwrap().n_findings, 1);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_the_connection_usable() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).await.unwrap();
    {
        let mut conn = store.conn().await;
        let mut tx = begin(&mut conn).await.unwrap();
        ensure_account(&mut tx, "acme").await.unwrap();
    }
    assert!(store.accounts().await.unwrap().is_empty());
    store.begin_run("other", NOW).await.unwrap();
    assert_eq!(store.accounts().await.unwrap(), ["other"]);
}

#[tokio::test]
async fn fingerprints_are_the_same_in_one_store_only() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("state.db"), folder.path().join("other.db"));
    let secret = SecretString::from("token");
    let first = Store::open(&path).await.unwrap().fingerprint(&secret);
    let reopened = Store::open(&path).await.unwrap();
    assert_eq!(reopened.fingerprint(&secret), first);
    assert_ne!(reopened.fingerprint(&SecretString::from("token2")), first);
    assert_ne!(Store::open(&other).await.unwrap().fingerprint(&secret), first);
    assert!(!format!("{reopened:?}").contains("token"));
}

#[tokio::test]
async fn reading_and_writing_side_by_side_takes_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let (one, two) = (
        Store::open(&path).await.unwrap(),
        Store::open(&path).await.unwrap(),
    );
    for it in 0..20 {
        let (left, right) = (format!("left {it}"), format!("right {it}"));
        let (left, right) = tokio::join!(one.begin_run(&left, NOW), two.begin_run(&right, NOW));
        left.unwrap();
        right.unwrap();
    }
    assert_eq!(one.accounts().await.unwrap().len(), 40);
}
