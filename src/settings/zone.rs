//! Time zones by name, for schedules.
//!
//! The rules are those of the system, which keeps them up to date; where it has none, as in a small container, those
//! that came with the program. They are read when a zone is asked for: as tables in the program they would weigh on the
//! memory of every command.

use std::fmt;

use chrono::{Datelike as _, Timelike as _};
use chrono::{FixedOffset, LocalResult, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{self, AmbiguousOffset};

/// A time zone such as `Europe/Riga`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(tz::TimeZone);

impl Zone {
    /// Universal time.
    pub const UTC: Zone = Zone(tz::TimeZone::UTC);

    /// The zone of this name.
    pub fn named(name: &str) -> Option<Zone> {
        tz::db().get(name).ok().map(Zone)
    }

    /// The names of all zones.
    pub fn names() -> impl Iterator<Item = String> {
        tz::db().available().map(|it| it.to_string())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far the clocks of a zone are from universal time at some instant. Knows its zone, so that whoever goes on from a
/// time in a zone stays in that zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.fixed, f)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

impl Zone {
    fn offset(&self, offset: tz::Offset) -> ZoneOffset {
        let fixed = FixedOffset::east_opt(offset.seconds());
        ZoneOffset {
            zone: self.clone(),
            fixed: fixed.unwrap_or(Offset::fix(&chrono::Utc)),
        }
    }
}

impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Zone {
        offset.zone.clone()
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let Some(local) = civil_time(local) else {
            return LocalResult::None;
        };
        match self.0.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => LocalResult::Single(self.offset(offset)),
            AmbiguousOffset::Fold { before, after } => {
                LocalResult::Ambiguous(self.offset(before), self.offset(after))
            }
            AmbiguousOffset::Gap { .. } => LocalResult::None,
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let instant = Timestamp::from_second(utc.and_utc().timestamp());
        // Years that jiff does not know have no rules either.
        let offset = instant.map_or(tz::Offset::UTC, |it| self.0.to_offset(it));
        self.offset(offset)
    }
}

/// The same time of day; `None` in years that no schedule reaches.
fn civil_time(time: &NaiveDateTime) -> Option<civil::DateTime> {
    let small = |it: u32| i8::try_from(it).ok();
    civil::DateTime::new(
        i16::try_from(time.year()).ok()?,
        small(time.month())?,
        small(time.day())?,
        small(time.hour())?,
        small(time.minute())?,
        small(time.second())?,
        // A leap second counts as the one before.
        i32::try_from(time.nanosecond().min(999_999_999)).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn at(zone: &Zone, hour: u32, minute: u32, (month, day): (u32, u32)) -> LocalResult<DateTime<Zone>> {
        zone.with_ymd_and_hms(2026, month, day, hour, minute, 0)
    }

    #[test]
    fn zones_have_their_summer_time() {
        let riga = Zone::named("Europe/Riga").unwrap();
        for (universal, local) in [
            ("2026-01-15T12:00:00Z", "2026-01-15T14:00:00+02:00"),
            ("2026-07-15T12:00:00Z", "2026-07-15T15:00:00+03:00"),
            ("2026-03-29T00:59:59Z", "2026-03-29T02:59:59+02:00"),
            ("2026-03-29T01:00:00Z", "2026-03-29T04:00:00+03:00"),
        ] {
            let there = utc(universal).with_timezone(&riga);
            assert_eq!(there.to_rfc3339(), local);
            assert_eq!(there.timezone(), riga, "and stay what they are");
        }
    }

    #[test]
    fn an_hour_that_is_skipped_has_no_instant_and_one_that_comes_twice_has_two() {
        let riga = Zone::named("Europe/Riga").unwrap();
        assert_eq!(at(&riga, 3, 30, (3, 29)), LocalResult::None);
        let LocalResult::Ambiguous(first, second) = at(&riga, 3, 30, (10, 25)) else {
            panic!("it comes twice");
        };
        assert_eq!(first, utc("2026-10-25T00:30:00Z"));
        assert_eq!(second, utc("2026-10-25T01:30:00Z"));
        assert_eq!(
            at(&Zone::UTC, 3, 30, (3, 29)).unwrap(),
            utc("2026-03-29T03:30:00Z")
        );
    }

    #[test]
    fn zones_are_found_by_name() {
        assert_eq!(Zone::named("Europe/Riga").unwrap().to_string(), "Europe/Riga");
        assert_eq!(Zone::named("UTC").unwrap(), Zone::UTC);
        assert_eq!(Zone::UTC.to_string(), "UTC");
        assert!(Zone::named("Europe/Rigga").is_none());
        assert!(Zone::names().any(|it| it == "Asia/Almaty"));
    }
}
