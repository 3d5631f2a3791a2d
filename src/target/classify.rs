//! What the answer of a Wazzup API means.
//!
//! The documentation names a few codes and no status, so a documented code counts with any 4xx; without a
//! code the status decides, and for two refusals that need more than giving up, the text is asked. A wrong
//! guess there does no harm: what follows is a reading of the list, and then halving.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde::de::IgnoredAny;
use url::{Position, Url};

use super::error_body::{self, ErrorBody};
use super::http::Reply;
use super::{Answer, Meaning};
use crate::domain::phone::Phone;
use crate::text::Redactor;

/// Fewest digits of a number that a text is believed to tell.
const MIN_PHONE_DIGITS: usize = 7;

/// The meaning of an answer to a write. A 2xx counts if its body is empty or JSON: what it says
/// (`processed`) is undocumented and confirmed by reading, but an error page with a 200 is no success.
pub fn write(reply: &Reply, redactor: &Redactor) -> Answer {
    if !reply.status.is_success() {
        return refusal(reply, redactor);
    }
    if reply.body.trim_ascii().is_empty() || serde_json::from_slice::<IgnoredAny>(&reply.body).is_ok() {
        return Answer {
            meaning: Meaning::Accepted,
            status: Some(reply.status.as_u16()),
            code: None,
            text: String::new(),
        };
    }
    unreadable(reply, "no JSON", redactor)
}

/// A 2xx whose body can't be used. Its beginning is shown if it is an error page; JSON may hold names.
pub fn unreadable(reply: &Reply, why: &str, redactor: &Redactor) -> Answer {
    let mut text = format!("the answer can't be read: {why}");
    if !matches!(reply.body.trim_ascii_start().first(), None | Some(b'{' | b'[')) {
        text.push_str(": ");
        text.push_str(&redactor.clean(&String::from_utf8_lossy(&reply.body)));
    }
    Answer {
        meaning: Meaning::Unknown,
        status: Some(reply.status.as_u16()),
        code: None,
        text: redactor.clean(&text),
    }
}

/// The meaning of an answer that is no 2xx.
pub fn refusal(reply: &Reply, redactor: &Redactor) -> Answer {
    let said = error_body::read(&reply.body, redactor);
    let meaning = meaning(reply.status, said.code.as_deref(), &said.text);
    refused(reply, said, meaning, redactor)
}

/// An answer that is no 2xx, whose body was read and whose meaning is known but for the pause.
pub fn refused(reply: &Reply, said: ErrorBody, meaning: Meaning, redactor: &Redactor) -> Answer {
    let Reply { status, headers, .. } = reply;
    if status.is_redirection() {
        return Answer {
            meaning: Meaning::Unknown,
            status: Some(status.as_u16()),
            code: None,
            text: redactor.clean(&format!("redirect to another place refused ({})", place(headers))),
        };
    }
    let ErrorBody { code, text } = said;
    let meaning = match meaning {
        Meaning::SlowDown(_) => Meaning::SlowDown(retry_after(headers, Utc::now())),
        other => other,
    };
    Answer {
        meaning,
        status: Some(status.as_u16()),
        code,
        text: if text.is_empty() { status.to_string() } else { text },
    }
}

/// The meaning of a status that is no 2xx, by itself; a pause is not known here.
pub fn of_status(status: StatusCode) -> Meaning {
    match status {
        StatusCode::UNAUTHORIZED => Meaning::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => Meaning::SlowDown(None),
        // The last one comes from a proxy: the platform has not seen the request.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Meaning::Unknown
        }
        StatusCode::FORBIDDEN => Meaning::Forbidden,
        StatusCode::NOT_FOUND => Meaning::Missing,
        _ if status.is_client_error() => Meaning::BadItem,
        _ => Meaning::Unknown,
    }
}

