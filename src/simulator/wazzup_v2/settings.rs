//! `/v2/settings` and `/v2/channels`: one document with the rights of everybody in an account.
//!
//! Rows are kept as the texts that came, so that a test can tell whether a client gave back byte for byte what
//! it had no business with.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::switches::{RolesRule, SettingsEffect, SettingsSwitches, UnknownRow};
use super::{LIMITS, success};
use crate::simulator::account::{Account, UserMap};
use crate::simulator::call::percent_decode;
use crate::simulator::record::Rule;
use crate::simulator::reply::Reply;
use crate::simulator::switches::Envelope;
use crate::simulator::wazzup::{Code, Now, Problem};
use crate::simulator::world::World;

/// The rights of everybody.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimSettings {
    /// Roles on channels, each as the JSON text that came.
    pub user_roles: Vec<SimRole>,
    /// From whom phones of clients are hidden.
    pub hide_phone_numbers_for_user_ids: Vec<String>,
    /// Whether supervisors are notified of all chats.
    pub push_input_output_message_events_for_managers: bool,
}

/// One role, as its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimRole(pub String);

impl SimRole {
    /// A role as the documents show it.
    pub fn new(channel: &str, user: &str, role: &str, new_clients: bool) -> SimRole {
        SimRole(format!(
            r#"{{"channel_id":{},"user_id":{},"role":"{role}","allow_get_new_clients":{new_clients}}}"#,
            json!(channel),
            json!(user)
        ))
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// Whose row it is.
    pub fn user(&self) -> String {
        self.value()["user_id"].as_str().unwrap_or_default().to_owned()
    }

    /// What the user may do there.
    pub fn role(&self) -> String {
        self.value()["role"].as_str().unwrap_or_default().to_owned()
    }

    /// On which channel.
    pub fn channel(&self) -> String {
        self.value()["channel_id"].as_str().unwrap_or_default().to_owned()
    }
}

impl Serialize for SimRole {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.clone());
        raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SimRole {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<SimRole, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(SimRole(raw.get().to_owned()))
    }
}

/// A channel as the platform lists it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimChannel {
    /// Its key.
    pub channel_id: String,
    /// What people call it; neither promised nor unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Such as `active`; a removed one may still be listed.
    #[serde(default = "active")]
    pub status: String,
}

fn active() -> String {
    "active".to_owned()
}

impl SimChannel {
    /// An active channel.
    pub fn new(id: &str, name: &str) -> SimChannel {
        SimChannel {
            channel_id: id.to_owned(),
            name: Some(name.to_owned()),
            status: active(),
        }
    }
}

impl Account {
    pub(in crate::simulator) fn settings(&self) -> &Arc<SimSettings> {
        self.settings.now()
    }

    pub(in crate::simulator) fn set_settings(&mut self, settings: SimSettings, now_ms: u64, lag_ms: u64) {
        self.settings.set(settings, now_ms, lag_ms);
    }

    /// The settings as they were `lag_ms` ago.
    pub(in crate::simulator) fn settings_as_seen(&self, now_ms: u64, lag_ms: u64) -> &Arc<SimSettings> {
        self.settings.as_seen(now_ms, lag_ms)
    }
}

impl World {
    /// An administrator's hand: what users may do, and on which channels. Makes the account if need be.
    pub(in crate::simulator) fn put_settings(
        &mut self,
        token: &str,
        settings: Option<SimSettings>,
        channels: Option<Vec<SimChannel>>,
    ) {
        let (now_ms, lag_ms) = (self.clock.now_ms(), self.switches.read_lag_ms);
        let account = self.accounts.entry(token.to_owned()).or_default();
        if let Some(settings) = settings {
            account.set_settings(settings, now_ms, lag_ms);
        }
        if let Some(channels) = channels {
            account.channels = channels;
        }
    }
}

/// A request to the settings or the channels.
#[derive(Clone, Debug)]
pub(in crate::simulator) enum Request {
    Read,
    /// The document with the size of its body, or what is wrong with it.
    Write(Result<SimSettings, String>, usize),
    Channels,
    Channel(String),
}

