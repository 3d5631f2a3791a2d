//! Answers that are no refusals: what a 2xx holds, and what is decided without a request.

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::body::{self, Body};
use super::refusal;
use crate::target::http::Reply;
use crate::target::{Answer, Meaning};
use crate::text::Redactor;

/// A 2xx whose content can't be had.
#[derive(Debug)]
pub enum Spoilt {
    /// Nobody knows what it says.
    Unreadable(Answer),
    /// It says that it is no success: the status and its text.
    NoSuccess(u16, String),
}

impl Spoilt {
    /// In answer to a read: nothing was learned.
    pub fn of_read(self) -> Answer {
        self.into_answer(Meaning::Unknown)
    }

    /// In answer to a write: a refusal with a friendly status is a refusal still.
    pub fn of_write(self) -> Answer {
        self.into_answer(Meaning::BadItem)
    }

    fn into_answer(self, no_success: Meaning) -> Answer {
        match self {
            Spoilt::Unreadable(answer) => answer,
            Spoilt::NoSuccess(status, text) => Answer {
                meaning: no_success,
                status: Some(status),
                code: None,
                text: if text.is_empty() {
                    "the answer says that it is no success".to_owned()
                } else {
                    text
                },
            },
        }
    }
}

/// The content of a 2xx. Its bytes are overwritten after that: they may hold tokens.
///
/// # Errors
/// It can't be read, or says that it is no success.
pub fn content(reply: Reply, token: &SecretString, redactor: &Redactor) -> Result<Body, Spoilt> {
    let Reply { status, body, .. } = reply;
    let status = status.as_u16();
    let bytes = Zeroizing::new(body);
    match body::read(&bytes, token) {
        Ok(body) if body.success == Some(false) => {
            Err(Spoilt::NoSuccess(status, refusal::text_of(&bytes, redactor)))
        }
        Ok(body) => Ok(body),
        Err(why) => {
            let mut answer = unreadable(status, why);
            // A page for people tells more than that it is one; anything else may hold tokens.
            if bytes.trim_ascii_start().starts_with(b"<") {
                answer.text.push_str(": ");
                answer
                    .text
                    .push_str(&refusal::clean(&String::from_utf8_lossy(&bytes), redactor));
            }
            Err(Spoilt::Unreadable(answer))
        }
    }
}

/// A 2xx that can't be used.
pub fn unreadable(status: u16, why: &str) -> Answer {
    Answer {
        meaning: Meaning::Unknown,
        status: Some(status),
        code: None,
        text: format!("the answer can't be read: {why}"),
    }
}

/// Taken; without a status if there was nothing to ask for.
pub fn accepted(status: Option<u16>) -> Answer {
    Answer {
        meaning: Meaning::Accepted,
        status,
        code: None,
        text: String::new(),
    }
}

/// A look shows that the user of a step is not there.
pub fn absent() -> Answer {
    Answer {
        meaning: Meaning::Missing,
        status: None,
        code: None,
        text: "there is no user of this id".to_owned(),
    }
}

/// A step that was refused here, without a request.
pub fn not_sent(code: &str, text: &str) -> Answer {
    Answer {
        meaning: Meaning::BadItem,
        status: None,
        code: Some(code.to_owned()),
        text: text.to_owned(),
    }
}

/// A grant that is no role.
pub fn not_one_role() -> Answer {
    not_sent("one_role", "a user has just one role")
}

/// An id that no path can carry.
pub fn unusable_id() -> Answer {
    not_sent("id_invalid", "no user can be asked for by this id")
}

/// Why a step can't be judged: the list says who must stay, and there is none. A list that is refused, or not
/// there, is no word about the user of the step.
pub fn unjudged(answer: Answer) -> Answer {
    match answer.meaning {
        Meaning::Missing | Meaning::Forbidden => Answer {
            meaning: Meaning::BadItem,
            text: format!("not sent, since the list of users can't be read: {}", answer.text),
            ..answer
        },
        _ => answer,
    }
}
