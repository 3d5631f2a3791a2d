//! How a file in WAL mode is read without leaving a trace.
//!
//! Whoever opens such a file makes its `-wal` and `-shm` if they are missing. We must not: in a folder
//! where we may not write, opening would fail; and where we may, the files would be ours, and the CRM
//! could perhaps not write them. They are missing only while nobody has the file open, and then the file
//! alone is the whole database. So it is read as a file that does not change (SQLite's `immutable`), and
//! the read counts only if it indeed did not.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tokio::io::AsyncReadExt as _;

/// Bytes 18 and 19 of the header are 2 in WAL mode (SQLite's file format, section 1.3.3).
const VERSION_OFFSET: usize = 18;
const WAL_VERSION: u8 = 2;

/// What shows that a file did not change between two looks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct FileState {
    /// Length and time of the last change; `None` if there is no such file, or no right to look.
    stamp: Option<(u64, SystemTime)>,
    has_wal_mode: bool,
    has_wal_file: bool,
}

impl FileState {
    pub async fn of(path: &Path) -> FileState {
        let metadata = tokio::fs::metadata(path).await.ok();
        FileState {
            stamp: metadata.and_then(|it| Some((it.len(), it.modified().ok()?))),
            has_wal_mode: has_wal_mode(path).await,
            has_wal_file: tokio::fs::try_exists(wal_path(path)).await.unwrap_or(true),
        }
    }

    /// Whether the file is in WAL mode and nobody has it open.
    pub fn is_idle_wal(&self) -> bool {
        self.has_wal_mode && !self.has_wal_file
    }
}

fn wal_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

async fn has_wal_mode(path: &Path) -> bool {
    let mut header = [0; VERSION_OFFSET + 2];
    let Ok(mut file) = tokio::fs::File::open(path).await else {
        return false;
    };
    file.read_exact(&mut header).await.is_ok() && header[VERSION_OFFSET..].contains(&WAL_VERSION)
}
