//! What the store needs now and then: a copy each day, and history taken away. Between passes, in small steps.

use std::sync::Arc;

use tracing::{info, warn};

use crate::domain::memory::Millis;
use crate::reconcile::Clock;
use crate::store::{Store, StoreError};
use crate::text::chain;

const HOUR: i64 = 60 * 60 * 1000;

/// A copy that could not be made is tried again so much later.
const AGAIN: i64 = HOUR;
/// History is looked at so often.
const PRUNE_EVERY: i64 = 6 * HOUR;
/// Rows taken away in one step: a few milliseconds, for which a pass may have to wait.
const PRUNE_ROWS: usize = 500;

/// When what was done last. Pure: the times are handed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Diary {
    /// The newest copy.
    pub(super) copied: Option<Millis>,
    /// The last attempt to make one.
    pub(super) tried: Option<Millis>,
    /// The last look at the history.
    pub(super) pruned: Option<Millis>,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chores {
    /// So many copies are kept, and one is to be made.
    pub(super) copies: Option<usize>,
    /// History from before that instant is to go.
    pub(super) before: Option<Millis>,
}

impl Diary {
    /// What is to be done now, if anything.
    pub(super) fn chores(&self, now: Millis, backups: u32, history_days: u32) -> Option<Chores> {
        // What lies in the future was done by a clock that has been set back since.
        let is_over = |at: Option<Millis>, span| at.is_none_or(|at| now < at || at.plus(span) <= now);
        let copies = (backups > 0 && is_over(self.copied, Millis::DAY) && is_over(self.tried, AGAIN))
            .then(|| usize::try_from(backups).unwrap_or(usize::MAX));
        let before =
            is_over(self.pruned, PRUNE_EVERY).then(|| now.plus(-Millis::DAY * i64::from(history_days)));
        (copies.is_some() || before.is_some()).then_some(Chores { copies, before })
    }
}

/// Does it; gives when the newest copy was made. What fails is logged, and tried again by itself.
pub(super) async fn work(store: Arc<Store>, chores: Chores, clock: Clock) -> Option<Millis> {
    if let Some(n_kept) = chores.copies {
        match store.back_up(clock(), n_kept).await {
            Ok(path) => info!(path = %path.display(), "the store was copied"),
            Err(error) => warn!(cause = chain(&error), "the store can't be copied"),
        }
    }
    if let Some(before) = chores.before
        && let Err(error) = prune(&store, before).await
    {
        warn!(cause = chain(&error), "history can't be taken away");
    }
    store.last_backup(clock()).ok().flatten()
}

async fn prune(store: &Store, before: Millis) -> Result<(), StoreError> {
    let mut n_pruned = 0;
    loop {
        match store.prune(before, PRUNE_ROWS).await? {
            0 => break,
            n => n_pruned += n,
        }
        // Whoever waits for the store gets it now.
        tokio::task::yield_now().await;
    }
    if n_pruned > 0 {
        info!(rows = n_pruned, "history was taken away");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000 * Millis::DAY);

    fn copies(diary: Diary, backups: u32) -> Option<usize> {
        diary.chores(NOW, backups, 90).and_then(|it| it.copies)
    }

    #[test]
    fn a_copy_is_made_at_first_and_then_every_day() {
        assert_eq!(copies(Diary::default(), 7), Some(7));
        assert_eq!(copies(Diary::default(), 0), None);
        let copied = |hours: i64| Diary {
            copied: Some(NOW.plus(-hours * HOUR)),
            tried: Some(NOW.plus(-hours * HOUR)),
            ..Diary::default()
        };
        assert_eq!(copies(copied(23), 7), None);
        assert_eq!(copies(copied(24), 7), Some(7));
        assert_eq!(copies(copied(-5), 7), Some(7), "the clock was set back");
    }

    #[test]
    fn a_copy_that_failed_is_tried_again_after_an_hour() {
        let failed = |minutes: i64| Diary {
            copied: Some(NOW.plus(-2 * Millis::DAY)),
            tried: Some(NOW.plus(-minutes * 60_000)),
            ..Diary::default()
        };
        assert_eq!(copies(failed(59), 1), None);
        assert_eq!(copies(failed(60), 1), Some(1));
    }

    #[test]
    fn history_is_kept_as_many_days_as_configured() {
        let chores = Diary::default().chores(NOW, 0, 90).unwrap();
        assert_eq!(chores.before, Some(Millis(910 * Millis::DAY)));
        let pruned = Diary {
            pruned: Some(NOW),
            ..Diary::default()
        };
        assert_eq!(pruned.chores(NOW.plus(HOUR), 0, 90), None);
    }
}
