//! One HTTP request, read into memory and taken apart as far as no state is needed for it.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde_json::Value;

use super::faults::Traits;
use super::record::Rule;
use super::{meta, platform, tokens, wuts};

/// One request to a platform.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path with query.
    pub(super) path: String,
    /// The text of the header `Authorization` after `Bearer`; at Meta, a parameter does as well. From
    /// [`World::authorise`](super::world::World) on, the account that it stands for.
    pub(super) token: Option<String>,
    pub(super) body: Payload,
    pub(super) request: platform::Request,
    /// The request, if its path belongs to WUTS.
    pub(super) wuts: Option<wuts::Request>,
    /// The request, if its path begins with a version of Meta's API.
    pub(super) meta: Option<meta::Request>,
    /// The request, if it asks for tokens.
    pub(super) tokens: Option<tokens::Request>,
    /// Whether `token` was issued here, be it valid or not.
    pub(super) is_issued: bool,
    /// Rules that are broken by what is shown or asked for.
    pub(super) broken: Vec<(Rule, String)>,
}

/// A request's body.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    /// No body, or one that doesn't say that it is JSON: the platform's framework ignores it.
    Absent,
    /// Not JSON, with the parser's complaint.
    Unreadable(String),
    Json(Value),
}

impl Call {
    pub(super) fn read(parts: &Parts, body: &Bytes) -> Call {
        let meta = meta::Request::read(parts, body);
        let raw = body;
        let body = payload(&parts.headers, raw);
        let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
        let wuts = wuts::Request::read(&parts.method, &parts.uri, &body);
        Call {
            method: parts.method.clone(),
            path: path.to_owned(),
            token: match &wuts {
                Some(_) => wuts::token(&parts.headers),
                None => bearer(&parts.headers).or_else(|| meta.as_ref()?.token().map(str::to_owned)),
            },
            wuts,
            request: platform::Request::read(&parts.method, &parts.uri, &body, raw),
            tokens: tokens::Request::read(parts, &body),
            is_issued: false,
            broken: Vec::new(),
            body,
            meta,
        }
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether its platform issues tokens: Wazzup v2 alone does.
    pub(super) fn takes_issued_tokens(&self) -> bool {
        let is_wazzup = self.wuts.is_none() && self.meta.is_none();
        is_wazzup && matches!(self.request, platform::Request::WazzupV2(_))
    }

    /// The users that the request names, as often as it does.
    pub(super) fn user_ids(&self) -> Vec<String> {
        match (&self.wuts, &self.meta) {
            (Some(request), _) => request.user_ids(),
            (None, Some(request)) => request.user_ids(),
            (None, None) => self.request.user_ids(),
        }
    }

    /// The phones that the request gives to users.
    pub(super) fn phones(&self) -> Vec<String> {
        match (&self.wuts, &self.meta) {
            (None, None) => self.request.phones(),
            _ => Vec::new(),
        }
    }

    pub(super) fn traits<'a>(&'a self, user_ids: &'a [String]) -> Traits<'a> {
        Traits {
            method: self.method.as_str(),
            path: &self.path,
            account: self.token.as_deref(),
            users: user_ids,
        }
    }
}

fn payload(headers: &HeaderMap, body: &Bytes) -> Payload {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.starts_with("application/json"));
    if !is_json || body.is_empty() {
        return Payload::Absent;
    }
    match serde_json::from_slice(body) {
        Ok(value) => Payload::Json(value),
        Err(err) => Payload::Unreadable(err.to_string()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

/// The text with `%XX` replaced by its bytes; broken escapes stay as they are.
pub(super) fn percent_decode(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .and_then(|it| std::str::from_utf8(it).ok())
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_and_broken_ones_stay() {
        assert_eq!(percent_decode("a%2Fb%20c+d"), "a/b c+d");
        assert_eq!(percent_decode("%D0%98"), "И");
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%4"), "%zz%4");
    }
}
