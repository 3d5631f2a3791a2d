//! When a change that is open is due again.
//!
//! Only a service asks: whoever calls for one pass wants everything to be tried. A change in the rows or the
//! settings makes a plan in any case, and so does the next reading of the platform's list.

use crate::domain::memory::Millis;
use crate::domain::outcome::Outcome;
use crate::store::OpenOutcome;

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;

/// The first pause of a conflict, which doubles: a phone that is moved by hand is free soon, or for long not.
const CONFLICT_FIRST: i64 = 5 * MINUTE;
/// The longest pause of a conflict.
const CONFLICT_LAST: i64 = 6 * HOUR;

/// Whether the change is to be tried now.
pub(super) fn is_due(open: &OpenOutcome, now: Millis) -> bool {
    // A try in the future was made by a clock that has been set back since.
    due_at(open).is_some_and(|at| at <= now || now < open.last_tried)
}

/// When a service is to try the change again; `None`: not by itself.
pub fn due_at(open: &OpenOutcome) -> Option<Millis> {
    match open.outcome {
        Outcome::Applied | Outcome::Unknown => Some(open.last_tried),
        Outcome::Conflict => Some(open.last_tried.plus(conflict_pause(open.tries))),
        // The record is not acceptable, or was not: rules of a platform change seldom.
        Outcome::Rejected => Some(open.last_tried.plus(24 * HOUR)),
        // A seat that is freed shows in the rows, or in the next list. A hold waits for a person.
        Outcome::Deferred | Outcome::Held => None,
    }
}

fn conflict_pause(tries: u32) -> i64 {
    let doublings = tries.saturating_sub(1).min(32);
    (CONFLICT_FIRST << doublings).min(CONFLICT_LAST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::outcome::Op;

    fn open(outcome: Outcome, tries: u32, last_tried: i64) -> OpenOutcome {
        OpenOutcome {
            user: "17".into(),
            op: Op::Update,
            outcome,
            code: None,
            detail: None,
            since: Millis(0),
            tries,
            last_tried: Millis(last_tried),
        }
    }

    fn pause(outcome: Outcome, tries: u32) -> Option<i64> {
        due_at(&open(outcome, tries, 0)).map(|it| it.0)
    }

    #[test]
    fn each_outcome_waits_as_long_as_it_should() {
        assert_eq!(pause(Outcome::Unknown, 7), Some(0));
        assert_eq!(pause(Outcome::Rejected, 1), Some(24 * HOUR));
        assert_eq!(pause(Outcome::Deferred, 1), None);
        assert_eq!(pause(Outcome::Held, 1), None);
        let conflicts = [1, 2, 3, 7, 8, 9, u32::MAX].map(|tries| pause(Outcome::Conflict, tries).unwrap());
        let minutes = [5, 10, 20, 320, 360, 360, 360];
        assert_eq!(conflicts, minutes.map(|it| it * MINUTE));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_wait_longer() {
        let tried = open(Outcome::Conflict, 9, 1_000_000_000);
        assert!(!is_due(&tried, Millis(1_000_000_001)));
        assert!(is_due(&tried, Millis(999_999_999)));
    }

    proptest! {
        #[test]
        fn a_conflict_waits_from_five_minutes_to_six_hours_and_never_less_than_before(tries in 1..1000_u32) {
            let (this, next) = (conflict_pause(tries), conflict_pause(tries + 1));
            prop_assert!((CONFLICT_FIRST..=CONFLICT_LAST).contains(&this));
            prop_assert!(this <= next);
        }
    }
}
