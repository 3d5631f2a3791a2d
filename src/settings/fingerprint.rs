//! Texts that stand for what shapes a plan, to notice that it changed.
//!
//! They hold references and never secrets, are the same for the same settings on every machine, and are
//! meant to be hashed or compared, not to be read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::{AccessRule, AccessSettings, ChannelRef, Channels, RoleMatch};
use super::source::{SourceRead, SourceSettings};
use super::target::{MetaMatch, MetaSettings, Platform, TargetSettings, WazzupCredential};
use super::{AccountSettings, Settings};
use crate::domain::guard::{Limit, Limits};
use crate::source::preset::{Arguments, Preset};

/// Two texts for one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprints {
    /// What decides who is among the employees and under which id: a change may look like a wave of leavers.
    pub removals: String,
    /// Everything that shapes a plan, that included.
    pub plan: String,
}

impl Settings {
    /// The fingerprints of an account.
    pub fn fingerprints(&self, account: &AccountSettings) -> Fingerprints {
        let source = self.source_of(account);
        let removals = source.map(shapes_removals).unwrap_or_default();
        let AccountSettings {
            name: _,
            source: _,
            removal,
            schedule: _,
            limits,
            removal_after,
            park,
            on_drift,
            protected,
            enabled: _,
            target,
            place: _,
        } = account;
        let plan = json!([
            removals,
            source.map(|it| &it.default_region),
            removal.word(),
            shapes_holds(limits),
            removal_after.as_millis().to_string(),
            park.word(),
            on_drift.word(),
            protected,
            shapes_requests(target),
        ]);
        Fingerprints {
            removals: removals.to_string(),
            plan: plan.to_string(),
        }
    }
}

fn shapes_removals(source: &SourceSettings) -> Value {
    let SourceSettings {
        name: _,
        url,
        // Another password reads the same rows.
        password: _,
        read,
        // Shapes phones only.
        default_region: _,
        // A read that exceeds these yields no plan.
        read_timeout: _,
        max_rows: _,
        long_ids,
    } = source;
    let read = match read {
        SourceRead::Query(query) => json!(["query", query]),
        SourceRead::Preset { preset, arguments } => shapes_preset(preset, arguments),
    };
    json!([url.configured(), read, long_ids.word()])
}

/// The queries are part of it, since another version of the program may ask something else by the same name;
/// and the arguments with the defaults among them, for the same reason.
fn shapes_preset(preset: &Preset, arguments: &Arguments) -> Value {
    let arguments: BTreeMap<&str, String> = arguments.iter().collect();
    let queries: Vec<&str> = preset.templates().collect();
    json!(["preset", preset.name, arguments, queries])
}

fn shapes_holds(limits: &Limits) -> Value {
    let Limits {
        removals,
        removals_per_day,
        phone_losses,
        updates,
    } = limits;
    let texts = [removals, removals_per_day, phone_losses, updates].map(|limit| match limit {
        Limit::Percent(share) => format!("{share}%"),
        Limit::Count(count) => count.to_string(),
    });
    json!(texts)
}

fn shapes_requests(target: &TargetSettings) -> Value {
    let kind = target.kind().word();
    let platform = match &target.platform {
        Platform::WazzupV2 { credential, access } => {
            json!([wazzup_credential(credential), access.as_ref().map(shapes_access)])
        }
        Platform::WazzupV3 { token } => json!([token.to_string()]),
        Platform::Wuts {
            token,
            create_users,
            roles,
        } => {
            let roles: BTreeMap<&str, &str> = roles
                .iter()
                .map(|(role, it)| (role.as_str(), it.word()))
                .collect();
            json!([token.to_string(), create_users, roles])
        }
        Platform::Meta(meta) => shapes_meta(meta),
    };
    json!([kind, target.base_url.as_str(), platform])
}

fn wazzup_credential(credential: &WazzupCredential) -> Value {
    match credential {
        WazzupCredential::Token(token) => json!(["token", token.to_string()]),
        WazzupCredential::WhiteLabel {
            login,
            password: _,
            account_id,
        } => json!(["white_label", login.to_string(), account_id]),
        WazzupCredential::OAuth {
            client_id,
            refresh_token,
        } => json!(["oauth", client_id, refresh_token.to_string()]),
    }
}

fn shapes_access(access: &AccessSettings) -> Value {
    let AccessSettings {
        channels,
        notify_supervisors,
        rules,
    } = access;
    let channels = match channels {
        Channels::All => json!("*"),
        Channels::Some(channels) => channels
            .iter()
            .map(|channel| match channel {
                ChannelRef::Id(id) => json!(["id", id]),
                ChannelRef::Name(name) => json!(["name", name]),
            })
            .collect(),
    };
    let rules: Value = rules
        .iter()
        .map(|rule| {
            let AccessRule {
                crm_role,
                role,
                new_clients,
                hide_phones,
            } = rule;
            let crm_role = match crm_role {
                RoleMatch::Any => json!([]),
                RoleMatch::Is(role) => json!([role]),
            };
            json!([crm_role, role.map(|it| it.word()), new_clients, hide_phones])
        })
        .collect();
    json!([channels, notify_supervisors, rules])
}

fn shapes_meta(meta: &MetaSettings) -> Value {
    let MetaSettings {
        token,
        app_secret: _,
        create_users,
        business_id,
        waba_id,
        api_version,
        match_by,
        reassign,
        tasks,
    } = meta;
    let match_by = match match_by {
        MetaMatch::Id => "id",
        MetaMatch::Name => "name",
    };
    json!([
        token.to_string(),
        create_users,
        business_id,
        waba_id,
        api_version,
        match_by,
        reassign,
        tasks
    ])
}