/// The request at the path below `/v2`, if it is one of these.
pub(in crate::simulator) fn read(method: &Method, below: &[&str], body: &[u8]) -> Option<Request> {
    match (method.as_str(), below) {
        ("GET", ["settings"]) => Some(Request::Read),
        ("PATCH", ["settings"]) => {
            let document = serde_json::from_slice(body).map_err(|error| error.to_string());
            Some(Request::Write(document, body.len()))
        }
        ("GET", ["channels"]) => Some(Request::Channels),
        ("GET", ["channels", id]) if !id.is_empty() => Some(Request::Channel(percent_decode(id))),
        _ => None,
    }
}

/// Lets the request have its effect on the account, and answers it.
pub(in crate::simulator) fn answer(
    request: &Request,
    account: Option<&mut Account>,
    now: &mut Now<'_>,
) -> Reply {
    let answered = match (request, account) {
        (_, None) => Err(Problem::new(Code::Unauthorized, "Unauthorized")),
        (Request::Read, Some(account)) => show(account, now),
        (Request::Write(document, n_bytes), Some(account)) => write(document, *n_bytes, account, now),
        (Request::Channels, Some(account)) => Ok(success(StatusCode::OK, json!(account.channels), now)),
        (Request::Channel(id), Some(account)) => {
            let found = account.channels.iter().find(|it| it.channel_id == *id);
            let absent = || Problem::new(Code::NotFound, "Channel not found");
            found
                .ok_or_else(absent)
                .map(|it| success(StatusCode::OK, json!(it), now))
        }
    };
    answered.unwrap_or_else(|problem| problem.reply(&LIMITS, now.switches, now.seq))
}

fn show(account: &Account, now: &Now<'_>) -> Result<Reply, Problem> {
    if now.switches.settings.forbid_reads {
        return Err(Problem::new(Code::Forbidden, "Forbidden"));
    }
    Ok(shown(
        account.settings_as_seen(now.now_ms, now.switches.read_lag_ms),
        now,
    ))
}

