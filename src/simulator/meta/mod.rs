//! Meta's Graph API: the system users of a business, and who is assigned to a WhatsApp Business account.
//!
//! Written from the platform's documents alone and independent of the client, so that both can't share a
//! misunderstanding. What the documents leave open is decided by the [switches](MetaSwitches).

mod audit;
mod limits;
mod problem;
mod read;
mod switches;
mod wire;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::{HeaderName, StatusCode};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;

use super::account::SimUser;
use super::history::{Arrivals, History};
use super::reply::Reply;
use super::switches::Switches;
use limits::Limits;
use problem::Problem;
pub use switches::{
    AlreadyAssigned, GraphErrorBody, MetaSwitches, RemoveUnassigned, TasksOnRead, UnknownUser, UsageHeaders,
};
use wire::Endpoint;
pub(super) use wire::Request;

/// A business with one WhatsApp Business account. Its token is also its name here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetaBusiness {
    /// The token of one of its system users.
    pub token: String,
    /// The system user behind the token.
    pub own_id: String,
    /// The business.
    pub business_id: String,
    /// The WhatsApp Business account.
    pub waba_id: String,
    /// The secret of the app.
    pub app_secret: Option<String>,
    /// Whether a request without a proof of that secret is refused. A wrong one always is.
    pub require_proof: bool,
    /// System users by id.
    pub system_users: BTreeMap<String, MetaUser>,
    /// People by id.
    pub humans: BTreeMap<String, MetaUser>,
    /// Users that can't be unassigned, because of a business asset group.
    pub restricted: BTreeSet<String>,
    /// Users that no client may write to.
    pub protected: BTreeSet<String>,
    /// System users that were made by requests.
    pub n_created: u64,
}

/// A user of a business.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetaUser {
    /// The name; not unique.
    pub name: String,
    /// `ADMIN`, `EMPLOYEE` or another word.
    pub role: String,
    /// What it may do on the account; absent if it is not assigned.
    pub tasks: Option<BTreeSet<String>>,
}

impl MetaUser {
    /// One that is not assigned.
    pub fn new(name: &str) -> MetaUser {
        MetaUser {
            name: name.to_owned(),
            role: "EMPLOYEE".to_owned(),
            tasks: None,
        }
    }

    /// One that is assigned with these tasks.
    pub fn assigned(name: &str, tasks: &[&str]) -> MetaUser {
        MetaUser {
            tasks: Some(tasks.iter().map(ToString::to_string).collect()),
            ..MetaUser::new(name)
        }
    }
}

impl MetaBusiness {
    /// A business with nobody but the system user behind the token, an administrator that is assigned.
    pub fn new(token: &str) -> MetaBusiness {
        let own_id = "122100000000000001";
        let own = MetaUser {
            role: "ADMIN".to_owned(),
            ..MetaUser::assigned("Sync", &["MANAGE"])
        };
        MetaBusiness {
            token: token.to_owned(),
            own_id: own_id.to_owned(),
            business_id: "506914307656634".to_owned(),
            waba_id: "102290129340398".to_owned(),
            system_users: BTreeMap::from([(own_id.to_owned(), own)]),
            ..MetaBusiness::default()
        }
    }

    /// The same with one more system user.
    #[must_use]
    pub fn and_system_user(mut self, id: &str, user: MetaUser) -> MetaBusiness {
        self.system_users.insert(id.to_owned(), user);
        self
    }

    /// The same with one more person.
    #[must_use]
    pub fn and_human(mut self, id: &str, user: MetaUser) -> MetaBusiness {
        self.humans.insert(id.to_owned(), user);
        self
    }

    fn user_mut(&mut self, id: &str) -> Option<&mut MetaUser> {
        match self.system_users.get_mut(id) {
            Some(user) => Some(user),
            None => self.humans.get_mut(id),
        }
    }

    /// What an administrator makes of it by hand: system users come, get other names, or go.
    pub(super) fn meddled(&self, put: Vec<SimUser>, remove: &[String]) -> MetaBusiness {
        let mut business = self.clone();
        business.system_users.retain(|id, _| !remove.contains(id));
        for SimUser { id, name, phone: _ } in put {
            let user = business.system_users.entry(id);
            user.or_insert_with(|| MetaUser::new("")).name = name;
        }
        business
    }
}

/// A business, and what it remembers of its callers.
#[derive(Debug)]
pub(super) struct Business {
    state: History<MetaBusiness>,
    limits: Limits,
    arrivals: Arrivals,
    /// Where the first request went.
    host: Option<String>,
}

/// The circumstances of one request.
struct Now<'a> {
    switches: &'a Switches,
    now_ms: u64,
    had_effect: bool,
}

