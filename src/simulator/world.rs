//! The state of the simulated platform: accounts with their users, what they were a while ago, and the
//! requests that are under way.
//!
//! Everything here is synchronous and lives behind one lock; the server waits only outside of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Call, Payload};
use super::clock::Clock;
use super::faults::{Fault, FaultBook, Lands};
use super::record::{Record, RequestRecord, Rule};
use super::reply::Reply;
use super::switches::Switches;
use super::wazzup::Now;

/// A user as the platform keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimUser {
    /// The id that the client gave.
    pub id: String,
    /// The name.
    pub name: String,
    /// The phone, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl SimUser {
    /// A user.
    pub fn new(id: &str, name: &str, phone: Option<&str>) -> SimUser {
        SimUser {
            id: id.to_owned(),
            name: name.to_owned(),
            phone: phone.map(str::to_owned),
        }
    }
}

/// Users by id.
pub(super) type UserMap = BTreeMap<String, SimUser>;

/// One account of the platform.
#[derive(Debug, Default)]
pub(super) struct Account {
    users: Arc<UserMap>,
    /// Earlier states with the time at which each ended, oldest first; as far back as reads lag.
    past: VecDeque<(u64, Arc<UserMap>)>,
    pub(super) protected: BTreeSet<String>,
    /// Arrivals within the last second.
    recent_ms: VecDeque<u64>,
    /// Begin of the window in which requests are counted, and their number.
    window: (u64, u64),
}

impl Account {
    pub(super) fn users(&self) -> &Arc<UserMap> {
        &self.users
    }

    pub(super) fn set_users(&mut self, users: UserMap, now_ms: u64, lag_ms: u64) {
        if lag_ms > 0 {
            self.past.push_back((now_ms, Arc::clone(&self.users)));
        }
        while self.past.front().is_some_and(|it| it.0 + lag_ms < now_ms) {
            self.past.pop_front();
        }
        self.users = Arc::new(users);
    }

    /// The users as they were `lag_ms` ago.
    pub(super) fn users_as_seen(&self, now_ms: u64, lag_ms: u64) -> &Arc<UserMap> {
        // The oldest state that ended within the lag was still in force at its beginning.
        self.past
            .iter()
            .find(|it| it.0 + lag_ms > now_ms)
            .map_or(&self.users, |it| &it.1)
    }
}

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

/// A write that has no answer yet.
#[derive(Debug)]
struct UnderWay {
    account: String,
    /// Writes to the same account that arrived meanwhile.
    overtaken_by: Vec<u64>,
}

/// Everything that the simulator knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) accounts: BTreeMap<String, Account>,
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

    /// An administrator's hand, in the account of the request.
    pub(super) fn meddle(&mut self, call: &Call, put: Vec<SimUser>, remove: &[String]) {
        if let Some(token) = call.token.as_ref().filter(|it| self.accounts.contains_key(*it)) {
            self.remove_users(token, remove);
            self.put_users(token, put, false);
        }
    }

    fn change_users(&mut self, token: &str, change: impl FnOnce(&mut UserMap)) {
        let now_ms = self.clock.now_ms();
        let is_new = !self.accounts.contains_key(token);
        let account = self.accounts.entry(token.to_owned()).or_default();
        let mut users = UserMap::clone(&account.users);
        change(&mut users);
        // There is no earlier state of a new account that a read could show.
        let lag_ms = if is_new { 0 } else { self.switches.read_lag_ms };
        account.set_users(users, now_ms, lag_ms);
    }

    /// Takes a request in: records it, notes the rules that it breaks, and draws its fault.
    pub(super) fn admit(&mut self, call: &Call) -> Admission {
        let seq = self.record.next_seq();
        self.land_due(seq);
        let now_ms = self.clock.now_ms();
        let user_ids = call.request.user_ids();
        let account = call
            .token
            .as_ref()
            .filter(|it| self.accounts.contains_key(*it))
            .cloned();

        self.note_violations(seq, call, account.as_deref(), now_ms);
        let fault = self.faults.strike(&call.traits(&user_ids));
        if let Some(account) = account.clone().filter(|_| !call.is_read()) {
            for other in self.under_way.values_mut() {
                if other.account == account {
                    other.overtaken_by.push(seq);
                }
            }
            let overtaken_by = Vec::new();
            self.under_way.insert(
                seq,
                UnderWay {
                    account,
                    overtaken_by,
                },
            );
        }
        self.record.push(RequestRecord {
            seq,
            at_ms: now_ms,
            method: call.method.to_string(),
            path: call.path.clone(),
            account,
            phones: call.request.phones(),
            user_ids,
            body: match &call.body {
                Payload::Json(value) => value.clone(),
                Payload::Absent | Payload::Unreadable(_) => Value::Null,
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
        let mut broken = Vec::new();
        if let Some(account) = account.and_then(|it| self.accounts.get_mut(it)) {
            broken.extend(account.broken_pace(self.switches.max_requests_per_second, now_ms));
            call.request.audit(account, &self.switches, &mut broken);
        } else {
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
        self.record.update(seq, |it| it.status = Some(status.as_u16()));
        let Some(done) = self.under_way.remove(&seq) else {
            return;
        };
        for later in done.overtaken_by {
            let text = format!("a write to the account while request {seq} had no answer yet");
            self.record.violation(later, Rule::OneWriteAtATime, text);
        }
    }

    /// The request gets no answer: the fault closed the connection, or the client gave up. What arrived
    /// meanwhile is then no violation, since a client may send again what it gave up.
    pub(super) fn abandoned(&mut self, seq: u64) {
        self.under_way.remove(&seq);
    }
}

impl Account {
    /// Counts a request; how many there were since the window began.
    pub(super) fn count_in_window(&mut self, now_ms: u64, window_ms: u64) -> u64 {
        let (begin_ms, n_requests) = &mut self.window;
        if *begin_ms + window_ms <= now_ms {
            (*begin_ms, *n_requests) = (now_ms, 0);
        }
        *n_requests += 1;
        *n_requests
    }

    /// Notes an arrival, and tells if the last second had too many.
    fn broken_pace(&mut self, max_per_second: Option<u32>, now_ms: u64) -> Option<(Rule, String)> {
        let max = max_per_second?;
        self.recent_ms.push_back(now_ms);
        while self.recent_ms.front().is_some_and(|it| it + 1000 <= now_ms) {
            self.recent_ms.pop_front();
        }
        // One more than the pace is no violation: requests that left exactly paced may arrive with a jitter.
        let n_recent = self.recent_ms.len();
        (n_recent > max as usize + 1).then(|| {
            let text = format!("{n_recent} requests within a second, the pace is {max}");
            (Rule::Pace, text)
        })
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
