//! Credentials that are renewed: tokens that end, answers that are lost, processes side by side, and a platform
//! that refuses them. And none of their secrets anywhere.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Notify;
use wazzup_sync::domain::memory::Millis;
use wazzup_sync::reconcile::{AccountReport, Order, RunResult, Stop, TokenKeeper};
use wazzup_sync::simulator::{
    ExpiresIn, Fault, GrantSetup, How, MethodIs, RefreshShape, Rotation, Setup, Switches, TokenRefusal,
    TokenSwitches,
};
use wazzup_sync::store::TokenKey;
use wazzup_sync::target::credential::oauth::{Keeper, Kept, Locked, NotKept, OAuth, Tokens};
use wazzup_sync::target::credential::white_label::{Partners, WhiteLabel};
use wazzup_sync::target::credential::{Credential, Now};
use wazzup_sync::target::http::{Http, HttpOptions};
use wazzup_sync::target::{self, AnyTarget, Kind};

use super::lab::{Lab, TOKEN, describe, phone};
use super::log::Log;

const LOGIN: &str = "partner@example.com";
const PASSWORD: &str = "correct-horse-battery";
const NUMBER: &str = "72042419";
const CONFIGURED: &str = "the-refresh-token-in-the-configuration";
const STORE_KEY: &str = "a-store-key-of-at-least-32-characters";
const TOKEN_PATH: &str = "/v2/oauth/token";

/// The two credentials that are renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    WhiteLabel,
    OAuth,
}

impl By {
    /// Requests for tokens of a process that has none: a partner needs one of its own too.
    fn n_asked_at_first(self) -> usize {
        match self {
            By::WhiteLabel => 2,
            By::OAuth => 1,
        }
    }
}

const BOTH: [By; 2] = [By::WhiteLabel, By::OAuth];

/// A company with 20 users on the platform and a day's work before it, whose clock is the platform's.
struct Office {
    lab: Lab,
    by: By,
    configured: String,
    store_key: String,
    password: String,
    /// Time goes on by so much each time the client looks at its clock.
    tick: Duration,
}

impl Office {
    async fn new(by: By) -> Office {
        Office::with(by, |_| {}).await
    }

    async fn with(by: By, change: impl FnOnce(&mut TokenSwitches)) -> Office {
        let mut switches = Switches::default();
        change(&mut switches.tokens);
        let setup = Setup {
            manual_clock: true,
            ..Setup::account(TOKEN)
        };
        let setup = setup
            .switches(switches)
            .and_partner(LOGIN, PASSWORD, NUMBER, TOKEN)
            .and_grant(TOKEN, CONFIGURED);
        let mut lab = Lab::start(Kind::WazzupV2, setup).await.unguarded();
        lab.account.secret_mark = "first".to_owned();
        lab.hire_many(20);
        let report = lab.run().await;
        lab.assert_equal(&report);
        lab.count_anew();
        let office = Office {
            lab,
            by,
            configured: CONFIGURED.to_owned(),
            store_key: STORE_KEY.to_owned(),
            password: PASSWORD.to_owned(),
            tick: Duration::ZERO,
        };
        office.work(1);
        office
    }

    /// Something to do: a swap, a rename, a newcomer and a leaver.
    fn work(&self, day: usize) {
        let lab = &self.lab;
        lab.hire(100 + day, "Newcomer", Some(phone(100 + day)));
        lab.dismiss(20 - day);
        lab.edit(4, |it| it.name = format!("Renamed {day}"));
        lab.rotate(&[5, 6]);
    }

    fn later(&self, by: Duration) {
        self.lab.later(by);
        self.lab.sim.advance(by);
    }

    fn now(&self) -> Now {
        let (now, sim, tick) = (Arc::clone(&self.lab.now), Arc::clone(&self.lab.sim), self.tick);
        let millis = i64::try_from(tick.as_millis()).unwrap();
        Now::new(Arc::new(move || {
            sim.advance(tick);
            Millis(now.fetch_add(millis, Ordering::Relaxed) + millis)
        }))
    }

    fn http(&self) -> Http {
        Http::new(HttpOptions {
            timeout: self.lab.timeout,
            requests_per_second: 1_000_000.try_into().unwrap(),
            ..HttpOptions::default()
        })
    }

    fn base_url(&self) -> url::Url {
        self.lab.sim.base_url().parse().unwrap()
    }