impl Business {
    pub(super) fn new(state: MetaBusiness) -> Business {
        Business {
            state: History::new(state),
            limits: Limits::default(),
            arrivals: Arrivals::default(),
            host: None,
        }
    }

    pub(super) fn state(&self) -> &Arc<MetaBusiness> {
        self.state.now()
    }

    pub(super) fn put(&mut self, state: MetaBusiness, now_ms: u64, lag_ms: u64) {
        self.state.set(state, now_ms, lag_ms);
    }

    /// Changes the state by a request.
    fn change(&mut self, now: &mut Now<'_>, change: impl FnOnce(&mut MetaBusiness)) {
        let mut state = MetaBusiness::clone(self.state());
        change(&mut state);
        self.state.set(state, now.now_ms, now.switches.read_lag_ms);
        now.had_effect = true;
    }

    /// What a read shows.
    fn as_seen(&self, now: &Now<'_>) -> Arc<MetaBusiness> {
        Arc::clone(self.state.as_seen(now.now_ms, now.switches.read_lag_ms))
    }

    fn answer(&mut self, request: &Request, now: &mut Now<'_>) -> Result<Value, Problem> {
        self.check_proof(request, now)?;
        match &request.endpoint {
            Endpoint::Me => Ok(read::me(&self.as_seen(now))),
            Endpoint::User(id) => read::user(id, &self.as_seen(now)),
            Endpoint::SystemUsers(id) => {
                let state = self.as_seen(now);
                belongs(id, &state.business_id)?;
                read::system_users(request, &state, &now.switches.meta)
            }
            Endpoint::AssignedUsers(id) => {
                let state = self.as_seen(now);
                belongs(id, &state.waba_id)?;
                read::assigned_users(request, &state, &now.switches.meta)
            }
            Endpoint::CreateSystemUser(id) => {
                belongs(id, &self.state().business_id)?;
                self.create(request, now)
            }
            Endpoint::Assign(id) => {
                belongs(id, &self.state().waba_id)?;
                self.assign(request, now)
            }
            Endpoint::Unassign(id) => {
                belongs(id, &self.state().waba_id)?;
                self.unassign(request, now)
            }
            Endpoint::Unknown(what) => Err(Problem::unknown_path(what)),
        }
    }

    fn check_proof(&self, request: &Request, now: &Now<'_>) -> Result<(), Problem> {
        let problem = |text| Err(Problem::proof(text, &now.switches.meta));
        match self.state().proof_of(request) {
            Proof::Wrong => problem("Invalid appsecret_proof provided in the API argument"),
            Proof::Missing if self.state().require_proof => {
                problem("API calls from the server require an appsecret_proof argument")
            }
            Proof::Missing | Proof::Right | Proof::NotNeeded => Ok(()),
        }
    }
}

/// What a request has of a proof that its sender knows the app's secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Proof {
    /// The app has no secret here.
    NotNeeded,
    Missing,
    Wrong,
    Right,
}

impl MetaBusiness {
    fn proof_of(&self, request: &Request) -> Proof {
        let Some(secret) = &self.app_secret else {
            return Proof::NotNeeded;
        };
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(self.token.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let expected: String = bytes.iter().map(|it| format!("{it:02x}")).collect();
        match request.param("appsecret_proof") {
            None => Proof::Missing,
            Some(proof) if proof == expected => Proof::Right,
            Some(_) => Proof::Wrong,
        }
    }
}

fn belongs(id: &str, own: &str) -> Result<(), Problem> {
    match id == own {
        true => Ok(()),
        false => Err(Problem::no_access(id)),
    }
}

/// Lets the request have its effect, and answers it; also whether it had one.
pub(super) fn answer(
    request: &Request,
    business: Option<&mut Business>,
    switches: &Switches,
    now_ms: u64,
    seq: u64,
) -> (Reply, bool) {
    let Some(business) = business else {
        return (Problem::token().reply(&switches.meta, seq), false);
    };
    let mut now = Now {
        switches,
        now_ms,
        had_effect: false,
    };
    let answered = match business.limits.admit(&switches.meta, now_ms) {
        true => business.answer(request, &mut now),
        false => Err(Problem::limit(&switches.meta)),
    };
    let reply = match answered {
        Ok(body) => Reply::json(StatusCode::OK, &body),
        Err(problem) => problem.reply(&switches.meta, seq),
    };
    let version = HeaderName::from_static("facebook-api-version");
    let reply = reply.header(version, request.version.clone());
    let business_id = business.state().business_id.clone();
    let reply = business.limits.show(reply, &business_id, &switches.meta, now_ms);
    (reply, now.had_effect)
}