/// The meaning of a status with a code and a text; a pause is not known here.
fn meaning(status: StatusCode, code: Option<&str>, text: &str) -> Meaning {
    if status == StatusCode::UNAUTHORIZED {
        return Meaning::Unauthorised;
    }
    if !status.is_client_error() {
        return Meaning::Unknown;
    }
    match code {
        Some("USER_ALREADY_EXISTS") => return Meaning::PhoneTaken(phone_in(text)),
        Some("USER_LIMIT_EXCEEDED") => return Meaning::SeatsTaken,
        Some("INVALID_USER_DATA" | "INVALID_USERS_DATA") if !tells_phone_taken(text) => {
            return Meaning::BadItem;
        }
        Some("INVALID_USER_DATA" | "INVALID_USERS_DATA") => return Meaning::PhoneTaken(phone_in(text)),
        // The first spelling is that of the documentation, and of the platform's answers as far as is known.
        Some("TOO_MACH_ENTITIES" | "TOO_MANY_ENTITIES") => return Meaning::BadItem,
        Some("USER_NOT_FOUND" | "USERS_NOT_FOUND") => return Meaning::Missing,
        _ => {}
    }
    match of_status(status) {
        it @ (Meaning::SlowDown(_) | Meaning::Unknown) => it,
        _ if code.is_none() && tells_phone_taken(text) => Meaning::PhoneTaken(phone_in(text)),
        _ if code.is_none() && tells_seats_taken(text) => Meaning::SeatsTaken,
        it => it,
    }
}

fn contains_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// "User with phone number 37126123456 already exists in the CRM." and its relatives.
fn tells_phone_taken(text: &str) -> bool {
    let text = text.to_lowercase();
    let taken = [
        "already exist",
        "already in use",
        "already used",
        "already taken",
        "is taken",
        "must be unique",
    ];
    text.contains("phone") && contains_any(&text, &taken)
}

/// "User limit exceeded", but no limit of requests or of one request.
fn tells_seats_taken(text: &str) -> bool {
    let text = text.to_lowercase();
    contains_any(&text, &["user", "employee"])
        && text.contains("limit")
        && contains_any(&text, &["exceed", "reached"])
        && !contains_any(&text, &["request", "rate", "batch"])
}

/// The number that follows the word "phone": its first long run of digits, or short ones joined over the
/// usual signs of grouping.
fn phone_in(text: &str) -> Option<Phone> {
    // Lower-casing ASCII alone keeps the positions.
    let start = text.to_ascii_lowercase().find("phone")?;
    let text = &text[start..];
    let text = &text[text.find(|it: char| it.is_ascii_digit())?..];
    let n_digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let run = text.split(|it: char| !it.is_ascii_digit()).next()?;
    let grouped = text
        .split(|it: char| !it.is_ascii_digit() && !matches!(it, ' ' | '-' | '(' | ')'))
        .next()?;
    [run, grouped]
        .into_iter()
        .find(|it| n_digits(it) >= MIN_PHONE_DIGITS)
        .and_then(Phone::from_remote)
}

/// How long `Retry-After` asks to wait: seconds, or a date, compared with the server's own clock if told.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let now = headers
        .get(DATE)
        .and_then(|it| date(it.to_str().ok()?))
        .unwrap_or(now);
    // A date that has passed asks for no wait.
    Some((date(value)? - now).to_std().unwrap_or_default())
}

fn date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|it| it.to_utc())
}

