//! A state, and what it was a while ago: reads may lag behind writes.

use std::collections::VecDeque;
use std::sync::Arc;

/// A state with its past, as far back as reads lag.
#[derive(Debug, Default)]
pub(super) struct History<T> {
    now: Arc<T>,
    /// Earlier states with the time at which each ended, oldest first.
    past: VecDeque<(u64, Arc<T>)>,
}

impl<T> History<T> {
    pub(super) fn new(state: T) -> History<T> {
        History {
            now: Arc::new(state),
            past: VecDeque::new(),
        }
    }

    pub(super) fn now(&self) -> &Arc<T> {
        &self.now
    }

    pub(super) fn set(&mut self, state: T, now_ms: u64, lag_ms: u64) {
        if lag_ms > 0 {
            self.past.push_back((now_ms, Arc::clone(&self.now)));
        }
        while self.past.front().is_some_and(|it| it.0 + lag_ms < now_ms) {
            self.past.pop_front();
        }
        self.now = Arc::new(state);
    }

    /// The state as it was `lag_ms` ago.
    pub(super) fn as_seen(&self, now_ms: u64, lag_ms: u64) -> &Arc<T> {
        // The oldest state that ended within the lag was still in force at its beginning.
        self.past
            .iter()
            .find(|it| it.0 + lag_ms > now_ms)
            .map_or(&self.now, |it| &it.1)
    }
}
