//! Durations as text: `200ms`, `30s`, `15m`, `6h`, `2d`, `1m30s`.

use std::time::Duration;

/// Longest duration: every sum of an instant and a duration stays far from an overflow.
const MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads one or more numbers with units, largest first or not, without spaces.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let duration =
        sum(text).ok_or("expected a duration such as \"200ms\", \"30s\", \"15m\", \"6h\" or \"2d\"")?;
    if duration > MAX {
        return Err("expected a duration of at most 366d".to_owned());
    }
    Ok(duration)
}

fn sum(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let unit_at = rest.find(|it: char| !it.is_ascii_digit())?;
        let number: u64 = rest[..unit_at].parse().ok()?;
        rest = &rest[unit_at..];
        let unit_len = rest.find(|it: char| it.is_ascii_digit()).unwrap_or(rest.len());
        let millis: u64 = match &rest[..unit_len] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        rest = &rest[unit_len..];
        sum = sum.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_sums_too() {
        let read = |text| parse(text).map(|it| it.as_millis());
        assert_eq!(read("200ms"), Ok(200));
        assert_eq!(read("0s"), Ok(0));
        assert_eq!(read("10s"), Ok(10_000));
        assert_eq!(read("1m30s"), Ok(90_000));
        assert_eq!(read("6h"), Ok(21_600_000));
        assert_eq!(read("2d"), Ok(172_800_000));
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in [
            "",
            "10",
            "s",
            "10 s",
            "-1s",
            "1.5h",
            "1w",
            "1M",
            "99999999999999999999s",
            "١s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_ends_at_a_year() {
        assert_eq!(parse("366d"), Ok(MAX));
        assert_eq!(
            parse("367d"),
            Err("expected a duration of at most 366d".to_owned())
        );
        assert!(parse("18446744073709551615ms").is_err());
    }
}