    fn keeper(&self) -> TokenKeeper {
        TokenKeeper {
            path: self.lab.dir.path().join("state.db"),
            key: TokenKey::new(SecretString::from(self.store_key.as_str())).unwrap(),
            account: "acme".to_owned(),
            place: format!("wazzup-v2 {}", self.base_url()),
            configured: SecretString::from(self.configured.as_str()),
            clock: self.lab.clock(),
        }
    }

    fn oauth(&self, keeper: Box<dyn Keeper>) -> Credential {
        let oauth = OAuth {
            client_id: "client".to_owned(),
            configured: SecretString::from(self.configured.as_str()),
            place: "accounts[acme].target.oauth.refresh_token".to_owned(),
            keeper,
        };
        oauth.credential(&self.base_url(), &self.http(), self.now())
    }

    /// The platform as the next process opens it.
    fn open(&self) -> AnyTarget {
        let credential = match self.by {
            By::OAuth => self.oauth(Box::new(self.keeper())),
            By::WhiteLabel => {
                let account = WhiteLabel {
                    login: LOGIN.into(),
                    password: SecretString::from(self.password.as_str()),
                    account_id: NUMBER.to_owned(),
                    client_id: Some("client".to_owned()),
                };
                Partners::new(&self.http(), self.now()).account(&self.base_url(), account)
            }
        };
        self.open_with(credential)
    }

    fn open_with(&self, credential: Credential) -> AnyTarget {
        target::open_renewed(&self.base_url(), credential, &self.http())
    }

    /// A run of the next process, five minutes later.
    async fn run(&self) -> AccountReport {
        self.run_with(&Order::default()).await
    }

    async fn run_named(&self) -> AccountReport {
        let order = Order {
            is_named: true,
            ..Order::default()
        };
        self.run_with(&order).await
    }

    async fn run_with(&self, order: &Order) -> AccountReport {
        self.later(Duration::from_secs(300));
        self.run_now(order).await
    }

    async fn run_now(&self, order: &Order) -> AccountReport {
        self.lab.run_on(&self.open(), order).await
    }

    /// Statuses of the requests for tokens, and of all others, since the last look.
    fn statuses(&self) -> (Vec<Option<u16>>, Vec<Option<u16>>) {
        let requests = self.lab.sim.requests();
        self.lab.count_anew();
        let statuses = |is_for_tokens: bool| {
            let chosen = requests
                .iter()
                .filter(|it| (it.path == TOKEN_PATH) == is_for_tokens);
            chosen.map(|it| it.status).collect()
        };
        (statuses(true), statuses(false))
    }

    #[track_caller]
    fn assert_done(&self, report: &AccountReport) {
        let story = format!("{:?}: {}\n{}", self.by, describe(report), self.lab.requests());
        assert_eq!(report.exit_code(), 0, "{story}");
        self.lab.assert_equal(report);
    }

    #[track_caller]
    fn assert_refused(&self, report: &AccountReport) -> String {
        let story = format!("{:?}: {}\n{}", self.by, describe(report), self.lab.requests());
        assert_eq!(report.exit_code(), 77, "{story}");
        self.lab.assert_no_violation();
        report.stop.as_ref().unwrap().to_string()
    }
}

fn n_refused(statuses: &[Option<u16>]) -> usize {
    statuses.iter().filter(|it| **it == Some(401)).count()
}

