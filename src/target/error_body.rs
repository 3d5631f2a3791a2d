//! The code and the text in the body of a refusal, whatever its shape.
//!
//! The documentation doesn't say how an error looks; integrators have seen several shapes. So the code is
//! looked for at `error`, `code`, `error.code`, `errors[0].code`, `data.code`, the text at `description`,
//! `message` (a text or a list of texts), `error.message`, `errors[0].message`, `data.message`. Anything else
//! (an empty body, an error page, a cut one) yields no code and its beginning as the text.
//!
//! Read without a tree in memory: a body of brackets would take many times its size.

use std::fmt;

use reqwest::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::text::Redactor;

/// Deepest level at which codes and texts are looked for: `errors`, its item, `message`, its items.
const MAX_DEPTH: u8 = 4;

/// Bound of one collected text; more than is ever shown.
const MAX_TEXT_BYTES: usize = 4096;

/// Longest code. The longest known one has 25 letters.
const MAX_CODE_CHARS: usize = 64;

/// What a refusal says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ErrorBody {
    /// In upper snake case.
    pub code: Option<String>,
    /// Cleaned; empty if the body is.
    pub text: String,
}

/// Reads the body of a refusal.
pub fn read(body: &[u8], redactor: &Redactor) -> ErrorBody {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut root = Part::default();
    // A body that breaks off is as good as what it held up to there.
    let _ = Collect {
        part: &mut root,
        depth: 0,
    }
    .deserialize(&mut serde_json::Deserializer::from_slice(body));

    let codes = [
        Part::at(Some(&root), &[Key::Error]),
        Part::at(Some(&root), &[Key::Code]),
        Part::at(Some(&root), &[Key::Error, Key::Code]),
        Part::at(Some(&root), &[Key::Errors, Key::Code]),
        Part::at(Some(&root), &[Key::Data, Key::Code]),
    ];
    let texts = [
        Part::at(Some(&root), &[Key::Description]),
        Part::at(Some(&root), &[Key::Message]),
        Part::at(Some(&root), &[Key::Error, Key::Message]),
        Part::at(Some(&root), &[Key::Error, Key::Description]),
        Part::at(Some(&root), &[Key::Errors, Key::Message]),
        Part::at(Some(&root), &[Key::Errors, Key::Description]),
        Part::at(Some(&root), &[Key::Errors]),
        Part::at(Some(&root), &[Key::Data, Key::Message]),
        Part::at(Some(&root), &[Key::Data, Key::Description]),
        Part::at(Some(&root), &[Key::Error]),
        Part::at(Some(&root), &[]),
    ];
    // A code is made of the cleaned text: written in capitals, a secret would no longer be recognised.
    let code = codes
        .into_iter()
        .flatten()
        .find_map(|it| code_of(&redactor.clean(it)));
    let text = texts
        .into_iter()
        .flatten()
        .map(|it| redactor.clean(it))
        .find(|it| !it.is_empty());
    match (code, text) {
        (None, None) => ErrorBody {
            code: None,
            text: redactor.clean(&String::from_utf8_lossy(body)),
        },
        // Some frameworks carry the code where the text belongs.
        (None, Some(text)) if is_upper_snake(&text) => ErrorBody {
            code: Some(text.clone()),
            text,
        },
        (code, text) => ErrorBody {
            code,
            text: text.unwrap_or_default(),
        },
    }
}

/// The text as a code in upper snake case, if it can be one: some words, and not just the name of a status
/// (frameworks put "Bad Request" where others put the code).
pub fn code_of(text: &str) -> Option<String> {
    let is_word = |it: char| it.is_ascii_alphanumeric() || matches!(it, ' ' | '_' | '-' | '.');
    let usable = text.len() <= MAX_CODE_CHARS
        && text.chars().all(is_word)
        && text.contains(|it: char| it.is_ascii_alphabetic())
        && !is_reason_phrase(text);
    usable.then(|| upper_snake(text)).filter(|it| !it.is_empty())
}

