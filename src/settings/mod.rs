//! The configuration: from files and environment to checked, typed settings.
//!
//! Two steps, two shapes. `layers` lays the files over each other and the environment over the files,
//! and yields a tree of values, each with its place. The section modules then read that tree into the
//! types here, where a duration is a [`std::time::Duration`] and a policy is an enum. They never stop at the first
//! problem: [`Settings::load`] reports all of them, each with its key and file.
//!
//! Nothing is resolved here. A secret stays a [`SecretRef`] until a command needs it, no database is
//! asked and no address is contacted; the defaults stand beside the types they belong to. Only the
//! command line imports this module: everything below gets the values it needs.

mod access;
mod account;
mod duration;
mod fingerprint;
mod layers;
mod limits;
mod problem;
mod schedule;
mod secret;
mod section;
mod service;
mod source;
mod target;
#[cfg(test)]
mod tests;
mod unsupported;
mod urls;
mod zone;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use config::{Value, ValueKind};

pub use access::{AccessRule, AccessSettings, ChannelRef, ChannelRole, Channels, RoleMatch, WutsRole};
pub use account::{AccountSettings, RemovalPolicy};
pub use fingerprint::Fingerprints;
pub use problem::{Problem, Problems};
pub use schedule::Schedule;
pub use secret::{Environment, NotAReference, SecretError, SecretRef};
pub use service::{DaemonSettings, HttpSettings, NotifySettings, StoreSettings, StoreUrl};
pub use source::{SourceRead, SourceSettings, region};
pub use target::{MetaMatch, MetaSettings, Platform, TargetKind, TargetSettings, WazzupCredential};
pub use urls::DatabaseUrl;
pub use zone::{Zone, ZoneOffset};

use account::Surroundings;
use problem::{Place, Report};
use section::{Section, shown};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "/etc/wazzup-sync/config.toml";

/// A configuration without a problem.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Where the program remembers.
    pub store: StoreSettings,
    /// The service.
    pub daemon: DaemonSettings,
    /// How platforms are spoken to.
    pub http: HttpSettings,
    /// Who is told.
    pub notify: Option<NotifySettings>,
    /// The databases of the CRMs, by name.
    pub sources: BTreeMap<String, SourceSettings>,
    /// What is kept in sync, in the order of the files; names are unique.
    pub accounts: Vec<AccountSettings>,
}

impl Settings {
    /// Reads the files in order (none: [`DEFAULT_FILE`]) and lays the environment over them.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn load(files: &[PathBuf], environment: &Environment) -> Result<Settings, Problems> {
        let report = Report::default();
        let default = [PathBuf::from(DEFAULT_FILE)];
        let files = if files.is_empty() { &default } else { files };
        let settings = read(files, environment, &report);
        match (report.into_problems(), settings) {
            (None, Some(settings)) => Ok(settings),
            (Some(problems), _) => Err(problems),
            (None, None) => unreachable!("a part that can't be read is a noted problem"),
        }
    }

    /// The account of that name.
    pub fn account(&self, name: &str) -> Option<&AccountSettings> {
        self.accounts.iter().find(|account| account.name == name)
    }

    /// The source of an account; there always is one.
    pub fn source_of(&self, account: &AccountSettings) -> Option<&SourceSettings> {
        self.sources.get(&account.source)
    }
}

fn read(files: &[PathBuf], environment: &Environment, report: &Report) -> Option<Settings> {
    let tree = layers::read(files, environment, report);
    let section = |name: &str, known| Section::open(report, name, tree.sections.get(name), known);
    let store = section("store", service::STORE_KEYS);
    let has_store_key = store.has("key");
    let store = StoreSettings::read(&store);
    let daemon = DaemonSettings::read(&section("daemon", service::DAEMON_KEYS));
    let http = HttpSettings::read(&section("http", service::HTTP_KEYS));
    let notify = tree.sections.contains_key("notify");
    let notify = notify.then(|| NotifySettings::read(&section("notify", service::NOTIFY_KEYS)));
    let names = source_names(tree.sections.get("sources"), report);
    let sources: BTreeMap<String, Option<SourceSettings>> = names
        .iter()
        .map(|(name, value)| {
            let key = format!("sources.{}", shown(name));
            let section = Section::open(report, key, Some(value), source::SOURCE_KEYS);
            ((*name).to_owned(), source::read(name, &section))
        })
        .collect();
    let around = Surroundings {
        report,
        sources: names.keys().copied().collect(),
        has_store_key,
    };
    refuse_same_names(&tree.accounts, report);
    let accounts: Vec<Option<AccountSettings>> = tree
        .accounts
        .iter()
        .enumerate()
        .map(|(idx, value)| account::read(&around, idx, value))
        .collect();
    refuse_same_remotes(accounts.iter().flatten(), report);
    Some(Settings {
        store,
        daemon: daemon?,
        http,
        notify,
        sources: sources
            .into_iter()
            .map(|(name, source)| Some((name, source?)))
            .collect::<Option<_>>()?,
        accounts: accounts.into_iter().collect::<Option<_>>()?,
    })
}

fn source_names<'a>(sources: Option<&'a Value>, report: &Report) -> BTreeMap<&'a str, &'a Value> {
    match sources.map(|it| (&it.kind, it)) {
        None => BTreeMap::new(),
        Some((ValueKind::Table(sources), _)) => sources
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        Some((_, value)) => {
            report.add(
                Place::of(value),
                "sources",
                "expected tables, each headed [sources.NAME]",
            );
            BTreeMap::new()
        }
    }
}

/// Two accounts of one name would share their memory.
fn refuse_same_names(accounts: &[Value], report: &Report) {
    let mut seen: BTreeMap<&str, Place> = BTreeMap::new();
    for value in accounts {
        let Some(name) = account::name_of(value) else {
            continue;
        };
        match seen.get(name) {
            Some(first) => {
                let at = match (&first.file, first.line) {
                    (Some(file), Some(line)) => format!(" ({}:{line})", file.display()),
                    _ => String::new(),
                };
                let message = format!("another account has this name{at}");
                report.add(
                    Place::of(value),
                    format!("accounts[{}].name", shown(name)),
                    message,
                );
            }
            None => {
                seen.insert(name, Place::of(value));
            }
        }
    }
}

/// Two enabled accounts with one remote would undo each other's work.
fn refuse_same_remotes<'a>(accounts: impl Iterator<Item = &'a AccountSettings>, report: &Report) {
    let mut seen = BTreeMap::new();
    let mut names = BTreeSet::new();
    for account in accounts.filter(|it| it.enabled) {
        // A second one of the same name is refused for that.
        if !names.insert(&account.name) {
            continue;
        }
        let target = &account.target;
        let remote = (target.kind(), &target.base_url, target.credential_key());
        if let Some(first) = seen.insert(remote, &account.name) {
            let message = format!(
                "is the same remote as accounts[{}].target: each would undo the other's work",
                shown(first)
            );
            let key = format!("accounts[{}].target", shown(&account.name));
            report.add(account.place.clone(), key, message);
        }
    }
}
