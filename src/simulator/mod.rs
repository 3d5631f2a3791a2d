//! The platforms, simulated over HTTP: stateful, switchable, breakable, and watchful.
//!
//! A [`Simulator`] keeps the users of several accounts and answers as the platform does. What the
//! platform's documents leave open is a [switch](Switches); what goes wrong on the way is a
//! [fault](Fault); what a client does is [recorded](RequestRecord), and so is every
//! [rule](Rule) that it breaks, even where the switches in force would let it pass. Tests state what the
//! world looks like and then look at the world again, not at a list of expected calls.
//!
//! It knows nothing of the client's code, by design: a client and a simulator that share code also
//! share its misunderstandings. It speaks Wazzup v2 below `/v2` and Wazzup v3 below `/v3`, which show the same
//! accounts; WUTS below `/users`; and Meta's Graph API under paths such as `/v25.0/`.
//!
//! Two simulators with the same setup that get the same requests in the same order give the same
//! answers, up to the time stamps; with a [manual clock](Setup::manual_clock) those too.

mod account;
mod call;
mod clock;
mod control;
mod faults;
mod history;
mod meta;
mod platform;
mod record;
mod reply;
mod server;
mod switches;
mod tokens;
mod wazzup;
mod wazzup_v2;
mod wazzup_v3;
mod world;
mod wuts;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use account::SimUser;
pub use faults::{Fault, How, Lands, MethodIs, RetryAfter, Strikes, When};
pub use meta::{
    AlreadyAssigned, GraphErrorBody, MetaBusiness, MetaSwitches, MetaUser, RemoveUnassigned, TasksOnRead,
    UnknownUser, UsageHeaders,
};
pub use record::{Counts, RequestRecord, Rule, Violation};
pub use switches::{
    AbsentGet, AbsentPhone, BatchRule, CodeCase, DeleteUnknown, Envelope, ErrorShape, OverBatch,
    PartialAnswer, PastEnd, PatchUnknown, PhoneCheck, PhoneRule, PostExisting, Switches,
};
pub use tokens::{
    ExpiresIn, GrantSetup, PartnerSetup, RefreshShape, Rotation, TokenRefusal, TokenSetup, TokenSwitches,
};
pub use wazzup_v2::settings::{SimChannel, SimRole, SimSettings};
pub use wazzup_v2::switches::{RolesRule, SettingsEffect, SettingsSwitches, UnknownRow};
pub use wazzup_v3::{BulkDelete, Count, ListShape, RateLimit, Success, TooMany, V3Switches};
pub use wuts::{
    CapShown, EmailCase, ErrorCodes, Ids, ListEnvelope, Lockout, PutRole, RoleCase, Transition, UserEnvelope,
    WutsErrorShape, WutsSwitches, WutsTenant, WutsTokens, WutsUser,
};

use clock::Clock;
use server::Shared;
use tokens::TokenBook;
use world::World;

/// What a simulator starts with. As TOML or JSON every key is optional, and an unknown key is an error.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Setup {
    /// Address to listen on; a free port of the loopback interface if absent.
    pub bind: Option<SocketAddr>,
    /// Whether time stands still unless [`Simulator::advance`] moves it. Faults that wait do so in real
    /// time nevertheless.
    pub manual_clock: bool,
    /// The switches.
    pub switches: Switches,
    /// The accounts.
    pub accounts: Vec<AccountSetup>,
    /// Who may have tokens issued, beside those of the accounts themselves.
    pub tokens: TokenSetup,
    /// The switches of WUTS.
    pub wuts_switches: WutsSwitches,
    /// The tenants of WUTS.
    pub tenants: Vec<WutsTenant>,
    /// Businesses of Meta.
    pub meta: Vec<MetaBusiness>,
    /// Faults in force from the beginning.
    pub faults: Vec<Fault>,
}

/// One account. Its token is also its name here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountSetup {
    /// The Bearer token.
    pub token: String,
    /// Users that it has already.
    pub users: Vec<SimUser>,
    /// Users that no client may write to.
    pub protected: Vec<String>,
    /// Channels, on which users may have rights.
    pub channels: Vec<SimChannel>,
}

