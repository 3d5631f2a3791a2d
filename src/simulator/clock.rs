//! The simulator's time: real, or moved by hand so that tests of lag and delay need not wait.

use std::time::{Duration, Instant, SystemTime};

/// Where a clock that is moved by hand starts, in Unix seconds. Any fixed instant would do.
const MANUAL_EPOCH_SECONDS: u64 = 1_800_000_000;

/// An instant, in both ways in which it is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Milliseconds since the start of the simulator.
    pub(super) ms: u64,
    /// What stands on a calendar.
    pub(super) unix_seconds: u64,
}

/// Milliseconds since the start of the simulator.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    Real(Instant),
    Manual(Duration),
}

impl Clock {
    pub(super) fn new(is_manual: bool) -> Clock {
        if is_manual {
            Clock::Manual(Duration::ZERO)
        } else {
            Clock::Real(Instant::now())
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.at(self.now_ms())
    }

    /// Now, but for the milliseconds: an effect that is late happens at its own time.
    pub(super) fn at(&self, ms: u64) -> Moment {
        Moment {
            ms,
            unix_seconds: self.unix_seconds(),
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        let since_start = match self {
            Clock::Real(start) => start.elapsed(),
            Clock::Manual(since_start) => *since_start,
        };
        u64::try_from(since_start.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn unix_seconds(&self) -> u64 {
        match self {
            Clock::Real(_) => SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |it| it.as_secs()),
            Clock::Manual(since_start) => MANUAL_EPOCH_SECONDS + since_start.as_secs(),
        }
    }

    /// Moves a manual clock; a real one goes its own way.
    pub(super) fn advance(&mut self, by: Duration) {
        if let Clock::Manual(since_start) = self {
            *since_start = since_start.saturating_add(by);
        }
    }
}