/// Where a redirect leads, without path and query.
fn place(headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|it| it.to_str().ok());
    match location.map(Url::parse) {
        Some(Ok(url)) => format!("host {}", &url[Position::BeforeHost..Position::AfterPort]),
        Some(Err(_)) => "same host, another path".to_owned(),
        None => "no place named".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(reqwest::header::HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().unwrap()))
            .collect()
    }

    fn meaning_of(status: u16, code: Option<&str>, text: &str) -> Meaning {
        meaning(StatusCode::from_u16(status).unwrap(), code, text)
    }

    #[test]
    fn without_a_code_the_status_decides() {
        let expected = [
            (400, Meaning::BadItem),
            (401, Meaning::Unauthorised),
            (403, Meaning::Forbidden),
            (404, Meaning::Missing),
            (405, Meaning::BadItem),
            (407, Meaning::Unknown),
            (408, Meaning::Unknown),
            (409, Meaning::BadItem),
            (413, Meaning::BadItem),
            (422, Meaning::BadItem),
            (425, Meaning::Unknown),
            (429, Meaning::SlowDown(None)),
            (500, Meaning::Unknown),
            (502, Meaning::Unknown),
            (503, Meaning::Unknown),
            (504, Meaning::Unknown),
            (100, Meaning::Unknown),
        ];
        for (status, expected) in expected {
            assert_eq!(meaning_of(status, None, ""), expected, "{status}");
            assert_eq!(
                meaning_of(status, Some("SOME_CODE"), ""),
                expected,
                "{status} with an unknown code"
            );
        }
    }

    #[test]
    fn a_documented_code_counts_with_any_refusing_status() {
        for status in [400, 403, 404, 409, 422] {
            assert_eq!(
                meaning_of(status, Some("USER_ALREADY_EXISTS"), ""),
                Meaning::PhoneTaken(None)
            );
            assert_eq!(
                meaning_of(status, Some("USER_LIMIT_EXCEEDED"), ""),
                Meaning::SeatsTaken
            );
            assert_eq!(
                meaning_of(status, Some("INVALID_USER_DATA"), ""),
                Meaning::BadItem
            );
            assert_eq!(
                meaning_of(status, Some("INVALID_USERS_DATA"), ""),
                Meaning::BadItem
            );
        }
        assert_eq!(
            meaning_of(401, Some("USER_ALREADY_EXISTS"), ""),
            Meaning::Unauthorised
        );
        assert_eq!(meaning_of(500, Some("USER_LIMIT_EXCEEDED"), ""), Meaning::Unknown);
    }

    #[test]
    fn a_text_without_a_code_may_tell_of_a_phone_or_of_seats() {
        let taken = Meaning::PhoneTaken(Phone::from_remote("37126123456"));
        let text = "User with phone number 37126123456 already exists in the CRM.";
        assert_eq!(meaning_of(409, None, text), taken);
        assert_eq!(
            meaning_of(400, None, "phone must be unique"),
            Meaning::PhoneTaken(None)
        );
        assert_eq!(meaning_of(400, None, "User limit exceeded"), Meaning::SeatsTaken);
        assert_eq!(
            meaning_of(403, None, "The limit of users is reached"),
            Meaning::SeatsTaken
        );
        let per_request = "limit of 100 users exceeded in one request";
        assert_eq!(meaning_of(400, None, per_request), Meaning::BadItem);
        assert_eq!(meaning_of(400, None, "user 5 already exists"), Meaning::BadItem);
    }

    #[test]
    fn the_number_is_taken_from_behind_the_word_phone() {
        let digits = |text| phone_in(text).map(|it| it.digits().to_owned());
        let found = Some("37126123456".to_owned());
        assert_eq!(
            digits("User 12345678 with Phone +37126123456 already exists"),
            found
        );
        assert_eq!(digits("phone number +371 26-123-456 already exists"), found);
        assert_eq!(digits("phone 37126123456 2 users"), found);
        assert_eq!(digits("phone number already exists, user 12"), None);
        assert_eq!(digits("User with id 37126123456 already exists"), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let after = |value: &str| retry_after(&headers(&[(RETRY_AFTER, value)]), now);
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("0.5"), Some(Duration::from_millis(500)));
        assert_eq!(
            after("Wed, 21 Oct 2026 07:28:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(after("Wed, 21 Oct 2026 07:27:30 GMT"), Some(Duration::ZERO));
        for rubbish in ["soon", "-1", "NaN", "inf", "1e300", ""] {
            assert_eq!(after(rubbish), None, "{rubbish}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }

    #[test]
    fn a_date_is_compared_with_the_clock_of_the_server() {
        let pairs = [
            (RETRY_AFTER, "Wed, 21 Oct 2026 07:28:30 GMT"),
            (DATE, "Wed, 21 Oct 2026 07:28:20 GMT"),
        ];
        let wrong = date("Thu, 01 Jan 2026 00:00:00 GMT").unwrap();
        assert_eq!(
            retry_after(&headers(&pairs), wrong),
            Some(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_redirect_is_named_by_its_host_alone() {
        let to = |value: &str| place(&headers(&[(LOCATION, value)]));
        assert_eq!(
            to("https://evil.example:8443/v2/users?token=s3cret"),
            "host evil.example:8443"
        );
        assert_eq!(to("https://u:p@evil.example/"), "host evil.example");
        assert_eq!(to("/elsewhere?token=s3cret"), "same host, another path");
        assert_eq!(place(&HeaderMap::new()), "no place named");
    }
}
