//! The state of the simulated platform: accounts with their users, what they were a while ago, and the
//! requests that are under way.
//!
//! Everything here is synchronous and lives behind one lock; the server waits only outside of it.

use std::collections::btree_map::{BTreeMap, Entry};

use axum::http::StatusCode;
use serde_json::Value;

use super::account::{Account, SimUser, UserMap};
use super::call::{Call, Payload};
use super::clock::Clock;
use super::faults::{Fault, FaultBook, How, Lands};
use super::meta::{self, Business, MetaBusiness};
use super::record::{Record, RequestRecord, Rule};
use super::reply::Reply;
use super::switches::Switches;
use super::tokens::{self, Standing, TokenBook};
use super::wazzup::Now;
use super::wuts::Wuts;

/// A write whose effect is still to come.
#[derive(Debug)]
struct Delayed {
    seq: u64,
    call: Call,
    due: Due,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    AtMs(u64),
    AtRequest(u64),
    OnDemand,
}

/// A write, or a request for tokens, that has no answer yet.
#[derive(Debug)]
struct UnderWay {
    account: String,
    /// Which rule others break that arrive meanwhile.
    rule: Rule,
    /// Writes to the same account that arrived meanwhile.
    overtaken_by: Vec<u64>,
}

/// Everything that the simulator knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) accounts: BTreeMap<String, Account>,
    /// Who may have tokens, and who has them.
    pub(super) tokens: TokenBook,
    /// The tenants of WUTS, which have users of their own kind.
    pub(super) wuts: Wuts,
    /// Businesses of Meta by token.
    pub(super) meta: BTreeMap<String, Business>,
    pub(super) switches: Switches,
    pub(super) faults: FaultBook,
    pub(super) record: Record,
    delayed: Vec<Delayed>,
    under_way: BTreeMap<u64, UnderWay>,
}

/// What the server has to do with a request.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) seq: u64,
    pub(super) fault: Option<Fault>,
    pub(super) answer_delay_ms: u64,
}

impl World {
    pub(super) fn new(clock: Clock, switches: Switches) -> World {
        World {
            clock,
            accounts: BTreeMap::new(),
            tokens: TokenBook::default(),
            wuts: Wuts::default(),
            meta: BTreeMap::new(),
            switches,
            faults: FaultBook::default(),
            record: Record::default(),
            delayed: Vec::new(),
            under_way: BTreeMap::new(),
        }
    }

    /// An administrator's hand: puts users into the account, which is made if need be.
    pub(super) fn put_users(&mut self, token: &str, users: Vec<SimUser>, replaces_all: bool) {
        self.change_users(token, |it| {
            if replaces_all {
                it.clear();
            }
            it.extend(users.into_iter().map(|it| (it.id.clone(), it)));
        });
    }

    /// An administrator's hand: removes users.
    pub(super) fn remove_users(&mut self, token: &str, ids: &[String]) {
        self.change_users(token, |it| it.retain(|id, _| !ids.contains(id)));
    }

    pub(super) fn protect(&mut self, token: &str, ids: Vec<String>) {
        let account = self.accounts.entry(token.to_owned()).or_default();
        account.protected.extend(ids);
    }

