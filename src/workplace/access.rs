//! What the settings say of rights, in the words of the domain.

use super::{grants_of, key_of};
use crate::domain::access::{ChannelChoice, ChannelRef, Policy, Rights, Role, RoleMatch, Rule};
use crate::domain::identity::Key;
use crate::domain::table::Column;
use crate::settings::{self, AccessRule, AccessSettings, AccountSettings, ChannelRole, Platform};

/// What users of the account may do on channels, by role in the CRM; `None` where that is not managed.
pub(super) fn access_of(account: &AccountSettings) -> Option<Policy> {
    let Platform::WazzupV2 { access, .. } = &account.target.platform else {
        return None;
    };
    let AccessSettings {
        channels,
        notify_supervisors,
        rules,
    } = access.as_ref()?;
    Some(Policy {
        channels: match channels {
            settings::Channels::All => ChannelChoice::All,
            settings::Channels::Some(refs) => ChannelChoice::Some(refs.iter().map(channel).collect()),
        },
        notify_supervisors: *notify_supervisors,
        rules: rules.iter().map(rule).collect(),
    })
}

fn channel(channel: &settings::ChannelRef) -> ChannelRef {
    match channel {
        settings::ChannelRef::Id(id) => ChannelRef::Id(id.clone()),
        settings::ChannelRef::Name(name) => ChannelRef::Name(name.clone()),
    }
}

fn rule(rule: &AccessRule) -> Rule {
    let AccessRule {
        crm_role,
        role,
        new_clients,
        hide_phones,
    } = rule;
    Rule {
        crm_role: match crm_role {
            settings::RoleMatch::Any => RoleMatch::Any,
            settings::RoleMatch::Is(role) => RoleMatch::Is(role.clone()),
        },
        rights: Rights {
            role: role.map(|it| match it {
                ChannelRole::Seller => Role::Seller,
                ChannelRole::Manager => Role::Manager,
                ChannelRole::Auditor => Role::Auditor,
            }),
            new_clients: *new_clients,
            hide_phones: *hide_phones,
        },
    }
}

/// Columns without which the account can't be kept in sync as configured, beside those that all need.
pub(super) fn needed_columns(account: &AccountSettings) -> Vec<Column> {
    let email = (key_of(account) == Key::Email).then_some(Column::Email);
    // A rule for everybody asks for no role.
    let asks = |it: &Rule| matches!(it.crm_role, RoleMatch::Is(_));
    let has_rules = access_of(account).is_some_and(|it| it.rules.iter().any(asks));
    let has_grants = grants_of(account).is_some_and(|it| !it.by_role.is_empty());
    let role = (has_rules || has_grants).then_some(Column::Role);
    email.into_iter().chain(role).collect()
}
