//! A company in a test: an employee table in memory, a simulated platform, a store in a temporary folder.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use secrecy::SecretString;
use tempfile::TempDir;
use wazzup_sync::domain::contention::ParkPolicy;
use wazzup_sync::domain::diff::{Leavers, OnDrift, Policy};
use wazzup_sync::domain::employee::LongIds;
use wazzup_sync::domain::guard::{Limit, Limits};
use wazzup_sync::domain::identity::Key;
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::domain::outcome::{Op, Outcome};
use wazzup_sync::domain::table::{Column, CompleteRead, Reading, Row};
use wazzup_sync::reconcile::{
    Account, AccountReport, Clock, Order, Parts, Progress, Timing, preview, reconcile,
};
use wazzup_sync::simulator::{Fault, ListShape, MethodIs, Setup, SimUser, Simulator, Switches};
use wazzup_sync::source::{Source, SourceError};
use wazzup_sync::store::{Binding, Store};
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::{self, AnyTarget, Kind};

/// The token of the only account.
pub const TOKEN: &str = "token-of-acme";

/// One row of the CRM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    pub name: String,
    pub phone: Option<String>,
    pub active: &'static str,
    pub role: Option<&'static str>,
}

/// The employee table.
#[derive(Default)]
pub struct Crm {
    pub people: BTreeMap<String, Person>,
    /// The next reads fail with this.
    pub failure: Option<fn() -> SourceError>,
    /// The query yields no phone column.
    pub without_phones: bool,
    /// The query yields roles.
    pub with_roles: bool,
}

#[derive(Clone, Default)]
pub struct Table(pub Arc<Mutex<Crm>>);

/// A day's work of those who keep the table.
impl Table {
    pub fn hire(&self, id: impl ToString, name: &str, phone: Option<String>) {
        let person = Person {
            name: name.to_owned(),
            phone,
            active: "1",
            role: None,
        };
        self.0.lock().unwrap().people.insert(id.to_string(), person);
    }

    pub fn dismiss(&self, id: impl ToString) {
        self.0.lock().unwrap().people.remove(&id.to_string());
    }

    pub fn edit(&self, id: impl ToString, change: impl FnOnce(&mut Person)) {
        let mut crm = self.0.lock().unwrap();
        change(crm.people.get_mut(&id.to_string()).unwrap());
    }

    pub fn give_phone(&self, id: impl ToString, phone: Option<String>) {
        self.edit(id, |person| person.phone = phone);
    }

    /// Somebody's record of the CRM as it is.
    pub fn person(&self, id: impl ToString) -> Person {
        self.0.lock().unwrap().people[&id.to_string()].clone()
    }

    /// Gives each of these the phone of the next one, and the last one that of the first.
    pub fn rotate(&self, ids: &[usize]) {
        let phones: Vec<_> = ids.iter().map(|id| self.person(id).phone).collect();
        for (idx, id) in ids.iter().enumerate() {
            self.give_phone(id, phones[(idx + 1) % ids.len()].clone());
        }
    }
}

#[async_trait]
impl Source for Table {
    async fn read(&self) -> Result<CompleteRead, SourceError> {
        let crm = self.0.lock().unwrap();
        if let Some(failure) = crm.failure {
            return Err(failure());
        }
        let mut columns = vec![Column::Id, Column::Name, Column::Active];
        if !crm.without_phones {
            columns.push(Column::Phone);
        }
        if crm.with_roles {
            columns.push(Column::Role);
        }
        let mut reading = Reading::new(columns.into_iter().collect());
        for (id, person) in &crm.people {
            let mut cells = vec![
                (Column::Id, id.as_str()),
                (Column::Name, person.name.as_str()),
                (Column::Active, person.active),
            ];
            if let Some(phone) = person.phone.as_deref().filter(|_| !crm.without_phones) {
                cells.push((Column::Phone, phone));
            }
            if let Some(role) = person.role.filter(|_| crm.with_roles) {
                cells.push((Column::Role, role));
            }
            reading.push(Row::from_pairs(&cells));
        }
        Ok(reading.finish())
    }
}

/// A valid Latvian mobile number, another one for each `n`.
pub fn phone(n: usize) -> String {
    format!("371{}", 26_000_000 + n)
}