impl Setup {
    /// One account without users.
    pub fn account(token: &str) -> Setup {
        Setup::default().and_account(token, [])
    }

    /// One more account.
    #[must_use]
    pub fn and_account(mut self, token: &str, users: impl IntoIterator<Item = SimUser>) -> Setup {
        self.accounts.push(AccountSetup {
            token: token.to_owned(),
            users: users.into_iter().collect(),
            protected: Vec::new(),
            channels: Vec::new(),
        });
        self
    }

    /// The same with these channels in the account that came last.
    #[must_use]
    pub fn channels(mut self, channels: impl IntoIterator<Item = SimChannel>) -> Setup {
        if let Some(account) = self.accounts.last_mut() {
            account.channels.extend(channels);
        }
        self
    }

    /// A partner more, who may have tokens for an account by its number.
    #[must_use]
    pub fn and_partner(mut self, login: &str, password: &str, number: &str, account: &str) -> Setup {
        self.tokens.partners.push(PartnerSetup {
            login: login.to_owned(),
            password: password.to_owned(),
            client_id: "client".to_owned(),
            accounts: [(number.to_owned(), account.to_owned())].into(),
        });
        self
    }

    /// What a customer granted to the client `client`, more.
    #[must_use]
    pub fn and_grant(mut self, account: &str, refresh_token: &str) -> Setup {
        self.tokens.grants.push(GrantSetup {
            account: account.to_owned(),
            client_id: "client".to_owned(),
            refresh_token: refresh_token.to_owned(),
        });
        self
    }

    /// One more business of Meta.
    #[must_use]
    pub fn and_meta(mut self, business: MetaBusiness) -> Setup {
        self.meta.push(business);
        self
    }

    /// The same with these switches.
    #[must_use]
    pub fn switches(mut self, switches: Switches) -> Setup {
        self.switches = switches;
        self
    }

    /// The same with one more fault.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Setup {
        self.faults.push(fault);
        self
    }
}

