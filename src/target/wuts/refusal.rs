//! What a refusal of WUTS says: `{"success": false, "error", "error_code", "timestamp", "validation"}`.
//!
//! The code is `error_code` alone; `error` is a text for people that nothing may depend on. Some pages of the
//! documentation lack the code, and what stands before the platform has forms of its own.
//!
//! A refusal may repeat what was sent, a password included, and an answer about users may hold tokens. So
//! the value of a field is never read, no piece of JSON is shown as it is, and what looks like a token is
//! taken out of every text.

use reqwest::StatusCode;
use secrecy::zeroize::Zeroize as _;
use serde::de::{DeserializeSeed as _, IgnoredAny, MapAccess, SeqAccess};

use crate::target::error_body::{self, ErrorBody};
use crate::target::http::Reply;
use crate::target::loose::{Loose, Wanted};
use crate::target::{Answer, Meaning, classify};
use crate::text::Redactor;

/// Most fields that are named: a request has four.
const MAX_FIELDS: usize = 8;

/// From so many letters on, a word with a digit in it may be a token. A UUID has 36.
const MIN_TOKEN_CHARS: usize = 20;

/// How the tokens of the documentation's example begin.
const TOKEN_PREFIX: &str = "wuts_tok";

/// A refusal, read.
#[derive(Debug)]
pub struct Refusal {
    /// What it means.
    pub answer: Answer,
    /// Whether it sounds as if a role had to be changed by a promotion: it is no plain "not allowed", and finds
    /// fault with the field `role`, speaks of promotion, or knows no such method.
    pub suggests_promotion: bool,
}

/// Reads an answer that is no 2xx. Its bytes are overwritten after that: they may repeat what was sent.
pub fn read(mut reply: Reply, redactor: &Redactor) -> Refusal {
    let Said {
        code,
        text,
        names_role,
    } = said(&reply.body);
    reply.body.zeroize();
    let speaks_of_it = names_role || text.to_lowercase().contains("promot");
    let said = ErrorBody {
        // Cleaned first: written in capitals, a secret would no longer be recognised.
        code: code.and_then(|it| error_body::code_of(&clean(&it, redactor))),
        text: clean(&text, redactor),
    };
    let meaning = meaning(reply.status, said.code.as_deref());
    let is_bad = meaning == Meaning::BadItem;
    Refusal {
        suggests_promotion: is_bad && (speaks_of_it || reply.status == StatusCode::METHOD_NOT_ALLOWED),
        answer: classify::refused(&reply, said, meaning, redactor),
    }
}

/// What a 2xx says that calls itself no success.
pub fn text_of(body: &[u8], redactor: &Redactor) -> String {
    clean(&said(body).text, redactor)
}

/// Text of the platform, fit to be shown.
pub fn clean(raw: &str, redactor: &Redactor) -> String {
    redactor.clean(&without_tokens(raw))
}

/// The status decides: only one code is documented that could stand here, and the examples show it with every
/// status. The codes heard beside it can't mean anything else.
fn meaning(status: StatusCode, code: Option<&str>) -> Meaning {
    match classify::of_status(status) {
        Meaning::BadItem | Meaning::Forbidden if code.is_some_and(tells_pace) => Meaning::SlowDown(None),
        Meaning::BadItem if code == Some("USER_NOT_FOUND") => Meaning::Missing,
        it => it,
    }
}

fn tells_pace(code: &str) -> bool {
    matches!(code, "RATE_LIMITED" | "RATE_LIMIT_EXCEEDED" | "TOO_MANY_REQUESTS")
}

/// What a body says, not cleaned yet.
#[derive(Default)]
struct Said {
    code: Option<String>,
    text: String,
    names_role: bool,
}

fn said(body: &[u8]) -> Said {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut draft = Draft::default();
    // A body that breaks off is as good as what it held up to there.
    let read = Loose(Envelope {
        draft: &mut draft,
        depth: 0,
    })
    .deserialize(&mut serde_json::Deserializer::from_slice(body));
    let is_json = read.is_ok() || matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    if !is_json {
        return Said {
            text: String::from_utf8_lossy(body).into_owned(),
            ..Said::default()
        };
    }
    draft.into_said()
}

#[derive(Default)]
struct Draft {
    error_code: Option<String>,
    code: Option<String>,
    error: Option<String>,
    message: Option<String>,
    /// Name and text of each field that is found fault with.
    fields: Vec<(String, String)>,
}

impl Draft {
    fn into_said(self) -> Said {
        let Draft {
            error_code,
            code,
            error,
            message,
            fields,
        } = self;
        let mut text = error.or(message).unwrap_or_default();
        let names_role = fields.iter().any(|(name, _)| name.contains("role"));
        for (name, about) in fields {
            let parts = [&*text, &*name, &*about].map(str::trim);
            let [before, name, about] = parts;
            let colon = if name.is_empty() || about.is_empty() {
                ""
            } else {
                ": "
            };
            let semicolon = if before.is_empty() { "" } else { "; " };
            text = format!("{before}{semicolon}{name}{colon}{about}");
        }
        Said {
            code: error_code.or(code),
            text,
            names_role,
        }
    }
}

