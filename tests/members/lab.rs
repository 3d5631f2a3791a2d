//! A company whose people have e-mails and roles, a tenant of WUTS, a store in a temporary folder.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tempfile::TempDir;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::diff::{Leavers, OnDrift, Policy};
use wazzup_sync::domain::employee::{GrantRules, LongIds};
use wazzup_sync::domain::grant::Grant;
use wazzup_sync::domain::guard::{Limit, Limits};
use wazzup_sync::domain::identity::Key;
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::domain::table::{Column, CompleteRead, Reading, Row};
use wazzup_sync::reconcile::{Account, AccountReport, Clock, Order, Parts, Progress, Timing, reconcile};
use wazzup_sync::simulator::{Setup, Simulator, WutsUser};
use wazzup_sync::source::{Source, SourceError};
use wazzup_sync::store::{Binding, Store};
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::wuts::WutsOptions;
use wazzup_sync::target::{self, AnyTarget};

pub const TENANT: &str = "acme";
/// The administrator whose token we have.
pub const OWN: &str = "own";
const TOKEN: &str = "11111111-2222-4333-8444-555555555555";

/// E-mail and role by id.
#[derive(Clone, Default)]
pub struct Table(Arc<Mutex<BTreeMap<String, (String, String)>>>);

#[async_trait]
impl Source for Table {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        let columns = [Column::Id, Column::Name, Column::Email, Column::Role];
        let mut reading = Reading::new(columns.into_iter().collect());
        for (id, (email, role)) in &*self.0.lock().unwrap() {
            let name = format!("Person {id}");
            let cells = [
                (Column::Id, id.as_str()),
                (Column::Name, name.as_str()),
                (Column::Email, email.as_str()),
                (Column::Role, role.as_str()),
            ];
            reading.push(Row::from_pairs(&cells));
        }
        Ok(reading.finish())
    }
}

pub struct Lab {
    crm: Table,
    pub sim: Simulator,
    store: Store,
    pub account: Account,
    pub options: WutsOptions,
    now: AtomicI64,
    pub timeout: Duration,
    _dir: TempDir,
}

/// The e-mail of the n-th person.
pub fn email(n: usize) -> String {
    format!("person{n}@example.com")
}

impl Lab {
    /// A tenant with our administrator, another one, and these users.
    pub async fn new(users: impl IntoIterator<Item = WutsUser>) -> Lab {
        let admins = [
            WutsUser::new(OWN, "sync@example.com", "admin").token(TOKEN),
            WutsUser::new("chief", "chief@example.com", "admin"),
        ];
        let setup = Setup::default().and_tenant(TENANT, admins.into_iter().chain(users));
        let sim = Simulator::start(setup).await.unwrap();
        sim.protect_wuts(TENANT, [OWN, "chief"]);
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("state.db")).await.unwrap();
        let all = Limit::Percent(1000);
        let role = |it: &str| Grant::new([it]);
        let account = Account {
            name: "acme".to_owned(),
            kind: "wuts".to_owned(),
            base_url: sim.base_url(),
            binding: Binding {
                remote: "the tenant".to_owned(),
                credential: "fingerprint".to_owned(),
            },
            default_region: None,
            long_ids: LongIds::Reject,
            key: Key::Email,
            grants: Some(GrantRules {
                by_role: BTreeMap::from([("head".into(), role("manager"))]),
                others: Some(role("user")),
            }),
            access: None,
            policy: Policy {
                leavers: Leavers::Remove,
                removal_after: 0,
                on_drift: OnDrift::Repair,
                protected: Default::default(),
            },
            limits: Limits {
                removals: all,
                removals_per_day: all,
                phone_losses: all,
                updates: all,
            },
            park: ParkPolicy::Clear,
            settings_mark: "settings".to_owned(),
            plan_mark: "plan".to_owned(),
            verify_every: Duration::from_secs(6 * 3600),
        };
        Lab {
            crm: Table::default(),
            sim,
            store,
            account,
            options: WutsOptions {
                creates: true,
                removes_by_delete: false,
            },
            now: AtomicI64::new(1_800_000_000_000),
            timeout: Duration::from_secs(2),
            _dir: dir,
        }
    }

    pub fn hire(&self, n: usize, role: &str) {
        self.put(n, &email(n), role);
    }

    pub fn put(&self, n: usize, email: &str, role: &str) {
        let row = (email.to_owned(), role.to_owned());
        self.crm.0.lock().unwrap().insert(n.to_string(), row);
    }

    pub fn dismiss(&self, n: usize) {
        self.crm.0.lock().unwrap().remove(&n.to_string());
    }

    pub async fn run(&self) -> AccountReport {
        self.sim.clear_requests();
        let now = self.now.fetch_add(300_000, Ordering::Relaxed);
        let clock: Clock = Arc::new(move || Millis(now));
        let target = self.target();
        let parts = Parts {
            source: &self.crm,
            store: &self.store,
            target: &target,
            account: &self.account,
            timing: Timing {
                settle: Duration::from_millis(2),
                retry_base: Duration::from_millis(1),
                max_run: Duration::from_secs(60),
            },
            clock: &clock,
            progress: &Progress::default(),
        };
        reconcile(&parts, &Order::default()).await
    }

    fn target(&self) -> AnyTarget {
        let options = HttpOptions {
            timeout: self.timeout,
            max_response_bytes: 128 * 1024,
            requests_per_second: 1_000_000.try_into().unwrap(),
            ..HttpOptions::default()
        };
        target::open(
            target::Setup::Wuts(self.options),
            &self.sim.base_url().parse().unwrap(),
            SecretString::from(TOKEN),
            &Http::new(options),
        )
    }

    /// Role of each active user by e-mail, our own administrators aside.
    pub fn active(&self) -> BTreeMap<String, String> {
        let users = self.sim.wuts_users(TENANT).into_iter();
        let others = users.filter(|it| it.active && it.id != OWN && it.id != "chief");
        others.map(|it| (it.email.to_lowercase(), it.role)).collect()
    }

    /// What the table asks for.
    pub fn desired(&self) -> BTreeMap<String, String> {
        let rows = self.crm.0.lock().unwrap();
        let role = |it: &str| if it == "head" { "manager" } else { "user" };
        let people = rows.values();
        people
            .map(|(email, it)| (email.to_lowercase(), role(it).to_owned()))
            .collect()
    }

    /// The rules of the platform were kept, and nobody exists twice.
    pub fn assert_clean(&self) {
        assert_eq!(self.sim.violations(), [], "{:#?}", self.sim.requests());
        let users = self.sim.wuts_users(TENANT);
        let mut emails: Vec<String> = users.iter().map(|it| it.email.to_lowercase()).collect();
        emails.sort();
        let n = emails.len();
        emails.dedup();
        assert_eq!(emails.len(), n, "somebody exists twice");
    }
}

/// Each change of a report: id, op, outcome.
pub fn changes(report: &AccountReport) -> Vec<(String, Op, Outcome)> {
    let settled = report.users.iter().map(|it| &it.settled);
    settled
        .map(|it| (it.change.id.as_str().to_owned(), it.change.op, it.outcome))
        .collect()
}