/// The account as it is configured, for the platform at that address.
pub fn account_at(kind: Kind, base_url: &str) -> Account {
    let binding = Binding {
        remote: "the simulator".to_owned(),
        credential: "fingerprint".to_owned(),
    };
    Account {
        name: "acme".to_owned(),
        kind: kind.word().to_owned(),
        base_url: base_url.to_owned(),
        binding,
        secret_mark: "secret".to_owned(),
        default_region: Some("LV".into()),
        long_ids: LongIds::Reject,
        key: Key::Id,
        grants: None,
        access: None,
        policy: Policy {
            leavers: Leavers::Remove,
            removal_after: 0,
            on_drift: OnDrift::Repair,
            protected: Default::default(),
        },
        limits: Limits {
            removals: Limit::Percent(10),
            removals_per_day: Limit::Percent(15),
            phone_losses: Limit::Percent(10),
            updates: Limit::Percent(50),
        },
        park: ParkPolicy::Clear,
        settings_mark: "settings".to_owned(),
        plan_mark: "plan".to_owned(),
        verify_every: Duration::from_secs(6 * 3600),
    }
}

/// No limit of the guards.
pub fn no_limits() -> Limits {
    let all = Limit::Percent(1000);
    Limits {
        removals: all,
        removals_per_day: all,
        phone_losses: all,
        updates: all,
    }
}

/// The platform at that address.
pub fn target_at(kind: Kind, base_url: &str, token: &str, timeout: Duration) -> AnyTarget {
    let options = HttpOptions {
        timeout,
        max_response_bytes: 1024 * 1024,
        requests_per_second: 1_000_000.try_into().unwrap(),
        ..HttpOptions::default()
    };
    let token = SecretString::from(token);
    let setup = by_kind(kind, target::Setup::WazzupV2, target::Setup::WazzupV3);
    target::open(setup, &base_url.parse().unwrap(), token, &Http::new(options))
}

/// Makes each of these stories a test for each generation of Wazzup's API.
macro_rules! on_every_wazzup {
    ($($story:ident),* $(,)?) => {
        mod wazzup_v2 {
            $(#[tokio::test]
            async fn $story() {
                super::$story(wazzup_sync::target::Kind::WazzupV2).await;
            })*
        }

        mod wazzup_v3 {
            $(#[tokio::test]
            async fn $story() {
                super::$story(wazzup_sync::target::Kind::WazzupV3).await;
            })*
        }
    };
}

/// One of these, by kind: where the platforms speak differently.
pub fn by_kind<T>(kind: Kind, v2: T, v3: T) -> T {
    match kind {
        Kind::WazzupV2 => v2,
        Kind::WazzupV3 => v3,
        Kind::Wuts | Kind::Meta => panic!("the stories are of Wazzup"),
    }
}

/// A platform that behaves as documented, and takes requests as fast as they come.
pub fn documented() -> Switches {
    let mut switches = Switches::default();
    switches.v3.rate_limit = None;
    switches
}

/// Lists come in pages of so many rows.
pub fn pages_of(switches: &mut Switches, n_rows: usize) {
    switches.page_cap = Some(n_rows);
    switches.v3.list = ListShape::Object;
    switches.v3.page_users = n_rows;
}

pub struct Lab {
    pub kind: Kind,
    pub dir: TempDir,
    pub crm: Table,
    pub sim: Arc<Simulator>,
    pub store: Store,
    pub account: Account,
    pub timing: Timing,
    pub now: Arc<AtomicI64>,
    pub token: String,
    /// How long a request may take.
    pub timeout: Duration,
}

impl Lab {
    pub async fn new(kind: Kind) -> Lab {
        Lab::start(kind, Setup::account(TOKEN).switches(documented())).await
    }

