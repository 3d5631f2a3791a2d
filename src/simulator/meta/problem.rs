//! Refusals, as the documents show them and as they have been seen.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::switches::{GraphErrorBody, MetaSwitches};
use crate::simulator::reply::Reply;

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    code: i64,
    subcode: Option<i64>,
    /// As in the documents' examples.
    status: u16,
    message: String,
}

impl Problem {
    fn new(code: i64, status: u16, message: impl Into<String>) -> Problem {
        Problem {
            code,
            subcode: None,
            status,
            message: message.into(),
        }
    }

    pub(super) fn token() -> Problem {
        Problem {
            subcode: Some(467),
            ..Problem::new(190, 401, "Invalid OAuth access token")
        }
    }

    pub(super) fn permission() -> Problem {
        let message = "Need permission on WhatsAppBusinessAccount or this Business";
        Problem {
            subcode: Some(1_349_174),
            ..Problem::new(200, 403, message)
        }
    }

    pub(super) fn proof(message: &str, switches: &MetaSwitches) -> Problem {
        Problem::new(switches.wrong_proof_code, 400, message)
    }

    pub(super) fn limit(switches: &MetaSwitches) -> Problem {
        let message = "Application request limit reached";
        Problem {
            subcode: (switches.limit_code == 4).then_some(2_446_079),
            ..Problem::new(switches.limit_code, switches.limit_status, message)
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Problem {
        Problem::new(100, 400, message)
    }

    /// Valid in itself, and not possible.
    pub(super) fn impossible(status: u16, message: &str) -> Problem {
        Problem::new(100, status, message)
    }

    pub(super) fn missing(message: &str) -> Problem {
        Problem::new(803, 404, message)
    }

    pub(super) fn no_access(id: &str) -> Problem {
        let message = format!(
            "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
             or does not support this operation"
        );
        Problem {
            subcode: Some(33),
            ..Problem::new(100, 400, message)
        }
    }

    pub(super) fn unknown_path(what: &str) -> Problem {
        Problem::new(2500, 400, format!("Unknown path components: {what}"))
    }

    /// The answer to the request that has the number `seq`.
    pub(super) fn reply(&self, switches: &MetaSwitches, seq: u64) -> Reply {
        let status = if switches.always_400 { 400 } else { self.status };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let kind = match self.code {
            100 | 803 => "GraphMethodException",
            _ => "OAuthException",
        };
        let mut error = json!({"message": self.message, "type": kind, "code": self.code});
        match switches.error_body {
            GraphErrorBody::Empty => return Reply::empty(status),
            GraphErrorBody::Html => return Reply::html(status),
            GraphErrorBody::Minimal => {}
            GraphErrorBody::Full => {
                error["fbtrace_id"] = json!(format!("AXsgnV2Cm3ZMGF3dF_{seq}"));
                if let Some(subcode) = self.subcode {
                    error["error_subcode"] = json!(subcode);
                }
                if matches!(self.code, 2 | 4) {
                    error["is_transient"] = Value::Bool(true);
                }
                if self.code == 200 {
                    error["error_user_title"] = json!("Permission Denied");
                    error["error_user_msg"] =
                        json!("Your app doesn't have permission to access this resource");
                }
            }
        }
        Reply::json(status, &json!({"error": error}))
    }
}