fn is_reason_phrase(text: &str) -> bool {
    (400..600)
        .filter_map(|status| StatusCode::from_u16(status).ok()?.canonical_reason())
        .any(|reason| reason.eq_ignore_ascii_case(text))
}

fn is_upper_snake(text: &str) -> bool {
    let is_part = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
    text.len() <= MAX_CODE_CHARS && text.contains('_') && text.bytes().all(is_part)
}

/// `userAlreadyExists`, `user already exists` and `user-already-exists` become `USER_ALREADY_EXISTS`.
fn upper_snake(text: &str) -> String {
    let mut code = String::with_capacity(text.len() + 8);
    let mut previous = ' ';
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        if char.is_ascii_alphanumeric() {
            let after_small = previous.is_ascii_lowercase() || previous.is_ascii_digit();
            let ends_capitals =
                previous.is_ascii_uppercase() && rest.peek().is_some_and(char::is_ascii_lowercase);
            let begins_word = char.is_ascii_uppercase() && (after_small || ends_capitals);
            if (begins_word || !previous.is_ascii_alphanumeric()) && !code.is_empty() {
                code.push('_');
            }
            code.push(char.to_ascii_uppercase());
        }
        previous = char;
    }
    code
}

/// The fields that matter, at any level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Key {
    Error,
    Errors,
    Data,
    Code,
    Description,
    Message,
}

const N_KEYS: usize = 6;

impl Key {
    fn from_name(name: &str) -> Option<Key> {
        Some(match name {
            "error" => Key::Error,
            "errors" => Key::Errors,
            "data" => Key::Data,
            "code" => Key::Code,
            "description" => Key::Description,
            "message" => Key::Message,
            _ => return None,
        })
    }
}

/// What was found at one place: texts of its own, and places below. A list counts as its items laid over
/// each other, the first one on top.
#[derive(Default)]
struct Part {
    text: String,
    parts: [Option<Box<Part>>; N_KEYS],
}

impl Part {
    /// The text at the end of that path.
    fn at<'a>(part: Option<&'a Part>, path: &[Key]) -> Option<&'a str> {
        let part = part?;
        match path {
            [] => Some(part.text.trim()).filter(|it| !it.is_empty()),
            [key, rest @ ..] => Part::at(part.parts[*key as usize].as_deref(), rest),
        }
    }

    fn add(&mut self, text: &str) {
        if self.text.len() < MAX_TEXT_BYTES {
            if !self.text.is_empty() {
                self.text.push_str("; ");
            }
            self.text.extend(text.chars().take(MAX_TEXT_BYTES));
        }
    }
}