    pub async fn start(kind: Kind, setup: Setup) -> Lab {
        let sim = Arc::new(Simulator::start(setup).await.unwrap());
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("state.db")).await.unwrap();
        let account = account_at(kind, &sim.base_url());
        let timing = Timing {
            settle: Duration::from_millis(3),
            retry_base: Duration::from_millis(1),
            max_run: Duration::from_secs(60),
        };
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        Lab {
            kind,
            dir,
            crm: Table::default(),
            sim,
            store,
            account,
            timing,
            now,
            token: TOKEN.to_owned(),
            timeout: Duration::from_millis(2000),
        }
    }

    /// Opens the state anew, as the next process does.
    pub async fn reopen(&mut self) {
        self.store = Store::open(&self.dir.path().join("state.db")).await.unwrap();
    }

    /// No limit of the guards is in the way.
    pub fn unguarded(mut self) -> Lab {
        self.account.limits = no_limits();
        self
    }

    pub fn recreate(mut self) -> Lab {
        self.account.park = ParkPolicy::Recreate;
        self
    }

    pub fn hire(&self, id: impl ToString, name: &str, phone: Option<String>) {
        self.crm.hire(id, name, phone);
    }

    /// So many employees with a phone each.
    pub fn hire_many(&self, n: usize) {
        for n in 1..=n {
            self.hire(n, &format!("Person {n}"), Some(phone(n)));
        }
    }

    pub fn dismiss(&self, id: impl ToString) {
        self.crm.dismiss(id);
    }

    pub fn edit(&self, id: impl ToString, change: impl FnOnce(&mut Person)) {
        self.crm.edit(id, change);
    }

    pub fn give_phone(&self, id: impl ToString, phone: Option<String>) {
        self.crm.give_phone(id, phone);
    }

    pub fn person(&self, id: impl ToString) -> Person {
        self.crm.person(id)
    }

    pub fn rotate(&self, ids: &[usize]) {
        self.crm.rotate(ids);
    }

    pub fn later(&self, by: Duration) {
        self.now.fetch_add(by.as_millis() as i64, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let now = Arc::clone(&self.now);
        Arc::new(move || Millis(now.load(Ordering::Relaxed)))
    }

    pub fn target(&self) -> AnyTarget {
        target_at(self.kind, &self.sim.base_url(), &self.token, self.timeout)
    }

    pub async fn run(&self) -> AccountReport {
        self.run_with(&Order::default()).await
    }

    /// A run that a person asks for.
    pub async fn run_named(&self) -> AccountReport {
        let order = Order {
            is_named: true,
            ..Order::default()
        };
        self.run_with(&order).await
    }

    /// A run that looks at the platform even if nothing changed.
    pub async fn run_verified(&self) -> AccountReport {
        let order = Order {
            verify: true,
            ..Order::default()
        };
        self.run_with(&order).await
    }

    pub async fn run_with(&self, order: &Order) -> AccountReport {
        self.later(Duration::from_secs(300));
        self.run_on(&self.target(), order).await
    }

    /// A run on a platform that was opened before.
    pub async fn run_on(&self, target: &AnyTarget, order: &Order) -> AccountReport {
        let clock = self.clock();
        let parts = Parts {
            source: &self.crm,
            store: &self.store,
            target,
            account: &self.account,
            timing: self.timing,
            clock: &clock,
            progress: &Progress::default(),
        };
        Box::pin(reconcile(&parts, order)).await
    }

    /// A person lets everything pass that is held.
    pub async fn approve_all(&self) {
        let now = (self.clock())();
        for hold in self.store.open_holds("acme").await.unwrap() {
            let answer = wazzup_sync::store::Answer::Approve;
            self.store
                .decide(&hold.id, answer, "ops", None, now)
                .await
                .unwrap();
        }
    }

    pub async fn plan(&self) -> AccountReport {
        self.plan_on(&self.target()).await
    }

    pub async fn plan_on(&self, target: &AnyTarget) -> AccountReport {
        let clock = self.clock();
        let order = Order::default();
        Box::pin(preview(
            &self.crm,
            Some(&self.store),
            target,
            &self.account,
            self.timing,
            &clock,
            &order,
        ))
        .await
    }

    /// The method by which this platform changes users.
    pub fn updates(&self) -> MethodIs {
        by_kind(self.kind, MethodIs::Patch, MethodIs::Post)
    }

    /// The path of all users.
    pub fn users_path(&self) -> &'static str {
        by_kind(self.kind, "/v2/users", "/v3/users")
    }

    /// Single reads.
    pub fn single_reads(&self, fault: Fault) -> Fault {
        fault
            .method(MethodIs::Get)
            .path(&format!("{}/", self.users_path()))
    }

    /// Pages of the list, those that begin with `query`.
    pub fn lists(&self, fault: Fault, query: &str) -> Fault {
        fault
            .method(MethodIs::Get)
            .path(&format!("{}?{query}", self.users_path()))
    }

    /// Forgets what was counted, and returns requests to come from here on.
    pub fn count_anew(&self) {
        self.sim.clear_requests();
    }

    pub fn writes(&self) -> Vec<String> {
        let requests = self.sim.requests();
        requests
            .iter()
            .filter(|it| it.method != "GET")
            .map(|it| it.method.clone())
            .collect()
    }

    /// The employees as the platform should have them.
    pub fn desired(&self) -> Vec<SimUser> {
        let crm = self.crm.0.lock().unwrap();
        let active = crm
            .people
            .iter()
            .filter(|(_, it)| ["1", "yes"].contains(&it.active));
        let mut users: Vec<SimUser> = active
            .map(|(id, person)| SimUser::new(id, &person.name, person.phone.as_deref()))
            .collect();
        users.sort_by(|one, other| one.id.cmp(&other.id));
        users
    }

    pub fn platform(&self) -> Vec<SimUser> {
        let mut users = self.sim.users(TOKEN);
        users.sort_by(|one, other| one.id.cmp(&other.id));
        users
    }

    #[track_caller]
    pub fn assert_equal(&self, report: &AccountReport) {
        let (platform, desired) = (self.platform(), self.desired());
        assert!(platform == desired, "{}", self.difference(&desired, report));
        self.assert_no_violation();
    }

    /// In which the platform is not as expected, for a message.
    pub fn difference(&self, expected: &[SimUser], report: &AccountReport) -> String {
        let platform = self.platform();
        let missing: Vec<_> = expected.iter().filter(|it| !platform.contains(it)).collect();
        let surplus: Vec<_> = platform.iter().filter(|it| !expected.contains(it)).collect();
        format!(
            "platform lacks {missing:?} and has {surplus:?}; {}",
            describe(report)
        )
    }

    /// All requests since the last count, a line each, for a message.
    pub fn requests(&self) -> String {
        let line = |it: &wazzup_sync::simulator::RequestRecord| {
            let body = &it.body;
            let items = body.get("users").or(body.get("user_ids")).or(Some(body));
            let items = items.filter(|it| it.is_array());
            let items = items.map(ToString::to_string).unwrap_or_default();
            let fault = it.fault.as_deref().unwrap_or_default();
            format!(
                "  {:>4} {:<6} {} {:?} {fault} {}",
                it.seq,
                it.method,
                it.path,
                it.status,
                items.chars().take(400).collect::<String>()
            )
        };
        let lines: Vec<String> = self.sim.requests().iter().map(line).collect();
        lines.join("\n")
    }

    #[track_caller]
    pub fn assert_no_violation(&self) {
        assert_eq!(self.sim.violations(), [], "{:#?}", self.sim.requests());
    }
}