/// The object of a refusal, or one within it.
struct Envelope<'a> {
    draft: &'a mut Draft,
    depth: u8,
}

impl<'de> Wanted<'de> for Envelope<'_> {
    type Value = ();

    /// `error` by itself.
    fn text(self, text: &str) -> Option<()> {
        keep(&mut self.draft.error, Some(text.to_owned()));
        None
    }

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<()>, A::Error> {
        let Envelope { draft, depth } = self;
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "error" if depth == 0 => {
                    let within = Envelope {
                        draft: &mut *draft,
                        depth: 1,
                    };
                    fields.next_value_seed(Loose(within))?;
                }
                "error_code" => keep(&mut draft.error_code, fields.next_value_seed(Loose(Text))?),
                "code" => keep(&mut draft.code, fields.next_value_seed(Loose(Text))?),
                "message" | "error" => keep(&mut draft.message, fields.next_value_seed(Loose(Text))?),
                "validation" | "errors" => {
                    fields.next_value_seed(Loose(Validation(&mut draft.fields)))?;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(()))
    }
}

/// `[{"field", "message", "value"}]`, or `{"field": "message"}`.
struct Validation<'a>(&'a mut Vec<(String, String)>);

impl<'de> Wanted<'de> for Validation<'_> {
    type Value = ();

    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<()>, A::Error> {
        while let Some(field) = items.next_element_seed(Loose(Fault))? {
            add(self.0, field);
        }
        Ok(Some(()))
    }

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<()>, A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            let text = fields.next_value_seed(Loose(Text))?.unwrap_or_default();
            add(self.0, Some((name, text)));
        }
        Ok(Some(()))
    }
}

fn add(fields: &mut Vec<(String, String)>, field: Option<(String, String)>) {
    if let Some(field) = field
        && fields.len() < MAX_FIELDS
    {
        fields.push(field);
    }
}

/// One item of `validation`. Its `value` is what was sent: not read.
struct Fault;

impl<'de> Wanted<'de> for Fault {
    type Value = (String, String);

    fn text(self, text: &str) -> Option<(String, String)> {
        Some((String::new(), text.to_owned()))
    }

    fn object<A: MapAccess<'de>>(self, mut fields: A) -> Result<Option<(String, String)>, A::Error> {
        let (mut name, mut text) = (None, None);
        while let Some(key) = fields.next_key::<String>()? {
            match key.as_str() {
                "field" => name = fields.next_value_seed(Loose(Text))?,
                "message" => text = fields.next_value_seed(Loose(Text))?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some((name.unwrap_or_default(), text.unwrap_or_default())))
    }
}

/// A text, or a whole number.
struct Text;

impl Wanted<'_> for Text {
    type Value = String;

    fn text(self, text: &str) -> Option<String> {
        Some(text.to_owned())
    }
}

/// Keeps the first text that says something.
fn keep(slot: &mut Option<String>, text: Option<String>) {
    if slot.is_none() {
        *slot = text.filter(|it| !it.trim().is_empty());
    }
}

