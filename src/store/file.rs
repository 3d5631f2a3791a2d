//! The files of the store: who owns them, their modes, and the locks beside them.
//!
//! Locks are `flock`s on files of their own, which die with the process. They are never unlinked: a
//! process that waits on an unlinked file would hold a lock that nobody else can see.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::StoreError;
use crate::text::hex;

/// The exclusive right to run on a remote. It ends with this value, or with the process.
#[derive(Debug)]
pub struct RemoteLock {
    /// Holds the `flock`, which the system takes back when the file is closed.
    _file: File,
}

/// What is found where the database should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// No file.
    Nothing,
    /// A file without content: made a moment ago, and not migrated yet.
    Empty,
    /// A file with content.
    Content,
}

/// Looks for the database without opening it: closing a second descriptor of a database would drop the
/// locks that SQLite holds in this process (<https://www.sqlite.org/howtocorrupt.html>, 2.2).
pub(super) fn look(path: &Path) -> Result<Found, StoreError> {
    match std::fs::metadata(path) {
        Ok(it) if it.len() == 0 => Ok(Found::Empty),
        Ok(_) => Ok(Found::Content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(StoreError::from_io(path, error)),
    }
}

/// Whether SQLite's journal stands beside the database: somebody has it open, or was killed.
pub(super) fn has_journal(path: &Path) -> bool {
    beside(path, "-wal").exists()
}

/// The file or folder of that ending beside the database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses state of another user, and a folder that isn't there.
///
/// Root may write everywhere, and would leave files that the service can't open: so root is refused a
/// folder of another user even before there is a file.
pub(super) fn check_owner(path: &Path, me: u32) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let (owned, owner) = match std::fs::metadata(path) {
        Ok(it) => (path, it.uid()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match std::fs::metadata(folder) {
            Ok(it) if me == 0 => (folder, it.uid()),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::MissingFolder {
                    folder: folder.to_owned(),
                });
            }
            Err(error) => return Err(StoreError::from_io(folder, error)),
        },
        Err(error) => return Err(StoreError::from_io(path, error)),
    };
    if owner == me {
        return Ok(());
    }
    let name = user_name(owner);
    Err(StoreError::Owner {
        path: owned.to_owned(),
        command: run_as(owner, name.as_deref(), me),
        owner: name.unwrap_or_else(|| format!("#{owner}")),
    })
}

/// The beginning of a command line that runs us as that user.
fn run_as(uid: u32, name: Option<&str>, me: u32) -> String {
    match name {
        // Part of util-linux, so it is there where sudo is not; but it serves root alone.
        Some(name) if me == 0 => format!("runuser -u {name} -- wazzup-sync"),
        Some(name) => format!("sudo -u {name} wazzup-sync"),
        None => format!("sudo -u '#{uid}' wazzup-sync"),
    }
}

/// The name of a user of this machine, if its list of users has it.
fn user_name(uid: u32) -> Option<String> {
    let list = std::fs::read_to_string("/etc/passwd").ok()?;
    let number = uid.to_string();
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    })
}

/// Makes a database without tables, where there is nothing or an empty file.
///
/// SQLite itself would write and sync it twice, once for each of the two modes that stay in the file, with a
/// rollback journal each time. It is on the disk before anybody uses it: SQLite takes an empty file for a new
/// database, whatever its journal says.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    add(path, &first_page())
}

/// Makes an empty file, unless it is there.
pub(super) fn create_empty(path: &Path) -> Result<(), StoreError> {
    add(path, &[])
}

/// Adds content to a file, which is made for its owner alone if it isn't there. SQLite gives its journal the same mode.
fn add(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| {
        let written = file.write_all(content).and_then(|()| file.sync_all());
        // Half a page would be no database; without content, the next one makes it.
        written.inspect_err(|_| drop(file.set_len(0)))
    });
    written.map_err(|error| StoreError::from_io(path, error))
}

/// The first and only page of a database without tables, in the modes that ours have
/// (<https://www.sqlite.org/fileformat2.html>, 1.3 and 1.6).
fn first_page() -> [u8; 4096] {
    let mut page = [0; 4096];
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0");
    // The size of a page.
    put(16, &4096_u16.to_be_bytes());
    // Written and read by a write-ahead log.
    put(18, &[2, 2]);
    // Three fractions of a page that the format fixes.
    put(21, &[64, 32, 32]);
    // Pages in the file.
    put(28, &1_u32.to_be_bytes());
    // The largest page that is a root; that there is one says that pages can be given back …
    put(52, &1_u32.to_be_bytes());
    // … and this, that they are when somebody asks for it.
    put(64, &1_u32.to_be_bytes());
    // The list of tables: a leaf without cells, whose content begins at the end of the page.
    put(100, &[13]);
    put(105, &4096_u16.to_be_bytes());
    page
}

/// The folder of the locks, beside the database.
pub(super) fn locks_folder(path: &Path) -> PathBuf {
    beside(path, ".locks")
}

/// The folder of the copies, beside the database.
pub(super) fn backups_folder(path: &Path) -> PathBuf {
    beside(path, ".backups")
}

