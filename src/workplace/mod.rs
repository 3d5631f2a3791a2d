//! From settings to the things a command works with: store, source, target, account.
//!
//! Secrets are resolved here, when a command needs them and not before; a reference that leads nowhere is
//! a problem of the configuration, reported with its key.

mod access;
mod open_all;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::domain::diff::{Leavers, Policy};
use crate::domain::employee::GrantRules;
use crate::domain::grant::Grant;
use crate::domain::identity::Key;
use crate::domain::memory::Millis;
use crate::domain::table::Column;
use crate::domain::user::UserId;
use crate::reconcile::{Account, Clock, Timing};
use crate::settings::{
    AccountSettings, DatabaseUrl, Environment, MetaMatch, MetaSettings, Platform, RemovalPolicy, SecretRef,
    Settings, SourceRead, SourceSettings, StoreUrl, WazzupCredential,
};
use crate::source::{self, Database, Source, SourceOptions};
use crate::store::{Binding, Store};
use crate::target::http::{Http, HttpOptions};
use crate::target::meta::MetaOptions;
use crate::target::wuts::WutsOptions;
use crate::target::{self, AnyTarget, Setup};
use crate::text::chain;

pub use open_all::open_all;

/// Everything that commands share.
pub struct Workplace {
    /// The configuration.
    pub settings: Settings,
    /// What the process was started with.
    pub environment: Environment,
    /// The connections, built at the first request.
    pub http: Http,
    /// The time of day.
    pub clock: Clock,
}

/// What the configuration names can't be had: every problem, each with its key and no secret.
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Unresolved(pub Vec<String>);

impl Unresolved {
    fn one(key: &str, message: impl std::fmt::Display) -> Unresolved {
        Unresolved(vec![format!("{key}: {message}")])
    }
}

/// One account, ready to be reconciled.
pub struct Opened {
    /// The CRM's database.
    pub source: Box<dyn Source>,
    /// The platform.
    pub target: AnyTarget,
    /// The account.
    pub account: Account,
}

impl Workplace {
    /// Brings settings and surroundings together. Nothing is opened.
    pub fn new(settings: Settings, environment: Environment, clock: Clock) -> Workplace {
        let http = &settings.http;
        let http = Http::new(HttpOptions {
            timeout: http.timeout,
            connect_timeout: http.connect_timeout,
            max_response_bytes: usize::try_from(http.max_response_bytes).unwrap_or(usize::MAX),
            requests_per_second: NonZeroU32::new(http.requests_per_second).unwrap_or(NonZeroU32::MIN),
            proxy: http.proxy.clone(),
            ca_file: http.ca_file.clone(),
        });
        Workplace {
            settings,
            environment,
            http,
            clock,
        }
    }

    /// Where the store is.
    ///
    /// # Errors
    /// If it is not a file; [`Settings::unsupported`] says so before.
    pub fn store_path(&self) -> Result<&PathBuf, Unresolved> {
        match &self.settings.store.url {
            StoreUrl::Sqlite(path) => Ok(path),
            StoreUrl::Server(_) => Err(Unresolved::one(
                "store.url",
                "a database server is not supported by this version yet",
            )),
        }
    }

    /// How long things may take.
    pub fn timing(&self) -> Timing {
        Timing {
            settle: self.settings.http.settle,
            retry_base: self.settings.http.retry_base,
            max_run: self.settings.daemon.max_run,
        }
    }

