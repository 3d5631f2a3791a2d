//! Requests as they come over the wire, taken apart with all complaints that need no state.
//!
//! Parameters come in the query or in a form; the platform makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Method, Uri, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// A request under a path that begins with a version.
#[derive(Clone, Debug)]
pub(in crate::simulator) struct Request {
    pub(super) endpoint: Endpoint,
    pub(super) version: String,
    pub(super) host: String,
    pub(super) params: BTreeMap<String, String>,
    /// Those of the form alone.
    form: Map<String, Value>,
    /// What is wrong with the body.
    pub(super) malformed: Option<String>,
}

/// What is asked for, with the ids of the path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Endpoint {
    Me,
    User(String),
    SystemUsers(String),
    CreateSystemUser(String),
    AssignedUsers(String),
    Assign(String),
    Unassign(String),
    /// Method and path.
    Unknown(String),
}

impl Request {
    /// `None` if the path doesn't begin with a version: then it is another platform's.
    pub(in crate::simulator) fn read(parts: &Parts, body: &Bytes) -> Option<Request> {
        let mut segments = parts.uri.path().trim_start_matches('/').split('/');
        let version = segments.next().filter(|it| is_version(it))?.to_owned();
        let segments: Vec<&str> = segments.collect();
        let (form, malformed) = read_form(parts, body);
        let mut params = pairs(parts.uri.query().unwrap_or_default().as_bytes());
        params.extend(
            form.iter()
                .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())),
        );
        Some(Request {
            endpoint: endpoint(&parts.method, &parts.uri, &segments),
            version,
            host: host(parts),
            params,
            form,
            malformed,
        })
    }

    /// The form as an object, `null` if there was none.
    pub(in crate::simulator) fn form(&self) -> Value {
        match self.form.is_empty() {
            true => Value::Null,
            false => Value::Object(self.form.clone()),
        }
    }

    /// The token, where it is a parameter.
    pub(in crate::simulator) fn token(&self) -> Option<&str> {
        self.param("access_token")
    }

    /// The users that the request names.
    pub(in crate::simulator) fn user_ids(&self) -> Vec<String> {
        let named = match &self.endpoint {
            Endpoint::User(id) => Some(id.as_str()),
            Endpoint::CreateSystemUser(_) => self.param("system_user_id"),
            Endpoint::Assign(_) | Endpoint::Unassign(_) => self.param("user"),
            Endpoint::Me | Endpoint::SystemUsers(_) | Endpoint::AssignedUsers(_) | Endpoint::Unknown(_) => {
                None
            }
        };
        named.map(str::to_owned).into_iter().collect()
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// The parameter `limit`, if it is there.
    pub(super) fn limit(&self) -> Option<Result<usize, String>> {
        let limit = self.param("limit")?;
        let number = limit.parse::<usize>().ok().filter(|it| (1..=100).contains(it));
        Some(number.ok_or_else(|| format!("limit {limit:?} is not within 1 and 100")))
    }

    /// The parameter `tasks`: a list of 1 to 16 texts, as JSON or as the guide writes it.
    pub(super) fn tasks(&self) -> Result<BTreeSet<String>, String> {
        let text = self.param("tasks").ok_or("The parameter tasks is required")?;
        let list: Vec<String> = serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&text.replace('\'', "\"")))
            .map_err(|_| "(#100) Param tasks must be an array".to_owned())?;
        match list.len() {
            1..=16 => Ok(list.into_iter().collect()),
            n => Err(format!("(#100) Param tasks must have 1 to 16 elements, not {n}")),
        }
    }
}

/// `v25.0`: nothing shorter, so that `/v2/` and `/v3/` stay another platform's.
fn is_version(segment: &str) -> bool {
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    segment
        .strip_prefix('v')
        .and_then(|it| it.split_once('.'))
        .is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn endpoint(method: &Method, uri: &Uri, segments: &[&str]) -> Endpoint {
    let id = |it: &str| it.to_owned();
    match (method.as_str(), segments) {
        ("GET", ["me"]) => Endpoint::Me,
        ("GET", [user]) if !user.is_empty() => Endpoint::User(id(user)),
        ("GET", [business, "system_users"]) => Endpoint::SystemUsers(id(business)),
        ("POST", [business, "system_users"]) => Endpoint::CreateSystemUser(id(business)),
        ("GET", [waba, "assigned_users"]) => Endpoint::AssignedUsers(id(waba)),
        ("POST", [waba, "assigned_users"]) => Endpoint::Assign(id(waba)),
        ("DELETE", [waba, "assigned_users"]) => Endpoint::Unassign(id(waba)),
        _ => Endpoint::Unknown(format!("{method} {}", uri.path())),
    }
}

fn read_form(parts: &Parts, body: &Bytes) -> (Map<String, Value>, Option<String>) {
    if body.is_empty() {
        return (Map::new(), None);
    }
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|it| it.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return (
            Map::new(),
            Some(format!("a body of type {content_type:?} is no form")),
        );
    }
    let form = pairs(body).into_iter();
    (
        form.map(|(key, value)| (key, Value::String(value))).collect(),
        None,
    )
}

fn pairs(encoded: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(encoded).into_owned().collect()
}

fn host(parts: &Parts) -> String {
    let header = parts.headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let named = header.or_else(|| parts.uri.authority().map(|it| it.as_str()));
    named.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: &str, uri: &str, body: &'static str) -> Option<Request> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(uri)
            .header("host", "h:1")
            .header("content-type", "application/x-www-form-urlencoded");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Request::read(&parts, &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn only_a_whole_version_is_metas() {
        for path in [
            "/v2/users",
            "/v3/users",
            "/v25/me",
            "/v25.x/me",
            "/",
            "/v.0/me",
            "/users",
        ] {
            assert!(read("GET", path, "").is_none(), "{path}");
        }
        let request = read("GET", "/v25.0/me?fields=id", "").unwrap();
        assert_eq!(
            (request.endpoint, request.version.as_str()),
            (Endpoint::Me, "v25.0")
        );
    }

    #[test]
    fn parameters_come_from_query_and_form() {
        let request = read(
            "POST",
            "/v25.0/7/assigned_users?user=5",
            "tasks=%5B%22MANAGE%22%5D",
        )
        .unwrap();
        assert_eq!(request.endpoint, Endpoint::Assign("7".to_owned()));
        assert_eq!(request.user_ids(), ["5"]);
        assert_eq!(request.tasks(), Ok(BTreeSet::from(["MANAGE".to_owned()])));
        assert_eq!(request.form(), serde_json::json!({"tasks": "[\"MANAGE\"]"}));
    }

    #[test]
    fn tasks_are_a_list_of_one_to_sixteen() {
        let tasks = |text: &'static str| read("POST", "/v25.0/7/assigned_users", text).unwrap().tasks();
        assert!(tasks("tasks=['MANAGE']").is_ok());
        for wrong in ["", "tasks=[]", "tasks=MANAGE", "tasks=[1]"] {
            assert!(tasks(wrong).is_err(), "{wrong}");
        }
    }
}