/// Which file it is, whatever its name.
pub(super) type Identity = (u64, u64);

/// Which file is at the path; `None` if there is none.
pub(super) fn identity(path: &Path) -> Option<Identity> {
    let it = std::fs::metadata(path).ok()?;
    Some((it.dev(), it.ino()))
}

/// Refuses if another file is at the path, or none: a copy was restored, and whoever goes on writes into the void.
pub(super) fn check_identity(path: &Path, known: Option<Identity>) -> Result<(), StoreError> {
    match std::fs::metadata(path) {
        Ok(it) if known.is_none_or(|known| known == (it.dev(), it.ino())) => Ok(()),
        Ok(_) => Err(StoreError::from_io(
            path,
            io::Error::other("another file has taken its place"),
        )),
        Err(error) => Err(StoreError::from_io(path, error)),
    }
}

/// Differs after somebody has written: times and sizes of database and journal.
pub(super) fn watermark(path: &Path) -> u128 {
    let files = [path.to_owned(), beside(path, "-wal")];
    let marks = files.iter().filter_map(|it| {
        let it = std::fs::metadata(it).ok()?;
        let parts = [
            it.mtime(),
            it.mtime_nsec(),
            i64::try_from(it.len()).unwrap_or(i64::MAX),
        ];
        let join =
            |mark: u128, part: i64| mark.wrapping_mul(0x0100_0000_01b3) ^ u128::from(part.cast_unsigned());
        Some(parts.into_iter().fold(0, join))
    });
    marks.fold(0, |all, mark| all.rotate_left(61) ^ mark)
}

/// Bytes of the database and its journal.
pub(super) fn bytes(path: &Path) -> u64 {
    let files = [path.to_owned(), beside(path, "-wal")];
    files
        .iter()
        .filter_map(|it| Some(std::fs::metadata(it).ok()?.len()))
        .sum()
}

/// Makes the folder of the locks, unless it is there.
pub(super) fn create_locks_folder(path: &Path) -> Result<(), StoreError> {
    let folder = locks_folder(path);
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::from_io(&folder, error)),
    }
}

/// Takes the lock under which the file is made and migrated; `None` if somebody has it.
pub(super) fn try_lock_migration(path: &Path) -> Result<Option<File>, StoreError> {
    try_lock(&locks_folder(path).join("migration"))
}

/// Takes the lock of a remote; `None` if somebody has it.
pub(super) fn try_lock_remote(path: &Path, remote: &str) -> Result<Option<RemoteLock>, StoreError> {
    // 128 bits: a name for any text, and no two remotes will ever share one.
    let digest = Sha256::digest(remote.as_bytes());
    let lock = try_lock(&locks_folder(path).join(hex(&digest[..16])))?;
    Ok(lock.map(|file| RemoteLock { _file: file }))
}

/// Takes the lock of that name; `None` if somebody has it.
fn try_lock(name: &Path) -> Result<Option<File>, StoreError> {
    let file = open_lock(name)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StoreError::from_io(name, error)),
    }
}

/// Opens a lock file, made if it isn't there.
fn open_lock(name: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(name)
        .map_err(|error| StoreError::from_io(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_of_another_user_is_refused_with_a_command_that_works() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        create(&path).unwrap();
        let me = std::fs::metadata(&path).unwrap().uid();
        check_owner(&path, me).unwrap();

        let error = check_owner(&path, me + 1).unwrap_err();
        assert!(matches!(error, StoreError::Owner { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("state.db") && text.contains("wazzup-sync"),
            "{text}"
        );
    }

    #[test]
    fn the_command_fits_who_runs_it_and_whether_the_owner_has_a_name() {
        assert_eq!(
            run_as(998, Some("wazzup-sync"), 0),
            "runuser -u wazzup-sync -- wazzup-sync"
        );
        assert_eq!(
            run_as(998, Some("wazzup-sync"), 1000),
            "sudo -u wazzup-sync wazzup-sync"
        );
        assert_eq!(run_as(61_234, None, 0), "sudo -u '#61234' wazzup-sync");
    }

    #[test]
    fn root_makes_no_file_in_a_folder_of_another_user() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let owner = std::fs::metadata(folder.path()).unwrap().uid();
        let refused = check_owner(&path, 0).is_err();
        assert_eq!(refused, owner != 0);
        check_owner(&path, 4_000_000).unwrap();
    }

    #[tokio::test]
    async fn a_new_file_is_as_sqlite_itself_makes_it() {
        use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode};
        use sqlx::{ConnectOptions as _, Connection as _};

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal);
        options.connect().await.unwrap().close().await.unwrap();
        let mut theirs = std::fs::read(&path).unwrap();
        // How often it was changed, and by which version of SQLite.
        for field in [24..28, 92..96, 96..100] {
            theirs[field].fill(0);
        }
        assert!(theirs == first_page(), "{:?}", &theirs[..108]);
    }

    #[test]
    fn root_has_a_name() {
        assert_eq!(user_name(0).as_deref(), Some("root"));
    }
}