/// The text without the words that may be tokens. To be had before the text is cut: half a token would look
/// like none.
fn without_tokens(text: &str) -> String {
    let is_part = |it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '-' | '+' | '=');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|it| !is_part(it)).unwrap_or(from.len()));
        let is_long = word.len() >= MIN_TOKEN_CHARS && word.contains(|it: char| it.is_ascii_digit());
        clean.push_str(before);
        clean.push_str(if is_long || word.starts_with(TOKEN_PREFIX) {
            "[redacted]"
        } else {
            word
        });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, RETRY_AFTER};
    use secrecy::SecretString;

    use super::*;

    fn refusal(status: u16, body: &str) -> Refusal {
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: HeaderMap::new(),
            body: body.into(),
        };
        read(reply, &Redactor::new([SecretString::from("s3cret")]))
    }

    fn parts(status: u16, body: &str) -> (Meaning, Option<String>, String) {
        let Answer {
            meaning, code, text, ..
        } = refusal(status, body).answer;
        (meaning, code, text)
    }

    const DOCUMENTED: &str = r#"{"success":false,"error":"Invalid role","error_code":"VALIDATION_ERROR",
        "timestamp":"2026-06-15T12:00:00Z","validation":[{"field":"role","message":"is unknown","value":"boss"}]}"#;

    #[test]
    fn the_documented_form_is_read_with_every_status_and_the_status_decides() {
        for (status, meaning) in [
            (400, Meaning::BadItem),
            (401, Meaning::Unauthorised),
            (403, Meaning::Forbidden),
            (404, Meaning::Missing),
            (409, Meaning::BadItem),
            (422, Meaning::BadItem),
            (429, Meaning::SlowDown(None)),
            (500, Meaning::Unknown),
            (503, Meaning::Unknown),
        ] {
            let code = Some("VALIDATION_ERROR".to_owned());
            let text = "Invalid role; role: is unknown".to_owned();
            assert_eq!(parts(status, DOCUMENTED), (meaning, code, text), "{status}");
        }
    }

    #[test]
    fn the_error_is_a_text_and_never_a_code() {
        let (_, code, text) = parts(400, r#"{"success":false,"error":"Tenant already exists"}"#);
        assert_eq!((code, text.as_str()), (None, "Tenant already exists"));
    }

    #[test]
    fn other_forms_are_read_as_far_as_they_tell() {
        let code = |code: &str| Some(code.to_owned());
        for (body, expected) in [
            (
                r#"{"error":{"code":"notAllowed","message":"no"}}"#,
                (code("NOT_ALLOWED"), "no"),
            ),
            (
                r#"{"code":"BAD_THING","message":"no"}"#,
                (code("BAD_THING"), "no"),
            ),
            (r#"{"error":"","message":"no"}"#, (None, "no")),
            (r#"{"code":400,"message":"no"}"#, (None, "no")),
            (r#"{"message":"no","errors":["a","b"]}"#, (None, "no; a; b")),
            (r#"{"errors":{"email":"is taken"}}"#, (None, "email: is taken")),
            (r#"{"validation":[{"field":"email"},7,null]}"#, (None, "email; 7")),
            (
                r#"{"error_code":"CUT_OFF","error":"no","valid"#,
                (code("CUT_OFF"), "no"),
            ),
            ("", (None, "409 Conflict")),
            (r#"{"users":[{"email":"a@example.com"}]}"#, (None, "409 Conflict")),
            ("[1,2]", (None, "409 Conflict")),
            ("<html><h1>No</h1></html>", (None, "<html><h1>No</h1></html>")),
            ("upstream failed", (None, "upstream failed")),
        ] {
            let (meaning, code, text) = parts(409, body);
            assert_eq!(meaning, Meaning::BadItem, "{body}");
            assert_eq!((code, text.as_str()), expected, "{body}");
        }
    }

    #[test]
    fn a_code_may_tell_of_pace_and_of_an_unknown_user() {
        let pace = r#"{"error_code":"RATE_LIMIT_EXCEEDED","error":"slowly"}"#;
        assert_eq!(parts(403, pace).0, Meaning::SlowDown(None));
        let absent = r#"{"error_code":"USER_NOT_FOUND","error":"no such user"}"#;
        assert_eq!(parts(400, absent).0, Meaning::Missing);
        assert_eq!(parts(403, absent).0, Meaning::Forbidden);
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "3".parse().unwrap());
        let reply = Reply {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers,
            body: Vec::new(),
        };
        let meaning = read(reply, &Redactor::default()).answer.meaning;
        assert_eq!(
            meaning,
            Meaning::SlowDown(Some(std::time::Duration::from_secs(3)))
        );
    }

    #[test]
    fn what_was_sent_and_what_looks_like_a_token_is_not_shown() {
        for body in [
            r#"{"error":"no","validation":[{"field":"password","message":"weak","value":"Passw0rd"}]}"#,
            r#"{"error":"token 0f8fad5b-d9cb-469f-a165-70867728950e is no admin's"}"#,
            r#"{"error_code":"wuts_tok_abc","error":"wuts_tok_abc"}"#,
            r#"{"error_code":"0f8fad5b-d9cb-469f-a165-70867728950e"}"#,
            r#"{"validation":{"0f8fad5b-d9cb-469f-a165-70867728950e":"s3cret"}}"#,
            r#"{"message":{"token":"wuts_tok_abc"},"user":{"token":"wuts_tok_abc"}}"#,
            r#"{"users":[{"token":"wuts_tok_abc"}]}"#,
            "<html>wuts_tok_abc 0f8fad5b-d9cb-469f-a165-70867728950e s3cret</html>",
            "wuts_tok_abc",
        ] {
            let shown = format!("{:?}", refusal(400, body)).to_lowercase();
            for secret in ["passw0rd", "0f8fad5b", "wuts_tok_abc", "s3cret"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
        // A token at the place where a text is cut is no shorter for it.
        let long = format!(
            r#"{{"error":"{}wuts_tok_0f8fad5b"}}"#,
            "x ".repeat(crate::text::MAX_CHARS / 2 - 5)
        );
        assert!(!parts(400, &long).2.contains("wuts"));
    }

    #[test]
    fn ordinary_words_are_no_tokens() {
        let text = "role must be one of user, manager; internationalisation, 2026-06-15T12:00:00Z";
        assert_eq!(without_tokens(text), text);
    }

    #[test]
    fn a_refused_role_may_suggest_a_promotion() {
        for (status, body, expected) in [
            (400, DOCUMENTED, true),
            (422, r#"{"error":"Use /promote to change a role"}"#, true),
            (405, "", true),
            (400, r#"{"error":"no"}"#, false),
            (403, DOCUMENTED, false),
            (404, DOCUMENTED, false),
            (500, DOCUMENTED, false),
        ] {
            assert_eq!(
                refusal(status, body).suggests_promotion,
                expected,
                "{status} {body}"
            );
        }
    }
}