/// A running simulator. It stops when it is dropped.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Simulator {
    /// Starts to listen and to serve, in the background of the current tokio runtime.
    ///
    /// # Errors
    /// The address can't be bound.
    pub async fn start(setup: Setup) -> io::Result<Simulator> {
        let Setup {
            bind,
            manual_clock,
            switches,
            accounts,
            tokens,
            wuts_switches,
            tenants,
            meta,
            faults,
        } = setup;
        let mut world = World::new(Clock::new(manual_clock), switches);
        world.tokens = TokenBook::new(tokens);
        for account in accounts {
            world.put_users(&account.token, account.users, true);
            world.protect(&account.token, account.protected);
            world.put_settings(&account.token, None, Some(account.channels));
        }
        world.wuts.switches = wuts_switches;
        let now = world.clock.now();
        for tenant in tenants {
            world.wuts.put_tenant(tenant, now);
        }
        for business in meta {
            world.put_meta(business);
        }
        for fault in faults {
            world.faults.add(fault);
        }
        let bind = bind.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(world));
        let server = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Simulator {
            shared,
            address,
            server,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as a URL without a path and without a slash at its end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The users of an account, sorted by id; none if there is no such account.
    pub fn users(&self, token: &str) -> Vec<SimUser> {
        let world = self.settled();
        let account = world.accounts.get(token);
        account.map_or_else(Vec::new, |it| it.users().values().cloned().collect())
    }

    /// An administrator's hand: the account has these users and no others. Creates the account.
    pub fn seed(&self, token: &str, users: impl IntoIterator<Item = SimUser>) {
        self.settled().put_users(token, users.into_iter().collect(), true);
    }

    /// An administrator's hand: adds a user or changes one. No rule applies, phones may clash.
    pub fn put_user(&self, token: &str, user: SimUser) {
        self.settled().put_users(token, vec![user], false);
    }

    /// An administrator's hand: removes a user, if there is one.
    pub fn remove_user(&self, token: &str, id: &str) {
        self.settled().remove_users(token, &[id.to_owned()]);
    }

    /// A business of Meta as it is now; `None` if no business has this token.
    pub fn meta(&self, token: &str) -> Option<MetaBusiness> {
        let world = self.settled();
        world.meta.get(token).map(|it| MetaBusiness::clone(it.state()))
    }

    /// An administrator's hand: changes a business of Meta, if there is one with this token.
    pub fn update_meta(&self, token: &str, change: impl FnOnce(&mut MetaBusiness)) {
        let mut world = self.settled();
        let state = world.meta.get(token).map(|it| MetaBusiness::clone(it.state()));
        if let Some(mut state) = state {
            change(&mut state);
            world.put_meta(state);
        }
    }

    /// What users of an account may do; nothing if there is no such account.
    pub fn settings(&self, token: &str) -> SimSettings {
        let world = self.settled();
        let account = world.accounts.get(token);
        account.map_or_else(SimSettings::default, |it| SimSettings::clone(it.settings()))
    }

    /// An administrator's hand: changes what users may do. No rule applies.
    pub fn update_settings(&self, token: &str, change: impl FnOnce(&mut SimSettings)) {
        let mut settings = self.settings(token);
        change(&mut settings);
        self.settled().put_settings(token, Some(settings), None);
    }

    /// An administrator's hand: the account has these channels and no others.
    pub fn set_channels(&self, token: &str, channels: impl IntoIterator<Item = SimChannel>) {
        let channels = channels.into_iter().collect();
        self.settled().put_settings(token, None, Some(channels));
    }

    /// From now on every write that names one of these users is a violation.
    pub fn protect<'a>(&self, token: &str, ids: impl IntoIterator<Item = &'a str>) {
        let ids = ids.into_iter().map(str::to_owned).collect();
        self.settled().protect(token, ids);
    }

    /// Ends the issued tokens of an account, and those of all partners too if asked for. Refresh tokens stay.
    pub fn revoke_tokens(&self, account: &str, machines_too: bool) {
        self.shared.lock().tokens.revoke(account, machines_too);
    }

    /// Ends all refresh tokens of an account.
    pub fn revoke_grants(&self, account: &str) {
        self.shared.lock().tokens.revoke_grants(account);
    }

    /// A customer grants access once more.
    pub fn grant(&self, grant: GrantSetup) {
        self.shared.lock().tokens.grant(grant);
    }

    /// All tokens that were ever issued, in order.
    pub fn issued_tokens(&self) -> Vec<String> {
        self.shared.lock().tokens.issued().to_vec()
    }

    /// The switches in force.
    pub fn switches(&self) -> Switches {
        self.shared.lock().switches.clone()
    }

    /// Sets all switches.
    pub fn set_switches(&self, switches: Switches) {
        self.settled().switches = switches;
    }

    /// Changes some switches.
    pub fn update_switches(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.settled().switches);
    }

    /// Adds a fault behind those in force.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.lock().faults.add(fault);
    }

    /// Removes all faults. Effects that were delayed by one still land.
    pub fn clear_faults(&self) {
        self.shared.lock().faults.clear();
    }

    /// Lands all delayed effects now.
    pub fn land_delayed(&self) {
        self.shared.lock().land_all();
    }

    /// Moves a manual clock.
    pub fn advance(&self, by: Duration) {
        self.shared.lock().clock.advance(by);
    }

    /// The requests since the last clearing, in the order of their arrival.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.settled().record.requests()
    }

    /// Forgets requests and counts; violations stay.
    pub fn clear_requests(&self) {
        self.settled().record.clear_requests();
    }

    /// The rules that clients broke since the last clearing.
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.lock().record.violations()
    }

    /// Forgets violations.
    pub fn clear_violations(&self) {
        self.shared.lock().record.clear_violations();
    }

    /// Numbers of requests since the last clearing.
    pub fn counts(&self) -> Counts {
        self.shared.lock().record.counts
    }

    /// Stops listening and closes all connections; returns when the port is free again.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The task's end is what counts; that it ended by being aborted is no news.
        let _ = (&mut self.server).await;
    }

    fn settled(&self) -> std::sync::MutexGuard<'_, World> {
        let mut world = self.shared.lock();
        world.settle();
        world
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