    /// An administrator's hand: this is how the business is now. Makes it if need be.
    pub(super) fn put_meta(&mut self, state: MetaBusiness) {
        let now_ms = self.clock.now_ms();
        match self.meta.entry(state.token.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(Business::new(state));
            }
            Entry::Occupied(mut entry) => entry.get_mut().put(state, now_ms, self.switches.read_lag_ms),
        }
    }

    /// An administrator's hand, in the account of the request, as the fault says.
    pub(super) fn meddle(&mut self, call: &Call, how: &How) {
        let Some(token) = self.account_of(call) else {
            return;
        };
        let business = call.meta.as_ref().and_then(|_| self.meta.get(&token));
        match (how, business) {
            (How::Meddle { put, remove }, Some(business)) => {
                let meddled = business.state().meddled(put.clone(), remove);
                self.put_meta(meddled);
            }
            (How::Meddle { put, remove }, None) => {
                self.remove_users(&token, remove);
                self.put_users(&token, put.clone(), false);
            }
            (How::MeddleTenant { put, remove }, _) => {
                let now = self.clock.now();
                self.wuts.meddle(&token, put, remove, now);
            }
            _ => {}
        }
    }

    /// The token of the call, if it is an account's on the platform that is called.
    fn account_of(&self, call: &Call) -> Option<String> {
        let is_known = |token: &String| match (&call.wuts, &call.meta) {
            (Some(_), _) => self.wuts.knows(token),
            (None, Some(_)) => self.meta.contains_key(token),
            (None, None) => self.accounts.contains_key(token),
        };
        call.token.clone().filter(is_known)
    }

    fn change_users(&mut self, token: &str, change: impl FnOnce(&mut UserMap)) {
        let now_ms = self.clock.now_ms();
        let is_new = !self.accounts.contains_key(token);
        let account = self.accounts.entry(token.to_owned()).or_default();
        let mut users = UserMap::clone(account.users());
        change(&mut users);
        // There is no earlier state of a new account that a read could show.
        let lag_ms = if is_new { 0 } else { self.switches.read_lag_ms };
        account.set_users(users, now_ms, lag_ms);
    }

    /// Finds out for which account a request is that shows an issued token, or asks for one.
    pub(super) fn authorise(&mut self, call: &mut Call) {
        if let Some(request) = &call.tokens {
            let Standing { account, broken } = self.tokens.asked(request);
            (call.token, call.broken) = (account, broken);
            return;
        }
        if !call.takes_issued_tokens() {
            return;
        }
        let Some(token) = call.token.as_ref().filter(|it| !self.accounts.contains_key(*it)) else {
            return;
        };
        let max_uses = self.switches.tokens.max_uses;
        if let Some(standing) = self.tokens.shown(token, max_uses, self.clock.now_ms()) {
            call.is_issued = true;
            call.broken = standing.broken;
            call.token = standing.account.or(call.token.take());
        }
    }

    /// Takes a request in: records it, notes the rules that it breaks, and draws its fault.
    pub(super) fn admit(&mut self, call: &Call) -> Admission {
        let seq = self.record.next_seq();
        self.land_due(seq);
        let now_ms = self.clock.now_ms();
        let user_ids = call.user_ids();
        let account = self.account_of(call);

        self.note_violations(seq, call, account.as_deref(), now_ms);
        let fault = self.faults.strike(&call.traits(&user_ids));
        if let Some(account) = account.clone().filter(|_| !call.is_read()) {
            let rule = match call.tokens {
                Some(_) => Rule::OneRenewalAtATime,
                None => Rule::OneWriteAtATime,
            };
            for other in self.under_way.values_mut() {
                if other.account == account && other.rule == rule {
                    other.overtaken_by.push(seq);
                }
            }
            let overtaken_by = Vec::new();
            self.under_way.insert(
                seq,
                UnderWay {
                    account,
                    rule,
                    overtaken_by,
                },
            );
        }
        self.record.push(RequestRecord {
            seq,
            at_ms: now_ms,
            method: call.method.to_string(),
            path: call.path.clone(),
            account: account.or_else(|| Some(call.tokens.as_ref()?.login()?.to_owned())),
            phones: call.phones(),
            user_ids,
            body: match (&call.meta, &call.body) {
                (Some(request), _) => request.form(),
                (None, Payload::Json(value)) => value.clone(),
                (None, Payload::Absent | Payload::Unreadable(_)) => Value::Null,
            },
            status: None,
            fault: fault.as_ref().map(|it| it.how.name().to_owned()),
            had_effect: false,
        });
        Admission {
            seq,
            fault,
            answer_delay_ms: self.switches.answer_delay_ms,
        }
    }

    fn note_violations(&mut self, seq: u64, call: &Call, account: Option<&str>, now_ms: u64) {
        let mut broken = call.broken.clone();
        let max_per_second = self.switches.max_requests_per_second;
        if call.tokens.is_some() {
            // Whatever is wrong with it was found out before.
        } else if let (Some(request), Some(token)) = (&call.wuts, account) {
            self.wuts
                .audit(request, token, max_per_second, now_ms, &mut broken);
        } else if let (Some(request), Some(token)) = (&call.meta, account) {
            if let Some(business) = self.meta.get_mut(token) {
                business.audit(request, max_per_second, now_ms, &mut broken);
            }
        } else if let Some(account) = account.and_then(|it| self.accounts.get_mut(it)) {
            let too_many = account.arrivals.too_many(max_per_second, now_ms);
            broken.extend(too_many.map(|it| (Rule::Pace, it)));
            call.request.audit(account, &self.switches, &mut broken);
        } else if !call.is_issued {
            broken.push((Rule::KnownToken, "the token is no account's".to_owned()));
        }
        for (rule, text) in broken {
            self.record
                .violation(seq, rule, format!("{} {}: {text}", call.method, call.path));
        }
    }

    /// Lets the request have its effect, and answers it.
    pub(super) fn perform(&mut self, seq: u64, call: &Call) -> Reply {
        let now_ms = self.clock.now_ms();
        self.perform_at(seq, call, now_ms)
    }

    fn perform_at(&mut self, seq: u64, call: &Call, now_ms: u64) -> Reply {
        if let Some(request) = &call.tokens {
            let now = tokens::Now {
                switches: &self.switches.tokens,
                now_ms,
                unix_seconds: self.clock.unix_seconds(),
                seq,
            };
            let (reply, had_effect) = self.tokens.answer(request, &now);
            self.record.update(seq, |it| it.had_effect |= had_effect);
            return reply;
        }
        if let Some(request) = &call.wuts {
            let now = self.clock.at(now_ms);
            let (reply, had_effect) = self.wuts.answer(request, call.token.as_deref(), now);
            self.record.update(seq, |it| it.had_effect |= had_effect);
            return reply;
        }
        if let Some(request) = &call.meta {
            let business = call.token.as_ref().and_then(|it| self.meta.get_mut(it));
            let (reply, had_effect) = meta::answer(request, business, &self.switches, now_ms, seq);
            self.record.update(seq, |it| it.had_effect |= had_effect);
            return reply;
        }
        let account = call.token.as_ref().and_then(|it| self.accounts.get_mut(it));
        let mut now = Now {
            switches: &self.switches,
            now_ms,
            unix_seconds: self.clock.unix_seconds(),
            seq,
            had_effect: false,
        };
        let reply = call.request.answer(account, &mut now);
        let had_effect = now.had_effect;
        self.record.update(seq, |it| it.had_effect |= had_effect);
        reply
    }

    /// The request has its effect later.
    pub(super) fn delay(&mut self, seq: u64, call: Call, lands: Lands) {
        let due = match lands {
            Lands::AfterMillis(millis) => Due::AtMs(self.clock.now_ms().saturating_add(millis)),
            Lands::AtRequest(n) => Due::AtRequest(seq.saturating_add(n.max(1))),
            Lands::OnDemand => Due::OnDemand,
        };
        self.delayed.push(Delayed { seq, call, due });
    }

    /// Lands the effects that are due by now; to be called before anybody looks at the state.
    pub(super) fn settle(&mut self) {
        self.land_due(0);
    }

    /// Lands all effects that are still to come.
    pub(super) fn land_all(&mut self) {
        let now_ms = self.clock.now_ms();
        for late in std::mem::take(&mut self.delayed) {
            self.perform_at(late.seq, &late.call, now_ms);
        }
    }

    fn land_due(&mut self, arriving_seq: u64) {
        let now_ms = self.clock.now_ms();
        let is_due = |it: &mut Delayed| match it.due {
            Due::AtMs(at_ms) => at_ms <= now_ms,
            Due::AtRequest(seq) => seq <= arriving_seq,
            Due::OnDemand => false,
        };
        let mut landing: Vec<Delayed> = self.delayed.extract_if(.., is_due).collect();
        let landed_ms = |it: &Delayed| match it.due {
            Due::AtMs(at_ms) => at_ms,
            Due::AtRequest(_) | Due::OnDemand => now_ms,
        };
        landing.sort_by_key(|it| (landed_ms(it), it.seq));
        for late in landing {
            let at_ms = landed_ms(&late);
            self.perform_at(late.seq, &late.call, at_ms);
        }
    }

    /// The request gets this answer now.
    pub(super) fn answered(&mut self, seq: u64, status: StatusCode) {
        let mut is_own = true;
        self.record.update(seq, |it| {
            it.status = Some(status.as_u16());
            is_own = it
                .fault
                .as_deref()
                .is_none_or(|it| ["slow", "meddle"].contains(&it));
        });
        if is_own {
            self.tokens.delivered(seq);
        }
        let Some(done) = self.under_way.remove(&seq) else {
            return;
        };
        for later in done.overtaken_by {
            let what = match done.rule {
                Rule::OneRenewalAtATime => "tokens of the account are asked for",
                _ => "a write to the account",
            };
            let text = format!("{what} while request {seq} had no answer yet");
            self.record.violation(later, done.rule, text);
        }
    }

    /// The request gets no answer: the fault closed the connection, or the client gave up. What arrived
    /// meanwhile is then no violation, since a client may send again what it gave up.
    pub(super) fn abandoned(&mut self, seq: u64) {
        self.under_way.remove(&seq);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::Request;

    use super::*;

    fn world() -> World {
        let mut world = World::new(Clock::new(true), Switches::default());
        for token in ["a", "b"] {
            world.put_users(token, Vec::new(), true);
        }
        world
    }

    fn call(method: &str, token: &str) -> Call {
        let request = Request::builder()
            .method(method)
            .uri("/v2/users")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        Call::read(
            &parts,
            &Bytes::from_static(b"{\"users\":[{\"id\":\"1\",\"name\":\"One\"}]}"),
        )
    }

    fn overlaps(world: &World) -> Vec<u64> {
        let violations = world.record.violations().into_iter();
        violations
            .filter(|it| it.rule == Rule::OneWriteAtATime)
            .map(|it| it.seq)
            .collect()
    }

    #[test]
    fn a_write_that_overtakes_another_of_its_account_is_told() {
        let mut world = world();
        let first = world.admit(&call("POST", "a")).seq;
        world.admit(&call("GET", "a"));
        world.admit(&call("POST", "b"));
        let second = world.admit(&call("PATCH", "a")).seq;
        world.answered(second, StatusCode::OK);
        world.answered(first, StatusCode::OK);
        assert_eq!(overlaps(&world), [second]);
    }

    #[test]
    fn a_write_after_one_that_was_given_up_is_no_overlap() {
        let mut world = world();
        let first = world.admit(&call("POST", "a")).seq;
        let second = world.admit(&call("POST", "a")).seq;
        world.abandoned(first);
        world.answered(second, StatusCode::OK);
        let third = world.admit(&call("POST", "a")).seq;
        world.answered(third, StatusCode::OK);
        assert!(overlaps(&world).is_empty());
    }
}
