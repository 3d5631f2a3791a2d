//! From settings to the things a command works with: store, source, target, account.
//!
//! Secrets are resolved here, when a command needs them and not before; a reference that leads nowhere is
//! a problem of the configuration, reported with its key.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::domain::diff::{Leavers, Policy};
use crate::domain::memory::Millis;
use crate::domain::user::UserId;
use crate::reconcile::{Account, Clock, Timing};
use crate::settings::{
    AccountSettings, DatabaseUrl, Environment, Platform, RemovalPolicy, SecretRef, Settings, SourceRead,
    SourceSettings, StoreUrl, WazzupCredential,
};
use crate::source::{self, Source, SourceOptions};
use crate::store::{Binding, Store};
use crate::target::http::{Http, HttpOptions};
use crate::target::{self, Kind, WriteTarget};

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

/// What the configuration names can't be had.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {message}")]
pub struct Unresolved {
    /// Key in the configuration.
    pub key: String,
    /// What is wrong with it; never a secret.
    pub message: String,
}

/// One account, ready to be reconciled.
pub struct Opened {
    /// The CRM's database.
    pub source: Box<dyn Source>,
    /// The platform.
    pub target: Arc<dyn WriteTarget>,
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
            StoreUrl::Server(_) => Err(Unresolved {
                key: "store.url".to_owned(),
                message: "a database server is not supported by this version yet".to_owned(),
            }),
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
    /// A secret that can't be had, or an address that is none.
    pub fn open(&self, account: &AccountSettings, store: Option<&Store>) -> Result<Opened, Unresolved> {
        let source_settings = self.settings.source_of(account).ok_or_else(|| Unresolved {
            key: format!("accounts[{}].source", account.name),
            message: format!("there is no source `{}`", account.source),
        })?;
        let source = self.open_source(source_settings)?;
        let key = format!("accounts[{}].target", account.name);
        let (kind, token_ref) = match &account.target.platform {
            Platform::WazzupV2 {
                credential: WazzupCredential::Token(token),
                ..
            } => (Kind::WazzupV2, token),
            _ => {
                return Err(Unresolved {
                    key,
                    message: "is not supported by this version yet".to_owned(),
                });
            }
        };
        let token = self.secret(&format!("{key}.token"), token_ref)?;
        let credential = fingerprint(store, &token);
        let base_url = account.target.base_url.to_string();
        let target = target::open(kind, &account.target.base_url, token, &self.http);
        let binding = Binding {
            remote: format!("{} {base_url} {credential}", kind.word()),
            credential,
        };
        let fingerprints = self.settings.fingerprints(account);
        let account = Account {
            name: account.name.clone(),
            kind: kind.word().to_owned(),
            base_url,
            binding,
            default_region: source_settings.default_region.as_deref().map(Arc::from),
            long_ids: source_settings.long_ids,
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

    /// One source of the configuration. Connects to nothing yet.
    ///
    /// # Errors
    /// A secret that can't be had, or an address that is none.
    pub fn open_source(&self, settings: &SourceSettings) -> Result<Box<dyn Source>, Unresolved> {
        let key = format!("sources.{}", settings.name);
        let url = match &settings.url {
            DatabaseUrl::Plain { url, .. } => SecretString::from(url.as_str()),
            DatabaseUrl::Reference(reference) => self.secret(&format!("{key}.url"), reference)?,
        };
        let password = settings.password.as_ref();
        let password = password
            .map(|it| self.secret(&format!("{key}.password"), it))
            .transpose()?;
        let SourceRead::Query(query) = &settings.read else {
            return Err(Unresolved {
                key: format!("{key}.preset"),
                message: "is not supported by this version yet".to_owned(),
            });
        };
        let options = SourceOptions {
            name: settings.name.clone(),
            url,
            password,
            query: query.clone(),
            read_timeout: settings.read_timeout,
            max_rows: usize::try_from(settings.max_rows).unwrap_or(usize::MAX),
            expected: Vec::new(),
        };
        source::open(options).map_err(|error| Unresolved {
            key: format!("{key}.url"),
            message: error.cause,
        })
    }

    fn secret(&self, key: &str, reference: &SecretRef) -> Result<SecretString, Unresolved> {
        reference.resolve(&self.environment).map_err(|error| Unresolved {
            key: key.to_owned(),
            message: error.to_string(),
        })
    }
}

/// The time of day, by the clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| Millis(chrono::Utc::now().timestamp_millis()))
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
