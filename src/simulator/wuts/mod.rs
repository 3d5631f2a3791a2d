//! WUTS: `/users` of tenants, each request by the token of one of their users.
//!
//! Written from the platform's documents alone and independent of the client, so that both can't share
//! a misunderstanding. What the documents leave open is decided by the [switches](WutsSwitches).

mod audit;
mod handle;
mod problem;
mod read;
mod switches;
mod tenant;
mod wire;
mod write;

use std::collections::BTreeMap;

use super::clock::Moment;
use super::record::Rule;
use super::reply::Reply;
pub(super) use handle::steer;
use problem::Problem;
pub use switches::{
    CapShown, EmailCase, ErrorCodes, Ids, ListEnvelope, Lockout, PutRole, RoleCase, Transition, UserEnvelope,
    WutsErrorShape, WutsSwitches, WutsTokens,
};
use tenant::Tenant;
pub use tenant::{WutsTenant, WutsUser};
pub(super) use wire::{Request, token};

/// The state of this platform.
#[derive(Debug, Default)]
pub(super) struct Wuts {
    pub(super) switches: WutsSwitches,
    tenants: BTreeMap<String, Tenant>,
}

impl Wuts {
    /// Whether the token is anybody's.
    pub(super) fn knows(&self, token: &str) -> bool {
        self.tenants.values().any(|it| it.caller(token).is_some())
    }

    fn tenant_of(&mut self, token: &str) -> Option<(&String, &mut Tenant)> {
        self.tenants
            .iter_mut()
            .find(|(_, tenant)| tenant.caller(token).is_some())
    }

    /// An administrator's hand: the tenant has these users and no others. Makes the tenant.
    pub(super) fn put_tenant(&mut self, tenant: WutsTenant, now: Moment) {
        let WutsTenant { id, users, protected } = tenant;
        let kept = self.tenants.entry(id).or_default();
        kept.change(now, 0, |it| it.clear());
        // There is no earlier state of a new tenant that a read could show.
        kept.put(users, now, 0);
        kept.protected.extend(protected);
    }

    /// An administrator's hand, in the tenant of a caller.
    pub(super) fn meddle(&mut self, token: &str, put: &[WutsUser], remove: &[String], now: Moment) {
        let lag_ms = self.switches.read_lag_ms;
        if let Some((_, tenant)) = self.tenant_of(token) {
            tenant.change(now, lag_ms, |it| it.retain(|id, _| !remove.contains(id)));
            tenant.put(put.to_vec(), now, lag_ms);
        }
    }

    /// Adds the rules that a request of a known token breaks.
    pub(super) fn audit(
        &mut self,
        request: &Request,
        token: &str,
        max_per_second: Option<u32>,
        now_ms: u64,
        broken: &mut Vec<(Rule, String)>,
    ) {
        if let Some((_, tenant)) = self.tenant_of(token) {
            let too_many = tenant.arrivals.too_many(max_per_second, now_ms);
            broken.extend(too_many.map(|it| (Rule::Pace, it)));
            audit::audit(request, token, tenant, broken);
        }
    }

    /// Lets the request have its effect, answers it, and tells whether it had one.
    pub(super) fn answer(&mut self, request: &Request, token: Option<&str>, now: Moment) -> (Reply, bool) {
        let switches = self.switches.clone();
        let mut had_effect = false;
        let answered = match token.and_then(|it| self.tenant_of(it).map(|found| (it, found))) {
            None => Err(Problem::unauthorised()),
            Some((token, (tenant_id, tenant))) => {
                let at = At {
                    switches: &switches,
                    tenant_id,
                    now,
                };
                at.answer(request, token, tenant, &mut had_effect)
            }
        };
        let reply = answered.unwrap_or_else(|problem| problem.reply(&switches, now));
        (reply, had_effect)
    }
}

/// The circumstances of one request.
struct At<'a> {
    switches: &'a WutsSwitches,
    tenant_id: &'a str,
    now: Moment,
}

impl At<'_> {
    fn answer(
        &self,
        request: &Request,
        token: &str,
        tenant: &mut Tenant,
        had_effect: &mut bool,
    ) -> Result<Reply, Problem> {
        let caller = tenant.caller(token).cloned();
        let is_welcome = |it: &WutsUser| it.active || self.switches.inactive_tokens_work;
        let caller = caller.filter(is_welcome).ok_or_else(Problem::unauthorised)?;
        match request {
            Request::List => self.list(&caller, tenant),
            Request::Get(id) => self.get(id, &caller, tenant),
            Request::Create(sent) => self.create(sent, &caller, tenant, had_effect),
            Request::Update(id, sent) => self.update(id, sent, &caller, tenant, had_effect),
            Request::Promote(id, sent) => self.promote(id, sent, &caller, tenant, had_effect),
            Request::Delete(id) => self.delete(id, &caller, tenant, had_effect),
            Request::Unknown(what) => Err(Problem::not_found(&format!("no such endpoint: {what}"))),
        }
    }
}
