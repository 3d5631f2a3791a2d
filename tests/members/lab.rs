//! A company whose people have names, e-mails and roles; a tenant of WUTS or a business of Meta; a store in a
//! temporary folder.

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
use wazzup_sync::simulator::{MetaBusiness, MetaUser, Setup, Simulator, WutsUser};
use wazzup_sync::source::{Source, SourceError};
use wazzup_sync::store::{Binding, Store};
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::meta::MetaOptions;
use wazzup_sync::target::wuts::WutsOptions;
use wazzup_sync::target::{self, AnyTarget, Kind};

pub const TENANT: &str = "acme";
/// The administrator whose token we have.
pub const OWN: &str = "own";
/// A person with rights of her own.
const HUMAN: &str = "10222270944537964";
/// A system user that is not ours.
const BOT: &str = "122100000000000017";
pub const TOKEN: &str = "11111111-2222-4333-8444-555555555555";

/// Each of these stories on both platforms, in a module of the platform's name.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod on_wuts {
            $(#[tokio::test]
            async fn $story() {
                super::$story(wazzup_sync::target::Kind::Wuts).await;
            })*
        }

        mod on_meta {
            $(#[tokio::test]
            async fn $story() {
                super::$story(wazzup_sync::target::Kind::Meta).await;
            })*
        }
    };
}

/// One person of the company.
#[derive(Clone)]
struct Person {
    name: String,
    email: String,
    role: String,
}

/// The people by id.
#[derive(Clone, Default)]
pub struct Table(Arc<Mutex<BTreeMap<String, Person>>>);

