//! A credential that a platform refused, and when it is worth another try.

use super::memory::Millis;

/// Waits before the tries: a platform may err for a moment, but a refusal that lasts is for a person to mend.
const WAITS: [i64; 3] = [5 * 60 * 1000, 60 * 60 * 1000, Millis::DAY];

/// A credential that the platform refused the last time it was shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Stands for all that is secret of it: another one is worth a try at once.
    pub secret: String,
    /// What the platform said.
    pub text: String,
    /// When it was first refused.
    pub since: Millis,
    /// When it was last refused.
    pub last_tried: Millis,
    /// How often it was refused since, one after the other.
    pub n_tries: u32,
}

impl Refusal {
    /// When it may be tried again although nothing has changed: after 5 minutes, an hour, then daily.
    pub fn due_at(&self) -> Millis {
        let n_waits = usize::try_from(self.n_tries.saturating_sub(1)).unwrap_or(usize::MAX);
        self.last_tried.plus(WAITS[n_waits.min(WAITS.len() - 1)])
    }

    /// Whether it may be tried now. A refusal of the future was seen by a clock that has been set back since.
    pub fn is_due(&self, now: Millis) -> bool {
        now < self.last_tried || self.due_at() <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1000;

    fn refused(n_tries: u32) -> Refusal {
        Refusal {
            secret: "s".to_owned(),
            text: "HTTP 401".to_owned(),
            since: Millis(0),
            last_tried: Millis(Millis::DAY),
            n_tries,
        }
    }

    #[test]
    fn it_is_tried_after_five_minutes_an_hour_and_then_daily() {
        let waits = [1, 2, 3, 4, u32::MAX].map(|n| refused(n).due_at().0 - Millis::DAY);
        assert_eq!(
            waits,
            [5 * MINUTE, 60 * MINUTE, Millis::DAY, Millis::DAY, Millis::DAY]
        );
        let at = |minutes| Millis(Millis::DAY + minutes * MINUTE);
        assert!(!refused(1).is_due(at(4)));
        assert!(refused(1).is_due(at(5)));
        assert!(!refused(2).is_due(at(59)));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_make_anybody_wait() {
        assert!(refused(3).is_due(Millis(Millis::DAY - 1)));
        assert!(!refused(3).is_due(Millis(Millis::DAY)));
    }
}
