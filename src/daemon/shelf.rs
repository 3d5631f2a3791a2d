//! The store as the service has it: there, or tried again and again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::store::{Store, StoreError};
use crate::text::chain;

/// First pause before the store is tried again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// Longest wait for a store to open, migrations included. Below what systemd waits for a start, and the watchdog.
const OPENING: Duration = Duration::from_secs(45);

/// The place of the store.
#[derive(Debug)]
pub(super) struct Shelf {
    path: PathBuf,
    store: Option<Arc<Store>>,
    /// Why it is not there, as last logged.
    why: Option<String>,
    /// What the next loss costs.
    pause: Duration,
    retry_at: Instant,
    /// When it was opened last, or tried in vain.
    turned_at: Instant,
}

impl Shelf {
    /// Nothing is opened yet.
    pub(super) fn new(path: &Path) -> Shelf {
        Shelf {
            path: path.to_owned(),
            store: None,
            why: None,
            pause: FIRST_PAUSE,
            retry_at: Instant::now(),
            turned_at: Instant::now(),
        }
    }

    /// Where it is to be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The store, if it is there.
    pub(super) fn store(&self) -> Option<&Arc<Store>> {
        self.store.as_ref()
    }

    /// Why it is not there.
    pub(super) fn why(&self) -> Option<&str> {
        self.why.as_deref()
    }

    /// When it is to be tried again; `None` while it is there.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.store.is_none().then_some(self.retry_at)
    }

    /// Tries to open it, if it is time; the store if that made a difference.
    ///
    /// # Errors
    /// What no waiting can mend: it is another user's, another program's, or of a later release.
    pub(super) async fn open(&mut self) -> Result<Option<Arc<Store>>, StoreError> {
        if self.store.is_some() || Instant::now() < self.retry_at {
            return Ok(None);
        }
        let opened = timeout(OPENING, open(&self.path)).await;
        let opened = opened.unwrap_or_else(|_| {
            let path = self.path.clone();
            Err(StoreError::Busy { path })
        });
        match opened {
            Ok(store) => {
                if self.why.take().is_some() {
                    info!("the store can be reached again");
                }
                self.turned_at = Instant::now();
                let store = Arc::new(store);
                self.store = Some(Arc::clone(&store));
                Ok(Some(store))
            }
            Err(
                error @ (StoreError::Owner { .. }
                | StoreError::NewerSchema { .. }
                | StoreError::NotOurs { .. }),
            ) => Err(error),
            Err(error) => {
                self.lose(&error);
                Ok(None)
            }
        }
    }

    /// It can't be used any more: it can't be read, or it can't be written.
    pub(super) fn lose(&mut self, error: &StoreError) {
        let why = chain(error);
        if self.why.as_ref() != Some(&why) {
            warn!(
                cause = why,
                "the store can't be reached; it is tried again, and nothing is sent meanwhile"
            );
        }
        self.why = Some(why);
        // One that is lost again soon has room for a little, and not for what is to be written.
        if self.store.take().is_some() && LAST_PAUSE < self.turned_at.elapsed() {
            self.pause = FIRST_PAUSE;
        }
        self.turned_at = Instant::now();
        self.retry_at = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LAST_PAUSE);
    }

    /// Takes it away for good.
    pub(super) fn take(&mut self) -> Option<Arc<Store>> {
        self.store.take()
    }
}

/// Opens the store, and has it written: reading alone works on a full disk too, and would be lost again at once.
async fn open(path: &Path) -> Result<Store, StoreError> {
    let store = Store::open(path).await?;
    store.check_writable().await?;
    Ok(store)
}
