//! Errors, in every shape in which they may come.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::switches::{ErrorCodes, WutsErrorShape, WutsSwitches};
use super::wire::Fault;
use crate::simulator::clock::Moment;
use crate::simulator::reply::Reply;

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    status: u16,
    code: String,
    text: String,
    faults: Vec<Fault>,
}

impl Problem {
    pub(super) fn unauthorised() -> Problem {
        Problem::new(401, "UNAUTHORIZED", "Invalid or missing token")
    }

    pub(super) fn forbidden(text: &str) -> Problem {
        Problem::new(403, "FORBIDDEN", text)
    }

    pub(super) fn not_found(text: &str) -> Problem {
        Problem::new(404, "NOT_FOUND", text)
    }

    pub(super) fn not_allowed() -> Problem {
        Problem::new(405, "METHOD_NOT_ALLOWED", "Method not allowed")
    }

    pub(super) fn duplicate(email: &str, switches: &WutsSwitches) -> Problem {
        let WutsSwitches {
            duplicate_status,
            duplicate_code,
            ..
        } = switches;
        let mut problem = Problem::new(*duplicate_status, duplicate_code, "A user with this email exists");
        problem.faults = vec![Fault::new("email", "is taken", email)];
        problem
    }

    /// At least one field is not valid.
    pub(super) fn invalid(faults: Vec<Fault>) -> Problem {
        let mut problem = Problem::new(400, "VALIDATION_ERROR", "Validation failed");
        problem.faults = faults;
        problem
    }

    fn new(status: u16, code: &str, text: &str) -> Problem {
        Problem {
            status,
            code: code.to_owned(),
            text: text.to_owned(),
            faults: Vec::new(),
        }
    }

    pub(super) fn reply(&self, switches: &WutsSwitches, now: Moment) -> Reply {
        let Problem {
            status,
            code,
            text,
            faults,
        } = self;
        let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
        let shown = |value: &str| match switches.echo_values {
            true => value.to_owned(),
            false => String::new(),
        };
        let text = match faults.first() {
            Some(fault) if switches.echo_values => format!("{text}: {}", fault.value),
            _ => text.clone(),
        };
        let body = match switches.error_shape {
            WutsErrorShape::Documented => {
                let mut body =
                    json!({"success": false, "error": text, "timestamp": timestamp(now.unix_seconds)});
                match switches.error_codes {
                    ErrorCodes::ByProblem => body["error_code"] = json!(code),
                    ErrorCodes::Validation => body["error_code"] = json!("VALIDATION_ERROR"),
                    ErrorCodes::Absent => {}
                }
                if !faults.is_empty() {
                    let faults = faults
                        .iter()
                        .map(|it| json!({"field": it.field, "message": it.text, "value": shown(&it.value)}));
                    body["validation"] = faults.collect();
                }
                body
            }
            WutsErrorShape::Short => json!({"success": false, "error": text}),
            WutsErrorShape::Nested => json!({"error": {"code": code, "message": text}}),
            WutsErrorShape::Message => {
                let faults = faults.iter().map(|it| (it.field.clone(), json!(it.text)));
                json!({"message": text, "errors": Value::Object(faults.collect())})
            }
            WutsErrorShape::Empty => return Reply::empty(status),
            WutsErrorShape::Html => return Reply::html(status),
        };
        Reply::json(status, &body)
    }
}

/// A time as the platform writes it.
pub(super) fn timestamp(unix_seconds: u64) -> String {
    let at = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    chrono::DateTime::from_timestamp(at, 0)
        .unwrap_or_default()
        .format("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
