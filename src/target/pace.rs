//! The own pace: so many requests a second for one credential, evenly, without bursts.
//!
//! The platforms count requests for a credential and answer 429 when there are too many. Staying under the
//! limit costs nothing; running into it costs a pause of the platform's choosing.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// Lets one request through at a time, at the configured rate.
pub struct Pace {
    /// Holds one cell only, so an idle minute saves up nothing.
    limiter: DefaultDirectRateLimiter,
    clock: DefaultClock,
    interval: Duration,
}

impl Pace {
    /// A pace of that many requests a second; the first one may leave at once.
    pub fn new(requests_per_second: NonZeroU32) -> Pace {
        // At most 10⁹ divisions of a second have a length; a faster pace is as good as this one.
        let interval = (Duration::from_secs(1) / requests_per_second.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(interval).expect("an interval of at least 1 ns is not zero");
        Pace {
            limiter: RateLimiter::direct(quota),
            clock: DefaultClock::default(),
            interval,
        }
    }

    /// Waits until the next request may leave.
    ///
    /// Sleeps on the runtime's own timer: the limiter's would start a thread of its own.
    pub async fn wait(&self) {
        while let Err(not_until) = self.limiter.check() {
            tokio::time::sleep(not_until.wait_time_from(self.clock.now())).await;
        }
    }

    /// Time between two requests.
    pub fn interval(&self) -> Duration {
        self.interval
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("interval", &self.interval).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(requests_per_second: u32) -> Pace {
        Pace::new(NonZeroU32::new(requests_per_second).unwrap())
    }

    #[test]
    fn the_first_request_leaves_at_once_and_the_second_does_not() {
        let pace = pace(1);
        assert!(pace.limiter.check().is_ok());
        assert!(pace.limiter.check().is_err(), "one cell only: no burst");
    }

    #[test]
    fn ten_a_second_are_a_tenth_of_a_second_apart() {
        assert_eq!(pace(10).interval(), Duration::from_millis(100));
        assert_eq!(pace(u32::MAX).interval(), Duration::from_nanos(1));
    }

    #[tokio::test]
    async fn waiting_ends_when_the_interval_has_passed() {
        let pace = pace(1_000);
        for _ in 0..3 {
            pace.wait().await;
        }
        // Three passed; whether a fourth may follow now depends on how long this thread was away.
        let _ = pace.limiter.check();
    }
}
