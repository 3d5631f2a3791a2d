//! Requests as they come over the wire, taken apart with all complaints that need no state.

use axum::http::{HeaderMap, Method, Uri, header};
use serde_json::Value;

use crate::simulator::call::{Payload, percent_decode};

/// A request to the users of a tenant.
#[derive(Clone, Debug)]
pub(in crate::simulator) enum Request {
    List,
    Get(String),
    Create(Sent),
    Update(String, Sent),
    Promote(String, Sent),
    Delete(String),
    /// No endpoint below `/users`: method and path.
    Unknown(String),
}

/// A body.
#[derive(Clone, Default, Debug)]
pub(in crate::simulator) struct Sent {
    pub(super) email: Option<String>,
    pub(super) password: Option<String>,
    pub(super) role: Option<String>,
    pub(super) new_role: Option<String>,
    pub(super) active: Option<bool>,
    /// Properties that the endpoint does not document.
    pub(super) unknown: Vec<String>,
    /// Field, what is wrong with it, and what was sent.
    pub(super) malformed: Vec<Fault>,
}

/// What is wrong with a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Fault {
    pub(super) field: String,
    pub(super) text: String,
    pub(super) value: String,
}

impl Fault {
    pub(super) fn new(field: &str, text: &str, value: &str) -> Fault {
        Fault {
            field: field.to_owned(),
            text: text.to_owned(),
            value: value.to_owned(),
        }
    }
}

impl Request {
    /// `None` if the path is none of this platform.
    pub(in crate::simulator) fn read(method: &Method, uri: &Uri, body: &Payload) -> Option<Request> {
        let segments: Vec<&str> = uri.path().trim_start_matches('/').split('/').collect();
        let ["users", rest @ ..] = segments.as_slice() else {
            return None;
        };
        let request = match (method.as_str(), rest) {
            ("GET", []) => Request::List,
            ("POST", []) => Request::Create(read_body(body, &["email", "password", "role", "webhook_url"])),
            ("GET", [id]) if !id.is_empty() => Request::Get(percent_decode(id)),
            ("PUT", [id]) if !id.is_empty() => {
                Request::Update(percent_decode(id), read_body(body, &["active", "role"]))
            }
            ("DELETE", [id]) if !id.is_empty() => Request::Delete(percent_decode(id)),
            ("POST", [id, "promote"]) if !id.is_empty() => {
                Request::Promote(percent_decode(id), read_body(body, &["new_role"]))
            }
            _ => Request::Unknown(format!("{method} {}", uri.path())),
        };
        Some(request)
    }

    /// Whom the request names: by id, or by e-mail if it creates somebody.
    pub(in crate::simulator) fn user_ids(&self) -> Vec<String> {
        match self {
            Request::Get(id) | Request::Update(id, _) | Request::Promote(id, _) | Request::Delete(id) => {
                vec![id.clone()]
            }
            Request::Create(sent) => sent.email.iter().cloned().collect(),
            Request::List | Request::Unknown(_) => Vec::new(),
        }
    }
}

/// The token of a request: after `Bearer` in any case, or by itself.
pub(in crate::simulator) fn token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return None,
        None => value,
    };
    Some(token.to_owned())
}

fn read_body(body: &Payload, known: &[&str]) -> Sent {
    let mut sent = Sent::default();
    let root = match body {
        Payload::Json(Value::Object(root)) => root,
        Payload::Json(_) => {
            sent.malformed
                .push(Fault::new("", "the body must be an object", ""));
            return sent;
        }
        Payload::Absent => {
            sent.malformed.push(Fault::new("", "the body is missing", ""));
            return sent;
        }
        Payload::Unreadable(text) => {
            sent.malformed.push(Fault::new("", text, ""));
            return sent;
        }
    };
    for (key, value) in root {
        if !known.contains(&key.as_str()) {
            sent.unknown.push(key.clone());
            continue;
        }
        let slot = match key.as_str() {
            "email" => &mut sent.email,
            "password" => &mut sent.password,
            "role" => &mut sent.role,
            "new_role" => &mut sent.new_role,
            "active" => {
                sent.active = value.as_bool();
                if sent.active.is_none() {
                    let fault = Fault::new(key, "must be true or false", &value.to_string());
                    sent.malformed.push(fault);
                }
                continue;
            }
            _ => continue,
        };
        *slot = value.as_str().map(str::to_owned);
        if slot.is_none() {
            sent.malformed
                .push(Fault::new(key, "must be a string", &value.to_string()));
        }
    }
    sent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_of(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        token(&headers)
    }

    #[test]
    fn the_scheme_has_no_case_and_may_be_missing() {
        for value in ["Bearer abc", "bearer abc", "BEARER  abc", "abc"] {
            assert_eq!(token_of(value).as_deref(), Some("abc"), "{value}");
        }
        assert_eq!(token_of("Basic abc"), None);
        assert_eq!(token(&HeaderMap::new()), None);
    }
}
