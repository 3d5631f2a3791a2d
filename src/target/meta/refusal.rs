//! What a refusal of the Graph API means.
//!
//! Its code decides and its HTTP status does not: the same code has been seen with several. The status counts
//! only where there is no such error, which is what an edge in front of the platform sends. Codes as documented
//! on <https://developers.facebook.com/docs/graph-api/guides/error-handling> (read in November 2026).

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::target::classify;
use crate::target::http::Reply;
use crate::target::loose::{FromLoose, OrOther};
use crate::target::{Answer, Meaning};
use crate::text::{self, Redactor};

/// The code of a wrong parameter, which is said for nearly everything.
const INVALID_PARAMETER: i64 = 100;

/// With [`INVALID_PARAMETER`]: the object is not there, or not for us.
const NO_SUCH_OBJECT: i64 = 33;

/// The id of an answer by which the platform's support finds it has about 20 characters; so many are left for it.
const MAX_TRACE_CHARS: usize = 60;

/// Rest for a text before it: what is shown is cut at its end.
const MAX_TEXT_CHARS: usize = text::MAX_CHARS - MAX_TRACE_CHARS - 20;

/// Blocked by policy, or the whole app is: nothing that a minute would mend.
const LONG_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The error of an answer, if its body holds one: with a 2xx too.
pub(super) fn error_in(body: &[u8]) -> Option<GraphError> {
    // A body that breaks off has no error that could be trusted to be whole.
    serde_json::from_slice::<Envelope>(body).ok()?.error
}

/// The meaning of an answer that refuses.
pub(super) fn refusal(reply: &Reply, redactor: &Redactor) -> Answer {
    match error_in(&reply.body) {
        Some(error) => error.into_answer(reply.status, redactor),
        None => without_error(reply, redactor),
    }
}

/// An answer from an edge: its status decides.
fn without_error(reply: &Reply, redactor: &Redactor) -> Answer {
    let answer = classify::refusal(reply, redactor);
    let meaning = match answer.meaning {
        // These words are another platform's.
        Meaning::PhoneTaken(_) | Meaning::SeatsTaken => Meaning::BadItem,
        meaning => meaning,
    };
    Answer { meaning, ..answer }
}

/// The meaning of a 2xx that says `success: false`, or holds something else than it should.
pub(super) fn unreadable(reply: &Reply, why: &str, redactor: &Redactor) -> Answer {
    classify::unreadable(reply, why, redactor)
}

/// Whether the refusal is that of a parameter, other than an object that is not there.
pub(super) fn is_invalid_parameter(answer: &Answer) -> bool {
    let code = INVALID_PARAMETER.to_string();
    let is_missing = is_no_such_object(answer);
    let first = answer.code.as_deref().and_then(|it| it.split('/').next());
    answer.meaning == Meaning::BadItem && first == Some(&code) && !is_missing
}

/// Whether the refusal is that of an object that is not there, or not for us.
pub(super) fn is_no_such_object(answer: &Answer) -> bool {
    answer.code.as_deref() == Some("100/33")
}

/// What stands under `error`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct GraphError {
    code: Option<i64>,
    subcode: Option<i64>,
    is_transient: bool,
    message: Option<String>,
    user_message: Option<String>,
    trace: Option<String>,
}

impl GraphError {
    pub(super) fn into_answer(self, status: StatusCode, redactor: &Redactor) -> Answer {
        Answer {
            meaning: self.meaning(status),
            status: Some(status.as_u16()),
            code: self.code().map(|it| redactor.clean(&it)),
            text: self.text(status, redactor),
        }
    }

    fn meaning(&self, status: StatusCode) -> Meaning {
        match self.code {
            // Marked as transient in the documentation's examples, but waiting is all that helps: these come first.
            Some(4 | 17 | 32 | 613 | 80_000..=80_014) => Meaning::SlowDown(None),
            Some(341 | 368) => Meaning::SlowDown(Some(LONG_PAUSE)),
            _ if self.is_transient => Meaning::Unknown,
            Some(1 | 2) => Meaning::Unknown,
            Some(102 | 104 | 190) => Meaning::Unauthorised,
            Some(3 | 10 | 200..=299) => Meaning::Forbidden,
            Some(INVALID_PARAMETER) if self.is_about_proof() => Meaning::Unauthorised,
            Some(INVALID_PARAMETER | 110) => Meaning::BadItem,
            Some(803) => Meaning::Missing,
            _ => by_status(status),
        }
    }

    /// A wrong or missing `appsecret_proof` has a code of its own, and is seen under this one too: then it is no
    /// user's fault, but that of the credential.
    fn is_about_proof(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        self.subcode != Some(NO_SUCH_OBJECT) && message.contains("appsecret_proof")
    }