/// What an assertion shows of a report.
pub fn describe(report: &AccountReport) -> String {
    let open = report
        .users
        .iter()
        .filter(|it| it.settled.outcome != Outcome::Applied);
    let open: Vec<String> = open
        .map(|it| {
            let it = &it.settled;
            let change = &it.change;
            format!(
                "\n  {} {} {}: {:?} {:?}, {} tries, {:?} -> {:?}",
                change.op.word(),
                change.id,
                it.outcome.word(),
                it.code.as_deref().unwrap_or_default(),
                it.detail.as_deref().unwrap_or_default(),
                it.attempts,
                change.old,
                change.new
            )
        })
        .collect();
    let open = open.concat();
    format!(
        "exit {}, stop {:?}, holds {:?}, open: {open}",
        report.exit_code(),
        report.stop,
        report.holds
    )
}

/// The outcome of a user in a report.
pub fn outcome(report: &AccountReport, id: &str) -> Option<(Op, Outcome, Option<String>)> {
    let found = report
        .users
        .iter()
        .find(|it| it.settled.change.id.as_str() == id)?;
    let settled = &found.settled;
    Some((
        settled.change.op,
        settled.outcome,
        settled.code.as_deref().map(str::to_owned),
    ))
}

/// Lets several stories happen side by side; fails with the first few that went wrong.
pub async fn all_well<F: Future<Output = Result<(), String>>>(stories: impl IntoIterator<Item = F>) {
    let endings = stream::iter(stories).buffer_unordered(8);
    let endings: Vec<Result<(), String>> = endings.collect().await;
    let n = endings.len();
    let failures: Vec<String> = endings.into_iter().filter_map(Result::err).collect();
    let shown: Vec<&str> = failures.iter().map(String::as_str).take(4).collect();
    let shown = shown.join("\n\n");
    assert!(failures.is_empty(), "{} of {n}:\n\n{shown}", failures.len());
}