/// The document as an answer. Written by hand, since a detour over values would not keep the bytes of rows.
fn shown(settings: &SimSettings, now: &Now<'_>) -> Reply {
    let switches = &now.switches.settings;
    let rows: Vec<&str> = settings.user_roles.iter().map(|it| it.0.as_str()).collect();
    let hidden = &settings.hide_phone_numbers_for_user_ids;
    let hidden = if hidden.is_empty() && switches.omit_empty_hidden {
        String::new()
    } else {
        format!(r#""hide_phone_numbers_for_user_ids":{},"#, json!(hidden))
    };
    let document = format!(
        r#"{{"user_roles":[{}],{hidden}"push_input_output_message_events_for_managers":{}}}"#,
        rows.join(","),
        settings.push_input_output_message_events_for_managers
    );
    let meta = json!({"timestamp": now.unix_seconds});
    let body = match switches.envelope {
        Envelope::Bare => document,
        Envelope::Full => format!(r#"{{"data":{document},"meta":{meta}}}"#),
        Envelope::MetaOnly => format!(r#"{{"meta":{meta}}}"#),
    };
    Reply::text(StatusCode::OK, body)
}

fn write(
    document: &Result<SimSettings, String>,
    n_bytes: usize,
    account: &mut Account,
    now: &mut Now<'_>,
) -> Result<Reply, Problem> {
    let switches = &now.switches.settings;
    if switches.max_body_bytes.is_some_and(|max| n_bytes > max) {
        return Err(Problem::new(Code::TooLarge, "request entity too large"));
    }
    if switches.forbid_writes {
        return Err(Problem::new(Code::Forbidden, "Forbidden"));
    }
    let invalid = |text: &str| Problem::new(Code::InvalidSettings, text);
    let document = document.as_ref().map_err(|text| invalid(text))?;
    let before = account.settings();
    let rows = accepted(document, before, account, switches).map_err(|text| invalid(&text))?;
    let mut after = SimSettings {
        user_roles: match switches.roles {
            RolesRule::Replace => rows,
            RolesRule::Merge => merged(&before.user_roles, rows),
        },
        ..document.clone()
    };
    match switches.effect {
        SettingsEffect::Whole => {}
        SettingsEffect::HalfOfNews => {
            let is_new = |it: &&SimRole| !before.user_roles.contains(it);
            let n_new = after.user_roles.iter().filter(is_new).count();
            let mut n_seen = 0;
            after.user_roles.retain(|it| {
                n_seen += usize::from(!before.user_roles.contains(it));
                before.user_roles.contains(it) || n_seen <= n_new / 2
            });
        }
        SettingsEffect::None => after = SimSettings::clone(before),
    }
    now.had_effect = after != **before;
    account.set_settings(after, now.now_ms, now.switches.read_lag_ms);
    Ok(shown(account.settings(), now))
}

/// The rows that the platform takes, or why it takes none.
fn accepted(
    document: &SimSettings,
    before: &SimSettings,
    account: &Account,
    switches: &SettingsSwitches,
) -> Result<Vec<SimRole>, String> {
    let mut rows = Vec::new();
    for (idx, row) in document.user_roles.iter().enumerate() {
        let (value, user, channel) = (row.value(), row.user(), row.channel());
        if switches.refuse_unknown_properties {
            let known = ["channel_id", "user_id", "role", "allow_get_new_clients"];
            let keys = value.as_object().into_iter().flat_map(|it| it.keys());
            if let Some(key) = keys.into_iter().find(|it| !known.contains(&it.as_str())) {
                return Err(format!("user_roles.{idx}.property {key} should not exist"));
            }
        }
        if switches.refused_users.contains(&user) && !before.user_roles.contains(row) {
            return Err(format!("user_roles.{idx}.user_id must be another one"));
        }
        let has_user = account.users().contains_key(&user);
        let has_channel = account.channels.iter().any(|it| it.channel_id == channel);
        let rules = [
            (has_user, switches.unknown_user, "user"),
            (has_channel, switches.unknown_channel, "channel"),
        ];
        let broken = rules.into_iter().filter(|(is_there, ..)| !is_there);
        let mut is_dropped = false;
        for (_, rule, what) in broken {
            match rule {
                UnknownRow::Accept => {}
                UnknownRow::Refuse => return Err(format!("user_roles.{idx}.{what}_id is unknown")),
                UnknownRow::Drop => is_dropped = true,
            }
        }
        if !is_dropped {
            rows.push(row.clone());
        }
    }
    Ok(rows)
}

fn merged(before: &[SimRole], rows: Vec<SimRole>) -> Vec<SimRole> {
    let key = |it: &SimRole| (it.user(), it.channel());
    let named: BTreeSet<(String, String)> = rows.iter().map(key).collect();
    let stay = before.iter().filter(|it| !named.contains(&key(it)));
    stay.cloned().chain(rows).collect()
}

/// Rows of users who are gone go too, where the platform does that.
pub(super) fn forget_absent(account: &mut Account, now: &Now<'_>) {
    if !now.switches.settings.rows_vanish_with_users {
        return;
    }
    let users = Arc::<UserMap>::clone(account.users());
    let mut settings = SimSettings::clone(account.settings());
    settings.user_roles.retain(|it| users.contains_key(&it.user()));
    let hidden = &mut settings.hide_phone_numbers_for_user_ids;
    hidden.retain(|it| users.contains_key(it));
    account.set_settings(settings, now.now_ms, now.switches.read_lag_ms);
}

/// Adds the rules that the request breaks, judged by the state on its arrival.
pub(in crate::simulator) fn audit(request: &Request, account: &Account, broken: &mut Vec<(Rule, String)>) {
    let Request::Write(document, _) = request else {
        return;
    };
    let document = match document {
        Ok(document) => document,
        Err(text) => return broken.push((Rule::DocumentedShape, text.clone())),
    };
    let before = account.settings();
    let of = |settings: &SimSettings, id: &String| {
        let rows = settings.user_roles.iter().filter(|it| it.user() == *id);
        let is_hidden = settings.hide_phone_numbers_for_user_ids.contains(id);
        (rows.cloned().collect::<Vec<SimRole>>(), is_hidden)
    };
    for id in &account.protected {
        if of(document, id) != of(before, id) {
            broken.push((Rule::ProtectedUser, format!("rights of user {id:?} are others")));
        }
    }
    let mut seen = BTreeSet::new();
    let known = ["seller", "manager", "auditor"];
    for row in &document.user_roles {
        let is_old = before.user_roles.contains(row);
        let value = row.value();
        if !is_old && !seen.insert((row.user(), row.channel())) {
            broken.push((Rule::IdOnce, format!("two rows: {}", row.0)));
        }
        if !is_old && !value["role"].as_str().is_some_and(|it| known.contains(&it)) {
            broken.push((Rule::DocumentedShape, format!("no role: {}", row.0)));
        }
    }
}
