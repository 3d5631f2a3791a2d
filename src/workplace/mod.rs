//! From settings to the things a command works with: store, source, target, account.
//!
//! Secrets are resolved here, when a command needs them and not before; a reference that leads nowhere is
//! a problem of the configuration, reported with its key.

mod access;
mod credentials;
mod open_all;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use self::credentials::{Access, Shown, fingerprint};
use crate::domain::diff::{Leavers, Policy};
use crate::domain::employee::{GrantRules, Rules};
use crate::domain::grant::Grant;
use crate::domain::identity::Key;
use crate::domain::memory::Millis;
use crate::domain::table::Column;
use crate::domain::user::UserId;
use crate::reconcile::{Account, Clock, Timing, rules};
use crate::settings::{
    AccountSettings, DatabaseUrl, Environment, MetaMatch, Platform, RemovalPolicy, SecretRef, Settings,
    SourceRead, SourceSettings, StoreUrl,
};
use crate::source::{self, Database, Source, SourceOptions};
use crate::store::{Binding, Store};
use crate::target::credential::Now;
use crate::target::credential::white_label::Partners;
use crate::target::http::{Http, HttpOptions, Seen};
use crate::target::meta::MetaOptions;
use crate::target::wuts::WutsOptions;
use crate::target::{self, AnyTarget, Kind, Setup};
use crate::text::{chain, hex};

pub use open_all::open_all;

/// Everything that commands share.
pub struct Workplace {
    /// The configuration.
    pub settings: Settings,
    /// What the process was started with.
    pub environment: Environment,
    /// The connections, built at the first request.
    pub http: Http,
    /// The partners whose accounts are looked after, each with one login.
    pub partners: Partners,
    /// The time of day.
    pub clock: Clock,
    /// Who counts requests, if anybody does.
    observer: Option<Observer>,
}

/// Is told of each request, and to what kind of platform it went.
pub type Observer = Arc<dyn Fn(Kind, &Seen) + Send + Sync>;

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
            partners: Partners::new(&http, Now::new(Arc::clone(&clock))),
            settings,
            environment,
            http,
            clock,
            observer: None,
        }
    }

    /// The same, with each request to a platform told to `observer`, which must not block.
    #[must_use]
    pub fn observed_by(self, observer: Observer) -> Workplace {
        Workplace {
            observer: Some(observer),
            ..self
        }
    }

    /// The connections as an account of that kind uses them.
    fn http_of(&self, kind: Kind) -> Http {
        match self.observer.clone() {
            Some(tell) => self.http.observed_by(move |seen| tell(kind, seen)),
            None => self.http.clone(),
        }
    }

    /// The kind of database that an account's source is; `None` if its address can't be had.
    pub fn database_of(&self, account: &AccountSettings) -> Option<Database> {
        match &self.settings.source_of(account)?.url {
            DatabaseUrl::Plain { database, .. } => Some(*database),
            DatabaseUrl::Reference(reference) => {
                Database::of_url(reference.resolve(&self.environment).ok()?.expose_secret())
            }
        }
    }

    /// A secret of the service itself.
    ///
    /// # Errors
    /// If the reference leads nowhere; names the key.
    pub fn secret_of(&self, key: &str, reference: &SecretRef) -> Result<SecretString, Unresolved> {
        self.secret(key, reference)
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
        let source_settings = self.source_settings(account)?;
        let (source, access) = match (
            self.open_source(source_settings, access::needed_columns(account)),
            self.access(account, store),
        ) {
            (Ok(source), Ok(access)) => (source, access),
            (source, access) => {
                let problems = [source.err(), access.err()].into_iter().flatten();
                return Err(Unresolved(problems.flat_map(|it| it.0).collect()));
            }
        };
        let setup = setup_of(account, |key, reference| self.secret(key, reference))?;
        let Access {
            shown,
            binding,
            mut secret_mark,
        } = access;
        if let Setup::Meta(MetaOptions {
            app_secret: Some(app_secret),
            ..
        }) = &setup
        {
            // What is proved by a wrong one is refused like a wrong token.
            secret_mark = format!("{secret_mark} {}", fingerprint(store, app_secret));
        }
        let url = &account.target.base_url;
        let http = self.http_of(kind_of(account));
        let target = match shown {
            Shown::Token(token) => target::open(setup, url, token, &http),
            Shown::Renewed(credential) => target::open_renewed(url, credential, &http),
        };
        let account = self.account_of(account, source_settings, binding, secret_mark);
        Ok(Opened {
            source,
            target,
            account,
        })
    }

    /// The account as a pass needs it.
    fn account_of(
        &self,
        account: &AccountSettings,
        source: &SourceSettings,
        binding: Binding,
        secret_mark: String,
    ) -> Account {
        let fingerprints = self.settings.fingerprints(account);
        Account {
            name: account.name.clone(),
            kind: account.target.kind().word().to_owned(),
            base_url: account.target.base_url.to_string(),
            binding,
            secret_mark,
            default_region: source.default_region.as_deref().map(Arc::from),
            long_ids: source.long_ids,
            key: key_of(account),
            grants: grants_of(account),
            access: access::access_of(account),
            policy: policy(account),
            limits: account.limits,
            park: account.park,
            settings_mark: mark(&fingerprints.removals),
            plan_mark: mark(&fingerprints.plan),
            verify_every: self.settings.daemon.verify_every,
        }
    }

    /// The rules for the rows of an account, which need no credential.
    ///
    /// # Errors
    /// If there is no such source.
    pub fn rules(&self, account: &AccountSettings) -> Result<Rules, Unresolved> {
        let source = self.source_settings(account)?;
        let setup = setup_of(account, |_, _| Ok(SecretString::default()))?;
        // Made, and never spoken to.
        let target = target::open(
            setup,
            &account.target.base_url,
            SecretString::default(),
            &self.http,
        );
        let binding = Binding {
            remote: String::new(),
            credential: String::new(),
        };
        let account = self.account_of(account, source, binding, String::new());
        Ok(rules(&account, target.capabilities()))
    }

    fn source_settings(&self, account: &AccountSettings) -> Result<&SourceSettings, Unresolved> {
        self.settings.source_of(account).ok_or_else(|| {
            let key = format!("accounts[{}].source", account.name);
            Unresolved::one(&key, format_args!("there is no source `{}`", account.source))
        })
    }

    /// One source of the configuration, of which these columns are needed beside id and name. Connects to
    /// nothing yet.
    ///
    /// # Errors
    /// All secrets that can't be had, or an address that is none.
    pub fn open_source(
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

    /// The secret that a key refers to.
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

/// A short text that stands for a long one.
fn mark(text: &str) -> String {
    hex(&Sha256::digest(text)[..16])
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

/// The kind of platform that an account is kept on.
pub fn kind_of(account: &AccountSettings) -> Kind {
    Kind::from_word(account.target.kind().word()).expect("both enums have the kinds of the design")
}
