//! `GET` and `PATCH /v2/settings`: roles on channels, hidden numbers, notified supervisors, of everybody.
//!
//! The documents are silent about whether a PATCH replaces the set of roles or merges it; an integrator says
//! that it replaces. So what is sent is always the whole, made from what was just read, and the row of
//! somebody else goes back byte for byte.

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::Answer;
use super::super::access::{ReadAccess, WriteAccess};
use super::super::client::Call;
use super::super::wazzup::to_json;
use super::WazzupV2;
use crate::domain::access::{Channel, ChannelId, Document, RoleRow};
use crate::domain::user::UserId;

/// As documented.
pub(super) const PATH: &str = "/v2/settings";

#[async_trait]
impl ReadAccess for WazzupV2 {
    async fn channels(&self) -> Result<Vec<Channel>, Answer> {
        self.list_channels().await
    }

    async fn has_channel(&self, id: &ChannelId) -> Result<bool, Answer> {
        self.find_channel(id).await
    }

    async fn read_access(&self) -> Result<Document, Answer> {
        let reply = self.users.read(self.settings.clone(), PATH, 0).await?;
        read(&reply.body).map_err(|why| self.users.unreadable(&reply, why))
    }

    fn describe_access(&self) -> (&'static str, &'static str) {
        ("PATCH", PATH)
    }
}

#[async_trait]
impl WriteAccess for WazzupV2 {
    async fn write_access(&self, document: &Document) -> Answer {
        let call = Call {
            method: Method::PATCH,
            url: self.settings.clone(),
            path: PATH,
            body: Some(to_json(&Body::of(document))),
            n_users: document.rows.len(),
        };
        self.users.write(call).await
    }
}

/// A text that may come as a number; null, absent and everything else is none.
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(super) enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Other(serde::de::IgnoredAny),
    #[default]
    #[serde(skip)]
    Absent,
}

impl Scalar {
    /// The text, if there is more to it than white space.
    pub(super) fn filled(self) -> Option<String> {
        let text = match self {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Other(_) | Scalar::Absent => return None,
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

/// The body without a byte-order mark.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The settings in an answer.
#[derive(Deserialize)]
struct Settings<'a> {
    /// Each as it is written: what is somebody else's goes back unchanged.
    #[serde(borrow)]
    user_roles: Vec<&'a RawValue>,
    #[serde(default)]
    hide_phone_numbers_for_user_ids: Option<Vec<Scalar>>,
    #[serde(default)]
    push_input_output_message_events_for_managers: Option<bool>,
}

/// The envelope that all other answers have; the documents show this one without it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Settings<'a>,
}

/// One role, as far as it can be understood.
#[derive(Deserialize)]
struct Row {
    channel_id: Scalar,
    user_id: Scalar,
    role: Scalar,
    #[serde(default)]
    allow_get_new_clients: Option<bool>,
}

/// Reads the body of an answer. Strict about what is there: whatever was not read would be written away.
fn read(body: &[u8]) -> Result<Document, &'static str> {
    let body = without_mark(body);
    let settings = serde_json::from_slice(body).map(|Envelope { data }| data);
    let settings: Settings<'_> = settings
        .or_else(|_| serde_json::from_slice(body))
        .map_err(|_| "no settings where they should be")?;
    let hidden = settings.hide_phone_numbers_for_user_ids.map(|ids| {
        let ids = ids.into_iter().map(|it| it.filled().map(Arc::from));
        ids.collect::<Option<Vec<Arc<str>>>>()
            .ok_or("an id that is none among those from whom phones are hidden")
    });
    Ok(Document {
        rows: settings.user_roles.into_iter().map(row).collect(),
        hidden: hidden.transpose()?,
        notify_supervisors: settings.push_input_output_message_events_for_managers,
    })
}

fn row(raw: &RawValue) -> RoleRow {
    let read = serde_json::from_str(raw.get()).ok();
    let parts = read.and_then(|row: Row| {
        let parts = (
            row.channel_id.filled()?,
            row.user_id.filled()?,
            row.role.filled()?,
        );
        Some((parts, row.allow_get_new_clients.unwrap_or(false)))
    });
    let ((channel, user, role), new_clients) = parts.unwrap_or_default();
    RoleRow {
        channel: ChannelId(channel.into()),
        user: UserId::new(user),
        role: role.into(),
        new_clients,
        raw: Some(raw.get().into()),
    }
}

/// The body of a PATCH.
#[derive(Serialize)]
struct Body<'a> {
    user_roles: Vec<Role<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hide_phone_numbers_for_user_ids: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_input_output_message_events_for_managers: Option<bool>,
}