    /// As Meta's own tools write it: `100/33`, or `100`.
    fn code(&self) -> Option<String> {
        let code = self.code?;
        Some(match self.subcode {
            Some(subcode) => format!("{code}/{subcode}"),
            None => code.to_string(),
        })
    }

    fn text(&self, status: StatusCode, redactor: &Redactor) -> String {
        let message = self.message.as_deref().map(|it| redactor.clean(it));
        let message = message.filter(|it| !it.is_empty());
        let mut text = message.unwrap_or_else(|| status.to_string());
        if let Some(more) = self.user_message.as_deref().map(|it| redactor.clean(it))
            && !more.is_empty()
            && !text.contains(&more)
        {
            text.push_str(": ");
            text.push_str(&more);
        }
        cut(&mut text, MAX_TEXT_CHARS);
        if let Some(mut trace) = self.trace.as_deref().map(|it| redactor.clean(it))
            && !trace.is_empty()
        {
            cut(&mut trace, MAX_TRACE_CHARS);
            text.push_str(&format!(" (fbtrace_id {trace})"));
        }
        text
    }
}

fn cut(text: &mut String, max_chars: usize) {
    if let Some((end, _)) = text.char_indices().nth(max_chars) {
        text.truncate(end);
        text.push('…');
    }
}

/// The meaning of a code that is not known.
fn by_status(status: StatusCode) -> Meaning {
    match status {
        StatusCode::UNAUTHORIZED => Meaning::Unauthorised,
        StatusCode::FORBIDDEN => Meaning::Forbidden,
        StatusCode::NOT_FOUND => Meaning::Missing,
        StatusCode::TOO_MANY_REQUESTS => Meaning::SlowDown(None),
        status if status.is_client_error() => Meaning::BadItem,
        _ => Meaning::Unknown,
    }
}

/// `{"error": {…}}`; an error that is no object is none.
#[derive(Default)]
struct Envelope {
    error: Option<GraphError>,
}

impl<'de> Deserialize<'de> for Envelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Envelope, D::Error> {
        deserializer.deserialize_map(EnvelopeVisitor)
    }
}

struct EnvelopeVisitor;

