//! Errors, in every shape in which somebody has seen them.

use axum::http::StatusCode;
use serde_json::json;

use super::Limits;
use crate::simulator::reply::Reply;
use crate::simulator::switches::{CodeCase, ErrorShape, Switches};

/// Why a request or an item is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::simulator) struct Problem {
    pub(super) code: Code,
    /// At least one text.
    pub(super) texts: Vec<String>,
}

/// The platform's codes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::simulator) enum Code {
    InvalidUserData,
    InvalidSettings,
    UserAlreadyExists,
    UserLimitExceeded,
    TooManyEntities,
    TooLarge,
    UserNotFound,
    NotFound,
    Unauthorized,
    Forbidden,
}

impl Code {
    fn name(self, limits: &Limits, switches: &Switches) -> &'static str {
        match self {
            Code::InvalidUserData => limits.invalid_data,
            Code::InvalidSettings => "INVALID_SETTINGS",
            Code::UserAlreadyExists => "USER_ALREADY_EXISTS",
            Code::UserLimitExceeded => "USER_LIMIT_EXCEEDED",
            Code::TooManyEntities => (limits.too_many)(switches),
            Code::TooLarge => "PAYLOAD_TOO_LARGE",
            Code::UserNotFound => "USER_NOT_FOUND",
            Code::NotFound => "NOT_FOUND",
            Code::Unauthorized => "UNAUTHORIZED",
            Code::Forbidden => "FORBIDDEN",
        }
    }

    fn status(self, switches: &Switches) -> StatusCode {
        let configured = |status| StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        match self {
            Code::InvalidUserData | Code::InvalidSettings | Code::TooManyEntities => {
                configured(switches.validation_status)
            }
            Code::UserAlreadyExists | Code::UserLimitExceeded => configured(switches.error_status),
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::UserNotFound | Code::NotFound => StatusCode::NOT_FOUND,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
        }
    }

    fn spelt(self, limits: &Limits, switches: &Switches) -> String {
        let upper = self.name(limits, switches);
        match switches.code_case {
            CodeCase::Upper => upper.to_owned(),
            CodeCase::Lower => upper.to_lowercase(),
            CodeCase::Camel => {
                let mut camel = String::with_capacity(upper.len());
                for (idx, word) in upper.split('_').enumerate() {
                    let n_upper = usize::from(idx > 0);
                    camel.push_str(&word[..n_upper]);
                    camel.push_str(&word[n_upper..].to_lowercase());
                }
                camel
            }
        }
    }
}

impl Problem {
    pub(in crate::simulator) fn new(code: Code, text: &str) -> Problem {
        Problem {
            code,
            texts: vec![text.to_owned()],
        }
    }

    /// The answer to the request that has the number `seq`.
    pub(in crate::simulator) fn reply(&self, limits: &Limits, switches: &Switches, seq: u64) -> Reply {
        let status = self.code.status(switches);
        let code = self.code.spelt(limits, switches);
        let text = self.texts.join("; ");
        let reason = status.canonical_reason().unwrap_or("Error");
        let body = match switches.error_shape {
            ErrorShape::ErrorDescription => json!({"error": code, "description": text}),
            ErrorShape::Long => json!({
                "status": status.as_u16(),
                "requestId": format!("00000000-0000-4000-8000-{seq:012}"),
                "error": code,
                "description": text,
                "data": {"fields": self.texts},
            }),
            ErrorShape::List => json!({"errors": [{"code": code, "message": text}]}),
            ErrorShape::Code => json!({"code": code, "message": text}),
            ErrorShape::Nested => json!({"error": {"code": code, "message": text}}),
            ErrorShape::Nest => json!({"statusCode": status.as_u16(), "message": text, "error": reason}),
            ErrorShape::NestList => {
                json!({"statusCode": status.as_u16(), "message": self.texts, "error": reason})
            }
            ErrorShape::Empty => return Reply::empty(status),
            ErrorShape::Html => return Reply::html(status),
        };
        Reply::json(status, &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_spelt_in_three_ways() {
        let limits = &crate::simulator::wazzup_v2::LIMITS;
        let spelt = |code_case| {
            let switches = Switches {
                code_case,
                ..Switches::default()
            };
            Code::UserAlreadyExists.spelt(limits, &switches)
        };
        assert_eq!(spelt(CodeCase::Upper), "USER_ALREADY_EXISTS");
        assert_eq!(spelt(CodeCase::Lower), "user_already_exists");
        assert_eq!(spelt(CodeCase::Camel), "userAlreadyExists");
    }
}
