//! The store: copies, and whose it is.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use wazzup_sync::store::Store;

use crate::lab::{Lab, runtime, until};
use crate::world::{ANNA, BERTA};

fn copies(lab: &Lab) -> Vec<String> {
    let Ok(folder) = fs::read_dir(lab.world.path("state.db.backups")) else {
        return Vec::new();
    };
    let names = folder.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|it| it.starts_with("state-")).collect();
    names.sort();
    names
}

#[test]
fn a_copy_is_made_and_can_be_restored() {
    let lab = Lab::new(&[ANNA, BERTA]);
    lab.world.run("reconcile").expect(0);
    let mut service = lab.start();
    until("a copy", || copies(&lab).len() == 1);
    service.stop();
    let copy = lab.world.path("state.db.backups").join(&copies(&lab)[0]);
    assert_eq!(fs::metadata(&copy).unwrap().mode() & 0o777, 0o600);
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(lab.world.path(&format!("state.db{ending}")));
    }
    fs::copy(&copy, lab.world.path("state.db")).unwrap();
    lab.crm("DELETE FROM employees WHERE id = '1'");
    lab.world.run("reconcile").expect(0);
    assert_eq!(lab.world.ids(), ["2"], "the copy knows who is ours");
}

#[test]
fn only_the_newest_copies_are_kept() {
    let lab = Lab::new(&[]);
    let folder = lab.world.path("state.db.backups");
    fs::create_dir(&folder).unwrap();
    for day in 1..=9 {
        fs::write(folder.join(format!("state-2020010{day}T030000Z.db")), "").unwrap();
    }
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    let service = lab.start();
    until("seven are left", || copies(&lab).len() == 7);
    assert_eq!(copies(&lab)[0], "state-20200104T030000Z.db");
    assert!(folder.join("notes.txt").exists());
    let age = "wazzup_sync_last_backup_age_seconds";
    until("the age is that of the new one", || {
        service.metric(age).is_some_and(|it| it < 3600.0)
    });
}

#[test]
fn without_copies_there_is_no_age_of_one() {
    let lab = Lab::new(&[ANNA]);
    lab.world.reconfigure("[http]", "backups = 0\n[http]");
    let service = lab.start();
    service.wait_for_state("ok");
    assert_eq!(service.metric("wazzup_sync_last_backup_age_seconds"), None);
    assert_eq!(copies(&lab), [""; 0]);
}

#[test]
fn root_leaves_nothing_that_the_service_could_not_open() {
    let lab = Lab::new(&[ANNA]);
    let home = lab.world.path("home");
    fs::create_dir(&home).unwrap();
    // Only root can give a folder away, and only root is tempted.
    if chown(&home, Some(65_534), Some(65_534)).is_err() {
        return;
    }
    lab.world.reconfigure("/state.db", "/home/state.db");
    let refused = lab.world.run("reconcile").expect(74);
    assert!(refused.said().contains("run it as that user"), "{refused:?}");
    lab.start().expect_end(74);
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

#[test]
fn what_root_looks_at_stays_the_services() {
    let lab = Lab::new(&[ANNA]);
    let home = lab.world.path("home");
    fs::create_dir(&home).unwrap();
    lab.world.reconfigure("/state.db", "/home/state.db");
    lab.world.run("reconcile").expect(0);
    let files = || {
        let names = fs::read_dir(&home).unwrap();
        names.map(|it| it.unwrap().path()).collect::<Vec<_>>()
    };
    for path in files().iter().chain([&home]) {
        // Only root can give files away, and only root is tempted.
        if chown(path, Some(65_534), Some(65_534)).is_err() {
            return;
        }
    }
    for line in ["status", "runs", "findings", "holds", "foreign"] {
        lab.world.run(line).expect(0);
    }
    for line in ["reconcile", "pause --all", "resume acme", "state rebuild acme"] {
        let refused = lab.world.run(line).expect(74);
        assert!(refused.said().contains("run it as that user"), "{refused:?}");
    }
    for path in files() {
        assert_eq!(fs::metadata(&path).unwrap().uid(), 65_534, "{}", path.display());
    }
}

#[test]
fn a_store_of_a_later_release_ends_the_start() {
    let lab = Lab::new(&[]);
    let path = lab.world.path("state.db");
    runtime().block_on(async { Store::open(&path).await.unwrap().close().await.unwrap() });
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let url = format!("sqlite:{}", path.display());
    runtime().block_on(async {
        use sqlx::{Connection as _, Executor as _};
        let mut conn = sqlx::SqliteConnection::connect(&url).await.unwrap();
        let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            VALUES (9999, 'later', 1, x'00', 0)";
        conn.execute(later).await.unwrap();
        conn.close().await.unwrap();
    });
    lab.start().expect_end(74);
}