#[async_trait]
impl Source for Table {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        let columns = [Column::Id, Column::Name, Column::Email, Column::Role];
        let mut reading = Reading::new(columns.into_iter().collect());
        for (id, person) in &*self.0.lock().unwrap() {
            let cells = [
                (Column::Id, id.as_str()),
                (Column::Name, person.name.as_str()),
                (Column::Email, person.email.as_str()),
                (Column::Role, person.role.as_str()),
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
    pub platform: Platform,
    /// The names by which people were found who have another one by now.
    renamed: Mutex<BTreeMap<String, String>>,
    now: AtomicI64,
    pub timeout: Duration,
    _dir: TempDir,
}

/// Which platform, and how it is used.
#[derive(Clone)]
pub enum Platform {
    Wuts(WutsOptions),
    Meta(MetaOptions),
}

/// The e-mail of the n-th person.
pub fn email(n: usize) -> String {
    format!("person{n}@example.com")
}

/// The name of the n-th person.
pub fn name(n: usize) -> String {
    format!("Person {n}")
}

impl Lab {
    /// A platform with nobody but those who were there before us.
    pub async fn of(kind: Kind) -> Lab {
        match kind {
            Kind::Wuts => Lab::wuts([]).await,
            Kind::Meta => Lab::meta(MetaBusiness::new(TOKEN)).await,
            Kind::WazzupV2 | Kind::WazzupV3 => panic!("the stories are of platforms with ids of their own"),
        }
    }

    /// A tenant with our administrator, another one, and these users.
    pub async fn wuts(users: impl IntoIterator<Item = WutsUser>) -> Lab {
        let admins = [
            WutsUser::new(OWN, "sync@example.com", "admin").token(TOKEN),
            WutsUser::new("chief", "chief@example.com", "admin"),
        ];
        let setup = Setup::default().and_tenant(TENANT, admins.into_iter().chain(users));
        let sim = Simulator::start(setup).await.unwrap();
        sim.protect_wuts(TENANT, [OWN, "chief"]);
        let options = WutsOptions {
            creates: true,
            removes_by_delete: false,
        };
        Lab::with(sim, Platform::Wuts(options)).await
    }

    /// A business with a person and a system user of somebody else, and what it has already.
    pub async fn meta(business: MetaBusiness) -> Lab {
        let mut business = business
            .and_human(HUMAN, MetaUser::assigned("Anna", &["MANAGE"]))
            .and_system_user(BOT, MetaUser::assigned("Somebody's bot", &["MESSAGING"]));
        business.protected = [HUMAN, BOT, &business.own_id].map(str::to_owned).into();
        let options = MetaOptions {
            business_id: business.business_id.clone(),
            waba_id: business.waba_id.clone(),
            api_version: "v25.0".to_owned(),
            reassign: true,
            app_secret: None,
            creates: true,
        };
        let sim = Simulator::start(Setup::default().and_meta(business))
            .await
            .unwrap();
        Lab::with(sim, Platform::Meta(options)).await
    }

    async fn with(sim: Simulator, platform: Platform) -> Lab {
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("state.db")).await.unwrap();
        let all = Limit::Percent(1000);
        let grant = |it: &str| Grant::new([it]);
        let (kind, key, head, others) = match platform {
            Platform::Wuts(_) => (Kind::Wuts, Key::Email, "manager", "user"),
            Platform::Meta(_) => (Kind::Meta, Key::Name, "MANAGE", "DEVELOP"),
        };
        let account = Account {
            name: "acme".to_owned(),
            kind: kind.word().to_owned(),
            base_url: sim.base_url(),
            binding: Binding {
                remote: "the remote".to_owned(),
                credential: "fingerprint".to_owned(),
            },
            secret_mark: "secret".to_owned(),
            default_region: None,
            long_ids: LongIds::Reject,
            key,
            grants: Some(GrantRules {
                by_role: BTreeMap::from([("head".into(), grant(head))]),
                others: Some(grant(others)),
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
            platform,
            renamed: Mutex::default(),
            now: AtomicI64::new(1_800_000_000_000),
            timeout: Duration::from_secs(2),
            _dir: dir,
        }
    }

    /// The n-th person is an employee, with this role.
    pub fn hire(&self, n: usize, role: &str) {
        self.put(n, &email(n), role);
    }

    /// The same with another e-mail.
    pub fn put(&self, n: usize, email: &str, role: &str) {
        self.put_person(n, &name(n), email, role);
    }

    /// The n-th person becomes somebody else, by what the platform knows people.
    pub fn rekey(&self, n: usize, like: usize, role: &str) {
        self.put_person(n, &name(like), &email(like), role);
    }

    /// The n-th person gets another name, which is the key where there are names.
    pub fn rename(&self, n: usize) {
        match self.platform {
            // Another e-mail is another user.
            Platform::Wuts(_) => self.rekey(n, n + 10, ""),
            // Who was found once by the name stays the same user.
            Platform::Meta(_) => {
                let name = format!("{} the second", name(n));
                self.put_person(n, &name, &email(n), "");
                self.renamed.lock().unwrap().insert(n.to_string(), self::name(n));
            }
        }
    }

    fn put_person(&self, n: usize, name: &str, email: &str, role: &str) {
        let person = Person {
            name: name.to_owned(),
            email: email.to_owned(),
            role: role.to_owned(),
        };
        self.crm.0.lock().unwrap().insert(n.to_string(), person);
    }

    pub fn dismiss(&self, n: usize) {
        self.crm.0.lock().unwrap().remove(&n.to_string());
    }

    /// The clock moves on.
    pub fn later(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.now.fetch_add(by, Ordering::Relaxed);
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
        let setup = match &self.platform {
            Platform::Wuts(options) => target::Setup::Wuts(*options),
            Platform::Meta(options) => target::Setup::Meta(options.clone()),
        };
        target::open(
            setup,
            &self.sim.base_url().parse().unwrap(),
            SecretString::from(TOKEN),
            &Http::new(options),
        )
    }

    /// What each active user may do, by e-mail or name; those aside who were there before us.
    pub fn active(&self) -> BTreeMap<String, String> {
        match self.platform {
            Platform::Wuts(_) => {
                let users = self.sim.wuts_users(TENANT).into_iter();
                let others = users.filter(|it| it.active && it.id != OWN && it.id != "chief");
                others.map(|it| (it.email.to_lowercase(), it.role)).collect()
            }
            Platform::Meta(_) => {
                let business = self.business();
                let users = business.system_users.into_iter();
                users
                    .filter(|(id, _)| *id != business.own_id && id != BOT)
                    .filter_map(|(_, it)| Some((it.name, it.tasks?)))
                    .map(|(name, tasks)| (name, Vec::from_iter(tasks).join(" ")))
                    .collect()
            }
        }
    }

    /// What the table asks for.
    pub fn desired(&self) -> BTreeMap<String, String> {
        let people = self.crm.0.lock().unwrap();
        let renamed = self.renamed.lock().unwrap();
        let of = |(id, it): (&String, &Person)| {
            let is_head = it.role == "head";
            let name = renamed.get(id).unwrap_or(&it.name);
            match (&self.platform, is_head) {
                (Platform::Wuts(_), true) => (it.email.to_lowercase(), "manager".to_owned()),
                (Platform::Wuts(_), false) => (it.email.to_lowercase(), "user".to_owned()),
                (Platform::Meta(_), true) => (name.clone(), "MANAGE".to_owned()),
                (Platform::Meta(_), false) => (name.clone(), "DEVELOP".to_owned()),
            }
        };
        people.iter().map(of).collect()
    }

    /// The business as Meta has it.
    pub fn business(&self) -> MetaBusiness {
        self.sim.meta(TOKEN).unwrap()
    }

    /// The rules of the platform were kept, and nobody exists twice. Writes to those who were there before us
    /// are among the rules.
    pub fn assert_clean(&self) {
        assert_eq!(self.sim.violations(), [], "{:#?}", self.sim.requests());
        let mut keys: Vec<String> = match self.platform {
            Platform::Wuts(_) => {
                let users = self.sim.wuts_users(TENANT).into_iter();
                users.map(|it| it.email.to_lowercase()).collect()
            }
            Platform::Meta(_) => self
                .business()
                .system_users
                .into_values()
                .map(|it| it.name)
                .collect(),
        };
        keys.sort();
        let n = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), n, "somebody exists twice");
    }
}

/// Each change of a report: id, op, outcome.
pub fn changes(report: &AccountReport) -> Vec<(String, Op, Outcome)> {
    let settled = report.users.iter().map(|it| &it.settled);
    settled
        .map(|it| (it.change.id.as_str().to_owned(), it.change.op, it.outcome))
        .collect()
}
