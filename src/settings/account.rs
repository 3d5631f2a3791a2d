//! `[[accounts]]`: a slice of a source, and the remote that is kept equal to it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use config::{Value, ValueKind};

use super::access::{self, ACCESS_KEYS};
use super::limits;
use super::problem::{Place, Report};
use super::schedule::Schedule;
use super::section::{Section, nearest, shown};
use super::target::{self, KINDS, Platform, TARGET_KEYS, TargetKind, TargetSettings, WazzupCredential};
use crate::domain::contention::ParkPolicy;
use crate::domain::diff::OnDrift;
use crate::domain::guard::Limits;

pub(super) const ACCOUNT_KEYS: &[&str] = &[
    "name",
    "source",
    "removal",
    "schedule",
    "max_removals",
    "max_removals_per_day",
    "max_phone_losses",
    "max_updates",
    "removal_after",
    "park",
    "on_drift",
    "protected",
    "enabled",
    "target",
    "access",
    "roles",
    "tasks",
];

/// Longest name of an account: it stands in reports and tables.
const MAX_NAME_CHARS: usize = 100;

/// One thing that is kept in sync.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountSettings {
    /// Name in reports and in the store.
    pub name: String,
    /// Name of its source.
    pub source: String,
    /// What happens to leavers.
    pub removal: RemovalPolicy,
    /// When it is due, if not by the service's schedule.
    pub schedule: Option<Schedule>,
    /// How much may change without a person.
    pub limits: Limits,
    /// How long somebody must be absent from complete reads.
    pub removal_after: Duration,
    /// What to do where no way to clear a phone works.
    pub park: ParkPolicy,
    /// What to do about changes that others made on the platform.
    pub on_drift: OnDrift,
    /// Ids and e-mails that are never touched.
    pub protected: BTreeSet<String>,
    /// Whether anything is done at all.
    pub enabled: bool,
    /// The platform.
    pub target: TargetSettings,
    /// Where the account is declared.
    pub(super) place: Place,
}

impl AccountSettings {
    /// The file that declares the account.
    pub fn file(&self) -> Option<&PathBuf> {
        self.place.file.as_ref()
    }
}

/// What happens to leavers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemovalPolicy {
    /// The user is deleted.
    Delete,
    /// The user stays and can't sign in.
    Deactivate,
    /// The user stays without tasks.
    Unassign,
    /// The user stays as it is, phone included.
    Keep,
}

const REMOVALS: [(&str, RemovalPolicy); 4] = [
    ("delete", RemovalPolicy::Delete),
    ("deactivate", RemovalPolicy::Deactivate),
    ("unassign", RemovalPolicy::Unassign),
    ("keep", RemovalPolicy::Keep),
];

impl RemovalPolicy {
    /// The word in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            RemovalPolicy::Delete => "delete",
            RemovalPolicy::Deactivate => "deactivate",
            RemovalPolicy::Unassign => "unassign",
            RemovalPolicy::Keep => "keep",
        }
    }

    /// Whether the platform can do that.
    fn suits(self, kind: TargetKind) -> bool {
        match self {
            RemovalPolicy::Delete => kind != TargetKind::Meta,
            RemovalPolicy::Deactivate => kind == TargetKind::Wuts,
            RemovalPolicy::Unassign => kind == TargetKind::Meta,
            RemovalPolicy::Keep => true,
        }
    }
}

/// What an account is read against.
pub(super) struct Surroundings<'a> {
    pub(super) report: &'a Report,
    /// Names of all sources, sound or not.
    pub(super) sources: BTreeSet<&'a str>,
    /// Whether `store.key` is there.
    pub(super) has_store_key: bool,
}

/// Reads one account; `None` if a problem leaves nothing to put in its place. `idx` counts from 0.
pub(super) fn read(around: &Surroundings<'_>, idx: usize, value: &Value) -> Option<AccountSettings> {
    let key = match name_of(value) {
        Some(name) => format!("accounts[{}]", shown(name)),
        None => format!("accounts[#{}]", idx + 1),
    };
    let account = Section::open(around.report, key, Some(value), ACCOUNT_KEYS);
    if !matches!(value.kind, ValueKind::Table(_)) {
        // Said already; that such a thing also lacks every key helps nobody.
        return None;
    }
    account.need("name", "what the account is called in reports");
    account.need("source", "the name of a [sources.NAME]");
    account.need(
        "removal",
        "what happens to leavers: delete, deactivate (wuts), unassign (meta) or keep",
    );
    account.need("target", "[accounts.target] with the platform and the credential");
    let name = account.parsed("name", account_name);
    let source = account.text("source").map(str::to_owned);
    if let Some(source) = &source
        && !around.sources.contains(source.as_str())
    {
        let mut message = format!("there is no [sources.{}]", shown(source));
        if let Some(near) = nearest(source, around.sources.iter().copied()) {
            message.push_str(&format!("; did you mean {near:?}?"));
        }
        let place = account.value("source").map(Place::of).unwrap_or_default();
        around.report.add_absent(place, account.key_of("source"), message);
    }
    let removal = account.word("removal", &REMOVALS);
    let schedule = account.parsed("schedule", Schedule::parse);
    let limits = limits::read(&account);
    // No wait: a guard catches the wrong read, and a leaver should lose access at once.
    let removal_after = account.duration("removal_after").unwrap_or_default();
    let park = account.word(
        "park",
        &[("clear", ParkPolicy::Clear), ("recreate", ParkPolicy::Recreate)],
    );
    let on_drift = account.word(
        "on_drift",
        &[("repair", OnDrift::Repair), ("report", OnDrift::Report)],
    );
    let protected = account.list("protected").unwrap_or_default();
    let enabled = account.flag("enabled").unwrap_or(true);
    let target = read_target(around, &account, removal);
    Some(AccountSettings {
        name: name?,
        source: source?,
        removal: removal?,
        schedule,
        limits,
        removal_after,
        park: park.unwrap_or(ParkPolicy::Clear),
        on_drift: on_drift.unwrap_or(OnDrift::Repair),
        protected: protected.into_iter().collect(),
        enabled,
        target: target?,
        place: account.place().clone(),
    })
}

