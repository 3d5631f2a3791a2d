//! What the token endpoint answers: documented to stand in `data`, seen without it.

use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Longest answer that is taken apart: many times the longest token.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Longest token; servers refuse headers that are longer.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Life of a token whose end is not told: the shortest one that was ever seen.
const DEFAULT_LIFETIME: i64 = 3600 * 1000;

/// Longest life that is believed.
const MAX_LIFETIME: i64 = 366 * 24 * 3600 * 1000;

/// The tokens of an answer.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) access: SecretString,
    /// Another one than before, or the same again.
    pub(super) refresh: Option<SecretString>,
    /// In milliseconds, from the request on.
    pub(super) lifetime: i64,
}

#[derive(Deserialize)]
struct Wrapped {
    data: Option<Fields>,
}

#[derive(Deserialize)]
struct Fields {
    access_token: Option<String>,
    refresh_token: Option<String>,
    expires_in: Option<Seconds>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
    Other(IgnoredAny),
}

impl Granted {
    /// Reads the body of a 2xx.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it is repeated, since it may hold a token that nobody knows.
    pub(super) fn read(body: &[u8]) -> Result<Granted, &'static str> {
        if body.len() > MAX_ANSWER_BYTES {
            return Err("it is too long");
        }
        let wrapped = serde_json::from_slice::<Wrapped>(body).ok();
        let wrapped = wrapped
            .and_then(|it| it.data)
            .filter(|it| it.access_token.is_some());
        let fields = match wrapped {
            Some(fields) => fields,
            None => serde_json::from_slice(body).map_err(|_| "it is no JSON of the documented form")?,
        };
        let Fields {
            access_token,
            refresh_token,
            expires_in,
        } = fields;
        let access = access_token.ok_or("there is no access_token in it")?;
        let refresh = refresh_token.filter(|it| !it.is_empty());
        if !is_token(&access) || !refresh.as_deref().is_none_or(is_token) {
            return Err("it holds a token that can't be sent");
        }
        Ok(Granted {
            access: access.into(),
            refresh: refresh.map(SecretString::from),
            lifetime: expires_in.and_then(lifetime).unwrap_or(DEFAULT_LIFETIME),
        })
    }
}

/// Whether it can stand in a header.
fn is_token(text: &str) -> bool {
    (1..=MAX_TOKEN_BYTES).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

/// In milliseconds; none for a number that is no duration.
#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded to a number that has an exact form"
)]
fn lifetime(seconds: Seconds) -> Option<i64> {
    let seconds = match seconds {
        Seconds::Number(number) => number,
        Seconds::Text(text) => text.trim().parse().ok()?,
        Seconds::Other(_) => return None,
    };
    let millis = (seconds * 1000.0).clamp(0.0, MAX_LIFETIME as f64);
    (millis >= 1.0).then_some(millis as i64)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(body: &str) -> Result<(String, Option<String>, i64), &'static str> {
        let granted = Granted::read(body.as_bytes())?;
        let refresh = granted.refresh.map(|it| it.expose_secret().to_owned());
        Ok((
            granted.access.expose_secret().to_owned(),
            refresh,
            granted.lifetime,
        ))
    }

    #[test]
    fn the_tokens_are_found_with_and_without_an_envelope() {
        let fields = r#""access_token":"a","refresh_token":"r","expires_in":60"#;
        let expected = Ok(("a".to_owned(), Some("r".to_owned()), 60_000));
        for body in [
            format!("{{{fields}}}"),
            format!(r#"{{"data":{{{fields}}},"meta":{{"timestamp":1}}}}"#),
            format!(r#"{{"data":null,{fields}}}"#),
            format!(r#"{{"data":[],{fields}}}"#),
            format!(r#"{{"data":{{}},"token_type":"Bearer",{fields}}}"#),
        ] {
            assert_eq!(read(&body), expected, "{body}");
        }
    }

    #[test]
    fn a_lifetime_is_taken_in_every_form_and_guessed_where_there_is_none() {
        for (told, millis) in [
            ("60", 60_000),
            ("60.5", 60_500),
            ("\"60\"", 60_000),
            ("0", DEFAULT_LIFETIME),
            ("-5", DEFAULT_LIFETIME),
            ("null", DEFAULT_LIFETIME),
            ("\"soon\"", DEFAULT_LIFETIME),
            ("\"NaN\"", DEFAULT_LIFETIME),
            ("{}", DEFAULT_LIFETIME),
            ("1e300", MAX_LIFETIME),
        ] {
            let body = format!(r#"{{"access_token":"a","expires_in":{told}}}"#);
            assert_eq!(read(&body), Ok(("a".to_owned(), None, millis)), "{told}");
        }
        assert_eq!(read(r#"{"access_token":"a"}"#).unwrap().2, DEFAULT_LIFETIME);
    }

    #[test]
    fn an_answer_without_a_usable_token_says_what_is_wrong_and_repeats_nothing() {
        let long = format!(r#"{{"access_token":"{}"}}"#, "s3cret".repeat(5_000));
        for body in [
            "",
            "s3cret",
            "access_token=s3cret",
            "[]",
            "{}",
            r#"{"data":{"token":"s3cret"}}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"s3cret\n"}"#,
            r#"{"access_token":7}"#,
            r#"{"access_token":"a","refresh_token":"s3cret s3cret"}"#,
            &long,
            &"[".repeat(60_000),
            &" ".repeat(100_000),
        ] {
            let why = read(body).unwrap_err();
            assert!(!why.contains("s3cret"), "{why}");
        }
    }
}