/// Reads any JSON value into a part.
struct Collect<'a> {
    part: &'a mut Part,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Collect<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth > MAX_DEPTH {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| ());
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.part.add(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Collect { part, depth } = self;
        while items
            .next_element_seed(Collect {
                part: &mut *part,
                depth: depth + 1,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let Collect { part, depth } = self;
        while let Some(name) = fields.next_key::<std::borrow::Cow<'de, str>>()? {
            match Key::from_name(&name) {
                // Of several items, the first one that has the field is heard.
                Some(key) if part.parts[key as usize].is_none() => fields.next_value_seed(Collect {
                    part: part.parts[key as usize].insert(Box::default()),
                    depth: depth + 1,
                })?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(body: &str) -> (Option<String>, String) {
        let ErrorBody { code, text } = read(body.as_bytes(), &Redactor::default());
        (code, text)
    }

    #[test]
    fn every_shape_carries_every_spelling_of_a_code() {
        let spellings = [
            "USER_LIMIT_EXCEEDED",
            "userLimitExceeded",
            "UserLimitExceeded",
            "user_limit_exceeded",
            "user-limit-exceeded",
            "user limit exceeded",
            " User Limit Exceeded. ",
        ];
        let shapes = [
            r#"{"error":"CODE","description":"no seats"}"#,
            r#"{"status":400,"requestId":"r","error":"CODE","description":"no seats","data":{"fields":["x"]}}"#,
            r#"{"code":"CODE","message":"no seats"}"#,
            r#"{"error":{"code":"CODE","message":"no seats"}}"#,
            r#"{"error":{"code":"CODE","description":"no seats"}}"#,
            r#"{"errors":[{"code":"CODE","message":"no seats"},{"code":"OTHER","message":"other"}]}"#,
            r#"{"message":"no seats","data":{"code":"CODE"}}"#,
            r#"{"data":{"code":"CODE","message":"no seats"}}"#,
            r#"{"message":["no seats"],"code":"CODE"}"#,
            r#"[{"code":"CODE","message":"no seats"}]"#,
        ];
        for shape in shapes {
            for spelling in spellings {
                let body = shape.replace("CODE", spelling);
                let expected = (Some("USER_LIMIT_EXCEEDED".to_owned()), "no seats".to_owned());
                assert_eq!(parts(&body), expected, "{body}");
            }
        }
    }

    #[test]
    fn capitals_in_a_row_are_one_word() {
        assert_eq!(upper_snake("invalidHTTPBody"), "INVALID_HTTP_BODY");
        assert_eq!(upper_snake("wabaUserV2Id"), "WABA_USER_V2_ID");
    }

    #[test]
    fn the_name_of_a_status_is_no_code() {
        let body =
            r#"{"statusCode":400,"message":["property user should not exist","x"],"error":"Bad Request"}"#;
        assert_eq!(
            parts(body),
            (None, "property user should not exist; x".to_owned())
        );
        assert_eq!(
            parts(r#"{"error":"Unprocessable Entity"}"#),
            (None, "Unprocessable Entity".to_owned())
        );
        let own = r#"{"statusCode":400,"message":"no","error":"INVALID_USER_DATA"}"#;
        assert_eq!(
            parts(own),
            (Some("INVALID_USER_DATA".to_owned()), "no".to_owned())
        );
    }

    #[test]
    fn a_sentence_and_a_number_are_no_codes() {
        for body in [
            r#"{"error":"Sorry, something went wrong"}"#,
            r#"{"error":"400","message":"Sorry, something went wrong"}"#,
            r#"{"code":400,"message":"Sorry, something went wrong"}"#,
        ] {
            assert_eq!(
                parts(body),
                (None, "Sorry, something went wrong".to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_code_may_stand_where_the_text_belongs() {
        let code = "INVALID_USER_DATA".to_owned();
        assert_eq!(
            parts(r#"{"message":"INVALID_USER_DATA"}"#),
            (Some(code.clone()), code)
        );
    }

    #[test]
    fn what_has_no_known_shape_is_its_own_text() {
        for body in [
            "",
            "<html> <b>502</b>\r\n</html>",
            "no",
            r#"{"oops":1}"#,
            "{",
            "7",
            r#"{"code":"#,
        ] {
            let text = crate::text::printable(body);
            assert_eq!(parts(body), (None, text), "{body}");
        }
        assert_eq!(read(b"\xff\xfe", &Redactor::default()).code, None);
    }

    #[test]
    fn a_cut_body_yields_what_came_before_the_cut() {
        let body = r#"{"error":"INVALID_USER_DATA","description":"phone is bad","data":["#;
        assert_eq!(
            parts(body),
            (Some("INVALID_USER_DATA".to_owned()), "phone is bad".to_owned())
        );
    }

    #[test]
    fn a_hostile_body_is_no_burden() {
        for body in [
            "[".repeat(60_000),
            r#"{"error":"#.repeat(6_000),
            r#"["x","#.repeat(10_000),
        ] {
            assert_eq!(parts(&body).0, None);
        }
        let long = format!(r#"{{"message":[{}"x"]}}"#, r#""some text","#.repeat(5_000));
        assert!(parts(&long).1.chars().count() <= crate::text::MAX_CHARS + 1);
    }
}
