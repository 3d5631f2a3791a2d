//! What an account was a while ago, and how often it was asked: what platforms have in common.

use std::collections::VecDeque;
use std::sync::Arc;

/// A state, and as much of its past as reads may lag behind.
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

/// Arrivals within the last second.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    recent_ms: VecDeque<u64>,
}

impl Arrivals {
    /// Notes an arrival, and tells if the last second had too many.
    pub(super) fn too_many(&mut self, max_per_second: Option<u32>, now_ms: u64) -> Option<String> {
        let max = max_per_second?;
        self.recent_ms.push_back(now_ms);
        while self.recent_ms.front().is_some_and(|it| it + 1000 <= now_ms) {
            self.recent_ms.pop_front();
        }
        // One more than the pace is no violation: requests that left exactly paced may arrive with a jitter.
        let n_recent = self.recent_ms.len();
        (n_recent > max as usize + 1)
            .then(|| format!("{n_recent} requests within a second, the pace is {max}"))
    }
}