    /// The account's source, target and rules. `store` gives the salt for the fingerprint of the
    /// credential; without a store there is nothing to compare it with.
    ///
    /// # Errors
    /// All secrets that can't be had, an address that is none, and what this version can't do.
    pub fn open(&self, account: &AccountSettings, store: Option<&Store>) -> Result<Opened, Unresolved> {
        let unsupported = self.settings.unsupported_of(account);
        if !unsupported.is_empty() {
            return Err(Unresolved(unsupported.iter().map(ToString::to_string).collect()));
        }
        let source_settings = self.settings.source_of(account).ok_or_else(|| {
            let key = format!("accounts[{}].source", account.name);
            Unresolved::one(&key, format_args!("there is no source `{}`", account.source))
        })?;
        let (source, token) = match (
            self.open_table(source_settings, access::needed_columns(account)),
            self.token(account),
        ) {
            (Ok(source), Ok(token)) => (source, token),
            (source, token) => {
                let problems = [source.err(), token.err()].into_iter().flatten();
                return Err(Unresolved(problems.flat_map(|it| it.0).collect()));
            }
        };
        let setup = setup_of(account, |key, reference| self.secret(key, reference))?;
        let credential = fingerprint(store, &token);
        let base_url = account.target.base_url.to_string();
        let target = target::open(setup, &account.target.base_url, token, &self.http);
        let binding = Binding {
            remote: remote(account, &credential),
            credential,
        };
        let fingerprints = self.settings.fingerprints(account);
        let account = Account {
            name: account.name.clone(),
            kind: account.target.kind().word().to_owned(),
            base_url,
            binding,
            default_region: source_settings.default_region.as_deref().map(Arc::from),
            long_ids: source_settings.long_ids,
            key: key_of(account),
            grants: grants_of(account),
            access: access::access_of(account),
            policy: policy(account),
            limits: account.limits,
            park: account.park,
            settings_mark: mark(&fingerprints.removals),
            plan_mark: mark(&fingerprints.plan),
            verify_every: self.settings.daemon.verify_every,
        };
        Ok(Opened {
            source,
            target,
            account,
        })
    }

    /// The remote of an account; `None` if it can't be told, which is a problem of that account.
    pub fn remote_of(&self, account: &AccountSettings, store: Option<&Store>) -> Option<String> {
        let token = self.token(account).ok()?;
        Some(remote(account, &fingerprint(store, &token)))
    }

    /// One source of the configuration. Connects to nothing yet.
    ///
    /// # Errors
    /// All secrets that can't be had, or an address that is none.
    pub fn open_source(&self, settings: &SourceSettings) -> Result<Box<dyn Source>, Unresolved> {
        self.open_table(settings, Vec::new())
    }

    /// The same, of which these columns are needed beside those that every table has.
    fn open_table(
        &self,
        settings: &SourceSettings,
        expected: Vec<Column>,
    ) -> Result<Box<dyn Source>, Unresolved> {
        let key = format!("sources.{}", settings.name);
        let url = match &settings.url {
            DatabaseUrl::Plain { url, .. } => Ok(SecretString::from(url.as_str())),
            DatabaseUrl::Reference(reference) => self.secret(&format!("{key}.url"), reference),
        };
        let password = settings.password.as_ref();
        let password = password
            .map(|it| self.secret(&format!("{key}.password"), it))
            .transpose();
        let (url, password) = match (url, password) {
            (Ok(url), Ok(password)) => (url, password),
            (url, password) => {
                let problems = [url.err(), password.err()].into_iter().flatten();
                return Err(Unresolved(problems.flat_map(|it| it.0).collect()));
            }
        };
        let query = query_for(&settings.read, url.expose_secret())
            .map_err(|message| Unresolved::one(&format!("{key}.preset"), message))?;
        let options = SourceOptions {
            name: settings.name.clone(),
            url,
            password,
            query,
            read_timeout: settings.read_timeout,
            max_rows: usize::try_from(settings.max_rows).unwrap_or(usize::MAX),
            expected,
        };
        source::open(options).map_err(|error| Unresolved::one(&format!("{key}.url"), error.cause))
    }

    /// The credential for the account's platform.
    fn token(&self, account: &AccountSettings) -> Result<SecretString, Unresolved> {
        let key = format!("accounts[{}].target", account.name);
        let token = match &account.target.platform {
            Platform::WazzupV2 {
                credential: WazzupCredential::Token(token),
                ..
            }
            | Platform::WazzupV3 { token }
            | Platform::Wuts { token, .. }
            | Platform::Meta(MetaSettings { token, .. }) => token,
            Platform::WazzupV2 { .. } => {
                return Err(Unresolved::one(&key, "is not supported by this version yet"));
            }
        };
        self.secret(&format!("{key}.token"), token)
    }

    fn secret(&self, key: &str, reference: &SecretRef) -> Result<SecretString, Unresolved> {
        reference
            .resolve(&self.environment)
            .map_err(|error| Unresolved::one(key, chain(&error)))
    }
}

