//! What can go wrong with the store, by what the caller can do about it.

use std::io;
use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

/// Why the store can't be used. Whatever the variant: nothing is sent without a store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The files belong to another user; to use them as this one would leave files that the other can't write.
    #[error("{} belongs to {owner}; run it as that user: {command} …", path.display())]
    Owner {
        /// The state, or the folder it would be made in.
        path: PathBuf,
        /// The owner's name, or `#` and its number.
        owner: String,
        /// The beginning of a command line that works; the arguments follow.
        command: String,
    },
    /// A later release has written here.
    #[error("{} has schema {found}, and this release knows {known}: use the release that wrote it, or a later one", path.display())]
    NewerSchema {
        /// The state.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest one known.
        known: i64,
    },
    /// The folder of the state is not there.
    #[error("{} does not exist: create the folder, or set [store] url to another one", folder.display())]
    MissingFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A SQLite file, but somebody else's.
    #[error("{} is a database of another program: set [store] url to a file of its own", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// No room to write.
    #[error("no space is left for {}", path.display())]
    Full {
        /// The state.
        path: PathBuf,
    },
    /// Reading works, writing does not.
    #[error("{} can't be written: the file or its folder is read-only", path.display())]
    ReadOnly {
        /// The state.
        path: PathBuf,
    },
    /// Another process has been writing for longer than anybody should wait.
    #[error("{} is in use by another process for too long", path.display())]
    Busy {
        /// The state.
        path: PathBuf,
    },
    /// The content makes no sense.
    #[error("{} is damaged: restore a backup, or move it away and claim the users again", path.display())]
    Corrupt {
        /// The state.
        path: PathBuf,
        /// What was found.
        #[source]
        source: Box<sqlx::Error>,
    },
    /// A file beside the database can't be had.
    #[error("{} can't be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The schema can't be brought up to date.
    #[error("the schema of {} can't be brought up to date", path.display())]
    Migration {
        /// The state.
        path: PathBuf,
        /// Which step failed, and how.
        #[source]
        source: Box<MigrateError>,
    },
    /// The run was closed before, or another process took the account over.
    #[error("run {run} is closed already: {} has moved on without it", path.display())]
    Closed {
        /// The state.
        path: PathBuf,
        /// The run.
        run: String,
    },
    /// Anything else.
    #[error("{} can't be used", path.display())]
    Other {
        /// The state.
        path: PathBuf,
        /// What the database says.
        #[source]
        source: Box<sqlx::Error>,
    },
}

impl StoreError {
    /// Sorts what SQLite says by its primary result code (<https://www.sqlite.org/rescode.html>).
    pub(super) fn from_sqlx(path: &Path, source: sqlx::Error) -> StoreError {
        let path = path.to_owned();
        match &source {
            // Only what we wrote is decoded, so a value that can't be is damage.
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                return StoreError::Corrupt {
                    path,
                    source: source.into(),
                };
            }
            _ => {}
        }
        match primary_code(&source) {
            Some(5 | 6) => StoreError::Busy { path },
            Some(8) => StoreError::ReadOnly { path },
            Some(13) => StoreError::Full { path },
            Some(11 | 26) => StoreError::Corrupt {
                path,
                source: source.into(),
            },
            _ => StoreError::Other {
                path,
                source: source.into(),
            },
        }
    }

    /// As [`StoreError::from_sqlx`], for what comes out of a migration.
    pub(super) fn from_migration(path: &Path, source: MigrateError) -> StoreError {
        match source {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if primary_code(&error).is_some_and(|code| code != 1) =>
            {
                StoreError::from_sqlx(path, error)
            }
            other => StoreError::Migration {
                path: path.to_owned(),
                source: other.into(),
            },
        }
    }

    /// As [`StoreError::from_sqlx`], for a file beside the database.
    pub(super) fn from_io(path: &Path, source: io::Error) -> StoreError {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
            io::ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { path },
            _ => StoreError::Io { path, source },
        }
    }
}

/// The primary result code of SQLite: the low byte of the extended one that sqlx hands out.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
