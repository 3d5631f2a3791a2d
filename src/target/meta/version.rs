//! How long each version of the API is served.
//!
//! As published on <https://developers.facebook.com/docs/graph-api/changelog/versions> (read in November 2026).
//! A version that has ended is not refused: the platform answers as the oldest one that is left, which may mean
//! something else by the same words. So whoever is on an old version should be told in time.

use chrono::NaiveDate;

/// Versions by number and the day from which each is gone, oldest first.
const ENDS: [(u32, (i32, u32, u32)); 7] = [
    (19, (2026, 5, 21)),
    (20, (2026, 9, 24)),
    (21, (2027, 1, 21)),
    (22, (2027, 5, 20)),
    (23, (2027, 10, 8)),
    (24, (2028, 2, 18)),
    (25, (2028, 7, 29)),
];

/// The day from which the version, such as `v25.0`, is no longer served; `None` if that is not announced.
///
/// What is older than all known ones ended when the oldest of these did, at the latest.
pub fn end_of(version: &str) -> Option<NaiveDate> {
    let major: u32 = version.strip_prefix('v')?.split('.').next()?.parse().ok()?;
    let (_, (year, month, day)) = ENDS.into_iter().find(|(known, _)| major <= *known)?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Whether the version is known to be served no longer.
pub fn is_past_end(version: &str, today: NaiveDate) -> bool {
    end_of(version).is_some_and(|end| end <= today)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn every_date_of_the_table_is_one() {
        for (major, _) in ENDS {
            assert!(end_of(&format!("v{major}.0")).is_some(), "v{major}.0");
        }
    }

    #[test]
    fn a_version_is_past_its_end_from_that_day_on() {
        assert!(!is_past_end("v25.0", day(2028, 7, 28)));
        assert!(is_past_end("v25.0", day(2028, 7, 29)));
        assert!(is_past_end("v19.0", day(2026, 11, 22)));
        assert!(!is_past_end("v21.0", day(2026, 11, 22)));
    }

    #[test]
    fn what_is_older_than_the_table_is_over_and_what_is_newer_has_no_end_yet() {
        assert!(is_past_end("v2.12", day(2026, 11, 22)));
        assert!(!is_past_end("v26.0", day(2035, 1, 1)));
        assert_eq!(end_of("latest"), None);
    }
}
