//! What clients did: every request, and every rule that one broke.
//!
//! A broken rule is recorded even if the switches in force let the request pass, since a right client
//! must be right under every setting.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Requests and violations kept; older ones are dropped, so that a simulator can run for days.
const MAX_KEPT: usize = 50_000;

/// One request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RequestRecord {
    /// Number of the request, from 1.
    pub seq: u64,
    /// Arrival, in milliseconds since the start of the simulator.
    pub at_ms: u64,
    /// The method.
    pub method: String,
    /// Path with query, as it arrived.
    pub path: String,
    /// The account; for the token of a partner itself, the partner's login.
    pub account: Option<String>,
    /// Users that the request names.
    pub user_ids: Vec<String>,
    /// Phones that the request gives to users.
    pub phones: Vec<String>,
    /// The body, `null` if there was none or it wasn't JSON.
    pub body: Value,
    /// Status answered; `None` while or if there is no answer.
    pub status: Option<u16>,
    /// Name of the fault that struck.
    pub fault: Option<String>,
    /// Whether it applied at least one item, be it later.
    pub had_effect: bool,
}

/// A rule that a client broke.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Violation {
    /// The request, as [`RequestRecord::seq`].
    pub seq: u64,
    /// Which rule.
    pub rule: Rule,
    /// What happened.
    pub text: String,
}

/// The rules of a platform that a client has to keep.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Only known endpoints are called.
    KnownEndpoint,
    /// Every request carries the token of an account.
    KnownToken,
    /// Bodies are JSON of the documented shape.
    DocumentedShape,
    /// Bodies have no undocumented property.
    KnownProperties,
    /// A request has at least one item.
    NoEmptyBatch,
    /// A request has at most 100 items.
    BatchSize,
    /// A request names a user once.
    IdOnce,
    /// Ids have as many characters as the platform takes.
    IdLength,
    /// Names have as many characters as the platform takes.
    NameLength,
    /// Phones are 7–15 digits, or something without any digit that clears the phone.
    PhoneForm,
    /// No item takes a phone that another user had before the request.
    PhoneFree,
    /// No two items take the same phone.
    PhoneOnce,
    /// A request doesn't create more users than the account has free seats.
    FreeSeats,
    /// Users that the test protects are not written to.
    ProtectedUser,
    /// WUTS, Meta: the user whose token a request carries is not written to.
    OwnUser,
    /// WUTS: the last active administrator is neither deactivated, nor degraded, nor deleted.
    LastAdmin,
    /// WUTS: no id is written to that was never anybody's.
    KnownUser,
    /// WUTS: a role is one of those documented.
    KnownRole,
    /// WUTS: no user is created for an e-mail that has one, unless the list did not show it yet.
    EmailFree,
    /// WUTS: a create is not repeated before the list was read again.
    CreateOnce,
    /// WUTS: a password has at least 16 characters, and letters of both cases, digits and signs.
    StrongPassword,
    /// WUTS: no password is used twice.
    FreshPassword,
    /// Requests keep the configured pace.
    Pace,
    /// Writes to one account follow one another.
    OneWriteAtATime,
    /// Requests for the tokens of one account follow one another.
    OneRenewalAtATime,
    /// A refresh token is not used any more when another one has come in its place.
    LatestRefreshToken,
    /// A token is not shown any more when it has ended as was told.
    TokenInTime,
    /// A token is not shown again when it was refused.
    RefusedToken,
    /// Meta: people are left alone; only system users are written to.
    HumanUntouched,
    /// Meta: who asks for the assigned users names the business.
    BusinessNamed,
    /// Meta: all requests go to one host, and none to the address that a page names as the next one.
    OneHost,
    /// Meta: the token is in the header alone.
    TokenInHeader,
    /// Meta: where the app has a secret, every request proves that its sender knows it.
    AppSecretProof,
    /// Meta: no system user is made with a name that one has already.
    NameFree,
    /// Meta: who was told for how long it is blocked asks for nothing meanwhile.
    Patience,
}

/// Numbers of requests since the last clearing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// TCP connections that carried a request or not.
    pub connections: u64,
    /// Requests of any method, to known and unknown endpoints.
    pub requests: u64,
    /// GET.
    pub reads: u64,
    /// POST.
    pub posts: u64,
    /// PATCH.
    pub patches: u64,
    /// PUT.
    pub puts: u64,
    /// DELETE.
    pub deletes: u64,
    /// Requests that a fault struck.
    pub faults: u64,
    /// Requests with an unknown token.
    pub unauthorised: u64,
}

impl Counts {
    /// POST, PATCH, PUT and DELETE together.
    pub fn writes(&self) -> u64 {
        self.posts + self.patches + self.puts + self.deletes
    }
}

/// The log of a simulator.
#[derive(Debug, Default)]
pub(super) struct Record {
    last_seq: u64,
    requests: VecDeque<RequestRecord>,
    violations: VecDeque<Violation>,
    pub(super) counts: Counts,
}

impl Record {
    /// The number that the next request gets.
    pub(super) fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    /// Takes the request in. Its number must be [`Record::next_seq`].
    pub(super) fn push(&mut self, request: RequestRecord) {
        self.last_seq = request.seq;
        let counts = &mut self.counts;
        counts.requests += 1;
        match request.method.as_str() {
            "GET" => counts.reads += 1,
            "POST" => counts.posts += 1,
            "PATCH" => counts.patches += 1,
            "PUT" => counts.puts += 1,
            "DELETE" => counts.deletes += 1,
            _ => {}
        }
        counts.faults += u64::from(request.fault.is_some());
        counts.unauthorised += u64::from(request.account.is_none());
        keep(&mut self.requests, request);
    }

    pub(super) fn violation(&mut self, seq: u64, rule: Rule, text: String) {
        keep(&mut self.violations, Violation { seq, rule, text });
    }

    /// Changes a request that was pushed, unless it was dropped or cleared since.
    pub(super) fn update(&mut self, seq: u64, change: impl FnOnce(&mut RequestRecord)) {
        // Looked for from the end: nearly always it is one of the last.
        if let Some(request) = self.requests.iter_mut().rev().find(|it| it.seq == seq) {
            change(request);
        }
    }

    pub(super) fn requests(&self) -> Vec<RequestRecord> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn violations(&self) -> Vec<Violation> {
        self.violations.iter().cloned().collect()
    }

    /// Forgets requests and counts; violations stay.
    pub(super) fn clear_requests(&mut self) {
        self.requests.clear();
        self.counts = Counts::default();
    }

    pub(super) fn clear_violations(&mut self) {
        self.violations.clear();
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == MAX_KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
