//! Copies of the database, made while others use it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteJournalMode;

use super::{Store, StoreError, connect, file, options};
use crate::domain::memory::Millis;

/// How a copy is called: by the second at which it was made, in UTC, so that names sort like times.
const NAME: &str = "state-%Y%m%dT%H%M%SZ.db";

/// A copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Copy {
    made_at: Millis,
    path: PathBuf,
}

impl Store {
    /// Makes a whole and compact copy in the folder beside the database, and removes all but the newest `n_kept`.
    /// On a connection of its own: others read and write meanwhile. A copy of the future was made by a clock that
    /// has been set back since: it is as old as none.
    ///
    /// # Errors
    /// Any [`StoreError`]; then no copy was added, and none removed.
    pub async fn back_up(&self, now: Millis, n_kept: usize) -> Result<PathBuf, StoreError> {
        let folder = file::backups_folder(&self.path);
        make_folder(&folder).map_err(|error| StoreError::from_io(&folder, error))?;
        let name = DateTime::from_timestamp_millis(now.0)
            .unwrap_or(DateTime::<Utc>::UNIX_EPOCH)
            .format(NAME)
            .to_string();
        let (whole, unfinished) = (folder.join(&name), folder.join("unfinished"));
        let copied = self.copy_to(&unfinished).await;
        let io_failed = |error| StoreError::from_io(&folder, error);
        let finished = copied.and_then(|()| finish(&unfinished, &whole, &folder).map_err(io_failed));
        if finished.is_err() {
            // What is left of it helps nobody, and may fill the disk.
            let _ = std::fs::remove_file(&unfinished);
        }
        finished?;
        let mut copies = copies(&folder).map_err(io_failed)?;
        copies.retain(|it| it.path != whole);
        copies.sort_by_key(|it| (it.made_at <= now, it.made_at));
        let n_old = (copies.len() + 1).saturating_sub(n_kept.max(1));
        for copy in copies.iter().take(n_old) {
            std::fs::remove_file(&copy.path).map_err(io_failed)?;
        }
        Ok(whole)
    }

    async fn copy_to(&self, path: &Path) -> Result<(), StoreError> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::from_io(path, error));
            }
            _ => {}
        }
        // SQLite takes an empty file for none, and keeps its mode.
        file::create_empty(path)?;
        let mut conn = connect(&self.path, options(&self.path)).await?;
        let text = path.to_string_lossy().into_owned();
        let copied = sqlx::query("VACUUM INTO $1").bind(text).execute(&mut conn).await;
        let closed = conn.close().await;
        copied.map(drop).map_err(|error| self.failed(error))?;
        closed.map_err(|error| self.failed(error))?;
        // The copy is to be used as it is, and the mode of the journal stands in the file.
        let wal = options(path).journal_mode(SqliteJournalMode::Wal);
        let copy = connect(path, wal).await?;
        copy.close()
            .await
            .map_err(|error| StoreError::from_sqlx(path, error))
    }

    /// When the newest copy was made that is not of the future; `None`: there is none.
    ///
    /// # Errors
    /// The folder can't be read.
    pub fn last_backup(&self, now: Millis) -> Result<Option<Millis>, StoreError> {
        let folder = file::backups_folder(&self.path);
        match copies(&folder) {
            Ok(copies) => Ok(copies
                .into_iter()
                .map(|it| it.made_at)
                .filter(|it| *it <= now)
                .max()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::from_io(&folder, error)),
        }
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Gives a copy its name once all of it is on the disk.
fn finish(unfinished: &Path, whole: &Path, folder: &Path) -> io::Result<()> {
    File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, whole)?;
    File::open(folder)?.sync_all()
}

/// The copies in a folder; files of other names are not ours.
fn copies(folder: &Path) -> io::Result<Vec<Copy>> {
    let mut copies = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let made_at = name
            .to_str()
            .and_then(|it| NaiveDateTime::parse_from_str(it, NAME).ok());
        if let Some(made_at) = made_at {
            copies.push(Copy {
                made_at: Millis(made_at.and_utc().timestamp_millis()),
                path: entry.path(),
            });
        }
    }
    Ok(copies)
}
