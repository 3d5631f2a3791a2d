//! Credentials that are renewed: tokens that end, answers that are lost, processes side by side, and a platform
//! that refuses them. And none of their secrets anywhere.

mod killed;
mod refused;
mod renewed;
mod secrets;

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
