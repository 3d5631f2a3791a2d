//! Crontab lines.
//!
//! The crate `cron` speaks a dialect of its own, so a line is translated before it sees it: five fields
//! get a `0` for the seconds in front, and weekdays become names, because its `1` is Sunday and its ranges
//! can't pass from Saturday to Sunday. Day of month *and* day of week together mean "either" to crontab
//! and "both" to the crate: such a line is refused.
//!
//! When clocks change, a local time is skipped or comes twice. That is harmless here: the next time
//! catches up, and a second pass finds nothing to do.

use std::str::FromStr as _;

use chrono::{DateTime, TimeZone, Utc};

use super::section::shown;

/// In the order of crontab, where 0 and 7 are Sunday.
const WEEKDAYS: [&str; 8] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

const FIELDS: [&str; 6] = ["second", "minute", "hour", "day of month", "month", "day of week"];

/// A line of crontab that is understood.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    parsed: cron::Schedule,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        self.line == other.line
    }
}

impl Eq for Schedule {}

impl Schedule {
    /// Reads a line of five fields, or of six with the seconds first.
    ///
    /// # Errors
    /// Says which field is not understood.
    pub fn parse(line: &str) -> Result<Schedule, String> {
        let mut fields: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match fields.len() {
            5 => fields.insert(0, "0".to_owned()),
            6 => {}
            n_fields => {
                return Err(format!(
                    "expected five fields (minute, hour, day of month, month, day of week), or six with \
                     seconds first; found {n_fields}"
                ));
            }
        }
        let is_free = |field: &String| field == "*" || field == "?";
        if !is_free(&fields[3]) && !is_free(&fields[5]) {
            return Err(
                "give a day of month or a day of week, not both: crontab would take either".to_owned(),
            );
        }
        fields[5] =
            weekdays(&fields[5]).ok_or_else(|| format!("{:?} is no day of week", shown(&fields[5])))?;
        for (idx, name) in FIELDS.into_iter().enumerate() {
            let mut alone = ["*"; 6];
            alone[idx] = &fields[idx];
            if cron::Schedule::from_str(&alone.join(" ")).is_err() {
                return Err(format!("{:?} is no {name}", shown(&fields[idx])));
            }
        }
        let parsed = cron::Schedule::from_str(&fields.join(" "))
            .map_err(|_| "is not understood as a crontab line".to_owned())?;
        // Any day will do to look from: what does not come within years never comes.
        if parsed.after(&DateTime::<Utc>::UNIX_EPOCH).next().is_none() {
            return Err("never comes".to_owned());
        }
        Ok(Schedule {
            line: line.to_owned(),
            parsed,
        })
    }

    /// The line as configured.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The first time after the given one.
    pub fn next_after<Z: TimeZone + 'static>(&self, now: &DateTime<Z>) -> Option<DateTime<Z>> {
        self.parsed.after(now).next()
    }
}

/// The field with names only, each day by itself.
fn weekdays(field: &str) -> Option<String> {
    if field == "*" || field == "?" {
        return Some("*".to_owned());
    }
    let mut days = [false; 7];
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (range, step.parse().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let (first, last) = match range.split_once('-') {
            // As the end of a range Sunday comes after Saturday.
            Some((first, last)) => (
                weekday(first)?,
                weekday(last).map(|it| if it == 0 { 7 } else { it })?,
            ),
            None if range == "*" => (0, 6),
            None if step > 1 => return None,
            None => (weekday(range)?, weekday(range)?),
        };
        if first > last {
            return None;
        }
        for day in (first..=last).step_by(step) {
            days[day % 7] = true;
        }
    }
    if days.iter().all(|it| *it) {
        return Some("*".to_owned());
    }
    let names: Vec<&str> = (0..7).filter(|day| days[*day]).map(|day| WEEKDAYS[day]).collect();
    Some(names.join(","))
}

/// 0 to 7, from a digit or the first three letters of an English name.
fn weekday(text: &str) -> Option<usize> {
    if let [digit @ b'0'..=b'7'] = text.as_bytes() {
        return Some(usize::from(digit - b'0'));
    }
    WEEKDAYS.iter().position(|name| name.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(line: &str, after: &str) -> String {
        let after = DateTime::parse_from_rfc3339(after).unwrap().to_utc();
        let next = Schedule::parse(line).unwrap().next_after(&after).unwrap();
        next.format("%a %F %T").to_string()
    }

    #[test]
    fn five_fields_begin_at_the_full_minute_and_six_with_seconds() {
        assert_eq!(
            next("*/5 * * * *", "2026-11-22T10:01:30Z"),
            "Sun 2026-11-22 10:05:00"
        );
        assert_eq!(
            next("*/20 * * * * *", "2026-11-22T10:01:30Z"),
            "Sun 2026-11-22 10:01:40"
        );
    }

    #[test]
    fn digits_of_weekdays_mean_what_crontab_means() {
        let saturday = "2026-11-21T12:00:00Z";
        assert_eq!(next("0 9 * * 0", saturday), "Sun 2026-11-22 09:00:00");
        assert_eq!(next("0 9 * * 7", saturday), "Sun 2026-11-22 09:00:00");
        assert_eq!(next("0 9 * * 1", saturday), "Mon 2026-11-23 09:00:00");
        assert_eq!(next("0 9 * * mon-FRI", saturday), "Mon 2026-11-23 09:00:00");
    }

    #[test]
    fn ranges_steps_and_lists_of_weekdays_become_names() {
        let day = |field| weekdays(field).unwrap();
        assert_eq!(day("1-5"), "MON,TUE,WED,THU,FRI");
        assert_eq!(day("5-7"), "SUN,FRI,SAT");
        assert_eq!(day("fri-sun"), "SUN,FRI,SAT");
        assert_eq!(day("*/2"), "SUN,TUE,THU,SAT");
        assert_eq!(day("1-5/2,6"), "MON,WED,FRI,SAT");
        assert_eq!(day("0-6"), "*");
        assert_eq!(day("0-7"), "*");
        for field in ["8", "5-1", "monday", "1/2", "*/0", "", "1,,2", "-1"] {
            assert_eq!(weekdays(field), None, "{field}");
        }
    }

    #[test]
    fn a_line_that_is_not_understood_says_why() {
        let why = |line| Schedule::parse(line).unwrap_err();
        assert!(why("* * *").ends_with("found 3"));
        assert!(why("@daily").ends_with("found 1"));
        assert_eq!(why("61 * * * *"), "\"61\" is no minute");
        assert_eq!(why("0 0 * 13 *"), "\"13\" is no month");
        assert_eq!(why("0 0 * * 9"), "\"9\" is no day of week");
        assert!(why("0 0 1 * 1").contains("not both"));
        assert_eq!(why("0 0 31 2 *"), "never comes");
    }
}
