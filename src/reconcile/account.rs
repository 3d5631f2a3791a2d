//! What a pass is told: the account's settings, the timing, and what this call asks for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::access;
use crate::domain::contention::ParkPolicy;
use crate::domain::diff::Policy;
use crate::domain::employee::{GrantRules, LongIds};
use crate::domain::guard::Limits;
use crate::domain::identity::Key;
use crate::domain::memory::Millis;
use crate::domain::user::UserId;
use crate::store::Binding;

/// Where a pass reads the time of day. Injected, so that tests can let days go by.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// One account, as configured.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name in the configuration.
    pub name: String,
    /// Kind of platform, such as `wazzup-v2`: with the base URL, the key of what is learned about it.
    pub kind: String,
    /// Base URL of the platform.
    pub base_url: String,
    /// With whom we talk, and by which credential; both without secrets.
    pub binding: Binding,
    /// Stands for all that is secret of the credential: while it is the same, a refused one stays refused.
    pub secret_mark: String,
    /// Completes phones without a country code.
    pub default_region: Option<Arc<str>>,
    /// What is done with long ids.
    pub long_ids: LongIds,
    /// By what the platform knows people.
    pub key: Key,
    /// What users may do there, by role in the CRM; `None` where that is not managed.
    pub grants: Option<GrantRules>,
    /// What users may do on channels, by role in the CRM; `None` where that is not managed.
    pub access: Option<access::Policy>,
    /// What differences lead to.
    pub policy: Policy,
    /// How much passes without a question.
    pub limits: Limits,
    /// What is done where phones can't be taken away.
    pub park: ParkPolicy,
    /// Stands for the settings that decide who is an employee.
    pub settings_mark: String,
    /// Stands for all settings that shape a plan.
    pub plan_mark: String,
    /// How long a snapshot is believed.
    pub verify_every: Duration,
}

/// How long things may take, and how long to wait between them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// Reads are expected to lag behind writes for no longer than a few of these.
    pub settle: Duration,
    /// First pause before a repetition; doubled each time.
    pub retry_base: Duration,
    /// A run starts no request after this.
    pub max_run: Duration,
}

/// What this call asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Order {
    /// Only these employees.
    pub only: Option<BTreeSet<UserId>>,
    /// Read the platform's list, even if nothing seems to have changed.
    pub verify: bool,
    /// Leave alone what is open and not due yet: not every call of a service is the wish of a person. The caller
    /// records passes with nothing to do, those of many accounts at once ([`Store::quiet`]).
    ///
    /// [`Store::quiet`]: crate::store::Store::quiet
    pub is_patient: bool,
    /// Apply only if the fresh plan has this digest.
    pub expected_plan: Option<String>,
    /// A person asks for just this account: a credential that was refused is tried at once.
    pub is_named: bool,
}
