//! Requests for tokens as they come over the wire, with all complaints that need no state.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

use crate::simulator::call::Payload;

/// `POST /v2/oauth/token`.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct Request {
    /// Login and password.
    pub(super) basic: Option<(String, String)>,
    /// What is asked for, or what is wrong with the body.
    pub(super) grant: Result<Grant, String>,
    /// Undocumented properties, as the platform's texts.
    pub(super) unknown: Vec<String>,
}

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Grant {
    Machine,
    Exchange {
        machine: String,
        number: String,
    },
    Refresh {
        refresh: String,
        client_id: Option<String>,
        is_flat: bool,
    },
}

impl Request {
    /// The request, if it is one for tokens.
    pub(in crate::simulator) fn read(parts: &Parts, body: &Payload) -> Option<Request> {
        let is_ours = parts.method == Method::POST && parts.uri.path() == "/v2/oauth/token";
        is_ours.then(|| {
            let mut unknown = Vec::new();
            Request {
                basic: basic(&parts.headers),
                grant: read_grant(body, &mut unknown),
                unknown,
            }
        })
    }

    /// Who asks, if it is a partner.
    pub(in crate::simulator) fn login(&self) -> Option<&str> {
        Some(&self.basic.as_ref()?.0)
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let bytes = BASE64_STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

fn read_grant(body: &Payload, unknown: &mut Vec<String>) -> Result<Grant, String> {
    let root = match body {
        Payload::Json(Value::Object(root)) => root,
        Payload::Json(_) => return Err("the body must be an object".to_owned()),
        Payload::Absent => return Err("grant_type should not be empty".to_owned()),
        Payload::Unreadable(text) => return Err(text.clone()),
    };
    match text(root, "grant_type")?.as_str() {
        "client_credentials" => {
            let data = part(root, "client_credentials_data", unknown)?;
            note_unknown(data, &["scope"], unknown);
            check_scope(data)?;
            Ok(Grant::Machine)
        }
        "urn:ietf:params:oauth:grant-type:token-exchange" => {
            let data = part(root, "token_exchange_data", unknown)?;
            let known = [
                "subject_token",
                "subject_token_type",
                "requested_subject",
                "scope",
            ];
            note_unknown(data, &known, unknown);
            check_scope(data)?;
            if text(data, "subject_token_type")? != "urn:wazzup:oauth:token-type:machine_token" {
                return Err("subject_token_type must be a machine token's".to_owned());
            }
            let number = text(data, "requested_subject")?;
            if number.is_empty() || !number.bytes().all(|it| it.is_ascii_digit()) {
                return Err("requested_subject must be a number string".to_owned());
            }
            let machine = text(data, "subject_token")?;
            Ok(Grant::Exchange { machine, number })
        }
        "refresh_token" => {
            let is_flat = root.contains_key("refresh_token");
            let data = if is_flat {
                note_unknown(root, &["grant_type", "refresh_token", "client_id"], unknown);
                root
            } else {
                let data = part(root, "refresh_token_data", unknown)?;
                note_unknown(data, &["refresh_token", "client_id"], unknown);
                data
            };
            Ok(Grant::Refresh {
                refresh: text(data, "refresh_token")?,
                client_id: text(data, "client_id").ok(),
                is_flat,
            })
        }
        _ => Err("grant_type must be one of the following values: client_credentials, …".to_owned()),
    }
}

/// The object that carries the fields of the grant, and stands beside its name alone.
fn part<'a>(
    root: &'a Map<String, Value>,
    key: &str,
    unknown: &mut Vec<String>,
) -> Result<&'a Map<String, Value>, String> {
    note_unknown(root, &["grant_type", key], unknown);
    let data = root.get(key).and_then(Value::as_object);
    data.ok_or_else(|| format!("{key} must be an object"))
}

fn text(object: &Map<String, Value>, key: &str) -> Result<String, String> {
    let text = object.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| format!("{key} must be a string"))
}

fn check_scope(data: &Map<String, Value>) -> Result<(), String> {
    match text(data, "scope")?.as_str() {
        "transport,crm" => Ok(()),
        _ => Err("scope must be transport,crm".to_owned()),
    }
}

fn note_unknown(object: &Map<String, Value>, known: &[&str], unknown: &mut Vec<String>) {
    for key in object.keys().filter(|it| !known.contains(&it.as_str())) {
        unknown.push(format!("property {key} should not exist"));
    }
}