impl<'de> Visitor<'de> for EnvelopeVisitor {
    type Value = Envelope;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Envelope, A::Error> {
        let mut envelope = Envelope::default();
        while let Some(name) = fields.next_key::<String>()? {
            if name == "error" {
                envelope.error = fields.next_value::<OrOther<GraphError>>()?.0;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(envelope)
    }
}

impl FromLoose for GraphError {
    fn from_map<'de, A: MapAccess<'de>>(mut fields: A) -> Result<Option<GraphError>, A::Error> {
        let mut error = GraphError::default();
        while let Some(name) = fields.next_key::<String>()? {
            let slot = match name.as_str() {
                "message" => &mut error.message,
                "error_user_msg" => &mut error.user_message,
                "fbtrace_id" => &mut error.trace,
                "code" => {
                    error.code = number(&mut fields)?;
                    continue;
                }
                "error_subcode" => {
                    error.subcode = number(&mut fields)?;
                    continue;
                }
                "is_transient" => {
                    let flag = fields.next_value::<OrOther<Flag>>()?.0;
                    error.is_transient = flag.is_some_and(|Flag(it)| it);
                    continue;
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *slot = fields.next_value::<OrOther<Word>>()?.0.map(|Word(it)| it);
        }
        Ok(Some(error))
    }
}

/// A number, be it in quotes.
fn number<'de, A: MapAccess<'de>>(fields: &mut A) -> Result<Option<i64>, A::Error> {
    let OrOther(word) = fields.next_value::<OrOther<Word>>()?;
    Ok(word.and_then(|Word(it)| it.parse().ok()))
}

struct Word(String);

impl FromLoose for Word {
    fn from_text(text: &str) -> Option<Word> {
        Some(Word(text.to_owned()))
    }
}

struct Flag(bool);

impl FromLoose for Flag {
    fn from_bool(flag: bool) -> Option<Flag> {
        Some(Flag(flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let reply = Reply {
            status: StatusCode::from_u16(status).unwrap(),
            headers: reqwest::header::HeaderMap::new(),
            body: body.as_bytes().to_vec(),
        };
        refusal(&reply, &Redactor::default())
    }

    fn error(fields: &str) -> String {
        format!(r#"{{"error":{{"message":"no","type":"OAuthException",{fields}}}}}"#)
    }

    fn meaning(status: u16, fields: &str) -> Meaning {
        answer(status, &error(fields)).meaning
    }

    #[test]
    fn the_code_decides_under_any_status() {
        let long = Meaning::SlowDown(Some(LONG_PAUSE));
        let expected = [
            (1, Meaning::Unknown),
            (2, Meaning::Unknown),
            (3, Meaning::Forbidden),
            (4, Meaning::SlowDown(None)),
            (10, Meaning::Forbidden),
            (17, Meaning::SlowDown(None)),
            (32, Meaning::SlowDown(None)),
            (100, Meaning::BadItem),
            (102, Meaning::Unauthorised),
            (104, Meaning::Unauthorised),
            (110, Meaning::BadItem),
            (190, Meaning::Unauthorised),
            (200, Meaning::Forbidden),
            (299, Meaning::Forbidden),
            (341, long.clone()),
            (368, long),
            (613, Meaning::SlowDown(None)),
            (803, Meaning::Missing),
            (80_007, Meaning::SlowDown(None)),
            (80_008, Meaning::SlowDown(None)),
        ];
        for (code, expected) in expected {
            for status in [200, 400, 401, 403, 404, 422, 429, 500, 503] {
                assert_eq!(
                    meaning(status, &format!(r#""code":{code}"#)),
                    expected,
                    "{code} with {status}"
                );
            }
        }
    }

    #[test]
    fn what_passes_is_unknown_but_a_limit_is_a_limit() {
        assert_eq!(
            meaning(400, r#""code":100,"is_transient":true"#),
            Meaning::Unknown
        );
        assert_eq!(
            meaning(400, r#""code":9999,"is_transient":true"#),
            Meaning::Unknown
        );
        assert_eq!(
            meaning(400, r#""code":4,"error_subcode":2446079,"is_transient":true"#),
            Meaning::SlowDown(None)
        );
        assert_eq!(
            meaning(400, r#""code":100,"is_transient":false"#),
            Meaning::BadItem
        );
    }

    #[test]
    fn a_wrong_proof_is_the_credentials_fault_under_either_code() {
        let body = r#"{"error":{"message":"Invalid appsecret_proof provided in the API argument",
            "type":"GraphMethodException","code":100}}"#;
        assert_eq!(answer(400, body).meaning, Meaning::Unauthorised);
    }

    #[test]
    fn an_unknown_code_leaves_it_to_the_status() {
        for (status, expected) in [
            (400, Meaning::BadItem),
            (401, Meaning::Unauthorised),
            (403, Meaning::Forbidden),
            (404, Meaning::Missing),
            (429, Meaning::SlowDown(None)),
            (500, Meaning::Unknown),
            (200, Meaning::Unknown),
        ] {
            assert_eq!(meaning(status, r#""code":9999"#), expected, "{status}");
            assert_eq!(meaning(status, r#""x":1"#), expected, "{status} without a code");
        }
    }

    #[test]
    fn without_an_error_of_the_platform_the_status_decides() {
        for body in [
            "",
            "<html>502</html>",
            "{",
            r#"{"error":"no"}"#,
            "[]",
            r#"{"error":null}"#,
        ] {
            assert_eq!(answer(400, body).meaning, Meaning::BadItem, "{body}");
            assert_eq!(answer(401, body).meaning, Meaning::Unauthorised, "{body}");
            assert_eq!(answer(502, body).meaning, Meaning::Unknown, "{body}");
            assert_eq!(answer(429, body).meaning, Meaning::SlowDown(None), "{body}");
        }
        let body = "User with phone number 37126123456 already exists";
        assert_eq!(answer(409, body).meaning, Meaning::BadItem);
    }

    #[test]
    fn code_subcode_text_and_trace_are_kept() {
        let body = r#"{"error":{"message":"Unsupported get request","type":"GraphMethodException","code":"100",
            "error_subcode":33,"error_user_title":"Oh","error_user_msg":"Ask your admin","fbtrace_id":"AXsgnV2Cm"}}"#;
        let answer = answer(400, body);
        assert_eq!(answer.code.as_deref(), Some("100/33"));
        assert_eq!(
            answer.text,
            "Unsupported get request: Ask your admin (fbtrace_id AXsgnV2Cm)"
        );
        assert!(is_no_such_object(&answer) && !is_invalid_parameter(&answer));
    }

    #[test]
    fn a_long_text_leaves_room_for_the_trace() {
        let long = "x".repeat(5_000);
        let body = format!(r#"{{"error":{{"code":100,"message":"{long}","fbtrace_id":"AXsgnV2Cm"}}}}"#);
        let answer = answer(400, &body);
        assert!(
            answer.text.ends_with("… (fbtrace_id AXsgnV2Cm)"),
            "{}",
            answer.text
        );
        assert!(answer.text.chars().count() <= text::MAX_CHARS);
        assert!(is_invalid_parameter(&answer));
    }

    #[test]
    fn fields_of_other_kinds_do_no_harm() {
        let body = r#"{"error":{"message":["a"],"code":{"x":1},"error_subcode":1.5,"is_transient":"yes",
            "fbtrace_id":null,"error_data":[[[]]]},"error_":2}"#;
        let answer = answer(400, body);
        assert_eq!((answer.meaning, answer.code), (Meaning::BadItem, None));
        assert_eq!(answer.text, "400 Bad Request");
    }
}
