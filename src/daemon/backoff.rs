//! How long an account that fails is left alone.

use crate::store::BackOff;

const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;

/// The first pause of a failing account, which doubles: most failures are over in a moment.
const FIRST: i64 = MINUTE;
/// The longest pause of a failing account: whoever mends something sees it work within the hour.
const LAST: i64 = HOUR;

/// The pauses of an account whose credential is refused; the last one stays. A platform may lock out whoever
/// knocks too often with a bad credential.
const REFUSED: [i64; 3] = [5 * MINUTE, HOUR, 24 * HOUR];

/// The milliseconds from a failed pass to the next one; `None`: the last pass did not fail.
pub fn pause(back_off: BackOff) -> Option<i64> {
    let BackOff { failures, is_refused } = back_off;
    let before = failures.checked_sub(1)?;
    if is_refused {
        let step = usize::try_from(before).unwrap_or(usize::MAX);
        return Some(REFUSED[step.min(REFUSED.len() - 1)]);
    }
    Some((FIRST << before.min(32)).min(LAST))
}

/// One more failure; another kind of failure counts from the beginning.
pub fn after_failure(before: BackOff, is_refused: bool) -> BackOff {
    let failures = match before.is_refused == is_refused {
        true => before.failures.saturating_add(1),
        false => 1,
    };
    BackOff { failures, is_refused }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn minutes(failures: u32, is_refused: bool) -> Option<i64> {
        pause(BackOff { failures, is_refused }).map(|it| it / MINUTE)
    }

    #[test]
    fn a_failing_account_waits_from_a_minute_to_an_hour() {
        let pauses = [0, 1, 2, 3, 6, 7, 8, u32::MAX].map(|it| minutes(it, false));
        let expected = [0, 1, 2, 4, 32, 60, 60, 60].map(|it| (it > 0).then_some(it));
        assert_eq!(pauses, expected);
    }

    #[test]
    fn a_refused_credential_is_tried_after_five_minutes_an_hour_and_then_daily() {
        let pauses = [0, 1, 2, 3, 4, u32::MAX].map(|it| minutes(it, true));
        let expected = [None, Some(5), Some(60), Some(1440), Some(1440), Some(1440)];
        assert_eq!(pauses, expected);
    }

    #[test]
    fn another_kind_of_failure_counts_from_the_beginning() {
        let failing = after_failure(after_failure(BackOff::default(), false), false);
        assert_eq!(failing.failures, 2);
        let refused = after_failure(failing, true);
        assert_eq!((refused.failures, refused.is_refused), (1, true));
        assert_eq!(after_failure(refused, true).failures, 2);
        assert_eq!(after_failure(refused, false).failures, 1);
    }

    proptest! {
        #[test]
        fn no_pause_is_shorter_than_the_one_before(failures in 1..10_000_u32, is_refused: bool) {
            let pause = |failures| pause(BackOff { failures, is_refused });
            prop_assert!(pause(failures) <= pause(failures + 1));
            prop_assert!(pause(failures) > Some(0));
        }
    }
}