/// One role in it.
#[derive(Serialize)]
#[serde(untagged)]
enum Role<'a> {
    AsRead(&'a RawValue),
    Ours {
        channel_id: &'a str,
        user_id: &'a str,
        role: &'a str,
        allow_get_new_clients: bool,
    },
}

impl Body<'_> {
    fn of(document: &Document) -> Body<'_> {
        let hidden = document.hidden.as_ref();
        Body {
            user_roles: document.rows.iter().map(Role::of).collect(),
            hide_phone_numbers_for_user_ids: hidden.map(|ids| ids.iter().map(|it| &**it).collect()),
            push_input_output_message_events_for_managers: document.notify_supervisors,
        }
    }
}

impl Role<'_> {
    fn of(row: &RoleRow) -> Role<'_> {
        let raw = row.raw.as_deref().and_then(|raw| serde_json::from_str(raw).ok());
        raw.map_or(
            Role::Ours {
                channel_id: row.channel.as_str(),
                user_id: row.user.as_str(),
                role: &row.role,
                allow_get_new_clients: row.new_clients,
            },
            Role::AsRead,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: &str = r#"[{"channel_id" : "c1","user_id":"7","role":"seller",
        "allow_get_new_clients":true, "since": 1.50},
        {"channel_id":"c1","user_id":8,"role":"owner","allow_get_new_clients":false}, "what is this", {"user_id":"9"}]"#;

    fn written(document: &Document) -> String {
        String::from_utf8(to_json(&Body::of(document)).to_vec()).unwrap()
    }

    #[test]
    fn settings_are_found_with_and_without_the_envelope() {
        let bare = format!(
            r#"{{"user_roles":{ROWS},"hide_phone_numbers_for_user_ids":["7",8],
            "push_input_output_message_events_for_managers":true,"later":{{}}}}"#
        );
        let wrapped = format!(r#"{{"data":{bare},"meta":{{"timestamp":1}}}}"#);
        let document = read(bare.as_bytes()).unwrap();
        assert_eq!(document, read(wrapped.as_bytes()).unwrap());
        let users: Vec<&str> = document.rows.iter().map(|it| it.user.as_str()).collect();
        assert_eq!(users, ["7", "8", "", ""]);
        assert_eq!(&*document.rows[1].role, "owner");
        assert!(document.rows[0].new_clients && !document.rows[1].new_clients);
        assert_eq!(document.hidden, Some(vec!["7".into(), "8".into()]));
        assert_eq!(document.notify_supervisors, Some(true));
    }

    #[test]
    fn what_was_read_is_written_byte_for_byte() {
        let body =
            format!(r#"{{"user_roles":{ROWS},"push_input_output_message_events_for_managers":false}}"#);
        let text = written(&read(body.as_bytes()).unwrap());
        for row in [
            "{\"channel_id\" : \"c1\",\"user_id\":\"7\",\"role\":\"seller\",\n        \"allow_get_new_clients\":true, \"since\": 1.50}",
            r#"{"channel_id":"c1","user_id":8,"role":"owner","allow_get_new_clients":false}"#,
            "\"what is this\"",
            r#"{"user_id":"9"}"#,
        ] {
            assert!(text.contains(row), "{row} is not in {text}");
        }
        assert!(!text.contains("hide_phone"), "{text}");
    }

    #[test]
    fn our_own_row_has_the_documented_fields() {
        let row = RoleRow {
            channel: "c1".into(),
            user: "a \"b\"".into(),
            role: "seller".into(),
            new_clients: true,
            raw: None,
        };
        let document = Document {
            rows: vec![row],
            hidden: Some(vec![]),
            notify_supervisors: None,
        };
        assert_eq!(
            written(&document),
            r#"{"user_roles":[{"channel_id":"c1","user_id":"a \"b\"","role":"seller","allow_get_new_clients":true}],"hide_phone_numbers_for_user_ids":[]}"#
        );
    }

    #[test]
    fn what_is_no_settings_is_never_taken_for_empty_ones() {
        for body in [
            "",
            "{}",
            "null",
            "[]",
            r#"{"user_roles":null}"#,
            r#"{"user_roles":{}}"#,
            r#"{"meta":{"timestamp":1}}"#,
            r#"{"data":{},"meta":{}}"#,
            r#"{"user_roles":[],"hide_phone_numbers_for_user_ids":[null]}"#,
            r#"{"user_roles":[],"hide_phone_numbers_for_user_ids":{}}"#,
            r#"{"user_roles":[],"push_input_output_message_events_for_managers":"yes"}"#,
            r#"{"user_roles":["#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