#[tokio::test]
async fn a_day_is_done_with_a_credential_that_is_had_at_run_time() {
    for by in BOTH {
        let office = Office::new(by).await;
        office.assert_done(&office.run().await);
        let (tokens, users) = office.statuses();
        assert_eq!(tokens, vec![Some(200); by.n_asked_at_first()], "{by:?}");
        assert_eq!(n_refused(&users), 0);
        // A quiet cycle needs no token.
        office.assert_done(&office.run().await);
        assert_eq!(office.statuses(), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_token_that_ends_in_mid_run_is_renewed_before() {
    for by in BOTH {
        let mut office = Office::with(by, |it| it.seconds = 100).await;
        office.tick = Duration::from_secs(20);
        office.assert_done(&office.run().await);
        let (tokens, users) = office.statuses();
        assert!(tokens.len() >= by.n_asked_at_first() + 2, "{by:?}: {tokens:?}");
        assert_eq!(n_refused(&users), 0, "{by:?}");
    }
}

#[tokio::test]
async fn a_token_that_ends_unforeseen_is_renewed_once_and_the_run_goes_on() {
    for by in BOTH {
        for expires_in in [ExpiresIn::Number, ExpiresIn::Absent] {
            let office = Office::with(by, |it| {
                it.max_uses = Some(2);
                it.expires_in = expires_in;
            })
            .await;
            office.assert_done(&office.run().await);
            let (tokens, users) = office.statuses();
            let n_refused = n_refused(&users);
            assert!(n_refused >= 3, "{by:?}: {users:?}");
            assert_eq!(tokens.len(), by.n_asked_at_first() + n_refused, "{by:?}");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_revoked_at_any_request_does_no_harm() {
    for by in BOTH {
        for nth in 1..=14 {
            let office = Office::new(by).await;
            let refused = Fault::status(401).path("/v2/users").nth(nth).times(1);
            office.lab.sim.add_fault(refused);
            office.assert_done(&office.run().await);
        }
    }
}

#[tokio::test]
async fn other_forms_of_the_token_endpoint_are_understood() {
    type Change = fn(&mut TokenSwitches);
    let forms: [(&str, Change); 7] = [
        ("bare", |it| it.envelope = wazzup_sync::simulator::Envelope::Bare),
        ("lives told as text", |it| it.expires_in = ExpiresIn::Text),
        ("lives not told", |it| it.expires_in = ExpiresIn::Absent),
        ("refresh tokens stay", |it| it.rotation = Rotation::Silent),
        ("refresh tokens come again", |it| it.rotation = Rotation::Repeated),
        ("the other shape", |it| it.refresh_shape = RefreshShape::Flat),
        ("either shape", |it| it.refresh_shape = RefreshShape::Both),
    ];
    for by in BOTH {
        for (name, change) in forms {
            let office = Office::with(by, change).await;
            for day in 2..=4 {
                let report = office.run().await;
                assert_eq!(report.exit_code(), 0, "{name}, {by:?}: {}", describe(&report));
                office.later(Duration::from_secs(4000));
                office.work(day);
            }
            office.lab.assert_no_violation();
        }
    }
}

#[tokio::test]
async fn each_process_goes_on_with_the_last_refresh_token() {
    let office = Office::new(By::OAuth).await;
    for day in 2..=6 {
        office.assert_done(&office.run().await);
        office.work(day);
        if day % 2 == 0 {
            office.later(Duration::from_secs(3600));
        }
    }
    let (tokens, _) = office.statuses();
    assert_eq!(tokens, vec![Some(200); 3], "one for each hour");
}

#[tokio::test]
async fn a_credential_that_is_refused_is_left_alone_until_it_is_due() {
    let minute = Duration::from_secs(60);
    for by in BOTH {
        let office = Office::new(by).await;
        office
            .lab
            .sim
            .add_fault(Fault::status(401).path("/v2/users").method(MethodIs::Write));
        let said = office.assert_refused(&office.run().await);
        assert!(said.contains("HTTP 401"), "{said}");
        let (_, users) = office.statuses();
        assert_eq!(n_refused(&users), 2, "{by:?}: once more with another token");
        office.lab.sim.clear_faults();
        office.lab.sim.add_fault(Fault::status(401).path("/v2/users"));
        // Minutes since the last look, and whether a try is due by then: after 5 minutes, an hour, then daily.
        for (after, is_tried) in [
            (4, false),
            (1, true),
            (59, false),
            (1, true),
            (23 * 60, false),
            (60, true),
            (23 * 60, false),
        ] {
            office.later(minute * after);
            let report = office.run_now(&Order::default()).await;
            let said = office.assert_refused(&report);
            let (_, users) = office.statuses();
            let n_reads = if is_tried { 2 } else { 0 };
            assert_eq!(users.len(), n_reads, "{by:?}, {after} minutes later: {said}");
            assert_eq!(said.contains("not tried again before"), !is_tried, "{said}");
            assert_eq!(report.run.is_some(), is_tried);
        }
        // A person asks for it: in vain, and then with success.
        office.assert_refused(&office.run_named().await);
        assert_eq!(office.statuses().1.len(), 2);
        office.lab.sim.clear_faults();
        office.assert_refused(&office.run().await);
        office.assert_done(&office.run_named().await);
        office.work(2);
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn a_fixed_token_that_is_refused_is_left_alone_too_and_another_one_is_tried_at_once() {
    let mut lab = Lab::new(Kind::WazzupV2).await.unguarded();
    lab.hire_many(5);
    lab.sim.add_fault(Fault::status(401));
    assert_eq!(lab.run().await.exit_code(), 77);
    assert_eq!(lab.run().await.exit_code(), 77);
    lab.count_anew();
    assert_eq!(lab.run().await.exit_code(), 77);
    assert_eq!(lab.sim.requests().len(), 0);
    assert_eq!(
        lab.plan().await.exit_code(),
        77,
        "a plan is asked for by a person"
    );
    assert_eq!(lab.sim.requests().len(), 1);
    lab.sim.clear_faults();
    lab.account.secret_mark = "another".to_owned();
    let report = lab.run().await;
    assert_eq!(report.exit_code(), 0, "{}", describe(&report));
    lab.assert_equal(&report);
}

#[tokio::test]
async fn an_account_that_waits_for_its_credential_still_tells_what_is_open() {
    let lab = Lab::new(Kind::WazzupV2).await;
    lab.hire_many(20);
    lab.run().await;
    (1..=15).for_each(|id| lab.dismiss(id));
    assert_eq!(lab.run().await.result, RunResult::Held);
    lab.sim.add_fault(Fault::status(401));
    lab.hire(21, "Newcomer", None);
    for _ in 0..3 {
        let report = lab.run().await;
        assert_eq!(report.exit_code(), 77);
        assert_eq!(report.holds.len(), 1, "{}", describe(&report));
        assert_eq!(report.users.len(), 15);
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_a_right_one_is_tried_at_once() {
    let mut office = Office::new(By::WhiteLabel).await;
    office.password = "wrong-password".to_owned();
    let said = office.assert_refused(&office.run().await);
    assert!(said.contains("the partner's token"), "{said}");
    office.assert_refused(&office.run_named().await);
    office.lab.count_anew();
    office.assert_refused(&office.run().await);
    assert_eq!(office.statuses(), (vec![], vec![]), "nothing was asked");
    office.password = PASSWORD.to_owned();
    office.lab.account.secret_mark = "second".to_owned();
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_token_endpoint_that_does_not_answer_is_no_refusal() {
    for by in BOTH {
        for how in [
            How::Reset,
            How::Html { status: 503 },
            How::Html { status: 200 },
            How::EndlessBody,
            How::Redirect {
                to: "https://elsewhere.example/".to_owned(),
            },
        ] {
            let office = Office::new(by).await;
            let fault = Fault::new(how.clone()).path(TOKEN_PATH);
            office.lab.sim.add_fault(fault);
            for _ in 0..2 {
                let report = office.run().await;
                let story = format!("{by:?}, {how:?}: {}", describe(&report));
                assert_eq!(report.exit_code(), 69, "{story}");
                assert!(matches!(report.stop, Some(Stop::Unreachable(_))), "{story}");
                let (tokens, users) = office.statuses();
                assert_eq!((tokens.len(), users.len()), (5, 0), "{story}");
            }
            office.lab.sim.clear_faults();
            office.assert_done(&office.run().await);
        }
    }
}

#[tokio::test]
async fn a_token_endpoint_that_wants_a_pause_gets_it() {
    for by in BOTH {
        let office = Office::new(by).await;
        let how = How::RateLimit { retry_after: None };
        office
            .lab
            .sim
            .add_fault(Fault::new(how).path(TOKEN_PATH).times(2));
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_renewal_is_harmless_where_the_old_token_stays() {
    for by in BOTH {
        let office = Office::with(by, |it| it.rotation = Rotation::Silent).await;
        let lost = Fault::new(How::Reset).path(TOKEN_PATH).after_effect();
        office.lab.sim.add_fault(lost.times(1));
        office.assert_done(&office.run().await);
    }
}

/// The customer grants access once more, and somebody puts the new refresh token into the configuration.
fn grant_again(office: &mut Office, account: &str) {
    office.configured = format!("another-refresh-token-for-{account}");
    office.lab.sim.grant(GrantSetup {
        account: account.to_owned(),
        client_id: "client".to_owned(),
        refresh_token: office.configured.clone(),
    });
    office.lab.account.secret_mark = format!("mark of {}", office.configured);
    office.lab.account.binding.credential = format!("print of {}", office.configured);
}

#[tokio::test]
async fn a_refresh_token_that_was_replaced_unseen_needs_the_customer() {
    for refusal in [
        TokenRefusal::Platform,
        TokenRefusal::Standard,
        TokenRefusal::Empty,
    ] {
        let mut office = Office::with(By::OAuth, |it| it.refusal = refusal).await;
        let lost = Fault::new(How::Truncated).path(TOKEN_PATH).after_effect();
        office.lab.sim.add_fault(lost.times(1));
        let said = office.assert_refused(&office.run().await);
        assert!(said.contains("The answer to a renewal on 20"), "{said}");
        assert!(
            said.contains("grant access again") && said.contains("accounts[acme].target.oauth.refresh_token"),
            "{said}"
        );
        grant_again(&mut office, TOKEN);
        office.assert_done(&office.run().await);
        office.later(Duration::from_secs(3600));
        office.work(2);
        office.assert_done(&office.run().await);
        office.lab.assert_no_violation();
    }
}

#[tokio::test]
async fn a_grant_that_was_taken_back_says_what_to_do() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.lab.sim.revoke_grants(TOKEN);
    office.lab.sim.revoke_tokens(TOKEN, true);
    office.work(2);
    let said = office.assert_refused(&office.run().await);
    assert!(!said.contains("was lost"), "{said}");
    assert!(said.contains("Let the customer grant access again"), "{said}");
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_grant_for_another_company_is_held() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.lab.sim.seed("other-company", []);
    grant_again(&mut office, "other-company");
    office.work(2);
    let report = office.run().await;
    assert_eq!(report.exit_code(), 4, "{}", describe(&report));
    assert_eq!(report.holds[0].reason.word(), "target_changed");
    assert!(office.lab.sim.users("other-company").is_empty());
}

/// Keeps what it is told, but for the process: that dies when it is about to.
#[derive(Debug)]
struct Dying {
    keeper: TokenKeeper,
    died: Arc<Notify>,
}

struct DyingLock {
    /// The file lock of a process that is killed is gone.
    locked: Mutex<Option<Arc<dyn Locked>>>,
    died: Arc<Notify>,
}

impl DyingLock {
    fn locked(&self) -> Arc<dyn Locked> {
        Arc::clone(self.locked.lock().unwrap().as_ref().unwrap())
    }
}

#[async_trait]
impl Keeper for Dying {
    async fn look(&self) -> Result<Kept, NotKept> {
        self.keeper.look().await
    }

    async fn lock(&self) -> Result<Box<dyn Locked>, NotKept> {
        let locked: Arc<dyn Locked> = Arc::from(self.keeper.lock().await?);
        Ok(Box::new(DyingLock {
            locked: Mutex::new(Some(locked)),
            died: Arc::clone(&self.died),
        }))
    }
}

#[async_trait]
impl Locked for DyingLock {
    async fn kept(&self) -> Result<Kept, NotKept> {
        self.locked().kept().await
    }

    async fn begin(&self) -> Result<(), NotKept> {
        self.locked().begin().await
    }

    async fn withdraw(&self, asked_at: Option<Millis>) -> Result<(), NotKept> {
        self.locked().withdraw(asked_at).await
    }

    async fn save(&self, _: &Tokens) -> Result<(), NotKept> {
        self.locked.lock().unwrap().take();
        self.died.notify_one();
        std::future::pending().await
    }
}

/// Runs until tokens have come, and not a step further.
async fn killed_before_the_commit(office: &Office) {
    let died = Arc::new(Notify::new());
    let keeper = Dying {
        keeper: office.keeper(),
        died: Arc::clone(&died),
    };
    office.later(Duration::from_secs(300));
    let target = office.open_with(office.oauth(Box::new(keeper)));
    let order = Order::default();
    tokio::select! {
        report = office.lab.run_on(&target, &order) => panic!("{}", describe(&report)),
        () = died.notified() => {}
    }
}

#[tokio::test]
async fn a_process_that_is_killed_between_renewal_and_commit_loses_what_it_alone_has_seen() {
    let mut office = Office::new(By::OAuth).await;
    killed_before_the_commit(&office).await;
    office.lab.reopen().await;
    let (_, users) = office.statuses();
    assert_eq!(users.len(), 0, "no access token was used before it was kept");
    office.lab.sim.clear_violations();
    let report = office.run().await;
    assert_eq!(report.exit_code(), 77, "{}", describe(&report));
    let said = report.stop.unwrap().to_string();
    assert!(
        said.contains("was lost") && said.contains("grant access again"),
        "{said}"
    );
    office.lab.sim.clear_violations();
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}

#[tokio::test]
async fn a_process_that_is_killed_between_renewal_and_commit_loses_nothing_where_tokens_stay() {
    for rotation in [Rotation::Silent, Rotation::Repeated] {
        let mut office = Office::with(By::OAuth, |it| it.rotation = rotation).await;
        killed_before_the_commit(&office).await;
        office.lab.reopen().await;
        office.assert_done(&office.run().await);
    }
}

#[tokio::test]
async fn two_processes_that_need_a_token_at_once_renew_one_after_the_other_and_share_it() {
    let office = Office::new(By::OAuth).await;
    office.lab.sim.update_switches(|it| it.answer_delay_ms = 2);
    for day in 2..=4 {
        let targets = [(); 3].map(|()| office.open());
        let order = Order::default();
        let (run, one, other) = tokio::join!(
            office.lab.run_on(&targets[0], &order),
            office.lab.plan_on(&targets[1]),
            office.lab.plan_on(&targets[2]),
        );
        for report in [&run, &one, &other] {
            assert!([0, 2].contains(&report.exit_code()), "{}", describe(report));
        }
        office.lab.assert_no_violation();
        let (tokens, _) = office.statuses();
        assert_eq!(tokens, [Some(200)], "day {day}");
        office.later(Duration::from_secs(3600));
        office.work(day);
    }
}

#[tokio::test]
async fn a_plan_renews_and_keeps_what_comes() {
    let office = Office::new(By::OAuth).await;
    let plan = office.lab.plan_on(&office.open()).await;
    assert_eq!(plan.exit_code(), 0, "{}", describe(&plan));
    office.assert_done(&office.run().await);
    let (tokens, _) = office.statuses();
    assert_eq!(tokens, [Some(200)], "the run goes on with the token of the plan");
}

#[tokio::test]
async fn tokens_under_another_key_are_a_problem_of_the_configuration() {
    let mut office = Office::new(By::OAuth).await;
    office.assert_done(&office.run().await);
    office.statuses();
    office.work(2);
    office.store_key = "another-store-key-of-32-characters".to_owned();
    let report = office.run().await;
    assert_eq!(report.exit_code(), 78, "{}", describe(&report));
    let said = report.stop.unwrap().to_string();
    assert!(
        said.contains("[store] key") && said.contains("Put the old key back"),
        "{said}"
    );
    assert_eq!(office.statuses(), (vec![], vec![]), "nothing was asked");
    grant_again(&mut office, TOKEN);
    office.assert_done(&office.run().await);
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[tokio::test]
async fn no_secret_is_in_any_report_log_or_file() {
    let log = Log::start();
    for by in BOTH {
        let office = Office::with(by, |it| it.max_uses = Some(3)).await;
        // One process, since the next one knows nothing of tokens that have ended before.
        let target = office.open();
        let mut reports = Vec::new();
        let named = Order {
            is_named: true,
            ..Order::default()
        };
        let mut run = async |office: &Office| {
            office.later(Duration::from_secs(300));
            let report = office.lab.run_on(&target, &named).await;
            reports.push(format!("{report:?} {}", describe(&report)));
        };
        run(&office).await;
        // A platform that says what it knows of this account in every refusal.
        let told = |office: &Office| {
            let secrets = office.lab.sim.issued_tokens();
            let latest = secrets.len().saturating_sub(20);
            let configured = match by {
                By::WhiteLabel => format!("{LOGIN} {PASSWORD}"),
                By::OAuth => CONFIGURED.to_owned(),
            };
            format!("{} {configured}", secrets[latest..].join(" "))
        };
        for status in [400, 401, 403, 500, 200] {
            for path in [TOKEN_PATH, "/v2/users"] {
                office.work(2);
                office.later(Duration::from_secs(1800));
                let body = Some(format!(r#"{{"error":"{0}","description":"{0}"}}"#, told(&office)));
                let how = How::Status {
                    status,
                    body,
                    retry_after: None,
                };
                office.lab.sim.add_fault(Fault::new(how).path(path).times(1));
                run(&office).await;
                office.lab.sim.clear_faults();
            }
        }
        let secrets = office.lab.sim.issued_tokens();
        assert!(secrets.len() > 10, "{by:?}: {secrets:?}");
        let secrets = secrets.iter().map(String::as_str);
        let log = log.text();
        assert!(log.contains("token request answered"), "there is a log");
        let bytes: Vec<(String, Vec<u8>)> = files(office.lab.dir.path())
            .into_iter()
            .map(|it| (it.display().to_string(), std::fs::read(it).unwrap()))
            .collect();
        for secret in secrets.chain([LOGIN, PASSWORD, CONFIGURED, STORE_KEY]) {
            assert!(
                !reports.concat().contains(secret),
                "{by:?}: {secret} is in a report"
            );
            assert!(!log.contains(secret), "{by:?}: {secret} is in the log");
            for (path, bytes) in &bytes {
                let is_there = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
                assert!(!is_there, "{by:?}: {secret} is in {path}");
            }
        }
    }
}