/// What the database at the address is asked.
fn query_for(read: &SourceRead, url: &str) -> Result<String, String> {
    match read {
        SourceRead::Query(query) => Ok(query.clone()),
        SourceRead::Preset { preset, arguments } => match Database::of_url(url) {
            Some(database) => preset
                .query(database, arguments)
                .map_err(|wrong| wrong.to_string()),
            // Nobody is asked anything at such an address, and the source says why.
            None => Ok(String::new()),
        },
    }
}

/// The time of day, by the clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| Millis(chrono::Utc::now().timestamp_millis()))
}

/// What two accounts must not share: kind, address and credential.
fn remote(account: &AccountSettings, credential: &str) -> String {
    let target = &account.target;
    let remote = format!("{} {} {credential}", target.kind().word(), target.base_url);
    match &target.platform {
        // One system user may administer several WhatsApp accounts; each is a remote.
        Platform::Meta(meta) => format!("{remote} {}", meta.waba_id),
        _ => remote,
    }
}

fn fingerprint(store: Option<&Store>, token: &SecretString) -> String {
    match store {
        Some(store) => store.fingerprint(token),
        None => mark(token.expose_secret()),
    }
}

/// A short text that stands for a long one.
fn mark(text: &str) -> String {
    Sha256::digest(text)
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn policy(account: &AccountSettings) -> Policy {
    Policy {
        leavers: match account.removal {
            RemovalPolicy::Keep => Leavers::Keep,
            RemovalPolicy::Delete | RemovalPolicy::Deactivate | RemovalPolicy::Unassign => Leavers::Remove,
        },
        removal_after: i64::try_from(account.removal_after.as_millis()).unwrap_or(i64::MAX),
        on_drift: account.on_drift,
        protected: account
            .protected
            .iter()
            .map(|id| UserId::new(id.as_str()))
            .collect(),
    }
}

/// What the account's platform needs to know beside address and credential.
fn setup_of(
    account: &AccountSettings,
    secret: impl Fn(&str, &SecretRef) -> Result<SecretString, Unresolved>,
) -> Result<Setup, Unresolved> {
    match &account.target.platform {
        Platform::WazzupV2 { .. } => Ok(Setup::WazzupV2),
        Platform::Wuts { create_users, .. } => Ok(Setup::Wuts(WutsOptions {
            creates: *create_users,
            removes_by_delete: account.removal == RemovalPolicy::Delete,
        })),
        Platform::Meta(meta) => {
            let key = format!("accounts[{}].target.app_secret", account.name);
            let app_secret = meta.app_secret.as_ref().map(|it| secret(&key, it));
            Ok(Setup::Meta(MetaOptions {
                business_id: meta.business_id.clone(),
                waba_id: meta.waba_id.clone(),
                api_version: meta.api_version.clone(),
                reassign: meta.reassign,
                app_secret: app_secret.transpose()?,
                creates: meta.create_users,
            }))
        }
        Platform::WazzupV3 { .. } => Ok(Setup::WazzupV3),
    }
}

/// By what the account's platform knows people.
fn key_of(account: &AccountSettings) -> Key {
    match &account.target.platform {
        Platform::WazzupV2 { .. } | Platform::WazzupV3 { .. } => Key::Id,
        Platform::Wuts { .. } => Key::Email,
        Platform::Meta(meta) => match meta.match_by {
            MetaMatch::Id => Key::Id,
            MetaMatch::Name => Key::Name,
        },
    }
}

/// What users of the account's platform may do, by role in the CRM.
fn grants_of(account: &AccountSettings) -> Option<GrantRules> {
    let mut rules = GrantRules::default();
    let mut put = |role: &str, grant: Grant| match role {
        "*" => rules.others = Some(grant),
        role => {
            rules.by_role.insert(role.into(), grant);
        }
    };
    match &account.target.platform {
        Platform::WazzupV2 { .. } | Platform::WazzupV3 { .. } => return None,
        Platform::Wuts { roles, .. } => {
            for (role, it) in roles {
                put(role, Grant::new([it.word()]));
            }
        }
        Platform::Meta(meta) => {
            for (role, tasks) in &meta.tasks {
                put(role, Grant::new(tasks.iter().map(String::as_str)));
            }
        }
    }
    (rules != GrantRules::default()).then_some(rules)
}
