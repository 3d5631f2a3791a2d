//! What users may do on a platform, by their role in the CRM: `[accounts.access]` (wazzup-v2),
//! `[accounts.roles]` (wuts) and `[accounts.tasks]` (meta).

use std::collections::{BTreeMap, BTreeSet};

use super::section::{Section, parse_word};

pub(super) const ACCESS_KEYS: &[&str] = &["channels", "notify_supervisors", "rules"];
pub(super) const RULE_KEYS: &[&str] = &["crm_role", "role", "new_clients", "hide_phones"];

/// The word that stands for all channels or all other roles.
const ANY: &str = "*";

/// Most tasks that the platform takes for one user.
const MAX_TASKS: usize = 16;

/// Roles on channels.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessSettings {
    /// The channels whose rows are managed.
    pub channels: Channels,
    /// Whether supervisors are notified of all chats; `None` leaves it as it is.
    pub notify_supervisors: Option<bool>,
    /// The first that matches wins.
    pub rules: Vec<AccessRule>,
}

/// Some channels or all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Channels {
    /// `["*"]`.
    All,
    /// These.
    Some(Vec<ChannelRef>),
}

/// A way to name a channel.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ChannelRef {
    /// The platform's id of it.
    Id(String),
    /// `name:…`: its name, if only one channel bears it.
    Name(String),
}

/// What users of a role of the CRM may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessRule {
    /// Whom it is for.
    pub crm_role: RoleMatch,
    /// What they are on each managed channel; `None` for no row at all.
    pub role: Option<ChannelRole>,
    /// Whether they get first messages of new clients.
    pub new_clients: bool,
    /// Whether phones of clients are hidden from them.
    pub hide_phones: bool,
}

/// Which roles of the CRM are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RoleMatch {
    /// All, also none.
    Any,
    /// Exactly this one.
    Is(String),
}

/// Roles of Wazzup.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChannelRole {
    /// Own clients.
    Seller,
    /// All clients.
    Manager,
    /// All clients, reading only.
    Auditor,
}

impl ChannelRole {
    /// The word in the configuration and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            ChannelRole::Seller => "seller",
            ChannelRole::Manager => "manager",
            ChannelRole::Auditor => "auditor",
        }
    }
}

/// Reads `[accounts.access]`.
pub(super) fn read_access(section: &Section<'_>) -> AccessSettings {
    section.need("channels", "the ids of the channels that are managed, or [\"*\"]");
    let names = section.list("channels").unwrap_or_default();
    let channels = if names.iter().any(|it| it == ANY) {
        if names.len() > 1 {
            section.problem("channels", "\"*\" means all channels, so it stands alone");
        }
        Channels::All
    } else {
        Channels::Some(names.iter().map(|it| channel(it)).collect())
    };
    if channels == Channels::Some(Vec::new()) && section.has("channels") {
        section.problem("channels", "expected at least one channel, or [\"*\"]");
    }
    section.need("rules", "at least one [[accounts.access.rules]]");
    let rules = section.tables("rules", RULE_KEYS);
    AccessSettings {
        channels,
        notify_supervisors: section.flag("notify_supervisors"),
        rules: rules.iter().filter_map(read_rule).collect(),
    }
}

fn channel(text: &str) -> ChannelRef {
    match text.strip_prefix("name:") {
        Some(name) => ChannelRef::Name(name.trim().to_owned()),
        None => ChannelRef::Id(text.to_owned()),
    }
}

fn read_rule(section: &Section<'_>) -> Option<AccessRule> {
    const ROLES: [(&str, Option<ChannelRole>); 4] = [
        ("seller", Some(ChannelRole::Seller)),
        ("manager", Some(ChannelRole::Manager)),
        ("auditor", Some(ChannelRole::Auditor)),
        ("none", None),
    ];
    section.need("crm_role", "the role in the CRM, or \"*\" for all");
    section.need("role", "seller, manager, auditor or none");
    let crm_role = section.text("crm_role").map(role_match);
    let role = section.word("role", &ROLES);
    let new_clients = section.flag("new_clients").unwrap_or(false);
    let hide_phones = section.flag("hide_phones").unwrap_or(false);
    Some(AccessRule {
        crm_role: crm_role?,
        role: role?,
        new_clients,
        hide_phones,
    })
}

fn role_match(text: &str) -> RoleMatch {
    match text {
        ANY => RoleMatch::Any,
        role => RoleMatch::Is(role.to_owned()),
    }
}

/// Roles of WUTS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WutsRole {
    /// Own data.
    User,
    /// Devices, reports, some user work.
    Manager,
    /// Everything.
    Admin,
}

impl WutsRole {
    /// The word in the configuration and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            WutsRole::User => "user",
            WutsRole::Manager => "manager",
            WutsRole::Admin => "admin",
        }
    }
}

/// Reads `[accounts.roles]`: role of the CRM (or `*`) → role of WUTS.
pub(super) fn read_roles(account: &Section<'_>) -> BTreeMap<String, WutsRole> {
    const ROLES: [(&str, WutsRole); 3] = [
        ("user", WutsRole::User),
        ("manager", WutsRole::Manager),
        ("admin", WutsRole::Admin),
    ];
    let read = |roles: &Section<'_>, name: &str| roles.parsed(name, |text| parse_word(text, &ROLES));
    account.map("roles", read).unwrap_or_default()
}

/// Reads `[accounts.tasks]`: role of the CRM (or `*`) → tasks. Which tasks there are depends on the version
/// of the API, so only their form is checked.
pub(super) fn read_tasks(account: &Section<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let read = |tasks: &Section<'_>, name: &str| {
        let list = tasks.list(name)?;
        let is_task = |it: &String| it.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        if !(1..=MAX_TASKS).contains(&list.len()) || !list.iter().all(is_task) {
            let message =
                format!("expected 1 to {MAX_TASKS} tasks in capital letters, such as [\"DEVELOP\"]");
            tasks.problem(name, message);
            return None;
        }
        Some(list.into_iter().collect())
    };
    account.map("tasks", read).unwrap_or_default()
}