/// The name in the raw value, sound or not.
pub(super) fn name_of(value: &Value) -> Option<&str> {
    let ValueKind::Table(entries) = &value.kind else {
        return None;
    };
    match &entries.get("name")?.kind {
        ValueKind::String(name) if !name.trim().is_empty() => Some(name),
        _ => None,
    }
}

fn account_name(text: &str) -> Result<String, String> {
    let is_sound = text.trim() == text
        && !text.starts_with('-')
        && text.chars().count() <= MAX_NAME_CHARS
        && !text.chars().any(crate::domain::name::is_unprintable);
    is_sound.then(|| text.to_owned()).ok_or_else(|| {
        format!("expected up to {MAX_NAME_CHARS} characters, without a dash in front or white space around")
    })
}

/// Reads the target with the tables beside it that belong to one kind each.
fn read_target(
    around: &Surroundings<'_>,
    account: &Section<'_>,
    removal: Option<RemovalPolicy>,
) -> Option<TargetSettings> {
    let section = account.table("target", TARGET_KEYS)?;
    section.need("kind", "wazzup-v2, wazzup-v3, wuts or meta");
    let kind = section.word("kind", &KINDS)?;
    if let Some(removal) = removal.filter(|it| !it.suits(kind)) {
        let fit: Vec<&str> = REMOVALS
            .into_iter()
            .filter(|(_, it)| it.suits(kind))
            .map(|(word, _)| word)
            .collect();
        let message = format!(
            "{} can't {}; choose {}",
            kind.word(),
            removal.word(),
            fit.join(" or ")
        );
        account.problem("removal", message);
    }
    for (name, owner) in [
        ("access", TargetKind::WazzupV2),
        ("roles", TargetKind::Wuts),
        ("tasks", TargetKind::Meta),
    ] {
        if kind != owner && account.has(name) {
            let mut message = format!("is a table of {}, not of {}", owner.word(), kind.word());
            if (name, kind) == ("access", TargetKind::WazzupV3) {
                message.push_str(": its API has no call for roles, they are set in the cabinet");
            }
            account.problem(name, message);
        }
    }
    target::refuse_foreign_keys(&section, kind);
    let base_url = target::read_base_url(&section, kind);
    let platform = read_platform(account, &section, kind);
    if section.has("oauth") && kind == TargetKind::WazzupV2 && !around.has_store_key {
        around.report.add_absent(
            Place::default(),
            "store.key",
            format!(
                "missing: it encrypts the refresh token of {}",
                section.key_of("oauth")
            ),
        );
    }
    Some(TargetSettings {
        base_url: base_url?,
        platform: platform?,
    })
}

fn read_platform(account: &Section<'_>, section: &Section<'_>, kind: TargetKind) -> Option<Platform> {
    match kind {
        TargetKind::WazzupV2 => {
            let credential: Option<WazzupCredential> = target::read_wazzup_credential(section);
            let access = account.table("access", ACCESS_KEYS);
            let access = access.map(|it| access::read_access(&it));
            Some(Platform::WazzupV2 {
                credential: credential?,
                access,
            })
        }
        TargetKind::WazzupV3 => target::read_token(section).map(|token| Platform::WazzupV3 { token }),
        TargetKind::Wuts => {
            let token = target::read_token(section);
            let create_users = target::read_create_users(section);
            let roles = access::read_roles(account);
            Some(Platform::Wuts {
                token: token?,
                create_users,
                roles,
            })
        }
        TargetKind::Meta => {
            account.need("tasks", "[accounts.tasks], the tasks of each role");
            let tasks = access::read_tasks(account);
            target::read_meta(section, tasks).map(Platform::Meta)
        }
    }
}
