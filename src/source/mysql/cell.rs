//! The text of a value, from the binary form of the protocol.

use std::borrow::Cow;

use sqlx::mysql::{MySql, MySqlRow, MySqlTypeInfo, MySqlValueRef};
use sqlx::{Decode, Row as _, Type, TypeInfo as _, ValueRef as _};

use crate::domain::table::Column;
use crate::source::rows::{Cell, utf8};

/// How the bytes of a type are turned into the text of a cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// Taken as they are; the server has turned text of any character set into UTF-8.
    Text,
    Integer,
    Year,
    Date,
    DateTime,
    Time,
}

impl Form {
    /// The form of a type, if it has one; `name` is the driver's.
    fn of(name: &str) -> Option<Form> {
        Some(match name {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "TINYINT UNSIGNED"
            | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED" | "BIGINT UNSIGNED" | "BIT" => {
                Form::Integer
            }
            "YEAR" => Form::Year,
            "DATE" => Form::Date,
            "DATETIME" | "TIMESTAMP" => Form::DateTime,
            "TIME" => Form::Time,
            "NULL" | "DECIMAL" | "ENUM" | "SET" | "JSON" | "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT"
            | "MEDIUMTEXT" | "LONGTEXT" | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB"
            | "LONGBLOB" => Form::Text,
            _ => return None,
        })
    }
}

/// Refuses a column whose values have no one text, with a cast that helps.
pub(super) fn check_type(info: &MySqlTypeInfo, column: Column) -> Result<(), String> {
    let (name, id) = (info.name(), column.name());
    if Form::of(name).is_some() {
        return Ok(());
    }
    let cast = match name {
        // The same number may be written in several ways, so that an id could change by itself.
        "FLOAT" | "DOUBLE" => format!("CAST({id} AS DECIMAL(20))"),
        _ => format!("ST_AsText({id})"),
    };
    Err(format!(
        "the column `{id}` has the type {name}, which has no plain text; cast it in the query: {cast}"
    ))
}

/// The cell at a place of the row.
pub(super) fn cell(row: &MySqlRow, place: usize) -> Cell<'_> {
    let value = row.try_get_raw(place).map_err(|err| Cow::from(err.to_string()))?;
    // The driver takes a date of zeros for NULL, and so do we: it is how MySQL writes "none".
    if value.is_null() {
        return Ok(None);
    }
    let info = value.type_info().into_owned();
    let text = match Form::of(info.name()) {
        Some(Form::Text) => return utf8(decoded(value)?).map(|text| Some(Cow::from(text))),
        Some(Form::Integer) if is_unsigned(&info) => decoded::<u64>(value)?.to_string(),
        Some(Form::Integer) => decoded::<i64>(value)?.to_string(),
        Some(Form::Year) => format!("{:04}", decoded::<u64>(value)?),
        Some(Form::Date) => moment(decoded(value)?).map(|it| it.date()).ok_or(ODD_TIME)?,
        Some(Form::DateTime) => moment(decoded(value)?).map(|it| it.text()).ok_or(ODD_TIME)?,
        Some(Form::Time) => time(decoded(value)?).ok_or(ODD_TIME)?,
        None => return Err(Cow::from(format!("has the type {info}, which has no plain text"))),
    };
    Ok(Some(Cow::from(text)))
}

const ODD_TIME: &str = "holds a date or time in an unknown form";

fn is_unsigned(info: &MySqlTypeInfo) -> bool {
    <u64 as Type<MySql>>::compatible(info) || info.name() == "BIT"
}

fn decoded<'r, T: Decode<'r, MySql>>(value: MySqlValueRef<'r>) -> Result<T, Cow<'static, str>> {
    T::decode(value).map_err(|err| Cow::from(err.to_string()))
}

/// A date with the time of day. Kept as it came, since it may be none of the calendar's: `2026-00-00`.
struct Moment {
    year: u16,
    month: u8,
    day: u8,
    clock: [u8; 3],
    micros: u32,
}

/// Reads a length of 4, 7 or 11 and that many bytes; what is left out is zero.
fn moment(bytes: &[u8]) -> Option<Moment> {
    let (&length, rest) = bytes.split_first()?;
    let is_whole = matches!(length, 4 | 7 | 11) && rest.len() == usize::from(length);
    let (date, rest) = rest.split_first_chunk::<4>().filter(|_| is_whole)?;
    let [low, high, month, day] = *date;
    let (clock, rest) = rest.split_first_chunk::<3>().unwrap_or((&[0; 3], rest));
    Some(Moment {
        year: u16::from_le_bytes([low, high]),
        month,
        day,
        clock: *clock,
        micros: micros(rest),
    })
}

impl Moment {
    fn date(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    fn text(&self) -> String {
        let [hour, minute, second] = self.clock;
        let fraction = fraction(self.micros);
        format!("{} {hour:02}:{minute:02}:{second:02}{fraction}", self.date())
    }
}

/// Reads a length of 0, 8 or 12 and that many bytes: a sign, days, a time of day, microseconds.
fn time(bytes: &[u8]) -> Option<String> {
    let (&length, rest) = bytes.split_first()?;
    if !matches!(length, 0 | 8 | 12) || rest.len() != usize::from(length) {
        return None;
    }
    let Some((head, rest)) = rest.split_first_chunk::<8>() else {
        return Some("00:00:00".to_owned());
    };
    let [is_negative, d0, d1, d2, d3, hour, minute, second] = *head;
    let hours = u64::from(u32::from_le_bytes([d0, d1, d2, d3])) * 24 + u64::from(hour);
    let sign = if is_negative == 0 { "" } else { "-" };
    let fraction = fraction(micros(rest));
    Some(format!("{sign}{hours:02}:{minute:02}:{second:02}{fraction}"))
}

/// Four bytes, if they are there.
fn micros(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |it| u32::from_le_bytes(*it))
}

/// As PostgreSQL writes it: without zeros at the end.
fn fraction(micros: u32) -> String {
    let digits = format!(".{micros:06}");
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_as_long_as_it_has_to_be() {
        let text = |bytes| moment(bytes).map(|it| it.text());
        assert_eq!(
            text(&[4, 0xea, 0x07, 11, 22]).as_deref(),
            Some("2026-11-22 00:00:00")
        );
        assert_eq!(
            text(&[7, 0xea, 0x07, 11, 22, 7, 8, 9]).as_deref(),
            Some("2026-11-22 07:08:09")
        );
        assert_eq!(
            text(&[11, 0xea, 0x07, 11, 22, 7, 8, 9, 0x20, 0xa1, 0x07, 0]).as_deref(),
            Some("2026-11-22 07:08:09.5")
        );
        for odd in [
            &[][..],
            &[4],
            &[4, 1, 2, 3],
            &[5, 1, 2, 3, 4, 5],
            &[7, 1, 2, 3, 4],
        ] {
            assert_eq!(text(odd), None);
        }
    }

    #[test]
    fn a_time_may_be_negative_and_longer_than_a_day() {
        assert_eq!(time(&[0]).as_deref(), Some("00:00:00"));
        assert_eq!(time(&[8, 0, 0, 0, 0, 0, 7, 8, 9]).as_deref(), Some("07:08:09"));
        assert_eq!(
            time(&[12, 1, 34, 0, 0, 0, 22, 59, 59, 1, 0, 0, 0]).as_deref(),
            Some("-838:59:59.000001")
        );
        for odd in [&[][..], &[8, 0], &[3, 0, 0, 0]] {
            assert_eq!(time(odd), None);
        }
    }
}
